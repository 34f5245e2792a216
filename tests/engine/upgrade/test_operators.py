"""Operators of which the pairs know nothing: of tables that change, of sinks with keys, in two phases, that learn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.upgrade.corpus import TABLES
from tests.engine.upgrade.support import Stage, continued, from_scratch, judged, run, same, saved, session

U = ("CREATE TABLE u (k INT, name VARCHAR(10), g INT, PRIMARY KEY (k) NOT ENFORCED) "
     "WITH ('connector' = 'scripted', 'id' = 'u');")
E = TABLES["e"]
KEYED = "CREATE TABLE o (g INT, n BIGINT, PRIMARY KEY (g) NOT ENFORCED) WITH ('connector' = '*select*');"

JOIN = "SELECT u.name, e.id FROM e JOIN u ON e.k = u.k"
CHANGING = [
    ("SELECT g, COUNT(*) AS n FROM u GROUP BY g", "COUNT(*) AS n", "COUNT(*) * 2 AS n", {"kept"}),
    ("SELECT g, COUNT(*) AS n FROM u GROUP BY g", "COUNT(*) AS n", "COUNT(*) AS n, MIN(k)", {"kept", "recomputed"}),
    ("SELECT g, COUNT(*) AS n FROM u GROUP BY g", "FROM u", "FROM u WHERE k > 1", {"kept", "recomputed"}),
    ("SELECT k, name FROM u", "k, name", "k, name, g", {"kept", "migrated"}),
    ("SELECT k, name, g FROM u", "k, name, g", "g, k", {"kept", "migrated"}),
    (JOIN, "e.id FROM", "e.id, u.g FROM", {"kept", "migrated", "recomputed"}),
    (JOIN, "e.id FROM", "e.id, e.c FROM", {"kept", "migrated"}),
    ("SELECT name, k FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY g ORDER BY k DESC) AS n FROM u) WHERE n <= 2",
     "n <= 2", "n <= 1", {"kept"}),
]


@pytest.mark.parametrize(("query", "before", "after", "verdicts"), CHANGING)
def test_tables_that_change(query: str, before: str, after: str, verdicts: set[str], tmp_path: Path) -> None:
    """What is taken back is found, though it was given before."""
    old, new = f"{U} {E} {query};", f"{U} {E} {query.replace(before, after, 1)};"
    report = judged(old, new, tmp_path / "j")
    assert report.verdicts == verdicts, report.table()
    added = any("is added" in reason for entry in report.entries for reason in entry.reasons)
    result, oracle = continued(old, new, tmp_path / "c"), from_scratch(new, tmp_path / "s")
    changes = oracle.out[0][oracle.sealed[0]:]
    assert changes and len(result.out[0]) == len(changes)
    assert same(result.after(0), oracle.after(0), added)
    if "JOIN" not in query and not added:
        assert result.out[0] == changes


@pytest.mark.parametrize(("before", "after", "verdicts"), [
    ("COUNT(*) FROM", "COUNT(*) + 1 FROM", {"kept", "recomputed"}),
    ("DEDUPLICATE;", "DEDUPLICATE; SELECT COUNT(*) FROM u;", {"kept", "recomputed"}),
    ("FROM u GROUP", "FROM u WHERE g > 0 GROUP", {"kept", "recomputed"}),
])
def test_sinks_with_a_key(before: str, after: str, verdicts: set[str], tmp_path: Path) -> None:
    """Several rows of the query share a key of the table: they are kept before it, in the form in which they were
    given."""
    old = f"{KEYED} {U} {E} INSERT INTO o SELECT MAX(g), COUNT(*) FROM u GROUP BY k ON CONFLICT DO DEDUPLICATE;"
    new = old.replace(before, after, 1)
    assert judged(old, new, tmp_path / "j").verdicts == verdicts
    result, oracle = continued(old, new, tmp_path / "c"), from_scratch(new, tmp_path / "s")
    assert [row for _, row in result.out[0]] == [row for _, row in oracle.out[0][oracle.sealed[0]:]]


def test_in_two_phases(tmp_path: Path) -> None:
    """Two shards aggregate in two phases, one in one: the state is the same."""
    settings = ("SET 'table.exec.mini-batch.enabled' = 'true'; SET 'table.exec.mini-batch.allow-latency' = '1 s'; "
                "SET 'table.exec.mini-batch.size' = '100'; SET 'table.optimizer.agg-phase-strategy' = 'TWO_PHASE';")
    old = f"{settings} {E} SELECT k, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k;"
    new = old.replace("COUNT(*) AS n, SUM(v) AS s", "SUM(v) AS s, COUNT(*) AS n")
    one = old.replace("TWO_PHASE", "ONE_PHASE")
    for program, shards in ((new, (2, 2)), (new, (2, 1)), (one, (2, 2))):
        folder = tmp_path / f"{len(program)}{shards[1]}"
        assert "lost" not in judged(old, program, folder / "j", again="no").verdicts
        result = continued(old, program, folder / "c", again="no", shards=shards)
        assert result.after(0) == from_scratch(program, folder / "s").after(0)


MODEL = (f"{E} SELECT c, MAX(ts), GAUSSIAN(CASE WHEN v > 5 THEN 1 ELSE 0 END, FEATURES(8, 'x', x, 'k', k), "
         "'name=m, bits=8, publish_every=2') FROM e GROUP BY c;")


def test_a_model_goes_on(tmp_path: Path) -> None:
    """Where the query around it changes; versions and weights are those of a model that learned all of it."""
    query = MODEL.removeprefix(E).strip().replace("c, MAX(ts), ", "").replace(" FROM", ", MAX(ts), c FROM")
    new = f"{E} SELECT k, COUNT(*) FROM e GROUP BY k; CREATE VIEW w AS {query} SELECT * FROM w;"
    result = continued(MODEL, new, tmp_path / "c")
    oracle = from_scratch(new, tmp_path / "s")
    assert result.out[1] and result.out[1] == oracle.out[1][oracle.sealed[1]:]
    hashes = [session(new, Stage(), tmp_path / where).model_hashes() for where in ("c", "s")]
    assert hashes[0] == hashes[1] and hashes[0]


def test_a_model_that_learns_otherwise_begins_empty(tmp_path: Path) -> None:
    """Its versions are published once: nothing is read again for it."""
    new = MODEL.replace("v > 5", "v > 6")
    assert judged(MODEL, new, tmp_path / "j").verdicts == {"kept", "lost"}
    saved(MODEL, tmp_path / "state")
    result = run(new, Stage(middle=()), tmp_path / "state", frozenset({"lost"}))
    samples = {row[0]: row[2]["samples"] for sign, row in result.out[0] if sign > 0}
    assert set(samples) == {"a", "b", "c"} and all(count <= 8 for count in samples.values())
