"""Keeping the state of runs and going back to it: `porsche state save | restore | delete`, `porsche restore-point`,
`porsche rescale`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import UserError
from porsche.cli.options import (
    Target,
    complete_run,
    on_platform,
    perhaps_on_platform,
    pipeline_named,
    run_named,
    title,
)
from porsche.cli.output import Output, ago, clean, facts, number, size, table
from porsche.cli.runs import OVER, fail_if_failed, until
from porsche.cli.state import COLUMNS, cells, state_group
from porsche.cli.state_names import folder_of, savepoint_named

if TYPE_CHECKING:
    from porsche.cli.client import Api

PERIOD = 0.3


@state_group.command()
@click.argument("name", metavar="PIPELINE|RUN|FOLDER", shell_complete=complete_run)
@click.argument("savepoint", metavar="[NAME]", required=False)
@click.option("--to", type=click.Path(path_type=Path), help="Where the savepoint of a folder is to lie.")
@perhaps_on_platform
def save(target: Target, name: str, savepoint: str | None, to: Path | None) -> None:
    """Keep the state of a run as a savepoint: of a fresh checkpoint while it runs, else of its last one.

    \b
    porsche state save shop before-the-change
    porsche state save .porsche/shop-1f2e3d4c --to backups/shop-monday
    """
    folder = folder_of(target, name)
    if folder is not None:
        from porsche.runners import savepoints

        if to is None:
            raise click.UsageError("say where the savepoint is to lie: --to FOLDER")
        with target.answering() as out:
            told = savepoints.save_state(folder, to.absolute(), name=savepoint or to.name)
            out.answer(told, lambda: click.echo(f"{to}: epoch {told['epoch']}, {size(told['bytes'])}"))
        return
    with target.open() as (api, out):
        made = api.post(f"runs/{run_named(api, name)['id']}/savepoints", {"name": savepoint or ""})
        _answer(api, out, made)


def _answer(api: Api, out: Output, made: dict[str, Any]) -> None:
    made = until_made(api, out, made)
    pipeline = made["pipeline"]
    out.answer(made, lambda: click.echo(clean(
        f"{pipeline['project']}/{pipeline['slug']}@{made['name']}: epoch {made['epoch']}, {size(made['bytes'])}")))


def until_made(api: Api, out: Output, made: dict[str, Any],
               pause: Callable[[float], None] = time.sleep) -> dict[str, Any]:
    """Wait until a savepoint is there. UserError with its own reason where it could not be made."""
    with out.bar(f"savepoint {made['name']}") as bar, api.patient():
        while made["state"] == "MAKING":
            pause(PERIOD)
            made = api.get(f"savepoints/{made['id']}")
            bar(None, made["state"])
    if made["state"] == "FAILED":
        error = made["error"] or {"code": "failed", "message": f"the savepoint '{made['name']}' could not be made"}
        raise UserError(error["code"], error["message"], hint=error.get("hint"))
    return made


@state_group.command()
@click.argument("name", metavar="PIPELINE@NAME")
@click.option("--revision", type=click.IntRange(1), help="Another revision than the savepoint's.")
@click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter, instead of the "
                                                                             "savepoint's.")
@click.option("--shards", type=click.IntRange(1, 128), help="Parallel shards.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Rows a second that each source gives, at most.")
@click.option("--allow", multiple=True, type=click.Choice(["recomputed", "lost"]),
              help="What may become of state that another revision cannot take over (porsche upgrade-check).")
@click.option("--wait", type=click.Choice(["running", "end"]), help="Until it runs, or until it has ended.")
@perhaps_on_platform
def restore(target: Target, name: str, revision: int | None, parameters: tuple[str, ...], allow: tuple[str, ...],
            wait: str | None, **options: Any) -> None:
    """Start a run that begins with a savepoint, beside whatever runs. (`porsche restore-point rollback` goes back.)

    Of a folder of this machine: porsche run FILE --restore FOLDER.

    \b
    porsche state restore shop@before --shards 4 --wait running
    """
    from porsche.cli.documents import pairs

    if folder_of(target, name) is not None:
        with target.answering():
            raise UserError("bad_option", "a run of this machine needs its document, too",
                            hint=f"porsche run FILE --restore {name}")
    with target.open() as (api, out):
        how = {"revision": revision, "options": {k: v for k, v in options.items() if v is not None},
               "parameters": pairs(parameters), "allow": list(allow)}
        run = api.post(f"savepoints/{savepoint_named(api, name)['id']}/restore", {k: v for k, v in how.items() if v})
        answer_run(api, out, run, wait)


def answer_run(api: Api, out: Output, run: dict[str, Any], wait: str | None) -> None:
    """The answer of a command that started a run."""
    if wait:
        run = until(api, out, run, OVER if wait == "end" else ("RUNNING", *OVER))
    out.answer(run, lambda: click.echo(f"{title(run)} (revision {run['revision']}) is {clean(run['status'])}"))
    if wait:
        fail_if_failed(run)


@state_group.command()
@click.argument("name", metavar="PIPELINE@NAME|FOLDER")
@perhaps_on_platform
def delete(target: Target, name: str) -> None:
    """Delete a savepoint; refused while a run needs it to begin."""
    folder = folder_of(target, name)
    if folder is not None:
        from porsche.runners import savepoints

        with target.answering() as out:
            savepoints.delete(folder)
            out.answer({"deleted": str(folder)}, lambda: click.echo(f"{folder} is deleted"))
        return
    with target.open() as (api, out):
        found = savepoint_named(api, name)
        api.delete(f"savepoints/{found['id']}")
        out.answer({"deleted": found["name"]}, lambda: click.echo(f"{clean(name)} is deleted"))


@click.command()
@click.argument("name", metavar="PIPELINE|RUN", shell_complete=complete_run)
@click.option("--shards", type=click.IntRange(1, 128), required=True, help="In how many shards it is to go on.")
@click.option("--wait", is_flag=True, help="Until it runs again.")
@on_platform
def rescale(api: Api, out: Output, name: str, shards: int, wait: bool) -> None:
    """Let a run go on in another number of shards, from a fresh checkpoint.

    \b
    porsche rescale shop --shards 4 --wait
    """
    before = run_named(api, name)
    run = api.post(f"runs/{before['id']}/rescale", {"shards": shards})
    if wait:
        run = _until_rescaled(api, out, run, before["attempt"] or 0)
    out.answer(run, lambda: click.echo(f"{title(run)} is {clean(run['status'])}, shards: {shards}"))
    if wait:
        fail_if_failed(run)


def _until_rescaled(api: Api, out: Output, run: dict[str, Any], attempt: int) -> dict[str, Any]:
    """Wait until its next process runs, or the run has ended."""
    with out.bar(title(run)) as bar, api.patient():
        while not (run["status"] in (*OVER, "STOPPED") or run["status"] == "RUNNING" and run["attempt"] > attempt):
            time.sleep(PERIOD)
            run = api.get(f"runs/{run['id']}")
            bar(None, run["status"])
    return run


# ---- restore points --------------------------------------------------------------------------------------------------


@click.group(name="restore-point")
def restore_point() -> None:
    """Pipelines as they were: revision, state, models, parameters and options under one name, to come back to."""


@restore_point.command(name="create")
@click.argument("name", metavar="PIPELINE|RUN", shell_complete=complete_run)
@click.argument("point", metavar="NAME")
@on_platform
def create_point(api: Api, out: Output, name: str, point: str) -> None:
    """Keep a run as it is now: of a fresh checkpoint while it runs.

    \b
    porsche restore-point create shop before-the-sale
    """
    body = {"name": point, "restore_point": True}
    _answer(api, out, api.post(f"runs/{run_named(api, name)['id']}/savepoints", body))


@restore_point.command(name="list")
@click.argument("pipeline", metavar="[PIPELINE]", required=False, shell_complete=complete_run)
@on_platform
def list_points(api: Api, out: Output, pipeline: str | None) -> None:
    """List restore points, newest first."""
    which = None if pipeline is None else pipeline_named(api, pipeline)["id"]
    found = list(api.all("savepoints", restore_point="true", pipeline=which))
    out.answer(found, lambda: table(COLUMNS, map(cells, found)))


@restore_point.command(name="show")
@click.argument("name", metavar="PIPELINE@NAME")
@on_platform
def show_point(api: Api, out: Output, name: str) -> None:
    """Say what a restore point holds: revision, state, models, configuration."""
    found = api.get(f"savepoints/{savepoint_named(api, name)['id']}")
    out.answer(found, lambda: _show_point(found))


def _show_point(found: Mapping[str, Any]) -> None:
    click.echo(clean(f"{found['pipeline']['project']}/{found['pipeline']['slug']}@{found['name']}"))
    pairs_of = {name: " ".join(f"{key}={value}" for key, value in found[name].items())
                for name in ("models", "parameters", "options")}
    facts({"state": found["state"], "made": ago(found["made_at"]), "revision": found["revision"], "run": found["run"],
           "epoch": found["epoch"], "keys": number(found["keys"]), "size": size(found["bytes"]),
           "environment": found["environment"], **pairs_of})
    if found["operators"]:
        click.echo()
        table(("OPERATOR", "NODES", "KEYS", "ROWS", "SIZE"), [
            [o["kind"] or o["uid"], ", ".join(o["nodes"]), number(o["keys"]), number(o["rows"]), size(o["bytes"])]
            for o in found["operators"]])


@restore_point.command()
@click.argument("name", metavar="PIPELINE@NAME")
@click.option("--wait", is_flag=True, help="Until the run of then runs again, and was compared with what was saved.")
@on_platform
def rollback(api: Api, out: Output, name: str, wait: bool) -> None:
    """Bring a pipeline back to how it was: document, state, models and configuration.

    What runs of it is stopped; then a run of the old revision begins with the state of then. Before it reads a row,
    what it restored is read back and compared with what was saved.

    \b
    porsche restore-point rollback shop@before-the-sale --wait
    """
    run = api.post(f"savepoints/{savepoint_named(api, name)['id']}/rollback")
    answer_run(api, out, run, "running" if wait else None)


restore_point.add_command(delete)

COMMANDS = (state_group, rescale, restore_point)
