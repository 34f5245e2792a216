"""What the property tests found, kept as plain tests."""

from __future__ import annotations

from datetime import datetime

from tests.engine.properties.strategies import EVENTS, RETRACTING, TABLE
from tests.engine.properties.support import Config, Input, fold, run


def _row(k: int, v: int) -> tuple[object, ...]:
    return (k, v, None, None, None, None)


def test_ranks_of_a_changing_table_come_in_order_of_arrival() -> None:
    """Changes of two keys, and again of the first: a batch of all must not sort them by key."""
    changes = [("+I", _row(1, 5)), ("+I", _row(1, 7)), ("+I", _row(2, 1)), ("-D", _row(1, 7)), ("+I", _row(2, 3))]
    query = "SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS r FROM t) WHERE r = 1"
    inputs = {"t": Input(TABLE, changes, RETRACTING)}
    one_by_one = run(inputs, query, Config(1))
    assert [kind + str(values) for kind, values in one_by_one] == [
        "+I(1, 5)", "-U(1, 5)", "+U(1, 7)", "+I(2, 1)", "-U(1, 7)", "+U(1, 5)", "-U(2, 1)", "+U(2, 3)"]
    assert run(inputs, query, Config(1000)) == one_by_one


def test_mini_batches_keep_each_version_for_a_temporal_join() -> None:
    """Flink's table.exec.deduplicate.mini-batch.compact-changes-enabled is false: no version may be lost."""
    events = [("+I", (n, 1, None, None, None, datetime(2024, 1, 1, 0, 0, second))) for n, second in enumerate((3, 6))]
    kept = [("+I", (n, 1, None, None, None, datetime(2024, 1, 1, 0, 0, second))) for n, second in enumerate((2, 5))]
    clauses = ", WATERMARK FOR ts AS ts"
    inputs = {"e": Input(EVENTS, events, clauses=clauses), "f": Input(EVENTS, kept, clauses=clauses)}
    newest = "SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS place FROM f"
    view = f"CREATE VIEW r AS SELECT k, n AS m, ts FROM ({newest}) WHERE place = 1;"
    query = "SELECT e.n, r.m FROM e JOIN r FOR SYSTEM_TIME AS OF e.ts ON e.k = r.k"
    assert fold(run(inputs, query, Config(1000, mini_batch=True), setup=view)) == {(0, 0): 1, (1, 1): 1}


def test_rows_padded_by_an_outer_join_are_dealt_anew() -> None:
    """The left key of a row without a left side is NULL, wherever its right key had put it: one group, not one a
    shard."""
    left, right = (Input(TABLE, [("+I", _row(k, k)) for k in keys], RETRACTING) for keys in ([99], range(20)))
    for kind in ("RIGHT", "FULL"):
        query = f"SELECT k, COUNT(*) FROM (SELECT t.k, u.v FROM t {kind} JOIN u ON t.k = u.k) GROUP BY k"
        assert fold(run({"t": left, "u": right}, query, Config(1000, 2)))[None, 20] == 1


def test_a_union_of_keys_that_may_and_may_not_be_null() -> None:
    """Such keys are hashed differently, so the union of two aggregates by them is dealt anew."""
    rows = Input(TABLE, [("+I", _row(k, k)) for k in range(20)], RETRACTING)
    counted = "SELECT {0} AS k, COUNT(*) AS n FROM t GROUP BY {0}"
    both = f"{counted.format('k')} UNION ALL {counted.format('COALESCE(k, 0)')}"
    found = fold(run({"t": rows}, f"SELECT k, SUM(n) FROM ({both}) GROUP BY k", Config(1000, 2)))
    assert found == {(k, 2): 1 for k in range(20)}
