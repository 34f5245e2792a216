"""datagen, print, blackhole, memory; the registry and its options."""

from __future__ import annotations

import numpy as np
import pytest

from engine.changes import Batch
from engine.connectors import CONNECTORS, connector
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Connector, Environment, TableOptions
from engine.connectors.datagen import random_units
from engine.connectors.formats.render import java_double
from engine.connectors.memory import TABLES, MemoryTable
from engine.connectors.options import TableConfig
from engine.connectors.print import printed_rows
from engine.errors import UserError
from engine.types import ARRAY, BIGINT, BOOLEAN, BYTES, DATE, DECIMAL, DOUBLE, INT, MAP, ROW, STRING, TIMESTAMP, Schema


def options(name, schema, **more):
    return TableOptions("t", schema, {"connector": name, **{k.replace("__", "-"): v for k, v in more.items()}})


def rows_of(source, limit, wanted=None):
    found = []
    while True:
        poll = source.poll(limit)
        if poll.batch is not None:
            found += zip(*map(python_values, poll.batch.columns), strict=True)
        if poll.ended or (wanted and len(found) >= wanted):
            return found


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_connector_can_be_made(name):
    assert isinstance(connector(name), Connector)


def test_unknown_names_come_with_a_suggestion():
    with pytest.raises(UserError, match="did you mean 'filesystem'"):
        connector("filesytem")
    with pytest.raises(UserError, match="did you mean 'number-of-rows'"):
        connector("datagen").source(options("datagen", Schema.of(a=INT), number__of__row="1"), Environment())


def datagen(**more):
    schema = Schema.of(id=BIGINT, n=INT, x=DOUBLE, s=STRING, ok=BOOLEAN, d=DECIMAL(6, 2))
    given = {"fields.id.kind": "sequence", "fields.id.start": "5", "fields.id.end": "1004", "fields.n.min": "-3",
             "fields.n.max": "3",
             "fields.s.length": "20", "fields.x.null-rate": "0.5", "rows-per-second": "0", **more}
    source = connector("datagen").source(TableOptions("t", schema, {"connector": "datagen", **given}), Environment())
    source.open(range(6))
    return source


def test_datagen_gives_the_same_rows_however_they_are_cut():
    rows = rows_of(datagen(), 10**6)
    assert rows_of(datagen(), 7) == rows
    assert [row[0] for row in rows] == list(range(5, 1005))
    assert {row[1] for row in rows} == set(range(-3, 4))
    assert 400 < sum(row[2] is None for row in rows) < 600
    assert all(len(row[3]) == 20 for row in rows)
    assert 400 < sum(row[4] for row in rows) < 600
    source = datagen()
    head = rows_of(source, 10, 300)
    again = datagen()
    again.restore(source.position())
    assert head + rows_of(again, 99) == rows
    assert rows_of(datagen(seed="7"), 1000) != rows
    assert len(rows_of(datagen(**{"number-of-rows": "10"}), 1000)) == 10


def test_datagen_ends_where_it_is_told_to():
    schema = Schema.of(a=INT)
    given = {"number-of-rows": "5"}, {"fields.a.kind": "sequence", "fields.a.start": "1", "fields.a.end": "2"}, {}
    tables = [TableOptions("t", schema, {"connector": "datagen", **more}) for more in given]
    assert [connector("datagen").bounded(t) for t in tables] == [True, True, False]
    assert [connector("datagen").source(t, Environment()).bounded for t in tables] == [True, True, False]


def test_datagen_numbers_are_uniform():
    units = random_units(np.arange(100_000), 3)
    assert abs(units.mean() - 0.5) < 0.005
    assert abs(np.histogram(units, 10, (0, 1))[0] / 10_000 - 1).max() < 0.05


def test_datagen_keeps_to_its_rate():
    source = datagen(**{"rows-per-second": "1000"})
    assert source.poll(10_000).rows < 500


def test_print_shows_rows_as_flink_does(capsys):
    schema = Schema.of(i=INT, s=STRING, d=DOUBLE, t=TIMESTAMP(3), day=DATE, xs=ARRAY(INT), m=MAP(STRING, INT),
                       r=ROW(("x", INT), ("y", STRING)), b=BYTES)
    values = [[1, None], ["a", None], [1e7, None], ["2024-01-01 00:00:00", None], ["2024-02-29", None],
              [[1, None], None],
              [[("k", 1)], None], [{"x": 1, "y": None}, None], [b"\x01\xff", None]]
    import datetime as dt

    values[3][0], values[4][0] = dt.datetime(2024, 1, 1), dt.date(2024, 2, 29)
    columns = tuple(column_of(t, v) for t, v in zip(schema.types, values, strict=True))
    rows = Batch(columns, 2, np.array([2, 3], np.uint8))
    nothing = ", ".join(["null"] * 9)
    assert printed_rows(rows) == [
        "+U[1, a, 1.0E7, 2024-01-01T00:00, 2024-02-29, [1, null], {k=1}, +I[1, null], [1, -1]]", f"-D[{nothing}]"]
    sink = connector("print").sink(options("print", schema, print__identifier="out"), Environment())
    sink.write(rows.slice(1, 2))
    assert capsys.readouterr().out == f"out> -D[{nothing}]\n"
    assert sink.seal(1) == {}


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "0.0"), (-0.0, "-0.0"), (1.0, "1.0"), (0.001, "0.001"), (0.0001, "1.0E-4"), (9999999.0, "9999999.0"),
    (1e7, "1.0E7"),
    (1.5e300, "1.5E300"), (123456.789, "123456.789"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity"),
    (float("nan"), "NaN"),
])
def test_doubles_as_java_writes_them(value, text):
    assert java_double(value) == text


def test_blackhole_takes_all():
    sink = connector("blackhole").sink(options("blackhole", Schema.of(a=INT)), Environment())
    sink.write(Batch((column_of(INT, [1]),), 1))
    sink.apply(sink.seal(1))


def test_memory_tables():
    batch = Batch((column_of(INT, [1, 2, 3]), column_of(STRING, ["a", "b", "c"])), 3, np.array([0, 1, 2], np.uint8))
    TABLES["in"], TABLES["out"] = MemoryTable([batch, batch], changelog="I,UB,UA,D"), MemoryTable()
    schema = Schema.of(a=INT, b=STRING)
    memory = connector("memory")
    assert memory.changelog(options("memory", schema, key="in")) == "I,UB,UA,D"
    source = memory.source(options("memory", schema, key="in"), Environment())
    source.open([1])
    assert rows_of(source, 4) == [("a",), ("b",), ("c",)] * 2
    sink = memory.sink(options("memory", schema, key="out"), Environment())
    sink.write(batch)
    first = sink.seal(1)
    assert TABLES["out"].rows == []
    sink.apply(first)
    sink.apply(first)
    assert TABLES["out"].rows == [("+I", (1, "a")), ("-U", (2, "b")), ("+U", (3, "c"))]
    with pytest.raises(UserError, match="no table 'other'"):
        memory.source(options("memory", schema, key="other"), Environment())


@pytest.mark.parametrize(("text", "seconds"), [
    ("10 s", 10), ("1 ms", 0.001), ("500ms", 0.5), ("2 min", 120), ("3 minutes", 180), ("1 h", 3600),
    ("2 days", 172800), ("250", 0.25),
    ("5 m", 300), ("7 seconds", 7),
])
def test_durations(text, seconds):
    assert TableConfig(options("x", Schema(()), every=text)).duration("every") == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["soon", "-1 s", "1 fortnight", "", "1.5 s"])
def test_no_durations(text):
    with pytest.raises(UserError, match="must be a duration"):
        TableConfig(options("x", Schema(()), every=text)).duration("every")
