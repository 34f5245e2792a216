"""The live view of a run in a terminal: rows a second, time, checkpoints, metrics, nodes."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from porsche.compiler import Compiled
from porsche.display import Display, shown, summary
from porsche.runners.bundled import by_node, progress

if TYPE_CHECKING:
    from porsche.runners.bundled import Outcome


class LiveDisplay(Display):
    """Redraws a few lines each second; leaves a summary behind."""

    def __init__(self, compiled: Compiled, folder: Path, console: Console | None = None) -> None:
        self._compiled = compiled
        self._folder = folder
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._job: Any = None
        self._last = (time.monotonic(), 0)
        self._speed = 0.0

    def __enter__(self) -> Self:
        self._live.start()
        self._live.update(Text(f"{self._compiled.name}: starting, state in {self._folder}"), refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def start(self, job: Any) -> None:
        self._job = job
        self._last = (time.monotonic(), job.result().rows_in)

    def update(self, status: dict[str, Any]) -> None:
        now = time.monotonic()
        passed = now - self._last[0]
        if passed > 0.2:
            self._speed = (status["rows_in"] - self._last[1]) / passed
            self._last = (now, status["rows_in"])
        self._live.update(self.picture(status, progress(self._job)), refresh=True)

    def picture(self, status: dict[str, Any], done: float | None) -> Group:
        """What is drawn: `done` is the part of the input that was read, where that is known."""
        facts = Table.grid(padding=(0, 2))
        facts.add_row("rows", f"{status['rows_in']:,} in, {status['rows_out']:,} out, {self._speed:,.0f} a second")
        facts.add_row("event time", event_time(status))
        facts.add_row(
            "checkpoint", f"{status['epoch']:,}" + (f", attempt {status['attempts']}" if status["attempts"] > 1 else "")
        )
        if status["late"] or status["dead_letters"]:
            facts.add_row("dropped", f"{status['late']:,} late, {status['dead_letters']:,} unreadable")
        for node, latest in by_node(status["metrics"]).items():
            facts.add_row(node, ", ".join(f"{name} [bold]{shown(value)}[/bold]" for name, value in latest.items()))
        title = Text.assemble(
            (self._compiled.name, "bold cyan"), f"  {status['state'].lower()}, state in {self._folder}"
        )
        parts: list[Any] = [title, facts, _nodes(status)]
        if done is not None:
            bar = Table.grid(padding=(0, 2))
            bar.add_row(ProgressBar(total=1.0, completed=done, width=60), f"{done:.0%}")
            parts.append(bar)
        return Group(*parts, Text("Ctrl-C stops after a checkpoint; the same command resumes", style="dim"))

    def finish(self, outcome: Outcome) -> None:
        self._live.stop()
        for line in summary(outcome, self._folder):
            self._console.print(line, highlight=False)


def event_time(status: dict[str, Any]) -> str:
    """How far event time has come: the earliest watermark of the operators."""
    marks = [o["watermark"] for o in status["operators"] if o["watermark"] is not None]
    if not marks:
        return "-"
    return datetime.fromtimestamp(min(marks) / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _nodes(status: dict[str, Any]) -> Table:
    """Rows through each node: those of the last operator that works for it."""
    rows: dict[str, int] = {}
    for operator in status["operators"]:
        for node in operator["nodes"]:
            rows[node] = max(rows.get(node, 0), operator["rows_out"])
    table = Table.grid(padding=(0, 2))
    names = list(rows)
    for i in range(0, len(names), 3):
        table.add_row(
            *(
                cell
                for name in names[i : i + 3]
                for cell in (Text(name, style="cyan"), Text(f"{rows[name]:,}", justify="right"))
            )
        )
    return table
