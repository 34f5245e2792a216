"""Pipelines drawn in a browser: with the mouse, and without it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.drawing import differences, drag, fill, named, picked, port
from tests.e2e.pages import findings, select, settled, tile
from tests.platform.running import Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SHOP = Path(__file__).resolve().parents[2] / "examples/shop.yaml"
EMPTY = "version: 1\nname: drawn\nnodes: []\nedges: []\n"


def text(up: Up, pipeline: int) -> str:
    """What the platform has of the document."""
    return str(up.get(f"pipelines/{pipeline}/working-copy")["text"])


def pipeline(up: Up, slug: str, document: str) -> int:
    return int(up.post("pipelines", {"project": "examples", "slug": slug, "document": document})["id"])


def kept(page: Page) -> None:
    expect(page.locator("header [role=status]", has_text="All edits saved")).to_be_visible()


def undone(page: Page) -> None:
    """Undo, until there is nothing left to undo."""
    nothing = page.get_by_role("button", name="Nothing to undo")
    for _ in range(100):
        if nothing.count():
            break
        for _ in range(10):
            page.keyboard.press("Control+z")
    expect(page.get_by_role("region", name="Begin here")).to_be_visible()


@pytest.mark.timeout(600)  # hundreds of clicks
def test_the_shop_is_drawn_by_mouse(up: Up, visit: Visit, signed_in: Any) -> None:
    shop = yaml.safe_load(SHOP.read_text(encoding="utf-8"))
    head = {name: shop[name] for name in ("version", "name", "parameters", "settings")}
    begin = yaml.safe_dump(head, sort_keys=False) + "nodes: []\nedges: []\n"
    made = pipeline(up, "drawn", begin)
    page = visit(f"/pipelines/{made}?tab=events", height=1000, reduced_motion="reduce")  # without previews
    specs = {spec["name"]: spec for spec in up.get("components")}
    wires = [(edge["from"], *(edge["to"].split(".") + [None])[:2]) for edge in shop["edges"]]
    page.get_by_role("region", name="Begin here").get_by_role("button", name="Event source").click()
    for node in shop["nodes"]:
        first = next((wire for wire in wires if wire[1] == node["id"]), None)
        if first:
            wires.remove(first)
            select(page, first[0])
            page.get_by_role("button", name=re.compile("^Add a node ")).click()
            picked(page, specs[node["component"]]["title"])
        named(page, node["id"])
        fill(page, specs[node["component"]]["properties"], node.get("properties", {}))
    for number, (source, target, name) in enumerate(wires, len(shop["edges"]) - len(wires) + 1):
        drag(page, port(page, source), port(page, target, name or "rows"))
        expect(page.locator(".react-flow__edge")).to_have_count(number)
    kept(page)
    assert differences(yaml.safe_load(text(up, made)), shop) == []
    expect(page.get_by_role("tab", name="Problems", exact=True)).to_be_visible()  # without a number: there are none
    page.locator("[data-canvas-region]").focus()
    undone(page)
    kept(page)
    assert text(up, made) == begin


def test_a_pipeline_is_drawn_by_keyboard_alone(up: Up, visit: Visit, signed_in: Any) -> None:
    made = pipeline(up, "typed", EMPTY)
    page = visit(f"/pipelines/{made}")
    expect(page.get_by_role("region", name="Begin here")).to_be_visible()
    keys = page.keyboard
    keys.press("Shift+A")
    picked(page, "Event source")
    expect(tile(page, "event_source")).to_be_focused()
    keys.press("Tab")  # behind what has the focus
    picked(page, "Filter")
    named(page, "kept")
    expect(tile(page, "kept")).to_be_focused()
    keys.press("ArrowLeft")
    expect(tile(page, "event_source")).to_be_focused()
    keys.press("Shift+A")
    picked(page, "Union")
    keys.press("C")
    picked(page, "kept")
    expect(page.locator(".react-flow__edge")).to_have_count(3)
    keys.press("D")
    heard = page.locator("[role=status][aria-live=polite]", has_text="Disable union")
    expect(heard).to_be_attached()
    # the same in the outline, as one who does not see the canvas has it
    keys.press("v")
    keys.press("t")
    tree = page.get_by_role("tree", name="Nodes of the pipeline")
    tree.get_by_role("treeitem", name=re.compile("^union")).focus()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name=re.compile("^reads event_source"))).to_be_focused()
    keys.press("Delete")
    expect(page.locator(".react-flow__edge")).to_have_count(2)
    expect(tree.get_by_role("treeitem", name=re.compile("^union"))).to_be_focused()
    keys.press("Shift+A")
    picked(page, "Table sink")
    expect(tree.get_by_role("treeitem", name=re.compile("^table_sink"))).to_be_focused()
    kept(page)
    document = yaml.safe_load(text(up, made))
    assert [(edge["from"], edge["to"]) for edge in document["edges"]] == [
        ("event_source", "kept"), ("kept", "union"), ("union", "table_sink")]
    assert [node["id"] for node in document["nodes"] if node.get("disabled")] == ["union"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        settled(page)
        assert findings(page) == []
    undone(page)
    kept(page)
    assert text(up, made) == EMPTY
