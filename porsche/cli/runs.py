"""Pipelines and their runs: `porsche list | start | stop`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import UserError
from porsche import processes
from porsche.cli.options import (
    Target,
    by_number,
    complete_pipeline,
    complete_run,
    on_platform,
    perhaps_on_platform,
    pipeline_named,
    run_named,
    title,
)
from porsche.cli.output import Output, ago, clean, number, table
from porsche.runners.caps import LEAST_CPU, size_of

if TYPE_CHECKING:
    from porsche.cli.client import Api

PERIOD = 0.5
OVER = ("FINISHED", "FAILED")
STATUSES = ("CREATED", "QUEUED", "INITIALIZING", "RUNNING", "STUCK", "RESTARTING", "STOPPING", "STOPPED", *OVER)


@click.command(name="list")
@click.option("--runs", is_flag=True, help="Runs, newest first, instead of pipelines.")
@click.option("--project", metavar="SLUG", help="Of one project only.")
@click.option("--search", metavar="WORDS", help="Pipelines with these words in their name or title.")
@click.option("--archived", is_flag=True, help="Archived pipelines instead of those in use.")
@click.option("--pipeline", metavar="NAME", shell_complete=complete_pipeline, help="Runs of one pipeline.")
@click.option("--active", is_flag=True, help="Runs that a process works for, or will.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES, case_sensitive=False),
              help="Runs with this status; may be given several times.")
@click.option("-n", "--limit", type=click.IntRange(1), default=100, show_default=True, help="So many at most.")
@on_platform
def list_command(api: Api, out: Output, runs: bool, project: str | None, search: str | None, archived: bool,
                 pipeline: str | None, active: bool, statuses: tuple[str, ...], limit: int) -> None:
    """List pipelines, each with its newest run; or runs.

    \b
    porsche list
    porsche list --active
    porsche list --runs --pipeline shop --status failed --json
    """
    if runs or active or statuses or pipeline:
        number = pipeline_named(api, pipeline)["id"] if pipeline else None
        found = list(api.all("runs", limit, project=project, pipeline=number, active="true" if active else None,
                             status=list(statuses) or None))
        out.answer(found, lambda: table(RUN_COLUMNS, map(run_cells, found)))
        return
    found = list(api.all("pipelines", limit, project=project, search=search, archived="true" if archived else None))
    out.answer(found, lambda: table(PIPELINE_COLUMNS, map(_pipeline_cells, found)))


RUN_COLUMNS = ("RUN", "PIPELINE", "REVISION", "STATUS", "SINCE", "ROWS/S", "RESTARTS", "REASON")
PIPELINE_COLUMNS = ("PIPELINE", "REVISION", "RUN", "STATUS", "SINCE", "ROWS/S", "TITLE")


def run_cells(run: dict[str, Any]) -> list[object]:
    """A run as a row of a table."""
    reason = run["reason"] or {}
    return [run["id"], f"{run['pipeline']['project']}/{run['pipeline']['slug']}", run["revision"], run["status"],
            ago(run["since"]), number(run["rates"]["rows_in"]), run["restarts"], reason.get("message")]


def _pipeline_cells(pipeline: dict[str, Any]) -> list[object]:
    run = pipeline["run"]
    about = (None, "never run", None, None) if run is None else (
        run["id"], run["status"], ago(run["since"]), number(run["rates"]["rows_in"]))
    return [f"{pipeline['project']}/{pipeline['slug']}", pipeline["revision"], *about, pipeline["title"]]


@click.command()
@click.argument("name", metavar="PIPELINE|RUN", shell_complete=complete_run)
@click.option("--new", is_flag=True, help="A new run, whatever the pipeline's last one does or did.")
@click.option("--revision", type=click.IntRange(1),
              help="The new run's revision (the newest, if left out); of a run that goes on: the one to go on with.")
@click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the new run.")
@click.option("--shards", type=click.IntRange(1, 128), help="Parallel shards of the new run.")
@click.option("--batch-rows", type=click.IntRange(1, 1 << 20), help="Rows a batch, at most.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Rows a second that each source gives, at most.")
@click.option("--checkpoint-interval", type=click.FloatRange(0.1), help="Seconds between checkpoints.")
@click.option("--memory", callback=lambda _context, _option, text: text and size_of(text), metavar="SIZE",
              help="Memory of its own that it may take, such as '512 mb'; with more it is ended.")
@click.option("--cpu", type=click.FloatRange(LEAST_CPU), help="Cores that it may use.")
@click.option("--allow", multiple=True, type=click.Choice(["recomputed", "lost"]),
              help="What may become of a run's state that another revision cannot take over (porsche upgrade-check).")
@click.option("--wait", type=click.Choice(["running", "end"]),
              help="Until it runs, or until it has ended; fails where it fails.")
@on_platform
def start(api: Api, out: Output, name: str, new: bool, revision: int | None, parameters: tuple[str, ...],
          allow: tuple[str, ...], wait: str | None, **options: Any) -> None:
    """Start a pipeline, or let a run go on.

    Of a pipeline, the last run goes on from its checkpoint where it was stopped or failed; where it has finished, where
    there is none, and with options of a new run, a new one begins with the newest revision.

    \b
    porsche start shop --wait running
    porsche start 7
    porsche start 7 --revision 3 --allow recomputed
    porsche start shop --set impressions=50000 --rate 2000 --wait end
    """
    from porsche.cli.documents import pairs

    how = {"revision": revision, "parameters": pairs(parameters) or None,
           "options": {key: value for key, value in options.items() if value is not None} or None}
    given = {key: value for key, value in how.items() if value is not None}
    if by_number(name) and (new or set(given) - {"revision"}):
        raise UserError("bad_option", "a run that goes on keeps its parameters and options",
                        hint="name its pipeline to begin a new one")
    if allow and not (by_number(name) and revision):
        raise UserError("bad_option", "--allow goes with a run that goes on with another revision",
                        hint="porsche start RUN --revision NUMBER --allow recomputed")
    run = _go_on(api, name, revision, allow) if by_number(name) else _of_pipeline(api, out, name, given, new)
    if not api.get("session")["supervisor"]["alive"]:
        absent = UserError("no_supervisor", f"run {run['id']} is to run, but no supervisor is at work",
                           hint="porsche up starts it")
        if wait:
            raise absent
        out.say(str(absent))
    if wait:
        run = until(api, out, run, OVER if wait == "end" else ("RUNNING", *OVER))
    out.answer(run, lambda: click.echo(f"{title(run)} (revision {run['revision']}) is {clean(run['status'])}"))
    if wait:
        fail_if_failed(run)


def _of_pipeline(api: Api, out: Output, name: str, given: dict[str, Any], new: bool) -> dict[str, Any]:
    pipeline = pipeline_named(api, name)
    last = pipeline["run"]
    if last is not None and not new:
        if last["status"] not in (*OVER, "STOPPED") or last["desired"] == "RUNNING" and last["status"] == "STOPPED":
            raise UserError("run_active", f"run {last['id']} of '{name}' is {last['status']}",
                            hint="--new begins another beside it")
        if last["status"] != "FINISHED" and not given:
            if last["revision"] != pipeline["revision"]:
                out.say(f"run {last['id']} goes on with revision {last['revision']}; the pipeline is at revision "
                        f"{pipeline['revision']}: --new begins a run of it, porsche start {last['id']} --revision "
                        f"{pipeline['revision']} takes the state over")
            return _go_on(api, str(last["id"]))
    made: dict[str, Any] = api.post("runs", {"pipeline": pipeline["id"], **given})
    return made


def _go_on(api: Api, run: str, revision: int | None = None, allow: tuple[str, ...] = ()) -> dict[str, Any]:
    body = {} if revision is None else {"revision": revision, "allow": list(allow)}
    started: dict[str, Any] = api.post(f"runs/{run}/start", body)
    return started


@click.command()
@click.argument("name", metavar="[PIPELINE|RUN]", required=False, shell_complete=complete_run)
@click.option("--state", type=click.Path(path_type=Path), help="The state folder of a `porsche run`, instead.")
@click.option("--wait", is_flag=True, help="Until it has stopped.")
@click.option("--savepoint", is_flag=False, flag_value="", metavar="[NAME]",
              help="And keep the state with which it ended; with --state, in a folder of this name.")
@perhaps_on_platform
def stop(target: Target, name: str | None, state: Path | None, wait: bool, savepoint: str | None) -> None:
    """End a run after a checkpoint; `porsche start` lets it go on.

    Of a pipeline, the run that is active. With --state, a `porsche run` of this machine, which the same command
    resumes.

    \b
    porsche stop shop --wait
    porsche stop 7 --savepoint before-the-move
    porsche stop --state .porsche/shop-1f2e3d4c
    """
    if (name is None) == (state is None):
        raise click.UsageError("name a pipeline or a run, or give --state")
    if state is not None:
        with target.answering() as out:
            _stop_here(out, state, savepoint)
        return
    with target.open() as (api, out):
        _stop(api, out, str(name), wait, savepoint)


def _stop_here(out: Output, state: Path, savepoint: str | None) -> None:
    if savepoint == "":
        raise click.UsageError("say in which folder the savepoint is to be: --savepoint FOLDER")
    pid = processes.stop(state)
    if savepoint is not None:
        from porsche.runners.savepoints import save_state

        save_state(state, Path(savepoint).absolute(), name=Path(savepoint).name)
    out.answer({"pid": pid, "savepoint": savepoint}, lambda: click.echo(f"process {pid} has ended"))


def _stop(api: Api, out: Output, name: str, wait: bool, savepoint: str | None) -> None:
    run = run_named(api, name) if by_number(name) else _active_of(api, name)
    if savepoint is None:
        run = api.post(f"runs/{run['id']}/stop")
    else:
        from porsche.cli.savepoints import until_made

        made = api.post(f"runs/{run['id']}/savepoints", {"name": savepoint, "stop": True})
        out.say(f"savepoint {until_made(api, out, made)['name']}")
        run = api.get(f"runs/{run['id']}")
    if wait:
        run = until(api, out, run, (*OVER, "STOPPED"))
    out.answer(run, lambda: click.echo(f"{title(run)} is {clean(run['status'])}"))


def _active_of(api: Api, name: str) -> dict[str, Any]:
    """The one active run of a pipeline."""
    found = list(api.all("runs", pipeline=pipeline_named(api, name)["id"], active="true"))
    if len(found) != 1:
        words = ", ".join(str(run["id"]) for run in found)
        raise UserError("no_run" if not found else "ambiguous",
                        f"several runs of '{name}' are active: {words}" if found else f"no run of '{name}' is active",
                        hint="stop one by its number" if found else None)
    return found[0]


# ---- waiting ---------------------------------------------------------------------------------------------------------


def until(api: Api, out: Output, run: dict[str, Any], statuses: tuple[str, ...],
          pause: Callable[[float], None] = time.sleep) -> dict[str, Any]:
    """Wait until a run has one of these statuses, or was stopped by somebody."""
    with out.bar(title(run)) as bar, api.patient():
        while run["status"] not in statuses and not (run["status"] == "STOPPED" and run["desired"] == "STOPPED"):
            pause(PERIOD)
            run = api.get(f"runs/{run['id']}")
            rate = run["rates"]["rows_in"]
            bar(run["progress"], run["status"] + (f", {number(rate)} rows/s" if rate else ""))
    return run


def fail_if_failed(run: dict[str, Any]) -> None:
    """UserError with a run's own reason, where it failed."""
    if run["status"] == "FAILED":
        reason = run["reason"] or {"code": "failed", "message": f"run {run['id']} failed"}
        raise UserError(reason["code"], reason["message"], hint=reason.get("hint"), node=reason.get("node"))


COMMANDS = (list_command, start, stop)
