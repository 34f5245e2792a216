"""The `print` connector: rows on the standard output as Flink's print sink shows them, `+I[1, a]`, at once.

Options: 'print-identifier' (written before each row and a `>`), 'standard-error'.
"""

from __future__ import annotations

import sys

from engine.changes import KIND_NAMES, Batch
from engine.connectors.base import Connector, Environment, Json, Sink, TableOptions
from engine.connectors.formats.render import printed_texts
from engine.connectors.options import TableConfig


class PrintSink(Sink):
    """Writes rows as they come; after a crash, those since the last checkpoint come again."""

    transactional = False

    def __init__(self, prefix: str, error: bool) -> None:
        self._prefix = prefix
        self._error = error

    def write(self, batch: Batch) -> None:
        out = sys.stderr if self._error else sys.stdout
        out.write("".join([f"{self._prefix}{row}\n" for row in printed_rows(batch)]))
        out.flush()

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        return


def printed_rows(batch: Batch) -> list[str]:
    """The rows with their kinds, such as `-U[1, null]`."""
    kinds = [KIND_NAMES[0]] * batch.length if batch.kinds is None else [KIND_NAMES[k] for k in batch.kinds.tolist()]
    if not batch.columns:
        return [f"{kind}[]" for kind in kinds]
    texts = zip(*map(printed_texts, batch.columns), strict=True)
    return [f"{kind}[{', '.join(row)}]" for kind, row in zip(kinds, texts, strict=True)]


class Print(Connector):
    """The standard output."""

    def shows_before(self, table: TableOptions) -> bool:
        return True

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        config = TableConfig(table)
        config.check(("print-identifier", "standard-error", "sink.parallelism"))
        identifier = config.optional("print-identifier")
        return PrintSink(f"{identifier}> " if identifier else "", config.flag("standard-error", False))
