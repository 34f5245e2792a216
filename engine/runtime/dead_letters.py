"""Records that could not be read, kept exactly once: a folder of JSON lines, of which the newest are kept.

A line has `number` (from 0 on, in the order in which they came), `at` (unix seconds when it was met), `node` (None
outside a pipeline), `source` (the operator that reads it), `code`, `message`, `place` (the record's position in the
source), `text` (the record, cut to 4,000 bytes) and `reason` (the message again).

Beyond a number of letters or bytes the oldest are dropped, by whole files at a checkpoint. How many is known from the
numbers: those that were given less those that are there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from engine.connectors.base import DeadLetter, Json
from engine.connectors.staged import StagedLines, epoch_of

CODE = "bad_record"
TEXT_BYTES = 4000
WAITING, PART = 4, 8
"""What may wait in memory, and what files are merged to, so that most stays when the oldest is dropped: a fourth of the
bytes that are kept, an eighth."""
MOST_FILES, RECENT = 64, 4
"""Files with which they are merged, but for those of the newest epochs: a job may still go back to them."""


@dataclass(frozen=True)
class Most:
    """What is kept: so many letters, and so many bytes."""

    letters: int = 100_000
    bytes: int = 64 << 20


class DeadLetters(StagedLines):
    """The job's dead-letter table."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time, most: Most | None = None) -> None:
        super().__init__(folder)
        self._clock = clock
        self._most = most or Most()
        self._next = 0
        self._size = 0  # of what waits
        self._kept: dict[int, Most] = {}  # how much is in the file of an epoch

    def collect(self, source: str, node: str | None, letters: Sequence[DeadLetter]) -> None:
        """Keep letters of a source; what waits for a checkpoint is bounded like a file."""
        at = round(self._clock(), 3)
        skipped = max(len(letters) - self._most.letters, 0)
        self._size += self.add(
            {"number": number, "at": at, "node": node, "source": source, "code": CODE, "message": x.reason,
             "place": x.place, "text": _cut(x.text), "reason": x.reason}
            for number, x in enumerate(letters[skipped:], self._next + skipped)
        )
        self._next += len(letters)
        waiting = self._waiting
        while len(waiting) > self._most.letters or self._size > self._most.bytes // WAITING and len(waiting) > 1:
            self._size -= len(waiting.popleft().encode())

    @property
    def dropped(self) -> int:
        """How many came and are neither in the folder nor on their way."""
        return self._next - len(self._waiting) - sum(kept.letters for kept in self._kept.values())

    def warnings(self) -> list[dict[str, Any]]:
        """What people should know, as an entry of the status."""
        if not self.dropped:
            return []
        return [{"node": None, "operator": "dead letters", "code": "dead_letters_dropped",
                 "message": f"more records could not be read than are kept: the newest {self._most.letters:,}, "
                            f"in at most {self._most.bytes / (1 << 20):,.4g} MB",
                 "hint": "'dead-letters.max-count' and 'dead-letters.max-size' say how many are kept"}]

    # ---- exactly once ------------------------------------------------------------------------------------------------

    def seal(self, epoch: int) -> Json:
        waiting = Most(len(self._waiting), self._size)
        try:
            sealed = super().seal(epoch)
        except OSError:  # they wait; the checkpoint, for which there is no room either, tells
            sealed = {"epoch": epoch}
        if "final" in sealed:
            self._kept[epoch], self._size = waiting, 0
        return {**sealed, "next": self._next, "gone": self._drop()}

    def _drop(self) -> list[int]:
        """Forget the oldest files, as many as are too many."""
        gone = []
        letters, size = (sum(getattr(kept, name) for kept in self._kept.values()) for name in ("letters", "bytes"))
        for epoch in sorted(self._kept)[:-1]:
            if letters <= self._most.letters and size <= self._most.bytes:
                break
            kept = self._kept.pop(epoch)
            letters, size = letters - kept.letters, size - kept.bytes
            gone.append(epoch)
        return gone

    def apply(self, sealed: Json) -> None:
        self._settle(sealed)
        parts = self.parts()
        if len(parts) > MOST_FILES:
            with suppress(OSError):  # it only tidies
                self._merge(parts[:-RECENT])

    def _settle(self, sealed: Json) -> None:
        super().apply(sealed)
        for epoch in sealed.get("gone", ()):
            (self.folder / f"part-{epoch}.jsonl").unlink(missing_ok=True)

    def _merge(self, parts: Sequence[Path]) -> None:
        """Make few files of many, none of which is larger than what may be dropped at once."""
        group: list[Path] = []
        for part in parts:
            if group and not self._fits([*group, part]):
                self._join(group)
                group = []
            group.append(part)
        self._join(group)

    def _fits(self, group: Sequence[Path]) -> bool:
        kept = self._sum(group)
        return kept.letters <= self._most.letters // PART and kept.bytes <= self._most.bytes // PART

    def _sum(self, group: Sequence[Path]) -> Most:
        found = [self._kept[epoch_of(part)] for part in group]
        return Most(sum(kept.letters for kept in found), sum(kept.bytes for kept in found))

    def _join(self, group: Sequence[Path]) -> None:
        if len(group) < 2:
            return
        self.merge(group, (part.read_text(encoding="utf-8") for part in group))
        kept = self._sum(group)
        for part in group:
            del self._kept[epoch_of(part)]
        self._kept[epoch_of(group[-1])] = kept

    def recover(self, keep: Json | None) -> None:
        """Go on from a checkpoint: what it sealed counts, what came after it comes again."""
        self.discard(keep)
        self._settle(keep or {})
        self._kept, first = {}, None
        for part in reversed(self.parts()):
            text = part.read_text(encoding="utf-8")
            begin = json.loads(text.partition("\n")[0]).get("number") if text else None
            if first is not None and begin is not None and begin >= first:
                part.unlink()  # it was merged into a newer one, and the process ended before it was removed
                continue
            first = begin
            self._kept[epoch_of(part)] = Most(text.count("\n"), part.stat().st_size)
        self._next = (keep or {}).get("next", sum(kept.letters for kept in self._kept.values()))


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_BYTES // 4 else text.encode()[:TEXT_BYTES].decode(errors="ignore")


def read(folder: Path, after: int | None = None, limit: int = 100, *, newest: bool = False) -> list[dict[str, Any]]:
    """A page of a job's dead letters, oldest or newest first, behind the one of a number.

    Safe while the job runs: lines that count never change.
    """
    return list(islice(_letters(folder, after, newest), limit))


def _letters(folder: Path, after: int | None, newest: bool) -> Iterator[dict[str, Any]]:
    step = -1 if newest else 1
    for part in StagedLines(folder).parts()[::step]:
        try:
            lines = part.read_text(encoding="utf-8").split("\n")[:-1]
        except FileNotFoundError:  # merged or dropped, or the job went back to an earlier checkpoint meanwhile
            continue
        for line in lines[::step]:
            letter = {"number": (-1 if after is None else after) + 1, **json.loads(line)}  # early versions gave none
            if after is None or (letter["number"] - after) * step > 0:
                after = letter["number"]
                yield letter
