"""The logical plan: frozen relations that check themselves. A wrong node cannot be built.

Expressions refer to input columns by position; a join's condition sees left columns first, then right ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from engine.errors import InternalError, Place
from engine.expressions.nodes import NO_NODES, Expression, input_refs
from engine.types import Field, Kind, Schema, TimeKind

Places = tuple[tuple[str, Place], ...]
"""Where options stand in the SQL text, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A table that changes. Compared by identity: a view used twice is one node with two consumers.

    `nodes` are the ids of the pipeline nodes it came from; `hints` the SQL hints that apply to it; `place` where the
    SQL text asks for it, known of joins, aggregations, set operations and OVER.
    """

    schema: Schema
    nodes: frozenset[str] = field(default=NO_NODES, kw_only=True)
    hints: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = field(default=(), kw_only=True)
    place: Place | None = field(default=None, kw_only=True)

    @property
    def inputs(self) -> tuple[Relation, ...]:
        return ()

    def check(self, holds: bool, message: str) -> None:
        if not holds:
            raise InternalError(f"{type(self).__name__}: {message}")

    def check_expressions(self, expressions: tuple[Expression, ...], width: int) -> None:
        for e in expressions:
            self.check(all(i < width for i in input_refs(e)), f"{e} reads past its {width} input columns")


@dataclass(frozen=True, slots=True, eq=False)
class UnaryRelation(Relation):
    input: Relation

    @property
    def inputs(self) -> tuple[Relation, ...]:
        return (self.input,)


@dataclass(frozen=True, slots=True, eq=False)
class BinaryRelation(Relation):
    left: Relation
    right: Relation

    @property
    def inputs(self) -> tuple[Relation, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table of the catalogue as the plan needs it: physical columns, options, key, and what its connector says.

    `changelog` holds the kinds of change a source gives, e.g. "I", "I,UA,D", "I,UB,UA,D"; `accepts` those its sink
    takes (`shows_before`: and -U, although it is written by key). `partitions`: positions of the PARTITIONED BY
    columns; `abilities`: what its source does by itself where it is asked ("filter", "limit", "fields"); `rows`: how
    many it may have, where that is asked for and known; `places`: where options stand in the SQL text. `path` is
    (catalog, database, name).
    """

    path: tuple[str, str, str]
    physical: Schema
    options: tuple[tuple[str, str], ...] = ()
    primary_key: tuple[int, ...] = ()
    metadata: tuple[tuple[int, str], ...] = ()
    changelog: str = "I"
    bounded: bool = True
    accepts: str = "I,UB,UA,D"
    partitions: tuple[int, ...] = ()
    abilities: frozenset[str] = frozenset()
    rows: int | None = None
    shows_before: bool = False
    places: Places = field(default=(), compare=False, repr=False)

    @property
    def takes_before(self) -> bool:
        """Whether its sink gets the row before an update."""
        return self.shows_before or "UB" in self.accepts.split(",")

    @property
    def name(self) -> str:
        return self.path[-1]

    def option(self, name: str, default: str = "") -> str:
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True, eq=False)
class Scan(Relation):
    """Physical columns of a table (those at `columns`), read from its connector.

    What its source does by itself: `filter`, terms over the table's physical columns that rows must meet; `limit`, how
    many rows it gives; `parts`: of ROW columns (positions in the table) the fields that it need read only.
    """

    table: TableSpec
    columns: tuple[int, ...]
    filter: tuple[Expression, ...] = ()
    limit: int | None = None
    parts: tuple[tuple[int, tuple[int, ...]], ...] = ()

    def __post_init__(self) -> None:
        self.check(len(self.schema) == len(self.columns), "schema and columns differ in width")


@dataclass(frozen=True, slots=True, eq=False)
class Values(Relation):
    """Constant rows; each value is an expression without inputs."""

    rows: tuple[tuple[Expression, ...], ...]

    def __post_init__(self) -> None:
        self.check(all(len(r) == len(self.schema) for r in self.rows), "a row's width differs from the schema's")


@dataclass(frozen=True, slots=True, eq=False)
class AssignWatermark(UnaryRelation):
    """Marks column `column` as rowtime; the watermark is `expression` (a timestamp) over the row, at its running
    maximum."""

    column: int
    expression: Expression

    def __post_init__(self) -> None:
        self.check(self.schema[self.column].time is TimeKind.ROWTIME, "the watermark's column is not a rowtime")
        self.check_expressions((self.expression,), len(self.input.schema))


@dataclass(frozen=True, slots=True, eq=False)
class Project(UnaryRelation):
    """One expression per column of the schema."""

    expressions: tuple[Expression, ...]

    def __post_init__(self) -> None:
        self.check(len(self.schema) == len(self.expressions), "as many expressions as columns")
        self.check_expressions(self.expressions, len(self.input.schema))


@dataclass(frozen=True, slots=True, eq=False)
class Filter(UnaryRelation):
    """Rows for which `condition` is TRUE."""

    condition: Expression

    def __post_init__(self) -> None:
        self.check(self.condition.type.kind is Kind.BOOLEAN, "the condition is not boolean")
        self.check_expressions((self.condition,), len(self.input.schema))


class SetKind(Enum):
    UNION_ALL = "UNION ALL"
    INTERSECT = "INTERSECT"
    INTERSECT_ALL = "INTERSECT ALL"
    EXCEPT = "EXCEPT"
    EXCEPT_ALL = "EXCEPT ALL"


@dataclass(frozen=True, slots=True, eq=False)
class SetOperation(Relation):
    """UNION ALL of any number of relations, or another set operation of two (UNION = UNION ALL below an Aggregate)."""

    kind: SetKind
    relations: tuple[Relation, ...]

    @property
    def inputs(self) -> tuple[Relation, ...]:
        return self.relations

    def __post_init__(self) -> None:
        for r in self.relations:
            self.check(len(r.schema) == len(self.schema), "inputs differ in width")


@dataclass(frozen=True, slots=True)
class AggregateCall:
    """An aggregate function over input columns: `args` and `filter` are positions (project first), `order` only for
    ordered ones (LISTAGG, ARRAY_AGG): (position, descending, nulls_first). `options`: literal extra arguments.

    `kind` of an OVER function (ROW_NUMBER, LAG...) is its upper-case name too.
    """

    function: str
    args: tuple[int, ...]
    field: Field
    distinct: bool = False
    filter: int | None = None
    order: tuple[tuple[int, bool, bool], ...] = ()
    options: tuple[object, ...] = ()
    nodes: frozenset[str] = NO_NODES


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate(UnaryRelation):
    """Grouping columns (at `keys`), then one column a call. `grouping_sets`: positions in `keys`, empty = one set of
    all keys. With several sets a call GROUPING_ID may read them. `two_phase`: where rows have to be dealt by key, they
    are aggregated before that, too."""

    keys: tuple[int, ...]
    calls: tuple[AggregateCall, ...]
    grouping_sets: tuple[tuple[int, ...], ...] = ()
    two_phase: bool = False

    def __post_init__(self) -> None:
        self.check(len(self.schema) == len(self.keys) + len(self.calls), "schema is keys, then calls")


class WindowKind(Enum):
    TUMBLE = "TUMBLE"
    HOP = "HOP"
    CUMULATE = "CUMULATE"
    SESSION = "SESSION"


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """A window over the time attribute at `time`; all durations microseconds. `size`: length (HOP, TUMBLE), maximum
    (CUMULATE) or gap (SESSION); `step`: slide of HOP, step of CUMULATE. `rows` = a legacy window counted in rows.
    """

    kind: WindowKind
    time: int
    size: int
    step: int = 0
    offset: int = 0
    partition: tuple[int, ...] = ()
    time_kind: TimeKind = TimeKind.ROWTIME
    zone: bool = False
    rows: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class WindowTable(UnaryRelation):
    """A window table-valued function: the input's columns, then window_start, window_end, window_time.

    With its `spec.zone` the start and end are local times of `table.local-time-zone` (time attribute of TIMESTAMP_LTZ).
    """

    spec: WindowSpec


class WindowProperty(Enum):
    START = "window_start"
    END = "window_end"
    ROWTIME = "window_time"
    PROCTIME = "proctime"


@dataclass(frozen=True, slots=True, eq=False)
class WindowAggregate(UnaryRelation):
    """Aggregation per key and window: key columns, calls, then window properties.

    `attached`: the input already has window_start/window_end at these positions (cascaded windows) instead of a time.
    `legacy`: GROUP BY TUMBLE(...).
    """

    spec: WindowSpec
    keys: tuple[int, ...]
    calls: tuple[AggregateCall, ...]
    properties: tuple[WindowProperty, ...] = ()
    attached: tuple[int, int] | None = None
    legacy: bool = False

    def __post_init__(self) -> None:
        width = len(self.keys) + len(self.calls) + len(self.properties)
        self.check(len(self.schema) == width, "schema is keys, calls, properties")


class JoinKind(Enum):
    INNER = "INNER"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    FULL = "FULL"
    SEMI = "SEMI"
    ANTI = "ANTI"


@dataclass(frozen=True, slots=True, eq=False)
class Join(BinaryRelation):
    """A regular join: equal `left_keys` and `right_keys` (NULL matches nothing, unless in `null_safe`: those positions
    of the key lists compare IS NOT DISTINCT FROM), and `condition` (over left + right columns, or None). `null_aware`:
    an ANTI join of NOT IN."""

    kind: JoinKind
    left_keys: tuple[int, ...]
    right_keys: tuple[int, ...]
    condition: Expression | None = None
    null_safe: tuple[int, ...] = ()
    null_aware: bool = False

    def __post_init__(self) -> None:
        self.check(len(self.left_keys) == len(self.right_keys), "as many left keys as right ones")
        width = len(self.left.schema) + (0 if self.kind in (JoinKind.SEMI, JoinKind.ANTI) else len(self.right.schema))
        self.check(len(self.schema) == width, f"schema has {len(self.schema)} columns, inputs {width}")


@dataclass(frozen=True, slots=True, eq=False)
class IntervalJoin(Join):
    """A join whose rows lie within a time of each other: left.time + lower <= right.time <= left.time + upper
    (microseconds, inclusive), in event or processing time."""

    left_time: int = 0
    right_time: int = 0
    lower: int = 0
    upper: int = 0
    time_kind: TimeKind = TimeKind.ROWTIME


@dataclass(frozen=True, slots=True, eq=False)
class TemporalJoin(Join):
    """INNER or LEFT join with the version of the right side valid AS OF `left_time`: the versioned table's primary key
    is `right_keys`, its time attribute `right_time`."""

    left_time: int = 0
    right_time: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class LookupJoin(UnaryRelation):
    """INNER or LEFT join with a table that is looked up by key as of now. `keys`: (position in the table's schema, key
    expression over the input); `condition` over input + table columns."""

    kind: JoinKind
    table: TableSpec
    columns: tuple[int, ...]
    keys: tuple[tuple[int, Expression], ...]
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """An ordering column: position, direction, place of NULLs (Flink: first when ascending)."""

    index: int
    descending: bool = False
    nulls_first: bool = True


@dataclass(frozen=True, slots=True)
class Frame:
    """An OVER frame: rows or range, `preceding` rows or microseconds (None = unbounded), to the current row."""

    rows: bool
    preceding: int | None
    following: int | None = 0


@dataclass(frozen=True, slots=True, eq=False)
class Over(UnaryRelation):
    """Adds a column for each call over one window: the input's columns, then the calls."""

    partition: tuple[int, ...]
    order: tuple[SortKey, ...]
    frame: Frame
    calls: tuple[AggregateCall, ...]

    def __post_init__(self) -> None:
        self.check(len(self.schema) == len(self.input.schema) + len(self.calls), "schema is input, then calls")


@dataclass(frozen=True, slots=True, eq=False)
class Rank(UnaryRelation):
    """Top-N: the rows ranked `start` to `end` (1-based, inclusive) per key, and their rank where `with_rank`.
    `end_column`: a variable N, read from that input column. `function`: ROW_NUMBER, RANK or DENSE_RANK."""

    partition: tuple[int, ...]
    order: tuple[SortKey, ...]
    start: int
    end: int
    with_rank: bool = False
    end_column: int | None = None
    function: str = "ROW_NUMBER"


@dataclass(frozen=True, slots=True, eq=False)
class Deduplicate(UnaryRelation):
    """The first or last row of each key by a time attribute; `order` = (position, time kind). `once`: a first row is
    said when nothing earlier can come any more, and never taken back."""

    partition: tuple[int, ...]
    order: tuple[int, TimeKind]
    keep_last: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class WindowRank(Rank):
    """Top-N or deduplication within windows: emitted once when the window at `window_end` has passed."""

    window_end: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class WindowJoin(Join):
    """A join of two windowed relations on equal windows: positions of window_end left and right among the columns."""

    left_window_end: int = 0
    right_window_end: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Sort(UnaryRelation):
    """ORDER BY with OFFSET and LIMIT (None = none). By a leading ascending time attribute: a temporal sort."""

    order: tuple[SortKey, ...]
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Correlate(UnaryRelation):
    """For each input row the rows of a table function of its columns (UNNEST, a user's function): input columns, then
    the function's. `left`: keep input rows without any. `options`: a user's function itself."""

    function: str
    args: tuple[Expression, ...]
    left: bool = False
    condition: Expression | None = None
    ordinality: bool = False
    options: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sink(UnaryRelation):
    """INSERT INTO a table: the input's columns are the table's persisted columns, in order.

    `on_conflict`: None, "ERROR", "NOTHING" or "DEDUPLICATE"; `label` names the statement.
    """

    table: TableSpec
    on_conflict: str | None = None
    overwrite: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """What one execution runs: its sinks (sharing relations), and the settings in force."""

    sinks: tuple[Sink, ...]
    settings: tuple[tuple[str, str], ...] = ()

    def setting(self, name: str, default: str = "") -> str:
        return dict(self.settings).get(name, default)

    @property
    def batch(self) -> bool:
        """Whether only what is left at the end of the input is wanted, not the way there."""
        return self.setting("execution.runtime-mode", "streaming").lower() == "batch"
