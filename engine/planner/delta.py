"""Delta joins ('table.optimizer.delta-join.strategy' = 'FORCE'): without state, each side looks the other one up.

As in Flink, a pair may come out twice, once from either side: the sink's primary key makes one row of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.expressions.binding import resolve_call
from engine.expressions.nodes import Expression, InputRef, input_refs, remap, substitute
from engine.plan import nodes
from engine.plan.nodes import JoinKind, Relation, Scan, SetKind
from engine.planner.core import Planner
from engine.types import Schema


@dataclass(frozen=True)
class Side:
    """One input: its table, and its columns and conditions as expressions over the scan's columns."""

    relation: Relation
    scan: Scan
    columns: tuple[Expression, ...]
    conditions: tuple[Expression, ...]


def delta_join(planner: Planner, node: nodes.Join) -> Relation | None:
    """The join as two lookup joins; None where it is not asked for, or a side is no table that can be looked up."""
    if planner.program.setting("table.optimizer.delta-join.strategy", "AUTO").upper() != "FORCE":
        return None
    sides = [_side(planner, r) for r in (node.left, node.right)]
    if node.kind is not JoinKind.INNER or node.null_safe or sides[0] is None or sides[1] is None:
        return None
    left, right = sides[0], sides[1]
    keys = (node.left_keys, node.right_keys)
    driven = [_looked_up(node, left, right, keys), _looked_up(node, right, left, keys[::-1])]
    if driven[0] is None or driven[1] is None:
        return None
    width = len(node.right.schema)
    order = [*range(width, len(node.schema)), *range(width)]
    parts = (_arranged(node, driven[0], range(len(node.schema))), _arranged(node, driven[1], order))
    return nodes.SetOperation(node.schema, SetKind.UNION_ALL, parts, nodes=node.nodes)


def _side(planner: Planner, relation: Relation) -> Side | None:
    """The input as a view of one table of which rows are only added."""
    columns: list[Expression] = [InputRef(f.type, index=i) for i, f in enumerate(relation.schema)]
    conditions: list[Expression] = []
    below = relation
    while isinstance(below, nodes.Project | nodes.Filter | nodes.AssignWatermark):
        if isinstance(below, nodes.Project):
            columns = [substitute(c, below.expressions) for c in columns]
            conditions = [substitute(c, below.expressions) for c in conditions]
        elif isinstance(below, nodes.Filter):
            conditions.append(below.condition)
        below = below.input
    if not isinstance(below, Scan) or not planner.properties.append_only(below) or planner.is_pipe(below.table):
        return None
    connector, table = planner.connector(below.table)
    if connector.lookup(table, planner.environment) is None:
        return None
    return Side(relation, below, tuple(columns), tuple(conditions))


def _looked_up(node: nodes.Join, driver: Side, other: Side,
               keys: tuple[tuple[int, ...], tuple[int, ...]]) -> Relation | None:
    """The driver's rows with what matches of the other side: the driver's columns, then the other's."""
    width, schema = len(driver.relation.schema), driver.relation.schema
    lookups, rest = [], []
    moved = [_shifted(c, width) for c in other.columns]
    for mine, theirs in zip(*keys, strict=True):
        key, column = InputRef(schema[mine].type, index=mine), other.columns[theirs]
        if isinstance(column, InputRef) and column.type.same_as(key.type.as_nullable(column.type.nullable)):
            lookups.append((other.scan.columns[column.index], key))
        else:
            rest.append(resolve_call("=", [key, moved[theirs]]))
    if not lookups:
        return None
    found: Relation = nodes.LookupJoin(
        Schema((*schema.fields, *other.scan.schema.fields)), driver.relation, JoinKind.INNER, other.scan.table,
        other.scan.columns, tuple(lookups), nodes=node.nodes)
    for condition in (*(_shifted(c, width) for c in other.conditions), *rest):
        found = nodes.Filter(found.schema, found, condition, nodes=node.nodes)
    kept = tuple(InputRef(f.type, index=i) for i, f in enumerate(schema))
    fields = (*schema.fields, *other.relation.schema.fields)
    return nodes.Project(Schema(fields), found, (*kept, *moved), nodes=node.nodes)


def _shifted(expression: Expression, by: int) -> Expression:
    return remap(expression, {i: i + by for i in input_refs(expression)})


def _arranged(node: nodes.Join, rows: Relation, order: Sequence[int]) -> Relation:
    """The columns as the join has them, and its condition."""
    columns = tuple(InputRef(rows.schema[i].type, index=i) for i in order)
    result: Relation = nodes.Project(node.schema, rows, columns, nodes=node.nodes)
    return result if node.condition is None else nodes.Filter(node.schema, result, node.condition, nodes=node.nodes)
