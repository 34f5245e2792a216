"""Unique keys: sets of columns that no two rows of a relation share at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from engine.expressions.nodes import Call, Expression, InputRef, Literal
from engine.plan.nodes import (
    Aggregate,
    AssignWatermark,
    Correlate,
    Deduplicate,
    Filter,
    IntervalJoin,
    Join,
    JoinKind,
    LookupJoin,
    Over,
    Project,
    Rank,
    Relation,
    Scan,
    SetKind,
    SetOperation,
    Sort,
    TemporalJoin,
    Values,
    WindowAggregate,
    WindowProperty,
    WindowTable,
)

Key = frozenset[int]
Keys = frozenset[Key]
NO_KEYS: Keys = frozenset()
MOST = 16  # keys kept per relation: joins multiply them


def unique_keys(relation: Relation, below: Callable[[Relation], Keys]) -> Keys:
    """The unique keys of a relation; `below` gives those of its inputs (memoised by the caller)."""
    match relation:
        case Scan():
            return _of_scan(relation)
        case Values():
            return frozenset({frozenset()}) if len(relation.rows) == 1 else NO_KEYS
        case Project():
            return _of_projection(relation, below(relation.input))
        case Filter():
            return _of_filter(relation, below(relation.input))
        case Aggregate(grouping_sets=()):
            return frozenset({frozenset(range(len(relation.keys)))})
        case WindowAggregate():
            return _of_window_aggregate(relation)
        case WindowTable():
            start = len(relation.input.schema)
            return minimal(k | {start} for k in below(relation.input))
        case TemporalJoin():
            return below(relation.left)
        case Join():
            return _of_join(relation, below(relation.left), below(relation.right))
        case LookupJoin():
            return _of_lookup(relation, below(relation.input))
        case Over():
            return minimal([*below(relation.input), *_row_number_keys(relation)])
        case Rank():
            return _of_rank(relation, below(relation.input))
        case Deduplicate():
            return minimal([frozenset(relation.partition), *below(relation.input)])
        case SetOperation():
            return _of_set(relation, [below(r) for r in relation.relations])
        case Sort():
            return frozenset({frozenset()}) if relation.limit == 1 else below(relation.input)
        case AssignWatermark():
            return below(relation.input)
        case Correlate():
            return NO_KEYS
        case _:
            return below(relation.inputs[0]) if relation.inputs else NO_KEYS


def minimal(keys: Iterable[Key]) -> Keys:
    """The keys without those that contain another one."""
    kept: list[Key] = []
    for key in sorted(set(keys), key=lambda k: (len(k), sorted(k))):
        if not any(k <= key for k in kept):
            kept.append(key)
    return frozenset(kept[:MOST])


def _of_scan(relation: Scan) -> Keys:
    positions = {column: i for i, column in enumerate(relation.columns)}
    key = relation.table.primary_key
    if not key or not all(c in positions for c in key):
        return NO_KEYS
    return frozenset({frozenset(positions[c] for c in key)})


def _keeps_distinct(expression: Expression) -> int | None:
    """The column of which an expression is a one-to-one image: itself, or a widening cast of an integer or string."""
    while isinstance(expression, Call) and expression.function == "CAST" and _widens(expression):
        expression = expression.args[0]
    return expression.index if isinstance(expression, InputRef) else None


def _widens(cast: Call) -> bool:
    source, target = cast.args[0].type, cast.type
    if source.is_integer and target.is_string:
        return target.length >= 20
    if source.is_string and target.is_string:
        return target.length >= source.length
    order = ("TINYINT", "SMALLINT", "INT", "BIGINT")
    return source.is_integer and target.is_integer and order.index(source.kind.value) <= order.index(target.kind.value)


def _of_projection(relation: Project, keys: Keys) -> Keys:
    if not keys:
        return NO_KEYS
    places: dict[int, list[int]] = {}
    for i, expression in enumerate(relation.expressions):
        if (source := _keeps_distinct(expression)) is not None:
            places.setdefault(source, []).append(i)
    mapped = (frozenset(choice) for key in keys if all(i in places for i in key)
              for choice in product(*(places[i][:2] for i in sorted(key))))
    return minimal(mapped)


def _of_filter(relation: Filter, keys: Keys) -> Keys:
    """A row number held to one value leaves one row for each partition."""
    fixed = set(_fixed_to_one(relation.condition))
    source: Relation = relation.input
    mapping: dict[int, int] = {i: i for i in range(len(source.schema))}
    while isinstance(source, Project):
        inner = {e.index: i for i, e in enumerate(source.expressions) if isinstance(e, InputRef)}
        fixed = {source.expressions[i].index for i in fixed if isinstance(source.expressions[i], InputRef)}  # type: ignore[attr-defined]
        mapping = {below: mapping[i] for below, i in inner.items() if i in mapping}
        source = source.input
    if isinstance(source, Over):
        first = len(source.input.schema)
        numbered = any(c.function == "ROW_NUMBER" and first + j in fixed for j, c in enumerate(source.calls))
        if numbered and all(p in mapping for p in source.partition):
            return minimal([*keys, frozenset(mapping[p] for p in source.partition)])
    return keys


def _fixed_to_one(condition: Expression) -> Iterable[int]:
    """Columns that a condition compares with the constant 1 so that only 1 is left."""
    if not isinstance(condition, Call):
        return
    if condition.function == "AND":
        for arg in condition.args:
            yield from _fixed_to_one(arg)
    elif condition.function in ("=", "<=", "<") and len(condition.args) == 2:
        left, right = (strip_casts(a) for a in condition.args)
        limit = 2 if condition.function == "<" else 1
        if isinstance(left, InputRef) and isinstance(right, Literal) and right.value == limit:
            yield left.index
        elif (
            condition.function == "=" and isinstance(right, InputRef) and isinstance(left, Literal) and left.value == 1
        ):
            yield right.index


def strip_casts(expression: Expression) -> Expression:
    """What a chain of casts is made of."""
    while isinstance(expression, Call) and expression.function == "CAST":
        expression = expression.args[0]
    return expression


def _of_window_aggregate(relation: WindowAggregate) -> Keys:
    keys = frozenset(range(len(relation.keys)))
    first = len(relation.keys) + len(relation.calls)
    marks = [first + i for i, p in enumerate(relation.properties) if p is not WindowProperty.PROCTIME]
    return frozenset(keys | {mark} for mark in marks[:2])


def _of_join(relation: Join, left: Keys, right: Keys) -> Keys:
    if relation.kind in (JoinKind.SEMI, JoinKind.ANTI):
        return left
    offset = len(relation.left.schema)
    shifted = frozenset(frozenset(i + offset for i in k) for k in right)
    found: list[Key] = []
    one_right = any(k <= set(relation.right_keys) for k in right)
    one_left = any(k <= set(relation.left_keys) for k in left)
    if one_right and relation.kind in (JoinKind.INNER, JoinKind.LEFT):
        found += left
    if one_left and relation.kind in (JoinKind.INNER, JoinKind.RIGHT):
        found += shifted
    if not isinstance(relation, IntervalJoin) or left:
        found += [a | b for a in left for b in shifted]
    return minimal(found)


def _of_lookup(relation: LookupJoin, keys: Keys) -> Keys:
    asked = {position for position, _ in relation.keys}
    return keys if relation.table.primary_key and set(relation.table.primary_key) <= asked else NO_KEYS


def _row_number_keys(relation: Over) -> list[Key]:
    first = len(relation.input.schema)
    return [frozenset(relation.partition) | {first + j}
            for j, call in enumerate(relation.calls) if call.function == "ROW_NUMBER"]


def _of_rank(relation: Rank, keys: Keys) -> Keys:
    found = [*keys]
    if relation.function == "ROW_NUMBER":
        partition = frozenset(relation.partition)
        if relation.start == relation.end and relation.end_column is None:
            found.append(partition)
        elif relation.with_rank:
            found.append(partition | {len(relation.schema) - 1})
    return minimal(found)


def _of_set(relation: SetOperation, keys: list[Keys]) -> Keys:
    match relation.kind:
        case SetKind.UNION_ALL:
            return NO_KEYS
        case SetKind.INTERSECT:
            return minimal([frozenset(range(len(relation.schema))), *(k for side in keys for k in side)])
        case SetKind.EXCEPT:
            return minimal([frozenset(range(len(relation.schema))), *keys[0]])
        case SetKind.INTERSECT_ALL:
            return minimal(k for side in keys for k in side)
        case _:
            return keys[0]
