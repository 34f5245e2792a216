"""A person fills forms: completion and live types, mistakes that lead to their field and are mended there, undo."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.pages import findings, select, tab, tile
from tests.platform.running import Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DOCUMENT = """\
version: 1
name: forms
parameters: {least: {default: "3"}}
nodes:
  - id: shop
    component: event_source
    properties:
      columns: {user_id: BIGINT, city: STRING, amount: DOUBLE, seen: TIMESTAMP(3)}
      time: seen
      options: {connector: datagen, number-of-rows: "100"}
  - {id: dear, component: filter, properties: {condition: amuont > 10}}
  - {id: totals, component: window_aggregate, properties: {size: 1 minute, keys: [user_id], aggregates: {n: COUNT(*)}}}
  - {id: out, component: table_sink, properties: {options: {connector: blackhole}}}
edges:
  - {from: shop, to: dear}
  - {from: dear, to: totals}
  - {from: totals, to: out}
"""


def test_mistakes_are_led_to_and_mended(up: Up, visit: Visit, signed_in: Any) -> None:
    made = up.post("pipelines", {"project": "examples", "slug": "forms", "document": DOCUMENT})
    mend(visit(f"/pipelines/{made['id']}"))


def mend(page: Page) -> None:
    tab(page, "Problems")
    problems = page.get_by_role("list", name="Problems").get_by_role("listitem")
    expect(problems.first).to_contain_text("amuont")
    problems.first.get_by_role("button", name="dear.condition").click()
    condition = page.get_by_role("textbox", name="Condition")
    expect(condition).to_be_focused()

    panel = page.get_by_role("tabpanel", name="Node")
    panel.get_by_role("button", name="Use 'amount' for 'amuont'").click()
    expect(condition).to_have_text("amount > 10")
    expect(tile(page, "dear")).not_to_contain_text("error")
    expect(problems.first).to_contain_text("the property 'time' is needed")  # what hid behind the first mistake
    problems.first.get_by_role("button", name="Use 'seen'").click()
    tab(page, "Problems")
    expect(page.get_by_text("No problems")).to_be_visible()

    condition.click()
    page.keyboard.press("End")
    page.keyboard.type(" AND UP")
    page.get_by_role("option", name=re.compile("UPPER")).click()
    page.keyboard.type("ci")
    page.get_by_role("option", name=re.compile("city.*STRING")).click()
    expect(condition).to_have_text("amount > 10 AND UPPER(city)")
    expect(panel.get_by_text(re.compile(r"AND\(.*STRING"))).not_to_have_count(0)
    page.keyboard.press("End")
    page.keyboard.type(" = 'ROME' AND amount > ${")
    page.get_by_role("option", name=re.compile("least")).click()
    expect(panel.get_by_text("BOOLEAN", exact=True)).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(condition).to_have_text("amount > 10")

    select(page, "totals")
    group = panel.get_by_role("group", name="Key columns")
    group.get_by_role("button", name="Choose Key columns").click()
    page.get_by_role("checkbox", name=re.compile("city")).click()
    page.keyboard.press("Escape")
    expect(group.get_by_role("listitem").filter(has_text="city")).to_be_visible()
    panel.get_by_label("Length of a window, unit").select_option("hour")
    expect(tile(page, "totals")).to_contain_text("1 hour")
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(tile(page, "totals")).to_contain_text("1 minute")
