"""What expressions mean while they are written: types as Flink's documentation has them, and where they are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from porsche.runners.expressions import meaning

COLUMNS = [{"name": "id", "type": "BIGINT", "time": None}, {"name": "name", "type": "STRING", "time": None},
           {"name": "price", "type": "DOUBLE", "time": None},
           {"name": "seen", "type": "TIMESTAMP(3)", "time": "ROWTIME"},
           {"name": "now", "type": "TIMESTAMP_LTZ(3)", "time": "PROCTIME"}]


def ask(text: str, mode: str = "scalar", **rest: Any) -> dict[str, Any]:
    given = {"tables": {"shop": COLUMNS}, "keys": [], "parameters": {}, **rest}
    return meaning({"text": text, "mode": mode, **given})


@pytest.mark.parametrize(("mode", "text", "type"), [
    ("scalar", "price * 2", "DOUBLE"),
    ("scalar", "id + 1", "BIGINT"),
    ("scalar", "CONCAT(name, 'x')", "STRING"),
    ("scalar", "CAST(price AS INT)", "INT"),
    ("scalar", "seen", "TIMESTAMP(3)"),
    ("condition", "price > 3 AND name LIKE 'a%'", "BOOLEAN"),
    ("aggregate", "SUM(price)", "DOUBLE"),
    ("aggregate", "COUNT(DISTINCT id)", "BIGINT NOT NULL"),
    ("over", "COUNT(*)", "BIGINT NOT NULL"),
    ("over", "LAG(price, 2)", "DOUBLE"),
])
def test_types(mode: str, text: str, type: str) -> None:
    assert ask(text, mode)["type"] == type


@pytest.mark.parametrize(("mode", "text", "code", "piece"), [
    ("scalar", "1 + prize", "unknown_column", "prize"),
    ("scalar", "1 + LN(name)", "bad_arguments", "LN(name)"),
    ("scalar", "UPER(name)", "unknown_function", "UPER(name)"),
    ("scalar", "price + 'open", "syntax", "'"),
    ("condition", "price", "bad_condition", "price"),
])
def test_mistakes_have_their_place(mode: str, text: str, code: str, piece: str) -> None:
    error = ask(text, mode)["error"]
    assert error["code"] == code
    assert text[error["span"]["start"] : error["span"]["end"]] == piece


def test_an_aggregate_may_read_the_keys_but_no_other_column() -> None:
    assert ask("id + COUNT(*)", "aggregate", keys=["id"])["type"] == "BIGINT"
    assert ask("price + COUNT(*)", "aggregate", keys=["id"])["error"]["code"] == "not_grouped"


def test_parameters_are_filled_in_and_places_are_those_of_the_text() -> None:
    assert ask("price > ${least}", "condition", parameters={"least": "100000"})["type"] == "BOOLEAN"
    text = "${least} + LN(name) + ${least}"
    span = ask(text, parameters={"least": "100000"})["error"]["span"]
    assert text[span["start"] : span["end"]] == "LN(name)"
    text = "price + ${word}"
    span = ask(text, parameters={"word": "LN('x')"})["error"]["span"]
    assert text[span["start"] : span["end"]] == "${word}"


def test_a_query_gives_columns() -> None:
    found = ask("SELECT name, SUM(price) AS spent FROM shop GROUP BY name", "query")
    assert [(c["name"], c["type"]) for c in found["columns"]] == [("name", "STRING"), ("spent", "DOUBLE")]
    assert ask("DROP TABLE shop", "query")["error"]["code"] == "bad_statement"
    assert ask("SELECT * FROM other", "query")["error"]["code"] == "unknown_table"


def test_what_is_no_expression_at_all() -> None:
    assert ask("")["error"]["code"] == "syntax"
    assert ask("(" * 5000)["error"]["code"] in ("syntax", "too_deep")
    assert ask("1; SELECT 2")["error"]["code"] == "syntax"
