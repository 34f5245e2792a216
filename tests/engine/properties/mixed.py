"""Generated queries of many operators: views over views of changing tables and of events in time, each one relational
step on columns k, v, s; what time brings in (windows, joins in time, first and last rows) is joined, grouped, ranked
and taken apart again."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.engine.properties import strategies as plain
from tests.engine.properties.strategies import Case, events, tables
from tests.engine.properties.timed import _nulls_low, _window_starts, windows

Texts = tuple[str, str]
"""A query as the engine and as the oracle take it."""

ORDERS = ("v DESC, k, s", "k, v, s", "s, v DESC, k", "k DESC, s DESC, v")
OVER = ("ROW_NUMBER()", "RANK()", "DENSE_RANK()", "SUM(v)", "COUNT(s)", "MAX(v)")
SETS = ("UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL")
PARTITIONS = ("", "PARTITION BY k ", "PARTITION BY s ", "PARTITION BY MOD(k, 2) ")


def _both(text: str) -> Texts:
    return text, text


def _topped(source: str, other: str) -> st.SearchStrategy[Texts]:
    limits = st.sampled_from(["= 1", "<= 2", "<= 3", "BETWEEN 2 AND 3"])
    shown = st.sampled_from(["k, v, s", "k, CAST(place AS BIGINT) AS v, s"])

    def text(p: tuple[str, str, str, str]) -> Texts:
        partition, order, limit, columns = p
        query = (f"SELECT {columns} FROM (SELECT k, v, s, ROW_NUMBER() OVER ({partition}ORDER BY {{}}) AS place "
                 f"FROM {source}) WHERE place {limit}")
        return query.format(order), query.format(_nulls_low(order))

    return st.tuples(st.sampled_from(PARTITIONS), st.sampled_from(ORDERS), limits, shown).map(text)


def _windowed(source: str, other: str) -> st.SearchStrategy[Texts]:
    def text(p: tuple[str, str, str]) -> Texts:
        call, partition, order = p
        # no bare rank: a filter on it that only says from which rank on is refused, as by Flink
        query = f"SELECT k, 0 + {call} OVER ({partition}ORDER BY {{}}) AS v, s FROM {source}"
        return query.format(order), query.format(_nulls_low(order))

    return st.tuples(st.sampled_from(OVER), st.sampled_from(PARTITIONS), st.sampled_from(ORDERS)).map(text)


def _combined(source: str, other: str) -> st.SearchStrategy[Texts]:
    columns = st.sampled_from(["k, v, s", "k, CAST(NULL AS BIGINT) AS v, s"])
    return st.tuples(st.sampled_from(SETS), columns).map(
        lambda p: _both(f"SELECT {p[1]} FROM {source} {p[0]} SELECT {p[1]} FROM {other}"))


def _compared(source: str, other: str) -> st.SearchStrategy[Texts]:
    """Queries as values, and conditions on them."""
    return st.sampled_from([
        f"SELECT k, v, s FROM {source} WHERE v >= (SELECT MIN(v) FROM {other})",
        f"SELECT k, (SELECT COUNT(*) FROM {other} AS o WHERE o.k = a.k) AS v, s FROM {source} AS a",
        f"SELECT k, v, (SELECT MAX(s) FROM {other}) AS s FROM {source}",
        f"SELECT k, v, s FROM {source} AS a WHERE v > (SELECT MIN(o.v) FROM {other} AS o WHERE o.s = a.s)",
        f"SELECT k, v, s FROM {source} WHERE k NOT IN (SELECT k FROM {other} WHERE k IS NOT NULL AND v > 0)",
    ]).map(_both)


def _grouped_by_sets(source: str, other: str) -> st.SearchStrategy[Texts]:
    return st.sampled_from(["(k), (s)", "(k, s), (k)", "(s), (s, k), (k)"]).map(
        lambda sets: _both(f"SELECT k, SUM(v) AS v, s FROM {source} GROUP BY GROUPING SETS ({sets})"))


STEPS = (*plain.STEPS, _topped, _windowed, _combined, _compared, _grouped_by_sets)
TWO_INPUTS = (*plain.TWO_INPUTS, _combined, _compared)


@st.composite
def _of_windows(draw: st.DrawFn) -> Texts:
    flink, duck = _window_starts(*draw(windows))
    call = draw(st.sampled_from(["SUM(v)", "COUNT(*)", "MAX(n)"]))
    query = f"SELECT k, CAST({call} AS BIGINT) AS v, MAX(s) AS s FROM {{}} GROUP BY {{}}, k"
    return query.format(f"TABLE({flink})", "window_start, window_end"), query.format(f"({duck})", "low, high")


@st.composite
def _of_joins_in_time(draw: st.DrawFn) -> Texts:
    kind = draw(st.sampled_from(["JOIN", "LEFT JOIN", "FULL JOIN"]))
    low, high = draw(st.sampled_from([(2, 3), (0, 4), (1, 0)]))
    return _both(f"SELECT a.k, b.v, a.s FROM e AS a {kind} f AS b ON a.k = b.k AND b.ts BETWEEN "
                 f"a.ts - INTERVAL '{low}' SECOND AND a.ts + INTERVAL '{high}' SECOND")


@st.composite
def _of_first_and_last(draw: st.DrawFn) -> Texts:
    order = draw(st.sampled_from(["ASC", "DESC"]))
    query = ("SELECT k, v, s FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts {}) AS place FROM e) "
             "WHERE place = 1")
    return query.format(order), query.format(f"{order}, n {order}")


@st.composite
def _of_running_sums(draw: st.DrawFn) -> Texts:
    frame = draw(st.sampled_from(["ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
                                  "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"]))
    query = "SELECT k, SUM(v) OVER (PARTITION BY k ORDER BY {} {}) AS v, s FROM e"
    return query.format("ts", frame), query.format("ts, n", frame)


IN_TIME = (_of_windows, _of_joins_in_time, _of_first_and_last, _of_running_sums)


@dataclass
class _Script:
    """Views as the engine and as the oracle take them."""

    engine: str = ""
    oracle: str = ""

    def add(self, name: str, texts: Texts) -> None:
        self.engine += f"CREATE VIEW {name} AS {texts[0]};\n"
        self.oracle += f"CREATE VIEW {name} AS {texts[1]};\n"


@st.composite
def mixtures(draw: st.DrawFn, steps: int = 5) -> Case:
    """Several steps over a changing table and what time gives."""
    inputs, script = {"t": draw(tables(10))}, _Script()
    sources = ["t"]
    if draw(st.booleans()):
        inputs |= {"e": draw(events(10)), "f": draw(events(8))}
        script.add("timed", draw(draw(st.sampled_from(IN_TIME))()))
        sources.append("timed")
    for number in range(draw(st.integers(2, steps))):
        step = draw(st.sampled_from(STEPS))
        made = draw(step(sources[-1], draw(st.sampled_from(sources))))
        script.add(f"w{number}", made if isinstance(made, tuple) else _both(made))
        sources.append(f"w{number}")
    query = f"SELECT k, v, s FROM {sources[-1]}"
    return Case(inputs, query, script.oracle + query, script.engine)
