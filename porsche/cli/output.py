"""What commands print: a table in a terminal, aligned text elsewhere, one JSON value for programs."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
COLOURS = {"RUNNING": "green", "FINISHED": "green", "DONE": "green", "FAILED": "red", "STUCK": "red", "ERROR": "red",
           "CRITICAL": "red", "different": "red", "equal": "green", "RESTARTING": "yellow", "QUEUED": "yellow",
           "WARNING": "yellow", "STOPPED": "bright_black", "DEBUG": "bright_black"}
UNITS = ((86_400, "d"), (3600, "h"), (60, "m"))
Bar = Callable[[float | None, str], None]


def clean(value: object) -> str:
    """A text that a terminal shows as it is: what would steer the terminal is made visible."""
    text = "-" if value is None or value == "" else str(value)
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class Output:
    """Where a command's answer goes. With `as_json` it is one value on standard output, and words are left out."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def answer(self, value: object, show: Callable[[], None]) -> None:
        """The command's answer: a JSON value for programs, else what `show` prints."""
        if self.as_json:
            click.echo(json.dumps(value, default=str))
        else:
            show()

    def say(self, text: str) -> None:
        """Something worth knowing beside the answer."""
        if not self.as_json:
            click.echo("\n".join(map(clean, text.split("\n"))), err=True)

    @contextmanager
    def bar(self, what: str) -> Iterator[Bar]:
        """Shows, while something lasts, how far it is: call what is yielded with a share and a word."""
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        console = Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
                   TextColumn("{task.fields[now]}"))
        hidden = self.as_json or not console.is_terminal
        with Progress(*columns, console=console, transient=True, disable=hidden) as bars:
            task = bars.add_task(escape(clean(what)), total=None, now="")

            def show(share: float | None, now: str) -> None:
                total, done = (None, None) if share is None else (1.0, share)
                bars.update(task, total=total, completed=done, now=escape(clean(now)) if now else "")

            yield show


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their columns' names."""
    cells = [[clean(value).replace("\n", " ") for value in row] for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(rich_table(columns, cells))
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in (columns, *cells):
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def rich_table(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> Any:
    """A table for a terminal. `cells` are clean."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in cells:
        made.add_row(*(Text(text, style=COLOURS.get(text, "")) for text in row))
    return made


def facts(pairs: Mapping[str, object]) -> None:
    """A name and its value a line; what is None is left out."""
    shown = {name: clean(value) for name, value in pairs.items() if value not in (None, "")}
    width = max(map(len, shown), default=0)
    for name, text in shown.items():
        click.echo(f"  {name.ljust(width)}  {text}")


def coloured(word: str) -> str:
    """A status; its colour is left out where output is no terminal."""
    colour = COLOURS.get(word)
    return click.style(word, fg=colour) if colour else clean(word)


# ---- figures ---------------------------------------------------------------------------------------------------------


def number(value: float | None, digits: int = 0) -> str | None:
    """A figure with its thousands apart."""
    return None if value is None else f"{value:,.{digits}f}"


def figure(value: float | None) -> str | None:
    """A metric with four digits behind the point."""
    return None if value is None else f"{value:.4f}"


def lasting(seconds: float | None) -> str | None:
    """How long: 45s, 3m, 2h, 5d."""
    if seconds is None:
        return None
    for unit, name in UNITS:
        if seconds >= unit:
            return f"{seconds // unit:.0f}{name}"
    return f"{max(seconds, 0.0):.0f}s"


def ago(at: str | float | None) -> str | None:
    """How long since: ISO 8601, or Unix seconds."""
    if at is None:
        return None
    moment = at if isinstance(at, int | float) else datetime.fromisoformat(at).timestamp()
    return lasting(time.time() - moment)


def size(count: float | None) -> str | None:
    """Bytes in the unit that makes them short."""
    if count is None:
        return None
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"
