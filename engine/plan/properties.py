"""What is inferred about a plan's relations: changelog modes, who needs what, whether order matters.

Two questions decide the changelog mode (as in Flink's FlinkChangelogModeInferenceProgram): which kinds of change a
relation *can* give (from the inputs up), and whether anybody downstream needs the row before an update (from the sinks
down).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from engine.plan.changes import APPEND, Kinds
from engine.plan.facts import Facts
from engine.plan.keys import Keys
from engine.plan.nodes import (
    Aggregate,
    Deduplicate,
    Join,
    Over,
    Program,
    Rank,
    Relation,
    SetKind,
    SetOperation,
    Sink,
    Sort,
    TemporalJoin,
    UnaryRelation,
    WindowAggregate,
)
from engine.plan.tree import walk


def relations(program: Program) -> Iterator[Relation]:
    """Every relation once, inputs before consumers."""
    return walk(program.sinks)


class Properties:
    """The inferred properties of one program's relations."""

    def __init__(self, program: Program, is_ordered: Callable[[str], bool] = lambda function: False) -> None:
        self._uses: Counter[int] = Counter()
        self._facts = Facts()
        self._before: dict[int, bool] = {}
        every = tuple(relations(program))
        for relation in every:
            self._uses.update(id(below) for below in relation.inputs)
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
        return self._facts.kinds(relation)

    def keys(self, relation: Relation) -> Keys:
        """Its unique keys: sets of column positions."""
        return self._facts.keys(relation)

    def append_only(self, relation: Relation) -> bool:
        return self.kinds(relation) == APPEND

    def before_needed(self, relation: Relation) -> bool:
        """Whether a consumer needs the row before each update (-U)."""
        return self._before.get(id(relation), False)

    def changelog(self, relation: Relation) -> str:
        """The changelog mode as EXPLAIN shows it: "I", "I,UA", "I,UB,UA,D"..."""
        kinds = self.kinds(relation)
        update = ["UB", "UA"] if self.before_needed(relation) else ["UA"]
        return ",".join(["I", *(update if "U" in kinds else []), *(["D"] if "D" in kinds else [])])

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
