"""What runs take of the machine: `porsche resources | quota`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from engine.errors import UserError
from porsche.cli.client import part
from porsche.cli.options import on_platform
from porsche.cli.output import Output, ago, facts, table
from porsche.runners.caps import shown as sized
from porsche.runners.caps import size_of

if TYPE_CHECKING:
    from porsche.cli.client import Api

NONE = "none"


@click.command()
@on_platform
def resources(api: Api, out: Output) -> None:
    """Say what the machine has for runs, what each takes, and which wait for room.

    \b
    porsche resources
    porsche resources --json
    """
    found = api.get("resources")
    out.answer(found, lambda: _show(found))


def _show(found: Mapping[str, Any]) -> None:
    machine, taken, kept = found["machine"], found["machine"]["taken"], found["enforcement"] or {}
    facts({
        "slots": f"{taken['slots']} of {machine['slots']} in use",
        "memory": f"{sized(taken['memory'])} of {sized(machine['memory'])} set aside",
        "cores": machine["cores"],
        "limits": f"memory: {kept['memory']}, cpu: {kept['cpu']}" if kept else "no supervisor is at work",
    })
    if found["runs"]:
        click.echo()
        table(("RUN", "PIPELINE", "STATUS", "SLOTS", "MEMORY", "LIMIT", "CORES", "LIMIT", "KEPT BY"), [
            [r["run"], f"{r['project']}/{r['pipeline']}", r["status"], r["slots"], _size(r["memory"]),
             _size(r["memory_limit"]), _cores(r["cpu"]), r["cpu_limit"],
             ", ".join((r["enforcement"] or {}).values())] for r in found["runs"]])
    if found["queue"]:
        click.echo()
        table(("QUEUED", "PIPELINE", "SINCE", "SLOTS", "MEMORY", "REASON"), [
            [r["run"], f"{r['project']}/{r['pipeline']}", ago(r["since"]), r["slots"], sized(r["memory"]),
             (r["reason"] or {}).get("message")] for r in found["queue"]])
    limited = [p for p in found["projects"] if any(limit is not None for limit in p["quota"].values())]
    if limited:
        click.echo()
        table(("PROJECT", "RUNS", "SLOTS", "MEMORY"), [
            [p["slug"], *(_of(p["taken"][name], p["quota"][name], name) for name in ("runs", "slots", "memory"))]
            for p in limited])


def _of(taken: int, limit: int | None, name: str) -> str:
    shown = sized if name == "memory" else str
    return shown(taken) if limit is None else f"{shown(taken)} of {shown(limit)}"


def _size(count: int | None) -> str | None:
    return None if count is None else sized(count)


def _cores(count: float | None) -> str | None:
    return None if count is None else f"{count:.2f}"


@click.command()
@click.argument("project")
@click.option("--runs", metavar="N", help="Runs at once.")
@click.option("--slots", metavar="N", help="Shards of all its runs.")
@click.option("--memory", metavar="SIZE", help="Memory of all its runs.")
@click.option("--job-memory", metavar="SIZE", help="Memory of a run that says nothing itself.")
@click.option("--job-cpu", metavar="CORES", help="Cores of a run that says nothing itself.")
@on_platform
def quota(api: Api, out: Output, project: str, **given: str | None) -> None:
    """Show or change what the runs of a project may take together. 'none' lifts a limit. Changing needs a superuser.

    What does not fit waits (QUEUED) until others of the project have ended.

    \b
    porsche quota shop
    porsche quota shop --slots 8 --memory '4 gb' --job-memory '512 mb'
    porsche quota shop --runs none
    """
    limits = {name: _limit(name, text) for name, text in given.items() if text is not None}
    path = f"projects/{part(project)}/quota"
    found = api.put(path, limits, {}) if limits else api.get(path)
    out.answer(found, lambda: facts({
        name.replace("_", " "): _shown(name, value) for name, value in found.items()}))


def _limit(name: str, text: str) -> float | None:
    if text.lower() == NONE:
        return None
    if name.endswith("memory"):
        return size_of(text, name)
    try:
        return float(text) if name == "job_cpu" else int(text)
    except ValueError:
        raise UserError("bad_option", f"'{name}' = '{text}' is not a number", hint=f"or '{NONE}'") from None


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return NONE
    return sized(value) if name.endswith("memory") else f"{value:g}"


COMMANDS = (resources, quota)
