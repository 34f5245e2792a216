"""What a run shows while it lasts: a live table in a terminal, plain lines elsewhere, nothing for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from porsche.compiler import Compiled
from porsche.runners.bundled import by_node

if TYPE_CHECKING:
    from porsche.runners.bundled import Outcome


class Display:
    """Shows nothing: what programs read is the result alone."""

    def start(self, job: Any) -> None:
        """A job begins."""

    def update(self, status: dict[str, Any]) -> None:
        """The job's status, about once a second."""

    def finish(self, outcome: Outcome) -> None:
        """The run ended."""


class Lines(Display):
    """A line now and then."""

    interval = 5.0

    def __init__(self, compiled: Compiled, folder: Path) -> None:
        self._folder = folder
        self._last = time.monotonic()
        self._say(f"{compiled.name}: {len(compiled.schemas)} nodes, state in {folder}")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")

    def update(self, status: dict[str, Any]) -> None:
        if time.monotonic() - self._last < self.interval:
            return
        self._last = time.monotonic()
        metrics = "".join(f"; {node}: {listed(latest)}" for node, latest in by_node(status["metrics"]).items())
        self._say(f"{status['rows_in']:,} rows in, {status['rows_out']:,} out{metrics}")

    def finish(self, outcome: Outcome) -> None:
        for line in summary(outcome, self._folder):
            self._say(line)


def summary(outcome: Outcome, folder: Path) -> list[str]:
    """What a run did, in words."""
    end = "stopped" if outcome.stopped else "finished"
    lines = [(f"{end}: {outcome.rows_in:,} rows in, {outcome.rows_out:,} out, {outcome.seconds:.1f} s, "
              f"{outcome.events_per_s or 0:,.0f} rows/s")]
    lines += [f"{node}: {listed(latest)}" for node, latest in outcome.metrics.items()]
    if outcome.late:
        lines.append(f"{outcome.late:,} late rows were dropped")
    if outcome.dead_letters:
        lines.append(f"{outcome.dead_letters:,} rows could not be read: see {folder / 'dead_letters'}")
    if outcome.model_hash:
        lines.append(f"model {outcome.model_hash[:16]}")
    if outcome.stopped:
        lines.append("the same command resumes it")
    return lines


def listed(latest: Mapping[str, Any]) -> str:
    """A row of metrics."""
    return ", ".join(f"{name} {shown(value)}" for name, value in latest.items())


def shown(value: Any) -> str:
    """A metric's value as people read it."""
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


@contextmanager
def display_for(compiled: Compiled, folder: Path, *, live: bool, quiet: bool) -> Iterator[Display]:
    """The display that suits: live in a terminal, lines where output goes to a file, nothing where only JSON is
    wanted."""
    if quiet and not live:
        yield Display()
    elif sys.stderr.isatty():
        from porsche.live import LiveDisplay

        with LiveDisplay(compiled, folder) as display:
            yield display
    else:
        yield Lines(compiled, folder)
