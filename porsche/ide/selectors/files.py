"""What a run's folder says: how its job does, its log, its dead letters. Jobs alone write there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings

from porsche.ide.models import Run
from porsche.output import KEPT
from porsche.redaction import redact, secrets_of
from porsche.runners.folder import RunFolder, read
from porsche.runners.observe import Observation, observe

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
TAIL = 1 << 20
"""Bytes of a log's end that are looked through where no place is given."""
MOST = 4 << 20
"""Bytes of a log that one request reads."""


def folder(run: Run) -> RunFolder:
    """Where a run's process writes."""
    return RunFolder(settings.HOME.run(run.pk))


def judged(run: Run, now: datetime) -> dict[str, Any]:
    """Status, reason and figures of a run by its folder alone: the supervisor is not at work."""
    seen = observe(folder(run), now.timestamp())
    status, reason = seen.status(run.desired, run.generation)
    if status in ("CREATED", "RESTARTING"):
        why = f": {reason['message']}" if reason else ""
        reason = {"code": "no_supervisor", "message": f"nothing starts it, as the supervisor is not at work{why}",
                  "node": reason and reason.get("node"), "hint": "porsche up starts the platform"}
    ended = seen.outcome or seen.failure
    return {
        "status": status,
        "reason": reason,
        "since": run.status_since if status == run.status else _since(run, seen, now),
        "snapshot": dict(seen.snapshot) if seen.snapshot else run.snapshot,
        "outcome": dict(seen.outcome) if seen.outcome else run.outcome,
        "ended_at": datetime.fromtimestamp(ended["at"], UTC) if ended else run.ended_at,
    }


def _since(run: Run, seen: Observation, now: datetime) -> datetime:
    """Since when it is as was seen; where nothing tells, since the job was last heard of, or the run last changed."""
    told = seen.since if seen.since < now.timestamp() else (seen.snapshot or {}).get("at")
    return run.status_since if told is None else datetime.fromtimestamp(told, UTC)


# ---- logs ------------------------------------------------------------------------------------------------------------


def log(run: Run, after: str, level: str, limit: int) -> dict[str, Any]:
    """Lines of a run's log: those behind the place `after` (the `next` of an answer before), else the last ones."""
    least, secrets = LEVELS.index(level), secrets_of(run.parameters)
    wanted: list[dict[str, Any]] = []
    behind = after
    for place, line in _lines(folder(run).log, after):
        behind = place
        if _severity(line) >= least:
            wanted.append(_shown(line, secrets))
        if after and len(wanted) == limit:
            break
    return {"lines": wanted[-limit:], "next": behind}


def _severity(line: dict[str, Any]) -> int:
    level = line.get("level")
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("INFO")


def _shown(line: dict[str, Any], secrets: tuple[str, ...]) -> dict[str, Any]:
    """A line without its trace, which is for those who can read the folder."""
    shown = {part: line.get(part) for part in ("at", "level", "logger", "message", "node", "attempt")}
    return {**shown, "message": redact(str(shown["message"] or ""), secrets)}


def _lines(log: Path, after: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place behind it, line), oldest first. A place is a file's number, which it keeps when it is renamed, and an
    offset; behind a file that is no more, all there is follows."""
    files = [log.with_name(f"{log.name}.{n}") for n in range(KEPT, 0, -1)]
    found = [(file, str(file.stat().st_ino)) for file in (*files, log) if file.exists()]
    number, _, offset = after.partition(".")
    first = next((i for i, (_, known) in enumerate(found) if known == number), 0 if after else len(found) - 1)
    left = MOST
    for file, known in found[max(first, 0):]:
        begin = int(offset) if known == number else 0
        if not after:
            begin = max(0, file.stat().st_size - TAIL)
        for place, line in _lines_of(file, begin, whole=bool(after) or begin == 0):
            yield f"{known}.{place}", line
            if (left := left - (place - begin)) <= 0:
                return
            begin = place


def _lines_of(file: Path, offset: int, *, whole: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """(offset behind it, line) of one file from an offset on; `whole`: a line begins there."""
    with file.open("rb") as source:
        source.seek(offset)
        if not whole:
            source.readline()
        while (text := source.readline()).endswith(b"\n"):  # a line that is being written has no end yet
            value = _value(text)
            if isinstance(value, dict):
                yield source.tell(), value


# ---- dead letters ----------------------------------------------------------------------------------------------------


LETTER = ("at", "node", "source", "code", "place", "text", "reason")


def dead_letters(run: Run, after: int, limit: int) -> dict[str, Any]:
    """Records that could not be read, from number `after` on; how many there were that are not kept any more."""
    found = list(islice((letter for letter in _letters(folder(run)) if letter["number"] >= after), limit))
    dropped = (read(folder(run).state / "status.json") or {}).get("dead_letters_dropped") or 0
    return {"letters": found, "next": found[-1]["number"] + 1 if found else after, "dropped": dropped}


def _letters(of: RunFolder) -> Iterator[dict[str, Any]]:
    """Each once: while the job merges files a letter may be in two. Early versions gave them no numbers."""
    following = 0
    parts = (of.state / "dead_letters").glob("part-*.jsonl")
    for file in sorted(parts, key=lambda path: int(path.stem.partition("-")[2])):
        with suppress(FileNotFoundError), file.open("rb") as lines:
            for letter in (value for value in map(_value, lines) if isinstance(value, dict)):
                number = letter.get("number", following)
                if number >= following:
                    following = number + 1
                    yield {"number": number, **{part: letter.get(part) for part in LETTER}}


def _value(text: bytes) -> Any:
    try:
        return json.loads(text, parse_constant=lambda word: None)
    except ValueError:
        return None
