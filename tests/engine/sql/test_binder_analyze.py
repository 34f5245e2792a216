"""Analysis: what the compiler and editors ask for, at once and without running anything."""

from __future__ import annotations

import subprocess
import sys
import time

from engine.analyze import Analyzer, analyze

TABLES = """CREATE TABLE bid (auction BIGINT, price BIGINT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND);
CREATE TABLE best (auction BIGINT, price BIGINT, PRIMARY KEY (auction) NOT ENFORCED);
"""


def test_relations() -> None:
    analysis = analyze(TABLES + """
        CREATE VIEW windows AS SELECT auction, COUNT(*) AS n, window_start, window_end, window_time FROM TABLE(
          HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
          GROUP BY auction, window_start, window_end, window_time;
        CREATE VIEW maxima AS SELECT auction, MAX(price) AS price FROM bid GROUP BY auction;
        INSERT INTO best SELECT * FROM maxima""")
    assert not analysis.errors
    windows, maxima = analysis.relations["windows"], analysis.relations["maxima"]
    assert windows.time_attribute == "window_time"
    assert ("auction", "window_start") in windows.keys
    assert windows.changelog == "I"
    assert maxima.keys == (("auction",),)
    assert maxima.changelog == "I,UA"
    assert maxima.time_attribute is None
    assert analysis.relations["bid"].time_attribute == "ts"
    assert analysis.relations["INSERT INTO best"].sink == "best"


def test_all_errors_at_once_with_places_in_the_whole_text() -> None:
    statements = ["CREATE VIEW v AS SELECT pric FROM bid", "CREATE VIEW w AS SELECT * FROM bidd", "SELECT FROM",
                  "CREATE VIEW x AS SELECT auction FROM bid"]
    text = TABLES + ";\n".join(statements)
    analysis = analyze(text)
    errors = analysis.errors
    assert [e.code for e in errors] == ["unknown_column", "unknown_table", "syntax"]
    assert [e.place.line for e in errors if e.place] == [4, 5, 6]
    places = [e.place for e in errors if e.place]
    assert text[places[0].start:places[0].end] == "pric"
    assert text[places[1].start:places[1].end] == "bidd"
    assert "x" in analysis.relations
    assert errors[0].name == "v"


def test_an_error_names_its_pipeline_node() -> None:
    analysis = analyze(TABLES + "CREATE VIEW v AS SELECT pric FROM bid", nodes={"v": "select-1"})
    assert analysis.errors[0].node == "select-1"


def test_state_that_grows_is_a_warning_unless_something_bounds_it() -> None:
    insert = "INSERT INTO best SELECT auction, MAX(price) FROM bid GROUP BY auction"
    (warning,) = analyze(TABLES + insert).diagnostics
    assert (warning.severity, warning.code) == ("warning", "growing_state")
    assert "auction" in warning.message
    assert not analyze(TABLES + "SET 'table.exec.state.ttl' = '1 d';" + insert).diagnostics


def test_a_thousand_views_take_under_a_second() -> None:
    analyzer = Analyzer()
    analyzer.add(TABLES)
    start = time.process_time()
    for i in range(1_000):
        source = "bid" if i == 0 else f"v{i - 1}"
        analyzer.add(f"CREATE VIEW v{i} AS SELECT auction, price + 1 AS price, ts FROM {source} WHERE price > 3")
        assert analyzer.relation(f"v{i}").time_attribute == "ts"
    assert time.process_time() - start < 1.0


def test_analysis_imports_nothing_heavy() -> None:
    code = (
        'import sys; from engine.analyze import analyze; a = analyze("CREATE TABLE t (a INT); CREATE VIEW v AS SELECT '
        "SUM(a) AS s FROM t WHERE UPPER('x') = 'X'\"); assert not a.errors, a; "
        "print([m for m in ('numba', 'polars', 'pyarrow') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_lineage_goes_to_the_tables_and_views_that_a_view_reads() -> None:
    analyzer = Analyzer()
    analyzer.add(TABLES + "CREATE VIEW v AS SELECT auction AS a, price * 2 AS p, ts FROM bid WHERE price > 1;"
                 "CREATE VIEW w AS SELECT v.a, SUM(v.p) AS s, MAX(best.price) AS m, COUNT(*) AS c FROM v JOIN best ON "
                 "v.a = best.auction GROUP BY v.a")
    assert analyzer.lineage("v") == {"a": (("bid", "auction"),), "p": (("bid", "price"),), "ts": (("bid", "ts"),)}
    assert analyzer.lineage("w") == {"a": (("v", "a"),), "s": (("v", "p"),), "m": (("best", "price"),), "c": ()}
