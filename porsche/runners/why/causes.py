"""The rules: from the operator that takes rows and gives none to what a person is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from porsche.runners.why import waiting
from porsche.runners.why.cause import Cause, rows
from porsche.runners.why.plan import MAY_BE_EMPTY, Figures, Plan, Work

CONDITIONS = {"filter": "condition", "metric_sink": "where"}
"""Components that leave rows out by a condition: the property that holds it."""
DROPPING = frozenset({*CONDITIONS, "custom_sql", "deduplicate", "top_n", "keyed_counters"})


def explained(
    plan: Plan, snapshot: Mapping[str, Any], counts: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Cause]:
    """A cause for each sink that got nothing, those of several sinks once; [] where all got some."""
    figures = Figures.of(plan, snapshot, counts)
    return _gathered({sink: _of_sink(plan, figures, sink) for sink in plan.sinks})


def endings(plan: Plan, figures: Figures, nodes: Iterable[str]) -> list[Cause]:
    """Why these nodes give nothing, sinks and others: the cause of each, those of several once. `figures.counts` has
    the nodes that ran."""
    search = _Search(plan, figures)
    return _gathered({node: search.cause(node) if node in figures.counts else _left_out(plan, plan.behind(node), node)
                      for node in nodes})


def _gathered(causes: Mapping[str, Cause | None]) -> list[Cause]:
    found: dict[tuple[str, str], Cause] = {}
    for sink, cause in causes.items():
        if cause is not None:
            known = found.get((cause.code, cause.node), cause)
            found[cause.code, cause.node] = known.at(sink)
    return list(found.values())


def _of_sink(plan: Plan, figures: Figures, sink: str) -> Cause | None:
    """Why a sink got nothing; None where it got some, and it can be seen."""
    way = plan.behind(sink)
    if sink not in figures.sinks:
        return _left_out(plan, way, sink)
    if (figures.sinks[sink].get("rows") or 0) > 0:
        return waiting.uncommitted(plan, figures, sink)
    if figures.sinks[sink].get("retrying"):
        return waiting.sink_away(figures, sink)
    return _Search(plan, figures).cause(sink)


def _left_out(plan: Plan, way: Sequence[str], sink: str) -> Cause | None:
    """A sink that the job does not have, since a node is switched off."""
    off = [name for name in way if plan.nodes[name].disabled]
    if not off:
        return None
    return Cause(
        "disabled",
        off[0],
        f"'{off[0]}' is switched off, and what only it feeds is left out with it",
        "switch it on, and start the pipeline anew",
        tuple(off[1:]),
    )


@dataclass(frozen=True)
class At:
    """An operator that swallows, on the way to a sink: its nodes that are on the way, the last one of them."""

    plan: Plan
    figures: Figures
    work: Work
    nodes: Sequence[str]
    search: _Search

    @property
    def node(self) -> str:
        return self.nodes[-1]

    def fact(self, name: str) -> Any:
        return self.figures.fact(self.node, name)


@dataclass(frozen=True)
class _Search:
    plan: Plan
    figures: Figures

    def cause(self, end: str) -> Cause:
        """Why nothing comes to a node, or out of it."""
        way = self.plan.behind(end, needed=True)
        swallowing = next(
            (
                w
                for w in self.figures.work
                if w.rows_in > 0 and w.rows_out == 0 and w.nodes & set(way) and w.kind not in ("Sink", "Pipe")
            ),
            None,
        )
        if swallowing is None:
            return self.sources(way, end)
        nodes = [name for name in way if name in swallowing.nodes]
        at = At(self.plan, self.figures, swallowing, nodes, self)
        return RULES.get(swallowing.kind, _filtered)(at)

    def sources(self, way: Sequence[str], end: str) -> Cause:
        """Why the sources of a node give nothing."""
        found = [name for name in way if name in self.figures.sources]
        silent = next((name for name in found if not self.figures.sources[name].get("rows")), None)
        if silent is None and (unread := next((n for n in found if self._all_dead(n)), None)) is not None:
            return waiting.unreadable(self.figures, unread)
        if silent is not None:
            return waiting.silent_source(self.figures, silent)
        return Cause(
            "unknown",
            end,
            f"nothing has come to '{end}' yet",
            "wait a moment and ask again",
            facts={"rows_in": self.figures.fact(end, "rows_in")},
        )

    def _all_dead(self, source: str) -> bool:
        dead = self.figures.fact(source, "dead_letters") or 0
        return 0 < dead >= (self.figures.sources[source].get("rows") or 0)


# ---- by what an operator does ----------------------------------------------------------------------------------------


def _filtered(at: At) -> Cause:
    """Several filters may be one operator: over a sample each is counted by itself."""
    if at.work.kind == "Source" and at.search._all_dead(at.nodes[0]):
        return waiting.unreadable(at.figures, at.nodes[0])
    able = [name for name in at.nodes if at.plan.nodes[name].component in DROPPING] or list(at.nodes)
    node = next((name for name in able if _takes_all(at.figures.counts.get(name))), able[0])
    others = tuple(name for name in able if name != node and not at.figures.counts)
    made = _enriched(at, node)
    if made is not None:
        return made
    component = at.plan.nodes[node].component
    text = str(at.plan.nodes[node].properties.get(CONDITIONS.get(component, ""), "") or "")
    taken = rows(at.work.rows_in)
    if component == "metric_sink":
        return Cause(
            "sink_filters_all",
            node,
            f"of {taken} none fulfils the condition of '{node}': {text}",
            "look at what the rows hold there, and change 'Only rows where'",
            others,
            facts={"rows_in": at.work.rows_in},
        )
    what = (
        f"the condition of '{node}' is true for none of {taken}: {text}"
        if text
        else f"'{node}' leaves out all of {taken}"
    )
    return Cause(
        "filter_drops_all",
        node,
        what,
        "look at its input in the preview: is the value spelled so, may it be NULL?",
        others,
        facts={"rows_in": at.work.rows_in},
    )


def _takes_all(counted: Mapping[str, Any] | None) -> bool:
    return bool(counted) and (counted or {}).get("rows_in", 0) > 0 and (counted or {}).get("rows_out") == 0


def _enriched(at: At, node: str) -> Cause | None:
    """A condition over columns that an earlier node was to fill in, and could not."""
    own = at.plan.nodes[node]
    condition = own.properties.get(CONDITIONS.get(own.component, ""), own.properties.get("query", ""))
    words = set(re.findall(r"\w+", str(condition)))
    for name in reversed(at.plan.behind(node)[:-1]):
        made = _empty_columns(at, name, words)
        if made is not None:
            return made
    return None


def _empty_columns(at: At, name: str, words: set[str]) -> Cause | None:
    """Why a node fills none of these columns in."""
    properties, component = at.plan.nodes[name].properties, at.plan.nodes[name].component
    if component == "predict" and str(properties.get("prediction", "p")) in words:
        model = waiting.untrained(at.plan, at.figures, name)
        return None if model is None else _without_model(at.search.cause(model), model, name)
    lookup, added = at.figures.fact(name, "lookup") or {}, properties.get("columns") or ()
    filled = words & set([added] if isinstance(added, str) else added)
    if component == "dimension_join" and filled and waiting.found_nothing(lookup):
        return waiting.missed(at.plan, name, lookup)
    return None


def _without_model(cause: Cause, model: str, predict: str) -> Cause:
    message = f"'{predict}' predicts NULL, since '{model}' has learnt nothing yet: {cause.message}"
    return replace(cause, message=message, related=(*cause.related, model, predict))


def _looked_up(at: At) -> Cause:
    lookup = at.fact("lookup") or {}
    if waiting.found_nothing(lookup):
        return waiting.missed(at.plan, at.node, lookup)
    return Cause(
        "lookup_waits",
        at.node,
        f"'{at.node}' waits for answers to its look-ups",
        "is the store of the dimension within reach, and how long does it take to answer?",
        facts=lookup,
    )


def _joined(at: At) -> Cause:
    """Rows of two sides that do not meet."""
    empty = _empty_side(at)
    if empty is not None:
        return empty
    waits = waiting.on_time(at.plan, at.figures, at.node, at.work)
    join = at.fact("join") or {}
    if waits is not None and (at.plan.nodes[at.node].component == "label_join" or at.work.kind == "TemporalJoin"):
        return waits
    taken = join.get("left_rows", 0) + join.get("right_rows", 0)
    least = min(join.get("left_rows", 0), join.get("right_rows", 0))
    if 0 < least <= join.get("null_keys", 0):
        return Cause(
            "null_keys",
            at.node,
            f"'{at.node}' joins by a key that is NULL in {rows(join['null_keys'])} of {int(taken):,}: "
            "NULL equals nothing",
            "fill the key in before, or join by another column",
            facts=join,
        )
    if waiting.apart(join):
        return waiting.out_of_range(at.node, join)
    if join.get("met"):
        if at.work.kind == "IntervalJoin":
            return waiting.out_of_range(at.node, join)
        return Cause(
            "condition_false",
            at.node,
            f"{int(join['met']):,} pairs of '{at.node}' have equal keys, and its further condition is true for none",
            "look at both inputs in the preview, and at the condition",
            facts=join,
        )
    return Cause(
        "no_match",
        at.node,
        f"no key of one input of '{at.node}' is among those of the other: {rows(join.get('left_rows', 0))} "
        f"and {rows(join.get('right_rows', 0))} have come",
        "compare the keys of both inputs in the preview: type, spelling, spaces",
        tuple(source for source, _ in at.plan.inputs[at.node]),
        facts=join,
    )


def _empty_side(at: At) -> Cause | None:
    """A join of whose inputs one has given nothing: what is the matter lies there. Outcomes may be none."""
    needed = [
        source
        for source, port in at.plan.inputs[at.node]
        if port not in MAY_BE_EMPTY and Plan.gives(at.plan.nodes[source]) == "rows"
    ]
    join = at.fact("join") or {}
    if len(needed) < 2 or (join.get("left_rows") and join.get("right_rows")):
        return None
    empty = next((source for source in needed if not at.figures.fact(source, "rows_out")), None)
    return None if empty is None else at.search.cause(empty)


def _timed(at: At) -> Cause:
    """Windows, and whatever else waits for the watermark."""
    if 2 * at.work.late > at.work.rows_in:
        return waiting.all_late(at.plan, at.figures, at.node, at.work)
    return waiting.on_time(at.plan, at.figures, at.node, at.work) or _filtered(at)


RULES: Mapping[str, Callable[[At], Cause]] = {
    **dict.fromkeys(
        (
            "WindowAggregate",
            "SessionAggregate",
            "GroupWindowAggregate",
            "WindowRank",
            "SortedWindowRank",
            "OverAggregate",
            "SortedOver",
            "Over",
            "Deduplicate",
            "DeduplicateFirst",
            "DeduplicateEarliest",
            "Sort",
            "WindowTableFunction",
            "GlobalAggregate",
        ),
        _timed,
    ),
    **dict.fromkeys(("IntervalJoin", "TemporalJoin", "Join", "WindowJoin"), _joined),
    "Lookup": _looked_up,
    "LookupJoin": _looked_up,
}
"""By the kind of operator; a condition is what is left."""
