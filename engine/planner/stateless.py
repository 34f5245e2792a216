"""Planning of filters, projections, watermarks, set operations."""

from __future__ import annotations

from collections.abc import Sequence

from engine.expressions.nodes import Call, Expression, InputRef, transform
from engine.operators.calc import AssignWatermarks, Calc, Union
from engine.operators.expand import Branch, Expand
from engine.operators.interval_join import key_types
from engine.operators.set_operation import SetOperation as SetOperator
from engine.operators.stamp import WatermarkColumn
from engine.plan.nodes import AssignWatermark, Filter, Project, Relation, SetKind, SetOperation
from engine.planner.core import Built, NodeFunction, Planner
from engine.types import Field, Schema


def plan_project(planner: Planner, node: Project) -> Built:
    """A projection with the filters right below it is one operator."""
    source, condition, nodes = node.input, None, node.nodes
    while isinstance(source, Filter) and planner.properties.uses(source) == 1:
        nodes |= source.nodes
        condition = source.condition if condition is None else _both(source.condition, condition)
        source = source.input
    built, [*expressions, where] = stamped(planner, source, [*node.expressions, condition])
    chosen = tuple(e for e in expressions if e is not None)
    return planner.add(node, "Calc", [built], lambda name, settings: Calc(
        name, node.schema, settings, where, chosen, nodes), _moved(built, chosen))


def stamped(planner: Planner, source: Relation,
            expressions: Sequence[Expression | None]) -> tuple[Built, list[Expression | None]]:
    """The relation, with the watermark before each row as one more column where expressions call CURRENT_WATERMARK."""
    built, width = planner.build(source), len(source.schema)
    calls = [c for e in expressions if e is not None for c in e.walk() if _reads_watermark(c)]
    if not calls:
        return built, list(expressions)
    type = calls[0].type.as_nullable()
    schema = Schema((*source.schema.fields, Field("$watermark", type)))
    with_column = planner.add(source, "CurrentWatermark", [built], lambda name, settings: WatermarkColumn(
        name, schema, settings, source.nodes), built.keys)
    column = InputRef(type, index=width)
    changed = [None if e is None else transform(e, lambda c: column if _reads_watermark(c) else c) for e in expressions]
    return with_column, changed


def _reads_watermark(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.function == "CURRENT_WATERMARK"


def _both(first: Expression, second: Expression) -> Expression:
    from engine.expressions.binding import resolve_call

    return resolve_call("AND", [first, second])


def _moved(built: Built, expressions: tuple[Expression, ...]) -> tuple[int, ...] | None:
    """Where the columns that rows are dealt by stand after a projection; None if one is gone."""
    places = {e.index: i for i, e in reversed(list(enumerate(expressions))) if isinstance(e, InputRef)}
    if built.keys is None or any(k not in places for k in built.keys):
        return None
    return tuple(places[k] for k in built.keys)


def plan_filter(planner: Planner, node: Filter) -> Built:
    built, [condition] = stamped(planner, node.input, [node.condition])
    columns = None  # as they are
    if condition is not node.condition:
        columns = tuple(InputRef(f.type, index=i) for i, f in enumerate(node.schema))
    return planner.add(node, "Filter", [built], lambda name, settings: Calc(
        name, node.schema, settings, condition, columns, node.nodes), built.keys)


def plan_watermark(planner: Planner, node: AssignWatermark) -> Built:
    """Watermarks are per source: one place. Where only the end counts there are none: no row is late."""
    if planner.program.batch:
        return planner.build(node.input)
    built = planner.single(planner.build(node.input), node.input.schema)
    return planner.add(node, "Watermark", [built], lambda name, settings: AssignWatermarks(
        name, node.schema, settings, node.expression, node.nodes))


def plan_set_operation(planner: Planner, node: SetOperation) -> Built:
    if node.kind is not SetKind.UNION_ALL:
        return _counted(planner, node)
    base = expanded(node)
    if base is not None:
        branches = [_branch(r) for r in node.relations]
        return planner.add(node, "Expand", [planner.build(base)], lambda name, settings: Expand(
            name, node.schema, settings, branches, node.nodes))
    inputs = [planner.build(r) for r in node.relations]
    if len({len(b.operators) for b in inputs}) > 1:
        inputs = [planner.single(b, r.schema) for b, r in zip(inputs, node.relations, strict=True)]
    keys = inputs[0].keys if len({(b.keys, b.types) for b in inputs}) == 1 else None
    return planner.add(node, "Union", inputs, lambda name, settings: Union(
        name, node.schema, settings, len(inputs), node.nodes), keys)


def expanded(node: SetOperation) -> Relation | None:
    """The one relation of which all parts of a union are projections."""
    if node.kind is not SetKind.UNION_ALL:
        return None
    bases = {id(b): b for b in (_base(r) for r in node.relations)}
    return next(iter(bases.values())) if len(bases) == 1 else None


def chain(relation: Relation) -> list[Project | Filter]:
    """A projection and the filter below it, or either alone."""
    found: list[Project | Filter] = []
    if isinstance(relation, Project):
        found.append(relation)
        relation = relation.input
    if isinstance(relation, Filter):
        found.append(relation)
    return found


def _base(relation: Relation) -> Relation:
    parts = chain(relation)
    return parts[-1].input if parts else relation


def _branch(relation: Relation) -> Branch:
    condition, expressions = None, None
    for part in chain(relation):
        if isinstance(part, Filter):
            condition = part.condition
        else:
            expressions = part.expressions
    return Branch(condition, expressions)


def _counted(planner: Planner, node: SetOperation) -> Built:
    """INTERSECT, EXCEPT: both sides dealt by whole rows."""
    left, right = node.relations
    columns = tuple(range(len(node.schema)))
    types = key_types((left.schema, right.schema), (columns, columns))
    inputs = [planner.keyed(planner.build(r), columns, r.schema, types) for r in (left, right)]
    return planner.add(node, node.kind.value.title().replace(" ", ""), inputs, lambda name, settings: SetOperator(
        name, node.schema, settings, node.kind.value, types, node.nodes), columns)


PLAN: dict[type[Relation], NodeFunction] = {
    Project: plan_project, Filter: plan_filter, AssignWatermark: plan_watermark, SetOperation: plan_set_operation,
}  # fmt: skip

