"""Tests of a pipeline in the browser: run, led to the cell that differs, mended in the grid; the library."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.pages import findings, tile, until
from tests.platform.running import Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DOCUMENT: dict[str, Any] = {
    "version": 1, "name": "counted",
    "components": {"cheap": {
        "title": "Cheap ones", "inputs": {"rows": "kept"}, "output": "kept",
        "properties": {"limit": {"kind": "number", "default": 10}},
        "nodes": [{"id": "kept", "component": "filter", "properties": {"condition": "price < ${limit}"}}]}},
    "nodes": [
        {"id": "shop", "component": "event_source",
         "properties": {"columns": {"item": "BIGINT", "price": "DOUBLE"}, "options": {"connector": "datagen"}}},
        {"id": "bargains", "component": "cheap", "properties": {"limit": 5}},
        {"id": "out", "component": "table_sink", "properties": {"options": {"connector": "print"}}}],
    "edges": [{"from": "shop", "to": "bargains"}, {"from": "bargains", "to": "out"}],
    "tests": [{"name": "below five", "given": {"shop": [{"item": 1, "price": 4}, {"item": 2, "price": 6}]},
               "expect": {"out": [{"item": 1, "price": 3}]}}],
}


def test_a_test_fails_and_is_mended_and_a_component_goes_into_the_library(
        up: Up, signed_in: Any, visit: Visit) -> None:
    document = json.dumps(DOCUMENT, indent=1)
    pipeline = up.post("pipelines", {"project": "examples", "slug": "counted", "document": document})["id"]
    page = visit(f"/pipelines/{pipeline}?tab=tests")
    page.get_by_role("button", name="Run all").click()
    expect(page.get_by_role("status").get_by_text("0 passed, 1 failed")).to_be_visible()
    compared = page.get_by_role("region", name="Rows of out beside the expected ones")
    expect(compared.locator("del")).to_have_text("3")
    expect(compared.locator("ins")).to_have_text("4")
    assert findings(page) == []

    page.get_by_role("button", name="out: 1 row").click()
    page.get_by_label("price of row 1").fill("4")
    page.get_by_role("button", name="Keep these rows").click()
    page.get_by_role("tabpanel").get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("status").get_by_text("1 passed, 0 failed")).to_be_visible()
    expect(compared.get_by_text("1 as expected")).to_be_visible()

    page.get_by_role("button", name="Show or hide the components").click()
    page.get_by_role("button", name="Keep in the library").click()
    until(page, lambda: up.get("projects/examples/components"), "the library keeps it")
    page.get_by_role("button", name="Add Cheap ones").click()
    expect(tile(page, "cheap")).to_be_visible()
    kept = up.get("projects/examples/components")
    assert [(one["name"], one["version"], one["components"]["cheap"]) for one in kept] == [
        ("cheap", 1, DOCUMENT["components"]["cheap"])]
    until(page, lambda: _version(up, pipeline) == 1, "the copy knows its version")
    assert findings(page) == []


def _version(up: Up, pipeline: int) -> int | None:
    """The version of the library that the document's component is."""
    document = json.loads(up.get(f"pipelines/{pipeline}/working-copy")["text"])
    found: int | None = document["components"]["cheap"].get("version")
    return found
