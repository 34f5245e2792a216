"""Fixes for times: which column says when, and what looks rows up needs a clock."""

from __future__ import annotations

from collections.abc import Iterator

from porsche.compiler.diagnostics import Fix
from porsche.compiler.fixes.situation import Command, Situation, Wrong

MOST = 3
SOURCE = "event_source"
CLOCK = "clock"


def time_column(wrong: Wrong) -> Iterator[Fix]:
    """An event time column that the rows have, or a source that is told which column says when."""
    if wrong.declared is None or wrong.declared.kind != "time":
        return
    source = wrong.at.input(wrong.node, wrong.declared)
    if source is None:
        return
    times = source[1].times()
    for name in times[:MOST]:
        yield Fix(f"Use '{name}'", (wrong.set(name),))
    if not times:
        yield from _declared(wrong, source[0])


def _declared(wrong: Wrong, node: str) -> Iterator[Fix]:
    """The watermark that is missing: a source before says which column is the event time."""
    asked = wrong.value if isinstance(wrong.value, str) else ""
    for source in _sources(wrong.at, node):
        if wrong.at.nodes[source].properties.get("time"):
            continue
        table = wrong.at.table(source)
        stamps = [f.name for f in table.schema if f.type.is_timestamp and f.time is None] if table is not None else []
        for name in ([asked] if asked in stamps else stamps)[:MOST]:
            commands = [wrong.at.set(source, "time", name), *_kept(wrong.at, source, wrong.node, name)]
            if asked != name:
                commands.append(wrong.set(name))
            yield Fix(f"Make '{name}' the event time of {wrong.at.title(source)}", tuple(commands))


def clock(wrong: Wrong) -> Iterator[Fix]:
    """A clock column of the source, which goes on to the node."""
    for source in _sources(wrong.at, wrong.node):
        given = wrong.at.nodes[source].properties.get("clock")
        name = str(given or _unused(wrong.at, source))
        commands = [] if given else [wrong.at.set(source, "clock", name)]
        commands += _kept(wrong.at, source, wrong.node, name)
        if commands:
            yield Fix(f"Give {wrong.at.title(source)} a clock column", tuple(commands))


def _sources(at: Situation, node: str) -> list[str]:
    return [name for name in (node, *at.before(node)) if name in at.nodes and at.nodes[name].component == SOURCE]


def _unused(at: Situation, source: str) -> str:
    table = at.table(source)
    return next(name for name in (CLOCK, f"{CLOCK}_1", f"{CLOCK}_2") if table is None or name not in table.names)


def _kept(at: Situation, source: str, target: str, column: str) -> Iterator[Command]:
    """Nodes between that choose columns keep this one too."""
    between = set(at.after(source)) & set(at.before(target))
    for node in (name for name in at.after(source) if name in between):
        kept = at.nodes[node].properties.get("keep")
        if isinstance(kept, list) and kept and column not in kept:
            yield at.set(node, "keep", [*kept, column])
