"""Where columns come from: for each column of a relation the columns of the leaves below it that its value is made
of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.expressions.nodes import Expression, input_refs
from engine.plan.nodes import (
    Aggregate,
    Correlate,
    Join,
    JoinKind,
    LookupJoin,
    Over,
    Project,
    Rank,
    Relation,
    Scan,
    SetOperation,
    WindowAggregate,
    WindowTable,
)
from engine.plan.tree import of_call

Column = tuple[str, str]  # of a leaf: its name, the column's name
Lineage = tuple[frozenset[Column], ...]
NOTHING: frozenset[Column] = frozenset()


def lineage(relation: Relation, leaves: Mapping[Relation, str]) -> Lineage:
    """Per column, the leaf columns it is computed from (what only filters or joins rows does not count).

    `leaves`: relations that are not looked into, by name; a scan is always one, named as its table.
    """
    memo: dict[Relation, Lineage] = {}
    stack = [relation]
    while stack:
        top = stack[-1]
        if top in memo:
            stack.pop()
            continue
        inputs = () if top is not relation and top in leaves else top.inputs
        missing = [r for r in inputs if r not in memo]
        if missing:
            stack += missing
            continue
        memo[top] = _leaf(top, leaves) if _is_leaf(top, relation, leaves) else _of(top, [memo[r] for r in inputs])
        stack.pop()
    return memo[relation]


def _is_leaf(relation: Relation, root: Relation, leaves: Mapping[Relation, str]) -> bool:
    return isinstance(relation, Scan) or (relation is not root and relation in leaves)


def _leaf(relation: Relation, leaves: Mapping[Relation, str]) -> Lineage:
    name = leaves.get(relation) or (relation.table.name if isinstance(relation, Scan) else "")
    return tuple(frozenset({(name, f.name)}) for f in relation.schema)


def _reads(columns: Iterable[int], given: Lineage) -> frozenset[Column]:
    return NOTHING.union(*(given[i] for i in columns if i < len(given)))


def _expressions(expressions: Iterable[Expression], given: Lineage) -> Lineage:
    return tuple(_reads(input_refs(e), given) for e in expressions)


def _of(relation: Relation, given: list[Lineage]) -> Lineage:
    match relation:
        case Project():
            return _expressions(relation.expressions, given[0])
        case Aggregate():
            calls = tuple(_reads(of_call(c), given[0]) for c in relation.calls)
            return tuple(given[0][k] for k in relation.keys) + calls
        case WindowAggregate():
            calls = tuple(_reads(of_call(c), given[0]) for c in relation.calls)
            marks = relation.attached or (relation.spec.time,)
            return (
                tuple(given[0][k] for k in relation.keys)
                + calls
                + (_reads(marks, given[0]),) * len(relation.properties)
            )
        case WindowTable():
            return given[0] + (given[0][relation.spec.time],) * 3
        case Join() if relation.kind in (JoinKind.SEMI, JoinKind.ANTI):
            return given[0]
        case Join():
            return given[0] + given[1]
        case LookupJoin():
            names = [relation.table.physical[c].name for c in relation.columns]
            return given[0] + tuple(frozenset({(relation.table.name, n)}) for n in names)
        case Over():
            window = [*relation.partition, *(k.index for k in relation.order)]
            return given[0] + tuple(_reads({*of_call(c), *window}, given[0]) for c in relation.calls)
        case Rank() if relation.with_rank:
            return (*given[0], _reads([*relation.partition, *(k.index for k in relation.order)], given[0]))
        case Correlate():
            added = NOTHING.union(*_expressions(relation.args, given[0]))
            return given[0] + (added,) * (len(relation.schema) - len(given[0]))
        case SetOperation():
            return tuple(NOTHING.union(*(side[i] for side in given)) for i in range(len(relation.schema)))
        case _:
            return given[0] if given else (NOTHING,) * len(relation.schema)
