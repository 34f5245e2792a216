"""INSERT: a query's columns brought to those of the table written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from engine.errors import UserError
from engine.expressions.binding import cast
from engine.expressions.nodes import Expression, Literal
from engine.plan.nodes import Relation, Sink, TableSpec
from engine.sql import dialect as st
from engine.sql.binder.assignment import assignable
from engine.sql.binder.build import project, refs
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.binder.queries import QueryBinder
from engine.sql.binder.session import Session
from engine.sql.binder.tables import HintedOptions, sink_spec
from engine.sql.catalog import Table
from engine.sql.names import near_or_all
from engine.sql.places import place_of
from engine.sql.scope import Scope
from engine.types import DataType


def insert(session: Session, node: st.InsertInto, label: str = "") -> Sink:
    """The sink of an INSERT INTO statement."""
    table, spec = _target(session, node.this)
    with session.outside(session.home, session.nodes or session.nodes_of(table.name)):
        return _insert(session, node, table, spec, label)


def _insert(session: Session, node: st.InsertInto, table: Table, spec: TableSpec, label: str) -> Sink:
    relation = QueryBinder(session).query(node.expression)
    columns = _assigned(session, node, table, spec, relation)
    typed = [_stored(e, spec, i, node) for i, e in enumerate(columns)]
    body = project(relation, typed, spec.physical.names, session.nodes)
    conflict = node.args.get("conflict")
    return Sink(body.schema, body, spec, str(conflict).upper() if conflict else None, bool(node.args.get("overwrite")),
                label or table.name, nodes=session.nodes)


def _target(session: Session, node: exp.Table) -> tuple[Table, TableSpec]:
    entry = session.catalog.relation([p.name for p in node.parts], session.home, place_of(node))
    if not isinstance(entry, Table):
        raise UserError("bad_insert", f"'{entry.name}' is a view: nothing can be written to it", place=place_of(node))
    spec = sink_spec(session, entry, HintedOptions(node.args.get("hints")))
    if not session.catalog.describe(spec).writable:
        raise UserError("bad_insert", f"the connector of '{entry.name}' cannot be written to", place=place_of(node))
    return entry, spec


def _assigned(
    session: Session, node: st.InsertInto, table: Table, spec: TableSpec, relation: Relation
) -> list[Expression]:
    """One expression a column of the table: of the query, of PARTITION, or NULL where it is not named."""
    static = _static_partition(session, node, table)
    listed = node.args.get("columns")
    names = [_column(c, table, spec) for c in listed] if listed else [n for n in spec.physical.names if n not in static]
    if len(names) != len(relation.schema):
        raise UserError(
            "bad_insert",
            f"Column types of query result and sink for '{table.name}' do not match. Cause: "
            "Different number of columns.",
            place=place_of(node.this),
            hint=f"the query has {len(relation.schema)}: {', '.join(relation.schema.names)}; the table takes "
            f"{len(names)}: {', '.join(names)}",
        )
    if len(set(names)) < len(names):
        raise UserError("bad_insert", "Target column is assigned more than once", place=place_of(node.this))
    given = dict(zip(names, refs(relation)))
    result: list[Expression] = []
    for field in spec.physical:
        if field.name in static:
            result.append(static[field.name])
        elif field.name in given:
            result.append(given[field.name])
        else:
            result.append(_missing(field.name, field.type, node))
    return result


def _missing(name: str, type: DataType, node: st.InsertInto) -> Expression:
    if not type.nullable:
        raise UserError("bad_insert", f"Column '{name}' has no default value and does not allow NULLs",
                        place=place_of(node.this))
    return Literal(type, None)


def _column(node: exp.Expr, table: Table, spec: TableSpec) -> str:
    name = node.name
    if spec.physical.index(name) < 0:
        declared = table.column(name)
        why = "is computed: it cannot be written" if declared is not None else f"is not in table '{table.name}'"
        raise UserError("unknown_column", f"Column '{name}' {why}", place=place_of(node),
                        hint=near_or_all(name, spec.physical.names, "columns"))
    return name


def _static_partition(session: Session, node: st.InsertInto, table: Table) -> dict[str, Expression]:
    spec = node.args.get("partition")
    if spec is None:
        return {}
    binder = ExpressionBinder(session, Scope([]), "PARTITION")
    items: Sequence[exp.Expr] = spec.expressions if hasattr(spec, "expressions") else spec
    found = {}
    for item in items:
        if isinstance(item, exp.EQ):
            if item.this.name not in table.partitioned_by:
                raise UserError(
                    "bad_insert",
                    f"'{item.this.name}' is no partition column of '{table.name}'",
                    place=place_of(item),
                    hint=near_or_all(item.this.name, table.partitioned_by, "partitions"),
                )
            found[item.this.name] = binder.bind(item.expression)
    return found


def _stored(expression: Expression, spec: TableSpec, position: int, node: st.InsertInto) -> Expression:
    """The expression as the table's type, where Flink converts by itself."""
    field = spec.physical[position]
    target = field.type.as_nullable(expression.type.nullable)
    if expression.type.same_as(target):
        return expression
    if not assignable(expression.type, target):
        raise UserError("bad_insert", f"Column types of query result and sink for '{spec.name}' do not match. Cause: "
                        f"Incompatible types for sink column '{field.name}' at position {position}.",
                        place=expression.place or place_of(node.this),
                        hint=f"the query gives {expression.type}, the table takes {field.type}; CAST it")
    if isinstance(expression, Literal) and expression.value is None:
        return Literal(target.as_nullable(), None, place=expression.place)
    return cast(expression, target)


