"""Scalar functions: values by hand from Flink's function reference."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import UserError
from engine.expressions.functions import catalogue
from engine.expressions.functions.rows import per_row_functions
from engine.types import ARRAY, INT, MAP, STRING, TIMESTAMP_LTZ
from tests.engine.expressions.support import NOW, ZONE, Columns, evaluate, value

D = Decimal
STRINGS = [
    ("CHAR_LENGTH('äö€😀')", 4), ("UPPER('straße')", "STRASSE"), ("LOWER('ABC')", "abc"), ("REVERSE('añb')", "bña"),
    ("SUBSTRING('hello world', 2)", "ello world"), ("SUBSTRING('hello', -3, 2)", "ll"), ("SUBSTRING('hello', 9)", ""),
    ("SUBSTRING('hello', 2, -1)", None), ("SUBSTRING('äöü€', 2, 2)", "öü"), ("LEFT('hello', 2)", "he"),
    ("RIGHT('hello', 2)", "lo"), ("TRIM('  a ')", "a"), ("TRIM(LEADING 'xy' FROM 'xyxaxy')", "axy"),
    ("LTRIM('xxaxx', 'x')", "axx"), ("RTRIM('xxaxx', 'x')", "xxa"), ("BTRIM('€a€', '€')", "a"),
    ("CONCAT('a', 'b', 'c')", "abc"), ("CONCAT('a', CAST(NULL AS STRING))", None),
    ("CONCAT_WS('-', 'a', CAST(NULL AS STRING), 'b')", "a-b"), ("CONCAT_WS(CAST(NULL AS STRING), 'a')", None),
    ("POSITION('lo' IN 'hello')", 4), ("LOCATE('l', 'hello', 4)", 4), ("INSTR('banana', 'an', 1, 2)", 4),
    ("INSTR('banana', 'a', -1, 2)", 4), ("REPLACE('banana', 'an', '<>')", "b<><>a"), ("REPEAT('ab', 3)", "ababab"),
    ("LPAD('hi', 5, 'xy')", "xyxhi"), ("RPAD('hi', 1, 'xy')", "h"), ("LPAD('hi', -1, 'x')", None),
    ("OVERLAY('abcdef' PLACING 'XX' FROM 2 FOR 3)", "aXXef"), ("INITCAP('hello wORLD-x')", "Hello World-X"),
    ("TRANSLATE('abcabc', 'ab', 'x')", "xcxc"), ("ASCII('A')", 65), ("CHR(97)", "a"), ("ELT(2, 'a', 'b')", "b"),
    ("ELT(3, 'a', 'b')", None), ("SPLIT_INDEX('a,b,c', ',', 1)", "b"), ("SPLIT_INDEX('a,b', ',', 2)", None),
    ("SPLIT('a,,b', ',')", ["a", "", "b"]), ("STR_TO_MAP('a=1,b')", {"a": "1", "b": None}),
    ("STARTSWITH('hello', 'he')", True), ("ENDSWITH('hello', 'he')", False), ("'hello' LIKE 'h%_o'", True),
    ("'€x' LIKE '_x'", True), ("'a%b' LIKE 'a!%b' ESCAPE '!'", True), ("'ab' SIMILAR TO '(a|c)b+'", True),
    ("REGEXP('abc123', '[0-9]+')", True), ("REGEXP_REPLACE('a1b22', '\\d+', '#')", "a#b#"),
    ("REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar"), ("REGEXP_EXTRACT('abc', 'x')", None),
    ("REGEXP_EXTRACT('a1', '(?<=a)(\\d)', 1)", "1"), ("REGEXP_COUNT('banana', 'an')", 2),
    ("REGEXP_INSTR('banana', 'n')", 3),
    ("REGEXP_SUBSTR('banana', 'n.')", "na"), ("REGEXP_EXTRACT_ALL('a1b2', '[a-z](\\d)')", ["1", "2"]),
    ("REGEXP_COUNT('a', '(')", None), ("TO_BASE64('hi')", "aGk="), ("FROM_BASE64('aGk=')", "hi"), ("MD5('abc')",
    "900150983cd24fb0d6963f7d28e17f72"),
    ("SHA2('abc', 256)", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("HEX(255)", "FF"), ("HEX('ab')", "6162"), ("UNHEX('4D')", b"M"), ("BIN(5)", "101"),
    ("ENCODE('ä', 'UTF-8')", b"\xc3\xa4"),
    ("DECODE(x'c3a4', 'UTF-8')", "ä"), ("PARSE_URL('http://u@h.org:80/p?q=1#r', 'HOST')", "h.org"),
    ("PARSE_URL('http://h/p?a=1&b=2', 'QUERY', 'b')", "2"), ("URL_ENCODE('a b&ü')", "a+b%26%C3%BC"),
    ("URL_DECODE('a+b%26')", "a b&"), ("URL_DECODE('%')", None),
    ("PRINTF('%05.2f|%-3s|%x', 3.14159, 'a', 255)", "03.14|a  |ff"),
    ("IS_ALPHA('abc')", True), ("IS_DIGIT('12a')", False), ("IS_DECIMAL('-1.5')", True),
]  # fmt: skip
NUMBERS = [
    ("ABS(-5)", 5), ("SIGN(-2.5)", D(-1)), ("ROUND(2.345, 2)", D("2.35")), ("ROUND(-2.5)", D(-3)),
    ("ROUND(1234, -2)", 1200),
    ("ROUND(2.675e0, 2)", 2.68), ("TRUNCATE(-2.999, 1)", D("-2.9")), ("CEIL(-1.5)", D(-1)), ("FLOOR(-1.5)", D(-2)),
    ("FLOOR(1.5e0)", 1.0), ("POWER(2, 10)", 1024.0), ("SQRT(2)", math.sqrt(2)), ("LN(-1) IS NULL", False),
    ("LOG(2, 8)", 3.0),
    ("ATAN2(1, 1)", math.pi / 4), ("DEGREES(PI())", 180.0), ("RAND_INTEGER(5, 10)", 7),
    ("RAND(10)", 0.7304302967434272),
]
DATES = [
    ("EXTRACT(WEEK FROM DATE '2021-01-03')", 53), ("EXTRACT(DOW FROM DATE '2021-01-03')", 1),
    ("EXTRACT(ISODOW FROM DATE '2021-01-03')", 7), ("EXTRACT(CENTURY FROM DATE '2000-12-31')", 20),
    ("EXTRACT(EPOCH FROM TIMESTAMP '1970-01-02 00:00:01')", 86401), ("YEAR(DATE '1960-05-06')", 1960),
    ("HOUR(TIMESTAMP '1960-05-06 07:08:09')", 7), ("QUARTER(DATE '2020-12-01')", 4),
    ("DAYOFYEAR(DATE '2020-12-31')", 366),
    ("FLOOR(TIMESTAMP '2021-05-17 13:14:15' TO HOUR)", datetime(2021, 5, 17, 13)),
    ("CEIL(TIMESTAMP '2021-05-17 13:14:15' TO MONTH)", datetime(2021, 6, 1)),
    ("FLOOR(DATE '2021-05-19' TO WEEK)", date(2021, 5, 16)),
    ("DATE '2020-01-31' + INTERVAL '1' MONTH", date(2020, 2, 29)),
    ("DATE '2020-03-31' - INTERVAL '1' MONTH", date(2020, 2, 29)),
    ("TIMESTAMP '2020-01-01 00:00:00' - INTERVAL '1' SECOND", datetime(2019, 12, 31, 23, 59, 59)),
    ("TIME '23:30:00' + INTERVAL '1' HOUR", time(0, 30)),
    ("TIMESTAMPADD(QUARTER, 1, DATE '2020-11-30')", date(2021, 2, 28)),
    ("TIMESTAMPDIFF(MONTH, TIMESTAMP '2020-01-31 12:00:00', TIMESTAMP '2020-02-29 11:00:00')", 0),
    ("TIMESTAMPDIFF(DAY, DATE '2020-03-01', DATE '2020-02-01')", -29),
    ("DATE_FORMAT(TIMESTAMP '2020-02-03 14:05:06.789', 'yy/M/d hh:mm a, EEE MMM SSS')", "20/2/3 02:05 PM, Mon Feb 789"),
    ("DATE_FORMAT('2020-02-03 04:05:06', 'yyyyMMdd')", "20200203"), ("DATE_FORMAT('no date', 'yyyy')", None),
    ("TO_TIMESTAMP('03.02.2020 04:05', 'dd.MM.yyyy HH:mm')", datetime(2020, 2, 3, 4, 5)),
    ("TO_DATE('2020-02-30')", None),
    ("TO_DATE('20200203', 'yyyyMMdd')", date(2020, 2, 3)), ("CONVERT_TZ('2020-07-01 12:00:00', 'UTC', 'Europe/Berlin')",
                                                             "2020-07-01 14:00:00"),
    ("TO_TIMESTAMP_LTZ(1500, 3)", datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)),
    ("FROM_UNIXTIME(86400)", "1970-01-02 00:00:00"), ("UNIX_TIMESTAMP('1970-01-02 00:00:00')", 86400),
    ("(DATE '2020-01-01', INTERVAL '9' DAY) OVERLAPS (DATE '2020-01-10', DATE '2020-01-20')", True),
]  # fmt: skip
NESTED = [
    ("ARRAY[1, 2, 3][2]", 2), ("ARRAY[1][5]", None), ("MAP['a', 1, 'b', 2]['b']", 2), ("MAP['a', 1]['x']", None),
    ("CARDINALITY(ARRAY[1, NULL])", 2), ("ELEMENT(ARRAY['x'])", "x"), ("MAP_KEYS(MAP['a', 1])", ["a"]),
    ("MAP_ENTRIES(MAP['a', 1])", [("a", 1)]), ("MAP_FROM_ARRAYS(ARRAY[1, 2], ARRAY['a', 'b'])", {1: "a", 2: "b"}),
    ("MAP_UNION(MAP[1, 'a'], MAP[1, 'b'])", {1: "b"}), ("ARRAY_CONTAINS(ARRAY[1, NULL], NULL)", True),
    ("ARRAY_DISTINCT(ARRAY[1, 2, 1])", [1, 2]), ("ARRAY_POSITION(ARRAY[1, 2], 3)", 0),
    ("ARRAY_SLICE(ARRAY[1, 2, 3], -2)", [2, 3]),
    ("ARRAY_SORT(ARRAY[2, NULL, 1])", [None, 1, 2]), ("ARRAY_SORT(ARRAY[2, NULL, 1], FALSE)", [2, 1, None]),
    ("ARRAY_UNION(ARRAY[1], ARRAY[2.5])", [D("1.0"), D("2.5")]), ("ARRAY_JOIN(ARRAY['a', NULL], '-', '?')", "a-?"),
    ("ARRAY_EXCEPT(ARRAY[1, 2, 2], ARRAY[1])", [2]), ("ARRAY_MAX(ARRAY[1, NULL, 3])", 3),
    ("ARRAY_REMOVE(ARRAY[1, 2], 2)", [1]),
    ("ARRAY_APPEND(ARRAY[1], 2)", [1, 2]), ("ARRAY[1, 2] = ARRAY[1, 2]", True), ("ROW(1, 'a') = ROW(1, 'b')", False),
]
JSON = [
    ("'{\"a\": 1}' IS JSON OBJECT", True), ("'[1' IS JSON", False), ("JSON_EXISTS('{\"a\": 1}', '$.a')", True),
    ("JSON_EXISTS('{\"a\": 1}', 'strict $.b' TRUE ON ERROR)", True),
    ("JSON_VALUE('{\"a\": [1, 2.50]}', '$.a[1]')", "2.50"),
    ("JSON_VALUE('{\"a\": true}', '$.a' RETURNING BOOLEAN)", True),
    ("JSON_VALUE('{}', 'lax $.a' DEFAULT 'x' ON EMPTY)", "x"), ("JSON_QUERY('{\"b\": {\"z\": 1, \"a\": [2]}}', '$.b')",
                                                                "{\"a\":[2],\"z\":1}"),
    ("JSON_QUERY('{\"a\": 1}', '$.a' WITH WRAPPER)", "[1]"),
    ("JSON_QUERY('[1, \"x\", null]', '$' RETURNING ARRAY<STRING>)",
                                                              ["1", "x", None]),
    ("JSON_OBJECT('b' VALUE 1, 'a' VALUE JSON_ARRAY(1, 'x'))", "{\"a\":[1,\"x\"],\"b\":1}"),
    ("JSON_OBJECT('a' VALUE NULLIF(1, 1) ABSENT ON NULL)", "{}"),
    ("JSON_STRING(ROW(1, 'x'))", "{\"EXPR$0\":1,\"EXPR$1\":\"x\"}"),
    ("JSON_QUOTE('a\"ü')", "\"a\\\"\\u00fc\""), ("JSON_UNQUOTE('\"a\\u0041\"')", "aA"), ("JSON_UNQUOTE('abc')", "abc"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), STRINGS + NUMBERS + DATES + NESTED + JSON)
def test_value(sql: str, expected: Any) -> None:
    found = value(sql)
    assert found == pytest.approx(expected, rel=1e-15) if isinstance(expected, float) else found == expected


def test_over_columns_with_nulls() -> None:
    columns: Columns = {
        "s": (STRING, ["a long enough string to lie outside", None, "kurz", ""]), "n": (INT, [3, 1, None, 2]),
        "a": (ARRAY(INT), [[3, None, 1], None, [], [2]]), "m": (MAP(STRING, INT), [{"x": 1}, {}, None, {"y": None}]),
    }
    assert evaluate("SUBSTRING(s, n)", columns) == ["long enough string to lie outside", None, None, ""]
    assert evaluate("UPPER(s)", columns) == ["A LONG ENOUGH STRING TO LIE OUTSIDE", None, "KURZ", ""]
    assert evaluate("REPEAT(s, n)", columns)[3] == ""
    assert evaluate("s LIKE s", columns) == [True, None, True, True]
    assert evaluate("CONCAT_WS('/', s, CAST(n AS STRING))", columns) == [
        "a long enough string to lie outside/3", "1", "kurz", "/2"]
    assert evaluate("a[n]", columns) == [1, None, None, None]
    assert evaluate("CARDINALITY(a)", columns) == [3, None, 0, 1]
    assert evaluate("m['x']", columns) == [1, None, None, None]
    assert evaluate("ARRAY[n, 1]", columns) == [[3, 1], [1, 1], [None, 1], [2, 1]]
    assert evaluate("ARRAY_SORT(a)", columns) == [[None, 1, 3], None, [], [2]]
    assert evaluate("JSON_STRING(m)", columns) == ["{\"x\":1}", "{}", None, "{\"y\":null}"]


def test_many_rows() -> None:
    texts = [None if i % 7 == 0 else f"https://host{i % 13}/path/{'x' * (i % 30)}" for i in range(20_000)]
    columns: Columns = {"s": (STRING, texts)}
    parts = [None if t is None else t.split("/")[2] for t in texts]
    assert evaluate("SPLIT_INDEX(s, '/', 2)", columns) == parts
    assert evaluate("CHAR_LENGTH(s)", columns) == [None if t is None else len(t) for t in texts]
    assert evaluate("s || '?'", columns) == [None if t is None else t + "?" for t in texts]


def test_clock() -> None:
    assert value("CURRENT_TIMESTAMP") == datetime.fromtimestamp(NOW // 1000 / 1000, UTC)
    assert value("CURRENT_DATE", **{ZONE: "Asia/Tokyo"}) == date(2023, 11, 15)
    assert value("LOCALTIMESTAMP = LOCALTIMESTAMP") is True
    columns: Columns = {"z": (TIMESTAMP_LTZ(3), [datetime(2021, 7, 1, 23, 30, tzinfo=UTC)])}
    assert evaluate("DATE_FORMAT(z, 'yyyy-MM-dd HH')", columns, **{ZONE: "Europe/Berlin"}) == ["2021-07-02 01"]
    assert evaluate("FLOOR(z TO DAY)", columns, **{ZONE: "Europe/Berlin"}) == [datetime(2021, 7, 1, 22, tzinfo=UTC)]


def test_catalogue() -> None:
    assert len(catalogue()) > 200
    assert {"MD5", "JSON_VALUE", "REGEXP_EXTRACT"} <= set(per_row_functions())
    assert not {"+", "SUBSTRING", "DATE_FORMAT", "LIKE", "CAST"} & set(per_row_functions())


@pytest.mark.parametrize("sql", ["JSON('{}')", "JSON_VALUE('{}', 'no path')", "SHA2('a', 1)",
"DATE_FORMAT(CURRENT_DATE, 'Q')"])
def test_errors(sql: str) -> None:
    with pytest.raises(UserError):
        evaluate(sql)


@pytest.mark.parametrize("call", [
    "REPEAT('ab', 2000000000)", "LPAD('x', 2000000000, 'ab')", "RPAD('x', 16777217, 'a')"])
def test_a_number_does_not_make_a_text_that_takes_all_memory(call: str) -> None:
    with pytest.raises(UserError) as error:
        value(call)
    assert error.value.code == "too_long"
    assert value(f"CASE WHEN 1 > 2 THEN {call} ELSE 'other' END") == "other"


@pytest.mark.parametrize("pattern", ["%2000000000d", "%.2000000000f", "%" + "9" * 5000 + "d"])
def test_a_format_of_absurd_width_is_none(pattern: str) -> None:
    assert value(f"PRINTF('{pattern}', {'1.5' if pattern.endswith('f') else '1'})") is None


@pytest.mark.parametrize(("sql", "expected"), [  # as Flink 2.3 gave them
    ("DATE_FORMAT('2020-02-29', 'yyyy')", None),
    ("DATE_FORMAT('2020-2-9 1:2:3', 'yyyy-MM-dd HH:mm:ss')", "2020-02-09 01:02:03"),
    ("DATE_FORMAT('2020-02-29 10:11:12.5', 'HH:mm:ss')", "10:11:12"),
    ("JSON_VALUE('x', 'lax $.b' DEFAULT 'e' ON EMPTY DEFAULT 'r' ON ERROR)", "e"),
    ("JSON_VALUE('x', 'strict $.b' DEFAULT 'e' ON EMPTY DEFAULT 'r' ON ERROR)", "r"),
    ("JSON_QUERY('[1', 'lax $.b' EMPTY OBJECT ON EMPTY EMPTY ARRAY ON ERROR)", "{}"),
    ("JSON_EXISTS('', 'lax $.b' TRUE ON ERROR)", False),
    ("REGEXP_INSTR('a{b', 'a{')", None),
    ("REGEXP_INSTR('a{b', '[{]')", 2),
    ("REGEXP_COUNT('aab', 'a{1}')", 2),
    ("REGEXP('a{b', '{')", False),
])
def test_texts_that_are_no_dates_json_or_patterns(sql: str, expected: object) -> None:
    assert value(sql) == expected
