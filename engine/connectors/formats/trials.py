"""Tests of a field's value in a kernel: whether it meets the terms (`engine.connectors.base.Term`) on its column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import uint64

from engine.changes import Array
from engine.connectors.base import Term
from engine.connectors.formats.base import PADDING
from engine.connectors.formats.text import CODE, STRING, TESTED, TESTS, VALID, VALUES, same_bytes
from engine.memory import address, kernel, load8, load_i64, load_u64

OP, ITEMS, COUNT = range(0, 3 * 8, 8)
TEST = 3 * 8
"""A test: what it does, the address of its constants and their number. A constant has two words: a whole number and 0,
or the view of a text."""

OPS = ("IN", "NOT IN", "<", "<=", ">", ">=", "IS NULL", "IS NOT NULL")
_IN, _NOT_IN, _LESS, _MOST, _GREATER, _LEAST, _ABSENT, _PRESENT = range(8)


def compile_tests(terms: Sequence[Term]) -> tuple[Array, list[Array]]:
    """The tests of one field (a row each), and the memory that they point into."""
    tests, held = np.zeros((len(terms), TEST // 8), np.int64), []
    for test, term in zip(tests, terms, strict=True):
        items, memory = _constants(term.values)
        held += [items, memory]
        test[:] = OPS.index(term.op), address(items), len(term.values)
    return tests, held


def _constants(values: Sequence[int | str]) -> tuple[Array, Array]:
    from engine.connectors.formats.views import strings_to_views

    if values and isinstance(values[0], str):
        return strings_to_views([str(v).encode() for v in values])
    items = np.zeros((max(len(values), 1), 2), np.int64)
    items[:len(values), 0] = [int(v) for v in values]
    return items, np.zeros(PADDING, np.uint8)


@kernel("boolean(int64, int64)")
def _same_view(a: int, b: int) -> Any:
    """Whether two views, given by their addresses, show the same text."""
    first = load_u64(a)
    if first != load_u64(b):
        return False
    if (first & uint64(0xFFFFFFFF)) <= uint64(12):
        return load_u64(a + 8) == load_u64(b + 8)
    return same_bytes(load_i64(a + 8), load_i64(b + 8), int(first & uint64(0xFFFFFFFF)))


@kernel("boolean(int64, int64, int64, boolean)")
def _listed(value: int, items: int, count: int, text: bool) -> Any:
    for i in range(count):
        item = items + 16 * i
        if _same_view(value, item) if text else load_i64(value) == load_i64(item):
            return True
    return False


@kernel("boolean(int64, int64)")
def passes(node: int, row: int) -> Any:
    """Whether a row's value of a field (the address of its entry in a table of nodes) passes all tests of the field."""
    valid, text = load8(load_i64(node + VALID) + row) != 0, load_i64(node + CODE) == STRING
    value = load_i64(node + VALUES) + (16 if text else 8) * row
    for i in range(load_i64(node + TESTED)):
        test = load_i64(node + TESTS) + TEST * i
        op, items = load_i64(test + OP), load_i64(test + ITEMS)
        if op == _ABSENT:
            met = not valid
        elif not valid:
            met = False
        elif op == _IN or op == _NOT_IN:
            met = _listed(value, items, load_i64(test + COUNT), text) == (op == _IN)
        elif op == _LESS:
            met = load_i64(value) < load_i64(items)
        elif op == _MOST:
            met = load_i64(value) <= load_i64(items)
        elif op == _GREATER:
            met = load_i64(value) > load_i64(items)
        elif op == _LEAST:
            met = load_i64(value) >= load_i64(items)
        else:
            met = True
        if not met:
            return False
    return True
