"""PERCENTILE beside numpy, and its arguments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.aggregates.base import AggregateSpec
from engine.aggregates.calls import AggregateCalls, BoundCall
from engine.changes import Column
from engine.errors import UserError
from engine.expressions.values import column_from_python, column_to_python
from engine.state.table import StateTable
from engine.types import ARRAY, BIGINT, DOUBLE, INT, Schema
from tests.engine.properties.support import Input, fold, run

TABLE = Schema.of(k=INT, v=BIGINT, n=INT)
numbers = st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 3) | st.none(), st.integers(-1, 3)), max_size=20)


@given(numbers, st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), min_size=1, max_size=3))
def test_against_numpy(rows: list[tuple[int, int | None, int]], shares: list[float]) -> None:
    spec = AggregateSpec("PERCENTILE", (DOUBLE, ARRAY(DOUBLE), BIGINT), ARRAY(DOUBLE.as_nullable(False)))
    calls = AggregateCalls([BoundCall(spec, (0, 1, 2))])
    table = StateTable([BIGINT], calls.fields())
    calls.bind(table)
    groups = table.slots([Column(BIGINT, np.arange(3, dtype=np.int64))], 3)
    columns = [column_from_python(DOUBLE, [None if v is None else float(v) for _, v, _ in rows]),
               column_from_python(ARRAY(DOUBLE), [shares] * len(rows)),
               column_from_python(BIGINT, [n for _, _, n in rows])]
    calls.accumulate(groups[[k for k, _, _ in rows]], columns, None)
    wanted = []
    for key in range(3):
        values = [v for k, v, n in rows if k == key and v is not None for _ in range(n)]
        wanted.append([pytest.approx(x) for x in np.percentile(values, [100 * s for s in shares])] if values else None)
    assert column_to_python(calls.value(groups)[0]) == wanted


def table(*rows: tuple[int, int | None, int]) -> dict[str, Input]:
    return {"t": Input(TABLE, [("+I", r) for r in rows])}


def test_by_group_and_over_retractions() -> None:
    """The two middle ones of 1, 3, 4, 9; then 9 goes, and 3 is in the middle."""
    rows = [(1, 4, 1), (1, 9, 1), (1, 1, 1), (1, 3, 1), (2, None, 1)]
    query = "SELECT k, PERCENTILE(v, 0.5) FROM t GROUP BY k"
    assert fold(run(table(*rows), query)) == {(1, 3.5): 1, (2, None): 1}
    changing = {"t": Input(TABLE, [*(("+I", r) for r in rows), ("-D", rows[1])], "I,UB,UA,D")}
    assert fold(run(changing, query)) == {(1, 3.0): 1, (2, None): 1}


@pytest.mark.parametrize("call", ["PERCENTILE(v)", "PERCENTILE(v, 1.5)", "PERCENTILE('a', 0.5)", "PERCENTILE(v, 'x')",
                                  "PERCENTILE(v, 0.5, 1.5)", "PERCENTILE(v, ARRAY['a'])"])
def test_arguments_that_do_not_fit(call: str) -> None:
    with pytest.raises(UserError) as caught:
        run(table((1, 1, 1)), f"SELECT {call} FROM t")
    assert caught.value.code == "bad_arguments"


def test_a_share_beyond_one_is_refused_where_it_comes() -> None:
    with pytest.raises(UserError, match=r"between 0\.0 and 1\.0"):
        run(table((1, 1, 2)), "SELECT PERCENTILE(v, n) FROM t")
