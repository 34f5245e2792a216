"""What is inferred about a plan's relations: changelog modes, who needs what, whether order matters.

Two questions decide the changelog mode (as in Flink's FlinkChangelogModeInferenceProgram): which kinds of change a relation *can*
give (from the inputs up), and whether anybody downstream needs the row before an update (from the sinks down).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import singledispatchmethod
from typing import Any

from engine.plan.nodes import (
    Aggregate,
    Deduplicate,
    IntervalJoin,
    Join,
    JoinKind,
    LookupJoin,
    Over,
    Program,
    Rank,
    Relation,
    Scan,
    SetKind,
    SetOperation,
    Sink,
    Sort,
    TemporalJoin,
    UnaryRelation,
    Values,
    WindowAggregate,
    WindowJoin,
    WindowRank,
)
from engine.types import TimeKind

Kinds = frozenset[str]  # of "I", "U" (update), "D"
APPEND: Kinds = frozenset("I")
UPDATE: Kinds = frozenset("IU")
ALL: Kinds = frozenset("IUD")


def relations(program: Program) -> Iterator[Relation]:
    """Every relation once, inputs before consumers."""
    seen: set[int] = set()

    def walk(relation: Relation) -> Iterator[Relation]:
        if id(relation) in seen:
            return
        seen.add(id(relation))
        for below in relation.inputs:
            yield from walk(below)
        yield relation

    for sink in program.sinks:
        yield from walk(sink)


class Properties:
    """The inferred properties of one program's relations."""

    def __init__(self, program: Program, is_ordered: Callable[[str], bool] = lambda function: False) -> None:
        self._uses: Counter[int] = Counter()
        self._kinds: dict[int, Kinds] = {}
        self._before: dict[int, bool] = {}
        every = tuple(relations(program))
        for relation in every:
            self._uses.update(id(below) for below in relation.inputs)
            self._kinds[id(relation)] = self._gives(relation)
        for relation in reversed(every):
            for port, below in enumerate(relation.inputs):
                needed = self._needs_before(relation, port)
                self._before[id(below)] = self._before.get(id(below), False) or needed
        self.ordered = any(self._order_matters(r, is_ordered) for r in every)

    def uses(self, relation: Relation) -> int:
        """How many consumers read the relation."""
        return self._uses[id(relation)]

    def kinds(self, relation: Relation) -> Kinds:
        """The kinds of change it can give: "I", "U", "D"."""
        return self._kinds[id(relation)]

    def append_only(self, relation: Relation) -> bool:
        return self._kinds[id(relation)] == APPEND

    def before_needed(self, relation: Relation) -> bool:
        """Whether a consumer needs the row before each update (-U)."""
        return self._before.get(id(relation), False)

    def changelog(self, relation: Relation) -> str:
        """The changelog mode as EXPLAIN shows it: "I", "I,UA", "I,UB,UA,D"..."""
        kinds = self.kinds(relation)
        update = ["UB", "UA"] if self.before_needed(relation) else ["UA"]
        return ",".join(["I", *(update if "U" in kinds else []), *(["D"] if "D" in kinds else [])])

    # ---- from the inputs up ------------------------------------------------------------------------------------------

    @singledispatchmethod
    def _gives(self, relation: Relation) -> Kinds:
        return self._below(relation.inputs)

    def _below(self, inputs: Iterable[Relation]) -> Kinds:
        return frozenset().union(*(self.kinds(i) for i in inputs)) | APPEND

    @_gives.register
    def _(self, relation: Scan) -> Kinds:
        given = set(relation.table.changelog.split(","))
        return APPEND | ({"U"} if "UA" in given else set()) | ({"D"} if "D" in given else set())

    @_gives.register(Values)
    @_gives.register(Over)
    @_gives.register(WindowAggregate)
    @_gives.register(WindowJoin)
    @_gives.register(WindowRank)
    def _(self, relation: Any) -> Kinds:
        return APPEND

    @_gives.register
    def _(self, relation: Aggregate) -> Kinds:
        if not relation.calls and self.append_only(relation.input):
            return APPEND  # DISTINCT over rows that are only added
        return UPDATE if self.append_only(relation.input) else ALL

    @_gives.register
    def _(self, relation: Join) -> Kinds:
        inner = relation.kind in (JoinKind.INNER, JoinKind.SEMI)
        if inner and all(self.append_only(i) for i in relation.inputs):
            return APPEND
        if relation.kind is JoinKind.SEMI and self.append_only(relation.right):
            return self.kinds(relation.left)
        return ALL

    @_gives.register
    def _(self, relation: IntervalJoin) -> Kinds:
        return APPEND

    @_gives.register
    def _(self, relation: TemporalJoin) -> Kinds:
        return self.kinds(relation.left)

    @_gives.register
    def _(self, relation: LookupJoin) -> Kinds:
        return self.kinds(relation.input)

    @_gives.register
    def _(self, relation: Rank) -> Kinds:
        if relation.with_rank and self.append_only(relation.input):
            return UPDATE
        return ALL

    @_gives.register
    def _(self, relation: Deduplicate) -> Kinds:
        if not self.append_only(relation.input):
            return ALL
        return UPDATE if relation.keep_last or relation.order[1] is TimeKind.ROWTIME else APPEND

    @_gives.register
    def _(self, relation: Sort) -> Kinds:
        return APPEND if relation.limit is None and not relation.offset else ALL

    @_gives.register
    def _(self, relation: SetOperation) -> Kinds:
        if relation.kind is SetKind.UNION_ALL:
            return self._below(relation.inputs)
        return ALL

    # ---- from the sinks down -----------------------------------------------------------------------------------------

    def _needs_before(self, relation: Relation, port: int) -> bool:
        """Whether `relation` needs -U rows from its input at `port`."""
        if isinstance(relation, Sink):
            return not relation.table.primary_key
        if isinstance(relation, TemporalJoin):
            return port == 0 and self.before_needed(relation)
        if isinstance(relation, Deduplicate | Rank | Aggregate | WindowAggregate | Join | Sort):
            return True
        if isinstance(relation, SetOperation) and relation.kind is not SetKind.UNION_ALL:
            return True
        return self.before_needed(relation) if isinstance(relation, UnaryRelation | SetOperation) else True

    def _order_matters(self, relation: Relation, is_ordered: Callable[[str], bool]) -> bool:
        """Whether a result depends on the order of rows in a way that shards must reproduce."""
        if isinstance(relation, Over | Rank | Deduplicate):
            return True
        if isinstance(relation, Aggregate | WindowAggregate):
            return any(is_ordered(c.function) for c in relation.calls)
        return False
