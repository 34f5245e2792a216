"""Which node a query becomes: joins on time, lookups, windows, subqueries."""

from __future__ import annotations

import time

import pytest

from engine.errors import UserError
from engine.plan.nodes import (
    Aggregate,
    Correlate,
    IntervalJoin,
    Join,
    JoinKind,
    LookupJoin,
    Over,
    Relation,
    SetOperation,
    Sort,
    TemporalJoin,
    WindowAggregate,
    WindowJoin,
    WindowProperty,
    WindowTable,
)
from engine.plan.tree import walk
from engine.types import TimeKind
from tests.engine.sql.binding import plan, query

SECOND = 1_000_000


def find(sql: str, kind: type[Relation], *statements: str) -> Relation:
    """The one node of a kind in a query's plan."""
    found = [r for r in walk((query(sql, *statements),)) if type(r) is kind]
    assert len(found) == 1, plan(sql, *statements)
    return found[0]


INTERVALS = [  # condition, lower, upper: o.ts + lower <= p.ts <= o.ts + upper
    ("p.ts BETWEEN o.ts AND o.ts + INTERVAL '10' SECOND", 0, 10 * SECOND),
    ("o.ts BETWEEN p.ts - INTERVAL '10' SECOND AND p.ts + INTERVAL '1' SECOND", -SECOND, 10 * SECOND),
    ("p.ts > o.ts AND p.ts < o.ts + INTERVAL '1' SECOND", 1_000, SECOND - 1_000),
    ("p.ts >= o.ts - INTERVAL '1' SECOND AND o.ts + INTERVAL '2' SECOND >= p.ts", -SECOND, 2 * SECOND),
    ("p.ts = o.ts", 0, 0),
    (
        "p.ts - INTERVAL '3' SECOND <= o.ts AND p.ts >= o.ts + INTERVAL '1' SECOND - INTERVAL '4' SECOND",
        -3 * SECOND,
        3 * SECOND,
    ),
]


@pytest.mark.parametrize(("condition", "lower", "upper"), INTERVALS)
@pytest.mark.parametrize("form", ["ON", "WHERE"])
def test_interval_joins(condition: str, lower: int, upper: int, form: str) -> None:
    if form == "ON":
        sql = f"SELECT o.id FROM orders o JOIN pays p ON o.id = p.id AND p.amount > 1 AND {condition}"
    else:
        sql = f"SELECT o.id FROM orders o, pays p WHERE o.id = p.id AND {condition}"
    join = find(sql, IntervalJoin)
    assert isinstance(join, IntervalJoin)
    assert (join.lower, join.upper, join.time_kind) == (lower, upper, TimeKind.ROWTIME)
    assert (join.left_keys, join.right_keys) == ((0,), (0,))
    assert (join.left_time, join.right_time) == (4, 2)
    assert (join.condition is not None) == (form == "ON")


@pytest.mark.parametrize("condition", [
    "p.ts >= o.ts", "p.ts BETWEEN o.ts AND CURRENT_TIMESTAMP", "p.p BETWEEN o.ts AND o.ts + INTERVAL '1' SECOND",
    "p.ts BETWEEN o.ts AND o.ts + o.n * INTERVAL '1' SECOND",
])
def test_what_bounds_no_time_is_a_regular_join(condition: str) -> None:
    assert find(f"SELECT o.id FROM orders o JOIN pays p ON o.id = p.id AND {condition}", Join)


def test_outer_interval_join_in_processing_time() -> None:
    join = find("SELECT o.id FROM orders o LEFT JOIN pays p ON o.id = p.id AND "
                "o.p BETWEEN p.p - INTERVAL '1' HOUR AND p.p", IntervalJoin)
    assert isinstance(join, IntervalJoin)
    assert (join.kind, join.time_kind, join.lower, join.upper) == (JoinKind.LEFT, TimeKind.PROCTIME, 0, 3600 * SECOND)


def test_event_time_temporal_join() -> None:
    join = find(
        "SELECT o.id, r.rate FROM orders o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.item = r.item AND "
        "r.rate > 1",
        TemporalJoin,
    )
    assert isinstance(join, TemporalJoin)
    assert (join.left_keys, join.right_keys, join.left_time, join.right_time) == ((1,), (0,), 4, 2)
    assert join.condition is not None


def test_temporal_join_with_a_versioned_view() -> None:
    view = (
        "CREATE VIEW latest AS SELECT item, rate, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY ts "
        "DESC) AS rn FROM (SELECT item, price AS rate, ts FROM orders)) WHERE rn = 1"
    )
    join = find(
        "SELECT o.id FROM orders o JOIN latest FOR SYSTEM_TIME AS OF o.ts AS r ON o.item = r.item", TemporalJoin, view
    )
    assert isinstance(join, TemporalJoin)
    assert join.right_keys == (0,)


def test_lookup_join_keys_and_conditions() -> None:
    join = find("SELECT o.id, d.big FROM orders o JOIN dim FOR SYSTEM_TIME AS OF o.p AS d ON o.item = d.item AND "
                "d.category = 'x' AND d.big <> o.item", LookupJoin)
    assert isinstance(join, LookupJoin)
    assert [position for position, _ in join.keys] == [0, 1]
    assert join.condition is not None  # over the physical columns: big is written out


def test_equalities_become_keys_expressions_columns() -> None:
    join = find(
        "SELECT a.z FROM a JOIN b ON a.x + 1 = b.x AND a.y = b.y AND a.z > b.w AND b.w IS NOT DISTINCT FROM a.z + 0e0",
        Join,
    )
    assert isinstance(join, Join)
    assert len(join.left_keys) == 3
    assert join.null_safe == (2,)
    assert join.condition is not None


@pytest.mark.parametrize(("condition", "kind"), [
    ("EXISTS (SELECT 1 FROM b WHERE b.x = a.x)", JoinKind.SEMI),
    ("NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND b.w > a.z)", JoinKind.ANTI),
    ("x IN (SELECT x FROM b)", JoinKind.SEMI),
    ("z NOT IN (SELECT id FROM orders)", JoinKind.ANTI),
    ("(x, y) IN (SELECT x, y FROM b)", JoinKind.SEMI),
    ("x = ANY (SELECT x FROM b WHERE b.y = a.y)", JoinKind.SEMI),
])
def test_subqueries_of_where(condition: str, kind: JoinKind) -> None:
    join = find(f"SELECT * FROM a WHERE {condition}", Join)
    assert isinstance(join, Join)
    assert join.kind is kind
    assert join.left_keys


def test_not_in_over_nullable_columns_compares_nulls() -> None:
    join = find("SELECT * FROM a WHERE x NOT IN (SELECT x FROM b)", Join)
    assert isinstance(join, Join)
    assert (join.kind, join.left_keys) == (JoinKind.ANTI, ())
    assert str(join.condition).count("IS NULL") == 2


def test_correlated_scalar_subquery_groups_by_its_correlation() -> None:
    sql = "SELECT z, (SELECT COUNT(*) FROM b WHERE b.x = a.x) AS n FROM a"
    assert plan(sql).split("\n") == [
        "Calc(select=[z, COALESCE($count, 0) AS n])",
        "+- Join(joinType=[LeftJoin], where=[x = $k0], select=[x, y, z, $k0, $count])",
        "   :- TableSourceScan(table=[default_catalog.default_database.a], fields=[x, y, z])",
        "   +- GroupAggregate(groupBy=[x], select=[x, COUNT(*) AS $count])",
        "      +- TableSourceScan(table=[default_catalog.default_database.b], fields=[x, y, w])",
    ]

def test_a_scalar_subquery_of_many_rows_must_have_one() -> None:
    group = find("SELECT x FROM a WHERE z > (SELECT w FROM b)", Aggregate)
    assert isinstance(group, Aggregate)
    assert [c.function for c in group.calls] == ["SINGLE_VALUE"]


def test_lateral_top_n() -> None:
    over = find(
        "SELECT t.x, l.w FROM (SELECT DISTINCT x FROM a) t, LATERAL (SELECT w FROM b WHERE b.x = t.x ORDER BY w DESC "
        "LIMIT 2) l",
        Over,
    )
    assert isinstance(over, Over)
    assert over.calls[0].function == "ROW_NUMBER"
    assert len(over.partition) == 1
    assert over.order[0].descending


def test_window_functions_and_their_aggregates() -> None:
    sql = (
        "SELECT item, COUNT(*) AS c, window_end FROM TABLE(HOP(DATA => TABLE orders, TIMECOL => DESCRIPTOR(ts), "
        "SLIDE => INTERVAL '5' SECOND, SIZE => INTERVAL '10' SECOND)) GROUP BY window_start, window_end, item"
    )
    table, group = find(sql, WindowTable), find(sql, WindowAggregate)
    assert isinstance(table, WindowTable)
    assert isinstance(group, WindowAggregate)
    assert (table.spec.size, table.spec.step, table.spec.time) == (10 * SECOND, 5 * SECOND, 4)
    assert group.properties == (WindowProperty.START, WindowProperty.END)
    assert len(group.keys) == 1


def test_windows_cascade() -> None:
    view = ("CREATE VIEW small AS SELECT item, window_time AS rt, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE orders, "
            "DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY item, window_start, window_end, window_time")
    sql = ("SELECT SUM(c) FROM TABLE(TUMBLE(TABLE small, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY window_start, "
           "window_end")
    groups = [r for r in walk((query(sql, view),)) if isinstance(r, WindowAggregate)]
    assert len(groups) == 2


def test_window_join() -> None:
    side = "(SELECT * FROM TABLE(TUMBLE(TABLE {}, DESCRIPTOR(ts), INTERVAL '5' SECOND)))"
    join = find(f"SELECT l.id FROM {side.format('orders')} l JOIN {side.format('pays')} r ON l.id = r.id AND "
                "l.window_start = r.window_start AND l.window_end = r.window_end", WindowJoin)
    assert isinstance(join, WindowJoin)
    assert (join.left_window_end, join.right_window_end) == (8, 5)


def test_over_windows_are_shared() -> None:
    over = find(
        "SELECT SUM(n) OVER w, COUNT(*) OVER w, MAX(n) OVER (PARTITION BY item ORDER BY ts RANGE BETWEEN INTERVAL '1' "
        "MINUTE PRECEDING AND CURRENT ROW) FROM orders WINDOW w AS (PARTITION BY item ORDER BY ts RANGE BETWEEN "
        "INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW)",
        Over,
    )
    assert isinstance(over, Over)
    assert len(over.calls) == 3
    assert (over.frame.rows, over.frame.preceding, over.frame.following) == (False, 60 * SECOND, 0)


def test_unions_are_flat() -> None:
    union = find("SELECT x FROM a UNION ALL SELECT x FROM b UNION ALL SELECT id FROM nested", SetOperation)
    assert len(union.inputs) == 3


def test_order_by_hidden_column_and_limit() -> None:
    sort = find("SELECT x FROM a ORDER BY y DESC, z LIMIT 3 OFFSET 2", Sort)
    assert isinstance(sort, Sort)
    assert (sort.offset, sort.limit) == (2, 3)
    assert [(k.descending, k.nulls_first) for k in sort.order] == [(True, False), (False, True)]
    assert query("SELECT x FROM a ORDER BY y LIMIT 3").schema.names == ("x",)


def test_unnest_and_its_condition() -> None:
    correlate = find("SELECT id, tag FROM nested LEFT JOIN UNNEST(tags) AS t(tag) ON tag <> 'x'", Correlate)
    assert isinstance(correlate, Correlate)
    assert (correlate.function, correlate.left) == ("UNNEST", True)
    assert correlate.condition is not None


def test_grouping_sets_are_one_aggregate_over_copies() -> None:
    sql = "SELECT x, y, GROUPING_ID(x, y) AS g FROM a GROUP BY CUBE (x, y)"
    group, union = find(sql, Aggregate), find(sql, SetOperation)
    assert isinstance(group, Aggregate)
    assert len(group.keys) == 3
    assert len(union.inputs) == 4


@pytest.mark.parametrize("grouping", [
    f"CUBE ({', '.join(f'x + {i}' for i in range(9000))})", ", ".join(["CUBE (x, y)"] * 40)])
def test_grouping_sets_are_counted_before_they_are_made(grouping: str) -> None:
    with pytest.raises(UserError) as error:
        query(f"SELECT COUNT(*) FROM a GROUP BY {grouping}")
    assert error.value.code == "too_many_grouping_sets"


@pytest.mark.parametrize("sql", [
    f"SELECT COUNT(*) FROM a GROUP BY {', '.join(f'x + {i}' for i in range(3000))}",
    f"SELECT x FROM a WHERE x IN ({', '.join(map(str, range(6000)))})"], ids=["keys", "values"])
def test_long_lists_cost_what_they_are_long(sql: str) -> None:
    began = time.process_time()
    query(sql)
    assert time.process_time() - began < 6  # the square of it takes longer
