"""Columns chosen and computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlglot import exp

from porsche.components.base import Component, Port, PropertyError
from porsche.components.properties import Columns, Expressions
from porsche.components.reading import (
    Reading,
    Readings,
    Said,
    after_star,
    column_name,
    expressions,
    items_of,
    source_of,
)
from porsche.components.table import Table, column


class Select(Component):
    """Choose columns and compute new ones.

    The chosen columns come first (all of them, where none is named), then the computed ones, each an SQL expression
    over the columns of the input. A computed column with the name of a chosen one takes its place.
    """

    family = "transform"
    general = True
    inputs = (Port("rows", "rows to compute with"),)
    example = {"keep": ["user_id", "event_time"], "compute": {"total": "price * amount", "log_price": "LN(price)"}}
    keep = Columns(label="Columns to keep", about="none named: all of them", default=())
    compute = Expressions(label="New columns", about="a name and an SQL expression each", default={})

    def lower(self, rows: Table) -> Table:
        if not self.keep and not self.compute:
            raise PropertyError(
                "compute", "missing_property", "nothing is chosen or computed", "name columns to keep or to compute"
            )
        computed = dict(self.compute)
        if not self.keep and not computed.keys() & set(rows.names):
            return rows.extend(self.compute)
        kept = self.keep or rows.names
        items = [(name, computed.pop(name, None) or column(name)) for name in kept]
        return rows.select([*items, *computed.items()])

    @classmethod
    def read(cls, said: Said) -> Readings:
        query = said.select()
        source = source_of(query) if query is not None else None
        if query is None or not source:
            return
        added = after_star(query)
        if added is not None:
            yield Reading({"compute": expressions(added)}, {"rows": (source,)})
        items = items_of(query)
        if items is not None:
            yield from (Reading(chosen, {"rows": (source,)}) for chosen in _chosen(items, said.names(source)))


def _chosen(items: Sequence[tuple[str, exp.Expr]], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The properties that give these items of all columns, and of those up to the last one that is kept or replaced."""
    new = {name: tree for name, tree in items if column_name(tree) != name}
    order = [name for name, _ in items]
    if new and order[: len(names)] == list(names):
        yield {"compute": expressions(list(new.items()))}
    kept = max((i for i, name in enumerate(order, 1) if name not in new), default=0)
    for last in dict.fromkeys((kept, *(i for i, name in enumerate(order, 1) if name in names))):
        keep = order[: max(last, kept)]
        if keep:
            yield {"keep": keep, "compute": expressions(list(new.items()))}
