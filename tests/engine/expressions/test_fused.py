"""Generated kernels mean what the interpreter means, on random trees over random columns."""

from __future__ import annotations

import time
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.changes import Batch
from engine.errors import RuntimeFault
from engine.expressions.evaluate import Predicate, Projection
from engine.expressions.fused import Calculation, plan_kernel
from engine.expressions.nodes import InputRef, Literal
from engine.expressions.values import column_to_python
from engine.types import BIGINT, BOOLEAN, DECIMAL, DOUBLE, INT, STRING, TIMESTAMP
from tests.engine.expressions.support import Columns, batch_of, bind, context
from tests.profiles import examples

COLUMNS: Columns = {
    "i": (INT, [7, -7, None, 0, 2**31 - 1, -(2**31), 1, None]),
    "b": (BIGINT, [2**63 - 1, -(2**63), 5, None, 0, -1, 100, 3]),
    "d": (DECIMAL(8, 2), ["1.25", None, "-3.10", "0", "99.99", "1", "-0.01", None]),
    "f": (DOUBLE, [1.5, None, float("nan"), -0.0, float("inf"), 2.0, -1e300, 0.25]),
    "t": (BOOLEAN, [True, False, None, True, False, None, True, False]),
    "s": (STRING, ["apple", "pear", None, "a longer text than that", "", "apple", "app", "x"]),
    "m": (TIMESTAMP(3), [0, 10**15, None, -1000, 86_399_999_000, 5, 7, 9]),
}
CONDITIONS = st.sampled_from([
    None, "i > 0", "t", "NOT t OR i IS NULL", "s = 'apple'", "s <> 'pear' AND i <> 0", "f > 1 AND b > 0",
    "d BETWEEN 0 AND 50",
    "i IN (7, 1, NULL)", "t IS NOT TRUE", "b / 7 > 0 OR t", "i <> 0 AND 100 / i > 0",
    "m < TIMESTAMP '1970-01-02 00:00:00'",
    "s IS NOT NULL", "FALSE", "i IS DISTINCT FROM 7",
])
EXPRESSIONS = st.lists(st.sampled_from([
    "i", "s", "f", "d", "i + 1", "i * i", "-i", "ABS(i)", "b - 1", "b * 3", "b / 7", "b % 7", "f * 2 + 1", "f / 3",
    "d + d",
    "d * d", "d - 1", "CASE WHEN i > 0 THEN b ELSE i END", "CASE WHEN t THEN f END", "COALESCE(i, 9)",
    "COALESCE(b, i, 1)",
    "i > 1 AND t", "i > 1 OR t", "CAST(i AS BIGINT) + b", "CAST(i AS DOUBLE)", "CAST(b AS INT)", "d > 1", "d = i",
    "t IS NULL",
    "HOUR(m)", "SECOND(m)", "FLOOR(m TO HOUR)", "m + INTERVAL '1' DAY", "CASE WHEN i <> 0 THEN b / i END",
    "UPPER(s)", "f = f",
    "i NOT IN (1, 2)", "CASE WHEN s = 'apple' THEN 1 WHEN s = 'pear' THEN 2 ELSE 0 END",
    "CAST(d AS DECIMAL(12, 4))", "b / i",
]), min_size=1, max_size=4)


def outcome(run: object) -> object:
    try:
        batch = run()  # type: ignore[operator]
    except RuntimeFault as fault:
        return fault.code
    return batch.length, [repr(column_to_python(c)) for c in batch.columns]


@pytest.mark.soak
@examples(40)
@given(CONDITIONS, EXPRESSIONS, st.integers(0, 8))
def test_same_as_interpreter(condition: str | None, texts: list[str], rows: int) -> None:
    bound = bind([*texts, *([condition] if condition else [])], COLUMNS)
    expressions, test = bound[:len(texts)], bound[len(texts)] if condition else None
    batch = batch_of(COLUMNS).slice(0, rows)
    batch = Batch(batch.columns, batch.length, np.arange(rows, dtype=np.uint8), None, np.arange(rows))

    def interpreted() -> Batch:
        kept = batch if test is None else batch.take(Predicate(test)(batch, context()))
        return Projection(expressions)(kept, context())

    generated = Calculation(test, expressions, eager=True)
    assert outcome(lambda: generated(batch, context())) == outcome(interpreted)


def test_a_busy_chain_is_compiled_and_goes_on() -> None:
    test, total = bind(["b > 3", "b + i"], {"b": COLUMNS["b"], "i": COLUMNS["i"]})
    batch = batch_of({"b": COLUMNS["b"], "i": COLUMNS["i"]})
    calculation = Calculation(test, (total,))
    before = column_to_python(calculation(batch, context()).columns[0])
    until = time.monotonic() + 60
    while not calculation.generated and time.monotonic() < until:
        assert column_to_python(calculation(batch, context()).columns[0]) == before
        time.sleep(0.001)
    assert calculation.generated
    assert column_to_python(calculation(batch, context()).columns[0]) == before


def test_vectors_travel_with_the_rows() -> None:
    test, one = bind(["i > 0", "i + 1"], {"i": COLUMNS["i"]})
    batch = batch_of({"i": COLUMNS["i"]})
    batch = Batch(batch.columns, 8, np.arange(8, dtype=np.uint8), np.arange(8), np.arange(8) * 10)
    result = Calculation(test, (one,), eager=True)(batch, context())
    assert (result.kinds.tolist(), result.stamps.tolist(), result.seq.tolist()) == ([0, 4, 6], [0, 4, 6], [0, 40, 60])


def test_what_has_no_plain_form_is_left_to_the_interpreter() -> None:
    upper, wide = bind(["UPPER(s)", "CAST(d AS DECIMAL(30, 2))"], {"s": COLUMNS["s"], "d": COLUMNS["d"]})
    assert plan_kernel(None, (upper, wide)) is None
    assert Decimal("1.25") in column_to_python(
        Calculation(None, (wide,))(batch_of({"s": COLUMNS["s"], "d": COLUMNS["d"]}), context()).columns[0])


def test_a_null_without_a_plain_form_is_left_to_the_interpreter() -> None:
    batch = batch_of(COLUMNS)
    calculation = Calculation(None, [Literal(STRING, None), InputRef(INT, index=0),
                                     *bind(["i + 1"], COLUMNS)], eager=True)
    nothing, _, more = (column_to_python(c) for c in calculation(batch, context()).columns)
    assert nothing == [None] * batch.length
    assert more[:4] == [8, -6, None, 1]
