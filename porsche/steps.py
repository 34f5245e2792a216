"""What `porsche up` and `porsche down` say: lines with bars in a terminal, plain lines elsewhere, JSON for programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from porsche.home import Home

_WARMED = re.compile(r"warm: (.+): (\d+) compiled, ([\d.]+) s")
KERNEL_STEPS = 14
"""About as many lines does `engine.warm` write."""


class Steps:
    """Says how far things are."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A line."""
        self._console.print(text, markup=False)

    def done(self, what: str, how: str) -> None:
        """Something is done."""
        self.say(f"  {what:<10}{how}")

    def begin(self, home: Path, url: str, moved_from: int | None) -> None:
        """The platform starts."""
        self.say(f"Porsche starts in {home}")
        if moved_from is not None:
            self.done("port", f"{moved_from} is in use: the platform is at {url}")

    @contextmanager
    def bar(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar while something lasts: call what is yielded after each part."""
        columns = (TextColumn(f"  {what:<10}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[now]}"))
        with Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as bars:
            task = bars.add_task(what, total=total, now="")
            yield lambda: bars.advance(task)

    def kernels(self, process: subprocess.Popen[str]) -> None:
        """Follow the compilation of kernels until it ends."""
        assert process.stdout is not None
        compiled = 0
        with self.bar("kernels", KERNEL_STEPS) as tick:
            for line in process.stdout:
                if match := _WARMED.fullmatch(line.strip()):
                    compiled += int(match[2])
                    tick()
        if process.wait() == 0:
            self.done("kernels", f"{compiled} compiled" if compiled else "ready")
        else:
            self.done("kernels", "not all could be compiled now; jobs compile what they need")

    def ready(self, url: str, sign_in: str, home: Home) -> None:
        """The platform answers."""
        self.done("web", url)
        self.say("")
        self.say("Sign in, once, within 15 minutes:")
        self.say(f"  {sign_in}")
        self.say("")
        self.say(f"Ctrl-C stops everything; runs go on at the next start. Logs are in {home.logs}.")

    def stopped(self, remaining: Sequence[str], *, had_something: bool = True) -> None:
        """Everything has ended, or not."""
        for what in remaining:
            self.say(f"still there: {what}")
        if not remaining:
            self.say("stopped" if had_something else "nothing is running")


class JsonSteps(Steps):
    """For programs: one line of JSON when the platform answers, and one at the end; nothing else on standard output."""

    def __init__(self) -> None:
        super().__init__(Console(stderr=True, highlight=False, soft_wrap=True))

    def ready(self, url: str, sign_in: str, home: Home) -> None:
        self._tell({"url": url, "sign_in": sign_in, "home": str(home.path)})

    def stopped(self, remaining: Sequence[str], *, had_something: bool = True) -> None:
        self._tell({"stopped": not remaining, "remaining": list(remaining)})

    def _tell(self, value: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()
