"""Rows at a node while one edits: the preview follows each edit, and its samples are pinned, edited and tested."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.pages import findings, tab, until
from tests.platform.running import ROOT, Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def opened(up: Up, visit: Visit, slug: str, node: str) -> Page:
    """A pipeline of a test's own, with the preview of a node."""
    document = (ROOT / "examples/shop.yaml").read_text(encoding="utf-8")
    made = up.post("pipelines", {"project": "examples", "slug": slug, "document": document})
    return visit(f"/pipelines/{made['id']}?node={node}", width=1500, height=950)


def rows(page: Page, region: str) -> int:
    """How many rows a side of the preview says that there are."""
    said = page.get_by_role("region", name=region, exact=True).get_by_text(re.compile(r"^[\d,]+ rows?\b")).first
    found = re.match(r"[\d,]+", said.text_content() or "")
    return int(found[0].replace(",", "")) if found else -1


def test_rows_follow_each_edit(up: Up, visit: Visit, signed_in: object) -> None:
    page = opened(up, visit, "previewed", "impressions")
    output = page.get_by_role("region", name="impressions gives", exact=True)
    expect(output.get_by_role("grid")).to_be_visible()  # nothing runs: the preview is what is open
    expect(output.get_by_role("grid").get_by_text("impression", exact=True).first).to_be_visible()
    until(page, lambda: rows(page, "from shop") == 1000, "the sample is there")
    until(page, lambda: 0 < rows(page, "impressions gives") < 1000, "and what the node makes of it")
    before = rows(page, "impressions gives")

    condition = page.get_by_role("textbox", name="Condition")
    condition.click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(" AND price > 20")  # at once: one edit, one preview
    page.get_by_role("heading", name="impressions").first.click()
    until(page, lambda: rows(page, "impressions gives") < before, "the edit is previewed")
    after = rows(page, "impressions gives")
    output.get_by_text(f"Changed ({before - after})").click()
    expect(output.get_by_text("− before").first).to_be_visible()
    output.get_by_text("Columns", exact=True).click()
    expect(output.get_by_role("row", name="price")).to_contain_text("mean")
    assert findings(page) == []


def test_rows_are_pinned_edited_and_become_a_test(up: Up, visit: Visit, signed_in: object) -> None:
    page = opened(up, visit, "pinned", "clicks")
    page.get_by_role("button", name="1,000 rows of 1 source").click()
    page.get_by_role("button", name="Pin the first 50").click()
    page.get_by_role("button", name="50 rows of 1 source").wait_for()
    page.get_by_role("button", name="Edit rows").click()
    dialog = page.get_by_role("dialog", name="Rows pinned to shop")
    dialog.get_by_role("textbox", name="event of row 1", exact=True).fill("click")
    dialog.get_by_role("textbox", name="event_time of row 1", exact=True).fill("soon")
    expect(dialog.get_by_role("button", name="Keep these rows")).to_be_disabled()
    dialog.get_by_role("textbox", name="event_time of row 1", exact=True).fill("2026-01-01 00:10:00")
    expect(dialog.get_by_text("too late").first).to_be_visible()  # all others come after it now
    dialog.get_by_role("button", name="Duplicate row 1", exact=True).click()
    dialog.get_by_role("button", name="Keep these rows").click()
    page.get_by_role("button", name="51 rows of 1 source").wait_for()
    until(page, lambda: rows(page, "from shop") == 51, "the edited rows are previewed")
    until(page, lambda: rows(page, "clicks gives") >= 2, "and what comes of them")
    page.get_by_role("button", name="New test from this").click()
    tab(page, "Tests")
    expect(page.get_by_role("tabpanel", name="Tests")).to_contain_text("clicks")
