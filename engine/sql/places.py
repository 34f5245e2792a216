"""Where a piece of a parsed statement stands in its text."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from engine.errors import Place


def own_place(node: exp.Expr) -> Place | None:
    """The place the parser noted on this very node, if any."""
    meta = node._meta
    if not meta or meta.get("line") is None:
        return None
    return Place(int(meta["line"]), int(meta["col"]), int(meta["start"]), int(meta["end"]) + 1)


def spanning(first: Place | None, second: Place | None) -> Place | None:
    """From the beginning of the earlier one to the end of the later."""
    if first is None or second is None:
        return first or second
    if second.start < first.start:
        first, second = second, first
    return Place(first.line, first.column, first.start, max(first.end, second.end))


def place_of(node: exp.Expr | None) -> Place | None:
    """The span of a node: of everything below it whose place is known."""
    if node is None:
        return None
    place = None
    waiting = [node]
    while waiting:
        part = waiting.pop()
        place = spanning(place, own_place(part))
        waiting.extend(part.iter_expressions())
    return place


def option_places(nodes: Sequence[exp.Expr] | None) -> tuple[tuple[str, Place], ...]:
    """Where each of some options ('name' = 'value') stands, by name."""
    placed = [(node.this.name, place_of(node)) for node in nodes or ()]
    return tuple((name, place) for name, place in placed if place is not None)
