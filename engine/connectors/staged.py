"""JSON lines written exactly once: an epoch's lines are staged at the barrier, and renamed into place when the epoch
counts."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.connectors.base import Json
from engine.durable import sync


class StagedLines:
    """A folder of `part-<epoch>.jsonl`; follows the sink protocol."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting: deque[str] = deque()

    def add(self, lines: Iterable[Json]) -> int:
        """Lines for the next epoch; their bytes."""
        texts = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines]
        self._waiting.extend(texts)
        return sum(len(text.encode()) for text in texts)

    def parts(self) -> list[Path]:
        """The files of lines that count, oldest first."""
        return sorted(self.folder.glob("part-*.jsonl"), key=epoch_of)

    def seal(self, epoch: int) -> Json:
        """Stage what came since the last epoch; nothing to stage gives no file."""
        if not self._waiting:
            return {"epoch": epoch}
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = self.folder / f".epoch-{epoch}"
        with staged.open("w", encoding="utf-8") as out:
            out.writelines(self._waiting)
            out.flush()
            os.fsync(out.fileno())
        sync(self.folder)
        self._waiting.clear()
        return {"epoch": epoch, "staged": staged.name, "final": f"part-{epoch}.jsonl"}

    def apply(self, sealed: Json) -> None:
        if "staged" in sealed and (self.folder / sealed["staged"]).exists():
            os.replace(self.folder / sealed["staged"], self.folder / sealed["final"])
            sync(self.folder)

    def discard(self, keep: Json | None) -> None:
        """Remove what belongs to no checkpoint: staged files, and epochs behind the one that counts; all without
        one."""
        keep = keep or {"epoch": 0}
        for path in self.folder.glob(".epoch-*"):
            if path.name != keep.get("staged"):
                path.unlink()
        for path in self.parts():
            if epoch_of(path) > keep["epoch"]:
                path.unlink()

    def merge(self, parts: Sequence[Path], lines: Iterable[str]) -> None:
        """Make one file of these lines, in the place of the newest of its parts; the others go. Whoever reads meanwhile
        sees a line twice at worst."""
        staged = self.folder / ".compacted"
        with staged.open("w", encoding="utf-8") as out:
            out.writelines(lines)
            out.flush()
            os.fsync(out.fileno())
        os.replace(staged, parts[-1])
        sync(self.folder)
        for part in parts[:-1]:
            part.unlink()

    def read(self) -> Iterator[dict[str, Any]]:
        """All lines that count, oldest first."""
        for path in self.parts():
            with path.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)


def epoch_of(part: Path) -> int:
    """The epoch of a file of lines that count."""
    return int(part.stem.split("-")[1])
