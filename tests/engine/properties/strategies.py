"""Generated changelogs and queries. A query is text that both the engine and DuckDB take, or a pair of such texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from engine.types import BIGINT, BOOLEAN, DECIMAL, DOUBLE, INT, STRING, TIMESTAMP, Schema
from tests.engine.properties.support import Change, Input

START = datetime(2024, 2, 28, 23, 59, 30)
BOUND = 5  # seconds by which events may be out of order
RETRACTING = "I,UB,UA,D"

keys = st.sampled_from([1, 2, 0, 3, -2, 1, 2, None])
amounts = st.sampled_from([1, 0, 2, 3, -1, 5, -9, 7, 2**40, None])
texts = st.sampled_from(
    ["a", "", "b", "A", "exactly12byt", "longer than twelve bytes", "longer than twelve bytez", "é€", None]
)
flags = st.sampled_from([True, False, None])
prices = st.sampled_from([Decimal(cents) / 100 for cents in (100, 0, 150, -25, 99999, -100, 1)] + [None])
measures = st.sampled_from([0.0, 0.25, -0.25, 1.5, -8.0, 3.75, None])

TABLE = Schema.of(k=INT, v=BIGINT, s=STRING, b=BOOLEAN, d=DECIMAL(10, 2), x=DOUBLE)
rows = st.tuples(keys, amounts, texts, flags, prices, measures)


@dataclass(frozen=True)
class Case:
    """Tables and a query over them: the engine's text and the oracle's. `ordered`: the tables' changes reach the
    query in one order whatever the batches, so its changes are the same, too. `key`: the query goes into a table with
    this key. `batch_oracle`: the oracle's text of a batch, where it is another (a global aggregate of no rows)."""

    inputs: dict[str, Input]
    query: str
    oracle: str
    setup: str = ""
    ordered: bool = False
    batch_oracle: str = ""

    def __repr__(self) -> str:
        tables = "\n".join(f"  {name}: {list(given.changes)}" for name, given in self.inputs.items())
        return f"\n{tables}\n  {self.setup}\n  {self.query}"


@st.composite
def changelogs(draw: st.DrawFn, row: st.SearchStrategy[tuple[Any, ...]] = rows, size: int = 14) -> list[Change]:
    """Insertions, updates and deletions of rows that are there; duplicates are common."""
    changes: list[Change] = []
    live: list[tuple[Any, ...]] = []
    for action in draw(st.lists(st.sampled_from("IIIIUUDD"), min_size=size // 4, max_size=size)):
        if action == "I" or not live:
            again = bool(live) and draw(st.integers(0, 3)) == 0
            live.append(draw(st.sampled_from(live)) if again else draw(row))
            changes.append(("+I", live[-1]))
            continue
        old = live.pop(draw(st.integers(0, len(live) - 1)))
        if action == "D":
            changes.append(("-D", old))
        else:
            live.append(draw(row))
            changes += [("-U", old), ("+U", live[-1])]
    return changes


def tables(size: int = 14) -> st.SearchStrategy[Input]:
    """Changing tables of TABLE's columns."""
    return changelogs(size=size).map(lambda changes: Input(TABLE, changes, RETRACTING))


EVENTS = Schema.of(n=INT, k=INT, v=BIGINT, x=DOUBLE, s=STRING, ts=TIMESTAMP(3))


@st.composite
def events(draw: st.DrawFn, size: int = 16) -> Input:
    """Appended rows, numbered in order of arrival, out of order by less than BOUND."""
    changes: list[Change] = []
    time = 0
    columns = st.tuples(st.integers(0, 6), st.integers(0, 1000 * BOUND - 1), keys, amounts, measures, texts)
    for n, (step, back, k, v, x, s) in enumerate(draw(st.lists(columns, min_size=size // 4, max_size=size))):
        time += 1000 * step
        at = time - back // 500 * 500
        changes.append(("+I", (n, k, v, x, s, START + timedelta(milliseconds=at))))
    return Input(EVENTS, changes, clauses=f", WATERMARK FOR ts AS ts - INTERVAL '{BOUND}' SECOND")


# ---- queries over changing tables ------------------------------------------------------------------------------------

PREDICATES = (
    "k > 0", "v < 5", "s IS NULL", "s = 'a'", "s <> 'longer than twelve bytes'", "k IS NOT NULL AND v IS NOT NULL",
    "k = 1 OR v > 3", "NOT (k = 2)", "k IN (1, 2)", "k NOT IN (0, 3)", "v BETWEEN -3 AND 4", "s LIKE '%e%'",
    "k IS NOT DISTINCT FROM NULL", "(k > 1) IS NOT TRUE",
)  # fmt: skip
INT_EXPRESSIONS = (
    "k",
    "k + 1",
    "-k",
    "MOD(k, 2)",
    "CASE WHEN k > 1 THEN 1 END",
    "COALESCE(k, 7)",
    "ABS(k)",
    "NULLIF(k, 1)",
)
BIGINT_EXPRESSIONS = (
    "v",
    "v * 2",
    "v - k",
    "CASE WHEN v > 0 THEN v ELSE k END",
    "COALESCE(v, 0)",
    "CHAR_LENGTH(s) + v",
)
TEXT_EXPRESSIONS = (
    "s",
    "UPPER(s)",
    "s || '!'",
    "SUBSTRING(s, 2, 3)",
    "COALESCE(s, 'none')",
    "CASE WHEN v > 0 THEN s END",
)


def _filtered(source: str, other: str) -> st.SearchStrategy[str]:
    return st.sampled_from(PREDICATES).map(lambda p: f"SELECT k, v, s FROM {source} WHERE {p}")


def _projected(source: str, other: str) -> st.SearchStrategy[str]:
    parts = st.tuples(*map(st.sampled_from, (INT_EXPRESSIONS, BIGINT_EXPRESSIONS, TEXT_EXPRESSIONS)))
    return parts.map(lambda p: f"SELECT {p[0]} AS k, {p[1]} AS v, {p[2]} AS s FROM {source}")


def _grouped(source: str, other: str) -> st.SearchStrategy[str]:
    key = st.sampled_from(["k", "MOD(k, 2)", "COALESCE(k, 9)"])
    number = st.sampled_from(
        [
            "SUM(v)",
            "COUNT(*)",
            "COUNT(v)",
            "COUNT(DISTINCT s)",
            "SUM(DISTINCT v)",
            "MIN(v)",
            "MAX(v)",
            "SUM(v) FILTER (WHERE v > 0)",
            "COUNT(DISTINCT v) FILTER (WHERE s IS NOT NULL)",
        ]
    )
    text = st.sampled_from(["MIN(s)", "MAX(s)", "MAX(s) FILTER (WHERE k > 0)"])
    having = st.sampled_from(["", " HAVING COUNT(*) > 1", " HAVING MAX(v) > 0"])
    return st.tuples(key, number, text, having).map(
        lambda p: f"SELECT {p[0]} AS k, {p[1]} AS v, {p[2]} AS s FROM {source} GROUP BY {p[0]}{p[3]}")


def _distinct(source: str, other: str) -> st.SearchStrategy[str]:
    return st.sampled_from(["k, v, s", "k, v, CAST(NULL AS VARCHAR) AS s"]).map(
        lambda columns: f"SELECT DISTINCT {columns} FROM {source}")


def _joined(source: str, other: str) -> st.SearchStrategy[str]:
    kind = st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
    on = st.sampled_from(
        [
            "a.k = c.k",
            "a.k = c.k AND a.s = c.s",
            "a.k IS NOT DISTINCT FROM c.k",
            "a.k = c.k AND a.v < c.v",
            "a.s = c.s AND a.v <> c.k",
            "a.k = c.k + 1",
        ]
    )
    columns = st.sampled_from(["a.k, a.v, c.s", "c.k, a.v + c.v AS v, a.s", "COALESCE(a.k, c.k) AS k, c.v, a.s"])
    return st.tuples(kind, on, columns).map(lambda p: f"SELECT {p[2]} FROM {source} a {p[0]} {other} c ON {p[1]}")


def _exists(source: str, other: str) -> st.SearchStrategy[str]:
    return st.sampled_from([
        f"SELECT k, v, s FROM {source} a WHERE EXISTS (SELECT 1 FROM {other} c WHERE c.k = a.k)",
        f"SELECT k, v, s FROM {source} a WHERE NOT EXISTS (SELECT 1 FROM {other} c WHERE c.k = a.k)",
        f"SELECT k, v, s FROM {source} a WHERE NOT EXISTS (SELECT 1 FROM {other} c WHERE c.k = a.k AND c.v > a.v)",
        f"SELECT k, v, s FROM {source} a WHERE EXISTS (SELECT 1 FROM {other} c WHERE c.s = a.s AND c.v > a.v)",
        f"SELECT k, v, s FROM {source} WHERE k IN (SELECT k FROM {other} WHERE v > 0)",
    ])


def _united(source: str, other: str) -> st.SearchStrategy[str]:
    return st.sampled_from(["k", "v"]).map(
        lambda c: f"SELECT k, v, s FROM {source} UNION ALL SELECT k, v, s FROM {other} WHERE {c} > 1")


STEPS = (_filtered, _projected, _grouped, _distinct, _joined, _exists, _united)
TWO_INPUTS = (_joined, _exists, _united)


@st.composite
def compositions(draw: st.DrawFn, steps: int = 3) -> Case:
    """Views over views, each one relational step on columns k, v, s; the second input is another table or an earlier
    view."""
    inputs = {"t": draw(tables())}
    sources, views, single = ["t"], [], True
    for number in range(draw(st.integers(1, steps))):
        step = draw(st.sampled_from(STEPS))
        other = sources[0]
        if step in TWO_INPUTS:
            single = False
            other = draw(st.sampled_from(["u", *sources]))
            if other == "u":
                inputs["u"] = inputs.get("u") or draw(tables(8))
        views.append(f"CREATE VIEW w{number} AS {draw(step(sources[-1], other))};")
        sources.append(f"w{number}")
    query = f"SELECT k, v, s FROM {sources[-1]}"
    setup = "\n".join(views)
    return Case(inputs, query, setup + query, setup, ordered=single)


AGGREGATES = (
    "COUNT(*)", "COUNT(s)", "SUM(v)", "SUM(x)", "SUM(d)", "MIN(v)", "MAX(v)", "MIN(s)", "MAX(s)", "MIN(x)", "MAX(d)",
    "AVG(x)", "MIN(b)", "COUNT(DISTINCT s)", "COUNT(DISTINCT x)", "SUM(DISTINCT v)", "MAX(DISTINCT d)",
)  # fmt: skip
CONDITIONS = ("v > 0", "s IS NOT NULL", "x < 0.5E0", "k = 1")
GROUPINGS = ("k", "s", "b", "d", "x", "k, s", "s, b, d", "v", "x, k")


@st.composite
def aggregations(draw: st.DrawFn) -> Case:
    """GROUP BY over a changing table: every kind of key, aggregates with DISTINCT and FILTER."""
    given = draw(tables(24))
    calls = draw(st.lists(st.tuples(st.sampled_from(AGGREGATES), st.none() | st.sampled_from(CONDITIONS)),
                          min_size=1, max_size=5))
    selected = ", ".join(call + (f" FILTER (WHERE {where})" if where else "") for call, where in calls)
    grouping = draw(st.none() | st.sampled_from(GROUPINGS))
    if grouping is None:  # Flink's streams have no row for what never had one, its batches have
        query = f"SELECT {selected} FROM t"
        return Case({"t": given}, query, f"{query} HAVING COUNT(*) > 0", ordered=True, batch_oracle=query)
    query = f"SELECT {grouping}, {selected} FROM t GROUP BY {grouping}"
    return Case({"t": given}, query, query, ordered=True)
