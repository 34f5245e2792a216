"""Functions and expressions over HTTP, and fixes of documents as they are sent."""

from __future__ import annotations

from typing import Any

from porsche.ide.api.authoring import MODES
from porsche.runners import expressions
from tests.ide.platform import BROKEN, World

COLUMNS = [{"name": "price", "type": "DOUBLE"}, {"name": "seen", "type": "TIMESTAMP(3)", "time": "ROWTIME"}]


def ask(world: World, **body: Any) -> Any:
    return world.api("viewer").post("expressions", {"tables": {"shop": COLUMNS}, **body})


def test_an_expression_has_a_type_or_a_place_where_it_is_wrong(world: World) -> None:
    assert ask(world, text="price > 3", mode="condition").json() == {"type": "BOOLEAN", "columns": [], "error": None}
    wrong = ask(world, text="1 + prize").json()
    assert wrong["type"] is None
    assert wrong["error"] == {"code": "unknown_column", "message": "Column 'prize' not found in any table",
                              "hint": "did you mean 'price'?", "span": {"start": 4, "end": 9}}


def test_what_does_not_fit_is_refused(world: World) -> None:
    assert ask(world, text="1", mode="other").status_code == 400
    assert ask(world, text="1", more=1).status_code == 400
    assert ask(world, text="x" * 100_001).status_code == 400
    assert ask(world, text="a", tables={"shop": [{"name": "a", "type": "no type"}]}).json()["error"]["code"] != ""


def test_modes_are_those_of_the_compiler() -> None:
    assert set(MODES) == set(expressions.MODES)


def test_functions(world: World) -> None:
    found = {each["name"]: each for each in world.api("viewer").get("functions").json()}
    assert found["SUBSTRING"]["signatures"] == ["SUBSTRING(text, start)", "SUBSTRING(text, start, length)"]
    assert found["AUC"]["kind"] == "aggregate"


def test_a_broken_document_comes_back_with_columns_and_fixes(world: World) -> None:
    found = world.api("viewer").post("compile", {"document": BROKEN}).json()
    assert found["nodes"]["rows"]["columns"]
    (wrong,) = found["diagnostics"]
    assert [fix["label"] for fix in wrong["fixes"]]
    assert all(command["kind"] for fix in wrong["fixes"] for command in fix["commands"])
