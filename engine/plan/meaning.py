"""What the rows and columns of a plan mean, as digests: two programs' relations mean the same where these are equal.

A column's digest says what it is computed from, not where it stands or what it is called; that of rows says which rows
there are: their sources, and what filters, joins, groups and ranks them. So neither the order or number of columns, nor
names of views, nor nodes beside count. Types count only where they decide a value: a column that became wider means
the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from functools import lru_cache
from typing import Any

from engine.expressions.nodes import MIRRORED, Call, Expression, InputRef, Literal
from engine.plan import nodes as n
from engine.plan.tree import walk
from engine.types import INTEGERS, DataType, Kind

_WIDTHLESS = frozenset({
    "+", "-", "*", "=", "<>", "<", "<=", ">", ">=", "AND", "OR", "NOT", "CASE", "COALESCE", "IF", "NULLIF", "IN",
    "NOT IN", "BETWEEN", "IS NULL", "IS NOT NULL", "IS TRUE", "IS FALSE", "IS NOT TRUE", "IS NOT FALSE",
    "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "COUNT", "SUM", "SUM0", "$SUM0", "MIN", "MAX", "AVG", "FIRST_VALUE",
    "LAST_VALUE", "ROW", "FIELD",
})  # fmt: skip
"""Functions that give the same, but for overflow, of an integer and of the same integer in a wider type."""
_CASTS = frozenset({"CAST", "TRY_CAST"})
_BASE = frozenset({"schema", "nodes", "hints", "place", "input", "left", "right", "relations"})


def digest(*parts: Any) -> str:
    """A short digest of JSON values."""
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Rows:
    """Which rows: those of a base that meet all terms, wherever in the plan they are checked; `time`: by which
    watermark they are late, which counts only where time does (`timed`)."""

    base: str
    terms: frozenset[str] = frozenset()
    time: str = ""

    @property
    def digest(self) -> str:
        return digest(self.base, sorted(self.terms)) if self.terms else self.base

    @property
    def timed(self) -> str:
        return digest(self.digest, self.time) if self.time else self.digest

    def where(self, terms: Iterable[str]) -> Rows:
        return Rows(self.base, self.terms | set(terms), self.time)


@dataclass(frozen=True)
class Meaning:
    """Of one relation: its rows, and its columns by position."""

    rows: Rows
    columns: tuple[str, ...]

    def at(self, positions: Iterable[int]) -> list[str]:
        return [self.columns[p] for p in positions]


class Meanings:
    """The meanings of a program's relations. `names`: what tables were called before (name now -> name then)."""

    def __init__(self, program: n.Program, names: Mapping[str, str] | None = None) -> None:
        self._names = names or {}
        self._pipes = {s.table.path: s for s in program.sinks if s.table.option("connector") == "pipe"}
        self._zone = program.setting("table.local-time-zone") if _has_zone(program) else ""
        self._known: dict[int, tuple[n.Relation, Meaning]] = {}

    def of(self, relation: n.Relation) -> Meaning:
        """The meaning of a relation, also of one that is no part of the program but reads parts of it."""
        for below in walk([relation]):
            if id(below) not in self._known:
                self._known[id(below)] = (below, self._made(below))
        return self._known[id(relation)][1]

    def _made(self, relation: n.Relation) -> Meaning:
        given = [self._known[id(r)][1] for r in relation.inputs]
        if isinstance(relation, n.Scan):
            return self._scan(relation)
        for kind, rule in _RULES:
            if isinstance(relation, kind):
                return _in_time(rule(self, relation, given), given)
        return _opaque(relation, given)

    def table(self, table: n.TableSpec) -> str:
        """The identity of a table: its name, or what it was called before."""
        return digest("table", [*table.path[:-1], self._names.get(table.name, table.name)])

    def _scan(self, scan: n.Scan) -> Meaning:
        fed = self._pipes.get(scan.table.path)
        if fed is not None:
            below = self.of(fed.input)
            return Meaning(below.rows, tuple(below.at(scan.columns)))
        table, names = self.table(scan.table), scan.table.physical.names
        metadata = dict(scan.table.metadata)
        every = [digest("column", table, name, metadata.get(i, "")) for i, name in enumerate(names)]
        rows = Rows(digest("scan", table, scan.limit, self._zone, _rest(scan, {"table", "columns", "filter", "limit",
                                                                             "parts"})))
        return Meaning(rows.where(expression(e, every) for e in scan.filter), tuple(every[c] for c in scan.columns))


def _has_zone(program: n.Program) -> bool:
    return any(f.type.kind is Kind.TIMESTAMP_LTZ for r in walk(program.sinks) for f in r.schema)


# ---- expressions -----------------------------------------------------------------------------------------------------


@lru_cache(4096)
def kind_of(type: DataType, wide: bool) -> str:
    """A type as far as values depend on it: not on nullability, nor on the length of a VARCHAR; with `wide` not on the
    width of an integer."""
    if wide and type.kind in INTEGERS:
        return "INTEGER"
    if type.kind in (Kind.VARCHAR, Kind.VARBINARY):
        return type.kind.value
    return str(type.as_nullable())


def _lossless(type: DataType, given: DataType) -> bool:
    """Whether a cast changes no value and how no value reads."""
    if type.kind in INTEGERS and given.kind in INTEGERS:
        order = (Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT)
        return order.index(type.kind) >= order.index(given.kind)
    if type.kind == given.kind and type.kind in (Kind.VARCHAR, Kind.VARBINARY):
        return type.length >= given.length
    return type.same_as(given)


def expression(one: Expression, columns: Sequence[str]) -> str:
    """The digest of an expression over columns of these digests. Not recursive: chains may be long."""
    done: list[str] = []
    waiting: list[tuple[Expression, bool]] = [(one, False)]
    while waiting:
        part, entered = waiting.pop()
        if isinstance(part, InputRef):
            done.append(columns[part.index])
        elif isinstance(part, Call) and not entered:
            waiting.append((part, True))
            waiting.extend((a, False) for a in reversed(part.args))
        elif isinstance(part, Call):
            args = done[len(done) - len(part.args):]
            del done[len(done) - len(part.args):]
            done.append(_call(part, args))
        elif isinstance(part, Literal):
            done.append(digest("literal", kind_of(part.type, True), repr(part.value)))
        else:
            done.append(digest("expression", str(part), list(columns)))
    return done[0]


def _call(call: Call, args: list[str]) -> str:
    if call.function in _CASTS and _lossless(call.type, call.args[0].type):
        return args[0]
    function, given = call.function, [a.type for a in call.args]
    if function in (">", ">="):
        function, args, given = MIRRORED[function], args[::-1], given[::-1]
    wide = function in _WIDTHLESS
    types = [kind_of(t, wide) for t in (call.type, *given)]
    if function in ("AND", "OR", "=", "<>"):
        args, types = sorted(args), sorted(types)
    target = getattr(call.implementation, "target", "")
    return digest("call", function, types, args, *([target] if target else []))


def terms(condition: Expression | None, columns: Sequence[str]) -> list[str]:
    """The digests of the terms that a condition ANDs, in order of their digests."""
    found: set[str] = set()
    waiting = [] if condition is None else [condition]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call) and one.function == "AND":
            waiting.extend(one.args)
        else:
            found.add(expression(one, columns))
    return sorted(found)


def aggregate_call(call: n.AggregateCall, given: n.Relation, meaning: Meaning) -> str:
    """The digest of an aggregate call over an input, whatever the groups."""
    wide = call.function in _WIDTHLESS
    types = [kind_of(given.schema[a].type, wide) for a in call.args]
    order = [[meaning.columns[i], descending, first] for i, descending, first in call.order]
    where = None if call.filter is None else meaning.columns[call.filter]
    rest = _rest(call, {"function", "args", "field", "distinct", "filter", "order", "options", "nodes"})
    return digest("aggregate", call.function, types, meaning.at(call.args), call.distinct, where, order,
                  [_option(o) for o in call.options], rest)


def _option(value: Any) -> str:
    """A literal, or a user's function by where it is."""
    target = getattr(value, "target", None)
    return f"function {target} {value.name}" if isinstance(target, str) else repr(value)


def _rest(one: Any, handled: set[str]) -> list[list[str]]:
    """What else a node says of itself, where it is not what nodes say when nothing is asked for."""
    found = []
    for f in fields(one):
        value = getattr(one, f.name)
        if f.name not in handled and f.name not in _BASE and value != f.default:
            found.append([f.name, value.name if isinstance(value, Enum) else repr(value)])
    return found


def sort_keys(order: Sequence[n.SortKey], meaning: Meaning) -> list[list[Any]]:
    """ORDER BY columns."""
    return [[meaning.columns[k.index], k.descending, k.nulls_first] for k in order]


# ---- one rule a node -------------------------------------------------------------------------------------------------


def _in_time(made: Meaning, given: Sequence[Meaning]) -> Meaning:
    """A relation whose rows are late by the watermarks of its inputs."""
    times = sorted({g.rows.time for g in given if g.rows.time})
    if made.rows.time or not times:
        return made
    return Meaning(Rows(made.rows.base, made.rows.terms, times[0] if len(times) == 1 else digest(times)), made.columns)


def _opaque(relation: n.Relation, given: list[Meaning]) -> Meaning:
    from engine.plan.explain import describe

    text = digest("node", type(relation).__name__, describe(relation), _rest(relation, set()),
                  [[g.rows.timed, g.columns] for g in given])
    return Meaning(Rows(text), tuple(digest(text, i) for i in range(len(relation.schema))))


def _values(m: Meanings, r: n.Values, given: list[Meaning]) -> Meaning:
    rows = digest("values", [[expression(e, ()) for e in row] for row in r.rows])
    return Meaning(Rows(rows), tuple(digest(rows, i) for i in range(len(r.schema))))


def _watermark(m: Meanings, r: n.AssignWatermark, given: list[Meaning]) -> Meaning:
    [below] = given
    time = digest("watermark", below.columns[r.column], expression(r.expression, below.columns))
    return Meaning(Rows(below.rows.base, below.rows.terms, time), below.columns)


def _project(m: Meanings, r: n.Project, given: list[Meaning]) -> Meaning:
    return Meaning(given[0].rows, tuple(expression(e, given[0].columns) for e in r.expressions))


def _filter(m: Meanings, r: n.Filter, given: list[Meaning]) -> Meaning:
    [below] = given
    return Meaning(below.rows.where(terms(r.condition, below.columns)), below.columns)


def _set(m: Meanings, r: n.SetOperation, given: list[Meaning]) -> Meaning:
    rows = digest("set", r.kind.value, [[g.rows.digest, g.columns] for g in given], _rest(r, {"kind"}))
    return Meaning(Rows(rows), tuple(digest("of all", [g.columns[i] for g in given]) for i in range(len(r.schema))))


def _aggregate(m: Meanings, r: n.Aggregate, given: list[Meaning]) -> Meaning:
    [below] = given
    keys = below.at(r.keys)
    sets = [sorted(keys[p] for p in one) for one in r.grouping_sets]
    groups = digest("groups", below.rows.digest, sorted(keys), sets,
                    _rest(r, {"keys", "calls", "grouping_sets", "two_phase"}))
    results = [digest(groups, aggregate_call(c, r.input, below)) for c in r.calls]
    return Meaning(Rows(groups), (*keys, *results))


def window(spec: n.WindowSpec, meaning: Meaning, attached: tuple[int, int] | None = None) -> str:
    """Which windows rows are put into."""
    if attached is not None:
        return digest("attached", meaning.at(attached))
    rest = _rest(spec, {"kind", "time", "size", "step", "offset", "partition", "time_kind", "zone", "rows"})
    return digest("window", spec.kind.value, meaning.columns[spec.time], spec.size, spec.step, spec.offset,
                  sorted(meaning.at(spec.partition)), spec.time_kind.value, spec.zone, spec.rows, rest)


def _window_aggregate(m: Meanings, r: n.WindowAggregate, given: list[Meaning]) -> Meaning:
    [below] = given
    keys, which = below.at(r.keys), window(r.spec, below, r.attached)
    groups = digest("window groups", below.rows.timed, sorted(keys), which,
                    _rest(r, {"spec", "keys", "calls", "properties", "attached", "legacy"}))
    results = [digest(groups, aggregate_call(c, r.input, below)) for c in r.calls]
    return Meaning(Rows(groups), (*keys, *results, *(digest(which, p.value) for p in r.properties)))


def _window_table(m: Meanings, r: n.WindowTable, given: list[Meaning]) -> Meaning:
    [below] = given
    which = window(r.spec, below)
    added = (digest(which, p.value) for p in (n.WindowProperty.START, n.WindowProperty.END, n.WindowProperty.ROWTIME))
    return Meaning(Rows(digest("windows", below.rows.digest, which, _rest(r, {"spec"}))), (*below.columns, *added))


def sides(given: Sequence[Meaning]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of both sides of a join: those of a table joined with itself are told apart."""
    left, right = (tuple(digest(side, c) for c in g.columns) for side, g in zip(("left", "right"), given, strict=True))
    return left, right


def join_condition(r: n.Join, given: Sequence[Meaning]) -> list[str]:
    """What a join's pairs must meet beyond equal keys."""
    left, right = sides(given)
    return terms(r.condition, (*left, *right))


def _join(m: Meanings, r: n.Join, given: list[Meaning]) -> Meaning:
    left, right = sides(given)
    keys = sorted([given[0].columns[a], given[1].columns[b], i in r.null_safe]
                  for i, (a, b) in enumerate(zip(r.left_keys, r.right_keys, strict=True)))
    times = []
    if isinstance(r, n.IntervalJoin):
        times = [left[r.left_time], right[r.right_time], r.lower, r.upper, r.time_kind.value]
    elif isinstance(r, n.TemporalJoin):
        times = [left[r.left_time], right[r.right_time]]
    elif isinstance(r, n.WindowJoin):
        times = [left[r.left_window_end], right[r.right_window_end]]
    handled = {"kind", "left_keys", "right_keys", "condition", "null_safe", "left_time", "right_time", "lower", "upper",
               "time_kind", "left_window_end", "right_window_end"}
    given_rows = [g.rows.timed if times else g.rows.digest for g in given]
    rows = digest("join", type(r).__name__, r.kind.value, given_rows, keys, join_condition(r, given), times,
                  _rest(r, handled))
    return Meaning(Rows(rows), left if r.kind in (n.JoinKind.SEMI, n.JoinKind.ANTI) else (*left, *right))


def _lookup(m: Meanings, r: n.LookupJoin, given: list[Meaning]) -> Meaning:
    [below] = given
    table, names = m.table(r.table), r.table.physical.names
    found = tuple(digest("looked up", table, names[c]) for c in r.columns)
    keys = sorted([names[p], expression(e, below.columns)] for p, e in r.keys)
    rows = digest("lookup", below.rows.digest, r.kind.value, table, keys, terms(r.condition, (*below.columns, *found)),
                  _rest(r, {"kind", "table", "columns", "keys", "condition"}))
    return Meaning(Rows(rows), (*below.columns, *found))


def _over(m: Meanings, r: n.Over, given: list[Meaning]) -> Meaning:
    [below] = given
    timed = bool(r.order) and r.input.schema[r.order[0].index].time is not None
    rows = below.rows.timed if timed else below.rows.digest
    frame = digest("over", rows, sorted(below.at(r.partition)), sort_keys(r.order, below), repr(r.frame),
                   _rest(r, {"partition", "order", "frame", "calls"}))
    calls = tuple(digest(frame, aggregate_call(c, r.input, below)) for c in r.calls)
    return Meaning(Rows(digest("over", rows, sort_keys(r.order, below)[:1])), (*below.columns, *calls))


def _rank(m: Meanings, r: n.Rank, given: list[Meaning]) -> Meaning:
    [below] = given
    end: object = r.end if r.end_column is None else below.columns[r.end_column]
    closing = below.columns[r.window_end] if isinstance(r, n.WindowRank) else ""
    given_rows = below.rows.timed if isinstance(r, n.WindowRank) else below.rows.digest
    place = digest("place", given_rows, r.function, sorted(below.at(r.partition)), sort_keys(r.order, below))
    rows = digest("rank", place, r.start, end, closing, _rest(r, {
        "partition", "order", "start", "end", "with_rank", "end_column", "function", "window_end"}))
    return Meaning(Rows(rows), (*below.columns, place)[:len(r.schema)])


def _deduplicate(m: Meanings, r: n.Deduplicate, given: list[Meaning]) -> Meaning:
    [below] = given
    position, kind = r.order
    time = below.columns[position] if 0 <= position < len(below.columns) else ""
    given_rows = below.rows.timed if r.once else below.rows.digest
    rows = digest("deduplicate", given_rows, sorted(below.at(r.partition)), time, kind.value, r.keep_last, r.once,
                  _rest(r, {"partition", "order", "keep_last", "once"}))
    return Meaning(Rows(rows), below.columns)


def _sort(m: Meanings, r: n.Sort, given: list[Meaning]) -> Meaning:
    [below] = given
    rest = _rest(r, {"order", "offset", "limit"})
    if r.limit is None and not r.offset and not rest:
        return below
    return Meaning(Rows(digest("limit", below.rows.digest, sort_keys(r.order, below), r.offset, r.limit, rest)),
                   below.columns)


def _correlate(m: Meanings, r: n.Correlate, given: list[Meaning]) -> Meaning:
    [below] = given
    call = digest("table function", r.function, [expression(a, below.columns) for a in r.args], r.ordinality,
                  [_option(o) for o in r.options])
    width = len(r.schema) - len(below.columns)
    columns = (*below.columns, *(digest(call, i) for i in range(width)))
    rows = digest("correlate", below.rows.digest, call, r.left, terms(r.condition, columns),
                  _rest(r, {"function", "args", "left", "condition", "ordinality", "options"}))
    return Meaning(Rows(rows), columns)


def _sink(m: Meanings, r: n.Sink, given: list[Meaning]) -> Meaning:
    return given[0]


_RULES: tuple[tuple[type[n.Relation], Any], ...] = (
    (n.Values, _values), (n.AssignWatermark, _watermark), (n.Project, _project), (n.Filter, _filter),
    (n.SetOperation, _set), (n.Aggregate, _aggregate), (n.WindowAggregate, _window_aggregate),
    (n.WindowTable, _window_table), (n.Join, _join), (n.LookupJoin, _lookup), (n.Over, _over), (n.Rank, _rank),
    (n.Deduplicate, _deduplicate), (n.Sort, _sort), (n.Correlate, _correlate), (n.Sink, _sink),
)
