"""What holds of every aggregate of the catalogue: parts merge into what all rows give, retractions undo, reset empties.

A new aggregate is found by itself; one of unusual arguments is given them in `ARGUMENTS`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import bitmaps
from engine.aggregates import AGGREGATES
from engine.aggregates.base import AggregateArguments, AggregateSpec
from engine.aggregates.calls import AggregateCalls, BoundCall
from engine.aggregates.inference import SAMPLE_FEATURES
from engine.changes import Column
from engine.errors import UserError
from engine.expressions.values import column_from_python, column_to_python
from engine.state.table import StateTable
from engine.types import BIGINT, BITMAP, BOOLEAN, DECIMAL, DOUBLE, INT, STRING, TIMESTAMP, DataType

TYPES = (INT, BIGINT, DECIMAL(10, 2), DECIMAL(30, 2), DOUBLE, STRING, BOOLEAN, TIMESTAMP(3), BITMAP)
ARGUMENTS: dict[str, tuple[DataType, ...]] = {
    "AUC": (INT, DOUBLE), "LOGLOSS": (INT, DOUBLE), "JSON_OBJECTAGG": (STRING, INT),
    "PERCENTILE": (DOUBLE, DOUBLE),
    "FTRL": (INT, SAMPLE_FEATURES), "GAUSSIAN": (INT, SAMPLE_FEATURES)}
ONE_ROW = ("SINGLE_VALUE",)  # refuse a second one
LEARNERS = ("FTRL", "GAUSSIAN")


def specs() -> list[tuple[str, AggregateSpec]]:
    """Every aggregate over every type that it takes."""
    found = []
    for name, function in AGGREGATES.items():
        for types in [ARGUMENTS[name]] if name in ARGUMENTS else [(t,) for t in TYPES]:
            wanted: dict[int, DataType] = {}
            try:
                result = function.infer(AggregateArguments(name, types, {}), wanted)
            except UserError:
                continue
            taken = tuple(wanted.get(i, t) for i, t in enumerate(types))
            found.append((f"{name}-{types[0]}", AggregateSpec(name, taken, result, label=name)))
    return found


SPECS = dict(specs())
MERGEABLE = [n for n, s in SPECS.items() if AGGREGATES[s.function].mergeable and s.function not in ONE_ROW + LEARNERS]
RETRACTABLE = [n for n, s in SPECS.items() if AGGREGATES[s.function].retractable and s.function not in ONE_ROW]
DISTINCT = [n for n in MERGEABLE if SPECS[n].function in ("COUNT", "SUM", "AVG", "MIN", "MAX", "COLLECT")]


def values(type: DataType, number: int | None) -> Any:
    """A value of the type for a small number; numbers are exact in every one."""
    if number is None:
        return None
    if type == BITMAP:
        return bitmaps.of_numbers(np.array([number, number + 1], np.int32))
    if type.is_string:
        return "abcdefgh"[number % 8] * (1 + 6 * (number % 3))
    return bool(number % 2) if type == BOOLEAN else float(number) if type.is_approximate else number


def columns(spec: AggregateSpec, numbers: list[int | None]) -> list[Column]:
    if spec.function in ("AUC", "LOGLOSS"):
        return [column_from_python(INT, [None if n is None else n % 2 for n in numbers]),
                column_from_python(DOUBLE, [None if n is None else (n % 4 + 1) / 8 for n in numbers])]
    if spec.function == "PERCENTILE":
        return [column_from_python(DOUBLE, [values(DOUBLE, n) for n in numbers]),
                column_from_python(DOUBLE, [0.3] * len(numbers))]
    if spec.function == "JSON_OBJECTAGG":
        return [column_from_python(STRING, [f"k{n}" for n in numbers]), column_from_python(INT, numbers)]
    return [column_from_python(t, [values(t, n) for n in numbers]) for t in spec.arguments]


class Groups:
    """The accumulators of one call for a number of groups."""

    def __init__(self, spec: AggregateSpec, count: int) -> None:
        self.spec = spec
        self.calls = AggregateCalls([BoundCall(spec, tuple(range(len(spec.arguments))))])
        self.table = StateTable([BIGINT], self.calls.fields())
        self.calls.bind(self.table)
        self.slots = self.table.slots([column_from_python(BIGINT, list(range(count)))], count).copy()

    def take(self, groups: list[int], numbers: list[int | None], signs: list[int] | None = None) -> None:
        if numbers:
            self.calls.accumulate(self.slots[groups], columns(self.spec, numbers),
                                  None if signs is None else np.array(signs, np.int8))

    def results(self) -> list[Any]:
        return [_plain(v) for v in column_to_python(self.calls.value(self.slots)[0])]


def _plain(value: Any) -> Any:
    """A multiset's order is open; rounding of doubles may differ by the order of adding (1e-6: a root of 1e-12)."""
    if isinstance(value, dict):
        return sorted(value.items(), key=repr)
    return pytest.approx(value, rel=1e-9, abs=1e-6) if isinstance(value, float) else value


NUMBERS = st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=8)
GROUPS = st.lists(NUMBERS, min_size=3, max_size=3)


def check_merge(spec: AggregateSpec, first: list[list[int | None]], second: list[list[int | None]]) -> None:
    mine, theirs, whole = Groups(spec, 3), Groups(spec, 3), Groups(spec, 3)
    if spec.function == "JSON_OBJECTAGG":  # whose keys come once
        first = [[n for n in dict.fromkeys(rows) if n not in (3, 4)] for rows in first]
        second = [[n for n in dict.fromkeys(rows) if n not in (3, 4, *before)]
                  for rows, before in zip(second, first, strict=True)]
    for group in range(3):
        for target, rows in ((mine, first[group]), (theirs, second[group]), (whole, first[group] + second[group])):
            target.take([group] * len(rows), rows)
    mine.calls.merge(mine.slots, theirs.calls, theirs.slots)
    assert mine.results() == whole.results()
    mine.take([0, 2], [3, 4])  # what was merged goes on as if it had seen all
    whole.take([0, 2], [3, 4])
    assert mine.results() == whole.results()


@pytest.mark.parametrize("name", MERGEABLE)
@pytest.mark.parametrize("retract", [False, True])
@settings(max_examples=8)
@given(first=GROUPS, second=GROUPS)
def test_parts_merge_into_the_whole(name: str, retract: bool, first: list[list[int | None]],
                                    second: list[list[int | None]]) -> None:
    if not retract or AGGREGATES[SPECS[name].function].retractable:
        check_merge(replace(SPECS[name], retract=retract), first, second)


@pytest.mark.parametrize("name", DISTINCT)
@settings(max_examples=8)
@given(first=GROUPS, second=GROUPS)
def test_distinct_parts_merge(name: str, first: list[list[int | None]], second: list[list[int | None]]) -> None:
    check_merge(replace(SPECS[name], distinct=True), first, second)


@pytest.mark.parametrize("name", RETRACTABLE)
@settings(max_examples=12)
@given(rows=NUMBERS, gone=st.integers(0, 8), data=st.data())
def test_what_is_retracted_was_never_there(name: str, rows: list[int | None], gone: int, data: st.DataObject) -> None:
    spec = replace(SPECS[name], retract=True)
    changed, plain = Groups(spec, 1), Groups(spec, 1)
    if spec.function == "JSON_OBJECTAGG":
        rows = list(dict.fromkeys(rows))
    where = data.draw(st.permutations(range(len(rows))))[:gone]
    lost = [rows[i] for i in where]
    if AGGREGATES[spec.function].ordered:  # a value that is there twice leaves by its first place
        kept = list(rows)
        for value in lost:
            kept.remove(value)
    else:
        kept = [r for i, r in enumerate(rows) if i not in where]
    changed.take([0] * (len(rows) + len(lost)), rows + lost, [1] * len(rows) + [-1] * len(lost))
    plain.take([0] * len(kept), kept)
    assert changed.results() == plain.results()


@pytest.mark.parametrize("name", [n for n in SPECS if SPECS[n].function not in LEARNERS])
def test_reset_empties(name: str) -> None:
    groups = Groups(SPECS[name], 2)
    empty = groups.results()
    rows: list[int | None] = [1, 2] if SPECS[name].function not in ONE_ROW else [1]
    groups.take([0] * len(rows) + [1] * len(rows), rows + rows)
    groups.calls.reset(groups.slots[:1])
    assert groups.results()[0] == empty[0]
    assert groups.results()[1] != empty[1]


def test_every_aggregate_is_here() -> None:
    assert {s.function for s in SPECS.values()} == set(AGGREGATES)
