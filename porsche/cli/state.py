"""What runs remember: `porsche state list | inspect | diff`. How states are named: `porsche.cli.state_names`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import UserError
from porsche.cli.options import Target, complete_run, perhaps_on_platform, run_named
from porsche.cli.output import Output, ago, clean, facts, number, size, table
from porsche.cli.state_names import Named, address, folder_of, named, savepoint_named

if TYPE_CHECKING:
    from porsche.cli.client import Api

COLUMNS = ("SAVEPOINT", "PIPELINE", "REVISION", "RUN", "STATE", "EPOCH", "KEYS", "SIZE", "AGE", "")
rows_option = click.option("-n", "--rows", type=click.IntRange(0, 100), default=0, show_default=True,
                           help="Some rows of each state, so many at most.")
operator_option = click.option("--operator", metavar="NODE", help="Of this node only, or of the operator of this id.")


@click.group(name="state")
def state_group() -> None:
    """Look into the state of runs, keep it, begin with it.

    A state is the newest checkpoint of a run or pipeline (7, shop), one of its checkpoints (7@12), a savepoint
    (shop@NAME), or a folder of this machine.
    """


@state_group.command(name="list")
@click.argument("name", metavar="[PIPELINE|RUN|FOLDER]", required=False, shell_complete=complete_run)
@click.option("--project", metavar="SLUG", help="Savepoints of one project only.")
@perhaps_on_platform
def list_command(target: Target, name: str | None, project: str | None) -> None:
    """List the checkpoints and savepoints of a run or folder; without one, all savepoints.

    \b
    porsche state list
    porsche state list shop
    porsche state list .porsche/shop-1f2e3d4c
    """
    folder = None if name is None else folder_of(target, name)
    if folder is not None:
        with target.answering() as out:
            _list_folder(out, folder)
        return
    with target.open() as (api, out):
        if name is None:
            found = list(api.all("savepoints", project=project))
            out.answer(found, lambda: table(COLUMNS, map(cells, found)))
            return
        state = api.get(f"runs/{run_named(api, name)['id']}/state")
        out.answer(state, lambda: _show_list(state))


def _list_folder(out: Output, folder: Path) -> None:
    from porsche.runners import savepoints

    if savepoints.is_savepoint(folder):
        told = savepoints.told(folder)
        out.answer(told, lambda: facts({
            "savepoint": told["name"], "epoch": told["epoch"], "made": ago(told["made_at"]),
            "size": size(told["bytes"]), "models": len(told["models"]) or None}))
        return
    found = savepoints.checkpoints_in(folder)
    out.answer({"checkpoints": found}, lambda: _show_checkpoints(found))


def _show_list(state: Mapping[str, Any]) -> None:
    _show_checkpoints(state["checkpoints"])
    if state["savepoints"]:
        click.echo()
        table(COLUMNS, map(cells, state["savepoints"]))
    if state["restored_from"]:
        report = state["restored"] or {}
        words = "compared, and the same" if report.get("verified") else "not compared yet" if not report else "changed"
        click.echo(f"\nIt began with the savepoint {clean(state['restored_from']['name'])} ({words}).")


def _show_checkpoints(found: Sequence[Mapping[str, Any]]) -> None:
    table(("CHECKPOINT", "AGE", "SIZE", "FILES", "SHARDS"),
          [[c["epoch"], ago(c["at"]), size(c["bytes"]), c["files"], c["shards"]] for c in found])


def cells(savepoint: Mapping[str, Any]) -> list[object]:
    """A savepoint as a row of a table."""
    pipeline = savepoint["pipeline"]
    note = (savepoint["error"] or {}).get("message") or ("restore point" if savepoint["restore_point"] else None)
    return [savepoint["name"], f"{pipeline['project']}/{pipeline['slug']}", savepoint["revision"], savepoint["run"],
            savepoint["state"], savepoint["epoch"], number(savepoint["keys"]), size(savepoint["bytes"]),
            ago(savepoint["made_at"]), note]


@state_group.command()
@click.argument("name", metavar="STATE", shell_complete=complete_run)
@operator_option
@rows_option
@perhaps_on_platform
def inspect(target: Target, name: str, operator: str | None, rows: int) -> None:
    """Say what a state holds, by operator: keys, rows, bytes, age; with -n, some rows.

    \b
    porsche state inspect shop
    porsche state inspect shop@before --operator recent -n 5
    porsche state inspect .porsche/shop-1f2e3d4c@12 --json
    """
    folder = folder_of(target, name)
    if folder is not None:
        from porsche.runners import savepoints

        with target.answering() as out:
            found = savepoints.inspect(folder, epoch=named(name).epoch, operator=operator, sample=rows)
            out.answer(found, lambda: _show_contents(found))
        return
    with target.open() as (api, out):
        path, query = address(api, name)
        found = api.get(f"{path}/contents", operator=operator, sample=rows, **query)
        out.answer(found, lambda: _show_contents(found))


def _show_contents(found: Mapping[str, Any]) -> None:
    what = f"savepoint {clean(found['name'])}, epoch" if found["name"] else "checkpoint"
    click.echo(f"{what} {found['epoch']}" + (f", {ago(found['at'])} old" if found["at"] else ""))
    table(("OPERATOR", "NODES", "KEYS", "ROWS", "SIZE", "LAST USED"), [
        [o["kind"] or o["uid"], ", ".join(o["nodes"]), number(o["keys"]), number(o["rows"]), size(o["bytes"]), _used(o)]
        for o in found["operators"]])
    for operator in found["operators"]:
        for state in operator["states"]:
            _show_rows(f"{', '.join(operator['nodes']) or operator['uid']} ({state['name']})", state)
    facts({f"model {name}": f"version {model['version']}" for name, model in found["models"].items()})


def _used(operator: Mapping[str, Any]) -> str | None:
    """Between when its keys were last used: known where state expires."""
    times = [(s["oldest_use"], s["newest_use"]) for s in operator["states"] if s["oldest_use"] is not None]
    return f"{ago(min(o for o, _ in times))} to {ago(max(n for _, n in times))} ago" if times else None


def _show_rows(heading: str, sampled: Mapping[str, Any]) -> None:
    if not sampled["sample"]:
        return
    click.echo(f"\n{clean(heading)}")
    under = sampled["under"]
    names = [column for column, _ in sampled["columns"]] + [f"rows of {name}" for name in under]
    table(names, [[*row, *(counts[i] for counts in under.values())] for i, row in enumerate(sampled["sample"])])
    for name, store in sampled["stores"].items():
        if store["sample"]:
            click.echo(f"\n{clean(heading)}, {clean(name)}")
            table([column for column, _ in store["columns"][1:]], [row[1:] for row in store["sample"]])


@state_group.command()
@click.argument("before", metavar="STATE", shell_complete=complete_run)
@click.argument("after", metavar="[STATE]", required=False, shell_complete=complete_run)
@operator_option
@rows_option
@perhaps_on_platform
def diff(target: Target, before: str, after: str | None, operator: str | None, rows: int) -> None:
    """Say what became of the keys from one state to another, by operator: added, removed, changed.

    Without a second one: until the newest checkpoint of the same run.

    \b
    porsche state diff shop@before
    porsche state diff 7@12 7@15 --operator recent -n 3
    """
    folder = folder_of(target, before)
    if folder is not None:
        from porsche.runners import savepoints

        with target.answering() as out:
            other = Named(str(folder), "") if after is None else named(after)
            if other.folder is None:
                raise UserError("bad_option", "a folder of this machine is compared with another one")
            found = savepoints.diff((folder, named(before).epoch), (other.folder, other.epoch), operator=operator,
                                    sample=rows)
            out.answer(found, lambda: _show_diff(found))
        return
    with target.open() as (api, out):
        path, query = address(api, before)
        found = api.get(f"{path}/diff", operator=operator, sample=rows, **query, **_later(api, after))
        out.answer(found, lambda: _show_diff(found))


def _later(api: Api, after: str | None) -> dict[str, Any]:
    if after is None:
        return {}
    name = named(after)
    if name.which and name.epoch is None:
        return {"to_savepoint": savepoint_named(api, after)["id"]}
    return {"to_run": run_named(api, name.base)["id"], "to_epoch": name.epoch}


def _show_diff(found: Mapping[str, Any]) -> None:
    click.echo("the same" if found["equal"] else
               f"from epoch {found['before']['epoch']} to epoch {found['after']['epoch']}")
    table(("OPERATOR", "STATE", "ADDED", "REMOVED", "CHANGED", ""), [
        [", ".join(o["nodes"]) or o["uid"], s["name"], number(s["added"]), number(s["removed"]), number(s["changed"]),
         None if o["before"] and o["after"] else "new" if o["after"] else "gone"]
        for o in found["operators"] for s in o["states"] if not s["equal"]])
    for operator in found["operators"]:
        for state in operator["states"]:
            for kind, sampled in (state.get("rows") or {}).items():
                _show_rows(f"{', '.join(operator['nodes']) or operator['uid']} ({state['name']}): {kind}", sampled)
