"""SQL as a pipeline again, over REST."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from engine.workers import Limits, Pool
from porsche.compiler import compile_text
from porsche.runners import compiling
from tests.ide.platform import DOCUMENT, World


def ask(world: World, sql: str, **rest: Any) -> dict[str, Any]:
    answer = world.api("viewer").post("recognise", {"sql": sql, **rest})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_sql_of_a_document_and_an_edit_of_it(world: World) -> None:
    sql = compile_text(DOCUMENT).text
    found = ask(world, sql)
    assert found["valid"] and compile_text(found["document"]).text == sql
    edited = ask(world, sql.replace("n > 0", "n > 7"), document=DOCUMENT)
    assert edited["commands"] == [
        {"kind": "set_property", "node": "kept", "property": "condition", "value": "n > 7"}]
    assert edited["changes"] == [
        {"node": "kept", "change": "changed", "component": "filter", "properties": ["condition"]}]
    assert yaml.safe_load(edited["document"])["nodes"][1]["properties"] == {"condition": "n > 7"}
    (span,) = [each["span"] for each in edited["spans"] if each["property"] == "condition"]
    assert sql.replace("n > 0", "n > 7")[slice(*span)] == "n > 7"


def test_what_is_wrong_with_it(world: World) -> None:
    found = ask(world, "SELECT FROM")
    assert (found["valid"], found["document"], found["commands"]) == (False, None, [])
    (wrong,) = found["diagnostics"]
    assert (wrong["code"], wrong["line"], wrong["column"]) == ("syntax", 1, 8)
    assert world.api("viewer").post("recognise", {"sql": "x" * (1 << 21)}).status_code == 400


def test_sql_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool("porsche.runners.compiling", limits=Limits(timeout=0.001, memory=1 << 30), size=1)
    monkeypatch.setattr(compiling, "_pool", pool)
    try:
        found = compiling.recognised("SELECT 1;", None, {}, "dev", "state")
    finally:
        pool.close()
    assert (found["valid"], [d["code"] for d in found["diagnostics"]]) == (False, ["too_expensive"])
