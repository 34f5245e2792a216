"""Events with what followed."""

from __future__ import annotations

from sqlglot import exp

from porsche.components.base import Component, Lowering, Port, PropertyError
from porsche.components.properties import Columns, Duration, Text, TimeColumn
from porsche.components.reading import Reading, Readings, Said, bare, conjuncts, lasting, relation, windowed
from porsche.components.table import Table, all_of, call, column, number, text

STEP = exp.Interval(this=text("1"), unit=exp.Var(this="SECOND"))


class LabelJoin(Component):
    """Label each event with whether an outcome followed within a time: a click within ten minutes of its impression.

    The label is 1 or 0. It comes only once the time has passed, and `known_at` says when: a model that learns from it,
    joined as of a moment, has seen no later label. Rows that are equal in all columns count as one event. The
    result's time column is `label_time`, the end of the event's second.
    """

    family = "join"
    inputs = (Port("events", "events to label"), Port("outcomes", "what may follow them"))
    example = {
        "match": ["impression_id"], "time": "shown_at", "outcome_time": "clicked_at", "within": "10 minutes",
    }
    match = Columns(
        label="Same in both", about="columns with these names are equal in an event and its outcome", port="events"
    )
    time = TimeColumn(label="Time of the event", port="events")
    outcome_time = TimeColumn(label="Time of the outcome", port="outcomes")
    within = Duration(label="Within", about="an outcome counts if it is later than the event by at most this")
    label = Text(label="Name of the label", default="label", port="")

    def lower(self, events: Table, outcomes: Table) -> Lowering:
        self._check(events, outcomes)
        kept = events.without_clocks()
        joined = self._joined(events, outcomes, kept)
        windows = Table.of(self.site.helper("joined"), events.schema).window("TUMBLE", self.time, STEP)
        bounds = ("window_start", "window_end", "window_time")
        known_at = exp.Add(this=column(self.time), expression=self.within)
        items = [*((name, column(name)) for name in kept), (self.label, call("MAX", column(self.label))),
                 ("known_at", known_at), ("label_time", column("window_time"))]
        labelled = windows.select(items).grouped((*bounds, *kept))
        return Lowering(views=((self.site.helper("joined"), joined), (self.site.node, labelled.tree())))

    @classmethod
    def read(cls, said: Said) -> Readings:
        joined, labelled = said.views.get(said.node + "__joined"), said.views.get(said.node)
        join = next(iter(joined.args.get("joins") or ()), None) if joined is not None else None
        windows = windowed(labelled) if labelled is not None else None
        if joined is None or labelled is None or join is None or windows is None:
            return
        events, outcomes = relation(joined.args["from_"].this), relation(join.this)
        *equal, later, latest = conjuncts(join.args.get("on"))
        length = bare(latest.expression).expression if isinstance(bare(latest.expression), exp.Add) else None
        if not events or not outcomes or not equal or not later.this or not lasting(length):
            return
        found = {"match": [tree.this.name for tree in equal], "time": windows[2],
                 "outcome_time": later.this.name, "within": lasting(length), "label": joined.expressions[-1].alias}
        yield Reading(found, {"events": (events,), "outcomes": (outcomes,)})

    def _check(self, events: Table, outcomes: Table) -> None:
        missing = [name for name in self.match if name not in outcomes.names]
        if missing:
            raise PropertyError("match", "unknown_column", f"the outcomes have no column '{missing[0]}'",
                                f"they have {', '.join(outcomes.names)}")
        taken = [name for name in (self.label, "known_at", "label_time") if name in events.names]
        if taken:
            raise PropertyError("label", "duplicate_column", f"the events have a column '{taken[0]}' already",
                                "select other columns before, or name the label otherwise")

    def _joined(self, events: Table, outcomes: Table, kept: list[str]) -> exp.Query:
        """A row for each event and outcome, and one for an event without any."""
        start, end = column(self.time, "e"), column(self.outcome_time, "o")
        on = all_of([
            *(exp.EQ(this=column(name, "e"), expression=column(name, "o")) for name in self.match),
            exp.GT(this=end, expression=start),
            exp.LTE(this=end.copy(), expression=exp.Add(this=start.copy(), expression=self.within)),
        ])
        followed = exp.Case(
            ifs=[exp.If(this=exp.Is(this=column(self.match[0], "o"), expression=exp.Null()), true=number(0))],
            default=number(1),
        )
        items = [*((name, column(name, "e")) for name in kept), (self.label, followed)]
        return events.join(outcomes, on, items, aliases=("e", "o"), left=True).tree()


