"""Sources that leave out rows by themselves: by terms, by partitions, after a number of rows. What they give is what is
left of all rows, compared value by value in Python."""

from __future__ import annotations

import json
from datetime import date, datetime
from operator import ge, gt, le, lt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import arrow_type, column_of, python_values
from engine.connectors.base import Environment, Poll, Source, TableOptions, Term
from engine.connectors.formats.base import Block
from engine.connectors.formats.json import JsonDecoder
from engine.connectors.memory import TABLES, MemoryTable
from engine.connectors.restrict import excludes
from engine.errors import UserError
from engine.session import RunOptions, Session
from engine.types import BIGINT, BOOLEAN, DATE, INT, ROW, STRING, TIMESTAMP, Schema
from tests import profiles

SCHEMA = Schema.of(n=BIGINT, i=INT, s=STRING, f=BOOLEAN, d=DATE, t=TIMESTAMP(3))
EPOCH, MICROS = date(1970, 1, 1), datetime(1970, 1, 1)
TEXTS = ["", "a", "b", "twelve bytes", "thirteen byte", "longer than any inlined text", "longer than any other text"]
Row = tuple[Any, ...]

rows = st.tuples(
    st.none() | st.integers(-3, 3), st.none() | st.integers(-(2**31), 2**31 - 1), st.none() | st.sampled_from(TEXTS),
    st.none() | st.booleans(), st.none() | st.dates(date(2024, 1, 1), date(2024, 1, 5)),
    st.none() | st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 2)).map(lambda t: t.replace(microsecond=0)))


def words(value: Any) -> int | str:
    """A value as columns hold it."""
    if isinstance(value, datetime):
        return int((value - MICROS).total_seconds() * 1_000_000)
    return (value - EPOCH).days if isinstance(value, date) else (value if isinstance(value, str) else int(value))


@st.composite
def terms(draw: st.DrawFn) -> Term:
    column = draw(st.integers(0, len(SCHEMA) - 1))
    texts = SCHEMA[column].type.is_string
    ops = ["IN", "NOT IN", "IS NULL", "IS NOT NULL"] + ([] if texts else ["<", "<=", ">", ">="])
    op = draw(st.sampled_from(ops))
    value = st.sampled_from(TEXTS) if texts else rows.map(lambda r: r[column]).filter(lambda v: v is not None)
    many = draw(st.lists(value, min_size=1, max_size=1 if op not in ("IN", "NOT IN") else 3))
    return Term(column, op, () if "NULL" in op else tuple(words(v) for v in many))


def meets(row: Row, term: Term) -> bool:
    value = row[term.column]
    if value is None:
        return term.op == "IS NULL"
    order = {"<": lt, "<=": le, ">": gt, ">=": ge}
    if term.op in order:
        return bool(order[term.op](words(value), term.values[0]))
    return {"IN": words(value) in term.values, "NOT IN": words(value) not in term.values, "IS NULL": False,
            "IS NOT NULL": True}[term.op]


def written(path: Path, format: str, rows: list[Row]) -> None:
    columns = tuple(column_of(f.type, list(v)) for f, v in zip(SCHEMA, zip(*rows, strict=True), strict=True))
    if format == "parquet":
        arrays = [pa.array(list(v), arrow_type(f.type)) for f, v in zip(SCHEMA, zip(*rows, strict=True), strict=True)]
        pq.write_table(pa.table(arrays, names=list(SCHEMA.names)), path, row_group_size=3)
        return
    from engine.connectors.formats.registry import text_encoder

    options = {"null-literal": "n/a"} if format == "csv" else {}
    path.write_bytes(text_encoder(format, SCHEMA, options).encode(columns, len(rows)))


def source(path: Path, format: str, partitions: tuple[int, ...] = (), schema: Schema = SCHEMA) -> Source:
    options = {"connector": "filesystem", "path": str(path), "format": format}
    if format == "csv":
        options["csv.null-literal"] = "n/a"
    made = connector("filesystem").source(TableOptions("t", schema, options, partitions=partitions), Environment())
    assert made is not None
    return made


def polls(made: Source, limit: int) -> list[Poll]:
    found = [made.poll(limit)]
    while not found[-1].ended:
        found.append(made.poll(limit))
    return found


def values(batches: list[Poll]) -> list[Row]:
    return [row for p in batches if p.batch is not None and p.batch.length
            for row in zip(*map(python_values, p.batch.columns), strict=True)]


@profiles.examples(60)
@given(data=st.lists(rows, min_size=1, max_size=12), asked=st.lists(terms(), min_size=1, max_size=3),
       wanted=st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True), limit=st.sampled_from([1, 7, 1000]),
       format=st.sampled_from(["json", "csv", "parquet"]))
def test_rows_that_meet_all_terms(tmp_path_factory, data, asked, wanted, limit, format) -> None:
    path = tmp_path_factory.mktemp("files") / f"rows.{format}"
    written(path, format, data)
    made = source(path, format)
    made.restrict(asked, None)
    made.open(wanted)
    found = polls(made, limit)
    assert values(found) == [tuple(row[c] for c in wanted) for row in data if all(meets(row, t) for t in asked)]
    assert sum(p.rows for p in found) == len(data), "rows that are left out have been read"
    assert all(p.rows <= limit for p in found) or format == "parquet"


# ---- JSON -----------------------------------------------------------------------------------------------------------


def decoded(lines: list[str], terms: list[Term], **options: str) -> tuple[list[Row], list[str]]:
    schema = Schema.of(n=BIGINT, s=STRING, v=INT)
    decoder = JsonDecoder(schema, None, {k.replace("_", "-"): v for k, v in options.items()})
    assert decoder.restrict(terms)
    decoder.begin(100)
    decoder.feed(Block.of("\n".join(lines).encode(), 1, "x"), True)
    made = decoder.finish()
    batch = made.batch or Batch((), 0)
    return list(zip(*map(python_values, batch.columns), strict=True)), [f"{d.place} {d.reason}" for d in made.dead]


NINE = Term(0, "IN", (9,))


@pytest.mark.parametrize(("line", "kept"), [
    ('{"n": 9, "s": "a", "v": 1}', [(9, "a", 1)]), ('{"s": "a", "v": 1, "n": 9}', [(9, "a", 1)]),
    ('{"s": "a", "v": 1, "n": 8}', []), ('{"s": "a"}', []), ('{"n": null, "s": "a"}', []),
    ('{"n": 8, "s": "a", "v": 1, "n": 9}', [(9, "a", 1)]),  # the last one of equal names counts
    ('{"n": 9, "s": "a", "v": 1, "n": 8}', []),
    ('{"n": 8, "s": "a", "n": 7, "v": 1, "n": 9, "x": [1, {"y": 2}]}', [(9, "a", 1)]),
    ('{"n": "9", "s": {"k": [1, 2]}, "v": 1}', [(9, '{"k":[1,2]}', 1)]),
])  # fmt: skip
def test_lines_of_json_by_one_field(line: str, kept: list[Row]) -> None:
    assert decoded([line], [NINE]) == (kept, [])


def test_a_broken_line_is_a_dead_letter_though_it_would_be_left_out() -> None:
    lines = ['{"n": 8, "s": "a", "v": }', '{"n": 8, "s": "a"', '{"n": 8, "s": "a"} x', '{"n": 9, "v": "z"}']
    assert decoded(lines, [NINE]) == ([], [
        "x:1 not valid JSON (at field 'v')", "x:2 not valid JSON", "x:3 not valid JSON",
        "x:4 field 'v' is not a value of type INT"])


def test_values_behind_the_deciding_one_are_not_looked_at() -> None:
    assert decoded(['{"n": 8, "v": "z"}', '{"v": "z", "n": 8}'], [NINE]) == (
        [], ["x:2 field 'v' is not a value of type INT"])


def test_missing_fields_count_in_lines_that_are_left_out() -> None:
    assert decoded(['{"n": 8, "s": "a"}'], [NINE], fail_on_missing_field="true") == ([], ["x:1 field 'v' is missing"])


def test_texts_with_escapes_are_compared_as_they_read() -> None:
    lines = [r'{"n": 1, "s": "t\u0068irteen byte"}', r'{"n": 2, "s": "thirteen bytes"}', r'{"n": 3, "s": "\u0061"}']
    assert decoded(lines, [Term(1, "IN", ("thirteen byte", "a"))])[0] == [(1, "thirteen byte", None), (3, "a", None)]


# ---- partitions -----------------------------------------------------------------------------------------------------

DAYS = Schema.of(n=BIGINT, country=STRING, day=DATE)


def test_partitions_come_out_of_the_path_and_others_are_not_opened(tmp_path) -> None:
    for folder, n in (("country=de/day=2024-01-01", 1), ("country=a%2Fb/day=2024-01-02", 2),
                      ("country=__DEFAULT_PARTITION__/day=2024-01-02", 3)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "rows.json").write_text(json.dumps({"n": n, "country": "ignored"}))
    closed = tmp_path / "country=fr/day=2024-01-09/rows.json"
    closed.parent.mkdir(parents=True)
    closed.write_text("no JSON at all")
    made = source(tmp_path, "json", (1, 2), DAYS)
    made.restrict([Term(2, "<=", ((date(2024, 1, 5) - EPOCH).days,))], None)
    made.open([1, 0, 2])
    found = polls(made, 100)
    assert sorted(values(found), key=lambda r: r[1]) == [
        ("de", 1, date(2024, 1, 1)), ("a/b", 2, date(2024, 1, 2)), (None, 3, date(2024, 1, 2))]
    assert not any(p.dead for p in found)


def test_a_folder_that_is_no_value_is_the_users_error(tmp_path) -> None:
    (tmp_path / "country=de" / "day=yesterday").mkdir(parents=True)
    (tmp_path / "country=de" / "day=yesterday" / "rows.json").write_text('{"n": 1}')
    made = source(tmp_path, "json", (1, 2), DAYS)
    made.open([0, 1, 2])
    with pytest.raises(UserError, match=r"'yesterday' in .* is no DATE"):
        made.poll(10)
    (tmp_path / "rows.json").write_text('{"n": 1}')
    apart = source(tmp_path / "rows.json", "json", (2,), DAYS)
    apart.open([2])
    with pytest.raises(UserError, match=r"is in no folder 'day=\.\.\.'"):
        apart.poll(1)


@pytest.mark.parametrize("format", ["json", "csv", "parquet"])
def test_what_is_written_in_partitions_is_read_again(tmp_path, format) -> None:
    given = [(1, "de", date(2024, 1, 1)), (2, "a/b=..", None), (3, None, date(2024, 1, 1)), (4, "de", date(2024, 1, 1))]
    options = {"connector": "filesystem", "path": str(tmp_path / "out"), "format": format}
    sink = connector("filesystem").sink(TableOptions("t", DAYS, options, partitions=(2, 1)), Environment())
    sink.open()
    columns = tuple(column_of(f.type, list(v)) for f, v in zip(DAYS, zip(*given, strict=True), strict=True))
    sink.write(Batch(columns, len(given)))
    sealed = sink.seal(1)
    assert not list((tmp_path / "out").rglob("part-*"))
    for _ in range(2):  # applied any number of times
        sink.apply(json.loads(json.dumps(sealed)))
    assert {str(p.parent.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("part-*")} == {
        "day=2024-01-01/country=de", "day=__DEFAULT_PARTITION__/country=a%2Fb%3D..",
        "day=2024-01-01/country=__DEFAULT_PARTITION__"}
    made = source(tmp_path / "out", format, (2, 1), DAYS)
    made.open([0, 1, 2])
    assert sorted(values(polls(made, 100))) == given
    sink.discard(None)
    assert not list((tmp_path / "out").rglob("part-*"))


# ---- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("format", ["json", "csv", "parquet"])
def test_no_more_rows_than_the_limit_also_after_a_restore(tmp_path, format, limit) -> None:
    written(tmp_path / "rows", format, [(n % 2, n, "", None, None, None) for n in range(20)])

    def opened(position: Any = None) -> Source:
        made = source(tmp_path / "rows", format)
        made.restrict([Term(0, "IN", (1,))], 4)
        if position is not None:
            made.restore(json.loads(json.dumps(position)))
        made.open([1])
        return made

    made = opened()
    first = made.poll(3)
    rest = [] if first.ended else polls(opened(made.position()), limit)
    assert values([first, *rest]) == [(1,), (3,), (5,), (7,)]
    assert (rest or [first])[-1].ended


@pytest.mark.parametrize(("term", "low", "high", "excluded"), [
    (Term(0, "IN", (5, 9)), 6, 8, True), (Term(0, "IN", (5, 9)), 9, 9, False), (Term(0, "<", (5,)), 5, 7, True),
    (Term(0, "<=", (5,)), 5, 7, False), (Term(0, ">", (7,)), 5, 7, True), (Term(0, ">=", (7,)), 5, 7, False),
    (Term(0, "IN", ("b",)), "c", "d", True), (Term(0, "IS NULL"), 1, 2, False), (Term(0, "NOT IN", (1,)), 1, 1, False),
])  # fmt: skip
def test_statistics_exclude_parts_of_files(term: Term, low: Any, high: Any, excluded: bool) -> None:
    assert excludes(term, low, high) == excluded


@pytest.mark.parametrize(("format", "least", "most"), [("parquet", 20, 20), ("json", 10, 40), ("csv", 2, 20)])
def test_a_file_tells_about_how_many_rows_it_has(tmp_path, format, least, most) -> None:
    written(tmp_path / "rows", format, [(n, n, "text", True, date(2024, 1, 1), None) for n in range(20)])

    def estimate(path: Path, **options: str) -> int | None:
        given = {"connector": "filesystem", "path": str(path), "format": format, **options}
        return connector("filesystem").rows(TableOptions("t", SCHEMA, given), Environment())

    known = estimate(tmp_path / "rows")
    assert known is not None and least <= known <= most
    assert estimate(tmp_path / "rows", **{"source.report-statistics": "NONE"}) is None
    assert estimate(tmp_path / "rows", **{"source.monitor-interval": "1 s"}) is None
    assert estimate(tmp_path / "missing") is None


# ---- fields of rows -------------------------------------------------------------------------------------------------

NESTED = Schema.of(r=ROW(("a", INT), ("b", STRING), ("c", ROW(("d", INT), ("e", INT)))), n=INT)


def test_fields_of_a_row_that_nobody_reads_are_not_decoded(tmp_path) -> None:
    (tmp_path / "rows").write_text(
        '{"n": 1, "r": {"a": 1, "b": "x", "c": {"d": 2, "e": "no number"}}}\n'
        '{"r": {"c": {"d": 1}, "b": "y", "a": {}}, "n": 2}\n{"r": null, "n": 3}\n{"r": {"b": [1]}}\n{"r": {"b": 2')
    made = source(tmp_path / "rows", "json", schema=NESTED)
    made.narrow({0: [1]})
    made.open([0, 1])
    found = polls(made, 100)
    assert values(found) == [({"a": None, "b": "x", "c": None}, 1), ({"a": None, "b": "y", "c": None}, 2), (None, 3),
                             ({"a": None, "b": "[1]", "c": None}, None)]
    assert [d.place.rsplit(":")[-1] for p in found for d in p.dead] == ["5"]


def queried(folder: Path, text: str, rows: int = 5, **settings: str) -> list[Row]:
    """What a script inserts into `made`, in batches of so many rows."""
    TABLES["made"] = MemoryTable()
    session = Session(folder=folder / "state")
    session.settings.update(settings)
    list(session.script(text))
    session.run(RunOptions(batch_rows=rows, durable=False))
    return [row for _, row in TABLES.pop("made").rows]


def test_a_query_of_fields_gives_what_it_gave(tmp_path) -> None:
    (tmp_path / "rows").write_text("".join(
        json.dumps({"r": None if i % 5 == 0 else {"a": i, "b": f"t{i}", "c": {"d": -i}}, "n": i % 3}) + "\n"
        for i in range(12)))
    assert queried(tmp_path, f"""
      CREATE TABLE t (r ROW<a INT, b STRING, c ROW<d INT, e INT>>, n INT) WITH (
        'connector' = 'filesystem', 'format' = 'json', 'path' = '{tmp_path}/rows');
      CREATE TABLE made (b STRING, d INT) WITH ('connector' = 'memory');
      INSERT INTO made SELECT r.b, r.c.d FROM t WHERE n = 1 AND (r.c.d < -3 OR r.c IS NULL);""") == [
        ("t4", -4), ("t7", -7), (None, None)]


# ---- whole queries --------------------------------------------------------------------------------------------------

PUSHED = "table.optimizer.source.predicate-pushdown-enabled"


@profiles.examples(25)
@given(data=st.lists(rows, min_size=1, max_size=15), batch=st.sampled_from([1, 7, 1000]),
       where=st.lists(st.sampled_from(["n > 0", "i = 3", "s IN ('a', 'b')", "s <> 'twelve bytes'", "f", "NOT f",
                                       "d <= DATE '2024-01-03'", "t >= TIMESTAMP '2024-01-01 12:00:00'", "n IS NULL",
                                       "n + 1 > 2", "s LIKE 'longer%'"]), min_size=1, max_size=3),
       format=st.sampled_from(["json", "csv", "parquet"]))
def test_queries_with_and_without_what_sources_do(tmp_path_factory, data, batch, where, format) -> None:
    folder = tmp_path_factory.mktemp("query")
    written(folder / "rows", format, data)
    text = f"""
      CREATE TABLE t (n BIGINT, i INT, s STRING, f BOOLEAN, d DATE, t TIMESTAMP(3), WATERMARK FOR t AS t) WITH (
        'connector' = 'filesystem', 'format' = '{format}', 'path' = '{folder}/rows'
        {", 'csv.null-literal' = 'n/a'" if format == "csv" else ""});
      CREATE TABLE made (n BIGINT, s STRING, d DATE) WITH ('connector' = 'memory');
      INSERT INTO made SELECT n, s, d FROM t WHERE {" AND ".join(where)};"""
    assert queried(folder, text, batch) == queried(folder, text, batch, **{PUSHED: "false"})


@pytest.mark.parametrize("format", ["json", "parquet"])
def test_a_limited_query_reads_no_further(tmp_path, format) -> None:
    written(tmp_path / "rows", format, [(n, n, "text", True, None, None) for n in range(1000)])
    text = f"""
      CREATE TABLE t (n BIGINT) WITH ('connector' = 'filesystem', 'format' = '{format}', 'path' = '{tmp_path}/rows');
      CREATE TABLE made (n BIGINT) WITH ('connector' = 'memory');
      INSERT INTO made SELECT n * 10 FROM t WHERE n > 4 LIMIT 3;"""
    assert queried(tmp_path, text, 10) == [(50,), (60,), (70,)]
