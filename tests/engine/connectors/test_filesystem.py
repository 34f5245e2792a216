"""Files: reading in order, positions, growth, what cannot be read; part files written exactly once."""

from __future__ import annotations

import gzip
import json
import os
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.changes import Batch
from engine.connectors import connector, readers
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Access, Environment, TableOptions
from engine.errors import UserError
from engine.types import BIGINT, DOUBLE, INT, STRING, Schema

SCHEMA = Schema.of(n=BIGINT, s=STRING)
ROWS = [(i, f"text of row {i}") for i in range(1000)]
FORMATS = ("csv", "json", "parquet")


def table(path, format="csv", schema=SCHEMA, metadata=None, **options):
    given = {"connector": "filesystem", "path": str(path), "format": format}
    given |= {name.replace("__", "-").replace("_", "."): value for name, value in options.items()}
    return TableOptions("t", schema, given, (), metadata or {})


def source(target, environment=None, position=None, columns=None):
    made = connector("filesystem").source(target, environment or Environment())
    if position is not None:
        made.restore(json.loads(json.dumps(position)))
    made.open(range(len(target.schema)) if columns is None else columns)
    return made


def rows_of(batch):
    return list(zip(*map(python_values, batch.columns), strict=True)) if batch is not None else []


def read(made, limit=100, rows=None):
    """Rows and dead letters up to the end, or so many rows."""
    found, dead, total = [], [], 0
    while rows is None or len(found) < rows:
        poll = made.poll(limit if rows is None else min(limit, rows - len(found)))
        found += rows_of(poll.batch)
        dead += poll.dead
        total += poll.rows
        if poll.ended or (poll.idle and poll.batch is None):
            break
    assert total == len(found) + len(dead)
    return found, dead


def write_file(path, format, rows):
    if format == "parquet":
        pq.write_table(pa.table({"n": [r[0] for r in rows], "s": [r[1] for r in rows]}), path, row_group_size=170)
        return
    lines = [f"{n},{s}" if format == "csv" else json.dumps({"n": n, "s": s}) for n, s in rows]
    data = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("limit", [1, 7, 1000, 10**9])
def test_batches_of_any_size_and_any_position(tmp_path, format, limit):
    write_file(tmp_path / "f", format, ROWS)
    target = table(tmp_path / "f", format)
    assert read(source(target), limit) == (ROWS, [])
    for cut in (0, 1, 170, 999, 1000):
        first = source(target)
        head, _ = read(first, limit, cut) if cut else ([], [])
        assert read(source(target, position=first.position()), limit)[0] == ROWS[len(head):]


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz"])
def test_blocks_smaller_than_lines(tmp_path, monkeypatch, name):
    monkeypatch.setattr(readers, "CHUNK", 7)
    (tmp_path / "g").mkdir()
    rows = [(i, "x" * (i % 40)) for i in range(200)]
    write_file(tmp_path / "g" / name, "csv", rows)
    first = source(table(tmp_path / "g"))
    head, _ = read(first, 9, 90)
    assert head + read(source(table(tmp_path / "g"), position=first.position()), 9)[0] == rows


def test_quoted_newlines_across_blocks_and_a_missing_last_newline(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "CHUNK", 5)
    (tmp_path / "f").write_bytes(b'\xef\xbb\xbf1,"a\nb\nc"\n2,"x\n"\n3,"open\n4,end')
    found, dead = read(source(table(tmp_path / "f")))
    assert found == [(1, "a\nb\nc"), (2, "x\n"), (4, "end")]
    assert [d.place for d in dead] == [f"{tmp_path / 'f'}:6"]


def test_folders_patterns_and_hidden_files(tmp_path):
    (tmp_path / "d" / "sub").mkdir(parents=True)
    for name, rows in (("b", [(2, "b")]), ("a", [(1, "a")]), ("sub/c.gz", [(3, "c")]), (".hidden", [(4, "h")]),
                       ("_tmp", [(5, "t")])):
        write_file(tmp_path / "d" / name, "csv", rows)
    assert read(source(table(tmp_path / "d")))[0] == [(1, "a"), (2, "b"), (3, "c")]
    assert read(source(table(tmp_path / "d" / "[ab]")))[0] == [(1, "a"), (2, "b")]
    assert read(source(table(tmp_path / "d", source_path_regex__pattern=".*/b")))[0] == [(2, "b")]
    (tmp_path / "empty").mkdir()
    assert read(source(table(tmp_path / "empty"))) == ([], [])


def test_only_wanted_columns_and_metadata(tmp_path):
    write_file(tmp_path / "f.json", "json", ROWS[:2])
    schema = Schema.of(n=BIGINT, name=STRING, s=STRING)
    target = table(tmp_path / "f.json", "json", schema, {1: "file.name"})
    assert read(source(target, columns=[2, 1]))[0] == [("text of row 0", "f.json"), ("text of row 1", "f.json")]
    with pytest.raises(UserError) as error:
        source(table(tmp_path / "f.json", "json", schema, {1: "file.owner"}))
    assert error.value.code == "unknown_metadata"


def test_a_growing_folder_is_followed(tmp_path):
    target = table(tmp_path / "d", source_monitor__interval="1 ms")
    (tmp_path / "d").mkdir()
    followed = source(target)
    assert not followed.bounded

    def more(expected):
        found = []
        deadline = time.monotonic() + 5
        while len(found) < len(expected) and time.monotonic() < deadline:
            found += rows_of(followed.poll(10).batch)
        assert found == expected

    file = tmp_path / "d" / "a"
    file.write_text("1,x\n2,")
    more([(1, "x")])
    with file.open("a") as out:
        out.write("y\n3,z\n")
    more([(2, "y"), (3, "z")])
    write_file(tmp_path / "d" / "b", "csv", [(4, "b")])
    more([(4, "b")])
    position = followed.position()
    with file.open("a") as out:
        out.write("5,later\n")
    followed = source(target, position=position)
    more([(5, "later")])
    assert followed.poll(10).idle
    assert not followed.poll(10).ended


def test_dead_letters_say_file_line_and_reason(tmp_path):
    (tmp_path / "f").write_text('{"n":1}\n{"n":"x"}\nnonsense\n{"n":2}\n')
    found, dead = read(source(table(tmp_path / "f", "json")), limit=1)
    assert found == [(1, None), (2, None)]
    assert [(d.place, d.text) for d in dead] == [(f"{tmp_path / 'f'}:2", '{"n":"x"}'),
                                                 (f"{tmp_path / 'f'}:3", "nonsense")]


def test_progress(tmp_path):
    write_file(tmp_path / "f", "csv", ROWS)
    made = source(table(tmp_path / "f"))
    assert made.progress() == 0
    read(made, 100, 500)
    assert 0.4 < made.progress() < 0.6
    read(made)
    assert made.progress() == 1


@pytest.mark.parametrize(("options", "code"), [
    ({"path": "/nowhere/at/all"}, "missing_file"), ({"path": "/nowhere/*.csv"}, "missing_file"),
    ({"format": "xml"}, "unknown_format"), ({"csv_field__delimitr": ";"}, "unknown_option"),
    ({"source_monitor__interval": "soon"}, "wrong_option"), ({"json_x": "1"}, "unknown_option"),
    ({"format": "parquet"}, "unreadable_file"),
])
def test_one_clear_error_each(tmp_path, options, code):
    write_file(tmp_path / "f", "csv", ROWS[:3])
    given = {"path": tmp_path / "f", **options}
    with pytest.raises(UserError) as error:
        read(source(table(**given)))
    assert error.value.code == code
    assert "did you mean 'csv.field-delimiter'" in str(error.value) or "delimitr" not in str(options)


def test_damaged_and_changed_files(tmp_path):
    write_file(tmp_path / "f.gz", "csv", ROWS)
    whole = (tmp_path / "f.gz").read_bytes()
    (tmp_path / "f.gz").write_bytes(whole[:len(whole) // 2])
    with pytest.raises(UserError) as error:
        read(source(table(tmp_path / "f.gz")))
    assert error.value.code == "unreadable_file"
    write_file(tmp_path / "g", "csv", ROWS)
    made = source(table(tmp_path / "g"))
    read(made, 100, 500)
    write_file(tmp_path / "g", "csv", ROWS[:2])
    with pytest.raises(UserError) as error:
        read(source(table(tmp_path / "g"), position=made.position()))
    assert error.value.code == "file_changed"


def test_parquet_columns_by_name_cast_and_missing(tmp_path):
    pq.write_table(pa.table({"s": ["x", None], "n": pa.array([1, 2], pa.int32())}), tmp_path / "f")
    schema = Schema.of(n=BIGINT, s=STRING, d=DOUBLE)
    assert read(source(table(tmp_path / "f", "parquet", schema)))[0] == [(1, "x", None), (2, None, None)]
    with pytest.raises(UserError, match="column 's'"):
        read(source(table(tmp_path / "f", "parquet", Schema.of(s=INT))))


# ---- the allow-list --------------------------------------------------------------------------------------------------


def test_paths_outside_the_allowed_folders(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    write_file(outside / "f", "csv", ROWS[:1])
    write_file(inside / "f", "csv", ROWS[:1])
    environment = Environment(Access(paths=(str(inside),)))
    assert read(source(table(inside / "f"), environment))[0] == ROWS[:1]
    (inside / "link").symlink_to(outside / "f")
    (inside / "folder").symlink_to(outside)
    for path in (outside / "f", inside / ".." / "out" / "f", inside / "link", inside / "folder" / "f", inside / "*",
                 inside, f"file://{outside}/f"):
        with pytest.raises(UserError) as error:
            read(source(table(path), environment))
        assert error.value.code == "path_not_allowed"
    with pytest.raises(UserError) as error:
        connector("filesystem").sink(table(inside / "folder"), environment)
    assert error.value.code == "path_not_allowed"
    with pytest.raises(UserError) as error:
        connector("filesystem", Access(connectors=("print",)))
    assert error.value.code == "connector_not_allowed"


@pytest.mark.parametrize("path", [
    "out/*", "out/missing", "out/missing*", "out", "*/../../out/*", "in/*/../../out/f", "/**",
    "in/[a-z]/../../out/missing", "/proc/self/environ"])
def test_outside_the_allowed_folders_nothing_is_looked_for(tmp_path, path):
    """What is there and what is not is refused in the same words."""
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    write_file(tmp_path / "out" / "f", "csv", ROWS[:1])
    asked = tmp_path / path
    with pytest.raises(UserError) as error:
        read(source(table(asked), Environment(Access(paths=(str(tmp_path / "in"),)))))
    assert error.value.code == "path_not_allowed" and not error.value.message.count("/f ")


# ---- writing ---------------------------------------------------------------------------------------------------------


def batch(rows):
    return Batch(tuple(column_of(t, list(v)) for t, v in zip(SCHEMA.types, zip(*rows, strict=True), strict=True)),
                 len(rows))


def sink(target, sealed=None):
    made = connector("filesystem").sink(target, Environment())
    made.discard(sealed)
    if sealed is not None:
        made.apply(sealed)
    made.open()
    return made


@pytest.mark.parametrize("format", FORMATS)
def test_only_applied_epochs_are_seen_and_each_once(tmp_path, format):
    target = table(tmp_path / "out", format)
    first = sink(target)
    first.write(batch(ROWS[:10]))
    sealed = first.seal(1)
    assert read(source(target)) == ([], [])
    first.apply(sealed)
    first.apply(sealed)
    first.write(batch(ROWS[10:20]))
    kept = first.seal(2)
    first.write(batch(ROWS[20:30]))
    first.seal(3)
    second = sink(target, json.loads(json.dumps(kept)))
    assert read(source(target)) == (ROWS[:20], [])
    assert not [name for name in os.listdir(tmp_path / "out") if name.startswith(".")]
    second.write(batch(ROWS[20:30]))
    second.apply(second.seal(3))
    second.apply(second.seal(4))
    assert read(source(target)) == (ROWS[:30], [])


def test_a_new_run_keeps_what_another_wrote_and_removes_what_it_left(tmp_path):
    target = table(tmp_path / "out")
    first = sink(target)
    first.write(batch(ROWS[:5]))
    first.apply(first.seal(1))
    first.write(batch(ROWS[5:9]))
    first.seal(2)
    second = sink(target)
    second.write(batch(ROWS[5:6]))
    second.apply(second.seal(1))
    assert sorted(read(source(target))[0]) == ROWS[:6]


def test_what_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as error:
        sink(table(tmp_path / "file"))
    assert error.value.code == "not_a_folder"
    made = sink(table(tmp_path / "out"))
    with pytest.raises(UserError) as error:
        made.write(batch(ROWS[:2]).with_kinds(np.array([1, 2], np.uint8)))
    assert error.value.code == "updates_not_accepted"
    made.write(batch(ROWS[:2]))
    monkeypatch.setattr(os, "fsync", _full_disk)
    with pytest.raises(UserError, match="No space left"):
        made.seal(1)
    assert os.listdir(tmp_path / "out") == []


def _full_disk(handle):
    raise OSError(28, "No space left on device")
