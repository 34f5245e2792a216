"""Predictions of a model."""

from __future__ import annotations

from sqlglot import exp

from porsche.components.base import Component, Port, PropertyError
from porsche.components.properties import Column, Text, TimeColumn
from porsche.components.reading import Reading, Readings, Said, as_of
from porsche.components.table import Table, call, column, constant, identifier


class Predict(Component):
    """Add a model's prediction to each row.

    The version used is the last one that was known at the row's time, so a prediction can be made again and comes out
    the same. Rows from before the first version have none: NULL.
    """

    family = "learn"
    inputs = (Port("rows", "rows with a feature vector"), Port("model", "a model's versions", relation="model"))
    example = {"features": "features", "prediction": "p"}
    features = Column(label="Feature vector", default="features")
    time = TimeColumn(label="As of", about="event time; found by itself where there is one", required=False)
    prediction = Text(label="Name of the prediction", default="p", port="")

    def lower(self, rows: Table, model: Table) -> Table:
        times = rows.times()
        time = self.time or (times[0] if len(times) == 1 else None)
        if time is None:
            raise PropertyError(
                "time",
                "no_time",
                "the rows have no event time" if not times else "the rows have several event times",
                "name the column to use, one with a watermark",
            )
        keyed = rows.extend([("model_name", _key(model.name, time))])
        on = exp.EQ(this=column("model_name", "r"), expression=column("name", "m"))
        predicted = call("PREDICT", _part("model"), _part("version"), column(self.features, "r"))
        items = [*((name, column(name, "r")) for name in rows.names), (self.prediction, predicted)]
        return keyed.join(model, on, items, aliases=("r", "m"), left=True, as_of=column(time, "r"))

    @classmethod
    def read(cls, said: Said) -> Readings:
        joined = as_of(said)
        last = joined.query.expressions[-1] if joined is not None else None
        call_ = last.this if isinstance(last, exp.Alias) else None
        if joined is None or last is None or not isinstance(call_, exp.Anonymous) or len(call_.expressions) != 3:
            return
        found = {"features": call_.expressions[2].name, "prediction": last.alias}
        inputs = {"rows": (joined.rows,), "model": (joined.table,)}
        yield Reading(found, inputs)
        yield Reading({**found, "time": joined.time}, inputs)


def _key(model: str, time: str) -> exp.Expr:
    """The model's name on every row that has a time. Flink's planner would fold a plain constant into a filter on the
    model table, and then find no key to join on."""
    present = exp.Not(this=exp.Is(this=column(time), expression=exp.Null()))
    return exp.Case(ifs=[exp.If(this=present, true=constant(model))])


def _part(name: str) -> exp.Column:
    """A field of the model's row."""
    return exp.Column(this=identifier(name), table=identifier("model"), db=identifier("m"))


