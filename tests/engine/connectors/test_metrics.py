"""The metrics connector: one line for each row that is there at a checkpoint, within bounds; the latest row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.changes import Batch
from engine.connectors import metrics
from engine.connectors.base import TableOptions
from engine.connectors.metrics import MetricsSink
from engine.expressions.values import column_from_python
from engine.types import DOUBLE, INT, Schema

KINDS = {"+I": 0, "-U": 1, "+U": 2, "-D": 3}
SCHEMA = Schema.of(k=INT, v=DOUBLE)


def sink(folder: Path, key: tuple[int, ...] = ()) -> MetricsSink:
    return MetricsSink(TableOptions("m", SCHEMA, {}, key), folder, clock=lambda: 7.0)


def batch(*changes: tuple[str, int, float]) -> Batch:
    kinds, keys, values = zip(*changes, strict=True)
    columns = (column_from_python(INT, list(keys)), column_from_python(DOUBLE, list(values)))
    return Batch(columns, len(keys), np.array([KINDS[k] for k in kinds], np.uint8))


def lines(folder: Path) -> list[dict[str, Any]]:
    parts = sorted(folder.glob("part-*.jsonl"), key=lambda p: int(p.stem.split("-")[1]))
    return [json.loads(line) for part in parts for line in part.read_text().splitlines()]


def pairs(folder: Path) -> list[tuple[int, float]]:
    return [(line["k"], line["v"]) for line in lines(folder)]


def test_a_key_has_one_line_at_each_checkpoint(tmp_path: Path) -> None:
    made = sink(tmp_path, (0,))
    made.write(batch(("+I", 1, 0.1), ("+I", 2, 0.2), ("+U", 1, 0.3)))
    made.write(batch(("+U", 1, 0.4), ("+I", 3, 0.5), ("-D", 3, 0.5)))
    made.apply(made.seal(1))
    made.apply(made.seal(2))  # nothing new: no line
    made.write(batch(("+U", 2, 0.6)))
    made.apply(made.seal(3))
    assert pairs(tmp_path) == [(2, 0.2), (1, 0.4), (2, 0.6)]
    assert {line["at"] for line in lines(tmp_path)} == {7.0}
    assert made.latest == {"k": 2, "v": 0.6}


def test_without_a_key_what_was_retracted_leaves_no_line(tmp_path: Path) -> None:
    made = sink(tmp_path)
    made.write(batch(("+I", 1, 0.1), ("-U", 1, 0.1), ("+U", 1, 0.2), ("+I", 5, 0.5), ("+I", 5, 0.5)))
    made.write(batch(("-U", 1, 0.2), ("+U", 1, 0.3), ("-D", 5, 0.5)))
    assert made.latest == {"k": 1, "v": 0.3}
    made.apply(made.seal(1))
    assert pairs(tmp_path) == [(5, 0.5), (1, 0.3)]
    made.write(batch(("-U", 1, 0.3), ("+U", 1, 0.4)))  # the row of the epoch before
    made.apply(made.seal(2))
    assert pairs(tmp_path) == [(5, 0.5), (1, 0.3), (1, 0.4)]


def test_what_is_no_number(tmp_path: Path) -> None:
    made = sink(tmp_path, (0,))
    made.write(batch(("+I", 1, float("nan"))))
    made.apply(made.seal(1))
    assert lines(tmp_path) == [{"at": 7.0, "k": 1, "v": None}]


def test_many_epochs_become_few_files_and_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_FILES", 10)
    made = sink(tmp_path, (0,))
    for epoch in range(1, 101):
        made.write(batch(("+U", epoch % 7, epoch / 10)))
        made.apply(made.seal(epoch))
    assert pairs(tmp_path) == [(epoch % 7, epoch / 10) for epoch in range(1, 101)]
    assert len(list(tmp_path.iterdir())) <= 11


def test_the_folder_is_bounded_and_the_newest_of_each_key_stays(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_BYTES", 20_000)
    made = sink(tmp_path, (0,))
    newest = {}
    for epoch in range(1, 301):
        changes = [("+U", (epoch * 3 + i) % 50, float(epoch)) for i in range(10)]
        newest |= {k: v for _, k, v in changes}
        made.write(batch(*changes))
        made.apply(made.seal(epoch))
        assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 20_000
    assert dict(pairs(tmp_path)) == newest


def test_old_keys_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_KEYS", 20)
    monkeypatch.setattr(metrics, "MOST_FILES", 5)
    made = sink(tmp_path, (0,))
    for epoch in range(1, 101):
        made.write(batch(("+I", epoch, 0.0)))
        made.apply(made.seal(epoch))
    found = [k for k, _ in pairs(tmp_path)]
    assert found == list(range(found[0], 101))
    assert 20 <= len(found) <= 26


def test_going_back_to_an_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest epochs are never part of a compacted file: a job may go back by three."""
    monkeypatch.setattr(metrics, "MOST_FILES", 5)
    made, sealed = sink(tmp_path, (0,)), {}
    for epoch in range(1, 21):
        made.write(batch(("+I", epoch, 0.0)))
        sealed[epoch] = made.seal(epoch)
        made.apply(sealed[epoch])
    again = sink(tmp_path, (0,))
    again.discard(sealed[17])
    again.apply(sealed[17])
    assert [k for k, _ in pairs(tmp_path)] == list(range(1, 18))
    assert again.latest == {"k": 17, "v": 0.0}
