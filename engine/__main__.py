"""`python -m engine run job.sql`, `python -m engine explain job.sql`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.session import RunOptions, Session

if TYPE_CHECKING:
    from engine.runtime.job import Job

INTERRUPTED = 130
"""The exit status of a run that was asked to end before its input did."""


def main(arguments: list[str] | None = None) -> int:
    """Run or explain a script; returns the exit status (1: the user's error, told on standard error; 130: stopped)."""
    parser = argparse.ArgumentParser(prog="python -m engine", description="Flink SQL on the bundled engine.")
    parser.add_argument("action", choices=("run", "explain"), help="run its INSERTs, or show how they would run")
    parser.add_argument("script", type=Path, help="a file of SQL statements")
    parser.add_argument("--state", type=Path, help="folder of the job's state (default: .porsche/<name of the script>)")
    parser.add_argument("--shards", type=_shards, help="shards of parallel operators ('parallelism.default')")
    options = parser.parse_args(arguments)
    state = options.state or Path(".porsche") / options.script.stem
    try:
        return _act(options.action, options.script, state, options.shards)
    except UserError as error:
        print(f"{options.script}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _shards(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 128:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 128")
    return int(text)


def _act(action: str, script: Path, state: Path, shards: int | None) -> int:
    try:
        text = script.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError("missing_file", "there is no such script") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("unreadable", f"cannot read the script: {error}") from error
    session = Session(folder=state, modules=[script.resolve().parent])
    answered = False
    for answer in session.script(text):
        answered = True
        _show(answer.text, answer.columns, answer.rows)
    for phase in session.phases:
        for warned in session.warnings(phase):
            print(f"{script}: warning: {warned.message} ({warned.hint})", file=sys.stderr)
    if action == "explain":
        for phase in session.phases:
            print(session.explain_phase(phase))
        return 0
    if answered and not session.phases:
        return 0  # SHOW, DESCRIBE, EXPLAIN: that was all
    result = session.run(RunOptions(shards=shards, on_job=_stop_on_interrupt))
    print(f"{result.rows_in:,} rows in, {result.rows_out:,} out, {result.seconds:.1f} s"
          + (f", {result.late:,} late" if result.late else "")
          + (f", {result.dead_letters:,} dead letters in {state / 'dead_letters'}" if result.dead_letters else "")
          + ("; stopped: the same command resumes it" if result.stopped else ""),
          file=sys.stderr)
    return INTERRUPTED if result.stopped else 0


def _stop_on_interrupt(job: Job) -> None:
    """Ctrl-C and SIGTERM take a checkpoint and end, a second Ctrl-C ends at once; the same command resumes."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        job.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _show(text: str, columns: tuple[str, ...], rows: tuple[tuple[object, ...], ...]) -> None:
    if text:
        print(text)
    if columns:
        print("\t".join(columns))
    for row in rows:
        print("\t".join(_text(value) for value in row))


def _text(value: object) -> str:
    """A value as Flink's client shows it."""
    return "NULL" if value is None else str(value).upper() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(main())
