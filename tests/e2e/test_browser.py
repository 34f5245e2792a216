"""The platform as a person has it: a real Chromium at a real platform, whose example learns all the while."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e import pages
from tests.e2e.conftest import Visit
from tests.e2e.language import left_in_english, translated
from tests.e2e.pages import Complaints, drawn, fact, number, pressed, select, status, tab, tile, until
from tests.platform.running import Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SHOP = "/pipelines/1"
MODEL = "/models/shop.model?project=examples"
ROOT = Path(__file__).resolve().parents[2]


def copied(up: Up, slug: str, document: str, project: str = "examples", title: str = "") -> int:
    """A pipeline of a test's own."""
    made = up.post("pipelines", {"project": project, "slug": slug, "title": title, "document": document})
    return int(made["id"])


def shop() -> str:
    return (ROOT / "examples/shop.yaml").read_text(encoding="utf-8")


# ---- the way in ------------------------------------------------------------------------------------------------------


def test_the_printed_page_signs_in_once(up: Up, visit: Visit, signed_in: Any, complaints: list[Complaints]) -> None:
    page = visit("/")
    expect(page.get_by_role("button", name="User admin")).to_be_visible()
    stranger = visit(up.ready["sign_in"], signed_in=False)
    complaints[1].expect("^403: GET .*/sign-in/")
    expect(stranger.get_by_role("heading", name="This link does not sign you in")).to_be_visible()
    stranger.goto(SHOP)
    stranger.wait_for_url("**/sign-in?next=%2Fpipelines%2F1")
    expect(stranger.get_by_role("heading", name="By password")).to_be_visible()


# ---- the example learns ----------------------------------------------------------------------------------------------


def test_the_example_learns(up: Up, visit: Visit) -> None:
    page = visit("/")
    row = page.get_by_role("row", name=re.compile("Shop"))
    expect(row.get_by_text("Running")).to_be_visible()
    row.get_by_role("link", name="Shop").click()
    page.wait_for_url(f"**{SHOP}")
    expect(tile(page, "shop")).to_contain_text("rows/s")
    expect(tile(page, "model")).to_contain_text(re.compile(r"auc 0\.[5-9]\d+ · logloss 0\.\d+"))
    drawn(page, "Throughput")
    drawn(page, "Checkpoint duration")
    tab(page, "Model")
    model = page.get_by_role("region", name="Model shop.model")
    before = number(fact(model, "Samples"))
    for title in ("model: progressive AUC", "model: log loss", "model: calibration", "Calibration"):
        drawn(page, title)
    until(page, lambda: number(fact(model, "Samples")) > before, "more samples are learnt")

    def agrees() -> bool:
        return abs(number(fact(model, "Progressive AUC")) - up.get("models/shop.model")["version"]["auc"]) < 0.02

    until(page, agrees, "the page shows the AUC that the platform has")


# ---- canvas and SQL --------------------------------------------------------------------------------------------------


def marked(page: Page) -> str:
    """The lines of the SQL that are marked."""
    return "\n".join(page.locator(".cm-line.cm-span").all_text_contents())


def test_a_node_shows_its_sql_and_sql_its_node(up: Up, visit: Visit) -> None:
    compiled = up.get("pipelines/1/compiled")
    view = next(each for each in compiled["statements"] if each["node"] == "clicks" and each["kind"] == "view")
    start, end = view["span"]
    page = visit(f"{SHOP}?tab=sql")
    select(page, "clicks")
    until(page, lambda: compiled["sql"][start:end].strip() in marked(page), "the statement of clicks is marked")
    assert "impressions" not in marked(page)
    expect(page).to_have_url(re.compile("node=clicks"))
    page.locator(".cm-scroller").evaluate("scroller => scroller.scrollTop -= 400")
    page.locator(".cm-line", has_text="CREATE TEMPORARY VIEW recent AS").click()
    expect(tile(page, "recent")).to_have_class(re.compile(r"\bselected\b"))
    expect(tile(page, "clicks")).not_to_have_class(re.compile(r"\bselected\b"))
    until(page, lambda: "recent" in marked(page) and "'click'" not in marked(page), "the mark follows")
    tab(page, "Nodes")
    expect(page.get_by_role("tab", name="SQL")).to_have_attribute("aria-selected", "true")


# ---- stop, start -----------------------------------------------------------------------------------------------------


def test_a_run_stops_and_goes_on_where_it_was(up: Up, visit: Visit) -> None:
    page = visit(SHOP)
    status(page, "Running")
    page.get_by_role("button", name="Stop", exact=True).click()
    status(page, "Stopped")
    before, learnt = up.get("runs/1"), up.get("models/shop.model/versions?limit=1000")["versions"]
    page.get_by_role("button", name="Resume").click()
    status(page, "Running")
    expect(page.get_by_text("attempt 2")).to_be_visible()
    after = up.run(1)
    assert after["attempt"] == 2 and after["restarts"] == 0
    until(page, lambda: up.run(1)["snapshot"]["epoch"] > before["snapshot"]["epoch"] > 0, "checkpoints go on")
    since = f"models/shop.model/versions?since={learnt[-1]['version']}"
    until(page, lambda: up.get(since)["versions"], "the model learns")
    again = up.get("models/shop.model/versions?limit=1000")["versions"]
    assert [each["samples"] for each in again] == [1000 * (n + 1) for n in range(len(again))]  # none lost, none twice
    tab(page, "Events")
    expect(page.get_by_role("tabpanel", name="Events")).to_contain_text(re.compile("stopped.*running", re.I | re.S))


# ---- prediction ------------------------------------------------------------------------------------------------------


def test_the_model_predicts(up: Up, visit: Visit) -> None:
    page = visit(MODEL)
    drawn(page, "AUC")
    drawn(page, "Logloss")
    drawn(page, "Calibration")
    values = {"user_id": 1, "item_id": 1, "device": "phone", "hour_of_day": 12}
    for name, value in values.items():
        page.get_by_label(re.compile(f"^{name}")).fill(str(value))
    answer = page.get_by_role("status").filter(has_text="probability")

    def agrees() -> bool:  # features that are looked up may change in between
        page.get_by_role("button", name="Predict").click()
        version = int(number(fact(answer, "Version")))
        again = up.post("models/shop.model/predict", {"rows": [values], "version": version})
        assert again["version"] == version <= up.get("models/shop.model")["version"]["version"]
        return bool(number(answer) == pytest.approx(100 * again["predictions"][0]["p"], rel=0.2))

    until(page, agrees, "page and platform predict the same")
    expect(answer).to_contain_text("looked up")
    expect(answer).to_contain_text("behind the stream")
    expect(page.locator("section", has_text="Heaviest features").get_by_role("listitem")).to_have_count(20)


# ---- the document ----------------------------------------------------------------------------------------------------


def test_a_new_pipeline_of_an_example_breaks_and_heals(visit: Visit) -> None:
    page = visit("/")
    page.get_by_role("button", name="New pipeline").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("The whole shop")).click()
    dialog.get_by_label(re.compile("^Name")).fill("broken")
    dialog.get_by_label(re.compile("^Title")).fill("To be mended")
    dialog.get_by_role("button", name="Create pipeline").click()
    page.wait_for_url(re.compile(r"/pipelines/\d+$"))
    tab(page, "Problems")  # instead of a preview of each edit
    tab(page, "Document")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+f")
    search = page.locator(".cm-search").get_by_placeholder("Find")
    expect(search).to_be_focused()
    page.keyboard.type("event = 'click'")
    search.press("Enter")
    expect(page.locator(".cm-searchMatch-selected").first).to_have_text("event = 'click'")
    search.press("Escape")
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.type(" AND nope > 1")
    expect(tile(page, "clicks")).to_contain_text(re.compile(r"1\s*error"))
    expect(tile(page, "impressions")).not_to_contain_text("error")
    select(page, "clicks")
    tab(page, "Node")
    expect(page.get_by_role("tabpanel", name="Node").get_by_text(re.compile("nope")).first).to_be_visible()
    tab(page, "Problems")
    problem = page.get_by_role("list", name="Problems").get_by_role("listitem")
    expect(problem).to_have_count(1)
    expect(problem).to_contain_text("nope")
    problem.get_by_role("button", name="clicks.condition").click()
    expect(page).to_have_url(re.compile("property=condition"))
    tab(page, "Document")
    page.get_by_role("button", name="Save revision").click()
    expect(page.get_by_text("Revision 2")).to_be_visible()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+z")
    expect(tile(page, "clicks")).not_to_contain_text("error")


# ---- the other pages -------------------------------------------------------------------------------------------------


def test_the_fleet_says_what_runs(visit: Visit) -> None:
    page = visit("/fleet")
    row = page.get_by_role("row").filter(has_text="shop")
    expect(row.get_by_text("Running")).to_be_visible()
    page.get_by_role("group", name="Filter by status").get_by_role("button", name=re.compile("Running")).click()
    expect(row).to_have_count(1)
    page.get_by_label("Search runs").fill("no such run")
    expect(row).to_have_count(0)
    page.get_by_label("Search runs").fill("")
    row.get_by_role("link").first.click()
    page.wait_for_url(f"**{SHOP}?run=1")


def test_a_token_acts_until_it_is_revoked(up: Up, visit: Visit) -> None:
    page = visit("/settings")
    page.get_by_label("Name").fill("dashboard")
    page.get_by_role("button", name="Make a token").click()
    token = page.locator("code", has_text="psk_").text_content()

    def asked() -> int:
        return httpx.get(f"{up.url}/api/runs", headers={"Authorization": f"Bearer {token}"}).status_code

    assert asked() == 200
    page.get_by_role("button", name="I have it").click()
    expect(page.locator("code", has_text="psk_")).to_have_count(0)
    page.get_by_role("row", name=re.compile("dashboard")).get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No tokens")).to_be_visible()
    assert asked() == 401


def parts(colour: str) -> list[int]:
    """Red, green, blue of "rgb(1, 2, 3)"."""
    return [int(each) for each in re.findall(r"\d+", colour)[:3]]


def test_light_and_dark(visit: Visit) -> None:
    page = visit(MODEL, color_scheme="light")
    background = "() => getComputedStyle(document.body).backgroundColor"
    drawn(page, "AUC")
    light = page.evaluate(background)
    page.get_by_role("button", name="Switch to dark").click()
    page.locator('html[data-mantine-color-scheme="dark"]').wait_for()
    pages.settled(page)
    dark = page.evaluate(background)
    assert max(parts(dark)) < 60 and min(parts(light)) > 200
    page.reload()
    drawn(page, "AUC")
    until(page, lambda: page.evaluate(background) == dark, "it stays dark")


def test_keys_alone(visit: Visit) -> None:
    page = visit("/")
    expect(page.get_by_role("row", name=re.compile("Shop"))).to_be_visible()
    page.keyboard.press("Control+Shift+P")
    palette = page.get_by_role("dialog")
    expect(palette.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("fleet")
    expect(palette.get_by_role("option").first).to_contain_text(re.compile("fleet", re.IGNORECASE))
    page.keyboard.press("Enter")
    page.wait_for_url("**/fleet")
    expect(palette).to_have_count(0)
    pressed(page, "gp", lambda: re.search(r"/$", page.url), "the list of pipelines")
    expect(page.get_by_role("row", name=re.compile("Shop"))).to_be_visible()
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(SHOP)
    tile(page, "clicks").press("Enter")
    expect(page.get_by_role("heading", name="clicks")).to_be_visible()
    sql = page.get_by_role("tab", name="SQL")
    pressed(page, "vs", lambda: sql.get_attribute("aria-selected") == "true", "the SQL")


HEARD = """part => {
  window.heard = "";
  const hear = () => { window.heard += part.textContent; };
  new MutationObserver(hear).observe(part, {childList: true, characterData: true, subtree: true});
}"""


def test_a_lost_connection_is_said_and_comes_back(up: Up, visit: Visit, complaints: list[Complaints]) -> None:
    page = visit(SHOP)
    complaints[0].expect(r"^failed: ", r"^50\d: ", "console error: .*EventSource")
    health = page.get_by_role("banner").get_by_role("status")
    expect(health).to_contain_text("Live")
    health.evaluate(HEARD)
    os.kill(up.pid("web"), signal.SIGKILL)
    until(page, lambda: re.search(r"Not live since \d\d:\d\d:\d\d", page.evaluate("window.heard")), "it is said")
    until(page, lambda: up.run(1), "web answers again")
    expect(health).not_to_contain_text("Not live")
    expect(health).to_contain_text("Live")
    status(page, "Running")
    before = tile(page, "shop").text_content()
    until(page, lambda: tile(page, "shop").text_content() != before, "figures move again")


# ---- for everybody, against nobody -----------------------------------------------------------------------------------

PAGES = {
    "sign-in": ("/sign-in", "By password"),
    "pipelines": ("/", "Shop"),
    "pipeline": (f"{SHOP}?node=model", "Samples between versions"),
    "sql": (f"{SHOP}?node=clicks&tab=sql", "Statements of clicks"),
    "document": (f"{SHOP}?tab=document", "Revision 1"),
    "model of a pipeline": (f"{SHOP}?tab=model", "Progressive AUC"),
    "nodes": (f"{SHOP}?tab=nodes", "Rows in"),
    "state": (f"{SHOP}?tab=state", "Keep the state"),
    "log": (f"{SHOP}?tab=log", "Log"),
    "fleet": ("/fleet", "Running"),
    "models": ("/models", "shop.model"),
    "model": (MODEL, "Heaviest features"),
    "settings": ("/settings", "Appearance"),
    "not found": ("/nowhere", "There is no such page"),
}
SCREENS: tuple[tuple[Literal["light", "dark"], int, int], ...] = (("light", 1280, 800), ("dark", 1920, 1080))


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_it(visit: Visit, name: str) -> None:
    """axe finds nothing serious, light and narrow, dark and wide."""
    path, text = PAGES[name]
    page = visit(path, signed_in=name != "sign-in", reduced_motion="reduce")
    expect(page.get_by_text(text).first).to_be_visible()
    found: dict[str, list[str]] = {}
    for scheme, width, height in SCREENS:
        page.emulate_media(color_scheme=scheme)
        page.locator(f'html[data-mantine-color-scheme="{scheme}"]').wait_for()
        page.set_viewport_size({"width": width, "height": height})
        pages.settled(page)
        found |= {scheme: each} if (each := pages.findings(page)) else {}
    assert found == {}


def test_markup_is_text_everywhere(up: Up, visit: Visit) -> None:
    """In a project's and a pipeline's title, a label, a document, a parameter, an error about it, the address."""
    up.post("projects", {"slug": "hostile", "title": pages.markup("project")})
    document = shop().replace("label: what it finds of an item", f'label: "{pages.markup("label")}"')
    pipeline = copied(up, "hostile", document, project="hostile", title=pages.markup("title"))
    up.post("runs", {"pipeline": pipeline, "parameters": {"seed": pages.markup("seed")}})
    page = visit("/")
    expect(page.get_by_text(pages.markup("title"))).to_be_visible()
    path = f"/pipelines/{pipeline}"
    page.goto(f"{path}?node=item_features")
    expect(page.get_by_role("heading", name=pages.markup("label"))).to_be_visible()
    status(page, "Failed")
    for place in (
        f"{path}?tab=document",
        f"{path}?tab=events",
        f"{path}?node={pages.markup('node')}",
        "/fleet",
        "/settings",
    ):
        page.goto(place)
        expect(page.get_by_role("main").get_by_text(re.compile("<img src=x|hostile")).first).to_be_visible()
        assert page.locator("img[src=x], b").count() == 0 and page.title() != "taken"


# ---- another language ------------------------------------------------------------------------------------------------


def test_no_english_is_left_in_chinese(visit: Visit) -> None:
    english = translated()
    page = visit("/")
    page.get_by_role("heading", name="Pipelines").wait_for()
    assert "New pipeline" in left_in_english(page, english), "what it looks for is found in English"
    page.evaluate("localStorage.setItem('porsche.language', 'zh')")
    found = {}
    for path in ("/", "/fleet", "/models", "/settings", f"{SHOP}?node=model&tab=overview"):
        page.goto(path)
        page.get_by_role("heading").first.wait_for()
        found[path] = left_in_english(page, english)
    page.get_by_role("tab", name="校验").wait_for()
    for each in page.get_by_role("tab").all():
        each.click()
        expect(each).to_have_attribute("aria-selected", "true")
        found[each.inner_text()] = left_in_english(page, english)
    page.keyboard.press("Control+Shift+P")
    page.get_by_role("dialog").wait_for()
    found["palette"] = left_in_english(page, english)
    assert {place: texts for place, texts in found.items() if texts} == {}
