"""What becomes of state under a changed pipeline: `porsche upgrade-check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import UserError
from porsche.cli.options import Target, complete_run, perhaps_on_platform, pipeline_named
from porsche.cli.output import Output, clean

if TYPE_CHECKING:
    from porsche.cli.client import Api


@click.command(name="upgrade-check")
@click.argument("name", metavar="FILE|PIPELINE", shell_complete=complete_run)
@click.option("--run", type=click.IntRange(1), metavar="RUN", help="Against the state of this run of a platform.")
@click.option("--from", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER",
              help="Against the state in a folder of this machine: a state folder, a run's folder, or a savepoint's.")
@click.option("--revision", type=click.IntRange(1), help="A pipeline's revision; the newest, if left out.")
@click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the document.")
@click.option("--environment", "where", default="dev", metavar="NAME", show_default=True,
              help="What the tables of a FILE physically are: dev, flink, or a YAML file.")
@perhaps_on_platform
def upgrade_check(target: Target, name: str, run: int | None, folder: Path | None, revision: int | None,
                  parameters: tuple[str, ...], where: str) -> None:
    """Tell what becomes of a run's state if it goes on with a changed pipeline; nothing is started.

    For each operator with state: kept, migrated, recomputed (from which sources, how long) or lost, and why. Exits with
    1 where some of it would be recomputed or lost, which takes consent: `porsche run --allow`, `porsche start --allow`.

    \b
    porsche upgrade-check shop.yaml                   the state of `porsche run shop.yaml`
    porsche upgrade-check shop.yaml --from FOLDER
    porsche upgrade-check shop.yaml --run 7
    porsche upgrade-check shop                        its newest revision, the state of its last run
    """
    file = Path(name) if Path(name).is_file() else None
    if folder is not None and (file is None or run is not None):
        raise click.UsageError("--from goes with a FILE, and without --run")
    if file is not None and run is None:
        with target.answering() as out:
            report = _local(file, folder, parameters, where)
            _answer(out, report)
    else:
        with target.open() as (api, out):
            report = _asked(api, name, file, run, revision)
            _answer(out, report)
    sys.exit(1 if report["needs"] else 0)


def _local(file: Path, folder: Path | None, parameters: tuple[str, ...], where: str) -> dict[str, Any]:
    from porsche.cli.documents import diagnosed, pairs, read, state_of
    from porsche.compiler import compile_text, environment
    from porsche.runners.upgrade import check

    state = _state(state_of(file, folder))
    with diagnosed(file):
        compiled = compile_text(read(file), parameters=pairs(parameters), state=str(state),
                                environment=environment(where))
    report = check(compiled, state)
    return {**report.as_json(), "table": report.table()}


def _state(folder: Path) -> Path:
    """The folder itself, or the state folder in a run's folder."""
    known = (folder / "checkpoints").is_dir() or (folder / "manifest.json").is_file()
    return folder if known or not (folder / "state").is_dir() else folder / "state"


def _asked(api: Api, name: str, file: Path | None, run: int | None, revision: int | None) -> dict[str, Any]:
    body: dict[str, Any] = {} if revision is None else {"revision": revision}
    if file is not None:
        from porsche.cli.documents import read

        if revision is not None:
            raise UserError("bad_option", "a file has no revisions", hint="name its pipeline instead")
        body = {"document": read(file)}
    if run is not None:
        return dict(api.post(f"runs/{run}/upgrade-check", body))
    return dict(api.post(f"pipelines/{pipeline_named(api, name)['id']}/upgrade-check", body))


def _answer(out: Output, report: dict[str, Any]) -> None:
    table = report.pop("table")
    out.answer(report, lambda: click.echo("\n".join(clean(line) for line in table.splitlines())))


COMMANDS = (upgrade_check,)
