"""The library of a project, and tests of documents, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from porsche.ide.models import LibraryComponent
from porsche.ide.services import library
from tests.ide.platform import DOCUMENT, World

CHEAP: dict[str, Any] = {
    "title": "Cheap ones", "inputs": {"rows": "kept"}, "output": "kept",
    "properties": {"limit": {"kind": "number", "default": 3}},
    "nodes": [{"id": "kept", "component": "filter", "properties": {"condition": "price < ${limit}"}}]}
OUTER: dict[str, Any] = {
    "inputs": {"rows": "inner"}, "output": "inner", "nodes": [{"id": "inner", "component": "cheap"}]}
ADDRESS = "projects/shop/components"


def save(world: World, name: str = "cheap", role: str = "editor", **components: Any) -> Any:
    return world.api(role).put(f"{ADDRESS}/{name}", {"components": components or {"cheap": CHEAP}})


def test_a_component_is_saved_listed_and_deleted(world: World) -> None:
    made = save(world).json()
    assert (made["name"], made["version"], made["author"]) == ("cheap", 1, "editor")
    assert made["components"] == {"cheap": CHEAP}
    assert made["declaration"]["title"] == "Cheap ones"
    assert [p["name"] for p in made["declaration"]["properties"]] == ["limit"]
    assert made["declaration"]["ports"]["inputs"][0]["name"] == "rows"
    assert world.api("viewer").get(ADDRESS).json() == [made]
    assert world.api("editor").delete(f"{ADDRESS}/cheap").status_code == 204
    assert world.api("viewer").get(ADDRESS).json() == []
    assert world.api("editor").delete(f"{ADDRESS}/cheap").status_code == 404


def test_saving_anew_makes_a_version_where_it_says_something_else(world: World) -> None:
    assert [save(world).json()["version"] for _ in range(2)] == [1, 1]
    assert save(world, cheap={**CHEAP, "version": 1}).json()["version"] == 1  # a copy of it
    assert save(world, cheap={**CHEAP, "title": "Cheaper"}).json()["version"] == 2
    listed = world.api("viewer").get(ADDRESS).json()
    assert [(one["version"], one["declaration"]["title"]) for one in listed] == [(2, "Cheaper")]
    assert LibraryComponent.objects.count() == 2


def test_a_component_brings_what_is_inside_it(world: World) -> None:
    made = save(world, "outer", outer=OUTER, cheap=CHEAP).json()
    assert set(made["components"]) == {"outer", "cheap"}
    assert save(world, "outer", outer=OUTER).json()["code"] == "unknown_component"


@pytest.mark.parametrize(("name", "components", "code"), [
    ("cheap", {"other": CHEAP}, "missing_component"),
    ("cheap", {"cheap": {**CHEAP, "output": "nothing"}}, "unknown_node"),
    ("cheap", {"cheap": {**CHEAP, "colour": "red"}}, "unknown_field"),
    ("filter", {"filter": CHEAP}, "duplicate_name"),
    ("a__b", {"a__b": CHEAP}, "bad_id"),
    ("cheap", {"cheap": [1]}, "wrong_type"),
])
def test_what_is_no_component_is_refused(world: World, name: str, components: dict[str, Any], code: str) -> None:
    answer = save(world, name, **components)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert LibraryComponent.objects.count() == 0


def test_projects_do_not_see_each_other_s(world: World) -> None:
    save(world)
    assert world.api("editor").get("projects/other/components").status_code == 404
    assert save(world, role="operator").status_code == 403


def test_a_full_library_takes_new_versions_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MOST", 1)
    save(world)
    assert save(world, cheap={**CHEAP, "title": "Cheaper"}).status_code == 200
    answer = save(world, "other", other=CHEAP)
    assert (answer.status_code, answer.json()["code"]) == (409, "library_full")


# ---- tests of documents ----------------------------------------------------------------------------------------------

TESTS = [{"name": "good", "given": {"rows": [{"n": 1}, {"n": 0}]}, "expect": {"out": [{"n": 1}]}},
         {"name": "bad", "given": {"rows": [{"n": 1}]}, "expect": {"kept": [{"n": 2}]}}]


def test_tests_of_a_document_run(world: World) -> None:
    document = DOCUMENT + f"tests: {json.dumps(TESTS)}\n"
    answer = world.api("editor").post("tests", {"project": "shop", "document": document}).json()
    assert (answer["passed"], answer["failed"]) == (1, 1)
    good, bad = answer["tests"]
    assert (good["name"], good["passed"], good["error"]) == ("good", True, None)
    assert bad["nodes"][0]["columns"] == ["n"]
    assert bad["nodes"][0]["lines"] == [{"status": "missing", "expected": {"n": 2}, "found": None, "cells": []},
                                        {"status": "unexpected", "expected": None, "found": {"n": 1}, "cells": []}]
    one = world.api("editor").post("tests", {"project": "shop", "document": document, "names": ["good"]}).json()
    assert [result["name"] for result in one["tests"]] == ["good"]
    none = world.api("editor").post("tests", {"project": "shop", "document": document, "names": ["ugly"]})
    assert (none.status_code, none.json()["code"]) == (400, "unknown_test")
    broken = world.api("editor").post("tests", {"project": "shop", "document": "tests: ["})
    assert (broken.status_code, broken.json()["code"]) == (400, "syntax")


def test_tests_read_no_files_that_the_platform_does_not_allow(world: World) -> None:
    document = DOCUMENT + f"""\
samples: {{rows: {{file: {{path: /etc/hostname, format: csv}}}}}}
tests: {json.dumps([{"name": "spy", "expect": {"out": []}}])}
"""
    answer = world.api("editor").post("tests", {"project": "shop", "document": document}).json()
    assert answer["tests"][0]["error"]["code"] == "path_not_allowed"
