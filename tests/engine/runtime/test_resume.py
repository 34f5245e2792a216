"""A job that crashes at any moment and is started again ends as one that was never disturbed: windows, joins in time,
OVER, a learner that is joined as of the event's time, files written exactly once; also with other shards and other
batches."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.session import RunOptions
from tests import profiles
from tests.engine.runtime.faults import BARRIER, CRASH, Item, Script, build, run_through

START = datetime(2024, 3, 1)
TABLES = """
CREATE TABLE e (n INT, k INT, v BIGINT, x DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
    WITH ('connector' = 'scripted');
CREATE TABLE g (n INT, k INT, v BIGINT, x DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
    WITH ('connector' = 'scripted');
CREATE TABLE f (n INT, k INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
    WITH ('connector' = 'scripted');
CREATE TABLE counts (k INT, w TIMESTAMP(3), n BIGINT, v BIGINT, x DOUBLE)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/counts');
CREATE TABLE pairs (n INT, m INT, s STRING)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/pairs');
CREATE TABLE sums (n INT, v BIGINT, former BIGINT, lately DOUBLE)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/sums');
CREATE TABLE predictions (n INT, version BIGINT, p DOUBLE)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/predictions');
CREATE TABLE model (name STRING NOT NULL, known_at TIMESTAMP(3),
    m ROW<model STRING, version BIGINT, samples BIGINT, logloss DOUBLE, auc DOUBLE>,
    -- of versions known at one time the last counts: none is late
    PRIMARY KEY (name) NOT ENFORCED, WATERMARK FOR known_at AS known_at - INTERVAL '0.001' SECOND)
    WITH ('connector' = 'pipe');
CREATE VIEW samples AS SELECT CAST('m' AS STRING) AS name, n, ts,
    CASE WHEN v > 0 THEN 1 ELSE 0 END AS label, FEATURES(8, 'k', k, 'x', x) AS features
    FROM e;
"""
JOB = (
    TABLES
    + """
EXECUTE STATEMENT SET BEGIN
INSERT INTO counts SELECT k, window_start, COUNT(*), SUM(v), SUM(x) FROM TABLE(TUMBLE(TABLE g, DESCRIPTOR(ts),
    INTERVAL '5' SECOND)) GROUP BY k, window_start, window_end;
INSERT INTO pairs SELECT e.n, f.n, f.s FROM e LEFT JOIN f ON e.k = f.k
    AND f.ts BETWEEN e.ts - INTERVAL '3' SECOND AND e.ts + INTERVAL '4' SECOND;
INSERT INTO sums SELECT n, SUM(v) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    LAG(v) OVER (PARTITION BY k ORDER BY ts), SUM(x) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '6' SECOND
    PRECEDING AND CURRENT ROW) FROM g;
INSERT INTO model SELECT name, MAX(ts), FTRL(label, features, 'bits=8, alpha=0.1, publish_every=3')
    FROM samples GROUP BY name;
INSERT INTO predictions SELECT s.n, m.m.version, PREDICT(m.m.model, m.m.version, s.features)
    FROM samples s JOIN model FOR SYSTEM_TIME AS OF s.ts AS m ON s.name = m.name;
END;
"""
)


def events(count: int = 60) -> dict[str, list[Item]]:
    """Rows out of order by at most 2 s; in g some come later still. (Which late rows a join of two sources still takes
    is nobody's promise: it depends on how far the other source has come.)"""
    dice = random.Random(1)
    made: dict[str, list[Item]] = {"e": [], "f": [], "g": []}
    for n in range(count):
        late = 7000 if dice.random() < 0.05 else 0
        at = START + timedelta(milliseconds=700 * n - dice.randrange(4) * 500)
        row = (n, dice.choice([1, 2, 3, None]), dice.randrange(-5, 6), dice.random())
        made["e"].append((*row, at))
        made["g"].append((*row, at - timedelta(milliseconds=late)))
        other = START + timedelta(milliseconds=700 * n - dice.randrange(4) * 500)
        made["f"].append((n, dice.choice([1, 2, 3]), dice.choice(["a", "longer than twelve bytes", None]), other))
    return made


def with_faults(items: Sequence[Item], faults: Sequence[tuple[int, str]]) -> list[Item]:
    """The items with faults before these positions."""
    made = list(items)
    for place, fault in sorted(faults, reverse=True):
        made.insert(min(place, len(made)), fault)
    return made


def outcome(folder: Path, session_folder: Path) -> dict[str, Any]:
    """All rows written, sorted, and the models' hashes."""
    lines = {name: sorted(line for part in (folder / name).glob("part-*") for line in part.read_text().splitlines())
             for name in ("counts", "pairs", "sums", "predictions")}
    return {**lines, "models": build("", Script({}), session_folder).model_hashes()}


def run(base: Path, name: str, sources: dict[str, list[Item]], *options: RunOptions) -> dict[str, Any]:
    folder = base / name
    text = JOB.replace("{folder}", str(folder))
    run_through(text, Script(dict(sources)), folder / "state", lambda n: options[min(n, len(options) - 1)])
    return outcome(folder, folder / "state")


def plain(batch_rows: int = 1000, shards: int = 1) -> RunOptions:
    return RunOptions(batch_rows=batch_rows, shards=shards, checkpoint_interval=1e9)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("plain"), "plain", events(), plain())


def test_something_is_computed(undisturbed: dict[str, Any]) -> None:
    assert len(undisturbed["pairs"]) > 60 and len(undisturbed["counts"]) > 20 and len(undisturbed["predictions"]) > 30
    assert len(undisturbed["sums"]) < 60, "late rows are left out"
    assert set(undisturbed["models"]) != set()


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_cuts_and_shards(tmp_path: Path, undisturbed: dict[str, Any], batch_rows: int, shards: int) -> None:
    assert run(tmp_path, "run", events(), plain(batch_rows, shards)) == undisturbed


def test_other_shards_after_each_crash(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    """1 shard, then 2, then 1."""
    sources = events()
    sources["e"] = with_faults(sources["e"], [(10, BARRIER), (20, CRASH), (35, BARRIER), (40, CRASH)])
    assert run(tmp_path, "run", sources, plain(3, 1), plain(3, 2), plain(3, 1)) == undisturbed


places = st.lists(st.tuples(st.integers(0, 64), st.sampled_from([BARRIER, BARRIER, CRASH])), max_size=4)


@pytest.mark.soak
@profiles.examples(10)
@given(st.fixed_dictionaries({"e": places, "f": places, "g": places}), st.sampled_from([2, 5, 50]),
       st.lists(st.sampled_from([1, 2]), min_size=1, max_size=3))
def test_any_moment(tmp_path_factory: pytest.TempPathFactory, undisturbed: dict[str, Any],
                    faults: dict[str, list[tuple[int, str]]], batch_rows: int, shards: list[int]) -> None:
    sources = {name: with_faults(rows, faults[name]) for name, rows in events().items()}
    made = run(tmp_path_factory.mktemp("crashes"), "run", sources, *(plain(batch_rows, s) for s in shards))
    assert made == undisturbed
