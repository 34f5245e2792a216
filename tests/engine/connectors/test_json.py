"""JSON lines: values by hand and by the standard library, bad lines, projection, and writing."""

from __future__ import annotations

import json
import math
import struct
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.connectors.arrow import column_of
from engine.connectors.formats.base import Block
from engine.connectors.formats.json import JsonDecoder, JsonEncoder
from engine.errors import UserError
from engine.types import (
    ARRAY,
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DECIMAL,
    DOUBLE,
    INT,
    MAP,
    ROW,
    SMALLINT,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_LTZ,
    TINYINT,
    DataType,
    Schema,
)
from tests.engine.connectors.decoding import decoded


def decode(text: bytes, schema: Schema, columns=None, options=None, capacity=1000):
    return decoded(JsonDecoder(schema, columns, options), text, capacity)


def value(type: DataType, text: str, options=None):
    """The value of one column; the reason where the line is bad."""
    rows, dead = decode(f'{{"a":{text}}}'.encode(), Schema.of(a=type), options=options)
    return dead[0].reason if dead else rows[0][0]


@pytest.mark.parametrize(("type", "text", "expected"), [
    (BIGINT, "12", 12), (BIGINT, '" 12 "', 12), (BIGINT, "-9223372036854775808", -2**63), (BIGINT, "1.9e1", 19),
    (INT, "-1.7", -1),
    (BOOLEAN, "true", True), (BOOLEAN, '"TRUE"', True), (BOOLEAN, '"yes"', False), (BOOLEAN, "1", False),
    (DOUBLE, "1", 1.0), (DOUBLE, '"1e3"', 1000.0), (DOUBLE, '"NaN"', math.nan), (DOUBLE, "-0.0", -0.0),
    (DECIMAL(5, 2), "1.005", Decimal("1.01")), (DECIMAL(5, 2), "1000", None),
    (DECIMAL(38, 3), '"1.0005"', Decimal("1.001")),
    (STRING, "12.50", "12.50"), (STRING, "true", "true"), (STRING, '{"b" : [1, "x y"]}', '{"b":[1,"x y"]}'),
    (STRING, r'"a\"\\\/\b\f\n\r\t\u00e4\ud834\udd1e"', 'a"\\/\b\f\n\r\tä𝄞'), (STRING, '"tab\there"', "tab\there"),
    (STRING, "null", None), (DATE, '"2024-02-29"', "2024-02-29"), (TIME(3), '"01:02:03.4567"', "01:02:03.456000"),
    (TIMESTAMP(3), '"1969-12-31 23:59:59.9999"', "1969-12-31 23:59:59.999000"),
    (TIMESTAMP_LTZ(3), '"2024-01-01 00:00:00Z"', "2024-01-01 00:00:00+00:00"),
    (ARRAY(INT), "[1,null,2]", [1, None, 2]), (MAP(STRING, DOUBLE), '{"k":1.5}', [("k", 1.5)]),
    (BYTES, '"AP8="', b"\x00\xff"),
    (ROW(("x", INT), ("y", ROW(("z", STRING)))), '{"y":{"z":"q"},"more":[{}]}', {"x": None, "y": {"z": "q"}}),
])
def test_values(type, text, expected):
    found = value(type, text)
    if isinstance(expected, str) and not isinstance(found, str):
        found = str(found)
    assert found == expected or (found != found and expected != expected)


@pytest.mark.parametrize(("type", "text"), [
    (TINYINT, "128"), (TINYINT, "1.5"), (SMALLINT, "-32769"), (INT, "2147483648"), (BIGINT, "9223372036854775808"),
    (BIGINT, '"x"'),
    (BIGINT, "true"), (BIGINT, "[1]"), (BIGINT, '""'), (DOUBLE, '"x"'), (DATE, '"2023-02-29"'), (DATE, "1"),
    (TIME(0), '"24:00:00"'),
    (TIMESTAMP(3), '"2024-01-01T00:00:00"'), (TIMESTAMP(3), '"2024-01-01"'),
    (TIMESTAMP_LTZ(3), '"2024-01-01 00:00:00"'),
    (ARRAY(INT), "1"), (ARRAY(INT), '["x"]'), (ROW(("x", INT)), "[1]"), (ROW(("x", INT)), '{"x":"y"}'), (BYTES, '"?"'),
])
def test_wrong_values(type, text):
    assert f"is not a value of type {type}" in value(type, text) or "is not a value of type INT" in value(type, text)
    assert value(type, text, {"ignore-parse-errors": "true"}) in (None, [None], {"x": None})


@pytest.mark.parametrize("line", [
    "x", '{"a":1', '{"a":1,}', '{"a" 1}', '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":1e}', '{"a":nul}',
    '{"a":"\\x"}',
    '{"a":"\\ud800"}', '{"a":1}}', '{"a":1} x', '{,"a":1}', "[1]", "null", '{"b":[1,]}', '{"b":{"c"}}', '{"b":[1}',
    '{"b":"open}',
    '{"b":' + "[" * 1001 + "]" * 1001 + "}", "{a:1}", "{'a':1}",
])
def test_malformed_lines_are_dead_letters_and_the_next_line_is_read(line):
    rows, dead = decode(f'{{"a":1}}\n{line}\n\n{{"a":2}}'.encode(), Schema.of(a=STRING))
    assert rows == [("1",), ("2",)]
    assert [(d.place, d.text) for d in dead] == [("f:2", line[:1000])]


def test_invalid_utf8_is_a_dead_letter():
    bad = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"abcdefgh\x80"]
    rows, dead = decode(b"\n".join(b'{"a":"' + b + b'"}' for b in bad) + '\n{"a":"ä€𝄞"}'.encode(), Schema.of(a=STRING))
    assert rows == [("ä€𝄞",)]
    assert {d.reason for d in dead} == {"field 'a' is not valid UTF-8"}
    assert [d.place for d in dead] == [f"f:{i}" for i in range(1, 7)]


def test_options():
    iso = {"timestamp-format.standard": "ISO-8601"}
    assert str(value(TIMESTAMP(3), '"2024-01-01T10:11"', iso)) == "2024-01-01 10:11:00"
    assert str(value(TIMESTAMP_LTZ(3), '"2024-01-01T10:11:12.5Z"', iso)) == "2024-01-01 10:11:12.500000+00:00"
    _, dead = decode(b'{"a":1}', Schema.of(a=INT, b=INT), options={"fail-on-missing-field": "true"})
    assert dead[0].reason == "field 'b' is missing"
    with pytest.raises(UserError, match="f:1: field 'a'"):
        decode(b'{"a":"x"}', Schema.of(a=INT), options={"ignore-parse-errors": "false"})
    with pytest.raises(UserError, match="exclude each other"):
        decode(b"", Schema.of(a=INT), options={"fail-on-missing-field": "true", "ignore-parse-errors": "true"})


def test_any_order_of_fields_unknown_duplicate_and_escaped_keys():
    schema = Schema.of(a=INT, long_name_of_field=INT, c=STRING)
    text = b'{"c":"x","a":1}\n{"long_name_of_field":2,"zz":{"a":[7]},"c":"y","a":3,"a":4}\n{ "\\u0061" : 5 }\n{}'
    assert decode(text, schema)[0] == [(1, None, "x"), (4, 2, "y"), (5, None, None), (None, None, None)]


def test_only_wanted_columns_are_read():
    schema = Schema.of(a=INT, b=INT, c=STRING)
    assert decode(b'{"a":"no number","b":2,"c":"x"}', schema, [2, 1])[0] == [("x", 2)]
    assert decode(b'{"a":1}\n{"a":2}', schema, [])[0] == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.fixed_dictionaries({"skipped": JSON_VALUES, "s": st.text(), "i": st.integers(-2**63, 2**63 - 1),
                                       "d": st.floats(allow_nan=False, allow_infinity=False)}), min_size=1, max_size=6),
       st.booleans(), st.sampled_from([1, 2, 1000]))
def test_reads_what_the_standard_library_writes(records, ascii, capacity):
    lines = "\n".join(json.dumps(r, ensure_ascii=ascii) for r in records)
    expected = [(r["s"], r["i"], r["d"]) for r in records]
    rows, _ = decode(lines.encode(), Schema.of(s=STRING, i=BIGINT, d=DOUBLE), capacity=capacity)
    assert rows == expected


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 2**64 - 1), st.integers(-360, 330), st.integers(0, 40))
def test_doubles_are_exact(digits, power, zeros):
    for text in (f"{digits}e{power}", f"{digits}.{digits}", f"{digits}{'0' * zeros}1e{power - zeros}"):
        expected = float(text)
        if math.isfinite(expected):
            assert value(DOUBLE, text) == expected


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_shortest_texts_of_doubles_come_back(bits):
    (number,) = struct.unpack("d", struct.pack("Q", bits))
    if math.isfinite(number):
        assert value(DOUBLE, repr(number)) == number


@settings(max_examples=200, deadline=None)
@given(st.decimals(-10**9, 10**9, allow_nan=False, places=6), st.integers(-3, 3),
       st.sampled_from([DECIMAL(12, 3), DECIMAL(30, 3)]))
def test_decimals_round_half_up(number, power, type):
    exact = number.scaleb(power)
    rounded = exact.quantize(Decimal("0.001"), ROUND_HALF_UP)
    expected = rounded if abs(rounded) < Decimal(10) ** (type.precision - 3) else None
    assert value(type, f"{number}e{power}") == expected


def test_writes_flinks_texts():
    schema = Schema.of(i=INT, s=STRING, d=DOUBLE, t=TIMESTAMP(3), z=TIMESTAMP_LTZ(3), n=DECIMAL(5, 2),
                       m=MAP(STRING, INT),
                       r=ROW(("x", ARRAY(BOOLEAN))), day=DATE, w=TIME(3))
    line = ('{"i":1,"s":"ä\\"\\n","d":0.1,"t":"2024-01-01 00:00:00.12","z":"2024-01-01 00:00:00Z","n":1.50,'
            '"m":{"k":null},'
            '"r":{"x":[true]},"day":"2024-02-29","w":"01:02:03"}\n')
    empty = "{" + ",".join(f'"{name}":null' for name in schema.names) + "}\n"
    text = (line + empty).encode()
    decoder = JsonDecoder(schema)
    decoder.begin(10)
    decoder.feed(Block.of(text), True)
    batch = decoder.finish().batch
    assert JsonEncoder(schema).encode(batch.columns, 2) == text
    sparse = JsonEncoder(schema, {"encode.ignore-null-fields": "true"}).encode(batch.columns, 2).decode()
    assert sparse.splitlines()[1] == "{}"


def test_numbers_that_json_does_not_have_are_quoted():
    column = column_of(DOUBLE, [math.nan, math.inf, 1e20])
    assert JsonEncoder(Schema.of(d=DOUBLE)).encode([column], 3) == b'{"d":"NaN"}\n{"d":"Infinity"}\n{"d":1e+20}\n'
