"""A job with many kinds of state over rows that never change: fixtures of old formats were made of it.

Change neither rows nor text: `tests/fixtures/savepoints` holds its state as former versions wrote it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.runtime.job import JobResult
from engine.session import RunOptions
from tests.engine.runtime.faults import BARRIER, CRASH, Item, Script, attempt, build

START = datetime(2024, 3, 1)
ROWS = 80
WORDS = ("a", "longer than twelve bytes", None, "grün")
SINKS = ("sums", "windows", "pairs", "best", "earliest", "sofar", "sessions", "predictions")
JOB = """
SET 'pipeline.name' = 'kinds';
CREATE TABLE e (n INT, k INT, word STRING, v BIGINT, x DOUBLE, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector' = 'scripted');
CREATE TABLE f (n INT, k INT, word STRING, v BIGINT, x DOUBLE, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector' = 'scripted');
CREATE TABLE sums (word STRING, total BIGINT, most BIGINT, words BIGINT, PRIMARY KEY (word) NOT ENFORCED)
    WITH ('connector' = 'metrics');
CREATE TABLE windows (k INT, w TIMESTAMP(3), n BIGINT, x DOUBLE)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/windows');
CREATE TABLE pairs (n INT, m INT, word STRING)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/pairs');
CREATE TABLE best (k INT, n INT, v BIGINT, place BIGINT)
    WITH ('connector' = 'metrics');
CREATE TABLE earliest (word STRING, n INT)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/earliest');
CREATE TABLE sofar (n INT, v BIGINT, former BIGINT)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/sofar');
CREATE TABLE sessions (k INT, w TIMESTAMP(3), n BIGINT)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/sessions');
CREATE TABLE predictions (n INT, version BIGINT, p DOUBLE)
    WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/predictions');
CREATE TABLE model (name STRING NOT NULL, known_at TIMESTAMP(3),
    m ROW<model STRING, version BIGINT, samples BIGINT, logloss DOUBLE, auc DOUBLE>,
    PRIMARY KEY (name) NOT ENFORCED, WATERMARK FOR known_at AS known_at - INTERVAL '0.001' SECOND)
    WITH ('connector' = 'pipe');
CREATE VIEW samples AS SELECT CAST('m' AS STRING) AS name, n, ts,
    CASE WHEN v > 0 THEN 1 ELSE 0 END AS label, FEATURES(8, 'k', k, 'x', x) AS features FROM e;
EXECUTE STATEMENT SET BEGIN
INSERT INTO sums SELECT word, SUM(v), MAX(v), COUNT(DISTINCT k) FROM e WHERE word IS NOT NULL GROUP BY word;
INSERT INTO windows SELECT k, window_start, COUNT(*), SUM(x) FROM TABLE(TUMBLE(TABLE f, DESCRIPTOR(ts),
    INTERVAL '5' SECOND)) GROUP BY k, window_start, window_end;
INSERT INTO pairs SELECT e.n, f.n, f.word FROM e LEFT JOIN f ON e.k = f.k
    AND f.ts BETWEEN e.ts - INTERVAL '3' SECOND AND e.ts + INTERVAL '4' SECOND;
INSERT INTO best SELECT k, n, v, place FROM (
    SELECT k, n, v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC, n) AS place FROM e) WHERE place <= 2;
INSERT INTO earliest SELECT word, n FROM (
    SELECT word, n, ROW_NUMBER() OVER (PARTITION BY word ORDER BY ts) AS place FROM f) WHERE place = 1;
INSERT INTO sofar SELECT n, SUM(v) OVER w, LAG(v) OVER w FROM f
    WINDOW w AS (PARTITION BY k ORDER BY ts);
INSERT INTO sessions SELECT k, window_start, COUNT(*) FROM TABLE(SESSION(TABLE f PARTITION BY k, DESCRIPTOR(ts),
    INTERVAL '2' SECOND)) GROUP BY k, window_start, window_end;
INSERT INTO model SELECT name, MAX(ts), FTRL(label, features, 'bits=8, alpha=0.1, publish_every=3')
    FROM samples GROUP BY name;
INSERT INTO predictions SELECT s.n, m.m.version, PREDICT(m.m.model, m.m.version, s.features)
    FROM samples s JOIN model FOR SYSTEM_TIME AS OF s.ts AS m ON s.name = m.name;
END;
"""


def rows(salt: int) -> list[Item]:
    """Rows at most 1.5 s out of order, by arithmetic alone."""
    made: list[Item] = []
    for n in range(ROWS):
        dice = (n * 7919 + salt * 104729) % 1009
        at = START + timedelta(milliseconds=700 * n - dice % 4 * 500)
        key = (1, 2, 3, None)[dice // 4 % 4]
        made.append((n, key, WORDS[dice // 16 % 4], dice % 11 - 5, dice / 1009, at))
    return made


def sources(crash: int | None = None) -> dict[str, list[Item]]:
    """The rows of both tables; `crash`: a checkpoint before row `crash // 2` of each, and another, then the end, before
    row `crash`."""
    made = {"e": rows(1), "f": rows(2)}
    if crash is not None:
        made["e"].insert(crash, CRASH)
        for items in made.values():
            items.insert(crash, BARRIER)
            items.insert(crash // 2, BARRIER)
    return made


def text(folder: Path) -> str:
    return JOB.replace("{folder}", str(folder))


def until_crash(folder: Path, place: int, options: RunOptions) -> None:
    """Run until the crash behind a checkpoint before row `place`; the state is in FOLDER/state."""
    assert attempt(text(folder), Script(sources(place)), folder / "state", options) is None


def to_end(folder: Path, options: RunOptions, crash: int | None = None) -> JobResult:
    """Run to the end, over the same items as a run that crashed before row `crash`."""
    script = Script(sources(crash))
    script.happened = {(name, place) for name, items in script.sources.items()
                       for place, item in enumerate(items) if isinstance(item, str)}
    result = attempt(text(folder), script, folder / "state", options)
    assert result is not None
    return result


def written(folder: Path) -> dict[str, Any]:
    """All rows in files, sorted, the models' hashes, and the last value of each key of the metric tables."""
    found: dict[str, Any] = {
        name: sorted(line for part in (folder / name).glob("part-*") for line in part.read_text("utf-8").splitlines())
        for name in SINKS if (folder / name).is_dir()}
    return {**found, "models": build("", Script({}), folder / "state").model_hashes()}
