"""Records that could not be read, kept exactly once: lines of source, place, text, reason."""

from __future__ import annotations

from collections.abc import Sequence

from engine.connectors.base import DeadLetter
from engine.connectors.staged import StagedLines


class DeadLetters(StagedLines):
    """The job's dead-letter table, a folder of JSON lines."""

    def collect(self, source: str, letters: Sequence[DeadLetter]) -> None:
        """Keep letters of a source."""
        self.add({"source": source, "place": x.place, "text": x.text, "reason": x.reason} for x in letters)
