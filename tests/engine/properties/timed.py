"""Generated queries over events in time: windows, OVER, interval and temporal joins, deduplication, Top-N."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from engine.types import INT, STRING, TIMESTAMP, Schema
from tests.engine.properties.strategies import BOUND, START, Case, events, tables, texts
from tests.engine.properties.support import UPSERT, Change, Input

AGGREGATES = (
    "COUNT(*)",
    "SUM(v)",
    "MIN(v)",
    "MAX(s)",
    "AVG(x)",
    "COUNT(DISTINCT s)",
    "SUM(x) FILTER (WHERE v > 0)",
    "MAX(n)",
)
WINDOWED = ("COUNT(*)", "SUM(v)", "SUM(x)", "MIN(v)", "MAX(s)", "COUNT(s)", "MAX(n)", "AVG(x)")


def _micros(seconds: float) -> str:
    return str(int(seconds * 1_000_000))


def _window_starts(kind: str, size: int, step: int) -> tuple[str, str]:
    """The window function of Flink, and DuckDB's rows of e with window_start and window_end (microseconds since the
    epoch)."""
    if kind == "TUMBLE":
        flink = f"TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '{size}' SECOND)"
    else:
        sizes = (step, size)
        flink = f"{kind}(TABLE e, DESCRIPTOR(ts), INTERVAL '{sizes[0]}' SECOND, INTERVAL '{sizes[1]}' SECOND)"
    at = "epoch_us(ts)"
    if kind == "CUMULATE":  # all ends in the row's tumbling window that lie behind the row
        first = f"{at} // {_micros(size)} * {_micros(size)}"
        ends = (f"range({first} + ({at} - {first}) // {_micros(step)} * {_micros(step)} + {_micros(step)},"
                f" {first} + {_micros(size)} + 1, {_micros(step)})")
        return flink, f"SELECT *, {first} AS low, unnest({ends}) AS high FROM e"
    every = size if kind == "TUMBLE" else step
    last = f"{at} // {_micros(every)} * {_micros(every)}"
    starts = f"range({last}, {at} - {_micros(size)}, -{_micros(every)})"
    return flink, f"SELECT *, low + {_micros(size)} AS high FROM (SELECT *, unnest({starts}) AS low FROM e)"


windows = st.sampled_from(
    [("TUMBLE", 4, 4), ("TUMBLE", 1, 1), ("TUMBLE", 7, 7), ("HOP", 6, 2), ("HOP", 9, 3), ("CUMULATE", 6, 2)]
)


@st.composite
def window_aggregates(draw: st.DrawFn) -> Case:
    """TUMBLE, HOP and CUMULATE, grouped by window and perhaps a key."""
    flink, duck = _window_starts(*draw(windows))
    calls = ", ".join(draw(st.lists(st.sampled_from(AGGREGATES), min_size=1, max_size=4)))
    key = draw(st.sampled_from(["", "k, ", "s, ", "k, s, ", "MOD(n, 2), "]))
    where = draw(st.sampled_from(["", " WHERE v > 0", " WHERE s IS NOT NULL"]))
    query = (f"SELECT {key}window_start, window_end, {calls} FROM TABLE({flink}){where}"
             f" GROUP BY {key}window_start, window_end")
    answer = (
        f"SELECT {key}make_timestamp(low), make_timestamp(high), {calls} FROM ({duck}){where} GROUP BY {key}low, high"
    )
    return Case({"e": draw(events())}, query, answer, ordered=True)


@st.composite
def over_windows(draw: st.DrawFn) -> Case:
    """OVER with ROWS and RANGE, bounded and not. Rows of one time are in order of arrival (n) for ROWS, peers for
    RANGE."""
    unit = draw(st.sampled_from(["ROWS", "RANGE"]))
    bound = draw(st.sampled_from(["UNBOUNDED", "1", "3"]))
    if unit == "RANGE" and bound != "UNBOUNDED":
        bound = f"INTERVAL '{bound}' SECOND"
    partition = draw(st.sampled_from(["", "PARTITION BY k ", "PARTITION BY s ", "PARTITION BY k, MOD(n, 2) "]))
    calls = draw(st.lists(st.sampled_from(WINDOWED), min_size=1, max_size=4))
    frame = f"{unit} BETWEEN {bound} PRECEDING AND CURRENT ROW"

    def text(order: str) -> str:
        selected = ", ".join(f"{c} OVER w AS c{i}" for i, c in enumerate(calls))
        return f"SELECT n, k, ts, {selected} FROM e WINDOW w AS ({partition}ORDER BY {order} {frame})"

    return Case({"e": draw(events())}, text("ts"), text("ts, n" if unit == "ROWS" else "ts"), ordered=True)


@st.composite
def interval_joins(draw: st.DrawFn) -> Case:
    """Two streams, or one with itself, matched within seconds."""
    inputs = {"e": draw(events())}
    other = draw(st.sampled_from(["e", "f", "f"]))
    if other == "f":
        inputs["f"] = draw(events())
    low, high = sorted(draw(st.tuples(st.integers(-6, 6), st.integers(-6, 6))))
    kind = draw(st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]))
    on = draw(st.sampled_from(["a.k = c.k", "a.k = c.k AND a.s = c.s", "a.k = c.k AND a.v < c.v", "a.s = c.s"]))
    query = (f"SELECT a.n, a.k, a.ts, c.n AS m, c.ts AS ts2, c.s FROM e a {kind} {other} c ON {on} "
             f"AND c.ts BETWEEN a.ts + INTERVAL '{low}' SECOND AND a.ts + INTERVAL '{high}' SECOND")
    return Case(inputs, query, query)



@st.composite
def window_joins(draw: st.DrawFn) -> Case:
    """Rows of two streams, or one with itself, in the same window."""
    inputs = {"e": draw(events())}
    other = draw(st.sampled_from(["e", "f", "f"]))
    if other == "f":
        inputs["f"] = draw(events())
    size = draw(st.sampled_from([1, 4, 9]))
    kind = draw(st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]))
    on = draw(st.sampled_from(["a.k = c.k", "a.k = c.k AND a.s = c.s", "a.k = c.k AND a.v < c.v"]))
    flink, duck = (
        [f"(SELECT * FROM TABLE(TUMBLE(TABLE {t}, DESCRIPTOR(ts), INTERVAL '{size}' SECOND)))" for t in ("e", other)],
        [f"(SELECT *, time_bucket(INTERVAL '{size} seconds', ts, TIMESTAMP '1970-01-01') AS window_start,"
         f" window_start AS window_end FROM {t})" for t in ("e", other)])
    exists = draw(st.sampled_from([None, None, "EXISTS", "NOT EXISTS"]))

    def text(left: str, right: str) -> str:
        same = "a.window_start = c.window_start AND a.window_end = c.window_end"
        if exists is not None:
            return (f"SELECT a.n, a.k, a.window_start FROM {left} a"
                    f" WHERE {exists} (SELECT 1 FROM {right} c WHERE {on} AND {same})")
        return f"SELECT a.n, c.n AS m, a.k, a.window_start, c.s FROM {left} a {kind} {right} c ON {on} AND {same}"

    return Case(inputs, text(*flink), text(*duck))


VERSIONS = Schema.of(k=INT.as_nullable(False), m=INT, s=STRING, ts=TIMESTAMP(3))


@st.composite
def versions(draw: st.DrawFn, size: int = 10) -> Input:
    """A versioned table's changes by key; the time of each is when it became true, out of order by less than BOUND."""
    changes: list[Change] = []
    live: set[int] = set()
    time = 0
    columns = st.tuples(st.integers(0, 6), st.integers(0, 2 * BOUND - 1), st.integers(0, 3), texts, st.integers(0, 4))
    for m, (step, back, k, s, action) in enumerate(draw(st.lists(columns, min_size=size // 3, max_size=size))):
        time += 1000 * step
        at = START + timedelta(milliseconds=time - 500 * back)
        kind = "+I" if k not in live else "-D" if action == 0 else "+U"
        live = live - {k} if kind == "-D" else live | {k}
        changes.append((kind, (k, m, s, at)))
    clauses = f", PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '{BOUND}' SECOND"
    return Input(VERSIONS, changes, UPSERT, clauses, history=True)


AS_OF = """
SELECT n, k, ts, m, s FROM (
    SELECT e.n, e.k, e.ts, r.k IS NOT NULL AND NOT gone AS found, CASE WHEN NOT gone THEN r.m END AS m,
        CASE WHEN NOT gone THEN r.s END AS s,
        ROW_NUMBER() OVER (PARTITION BY e.n ORDER BY r.ts DESC, r.arrival DESC) AS place
    FROM e LEFT JOIN {versions} r ON e.k = r.k AND r.ts <= e.ts)
WHERE place = 1 AND (found OR {outer})
"""
NEWEST = "SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS place FROM f"
KEPT = """(
    SELECT k, n AS m, s, ts, n AS arrival, FALSE AS gone, MAX(ts) OVER (PARTITION BY k ORDER BY n) AS newest
    FROM f QUALIFY ts = newest)"""


@st.composite
def temporal_joins(draw: st.DrawFn) -> Case:
    """Events with the version of their time, from a table with a key or from a view that keeps the newest row of each
    key (which never takes an older row than it has)."""
    outer = draw(st.booleans())
    kind = "LEFT JOIN" if outer else "JOIN"
    query = f"SELECT e.n, e.k, e.ts, r.m, r.s FROM e {kind} r FOR SYSTEM_TIME AS OF e.ts ON e.k = r.k"
    left = draw(events())
    if draw(st.booleans()):
        return Case({"e": left, "r": draw(versions())}, query, AS_OF.format(outer=outer, versions="r"))
    view = f"CREATE VIEW r AS SELECT k, n AS m, s, ts FROM ({NEWEST}) WHERE place = 1;"
    return Case({"e": left, "f": draw(events())}, query, AS_OF.format(outer=outer, versions=KEPT), view)


@st.composite
def deduplications(draw: st.DrawFn) -> Case:
    """The first or the last row of each key, by event time; of two at one time the first keeps, the last replaces."""
    partition = draw(st.sampled_from(["k", "s", "k, s", "MOD(n, 3)"]))
    order = draw(st.sampled_from(["ASC", "DESC"]))

    def text(order: str) -> str:
        ranked = f"SELECT *, ROW_NUMBER() OVER (PARTITION BY {partition} ORDER BY {order}) AS place FROM e"
        return f"SELECT n, k, v, s, ts FROM ({ranked}) WHERE place = 1"

    return Case({"e": draw(events())}, text(f"ts {order}"), text(f"ts {order}, n {order}"), ordered=True)


RANKED = ("s, ts DESC, n", "v DESC, n", "n DESC", "s DESC NULLS FIRST, v NULLS LAST, n", "x, ts, n")


@st.composite
def top_rows(draw: st.DrawFn) -> Case:
    """Top-N of appended rows and of a changing table, also after an aggregation. Rows that tie are equal in all that is
    shown."""
    partition = draw(st.sampled_from(["", "PARTITION BY k ", "PARTITION BY s ", "PARTITION BY k, s "]))
    limit = draw(st.sampled_from(["= 1", "<= 2", "<= 3", "BETWEEN 2 AND 3"]))
    place = draw(st.sampled_from(["", ", place"]))
    setup = ""
    if draw(st.booleans()):
        inputs, source, order = {"e": draw(events())}, "e", draw(st.sampled_from(RANKED))
        shown = "n, k, v, s, ts"
    else:
        inputs, source, order = (
            {"t": draw(tables(18))},
            "t",
            draw(st.sampled_from(["v DESC, s, k", "s, v, k", "k, v, s"])),
        )
        shown = "k, v, s"
        if draw(st.booleans()):
            source = "totals"
            setup = "CREATE VIEW totals AS SELECT k, SUM(v) AS v, s FROM t GROUP BY k, s;"
    ranked = f"SELECT *, ROW_NUMBER() OVER ({partition}ORDER BY {{}}) AS place FROM {source}"
    query = f"SELECT {shown}{place} FROM ({ranked}) WHERE place {limit}"
    return Case(inputs, query.format(order), setup + query.format(_nulls_low(order)), setup, ordered=True)


def _nulls_low(order: str) -> str:
    """The ordering with Flink's place of NULL said aloud: below everything."""
    terms = [t.strip() for t in order.split(",")]
    return ", ".join(t if "NULLS" in t else f"{t} NULLS {'LAST' if t.endswith('DESC') else 'FIRST'}" for t in terms)


@st.composite
def after_time(draw: st.DrawFn) -> Case:
    """What an operator over time gives, aggregated again: by a key, or in windows of the time that it passes on."""
    kind = draw(st.sampled_from([interval_joins, over_windows, deduplications, temporal_joins]))
    first = draw(kind())
    windowed = (
        kind in (interval_joins, over_windows, temporal_joins)
        and "RIGHT" not in first.query
        and "FULL" not in first.query
    )
    if windowed and draw(st.booleans()):
        flink = (
            "SELECT window_start, k, COUNT(*), MAX(n) FROM TABLE(TUMBLE(TABLE w, DESCRIPTOR(ts), INTERVAL '4' SECOND)) "
            "GROUP BY window_start, window_end, k"
        )
        start = "time_bucket(INTERVAL '4 seconds', ts, TIMESTAMP '1970-01-01')"
        duck = f"SELECT {start} AS low, k, COUNT(*), MAX(n) FROM w GROUP BY low, k"
    else:
        flink = duck = "SELECT k, COUNT(*), MAX(n), COUNT(DISTINCT ts) FROM w GROUP BY k"
    view = f"CREATE VIEW w AS {first.query};"
    asked = f"CREATE VIEW w AS {first.oracle};{duck}"
    return Case(first.inputs, flink, asked, first.setup + view, first.ordered)
