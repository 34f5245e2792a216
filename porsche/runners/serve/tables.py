"""The pipeline's feature tables, asked for the newest features of entities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.connectors import connector
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Access, Environment, Lookup, TableOptions
from engine.errors import UserError
from engine.sql.dialect import CreateTable, parse_one
from engine.types import Field, Schema
from porsche.compiler import Compiled
from porsche.components.sinks.feature_table import AS_OF, FAMILY
from porsche.runners.serve.values import python_value


@dataclass(frozen=True)
class Found:
    """What is kept of an entity, and of when (UTC, event time)."""

    values: dict[str, Any]
    as_of: datetime | None


class FeatureTable:
    """A table that a `feature_table` node of the pipeline writes."""

    def __init__(self, node: str, fields: Sequence[Field], options: dict[str, str], state: Path,
                 access: Access | None) -> None:
        self.node = node
        self.key = fields[0]
        self.columns = tuple(f.name for f in fields[1].type.fields if f.name != AS_OF)
        self._table = TableOptions(node, Schema(tuple(fields)), options, (0,))
        self._environment = Environment(access or Access(), str(state))
        self._lookup: Lookup | None = None

    def get(self, keys: Sequence[Any]) -> list[Found | None]:
        """What is kept of each entity, None where there is nothing or no key. UserError `bad_value`."""
        values = [None if key is None else _key(self.key, key) for key in keys]
        positions, columns = self._open().get([column_of(self.key.type.as_nullable(), values)], len(values))
        rows = python_values(columns[0])
        found: list[Found | None] = [None] * len(keys)
        for at, row in zip(positions.tolist(), rows, strict=True):
            found[at] = _found(row)
        return found

    def _open(self) -> Lookup:
        if self._lookup is None:
            made = connector(self._table.options["connector"], self._environment.access)
            lookup = made.lookup(self._table, self._environment)
            if lookup is None:
                raise UserError("no_lookup", f"the feature table '{self.node}' cannot be looked up")
            lookup.open((0,), (1,))
            self._lookup = lookup
        return self._lookup

    def close(self) -> None:
        if self._lookup is not None:
            self._lookup.close()
            self._lookup = None


def feature_tables(compiled: Compiled, state: Path, access: Access | None) -> list[FeatureTable]:
    """Those of a pipeline, in its order."""
    made = []
    for statement in compiled.statements:
        tree = parse_one(statement.sql) if statement.kind == "table" else None
        if isinstance(tree, CreateTable) and _keeps_features(tree):
            options = {option.this.name: option.expression.name for option in tree.args["options"]}
            made.append(FeatureTable(statement.name, compiled.schemas[statement.node].columns, options, state, access))
    return made


def _keeps_features(tree: CreateTable) -> bool:
    columns = tree.args["columns"]
    return len(columns) == 2 and columns[1].name == FAMILY and any(
        part.name == AS_OF for part in columns[1].args["kind"].expressions)


def close(tables: Iterable[FeatureTable]) -> None:
    for table in tables:
        table.close()


def _key(field: Field, value: Any) -> Any:
    try:
        return python_value(field.type, value)
    except (TypeError, ValueError) as error:
        raise UserError("bad_value", f"{value!r} is not a value of '{field.name}', type {field.type}",
                        hint=str(error)) from None


def _found(row: dict[str, Any]) -> Found:
    as_of = row.pop(AS_OF)
    return Found(row, as_of.replace(tzinfo=UTC) if as_of is not None else None)
