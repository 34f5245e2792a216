"""The `blackhole` connector: takes everything, keeps nothing."""

from __future__ import annotations

from engine.changes import Batch
from engine.connectors.base import Connector, Environment, Json, Sink, TableOptions
from engine.connectors.options import TableConfig


class BlackholeSink(Sink):
    """Forgets its rows."""

    transactional = False

    def write(self, batch: Batch) -> None:
        return

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        return


class Blackhole(Connector):
    """Nothing."""

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        TableConfig(table).check(())
        return BlackholeSink()
