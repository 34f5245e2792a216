"""Rows written to a table."""

from __future__ import annotations

from porsche.components.base import Component, Lowering, Port, PropertyError, insert
from porsche.components.options import SINKS
from porsche.components.properties import Columns, Options
from porsche.components.reading import Reading, Readings, Said, column_names, key_of, options_of, source_of
from porsche.components.table import Table, create_table, type_tree

KEYED = ("upsert-kafka",)
"""Connectors that take rows with a key only."""


class TableSink(Component):
    """Write rows to a table: files, HBase, Kafka, or whatever the environment says.

    Each row is written once, also if the job dies and goes on. With a key, a later row replaces the earlier one; a
    table without a key takes rows that are only added.
    """

    family = "sinks"
    general = True
    gives = ""
    inputs = (Port("rows", "rows to write"),)
    example = {
        "columns": ["user_id", "p"], "options": {"connector": "filesystem", "path": "${state}/out", "format": "json"},
    }
    columns = Columns(label="Columns", about="none named: all but those of processing time", default=())
    key = Columns(label="Key columns", default=())
    options = Options(
        label="Connector", about="where it is; nothing: what the environment says", default={}, known=SINKS
    )

    def lower(self, rows: Table) -> Lowering:
        names = self.columns or rows.without_clocks()
        query = rows.keep(names).tree()
        columns = [(f.name, type_tree(f.type.as_nullable(f.name not in self.key))) for f in self.site.describe(query)]
        options = self.site.options("table", self.options)
        if rows.changelog != "I" and options.get("connector") == "filesystem":
            raise PropertyError(
                "options",
                "updates_not_accepted",
                "files take rows that are only added; these rows change later",
                "write them to a table with a key, or aggregate over windows",
            )
        if options.get("connector") in KEYED and not self.key:
            raise PropertyError(
                "key",
                "missing_key",
                f"'{options['connector']}' replaces rows by a key, and none is named",
                "name the columns that say which rows are the same",
            )
        replaces = bool(self.key) and set(rows.key) != set(self.key)
        table = create_table(self.site.node, columns, options, key=self.key)
        return Lowering(tables=(table,), inserts=(insert(self.site.node, query, last_wins=replaces),))

    @classmethod
    def read(cls, said: Said) -> Readings:
        sink = said.sink()
        source = source_of(sink[1]) if sink is not None else None
        columns = column_names(sink[1].expressions) if sink is not None else None
        if sink is None or not source or not columns:
            return
        for options in said.options("table", options_of(sink[0])):
            for names in ([], columns):
                found = {"columns": names, "key": key_of(sink[0]), "options": options}
                yield Reading(found, {"rows": (source,)})
