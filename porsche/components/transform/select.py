"""Columns chosen and computed."""

from __future__ import annotations

from porsche.components.base import Component, Port, PropertyError
from porsche.components.properties import Columns, Expressions
from porsche.components.table import Table, column


class Select(Component):
    """Choose columns and compute new ones.

    The chosen columns come first (all of them, where none is named), then the computed ones, each an SQL expression
    over the columns of the input. A computed column with the name of a chosen one takes its place.
    """

    family = "transform"
    inputs = (Port("rows", "rows to compute with"),)
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
