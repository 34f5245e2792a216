"""What is inferred about a plan's relations: changelog modes, who needs what, whether order matters.

Two questions decide the changelog mode (as in Flink's FlinkChangelogModeInferenceProgram): which kinds of change a
relation *can* give (from the inputs up), and whether anybody downstream needs the row before an update (from the sinks
down).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from engine.expressions.nodes import input_refs
from engine.plan.changes import APPEND, Kinds
from engine.plan.facts import Facts
from engine.plan.keys import Keys
from engine.plan.nodes import (
    Aggregate,
    AssignWatermark,
    Correlate,
    Deduplicate,
    Filter,
    Join,
    Over,
    Program,
    Project,
    Rank,
    Relation,
    Scan,
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
        self._full: dict[int, bool] = {}
        self._batch = program.batch
        self._duplicates = program.setting("table.exec.source.cdc-events-duplicate", "false").lower() == "true"
        every = tuple(relations(program))
        for relation in every:
            self._uses.update(id(below) for below in relation.inputs)
        for relation in reversed(every):
            for port, below in enumerate(relation.inputs):
                needed = self._needs_before(relation, port)
                self._before[id(below)] = self._before.get(id(below), False) or needed
                self._full[id(below)] = self._full.get(id(below), False) or self._needs_full(relation, port)
        self.normalized = self._normalized(every)
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

    def settled(self, sink: Sink) -> bool:
        """Whether the sink's rows are held back until the input has ended, as they may be taken back before."""
        return self._batch and not self.append_only(sink.input)

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
        match relation:
            case Sink():
                return relation.table.takes_before or self.materialized(relation) or self._batch
            case TemporalJoin():
                return port == 0 and self.before_needed(relation)
            case Filter():
                return self.before_needed(relation) or not self._filters_whole_keys(relation)
            case Correlate():
                return True
            case Deduplicate() | Rank() | Aggregate() | WindowAggregate() | Join() | Sort() | Over():
                return True
            case SetOperation() if relation.kind is not SetKind.UNION_ALL:
                return True
            case UnaryRelation() | SetOperation():
                return self.before_needed(relation)
            case _:
                return True

    def _filters_whole_keys(self, relation: Filter) -> bool:
        """Whether all versions of a row meet the condition, or none does: it reads only columns of a unique key."""
        if "U" not in self.kinds(relation.input):
            return True
        read = set(input_refs(relation.condition))
        return any(read <= key for key in self.keys(relation.input))

    def materialized(self, sink: Sink) -> bool:
        """Whether rows of the query that share the table's primary key must be brought together before they are
        written."""
        key = set(sink.table.primary_key)
        if not key or "UB" in sink.table.accepts.split(","):
            return False
        if any(k <= key for k in self.keys(sink.input)):
            return False
        return not self.append_only(sink.input) or sink.on_conflict in ("ERROR", "NOTHING")

    # ---- sources of upserts ------------------------------------------------------------------------------------------

    def _normalized(self, every: tuple[Relation, ...]) -> dict[int, tuple[int, ...]]:
        """Where a source's upserts are made full changes: relations by id, with the positions of the key. It is above
        the source's scan, or the watermark that is assigned to its rows as they come."""
        found: dict[int, tuple[int, ...]] = {}
        for relation in every:
            if isinstance(relation, Scan) and self._lacks_changes(relation):
                self._normalize(relation, found)
            elif isinstance(relation, AssignWatermark):
                scan = _scanned(relation.input)
                if scan is not None and self._lacks_changes(scan) and self._normalize(relation, found):
                    found.pop(id(scan), None)
        return found

    def _normalize(self, relation: Relation, found: dict[int, tuple[int, ...]]) -> bool:
        keys = sorted(sorted(k) for k in self.keys(relation) if k)
        wanted = self._duplicates or self._full.get(id(relation), False)
        if keys and wanted:
            found[id(relation)] = tuple(keys[0])
        return bool(keys)

    def _lacks_changes(self, scan: Scan) -> bool:
        """Whether a source gives updates without the row before, or (as the job says) some changes twice."""
        given = scan.table.changelog.split(",")
        updating = len(given) > 1 or given != ["I"]
        upserts = "UA" in given and "UB" not in given
        return bool(scan.table.primary_key) and (upserts or (updating and self._duplicates))

    def _needs_full(self, relation: Relation, port: int) -> bool:
        """Whether `relation` cannot do with the last row by key from its input at `port`."""
        match relation:
            case Sink():
                return self._needs_before(relation, port)
            case TemporalJoin():
                return port == 0
            case Project() | AssignWatermark():
                return self._full.get(id(relation), False)
            case _:
                return True

    def _order_matters(self, relation: Relation, is_ordered: Callable[[str], bool]) -> bool:
        """Whether a result depends on the order of rows in a way that shards must reproduce."""
        if isinstance(relation, Over | Rank | Deduplicate):
            return True
        if isinstance(relation, Aggregate | WindowAggregate):
            return any(is_ordered(c.function) or any(getattr(o, "ordered", False) for o in c.options)
                       for c in relation.calls)
        return False


def _scanned(relation: Relation) -> Scan | None:
    """The scan below projections."""
    while isinstance(relation, Project):
        relation = relation.input
    return relation if isinstance(relation, Scan) else None
