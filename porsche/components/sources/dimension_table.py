"""A table to look rows up in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from engine.sql.dialect import CreateTable, Field, RowValue
from porsche.components.base import Component, Lowering, PropertyError, insert
from porsche.components.options import DIMENSIONS
from porsche.components.properties import Choice, Column, Fields, Options, Path, Text
from porsche.components.reading import (
    Reading,
    Readings,
    Said,
    fields_of,
    key_of,
    options_of,
    physical,
    written,
)
from porsche.components.table import column, create_table, identifier, table_name


class DimensionTable(Component):
    """Keep what is known of things: items, users, shops.

    The table lives in HBase (or its embedded stand-in): a key, and one column family with the other columns. A file
    can be loaded into it before the pipeline starts; where the file names a key twice, the last row counts.
    """

    family = "sources"
    gives = "dimension"
    example = {
        "columns": {"item_id": "BIGINT", "category": "STRING", "brand": "STRING"}, "key": "item_id",
        "path": "items.csv", "format": "csv",
    }
    columns = Fields(label="Columns", about="names and SQL types, the key among them")
    key = Column(label="Key", about="the column that rows are looked up by", port="")
    column_family = Text(label="Column family", default="cf", port="")
    options = Options(
        label="Connector", about="where it is; nothing: what the environment says", default={}, known=DIMENSIONS
    )
    path = Path(label="File to load", about="read once, before the pipeline starts", required=False, port="")
    format = Choice("csv", "json", "parquet", label="Format of the file")
    file_columns = Fields(label="Columns of the file", about="where it has others than the table", default={})

    def lower(self) -> Lowering:
        names = [name for name, _ in self.columns]
        if self.key not in names:
            raise PropertyError(
                "key", "unknown_column", f"there is no column '{self.key}'", f"columns are {', '.join(names)}"
            )
        kinds = dict(self.columns)
        others = [(name, kind) for name, kind in self.columns if name != self.key]
        if not others:
            raise PropertyError("columns", "bad_value", "a dimension has a key and at least one other column")
        fields = [Field(this=identifier(name), kind=kind.copy()) for name, kind in others]
        stored = [
            (self.key, kinds[self.key]),
            (self.column_family, exp.DataType(this=exp.DType.STRUCT, expressions=fields)),
        ]
        table = create_table(self.site.node, stored, self.site.options("dimension", self.options), key=[self.key])
        if not self.path:
            return Lowering(tables=(table,))
        return self._loaded(table, [name for name, _ in others])

    @classmethod
    def read(cls, said: Said) -> Readings:
        table, file = said.tables.get(said.node), said.tables.get(said.node + "__file")
        columns = physical(table) if table is not None else []
        if table is None or said.views or said.inserts or len(columns) != 2 or not key_of(table):
            return
        key, family = columns
        kept = {key.name: written(key.args["kind"]), **fields_of(family.args["kind"].expressions)}
        found: dict[str, Any] = {"key": key.name, "column_family": family.name}
        if file is not None:
            more = options_of(file)
            found |= {"path": more.get("path", ""), "format": more.get("format", "")}
        for options in said.options("dimension", options_of(table)):
            for order in _orders(kept, file):
                yield Reading({"columns": order, **found, "options": options})
                if file is not None:
                    named = {"file_columns": fields_of(physical(file))}
                    yield Reading({"columns": order, **found, **named, "options": options})

    def _loaded(self, table: exp.Expr, others: list[str]) -> Lowering:
        name = self.site.helper("file")
        options = {"connector": "filesystem", "path": self.path, "format": self.format}
        file = create_table(name, self.file_columns or self.columns, options)
        family = RowValue(expressions=[column(other) for other in others])
        query = exp.Select(expressions=[column(self.key), family], from_=exp.From(this=table_name(name)))
        return Lowering(tables=(table, file), loads=(insert(self.site.node, query),))


def _orders(kept: dict[str, str], file: CreateTable | None) -> Iterator[dict[str, str]]:
    """The order of columns that a table's statement leaves open: that of the file, and the key first."""
    names = list(fields_of(physical(file))) if file is not None else []
    if names != list(kept) and sorted(names) == sorted(kept):
        yield {name: kept[name] for name in names}
    yield kept
