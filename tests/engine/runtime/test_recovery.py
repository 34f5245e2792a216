"""What recovery promises beyond the rows: damaged checkpoints are passed over, dead letters come once, watermarks stay
in force, a finished run starts anew, another query's state is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine.errors import UserError
from engine.session import RunOptions, Session
from tests.engine.runtime.faults import BARRIER, CRASH, Item, Script, attempt, run_through

OPTIONS = RunOptions(batch_rows=2, checkpoint_interval=1e9)
COPY = """
CREATE TABLE e (n INT) WITH ('connector' = 'scripted');
CREATE TABLE o (n INT) WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/out');
INSERT INTO o SELECT n FROM e WHERE n <> 5;
"""


def numbers(folder: Path) -> list[int]:
    return sorted(
        json.loads(line)["n"] for part in (folder / "out").glob("part-*") for line in part.read_text().splitlines()
    )


def damage(path: Path) -> None:
    """Flip a bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def rows(*items: int | str) -> list[Item]:
    return [item if isinstance(item, str) else (item,) for item in items]


def test_the_checkpoint_before_a_damaged_one_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Rows of the damaged epoch were visible already; they are written again, once."""
    text, state = COPY.replace("{folder}", str(tmp_path)), tmp_path / "state"
    script = Script({"e": rows(1, 2, BARRIER, 3, 4, BARRIER, 5, CRASH, 6)})
    assert attempt(text, script, state, OPTIONS) is None
    assert numbers(tmp_path) == [1, 2, 3, 4]
    for newest in (state / "checkpoints").glob("*-0000000002-*.data"):
        damage(newest)
    assert attempt(text, script, state, OPTIONS) is not None
    assert numbers(tmp_path) == [1, 2, 3, 4, 6]
    assert "checkpoint 2 is damaged" in caplog.text


def test_files_of_a_damaged_epoch_go_where_nothing_replaces_them(tmp_path: Path) -> None:
    """The second time the input is cut elsewhere, so that the epoch of the same number holds no row."""
    text, state = COPY.replace("{folder}", str(tmp_path)), tmp_path / "state"
    assert attempt(text, Script({"e": rows(1, BARRIER, 2, BARRIER, CRASH)}), state, OPTIONS) is None
    for newest in (state / "checkpoints").glob("*-0000000002-*.data"):
        newest.write_bytes(b"")
    done: set[tuple[str, int]] = set()
    again = Script({"e": rows(1, BARRIER, BARRIER, 2, 3)}, done)
    assert attempt(text, again, state, OPTIONS) is not None
    assert numbers(tmp_path) == [1, 2, 3]


def test_no_whole_checkpoint_is_an_error(tmp_path: Path) -> None:
    text, state = COPY.replace("{folder}", str(tmp_path)), tmp_path / "state"
    script = Script({"e": rows(1, BARRIER, 2, CRASH)})
    assert attempt(text, script, state, OPTIONS) is None
    for data in (state / "checkpoints").glob("*.data"):
        data.write_bytes(b"nothing")
    with pytest.raises(UserError) as caught:
        attempt(text, script, state, OPTIONS)
    assert caught.value.code == "checkpoint_corrupt"


def test_a_finished_run_starts_anew(tmp_path: Path) -> None:
    text, state = COPY.replace("{folder}", str(tmp_path)), tmp_path / "state"
    for _ in range(2):
        result = run_through(text, Script({"e": rows(1, 2, 3)}), state, lambda _: OPTIONS)
        assert (result.rows_in, result.rows_out, result.attempts) == (3, 3, 1)
    assert numbers(tmp_path) == [1, 1, 2, 2, 3, 3]


def test_totals_count_all_attempts(tmp_path: Path) -> None:
    text = COPY.replace("{folder}", str(tmp_path))
    script = Script({"e": rows(1, 2, BARRIER, 3, CRASH, 4, BARRIER, 5, CRASH, 6)})
    result = run_through(text, script, tmp_path / "state", lambda _: OPTIONS)
    assert (result.rows_in, result.rows_out, result.attempts) == (6, 5, 3)


COUNT = """
CREATE TABLE e (n INT) WITH ('connector' = 'scripted');
CREATE VIEW small AS SELECT * FROM e WHERE n < 100;
CREATE TABLE o (n INT, c BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT n, COUNT(*) FROM small WHERE n <> 5 GROUP BY n;
"""


@pytest.mark.parametrize(("old", "new"), [("<> 5", "<> 6"), ("n < 100", "n < 99"), ("(n INT)", "(n SMALLINT)")])
def test_state_of_another_query_view_or_type_is_refused(tmp_path: Path, old: str, new: str) -> None:
    """The source cannot be read again from its start; the numbers of rows would be those of two queries."""
    changed = COUNT.replace(old, new, 1)
    assert changed != COUNT
    script = Script({"e": rows(1, BARRIER, CRASH, 2)})
    assert attempt(COUNT, script, tmp_path, OPTIONS) is None
    with pytest.raises(UserError) as caught:
        attempt(changed, script, tmp_path, OPTIONS)
    assert caught.value.code == "state_of_another_query"
    assert "lost" in caught.value.message
    assert attempt(changed, script, tmp_path, replace(OPTIONS, allow=frozenset({"lost"}))) is not None


def test_a_query_without_state_may_change(tmp_path: Path) -> None:
    text, state = COPY.replace("{folder}", str(tmp_path)), tmp_path / "state"
    script = Script({"e": rows(1, 5, 6, BARRIER, CRASH, 5, 6)})
    assert attempt(text, script, state, OPTIONS) is None
    assert attempt(text.replace("<> 5", "<> 6"), script, state, OPTIONS) is not None
    assert numbers(tmp_path) == [1, 5, 6]


LATE = """
CREATE TABLE e (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'scripted');
CREATE TABLE f (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'scripted');
CREATE TABLE o (n INT, m INT) WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/out');
INSERT INTO o SELECT a.n, c.n FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '10' SECOND)) a
    JOIN TABLE(TUMBLE(TABLE f, DESCRIPTOR(ts), INTERVAL '10' SECOND)) c
    ON a.window_start = c.window_start AND a.window_end = c.window_end;
"""


@pytest.mark.parametrize("fault", [[], [CRASH]], ids=["undisturbed", "crashed"])
def test_watermarks_are_in_force_after_recovery(tmp_path: Path, fault: list[str]) -> None:
    """Rows that are late only by both sides' watermarks stay late: e has ended, f's row 3 comes after its window."""

    def at(second: int) -> datetime:
        return datetime(2024, 1, 1, 0, 0, second)

    text = LATE.replace("{folder}", str(tmp_path))
    script = Script({"e": [(1, at(5)), (2, at(35))],
                     "f": [(1, at(6)), (2, at(36)), BARRIER, *fault, (3, at(7)), (4, at(38))]})
    result = run_through(text, script, tmp_path / "state", lambda _: replace(OPTIONS, batch_rows=1))
    assert result.late == 1
    assert numbers(tmp_path) == [1, 2, 2]


def test_dead_letters_come_once(tmp_path: Path) -> None:
    """A malformed row before the checkpoint, one after it, and a crash behind both."""
    (tmp_path / "in.csv").write_text("1\nx\n2\ny\n3\n", encoding="utf-8")
    text = COPY.replace("{folder}", str(tmp_path)) + f"""
CREATE TABLE c (n INT) WITH ('connector' = 'filesystem', 'format' = 'csv', 'path' = '{tmp_path}/in.csv');
INSERT INTO o SELECT n FROM c;"""
    script = Script({"e": rows(10, BARRIER, 11, 12, 13, 14, 15, 16, 17, 18, CRASH, 19)})
    result = run_through(text, script, tmp_path / "state", lambda _: replace(OPTIONS, batch_rows=1))
    letters = [json.loads(line) for part in (tmp_path / "state" / "dead_letters").glob("part-*")
               for line in part.read_text().splitlines()]
    assert [(x["text"], x["place"].rsplit(":", 1)[1]) for x in letters] == [("x", "2"), ("y", "4")]
    assert result.dead_letters == 2
    assert numbers(tmp_path) == [1, 2, 3, *range(10, 20)]


def test_nothing_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Session(folder=tmp_path).run()
    assert caught.value.code == "nothing_to_run"


