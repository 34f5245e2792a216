"""Commands as a user gives them, in this process: texts and exit status."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from porsche.cli import main

VARIABLES = ("PORSCHE_SERVER", "PORSCHE_TOKEN", "PORSCHE_PLAIN_HTTP")


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit status and texts."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON value that it printed."""
        assert self.stdout.count("\n") == 1, self
        return json.loads(self.stdout)

    @property
    def error(self) -> Any:
        """The error of a command that speaks JSON."""
        assert self.returncode, self
        return json.loads(self.stderr)


def porsche(folder: Path, *arguments: str, given: str = "") -> Ended:
    """Run a command in this process, in a folder, with `given` as standard input."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["porsche", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8"))
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
    return Ended(status, out.getvalue(), err.getvalue())
