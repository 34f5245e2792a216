"""Nodes that are switched off: rows pass through those that take rows and give rows; the others are left out, with all
that cannot be without them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from porsche.compiler.graph import Connected
from porsche.components.base import Component, Port
from porsche.components.table import Table

BYPASSED, LEFT_OUT = "bypassed", "left_out"


class Bypass(Component):
    """The rows as they come."""

    inputs = (Port("rows", "rows that pass"),)

    def lower(self, rows: Table) -> Table:
        return rows


@dataclass(frozen=True)
class Reduced:
    """What is left of a graph; `skipped`: node -> "bypassed" or "left_out"."""

    places: list[Connected]
    skipped: dict[str, str]


def reduced(places: Iterable[Connected]) -> Reduced:
    """A graph, inputs first, without what is switched off."""
    skipped: dict[str, str] = {}
    left: list[Connected] = []
    for place in places:
        node = place.node.id
        kept = _without(place, skipped)
        if place.node.disabled:
            passing = _passing(kept)
            skipped[node] = LEFT_OUT if passing is None else BYPASSED
            left += [passing] if passing else []
        elif kept.inputs != place.inputs and _starved(kept):
            skipped[node] = LEFT_OUT
        else:
            left.append(kept)
    return Reduced(left, skipped)


def _without(place: Connected, skipped: dict[str, str]) -> Connected:
    """A node without the inputs that come from what is left out."""
    inputs = {port: tuple(s for s in sources if skipped.get(s) != LEFT_OUT) for port, sources in place.inputs.items()}
    return replace(place, inputs={port: sources for port, sources in inputs.items() if sources})


def _starved(place: Connected) -> bool:
    return any(not port.optional and port.name not in place.inputs for port in place.component.inputs)


def _passing(place: Connected) -> Connected | None:
    """The node as one that rows pass; None where none can: it takes rows at one input, from one node, and gives
    rows."""
    rows = [port.name for port in place.component.inputs if port.relation == "rows"]
    sources = place.inputs.get(rows[0], ()) if len(rows) == 1 else ()
    if place.component.gives != "rows" or len(sources) != 1:
        return None
    node = replace(place.node, properties={})
    return replace(place, node=node, component=Bypass, inputs={"rows": sources}, whole=True)
