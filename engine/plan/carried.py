"""Which columns only travel: they end in tables as values, and decide nothing on the way there; and which end nowhere.

A column is decisive where a filter, a key, a group, an order, an aggregate or a sink's key reads it. A column that is
merely carried may be NULL in rows of the past without any other value or row being wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.expressions.nodes import Expression, input_refs
from engine.plan import nodes as n
from engine.plan.tree import of_call, walk

DECIDES, CARRIED, UNUSED = "decides", "carried", "unused"


class Uses:
    """What each relation's columns are good for, for one consumer of it or for all."""

    def __init__(self, program: n.Program) -> None:
        self._decisive, self._wanted = _Read(program, values=False), _Read(program, values=True)

    def of(self, relation: n.Relation, column: int) -> str:
        """What a relation's column is good for."""
        return _use(column, self._decisive.of(relation), self._wanted.of(relation))

    def by(self, relation: n.Relation, port: int, column: int) -> str:
        """What a column of one of a relation's inputs is good for to that relation and those above it."""
        return _use(column, self._decisive.by(relation)[port], self._wanted.by(relation)[port])


def _use(column: int, decisive: Collection[int], wanted: Collection[int]) -> str:
    if column in decisive:
        return DECIDES
    return CARRIED if column in wanted else UNUSED


class _Read:
    """For each relation of a program the positions of the columns that decide something above it; with `values`, also
    of those that are values in a table in the end."""

    def __init__(self, program: n.Program, *, values: bool) -> None:
        self._values = values
        self._found: dict[int, set[int]] = {}
        for relation in reversed(list(walk(program.sinks))):
            above = self._found.setdefault(id(relation), set())
            for below, read in zip(relation.inputs, _reads(relation, above, values), strict=True):
                self._found.setdefault(id(below), set()).update(read)

    def by(self, relation: n.Relation) -> list[set[int]]:
        """For each input of a relation what it reads of it, for itself or for those above; all, where it is not one
        of the program's own."""
        above = self._found.get(id(relation))
        if above is None:
            return [set(range(len(r.schema))) for r in relation.inputs]
        return _reads(relation, above, self._values)

    def of(self, relation: n.Relation) -> Collection[int]:
        """The columns of a relation that are read; all, where it is not one of the program's own."""
        found = self._found.get(id(relation))
        return range(len(relation.schema)) if found is None else found


def _read(expressions: Iterable[Expression | None]) -> set[int]:
    return {i for e in expressions if e is not None for i in input_refs(e)}


def _reads(relation: n.Relation, above: set[int], values: bool) -> list[set[int]]:
    """For each input the columns that are read here or above."""
    match relation:
        case n.Sink() if values or relation.table.option("connector") == "pipe":
            return [set(range(len(relation.schema)))]  # a table inside the job goes on from there
        case n.Sink():
            key = set(relation.table.primary_key)
            return [key | {i for i, t in enumerate(relation.table.physical.types) if not t.nullable}]
        case n.Project():
            return [_read(relation.expressions[i] for i in above)]
        case n.Filter():
            return [above | _read([relation.condition])]
        case n.AssignWatermark():
            return [above | {relation.column} | _read([relation.expression])]
        case n.SetOperation() if relation.kind is n.SetKind.UNION_ALL:
            return [set(above) for _ in relation.relations]
        case n.Join() if relation.null_aware is False:
            return _joined(relation, above)
        case n.Aggregate():
            return [set(relation.keys).union(*(of_call(call) for call in relation.calls))]
        case n.WindowAggregate():
            time = relation.attached or (relation.spec.time,)
            return [set(relation.keys).union(time, *(of_call(call) for call in relation.calls))]
        case n.Over():
            width = len(relation.input.schema)
            calls = {i for call in relation.calls for i in of_call(call)}
            return [{i for i in above if i < width} | calls | set(relation.partition) | _sorted(relation.order)]
        case n.Rank():
            end = set() if relation.end_column is None else {relation.end_column}
            closing = {relation.window_end} if isinstance(relation, n.WindowRank) else set()
            width = len(relation.input.schema)
            return [{i for i in above if i < width} | set(relation.partition) | _sorted(relation.order) | end | closing]
        case n.Deduplicate():
            return [above | set(relation.partition) | {relation.order[0]}]
        case n.WindowTable():
            width = len(relation.input.schema)
            return [{i for i in above if i < width} | {relation.spec.time} | set(relation.spec.partition)]
        case n.LookupJoin():
            width = len(relation.input.schema)
            read = _read([relation.condition, *(e for _, e in relation.keys)])
            return [{i for i in above | read if i < width}]
        case _:
            return [set(range(len(r.schema))) for r in relation.inputs]


def _sorted(order: Iterable[n.SortKey]) -> set[int]:
    return {k.index for k in order}


def _joined(relation: n.Join, above: set[int]) -> list[set[int]]:
    width = len(relation.left.schema)
    read = above | _read([relation.condition])
    left, right = {i for i in read if i < width} | set(relation.left_keys), {i - width for i in read if i >= width}
    right |= set(relation.right_keys)
    if isinstance(relation, n.IntervalJoin | n.TemporalJoin):
        left, right = left | {relation.left_time}, right | {relation.right_time}
    elif isinstance(relation, n.WindowJoin):
        left, right = left | {relation.left_window_end}, right | {relation.right_window_end}
    return [left, right]
