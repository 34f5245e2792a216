"""Sources that begin at their newest rows: what they give there is what they would give last."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.connectors import connector, tail
from engine.connectors.arrow import python_values
from engine.connectors.base import Environment, Source, TableOptions
from engine.types import BIGINT, STRING, TIMESTAMP, Schema

SCHEMA = Schema.of(n=BIGINT, s=STRING)
ROWS = [(i, f"row {i}") for i in range(1000)]


def source(name: str, schema: Schema = SCHEMA, **options: Any) -> Source:
    given = {"connector": name, **{key.replace("__", "-").replace("_", "."): str(v) for key, v in options.items()}}
    made = connector(name).source(TableOptions("t", schema, given), Environment())
    assert made is not None
    return made


def files(path: Path, format: str = "json", **options: Any) -> Source:
    return source("filesystem", path=path, format=format, **options)


def given(made: Source, rows: int, limit: int = 100) -> list[tuple[Any, ...]]:
    made.open(range(2))
    found: list[tuple[Any, ...]] = []
    while len(found) < rows:
        poll = made.poll(min(limit, rows - len(found)))
        assert not poll.dead
        if poll.batch is not None:
            found += zip(*map(python_values, poll.batch.columns), strict=True)
        if poll.ended or poll.idle:
            break
    made.close()
    return found


def lay(path: Path, rows: list[tuple[int, str]], age: float = 0.0) -> None:
    path.write_text("".join(json.dumps({"n": n, "s": s}) + "\n" for n, s in rows), encoding="utf-8")
    moment = time.time() - age
    os.utime(path, (moment, moment))


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("text", [b"", b"a", b"a\n", b"a\nb", b"a\nb\n\nc\n", b"\n\n", b"one\ntwo\nthree\nfour\n"])
def test_the_last_lines(tmp_path: Path, text: bytes, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "CHUNK", chunk)
    path = tmp_path / "lines"
    path.write_bytes(text)
    lines = text.splitlines(keepends=True)
    for count in range(1, len(lines) + 3):
        last = lines[-count:]
        offset, found = tail.last_lines(path, count)
        assert (offset, found) == (len(text) - len(b"".join(last)), len(last))
        assert tail.line_at(path, offset) == len(lines) - len(last) + 1


@pytest.mark.parametrize("chunk", [5, 1 << 20])
def test_a_line_break_in_quotes_ends_no_record(tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "CHUNK", chunk)
    path = tmp_path / "quoted.csv"
    path.write_text('1,one\n2,"two\nand ""a\nhalf"""\n3,three\n', encoding="utf-8")
    for count in (1, 2, 3, 4):
        made = files(path, "csv")
        assert made.newest(count)
        assert given(made, 9) == [(1, "one"), (2, 'two\nand "a\nhalf"'), (3, "three")][-count:]


def test_of_a_folder_the_files_that_were_written_last(tmp_path: Path) -> None:
    lay(tmp_path / "c.json", ROWS[:500], age=90)
    lay(tmp_path / "a.json", ROWS[500:800], age=60)
    lay(tmp_path / "b.json", ROWS[800:], age=30)
    made = files(tmp_path, source_monitor__interval="1 s")
    assert made.newest(350)
    assert given(made, 1000) == ROWS[650:]


def test_what_grows_is_read_on(tmp_path: Path) -> None:
    lay(tmp_path / "a.json", ROWS[:10])
    made = files(tmp_path, source_monitor__interval="0 s")
    assert made.newest(3)
    made.open(range(2))
    first = made.poll(100).batch
    assert first is not None and python_values(first.columns[0]) == [7, 8, 9]
    with (tmp_path / "a.json").open("a") as file:
        file.write('{"n": 10, "s": "more"}\n')
    while (poll := made.poll(100)).batch is None:
        assert not poll.ended
    assert python_values(poll.batch.columns[0]) == [10]


def test_of_parquet_and_compressed_files(tmp_path: Path) -> None:
    columns = {"n": [n for n, _ in ROWS], "s": [s for _, s in ROWS]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=300)
    made = files(tmp_path / "a.parquet", "parquet")
    assert made.newest(450)
    assert given(made, 1000) == ROWS[550:]
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(b'{"n": 1, "s": "x"}\n'))
    assert not files(tmp_path / "b.json.gz").newest(1)


def test_a_shop_that_has_been_open_since_its_start_time() -> None:
    schema = Schema.of(impression_id=BIGINT, event_time=TIMESTAMP(3))
    made = source("shop", schema, rows__per__second=10)
    assert made.newest(700)
    rows = given(made, 700)
    times = [at.timestamp() for _, at in rows]
    offset = time.localtime().tm_gmtoff
    assert len(rows) == 700 and times == sorted(times)
    assert -5 < time.time() - (times[-1] + offset) < 60  # an impression comes each 0.9 s; outcomes between
    ended = source("shop", schema, number__of__impressions=100)
    assert ended.newest(50)
    every = given(source("shop", schema, number__of__impressions=100), 1000)
    assert given(ended, 1000) == every[-50:]
    assert not source("shop", schema, start__time="2999-01-01 00:00:00").newest(5)


def test_made_up_rows_reach_back_at_their_rate() -> None:
    made = source("datagen", Schema.of(n=BIGINT, at=TIMESTAMP(3)), rows__per__second=10)
    assert made.newest(101)
    rows = given(made, 101, limit=1000)
    assert len(rows) == 101  # at once
    assert 9.9 < (rows[-1][1] - rows[0][1]).total_seconds() < 10.1
    numbered = source("datagen", fields_n_kind="sequence", fields_n_start=1, fields_n_end=50, rows__per__second=0)
    assert numbered.newest(5)
    assert [n for n, _ in given(numbered, 50)] == [46, 47, 48, 49, 50]
