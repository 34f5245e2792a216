"""What each kind of operator holds, in terms of its relation: for the description of its state.

One short function a kind of operator, in the table at the end: what must be equal for old state to be read on
(`fixed`), what its table's keys and numbered fields mean, and which input's rows the stores on it hold. A kind that is
not in the table is held to be the same only where its whole node is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.operators.over import OverAggregate
from engine.plan import nodes as n
from engine.plan.explain import describe
from engine.plan.meaning import Meaning, Meanings, aggregate_call, digest, join_condition, sort_keys, window
from engine.types import TimeKind


@dataclass(frozen=True)
class Store:
    """A store of rows: the columns of an input (those at `which`, None = all), then `own` ones, by what they mean ("" =
    of no use to the operator as it is)."""

    port: int = 0
    own: tuple[str, ...] = ()
    which: tuple[int, ...] | None = None
    whole: bool = False  # every column counts, none is merely carried


@dataclass(frozen=True)
class Holding:
    """What an operator holds. `fixed`: by name, for people, what may not change; `keys`: input columns of the keys, by
    position in input `port`; `calls`: meanings of its aggregate calls, c0, c1...; `stores`: by the name in the table;
    `numbered`: fields "0", "1"... hold the columns of the input; `clock`: results depend on the time of processing;
    `timed`: on watermarks."""

    fixed: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[int, ...] = ()
    calls: tuple[str, ...] = ()
    stores: Mapping[str, Store] = field(default_factory=dict)
    numbered: bool = False
    clock: bool = False
    timed: bool = False
    whole_keys: Sequence[str] | None = None  # meanings of keys that are no single columns

    def in_time(self) -> Holding:
        """The same of an operator for which rows may be late."""
        return replace(self, timed=True)


@dataclass(frozen=True)
class View:
    """An operator's relation, the relations whose rows it gets, and what all of them mean."""

    operator: Any
    relation: Any
    inputs: tuple[n.Relation, ...]
    meanings: Meanings

    @property
    def given(self) -> list[Meaning]:
        return [self.meanings.of(r) for r in self.inputs]

    def calls(self, calls: Sequence[n.AggregateCall]) -> tuple[str, ...]:
        return tuple(aggregate_call(c, self.inputs[0], self.given[0]) for c in calls)


def _group(v: View) -> Holding:
    return Holding(keys=v.relation.keys, calls=v.calls(v.relation.calls))


def _window(v: View) -> Holding:
    r = v.relation
    return Holding({"window": window(r.spec, v.given[0], r.attached)}, r.keys, v.calls(r.calls),
                   clock=r.attached is None and r.spec.time_kind is TimeKind.PROCTIME).in_time()


def _pairs(v: View) -> list[str]:
    """The keys of a join: of both sides."""
    left, right = v.given
    return [digest("pair", left.columns[a], right.columns[b])
            for a, b in zip(v.relation.left_keys, v.relation.right_keys, strict=True)]


def _join(v: View) -> Holding:
    """The condition is no part of the state, but for how often the rows of a side match."""
    r = v.relation
    matches = digest("matches", join_condition(r, v.given), r.null_safe)
    outer = r.kind in (n.JoinKind.LEFT, n.JoinKind.FULL, n.JoinKind.SEMI, n.JoinKind.ANTI)
    counted = (outer, r.kind in (n.JoinKind.RIGHT, n.JoinKind.FULL))
    stores = {side: Store(port, (matches if counted[port] else "",)) for port, side in enumerate(("left", "right"))}
    return Holding(stores=stores, whole_keys=_pairs(v))


def _interval(v: View) -> Holding:
    r = v.relation
    outer = (r.kind in (n.JoinKind.LEFT, n.JoinKind.FULL), r.kind in (n.JoinKind.RIGHT, n.JoinKind.FULL))
    matched = digest("matched", join_condition(r, v.given))
    times = [v.given[0].columns[r.left_time], v.given[1].columns[r.right_time]]
    fixed = {"interval": [r.lower, r.upper], "time": times, "kind of time": r.time_kind.value}
    stores = {side: Store(port, ("time", "seq", matched if outer[port] else ""))
              for port, side in enumerate(("left", "right"))}
    return Holding(fixed, stores=stores, clock=r.time_kind is TimeKind.PROCTIME, whole_keys=_pairs(v)).in_time()


def _temporal(v: View) -> Holding:
    r = v.relation
    times = [v.given[0].columns[r.left_time], v.given[1].columns[r.right_time]]
    stores = {"left": Store(0, ("seq", "kind")), "versions": Store(1, ("gone",))}
    return Holding({"time": times}, stores=stores, whole_keys=_pairs(v)).in_time()


def _window_join(v: View) -> Holding:
    r = v.relation
    ends = [v.given[0].columns[r.left_window_end], v.given[1].columns[r.right_window_end]]
    stores = {"left": Store(0, ("seq",)), "right": Store(1, ("seq",))}
    return Holding({"window": ends}, stores=stores, whole_keys=_pairs(v)).in_time()


def _rank_keys(v: View) -> tuple[int, ...]:
    return v.relation.partition if isinstance(v.relation, n.Rank) else ()


def _top(v: View) -> Holding:
    """Only the best rows are kept, so that another order or more rows need those that were let go."""
    r = v.relation
    last = r.end if isinstance(r, n.Rank) else r.offset + r.limit
    return Holding({"order": sort_keys(r.order, v.given[0]), "number of rows": last}, _rank_keys(v),
                   stores={"rows": Store()})


def _all_ranked(v: View) -> Holding:
    return Holding(keys=_rank_keys(v), stores={"rows": Store()})


def _window_rank(v: View) -> Holding:
    r, given = v.relation, v.given[0]
    keys = tuple(p for p in r.partition if p != r.window_end)
    fixed = {"order": sort_keys(r.order, given), "number of rows": r.end, "window": given.columns[r.window_end]}
    return Holding(fixed, keys, stores={"rows": Store()}).in_time()


def _sorted_window_rank(v: View) -> Holding:
    r = v.relation
    keys = tuple(p for p in r.partition if p != r.window_end)
    return Holding({"window": v.given[0].columns[r.window_end]}, keys, stores={"rows": Store(0, ("seq",))}).in_time()


def _deduplicate(v: View) -> Holding:
    position, kind = v.relation.order
    time = v.given[0].columns[position] if kind is TimeKind.ROWTIME else "arrival"
    fixed = {"time": time, "first or last": v.relation.keep_last}
    held = Holding(fixed, v.relation.partition, stores={"rows": Store()})
    return held.in_time() if v.relation.once else held


def _over(v: View) -> Holding:
    r = v.relation
    assert isinstance(v.operator, OverAggregate)
    timed = v.inputs[0].schema[r.order[0].index].time
    fixed = {"order": sort_keys(r.order, v.given[0])[:1], "frame": repr(r.frame)}
    stores = {"frame": Store(0, ("word",), v.operator.frame_columns, whole=True), "buffer": Store(0, ("seq",))}
    return Holding(fixed, r.partition, v.calls(r.calls), stores,
                   clock=timed is TimeKind.PROCTIME and r.frame.preceding is not None and not r.frame.rows).in_time()


def _sorted_over(v: View) -> Holding:
    return Holding(keys=v.relation.partition, stores={"rows": Store()})


def _normalize(v: View) -> Holding:
    return Holding(keys=v.operator.keys, numbered=True)


def _materialize(v: View) -> Holding:
    return Holding({"ON CONFLICT": v.relation.on_conflict}, v.relation.table.primary_key,
                   stores={"rows": Store(whole=True)})


def _set_operation(v: View) -> Holding:
    pairs = [digest(*pair) for pair in zip(*(g.columns for g in v.given), strict=True)]
    return Holding(whole_keys=pairs)


def _lookup(v: View) -> Holding:
    """Rows that wait for an answer; whom they are asked of, and how, may change."""
    return Holding(stores={"rows": Store(0, ("kind", "stamp", "seq"))})


def _sort(v: View) -> Holding:
    if not v.operator.timed:
        return Holding(stores={"rows": Store(whole=True)})
    return Holding({"order": sort_keys(v.relation.order, v.given[0])[:1]}, stores={"rows": Store()}).in_time()


def _watermark(v: View) -> Holding:
    return Holding({"watermark": v.meanings.of(v.relation).rows.time})


def _nothing_fixed(v: View) -> Holding:
    return Holding()


def _source(v: View) -> Holding:
    if not isinstance(v.relation, n.Scan):
        return Holding({"rows": v.meanings.of(v.relation).rows.digest})
    return Holding({"table": v.meanings.table(v.relation.table)})


def unknown(v: View) -> Holding:
    """The whole node must be the same."""
    whole = [describe(v.relation), [[g.rows.timed, g.columns] for g in v.given]]
    return Holding({"definition": digest(whole)}, timed=True)


HOLDINGS: dict[str, Callable[[View], Holding]] = {
    "GroupAggregate": _group, "GlobalAggregate": _group, "WindowAggregate": _window, "SessionAggregate": _window,
    "StreamJoin": _join, "IntervalJoin": _interval, "TemporalJoin": _temporal, "WindowJoin": _window_join,
    "AppendRank": _top, "RetractRank": _all_ranked, "WindowRank": _window_rank, "SortedWindowRank": _sorted_window_rank,
    "DeduplicateFirst": lambda v: Holding({"first or last": False}, v.relation.partition), "Deduplicate": _deduplicate,
    "DeduplicateEarliest": _deduplicate, "OverAggregate": _over, "SortedOver": _sorted_over,
    "ChangelogNormalize": _normalize, "UpsertMaterialize": _materialize, "SetOperation": _set_operation, "Sort": _sort,
    "LookupJoin": _lookup, "Limit": _nothing_fixed, "AssignWatermarks": _watermark, "SourceReader": _source,
}  # fmt: skip

FAMILIES = {"GlobalAggregate": "GroupAggregate"}
"""Kinds of operator whose state is that of another kind."""
