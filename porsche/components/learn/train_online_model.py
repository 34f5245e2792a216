"""A model that learns as labels come."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from engine.types import TimeKind
from porsche.components.base import Component, Lowering, Port, PropertyError, insert
from porsche.components.options import LEARNERS
from porsche.components.properties import Choice, Column, Number, Options
from porsche.components.reading import Reading, Readings, Said, bare, from_query, source_of
from porsche.components.table import Table, call, column, constant, create_table, text, type_tree


class TrainOnlineModel(Component):
    """Train a model on labelled rows as they come.

    The result is a table with the model's versions: each is published after a number of samples, as of the time by
    which all of its labels were known. FTRL is the usual choice for many sparse features; Gaussian keeps a variance for
    each weight and learns faster from few samples.
    """

    family = "learn"
    gives = "model"
    expected = frozenset({"growing_state"})
    inputs = (Port("samples", "labelled rows with a feature vector"),)
    example = {"learner": "ftrl", "publish_every": 1000, "parameters": {"alpha": "0.05"}}
    learner = Choice("ftrl", "gaussian", label="Learner")
    label = Column(label="Label", about="1 or 0", default="label", port="samples")
    features = Column(label="Feature vector", default="features", port="samples")
    known_at = Column(label="Known at", about="when the label became known", default="known_at", port="samples")
    publish_every = Number(label="Samples between versions", low=1, high=10**9, whole=True, default=100)
    bits = Number(label="Bits", about="those of the feature vector", low=4, high=26, whole=True, default=18)
    parameters = Options(
        label="Parameters", about="of the learner", default={}, known=LEARNERS, by="learner"
    )

    def lower(self, samples: Table) -> Lowering:
        for name, value in self.parameters.items():
            if not value or set(name + value) & set(",='"):
                raise PropertyError("parameters", "bad_value", f"'{name}: {value}' is not a parameter")
        name = self.site.node
        options = {"name": name, "bits": str(self.bits), "publish_every": str(self.publish_every), **self.parameters}
        learner = call(self.learner.upper(), column(self.label), column(self.features),
                       text(", ".join(f"{key}={value}" for key, value in options.items())))
        keyed = samples.select(
            [("name", constant(name)), *((n, column(n)) for n in (self.known_at, self.label, self.features))]
        )
        query = keyed.group(["name"], [("known_at", call("MAX", column(self.known_at))), ("model", learner)]).tree()
        schema = self.site.describe(query)
        if not schema[1].type.is_timestamp or schema[1].time is TimeKind.PROCTIME:
            raise PropertyError(
                "known_at", "wrong_type", f"'{self.known_at}' is not a timestamp", "a label join gives one"
            )
        # one behind: labels that became known at the same time may still follow, and their version counts too
        moment = exp.Interval(this=text("0.001"), unit=exp.Var(this="SECOND"))
        until = exp.Sub(this=column("known_at"), expression=moment)
        table = create_table(self.site.node, [(f.name, type_tree(f.type.as_nullable())) for f in schema],
                             self.site.options("model", {}), watermark=("known_at", until), key=["name"])
        return Lowering(tables=(table,), inserts=(insert(self.site.node, query),))

    @classmethod
    def read(cls, said: Said) -> Readings:
        sink = said.sink()
        inner = from_query(sink[1]) if sink is not None else None
        source = source_of(inner) if inner is not None else None
        if sink is None or inner is None or not source or len(sink[1].expressions) != 3 or len(inner.expressions) != 4:
            return
        known_at, label, features = (item.name for item in inner.expressions[1:])
        learner = bare(sink[1].expressions[2].this)
        if not isinstance(learner, exp.Anonymous) or len(learner.expressions) != 3:
            return
        pairs = [pair.partition("=") for pair in learner.expressions[2].name.split(", ")]
        options = {name: value for name, _, value in pairs if name != "name"}
        found: dict[str, Any] = {"learner": learner.name.lower(), "label": label, "features": features,
                                 "known_at": known_at}
        for name in ("publish_every", "bits"):
            found[name] = options.pop(name, "")
        yield Reading({**found, "parameters": options}, {"samples": (source,)})
