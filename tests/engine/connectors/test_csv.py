"""CSV: quotes, escapes, Flink's options, dead letters; the standard library as the other writer and reader."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.connectors.arrow import column_of
from engine.connectors.formats.csv import CsvDecoder, CsvEncoder
from engine.errors import UserError
from engine.types import ARRAY, BIGINT, BOOLEAN, DATE, DECIMAL, DOUBLE, INT, MAP, ROW, STRING, TIMESTAMP, Schema
from tests.engine.connectors.decoding import decoded

TWO = Schema.of(a=INT, b=STRING)


def decode(text: bytes, schema: Schema, options=None, columns=None, capacity=1000):
    return decoded(CsvDecoder(schema, columns, options), text, capacity)


@pytest.mark.parametrize(("text", "options", "expected"), [
    ("1,x\r\n 2 ,y", {}, [(1, "x"), (2, "y")]),
    ('1,"a ""b"", c\nd"\n2,""', {}, [(1, 'a "b", c\nd'), (2, "")]),
    ("1;a|;b\n2;\\N", {"field-delimiter": ";", "escape-character": "|", "null-literal": "\\N"},
     [(1, "a;b"), (2, None)]),
    ("1\t'x\ty'", {"field-delimiter": "\\t", "quote-character": "'"}, [(1, "x\ty")]),
    ('1,"x', {"disable-quote-character": "true"}, [(1, '"x')]),
    ("#no\n1,#x", {"allow-comments": "true"}, [(1, "#x")]),
    ("a,b\n1,x", {"header": "true"}, [(1, "x")]),
    ("x,1\n,y\n3\n4,z,more", {"ignore-parse-errors": "true"}, [(None, "1"), (None, "y"), (3, None), (4, "z")]),
    ("\n\n1,ä€𝄞\n\n", {}, [(1, "ä€𝄞")]),
])
def test_records(text, options, expected):
    for capacity in (1, 1000):
        assert decode(text.encode(), TWO, options, capacity=capacity) == (expected, [])


def test_types():
    schema = Schema.of(d=DOUBLE, n=DECIMAL(20, 2), t=TIMESTAMP(3), day=DATE, ok=BOOLEAN, xs=ARRAY(INT),
                       r=ROW(("x", INT), ("y", STRING)))
    rows, dead = decode(b"1e-3,1.005,2024-01-01 00:00:00.5,2024-02-29,TRUE,1;2;3,1;z\n", schema)
    assert not dead
    assert rows[0][:2] == (0.001, Decimal("1.01"))
    assert [str(v) for v in rows[0][2:4]] == ["2024-01-01 00:00:00.500000", "2024-02-29"]
    assert rows[0][4:] == (True, [1, 2, 3], {"x": 1, "y": "z"})


def test_bad_records_are_dead_letters_with_their_line():
    text = b'1,x\nx,1\n1\n1,2,3\n,y\n1,"a"b\n2,"two\nlines"\n3,\xff\n4,"open,\n5,ok'
    rows, dead = decode(text, TWO)
    assert rows == [(1, "x"), (2, "two\nlines"), (5, "ok")]
    assert [(d.place, d.text, d.reason) for d in dead] == [
        ("f:2", "x,1", "field 'a' is not a value of type INT"),
        ("f:3", "1", "1 fields where the table has 2"),
        ("f:4", "1,2,3", "3 fields where the table has 2"),
        ("f:5", ",y", "field 'a' is not a value of type INT"),
        ("f:6", '1,"a"b', "text behind the closing quote of field 2"),
        ("f:9", "3,\ufffd", "field 'b' is not valid UTF-8"),
        ("f:10", '4,"open,', "the quote of field 2 is never closed"),
    ]


def test_values_that_only_the_slow_reader_finds_wrong():
    rows, dead = decode(b"1;2,a\n1;x,b\n3,c", Schema.of(xs=ARRAY(INT), s=STRING))
    assert rows == [([1, 2], "a"), ([3], "c")]
    assert [(d.place, d.reason) for d in dead] == [("f:2", "field 'xs' is not a value of type ARRAY<INT>")]


def test_refusals():
    with pytest.raises(UserError, match="f:1: field 'a'"):
        decode(b"x,1", TWO, {"ignore-parse-errors": "false"})
    for options in ({"field-delimiter": "ab"}, {"quote-character": "x", "disable-quote-character": "true"},
                    {"header": "maybe"}):
        with pytest.raises(UserError) as error:
            decode(b"", TWO, options)
        assert error.value.code == "wrong_option"
    with pytest.raises(UserError, match="cannot hold"):
        CsvDecoder(Schema.of(m=MAP(STRING, INT)))


TEXTS = st.text(st.sampled_from("ab,;\"'\n\r\\ä€𝄞# "), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.integers(-2**63, 2**63 - 1), TEXTS), min_size=1, max_size=8))
def test_reads_what_the_standard_library_writes(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    assert decode(out.getvalue().encode(), Schema.of(a=STRING, n=BIGINT, b=STRING)) == (rows, [])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.floats(allow_nan=False), TEXTS), min_size=1, max_size=8),
       st.sampled_from([{}, {"field-delimiter": ";"}, {"escape-character": "\\"}]))
def test_what_is_written_is_read_again(rows, options):
    schema = Schema.of(a=STRING, n=DOUBLE, b=STRING)
    columns = [column_of(t, list(v)) for t, v in zip(schema.types, zip(*rows, strict=True), strict=True)]
    assert decode(CsvEncoder(schema, options).encode(columns, len(rows)), schema, options) == (rows, [])


def test_writes_flinks_texts():
    schema = Schema.of(a=DOUBLE, b=STRING, xs=ARRAY(INT))
    columns = [column_of(t, v) for t, v in zip(schema.types, ([1e10, None], ["x,y", None], [[1, 2], None]),
                                               strict=True)]
    assert CsvEncoder(schema, {"null-literal": "NULL"}).encode(columns, 2) == b'1.0E10,"x,y",1;2\nNULL,NULL,NULL\n'
    assert CsvEncoder(Schema.of(s=STRING)).encode([column_of(STRING, [""])], 1) == b'""\n'
