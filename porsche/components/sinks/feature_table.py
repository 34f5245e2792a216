"""The newest features of each entity, for predictions on request."""

from __future__ import annotations

from sqlglot import exp

from engine.sql.dialect import Field, RowValue
from porsche.components.base import Component, Lowering, Port, PropertyError, insert
from porsche.components.options import DIMENSIONS
from porsche.components.properties import Column, Columns, Options, TimeColumn
from porsche.components.reading import Reading, Readings, Said, column_names, options_of, source_of
from porsche.components.table import Table, column, create_table, identifier, type_tree

FAMILY = "features"
"""The column family that holds them."""
AS_OF = "as_of"
"""The column, in the family, that says of when they are."""


class FeatureTable(Component):
    """Keep the newest features of each entity where predictions find them.

    A request for a prediction then names the entity, a user or an item, and its features are looked up here: the same
    numbers that the model learns from. The table lives in HBase (or its embedded stand-in), with one row for each
    entity.
    """

    family = "sinks"
    gives = ""
    inputs = (Port("rows", "rows with features"),)
    example = {"key": "user_id", "features": ["clicks", "mean_price"]}
    key = Column(label="Entity", about="the column that says whose features they are")
    features = Columns(label="Features", about="columns to keep; none named: all others", default=())
    time = TimeColumn(label="As of", about="event time; found by itself where there is one", required=False)
    options = Options(
        label="Connector", about="where it is; nothing: what the environment says", default={}, known=DIMENSIONS
    )

    def lower(self, rows: Table) -> Lowering:
        times = rows.times()
        time = self.time or (times[0] if len(times) == 1 else None)
        if time is None:
            raise PropertyError("time", "no_time", "features are of some time, and the rows have no one event time",
                                "name the column to use, one with a watermark")
        names = self.features or tuple(n for n in rows.without_clocks() if n not in (self.key, time))
        if not names or AS_OF in names:
            raise PropertyError("features", "bad_value", f"one feature or more are needed, none called {AS_OF}")
        kept = self.site.describe(rows.keep([self.key, *names, time]).tree())
        kinds = [type_tree(field.type.as_nullable()) for field in kept]
        inner = [Field(this=identifier(name), kind=kind)
                 for name, kind in zip((*names, AS_OF), kinds[1:], strict=True)]
        family = exp.DataType(this=exp.DType.STRUCT, expressions=inner)
        table = create_table(
            self.site.node, [(self.key, type_tree(kept[0].type.as_nullable(False))), (FAMILY, family)],
            self.site.options("features", self.options), key=[self.key])
        values = RowValue(expressions=[column(name) for name in (*names, time)])
        known = exp.Not(this=exp.Is(this=column(self.key), expression=exp.Null()))
        newest = rows.select([(self.key, column(self.key)), (FAMILY, values)], known)
        changes = rows.changelog != "I"  # rows that are only added replace each other by key without being told to
        return Lowering(tables=(table,), inserts=(insert(self.site.node, newest.tree(), last_wins=changes),))

    @classmethod
    def read(cls, said: Said) -> Readings:
        sink = said.sink()
        source = source_of(sink[1]) if sink is not None else None
        items = sink[1].expressions if sink is not None else []
        family = items[-1].this if items and isinstance(items[-1], exp.Alias) else None
        names = column_names(family.expressions) if isinstance(family, RowValue) else None
        if sink is None or not source or not names or len(items) != 2:
            return
        *features, time = names
        for options in said.options("features", options_of(sink[0])):
            for chosen in ([], features):
                for more in ({}, {"time": time}):
                    found = {"key": items[0].name, "features": chosen, **more, "options": options}
                    yield Reading(found, {"rows": (source,)})
