"""`python -m engine run job.sql`, `python -m engine explain job.sql`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.session import RunOptions, Session

if TYPE_CHECKING:
    from engine.runtime.job import Job


def main(arguments: list[str] | None = None) -> int:
    """Run or explain a script; returns the exit status (1: the user's error, told on standard error)."""
    parser = argparse.ArgumentParser(prog="python -m engine", description="Flink SQL on the bundled engine.")
    parser.add_argument("action", choices=("run", "explain"))
    parser.add_argument("script", type=Path, help="a file of SQL statements")
    parser.add_argument("--state", type=Path, help="folder of the job's state (default: .porsche/<name of the script>)")
    parser.add_argument("--shards", type=int, help="shards of parallel operators ('parallelism.default')")
    options = parser.parse_args(arguments)
    state = options.state or Path(".porsche") / options.script.stem
    try:
        return _act(options.action, options.script, state, options.shards)
    except UserError as error:
        print(f"{options.script}: {error}", file=sys.stderr)
        return 1


def _act(action: str, script: Path, state: Path, shards: int | None) -> int:
    try:
        text = script.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("unreadable", f"cannot read the script: {error}") from error
    session = Session(folder=state, modules=[script.resolve().parent])
    answered = False
    for answer in session.script(text):
        answered = True
        _show(answer.text, answer.columns, answer.rows)
    if action == "explain":
        for phase in session.phases:
            print(session.explain_phase(phase))
        return 0
    if answered and not session.phases:
        return 0  # SHOW, DESCRIBE, EXPLAIN: that was all
    result = session.run(RunOptions(shards=shards, on_job=_stop_on_interrupt))
    print(f"{result.rows_in:,} rows in, {result.rows_out:,} out, {result.seconds:.1f} s"
          + (f", {result.late:,} late" if result.late else "")
          + (f", {result.dead_letters:,} dead letters in {state / 'dead_letters'}" if result.dead_letters else ""),
          file=sys.stderr)
    return 0


def _stop_on_interrupt(job: Job) -> None:
    """Ctrl-C takes a checkpoint and ends; the same command goes on from there."""
    signal.signal(signal.SIGINT, lambda *_: job.stop())


def _show(text: str, columns: tuple[str, ...], rows: tuple[tuple[object, ...], ...]) -> None:
    if text:
        print(text)
    if columns:
        print("\t".join(columns))
    for row in rows:
        print("\t".join(map(str, row)))


if __name__ == "__main__":
    sys.exit(main())
