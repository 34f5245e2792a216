"""A person who draws a pipeline: components added and wired by mouse, their properties typed into the forms."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.pages import tile

RESTING = """part => new Promise(done => {
  let before = "";
  const look = () => {
    const {x, y, width, height} = part.getBoundingClientRect();
    if (before === `${x} ${y}`) return done([x + width / 2, y + height / 2]);
    before = `${x} ${y}`;
    requestAnimationFrame(look);
  };
  look();
})"""


def picked(page: Page, words: str) -> None:
    """Take the best of what a list over the canvas finds."""
    field = page.get_by_role("dialog").get_by_role("combobox")
    expect(field).to_be_focused()
    page.keyboard.insert_text(words)
    expect(page.get_by_role("option").first).to_contain_text(re.compile(words, re.IGNORECASE))
    page.keyboard.press("Enter")
    expect(field).to_have_count(0)


def named(page: Page, node: str) -> None:
    """Give the node that was just added, and is selected, its id."""
    page.keyboard.press("F2")
    field = page.get_by_role("textbox", name=re.compile("^Name of “"))
    expect(field).to_be_focused()
    page.keyboard.insert_text(node)
    page.keyboard.press("Enter")
    expect(tile(page, node)).to_have_class(re.compile(r"\bselected\b"))
    panel = page.get_by_role("tabpanel", name="Node")
    expect(panel.get_by_role("heading", name=node, exact=True).first).to_be_visible()


def port(page: Page, node: str, name: str | None = None) -> Locator:
    """An input by its name; the output without."""
    handles = tile(page, node).locator(".react-flow__handle")
    return handles.and_(page.locator(".source" if name is None else f'[data-handleid="{name}"]'))


def drag(page: Page, start: Locator, to: tuple[float, float] | Locator) -> None:
    """From the middle of one thing to the middle of another, or to a place."""
    x, y = middle(start)
    page.mouse.move(x, y)
    page.mouse.down()
    x, y = to if isinstance(to, tuple) else middle(to)
    page.mouse.move(x - 20, y - 5, steps=3)
    page.mouse.move(x, y, steps=2)
    page.mouse.up()


def middle(part: Locator) -> tuple[float, float]:
    """Where it is, once it moves no more."""
    x, y = part.evaluate(RESTING)
    return x, y


# ---- forms -----------------------------------------------------------------------------------------------------------


def fill(page: Page, specs: list[dict[str, Any]], properties: dict[str, Any]) -> None:
    """Type properties into the form of the selected node."""
    by_name = {spec["name"]: spec for spec in specs}
    for name, value in properties.items():
        spec = by_name[name]
        panel = page.get_by_role("tabpanel", name="Node")
        FILLERS[spec["kind"]](panel, spec["label"], value)


def _line(panel: Locator, label: str, value: Any) -> None:
    field = panel.get_by_label(label, exact=True)
    field.fill(str(value))
    field.press("Tab")  # the suggestions go
    expect(field).to_have_value(str(value))


def _duration(panel: Locator, label: str, value: str) -> None:
    number, unit = value.split()
    _line(panel, label, number)
    panel.get_by_label(f"{label}, unit").select_option(unit.removesuffix("s"))


def _choice(panel: Locator, label: str, value: str) -> None:
    panel.get_by_role("radiogroup", name=label).get_by_text(value, exact=True).click()


def _code(panel: Locator, label: str, value: Any) -> None:
    field = panel.get_by_role("textbox", name=label, exact=True)
    field.click()
    expect(field).to_be_focused()
    panel.page.keyboard.press("Control+a")
    panel.page.keyboard.insert_text(str(value))
    expect(field).to_have_text(str(value))


def _columns(panel: Locator, label: str, value: Any) -> None:
    button = panel.get_by_role("button", name=re.compile(f"^Choose {re.escape(label)}, "))
    button.click()
    search = panel.page.get_by_role("textbox", name="Search columns")
    expect(search).to_be_focused()
    for name in value if isinstance(value, list) else [value]:
        search.fill(name)
        search.press("Enter")
        expect(search).to_have_value("")
    search.press("Escape")
    expect(search).to_have_count(0)
    expect(button).to_be_focused()


def _rows(panel: Locator, label: str, entries: dict[str, Any], add: str) -> Locator:
    """Rows of a group, as many as there are entries, named like them."""
    group = panel.get_by_role("group", name=label, exact=True)
    button = group.get_by_role("button", name=add)
    for i, name in enumerate(entries, 1):
        button.click()
        field = group.get_by_label(f"Name of {label} {i}", exact=True)
        field.fill(name)
        field.press("Tab")
        expect(field).to_have_value(name)
    return group


def _fields(panel: Locator, label: str, value: dict[str, str]) -> None:
    group = _rows(panel, label, value, "Add a column")
    for name, type_ in value.items():
        if type_ != "STRING":
            _line(group, f"Type of {name}", type_)


def _options(panel: Locator, label: str, value: dict[str, Any]) -> None:
    group = _rows(panel, label, value, "Add an option")
    for name, each in value.items():
        _line(group, f"Value of {name}", each)


def _expressions(panel: Locator, label: str, value: dict[str, Any]) -> None:
    group = _rows(panel, label, value, "Add a column")
    for name, each in value.items():
        _code(group, f"Expression of {name}", each)


def _column_lists(panel: Locator, label: str, value: dict[str, list[str]]) -> None:
    group = _rows(panel, label, value, "Add a list")
    for name, columns in value.items():
        expect(group.get_by_role("button", name=re.compile(f"^Choose {re.escape(name)}, "))).to_be_visible()
        entry = group.get_by_role("list", name=f"{name}, chosen")  # what was offered first, if columns are known
        remove = entry.get_by_role("button", name=re.compile("^Remove "))
        for left in reversed(range(remove.count())):
            remove.first.click()
            expect(remove).to_have_count(left)
        _columns(group, name, columns)


FILLERS = {
    "text": _line, "number": _line, "column": _line, "time": _line, "duration": _duration, "choice": _choice,
    "expression": _code, "columns": _columns, "fields": _fields, "options": _options, "expressions": _expressions,
    "column_lists": _column_lists,
}


def meaning(document: dict[str, Any]) -> dict[str, Any]:
    """Nodes and wires without an order; a list of one is that one, a number its text."""
    return {
        "nodes": {node["id"]: (node["component"], _plain(node.get("properties", {}))) for node in document["nodes"]},
        "edges": sorted((edge["from"], edge["to"]) for edge in document["edges"]),
    }


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What one document says otherwise than another, a line for each node, property and wire."""
    old, new = _facts(meaning(found)), _facts(meaning(wanted))
    return [f"{name}: {old.get(name, 'nothing')} instead of {new.get(name, 'nothing')}" for name in sorted(old | new)
            if old.get(name) != new.get(name)]


def _facts(said: dict[str, Any]) -> dict[str, Any]:
    nodes = {node: component for node, (component, _) in said["nodes"].items()}
    properties = {f"{node}.{name}": value for node, (_, each) in said["nodes"].items() for name, value in each.items()}
    return nodes | properties | {"wires": said["edges"]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(each) for each in value]
    return str(value)
