"""Columns as a vector that models learn from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sqlglot import exp

from porsche.components.base import Component, Port, PropertyError
from porsche.components.properties import ColumnLists, Columns, Expressions, Number, NumberLists, Text
from porsche.components.table import Table, call, column, number, text


class FeatureVector(Component):
    """Make a sparse vector of columns: what models learn from and predict with.

    Texts and whole numbers are categories: each value gets a place of its own, found by hashing. DOUBLE and FLOAT are
    numbers, taken as they are. Crosses are pairs of values seen together; buckets turn a number into the category of
    its range; scaling takes a number's mean away and divides it by its deviation. NULL is absent.
    """

    family = "learn"
    inputs = (Port("rows", "rows with features"),)
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
