"""VARIANT: values as Flink 2.3 gave them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import RuntimeFault, UserError
from tests.engine.expressions.support import type_of, value

HELD = """PARSE_JSON('{"a": [1, null, 2.5, "x", {"z": true}], "b": null}')"""


@pytest.mark.parametrize(("sql", "expected"), [
    (f"JSON_STRING({HELD}['a'][1])", "1"),
    (f"JSON_STRING({HELD}['a'][2])", "null"),
    (f"{HELD}['a'][2] IS NULL", False),
    (f"JSON_STRING({HELD}['a'][3])", "2.5"),
    (f"JSON_STRING({HELD}['a'][5])", '{"z":true}'),
    (f"{HELD}['a'][0]", None),
    (f"{HELD}['a'][6]", None),
    (f"{HELD}['a'][CAST(-1 AS BIGINT)]", None),
    (f"{HELD}['c']", None),
    (f"JSON_STRING({HELD}['b'])", "null"),
    ("JSON_STRING(PARSE_JSON('[[1,2],[3]]')[2][1])", "3"),
    ("JSON_STRING(PARSE_JSON('{\"b\":1,\"a\":2}'))", '{"a":2,"b":1}'),
    ("JSON_STRING(PARSE_JSON('1e4'))", "10000.0"),
    ("JSON_STRING(PARSE_JSON('1e400'))", "Infinity"),
    ("JSON_STRING(PARSE_JSON('1.10'))", "1.1"),
    ("JSON_STRING(PARSE_JSON('1.0'))", "1"),
    ("JSON_STRING(PARSE_JSON('123456789012345678901234567890'))", "123456789012345678901234567890"),
    ("PARSE_JSON('1.0') = PARSE_JSON(' 1 ')", True),
    ("JSON_STRING(PARSE_JSON('{\"a\":1,\"a\":2}', TRUE))", '{"a":2}'),
    ("TRY_PARSE_JSON('{\"a\":1,\"a\":2}')", None),
    ("TRY_PARSE_JSON('{')", None),
    ("TRY_PARSE_JSON('NaN')", None),
])
def test_values(sql: str, expected: Any) -> None:
    assert value(sql) == expected


def test_an_item_may_be_missing() -> None:
    assert type_of(f"{HELD}['a']") == "VARIANT"


@pytest.mark.parametrize("sql", [
    "PARSE_JSON('{\"a\":1,\"a\":2}')", "PARSE_JSON('{')", "PARSE_JSON('')", "PARSE_JSON('[1]')['b']",
    "PARSE_JSON('{\"a\":1}')[1]", "PARSE_JSON('null')['x']",
])
def test_a_row_fails(sql: str) -> None:
    with pytest.raises(RuntimeFault):
        value(f"JSON_STRING({sql})")


@pytest.mark.parametrize("sql", [
    "PARSE_JSON('1')[1.5]", "PARSE_JSON('1')[TRUE]", "PARSE_JSON('1') < PARSE_JSON('2')",
    "CAST(PARSE_JSON('1') AS INT)",
    "CAST(PARSE_JSON('1') AS STRING)", "CAST(1 AS VARIANT)", "PARSE_JSON('{}').a",
])
def test_refused(sql: str) -> None:
    with pytest.raises(UserError) as caught:
        value(sql)
    assert caught.value.code in ("bad_arguments", "bad_cast", "unknown_column")
