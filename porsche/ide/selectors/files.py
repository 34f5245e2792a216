"""What a run's folder says: its process, its log, its dead letters. The folder's contents are the jobs' to write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from porsche import processes
from porsche.ide.models import Run, Status

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
ROTATED = 5
"""Older files that a log keeps beside the newest."""
TAIL = 1 << 20
"""Bytes of a log's end that are looked through where no place is given."""


def folder(run: Run) -> Path:
    """Where a run's process writes."""
    return settings.HOME.run(run.pk)


def state(run: Run) -> Path:
    """The engine's folder of a run: `${state}` of its document."""
    return folder(run) / "state"


def judged(run: Run, now: datetime) -> dict[str, Any]:
    """Status, reason and snapshot of an active run by its folder alone: the supervisor is not at work."""
    snapshot = _json(state(run) / "status.json") or run.snapshot
    if processes.running(folder(run)) is not None:
        status = run.status if run.status in (Status.STOPPING, Status.STUCK) else Status.RUNNING
        return {"status": status, "snapshot": snapshot}
    reason = {"code": "no_supervisor", "node": None, "message": "its process is not there, and no supervisor starts it",
              "hint": "porsche up starts the platform"}
    failed = _json(folder(run) / "failure.json")
    since = datetime.fromtimestamp(failed["at"], UTC) if failed and "at" in failed else run.status_since
    never = run.observed_generation == 0
    return {"status": Status.CREATED if never else Status.RESTARTING, "reason": reason, "since": since,
            "snapshot": snapshot}


# ---- logs ------------------------------------------------------------------------------------------------------------


def log(run: Run, after: str, level: str, limit: int) -> dict[str, Any]:
    """Lines of a run's log: those behind the place `after` (a `next` of before), else the last ones."""
    least = LEVELS.index(level)
    wanted: list[dict[str, Any]] = []
    place = after
    for place, line in _lines(folder(run), after):
        if LEVELS.index(line.get("level", "INFO")) >= least:
            wanted.append(line)
        if after and len(wanted) == limit:
            break
    return {"lines": [_shown(line) for line in wanted[-limit:]], "next": place}


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    """A line without its trace, which is for those who can read the folder."""
    return {part: line.get(part) for part in ("at", "level", "logger", "message", "node", "attempt")}


def _lines(place: Path, after: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place behind it, line), oldest first. A place is a file, which keeps its number when it is renamed, and an
    offset."""
    files = [f for f in (place / f"log.jsonl.{n}" for n in range(ROTATED, 0, -1)) if f.exists()]
    files += [place / "log.jsonl"] if (place / "log.jsonl").exists() else []
    number, _, offset = after.partition(".")
    known = [str(f.stat().st_ino) for f in files]
    start = int(offset or 0) if number in known else 0
    for i, file in enumerate(files):
        if number in known[i + 1:]:
            continue
        if not after and i < len(files) - 1:
            continue
        skip = start if known[i] == number else 0 if after else max(0, file.stat().st_size - TAIL)
        yield from _lines_of(file, known[i], skip, whole=bool(after) or skip == 0)


def _lines_of(file: Path, number: str, offset: int, *, whole: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines of one file from an offset; `whole`: a line begins there."""
    with file.open("rb") as source:
        source.seek(offset)
        if not whole:
            source.readline()
        while (text := source.readline()).endswith(b"\n"):
            value = _value(text)
            if isinstance(value, dict):
                yield f"{number}.{source.tell()}", value


# ---- dead letters ----------------------------------------------------------------------------------------------------


def dead_letters(run: Run, after: int, limit: int) -> dict[str, Any]:
    """Records that could not be read, from number `after` on."""
    found: list[dict[str, Any]] = []
    for number, letter in enumerate(_letters(state(run) / "dead_letters")):
        if number < after:
            continue
        if len(found) == limit:
            break
        found.append({"number": number, **{part: letter.get(part) for part in ("source", "place", "text", "reason")}})
    return {"letters": found, "next": found[-1]["number"] + 1 if found else after}


def _letters(place: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(place.glob("part-*.jsonl"), key=lambda path: int(path.stem.partition("-")[2])):
        with file.open("rb") as lines:
            yield from (value for value in map(_value, lines) if isinstance(value, dict))


# ---- parts -----------------------------------------------------------------------------------------------------------


def _value(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
