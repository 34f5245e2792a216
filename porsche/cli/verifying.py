"""Is what a stream wrote right? `porsche verify`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import UserError
from porsche import processes
from porsche.cli.options import FAILED, Target, complete_run, perhaps_on_platform, run_named, title
from porsche.cli.output import Output, clean, coloured

if TYPE_CHECKING:
    from porsche.cli.client import Api

PERIOD = 0.5
WORDS = {True: "equal", False: "different", None: "not compared"}
SUFFIXES = (".yaml", ".yml", ".json")


@click.command()
@click.argument("name", metavar="PIPELINE|RUN|FILE", shell_complete=complete_run)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Until it is known.")
@click.option("--last", is_flag=True, help="What the last verification of the run found, instead of a new one.")
@click.option("--state", type=click.Path(path_type=Path), help="FILE: the state folder of its `porsche run`.")
@click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE", help="FILE: a parameter of its run.")
@click.option("--environment", "where", default="dev", metavar="NAME", show_default=True,
              help="FILE: the environment of its run.")
@perhaps_on_platform
def verify(target: Target, name: str, wait: bool, last: bool, state: Path | None, parameters: tuple[str, ...],
           where: str) -> None:
    """Check what a run wrote against a bounded run.

    That is: the same SQL over the same input in one bounded run, and in DuckDB where it can say it. Of a run that has
    stopped or finished on a platform, or of a FILE that `porsche run` ran here. Rows that differ are shown. Succeeds
    only if something could be compared and all of that is equal.

    \b
    porsche verify shop
    porsche verify 7 --no-wait
    porsche verify pipeline.yaml --set rows=1000
    """
    if Path(name).suffix.lower() in SUFFIXES:
        with target.answering() as out:
            found = _of_file(out, Path(name), state, parameters, where)
    else:
        with target.open() as (api, out):
            found = _of_run(api, out, name, wait=wait, last=last)
            if not wait and not last:
                out.answer(found, lambda: click.echo(f"verification {found['id']} of run {found['run']} is under way"))
                return
    out.answer(found, lambda: _show(found))
    if found["equal"] is not True:
        sys.exit(FAILED)


# ---- on a platform ---------------------------------------------------------------------------------------------------


def _of_run(api: Api, out: Output, name: str, *, wait: bool, last: bool) -> dict[str, Any]:
    run = run_named(api, name)
    place = f"runs/{run['id']}/verifications"
    if last:
        found = next(api.all(place, 1), None)
        if found is None:
            raise UserError("no_verification", f"run {run['id']} has not been verified", hint="leave out --last")
    else:
        found = api.post(place)
    if wait:
        with out.bar(title(run)) as bar, api.patient():
            while found["work"]["state"] in ("WAITING", "RUNNING"):
                time.sleep(PERIOD)
                found = api.get(f"verifications/{found['id']}")
                bar(found["work"]["progress"], found["work"]["message"] or found["work"]["state"])
        if found["work"]["state"] == "FAILED":
            error = found["work"]["error"] or {"code": "failed", "message": "the verification failed"}
            raise UserError(error["code"], error["message"], hint=error.get("hint"))
    return found


# ---- in this process -------------------------------------------------------------------------------------------------


def _of_file(out: Output, file: Path, state: Path | None, parameters: tuple[str, ...], where: str) -> dict[str, Any]:
    from porsche.cli.documents import diagnosed, pairs, read, state_of
    from porsche.compiler import Compiled, compile_text, environment
    from porsche.runners.verify import rows_read
    from porsche.runners.verify import verify as check

    text, folder, values, physical = read(file), state_of(file, state), pairs(parameters), environment(where)
    processes.refuse_second(folder)
    try:
        status = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError("no_run", f"no run of {file} has left a status in {folder}",
                        hint=f"porsche run {file} makes one; --state names another folder") from None
    finished = (folder / "finished.json").exists()

    def compile_at(place: Path) -> Compiled:
        return compile_text(text, parameters=values, state=str(place), environment=physical)

    with diagnosed(file), out.bar(str(file)) as bar:
        report = check(compile_at, state=folder, work=folder.with_name(f"{folder.name}.verification"),
                       rows=None if finished else rows_read(status), progress=bar)
    return {"equal": report.equal, "report": _shaped(report.as_json())}


def _shaped(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report as the API shows it."""
    tables = [{**table, "why": table["why"] or None, "differences": _sides(table["differences"], "stream", "batch"),
               "duckdb": {"equal": None, "why": None, "rows": None, "given": [], "different": 0, **table["duckdb"],
                          "differences": _sides(table["duckdb"].get("differences", ()), "batch", "duckdb")}}
              for table in report["tables"]]
    return {"rows_in": report["rows_in"], "seconds": report["seconds"], "tables": tables}


def _sides(differences: Any, left: str, right: str) -> list[dict[str, Any]]:
    return [{left: difference["left"], right: difference["right"]} for difference in differences]


# ---- showing ---------------------------------------------------------------------------------------------------------


def _show(found: Mapping[str, Any]) -> None:
    report = found["report"]
    if not report["tables"]:
        click.echo("nothing is known yet" if found.get("work", {}).get("state") != "DONE" else "it writes no table")
        return
    for table in report["tables"]:
        counts = "" if table["rows_stream"] is None else f" {table['rows_stream']:,} rows"
        _show_side(f"{clean(table['table'])}:{counts} against one bounded run", table)
        _show_side("  its rows against DuckDB's", table["duckdb"])
    click.echo(f"in all: {coloured(WORDS[found['equal']])}, {report['rows_in'] or 0:,} rows read again")


def _show_side(what: str, side: Mapping[str, Any]) -> None:
    why = f" ({clean(side['why'])})" if side["why"] else ""
    count = f", {side['different']:,} rows" if side["different"] else ""
    click.echo(f"{what}: {coloured(WORDS[side['equal']])}{count}{why}")
    for difference in side["differences"]:
        for name, row in difference.items():
            click.echo(f"    {name:<7}{'no such row' if row is None else clean(json.dumps(row, default=str))}")


COMMANDS = (verify,)
