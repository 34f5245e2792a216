"""Tables of the catalogue as relations: physical columns, computed ones over them, the watermark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import UserError
from engine.expressions.nodes import Expression, InputRef
from engine.plan.nodes import AssignWatermark, Relation, Scan, TableSpec
from engine.sql import dialect as ast
from engine.sql.binder.build import is_identity, project
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.catalog import Table, TableColumn
from engine.sql.names import near_or_all
from engine.sql.places import option_places, place_of
from engine.sql.scope import Scope, Source
from engine.types import Field, Schema, TimeKind

if TYPE_CHECKING:
    from engine.sql.binder.session import Session


class HintedOptions(dict[str, str]):
    """The options of a table's OPTIONS hints; `places`: where they stand in the SQL text."""

    def __init__(self, hints: Sequence[exp.Expr] | None) -> None:
        given = [o for h in hints or () if h.this.upper() == "OPTIONS" for o in h.expressions
                 if isinstance(o, ast.Option)]
        super().__init__((o.this.name, o.expression.name) for o in given)
        self.places = dict(option_places(given))


def source_spec(session: Session, table: Table, options: Mapping[str, str] | None = None) -> TableSpec:
    """The table as its source sees it: physical and metadata columns."""
    return _spec(session, table, [c for c in table.columns if c.computed is None], options)


def sink_spec(session: Session, table: Table, options: Mapping[str, str] | None = None) -> TableSpec:
    """The table as its sink sees it: the columns that are written."""
    return _spec(session, table, [c for c in table.columns if c.persisted], options)


def _spec(
    session: Session, table: Table, columns: Sequence[TableColumn], options: Mapping[str, str] | None
) -> TableSpec:
    names = [c.name for c in columns]
    schema = Schema(tuple(Field(c.name, c.type) for c in columns if c.type is not None))
    key = tuple(names.index(k) for k in table.primary_key if k in names)
    metadata = tuple((i, c.metadata) for i, c in enumerate(columns) if c.metadata is not None)
    merged = tuple({**dict(table.options), **(options or {})}.items())
    places = {**dict(table.places), **(options.places if isinstance(options, HintedOptions) else {})}
    partitions = tuple(names.index(k) for k in table.partitioned_by if k in names)
    spec = TableSpec(table.path, schema, merged, key, metadata, partitions=partitions, places=tuple(places.items()))
    said = session.catalog.describe(spec)
    changelog = ",".join(part.strip() for part in said.changelog.split(","))
    return replace(spec, changelog=changelog, bounded=said.bounded, accepts=said.accepts,
                   shows_before=said.shows_before, abilities=said.abilities,
                   rows=said.rows() if _reorders(session) else None)


def _reorders(session: Session) -> bool:
    """Whether the numbers of rows matter: finding them out may take looking at files."""
    return session.config.get("table.optimizer.join-reorder-enabled", "false").lower() == "true"


@dataclass(frozen=True)
class TableColumns:
    """The declared columns of a table as expressions over the columns its source gives."""

    spec: TableSpec
    names: tuple[str, ...]
    expressions: tuple[Expression, ...]


def table_columns(session: Session, table: Table, options: Mapping[str, str] | None = None) -> TableColumns:
    """Binds the computed columns."""
    spec = source_spec(session, table, options)
    scope = Scope([Source(table.name, spec.physical.fields, 0)])
    binder = ExpressionBinder(session, scope, f"a computed column of {table.name}")
    expressions: list[Expression] = []
    for column in table.columns:
        if column.computed is not None:
            expressions.append(binder.bind(column.computed))
        else:
            i = spec.physical.index(column.name)
            expressions.append(InputRef(spec.physical[i].type, index=i))
    return TableColumns(spec, tuple(c.name for c in table.columns), tuple(expressions))


def table_relation(session: Session, table: Table, options: Mapping[str, str] | None = None) -> Relation:
    """The rows of a table with all declared columns."""
    columns = table_columns(session, table, options)
    spec = columns.spec
    relation: Relation = Scan(spec.physical, spec, tuple(range(len(spec.physical))), nodes=session.nodes)
    if not is_identity(columns.expressions, len(spec.physical)):
        relation = project(relation, columns.expressions, columns.names, session.nodes)
    if table.watermark is not None:
        relation = _watermark(session, table, relation)
    return relation


def _watermark(session: Session, table: Table, relation: Relation) -> Relation:
    assert table.watermark is not None
    name = ".".join(table.watermark.column)
    position = relation.schema.index(name)
    place = place_of(table.watermark.expression)
    if position < 0:
        raise UserError("unknown_column", f"The rowtime attribute field '{name}' is not defined in the table schema",
                        place=place, hint=near_or_all(name, relation.schema.names, "columns"))
    type = relation.schema[position].type
    if not type.is_timestamp or type.precision > 3:
        raise UserError(
            "bad_watermark",
            f"Invalid data type of time field for watermark definition: '{name}' is {type}",
            place=place,
            hint="the field must be TIMESTAMP(p) or TIMESTAMP_LTZ(p), p from 0 to 3",
        )
    scope = Scope([Source(table.name, relation.schema.fields, 0)])
    expression = ExpressionBinder(session, scope, "WATERMARK").bind(table.watermark.expression)
    if not expression.type.is_timestamp:
        raise UserError("bad_watermark", f"a watermark must be a timestamp, not {expression.type}", place=place)
    fields = tuple(replace(f, time=TimeKind.ROWTIME) if i == position else f for i, f in enumerate(relation.schema))
    return AssignWatermark(Schema(fields), relation, position, expression, nodes=session.nodes)
