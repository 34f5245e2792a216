"""Columns as a vector that models learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from sqlglot import exp

from porsche.components.base import Component, Port, PropertyError
from porsche.components.properties import ColumnLists, Columns, Expressions, Number, NumberLists, Text
from porsche.components.reading import (
    Reading,
    Readings,
    Said,
    bare,
    column_name,
    column_names,
    numeral,
    source_of,
    written,
)
from porsche.components.table import Table, call, column, number, text


class FeatureVector(Component):
    """Make a sparse vector of columns: what models learn from and predict with.

    Texts and whole numbers are categories: each value gets a place of its own, found by hashing. DOUBLE and FLOAT are
    numbers, taken as they are. Crosses are pairs of values seen together; buckets turn a number into the category of
    its range; scaling takes a number's mean away and divides it by its deviation. NULL is absent.
    """

    family = "learn"
    inputs = (Port("rows", "rows with features"),)
    example = {
        "categories": ["device", "category"], "crosses": {"device_category": ["device", "category"]},
        "buckets": {"price": [10, 50, 200]}, "scaled": {"age": [35, 12]},
    }
    categories = Columns(label="Categories", about="columns of texts or whole numbers", default=())
    crosses = ColumnLists(label="Crosses", about="{name: [column, column]}", default={})
    buckets = NumberLists(label="Buckets", about="{column: [limits, rising]}", default={})
    scaled = NumberLists(label="Scaled numbers", about="{column: [mean, deviation]}", default={}, length=2)
    features = Expressions(label="Further features", about="a name and an SQL expression each", default={})
    bits = Number(label="Bits", about="the vector has 2^bits places", low=4, high=26, whole=True, default=18)
    keep = Columns(label="Columns to keep", about="none named: all of them", default=())
    vector = Text(label="Name of the vector", default="features", port="")

    def lower(self, rows: Table) -> Table:
        pairs = list(self._pairs())
        if not pairs:
            raise PropertyError("categories", "missing_property", "the vector has no feature", "name a column")
        names = [name for name, _ in pairs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PropertyError("features", "duplicate_feature", f"two features are called '{twice}'")
        arguments = [part for name, tree in pairs for part in (text(name), tree)]
        vector = (self.vector, call("FEATURES", number(self.bits), *arguments))
        return rows.select([*((n, column(n)) for n in self.keep), vector]) if self.keep else rows.extend([vector])

    @classmethod
    def read(cls, said: Said) -> Readings:
        query = said.select()
        source = source_of(query) if query is not None else None
        if query is None or not source:
            return
        *kept, vector = query.expressions
        call_ = vector.this if isinstance(vector, exp.Alias) else None
        starred = len(kept) == 1 and isinstance(kept[0], exp.Star)
        keep = [] if starred else column_names(kept)
        if not isinstance(call_, exp.Anonymous) or call_.name.upper() != "FEATURES" or keep is None:
            return
        bits, *arguments = call_.expressions
        pairs = [(name.name, value) for name, value in zip(arguments[::2], arguments[1::2])]
        found = {**_told_apart(pairs), "bits": numeral(bits), "keep": keep, "vector": vector.alias}
        yield Reading(found, {"rows": (source,)})

    def _pairs(self) -> Iterator[tuple[str, exp.Expr]]:
        """Each feature's name and value."""
        yield from ((name, column(name)) for name in self.categories)
        for name, parts in self.crosses:
            yield name, call("FEATURE_CROSS", *(column(part) for part in parts))
        for name, limits in self.buckets:
            yield name, _bucket(column(name), limits)
        for name, (mean, deviation) in self.scaled:
            centred = exp.Sub(this=column(name), expression=double(mean))
            yield name, exp.Div(this=exp.Paren(this=centred), expression=double(deviation))
        yield from self.features


def double(value: float) -> exp.Expr:
    """A DOUBLE literal: with an exponent, or it would be a DECIMAL."""
    literal = exp.Literal.number(f"{abs(value)!r}" if "e" in repr(value) else f"{abs(value)!r}E0")
    return exp.Neg(this=literal) if value < 0 else literal


def _bucket(value: exp.Expr, limits: tuple[float, ...]) -> exp.Expr:
    """0 below the first limit, 1 from there to the second, and so on; NULL stays NULL."""
    if any(low >= high for low, high in pairwise(limits)):
        raise PropertyError("buckets", "bad_value", "the limits of buckets rise", "write [1, 5, 20]")
    ifs = [exp.If(this=exp.GTE(this=value.copy(), expression=double(limit)), true=number(i))
           for i, limit in reversed(list(enumerate(limits, 1)))]
    below = exp.If(this=exp.LT(this=value.copy(), expression=double(limits[0])), true=number(0))
    return exp.Case(ifs=[*ifs, below])


# ---- the way back ----------------------------------------------------------------------------------------------------


def _told_apart(pairs: Sequence[tuple[str, exp.Expr]]) -> dict[str, Any]:
    """Features by the property that says them; each property's come after those of the ones before."""
    found: dict[str, Any] = {"categories": [], "crosses": {}, "buckets": {}, "scaled": {}, "features": {}}
    order = list(found)
    reached = 0
    for name, tree in pairs:
        kind, value = _kind(name, tree)
        reached = max(reached, order.index(kind)) if order.index(kind) >= reached else order.index("features")
        into = order[reached]
        if into == "categories":
            found[into].append(name)
        else:
            found[into][name] = value if into == kind else written(tree)
    return found


def _kind(name: str, tree: exp.Expr) -> tuple[str, Any]:
    """The first property that can say a feature, and its value there."""
    inner = bare(tree)
    if column_name(inner) == name:
        return "categories", name
    if isinstance(inner, exp.Anonymous) and inner.name.upper() == "FEATURE_CROSS":
        parts = column_names(inner.expressions)
        if parts is not None and len(parts) > 1:
            return "crosses", parts
    if isinstance(inner, exp.Case):
        limits = [numeral(branch.this.expression) for branch in inner.args["ifs"][-2::-1]
                  if isinstance(branch.this, exp.GTE) and column_name(branch.this.this) == name]
        if limits and None not in limits and len(limits) == len(inner.args["ifs"]) - 1:
            return "buckets", limits
    centred = bare(inner.this) if isinstance(inner, exp.Div) else None
    if isinstance(centred, exp.Sub) and column_name(centred.this) == name:
        numbers = [numeral(centred.expression), numeral(inner.expression)]
        if None not in numbers:
            return "scaled", numbers
    return "features", written(tree)
