"""How runs do: `porsche status | logs`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from porsche.cli.options import FAILED, complete_run, on_platform, run_named, title
from porsche.cli.output import Output, ago, clean, coloured, facts, lasting, number, rich_table, size, table
from porsche.cli.runs import RUN_COLUMNS, run_cells
from porsche.runners.caps import shown as sized

if TYPE_CHECKING:
    from porsche.cli.client import Api

BAD = ("FAILED", "STUCK")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
PERIOD = 1.0
ONCE = 1000
"""Lines that the API gives at once, at most."""
Runs = list[dict[str, Any]]


@click.command()
@click.argument("names", metavar="[PIPELINE|RUN]...", nargs=-1, shell_complete=complete_run)
@click.option("--project", metavar="SLUG", help="Runs of one project only.")
@click.option("--watch", is_flag=True, help="Until Ctrl-C, or until the runs that are named have ended. Outside a "
                                            "terminal, and as JSON: a line at each change of a status.")
@on_platform
def status(api: Api, out: Output, names: tuple[str, ...], project: str | None, watch: bool) -> None:
    """Say how runs do.

    Those that are named, else all that are active and the last one of each pipeline. Fails (exit status 1) if
    one of them is FAILED or STUCK, for cron and CI.

    \b
    porsche status
    porsche status shop --watch
    porsche status --json || notify-on-call
    """
    def ask() -> Runs:
        return [run_named(api, name) for name in names] if names else _all(api, project)

    if watch:
        with api.patient():
            found = _watched(out, ask, bool(names))
    else:
        found = ask()
        out.answer(found[0] if len(names) == 1 else found, lambda: _show(found, detailed=len(names) == 1))
    if any(run["status"] in BAD for run in found):
        sys.exit(FAILED)


def _all(api: Api, project: str | None) -> Runs:
    """What is active, and the last run of each pipeline; newest first."""
    found = {run["id"]: run for run in api.all("runs", project=project, active="true")}
    last = (pipeline["run"] for pipeline in api.all("pipelines", project=project))
    found |= {run["id"]: run for run in last if run is not None}
    return sorted(found.values(), key=lambda run: -run["id"])


def _show(found: Runs, *, detailed: bool) -> None:
    if detailed:
        _show_one(found[0])
    else:
        table(RUN_COLUMNS, map(run_cells, found))


def _show_one(run: dict[str, Any]) -> None:
    """A run with its figures and its nodes."""
    click.echo(f"{title(run)} (revision {run['revision']}) {coloured(run['status'])}, since {ago(run['since'])}")
    reason, rates = run["reason"] or {}, run["rates"]
    where = f"{reason['node']}: " if reason.get("node") else ""
    snapshot = run.get("snapshot") or {}
    facts({
        "reason": f"{where}{reason['message']}" if reason else None,
        "hint": reason.get("hint"),
        "retrying": _retrying(snapshot),
        "a second": _rows(rates),
        "in all": _rows(snapshot),
        "progress": None if run["progress"] is None else f"{run['progress']:.0%}",
        "behind": lasting(run["lag_seconds"]),
        "checkpoint": _saved(run["checkpoint"]),
        "restarts": run["restarts"] or None,
        "unreadable": _unreadable(snapshot),
        "takes": taken(run.get("resources")),
        "parameters": " ".join(f"{name}={value}" for name, value in (run.get("parameters") or {}).items()),
    })
    nodes: Mapping[str, Mapping[str, Any]] = snapshot.get("nodes") or {}
    if nodes:
        click.echo()
        table(("NODE", "ROWS IN", "ROWS OUT", "LATE", "DEAD LETTERS"), [
            [node, number(n.get("rows_in")), number(n.get("rows_out")), number(n.get("late")),
             number(n.get("dead_letters"))] for node, n in nodes.items()])


def taken(found: Mapping[str, Any] | None) -> str | None:
    """What a run takes of the machine, its limits, and who keeps them."""
    if not found or found["memory"] is None:
        return None
    kept = found.get("enforcement") or {}
    memory = f"{sized(found['memory'])} memory"
    if found["memory_limit"]:
        memory = f"{sized(found['memory'])} of {sized(found['memory_limit'])} memory ({kept.get('memory')})"
    cpu = f"{found['cpu'] or 0.0:.2f} cores"
    if found["cpu_limit"]:
        cpu = f"{found['cpu'] or 0.0:.2f} of {found['cpu_limit']:g} cores ({kept.get('cpu')})"
    return f"{memory}, {cpu}, {found['slots']} slot{'s' if found['slots'] != 1 else ''}"


def _retrying(snapshot: Mapping[str, Any]) -> str | None:
    """Sources and sinks that fail and are tried again, and why."""
    told = [f"{end['name']}: {clean(failing['cause'])} (for {snapshot['at'] - failing['since']:.0f} s)"
            for ends in ("sources", "sinks") for end in snapshot.get(ends) or () if (failing := end.get("retrying"))]
    return "; ".join(told) or None


def _rows(counts: Mapping[str, Any]) -> str | None:
    if not counts.get("rows_in"):
        return None
    return f"{number(counts['rows_in'])} rows in, {number(counts.get('rows_out'))} out"


def _unreadable(counts: Mapping[str, Any]) -> str | None:
    """Dead letters, and how many of them are not kept any more."""
    if not counts.get("dead_letters"):
        return None
    dropped = counts.get("dead_letters_dropped")
    told = f"{number(counts['dead_letters'])} rows (dead letters)"
    return told + (f"; the oldest {number(dropped)} are not kept" if dropped else "")


def _saved(checkpoint: Mapping[str, Any] | None) -> str | None:
    if checkpoint is None:
        return None
    age = ago(checkpoint["at"])
    words = (f"epoch {checkpoint['epoch']}", age and f"{age} ago", size(checkpoint["bytes"]))
    return ", ".join(word for word in words if word)


# ---- watching --------------------------------------------------------------------------------------------------------


def _watched(out: Output, ask: Callable[[], Runs], named: bool) -> Runs:
    """Show runs until those that were named have ended; how they were last."""
    live = sys.stdout.isatty() and not out.as_json
    for found in _live(ask) if live else _changes(out, ask):
        if named and all(run["status"] in ("FINISHED", "FAILED") or _is_stopped(run) for run in found):
            break
    return found


def _is_stopped(run: Mapping[str, Any]) -> bool:
    return bool(run["status"] == run["desired"] == "STOPPED")


def _live(ask: Callable[[], Runs]) -> Iterator[Runs]:
    from rich.live import Live

    with Live(auto_refresh=False) as screen:
        while True:
            found = ask()
            cells: Sequence[Sequence[str]] = [list(map(clean, run_cells(run))) for run in found]
            screen.update(rich_table(RUN_COLUMNS, cells), refresh=True)
            yield found
            time.sleep(PERIOD)


def _changes(out: Output, ask: Callable[[], Runs]) -> Iterator[Runs]:
    before: dict[int, str] = {}
    while True:
        found = ask()
        for run in found:
            if before.get(run["id"]) != run["status"]:
                reason = (run["reason"] or {}).get("message")
                words = f"{run['since']} {title(run)} {run['status']}" + (f": {clean(reason)}" if reason else "")
                click.echo(json.dumps(run) if out.as_json else words)
        sys.stdout.flush()
        before = {run["id"]: run["status"] for run in found}
        yield found
        time.sleep(PERIOD)


# ---- logs ------------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("name", metavar="PIPELINE|RUN", shell_complete=complete_run)
@click.option("-f", "--follow", is_flag=True, help="And what comes, until the run has ended. As JSON: a line each.")
@click.option("--level", type=click.Choice(LEVELS, case_sensitive=False), default="INFO", show_default=True,
              help="At least this.")
@click.option("-n", "--lines", type=click.IntRange(1, ONCE), default=100, show_default=True,
              help="So many of the last lines.")
@on_platform
def logs(api: Api, out: Output, name: str, follow: bool, level: str, lines: int) -> None:
    """Print the log of a run, or of a pipeline's newest one.

    \b
    porsche logs shop -f
    porsche logs 7 --level warning --json
    """
    run = run_named(api, name)
    path = f"runs/{run['id']}/logs"
    found = api.get(path, level=level, limit=lines)
    if not follow:
        out.answer(found["lines"], lambda: _print(out, found["lines"]))
        return
    with api.patient():
        while True:
            _print(out, found["lines"])
            if not found["lines"]:
                if _has_ended(run):
                    return
                time.sleep(PERIOD)
                run = api.get(f"runs/{run['id']}")
            found = api.get(path, level=level, limit=ONCE, after=found["next"] or None)


def _has_ended(run: Mapping[str, Any]) -> bool:
    return run["status"] in ("FINISHED", "FAILED", "STOPPED")


def _print(out: Output, lines: Sequence[Mapping[str, Any]]) -> None:
    for line in lines:
        click.echo(json.dumps(line) if out.as_json else _line(line))
    sys.stdout.flush()


def _line(line: Mapping[str, Any]) -> str:
    at = datetime.fromtimestamp(line["at"] or 0, UTC).astimezone().isoformat(" ", "milliseconds")
    level = str(line["level"] or "")
    node = f" [{clean(line['node'])}]" if line["node"] else ""
    return f"{at} {coloured(level)}{' ' * (8 - len(level))}{node} {clean(line['message'])}"


COMMANDS = (status, logs)
