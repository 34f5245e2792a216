"""SQL expressions over columns of Python values, through the real parser and binder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.changes import Batch
from engine.expressions.binding import fold
from engine.expressions.evaluate import Projection
from engine.expressions.functions.base import Context
from engine.expressions.nodes import Expression
from engine.expressions.values import column_from_python, column_to_python
from engine.plan.nodes import Project
from engine.sql import dialect
from engine.sql.binder import Binder
from engine.sql.catalog import Catalog, Table, TableColumn
from engine.types import INT, DataType

Columns = Mapping[str, tuple[DataType, Sequence[Any]]]
NOW = 1_700_000_000_123_456
ZONE = "table.local-time-zone"


def context(**config: str) -> Context:
    return Context(now=lambda: NOW, zone=config.get(ZONE, "UTC"), config=dict(config))


def bind(texts: Sequence[str], columns: Columns, config: Mapping[str, str] | None = None) -> tuple[Expression, ...]:
    """The expressions of SELECT <texts> over a table of these columns."""
    catalog = Catalog()
    declared = tuple(TableColumn(name, type) for name, (type, _) in columns.items())
    catalog.add(Table(("default_catalog", "default_database", "t"), declared or (TableColumn("unused", INT),)))
    named = ", ".join(f"{text} AS c{i}" for i, text in enumerate(texts))
    query = Binder(catalog, config or {}).query(dialect.parse_one(f"SELECT {named} FROM t"))
    assert isinstance(query, Project)
    assert not isinstance(query.input, Project)
    return query.expressions


def batch_of(columns: Columns) -> Batch:
    made = tuple(column_from_python(type, list(values)) for type, values in columns.values())
    return Batch(made, len(made[0]) if made else 1)


def evaluate(text: str, columns: Columns | None = None, folded: bool = True, **config: str) -> list[Any]:
    """The values of a SQL expression over the rows of some columns; over one row where there are none."""
    expressions = bind([text], columns or {}, config)
    if folded:
        expressions = tuple(fold(e, config) for e in expressions)
    result = Projection(expressions)(batch_of(columns or {}), context(**config))
    return column_to_python(result.columns[0])


def value(text: str, **config: str) -> Any:
    """The value of a constant expression; folded or not, it is the same."""
    once = evaluate(text, folded=True, **config)
    assert once == evaluate(text, folded=False, **config) or once != once
    return once[0]


def type_of(text: str, columns: Columns | None = None) -> str:
    return str(bind([text], columns or {})[0].type)
