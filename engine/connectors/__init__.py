"""Connectors: how tables reach the systems that hold them. `CONNECTORS` names all of them; each is imported on first
use.
"""

from __future__ import annotations

from importlib import import_module

from engine.connectors.base import Access, Connector
from engine.errors import Place, UserError

CONNECTORS: dict[str, str] = {
    "blackhole": "engine.connectors.blackhole:Blackhole",
    "datagen": "engine.connectors.datagen:Datagen",
    "filesystem": "engine.connectors.filesystem:Filesystem",
    "hbase-2.2": "engine.connectors.hbase:HBase",
    "jdbc": "engine.connectors.jdbc:Jdbc",
    "memory": "engine.connectors.memory:Memory",
    "metrics": "engine.connectors.metrics:MetricsConnector",
    "print": "engine.connectors.print:Print",
    "shop": "engine.connectors.shop:Shop",
}
"""'connector' option -> module:class. Adding a connector is its module and a row here."""


def connector(name: str, access: Access | None = None, place: Place | None = None) -> Connector:
    """The connector of a name, if it may be used; `place`: where the name stands in the SQL text.

    Errors: `unknown_connector`, `connector_not_allowed`.
    """
    if name not in CONNECTORS:
        from engine.connectors.options import suggestion

        raise UserError("unknown_connector", f"there is no connector '{name}'", place=place,
                        hint=suggestion(name, CONNECTORS))
    if access is not None:
        from engine.connectors.access import allow_connector

        allow_connector(access, name, place)
    module, _, attribute = CONNECTORS[name].partition(":")
    made: Connector = getattr(import_module(module), attribute)()
    return made
