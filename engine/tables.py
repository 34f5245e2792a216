"""What the connector of a table is, and what it says of the table."""

from __future__ import annotations

from collections.abc import Callable

from engine.connectors import connector
from engine.connectors.base import Access, Connector, Environment, TableOptions
from engine.errors import UserError
from engine.plan.nodes import TableSpec
from engine.sql.catalog import Capabilities


def connector_of(table: TableSpec, access: Access | None) -> Connector:
    """The connector that a table names; UserError where it names none or one that is not allowed."""
    name = table.option("connector")
    if not name:
        raise UserError("no_connector", f"table {table.name} has no 'connector' option",
                        hint="say where its rows are: WITH ('connector' = 'filesystem', ...)")
    return connector(name, access, dict(table.places).get("connector"))


def describe_table(table: TableSpec, connectors: Callable[[TableSpec], Connector],
                   access: Access | None = None) -> Capabilities:
    """What the connector of a table says of it."""
    if table.option("connector") == "pipe":
        return Capabilities(changelog="I,UA,D" if table.primary_key else "I", bounded=False,
                            accepts="I,UA,D" if table.primary_key else "I,UB,UA,D")
    options = TableOptions(table.name, table.physical, dict(table.options), table.primary_key, dict(table.metadata),
                           table.partitions, dict(table.places))
    made = connectors(table)
    kind = type(made)
    return Capabilities(
        changelog=made.changelog(options), bounded=made.bounded(options), lookup=kind.lookup is not Connector.lookup,
        readable=kind.source is not Connector.source, writable=kind.sink is not Connector.sink,
        accepts=made.accepts(options), shows_before=made.shows_before(options), abilities=made.abilities(options),
        rows=lambda: made.rows(options, Environment(access or Access())))
