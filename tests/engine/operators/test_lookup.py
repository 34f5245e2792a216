"""Lookup joins: keys with several rows, without any, and NULL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.changes import Array, Column
from engine.connectors.base import Lookup
from engine.expressions.nodes import InputRef
from engine.expressions.values import column_from_python, column_to_python
from engine.operators.lookup import LookupJoin
from engine.operators.lookup_cache import LookupOptions
from engine.types import INT, STRING, Schema
from tests.engine.operators.harness import Make, every_cut

ROWS = Schema.of(k=INT)
TABLE = [(1, "a"), (1, "b"), (2, "c"), (None, "d")]


class Fixed(Lookup):
    """The rows of `TABLE`."""

    local = True

    def open(self, keys: Sequence[int], columns: Sequence[int]) -> None:
        self.asked: list[Any] = []

    def get(self, keys: Sequence[Column], length: int) -> tuple[Array, tuple[Column, ...]]:
        wanted = column_to_python(keys[0])
        self.asked += wanted
        found = [(i, name) for i, key in enumerate(wanted) for k, name in TABLE if k == key]
        return np.array([i for i, _ in found], np.int64), (column_from_python(STRING, [name for _, name in found]),)

    def close(self) -> None:
        pass


def lookup(left: bool) -> Make:
    def make(settings: Any) -> LookupJoin:
        table = Fixed()
        table.open((0,), (1,))
        return LookupJoin("lookup", Schema.of(k=INT, name=STRING), settings, table, ROWS,
                          [InputRef(INT, index=0)], None,
                          left, LookupOptions())

    return make


def test_every_row_of_a_key() -> None:
    rows = ["+ k=1", "+ k=3", "+ k=2", "+ k=1", "+ k=NULL", "END"]
    assert every_cut(lookup(False), ROWS, rows) == [
        "+I k=1 name=a", "+I k=1 name=b", "+I k=2 name=c", "+I k=1 name=a", "+I k=1 name=b"]
    assert every_cut(lookup(True), ROWS, rows) == [
        "+I k=1 name=a", "+I k=1 name=b", "+I k=3 name=NULL", "+I k=2 name=c", "+I k=1 name=a", "+I k=1 name=b",
        "+I k=NULL name=NULL"]
