"""The SQL of a pipeline edited in the browser: what it would change is shown, and one step applies it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.pages import findings, tile, until
from tests.platform.running import Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SHOP = (Path(__file__).resolve().parents[2] / "examples" / "shop.yaml").read_text(encoding="utf-8")


def replace(page: Page, old: str, new: str) -> None:
    """Replace some text in the editor, by its own search."""
    page.get_by_label("Flink SQL of the pipeline, being edited").click()
    page.keyboard.press("ControlOrMeta+f")
    search = page.locator(".cm-search")
    search.get_by_placeholder("Find").fill(old)
    search.get_by_placeholder("Replace").fill(new)
    search.get_by_role("button", name="replace all").click()
    page.keyboard.press("Escape")


def test_sql_edited_and_applied(up: Up, signed_in: Any, visit: Visit) -> None:
    pipeline = up.post("pipelines", {"project": "examples", "slug": "edited-in-sql", "document": SHOP})["id"]
    page = visit(f"/pipelines/{pipeline}?tab=sql&node=clicks")
    code = page.locator(".cm-content")
    # a click into an expression selects its node and property
    expression = page.locator(".cm-line", has_text="event = 'impression'").locator("span", has_text="'impression'")

    def selected() -> bool:  # the node at once, its property as soon as the platform has told where it stands
        expression.click()
        return "property=condition" in page.url

    until(page, selected, "the property is selected")
    assert "node=impressions" in page.url
    expect(page.locator(".cm-property").first).to_contain_text("event")

    page.get_by_role("button", name="Edit", exact=True).click()
    replace(page, "event = 'click'", "event IN ('click', 'purchase')")
    changes = page.get_by_role("list", name="What the SQL changes")
    expect(changes).to_have_text("Changes condition of clicks")
    replace(page, "FROM recent;", "FROM resent;")
    wrong = page.get_by_role("list", name="What is wrong with the SQL")
    expect(wrong).to_contain_text(re.compile(r"Line \d+: there is no table or view 'resent'"))
    expect(page.locator(".cm-lintRange-error").first).to_have_text("resent")
    expect(page.get_by_role("button", name="Apply", exact=True)).to_be_disabled()
    wrong.get_by_role("button").click()
    expect(page.locator(".cm-activeLine")).to_contain_text("resent")
    assert findings(page) == []
    replace(page, "FROM resent;", "FROM recent;")
    page.get_by_label("Flink SQL of the pipeline, being edited").click()
    page.keyboard.press("ControlOrMeta+Enter")

    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_enabled()
    expect(code).to_contain_text("IN ('click', 'purchase')")
    expect(tile(page, "clicks")).to_contain_text("event IN (")
    until(page, lambda: "purchase" in up.get(f"pipelines/{pipeline}/working-copy")["text"], "the edit is kept")
    text = up.get(f"pipelines/{pipeline}/working-copy")["text"]
    assert text == SHOP.replace("event = 'click'", "\"event IN ('click', 'purchase')\"")
    page.get_by_role("button", name="Undo").first.click()
    until(page, lambda: up.get(f"pipelines/{pipeline}/working-copy")["text"] == SHOP, "one undo takes it back")
