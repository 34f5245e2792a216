"""Commands on pipeline documents, in this process: `porsche run | validate | compile | explain`."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

import click

from engine.errors import UserError
from porsche import processes
from porsche.cli.options import INTERRUPTED
from porsche.compiler import Compiled, DocumentError, check_text, compile_text, environment

F = TypeVar("F", bound=Callable[..., Any])


def _document_options(command: F) -> F:
    """FILE and the options that say how it is compiled."""
    for option in (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option(
            "--set", "parameters", multiple=True, metavar="NAME=VALUE", help="The value of a parameter of the document."
        ),
        click.option("--state", type=click.Path(path_type=Path), help="The folder of the run's state."),
        click.option(
            "--environment",
            "where",
            default="dev",
            metavar="NAME",
            show_default=True,
            help="What tables physically are: dev, flink, or a YAML file.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@_document_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as one line of JSON, at the end.")
@click.option("--shards", type=click.IntRange(1, 128), help="Parallel shards.")
@click.option("--batch-rows", type=click.IntRange(1), help="Rows a batch, at most.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Rows a second that each source gives, at most.")
@click.option("--checkpoint-interval", type=click.FloatRange(0, min_open=True), help="Seconds between checkpoints.")
@click.option("--restore", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER",
              help="Begin with this savepoint, where there is no state to go on from yet.")
@click.option("--allow", multiple=True, type=click.Choice(["recomputed", "lost"]),
              help="What may become of state that a changed document cannot take over; see `porsche upgrade-check`.")
@click.option("--live", is_flag=True, help="Show the run in the terminal while it lasts (the default in a terminal).")
def run(
    file: Path,
    parameters: tuple[str, ...],
    state: Path | None,
    where: str,
    as_json: bool,
    shards: int | None,
    batch_rows: int | None,
    rate: float | None,
    checkpoint_interval: float | None,
    restore: Path | None,
    allow: tuple[str, ...],
    live: bool,
) -> None:
    """Run a pipeline; resume it, if it was interrupted, also with a changed document (see `porsche upgrade-check`).

    Ctrl-C takes a checkpoint and ends the run, a second Ctrl-C ends it at once. Either can be resumed by the same
    command.
    """
    from porsche.display import display_for
    from porsche.runners.asked import Asked
    from porsche.runners.bundled import Options
    from porsche.runners.bundled import run as run_bundled
    from porsche.runners.folder import RunFolder

    folder, compiled = _compiled(file, parameters, state, where)
    processes.refuse_second(folder)
    with display_for(compiled, folder, live=live, quiet=as_json) as display, _Signals() as signals, \
            Asked(RunFolder(folder)) as asked:
        def on_job(job: Any) -> None:
            processes.note(folder)
            signals.add(job)
            asked.watch(job)
            display.start(job)

        options = Options(shards, batch_rows, rate, checkpoint_interval, on_status=display.update, on_job=on_job,
                          restore=restore, allow=frozenset(allow))
        try:
            outcome = run_bundled(compiled, folder, options)
        finally:
            processes.forget(folder)
        display.finish(outcome)
    if as_json:
        click.echo(json.dumps(outcome.as_json()))
    if outcome.stopped:
        sys.exit(INTERRUPTED)


@click.command()
@_document_options
@click.option("--json", "as_json", is_flag=True, help="Print the diagnostics as JSON.")
def validate(file: Path, parameters: tuple[str, ...], state: Path | None, where: str, as_json: bool) -> None:
    """Check a pipeline: every problem at once, with its node, property and place."""
    found = check_text(
        read(file), parameters=pairs(parameters), state=str(state_of(file, state)), environment=environment(where)
    )
    failed = any(d.severity == "error" for d in found)
    if as_json:
        click.echo(json.dumps({"valid": not failed, "diagnostics": [d.as_dict() for d in found]}))
    else:
        for diagnostic in found:
            click.echo(f"{file}: {diagnostic}", err=diagnostic.severity == "error")
        if not failed:
            click.echo(f"{file} is valid")
    sys.exit(1 if failed else 0)


@click.command(name="compile")
@_document_options
@click.option("--json", "as_json", is_flag=True, help="Print where everything came from, too: spans, columns, lineage.")
def compile_command(file: Path, parameters: tuple[str, ...], state: Path | None, where: str, as_json: bool) -> None:
    """Print the Flink SQL that a pipeline becomes."""
    compiled = _compiled(file, parameters, state, where)[1]
    click.echo(json.dumps(compiled.as_json()) if as_json else compiled.text, nl=as_json)


@click.command()
@_document_options
def explain(file: Path, parameters: tuple[str, ...], state: Path | None, where: str) -> None:
    """Print how the bundled engine runs a pipeline: its plans."""
    from porsche.runners.bundled import explain as explain_bundled

    folder, compiled = _compiled(file, parameters, state, where)
    click.echo(explain_bundled(compiled, folder))


# ---- parts -----------------------------------------------------------------------------------------------------------


def _compiled(file: Path, parameters: tuple[str, ...], state: Path | None, where: str) -> tuple[Path, Compiled]:
    folder = state_of(file, state)
    with diagnosed(file):
        compiled = compile_text(
            read(file), parameters=pairs(parameters), state=str(folder), environment=environment(where)
        )
    return folder, compiled


@contextmanager
def diagnosed(file: Path) -> Iterator[None]:
    """Ends the process with every problem of a document that cannot be compiled."""
    try:
        yield
    except DocumentError as error:
        for diagnostic in error.diagnostics:
            click.echo(f"{file}: {diagnostic}", err=True)
        sys.exit(1)


def read(file: Path) -> str:
    """The text of a file."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError("missing_file", f"there is no file {file}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("unreadable", f"cannot read {file}: {error}") from None


def state_of(file: Path, state: Path | None) -> Path:
    """The state folder: the one given, or one of the document's own."""
    if state is not None:
        return state
    return Path(".porsche") / f"{file.stem}-{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:8]}"


def pairs(parameters: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE, as often as it is given."""
    pairs = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals:
            raise UserError("bad_parameter", f"--set {parameter}: a parameter is given as NAME=VALUE")
        pairs[name] = value
    return pairs


class _Signals:
    """Ctrl-C and SIGTERM ask the job that was added last to end; another signal after Ctrl-C ends the process at
    once."""

    def __init__(self) -> None:
        self._jobs: list[Any] = []
        self._interrupted = False
        self._before: dict[int, Any] = {}

    def add(self, job: Any) -> None:
        self._jobs.append(job)

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._jobs or self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = number == signal.SIGINT
        self._jobs[-1].stop()


COMMANDS = (run, validate, compile_command, explain)
