"""`restore_point`: from the request to roll back until the run of then works again, of the shop example.

A platform runs the shop at 5,000 rows a second. In turns a restore point is made of the job, which goes on meanwhile
(`save_seconds`), and the pipeline is rolled back to it: `seconds` until the job has ended, another one began with the
old state, models, parameters and document, what it restored was read back and compared, and new rows came.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from benchmarks.homes import ROOT, Up, awaited

TURNS, QUICK_TURNS = 5, 1
TARGET = 60.0
APART = 20_000
"""Rows between two restore points."""
SHOP = ROOT / "examples" / "shop.yaml"


def run(quick: bool = False) -> dict[str, Any]:
    """Medians and the worst over some turns."""
    turns: list[dict[str, Any]] = []
    with Up() as up:
        number = up.start(up.pipeline("shop", SHOP.read_text("utf-8")), checkpoint_interval=5.0, rate=5000.0)
        rows = 0
        for turn in range(QUICK_TURNS if quick else TURNS):
            awaited(lambda number=number, rows=rows: _rows(up, number) > rows + APART, 0.1)  # type: ignore[misc]
            turns.append(_turn(up, number, turn))
            number, rows = turns[-1]["run"], turns[-1]["rows"]
    seconds = [turn["seconds"] for turn in turns]
    return {"seconds": round(statistics.median(seconds), 2), "worst": round(max(seconds), 2),
            "save_seconds": round(statistics.median(turn["save"] for turn in turns), 2),
            "mb": round(turns[-1]["bytes"] / 1e6, 1), "keys": turns[-1]["keys"],
            "verified": all(turn["verified"] for turn in turns), "turns": len(turns), "target": TARGET}


def _turn(up: Up, number: int, turn: int) -> dict[str, Any]:
    began = time.monotonic()
    made = up.post(f"runs/{number}/savepoints", {"name": f"turn-{turn}", "restore_point": True})["id"]
    point = awaited(lambda: found if (found := up.get(f"savepoints/{made}"))["state"] != "MAKING" else None)
    assert point is not None
    saved = time.monotonic() - began
    rows = int(point["sources"][0]["rows"])
    began = time.monotonic()
    back = up.post(f"savepoints/{made}/rollback", {})["id"]
    awaited(lambda: up.is_running(back) and _rows(up, back) > rows)
    seconds = time.monotonic() - began
    report = up.get(f"runs/{back}/state")["restored"] or {}
    return {"run": back, "rows": rows, "seconds": seconds, "save": saved, "verified": bool(report.get("verified")),
            "bytes": point["bytes"], "keys": point["keys"]}


def _rows(up: Up, number: int) -> int:
    """Rows that a run has read, by its last status."""
    return int((up.get(f"runs/{number}")["snapshot"] or {}).get("rows_in") or 0)
