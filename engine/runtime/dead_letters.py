"""Records that could not be read, kept exactly once: a folder of JSON lines.

A line has `at` (unix seconds when it was met), `node` (None outside a pipeline), `source` (the operator that reads it),
`code`, `message`, `place` (the record's position in the source), `text` (the record, cut to 4,000 bytes) and `reason`
(the message again).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from engine.connectors.base import DeadLetter
from engine.connectors.staged import StagedLines

CODE = "bad_record"
TEXT_BYTES = 4000


class DeadLetters(StagedLines):
    """The job's dead-letter table, a folder of JSON lines."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(folder)
        self._clock = clock

    def collect(self, source: str, node: str | None, letters: Sequence[DeadLetter]) -> None:
        """Keep letters of a source."""
        at = round(self._clock(), 3)
        self.add({"at": at, "node": node, "source": source, "code": CODE, "message": x.reason, "place": x.place,
                  "text": _cut(x.text), "reason": x.reason} for x in letters)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_BYTES // 4 else text.encode()[:TEXT_BYTES].decode(errors="ignore")


def read(folder: Path, after: str | None = None, limit: int = 100, *, newest: bool = False) -> list[dict[str, Any]]:
    """A page of a job's dead letters, oldest or newest first: each with an `id`, by which `after` goes on behind it.

    Safe while the job runs: lines that count never change.
    """
    start = _number(after) if after is not None else None
    return list(islice(_letters(folder, start, newest), limit))


def _letters(folder: Path, start: tuple[int, int] | None, newest: bool) -> Iterator[dict[str, Any]]:
    step = -1 if newest else 1
    parts = {int(path.stem.split("-")[1]): path for path in folder.glob("part-*.jsonl")}
    for epoch in sorted(parts)[::step]:
        if start is not None and (start[0] - epoch) * step > 0:
            continue
        try:
            lines = parts[epoch].read_text(encoding="utf-8").split("\n")[:-1]
        except FileNotFoundError:  # the job went back to an earlier checkpoint meanwhile
            continue
        for line in range(len(lines))[::step]:
            if start is None or ((epoch, line) > start) == (step > 0) and (epoch, line) != start:
                yield {"id": f"{epoch}-{line}", **json.loads(lines[line])}


def _number(letter: str) -> tuple[int, int]:
    """Epoch and line of an id; what is none comes before all."""
    epoch, _, line = letter.partition("-")
    return (int(epoch), int(line)) if epoch.isdecimal() and line.isdecimal() else (-1, -1)
