"""What a person edits is never lost: the platform away, slow, failing, signed out, two tabs, a reload in the middle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import Visit
from tests.e2e.pages import Complaints, findings, tile, until
from tests.platform.running import Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DOCUMENT = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")
EDITS = re.compile(r"/api/pipelines/\d+/edits$")
OURS = "^(503|500|412|401|403): POST .*/edits"


@pytest.fixture
def pipeline(up: Up, signed_in: Any, request: pytest.FixtureRequest) -> int:
    """A pipeline of the test's own."""
    slug = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")[:60]
    made = up.post("pipelines", {"project": "examples", "slug": slug, "document": DOCUMENT})
    return int(made["id"])


def opened(visit: Visit, pipeline: int) -> Page:
    page = visit(f"/pipelines/{pipeline}?tab=document")
    expect(keeping(page)).to_have_text("All edits saved")
    return page


def keeping(page: Page) -> Locator:
    """How far the edits have come."""
    return page.locator("header [role=status]", has_text=re.compile("saved|Saving|Edited|refused"))


def type_(page: Page, text: str) -> None:
    """Put a comment behind the document's name."""
    page.bring_to_front()
    page.locator(".cm-line", has_text="name: small").first.click()
    page.keyboard.press("End")
    page.keyboard.insert_text(text)  # at once: dialogs that come take the focus
    expect(page.locator(".cm-content")).to_contain_text(text.strip())


def kept(up: Up, pipeline: int) -> str:
    return str(up.get(f"pipelines/{pipeline}/working-copy")["text"])


def arrives(page: Page, up: Up, pipeline: int, text: str) -> None:
    until(page, lambda: text in kept(up, pipeline), "the edit is at the platform")
    expect(keeping(page)).to_have_text("All edits saved")


def test_edits_are_kept_without_saving_and_revisions_are_made_of_them(up: Up, visit: Visit, pipeline: int) -> None:
    page = opened(visit, pipeline)
    type_(page, " # first")
    arrives(page, up, pipeline, "name: small # first")
    assert up.get(f"pipelines/{pipeline}")["revision"] == 1
    expect(page.get_by_text("Revision 1 · edited since")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Revision 2 · unchanged")).to_be_visible()
    assert up.get(f"pipelines/{pipeline}")["document"] == kept(up, pipeline)
    type_(page, " second")
    arrives(page, up, pipeline, "# first second")
    page.reload()
    expect(page.locator(".cm-content")).to_contain_text("# first second")
    page.locator(".cm-content").click()

    def undone() -> bool:
        page.keyboard.press("Control+z")
        return "second" not in (page.locator(".cm-content").text_content() or "")

    until(page, undone, "the log remembers what was done since the revision")
    until(page, lambda: "second" not in kept(up, pipeline), "that is an edit, too")


def test_a_platform_that_is_away_gets_the_edits_when_it_is_back(
        up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> None:
    page = opened(visit, pipeline)
    complaints[0].expect("^failed: POST .*/edits")
    page.route(EDITS, lambda route: route.abort())
    type_(page, " # offline")
    expect(keeping(page)).to_contain_text("not saved yet: the platform does not answer, trying again")
    assert findings(page) == []
    type_(page, " all the while")
    assert kept(up, pipeline) == DOCUMENT
    with page.expect_request(EDITS):
        page.get_by_role("button", name="Try now").click()
    page.unroute(EDITS)
    arrives(page, up, pipeline, "# offline all the while")  # it is tried again by itself, too


def test_a_platform_that_fails_is_asked_again(
        up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> None:
    page = opened(visit, pipeline)
    complaints[0].expect(OURS)
    page.route(EDITS, lambda route: route.fulfill(status=500, body="<h1>no</h1>"))
    type_(page, " # failing")
    expect(keeping(page)).to_contain_text("not saved yet: the platform fails (500), trying again")
    page.unroute(EDITS)
    arrives(page, up, pipeline, "# failing")


def test_while_a_slow_platform_answers_one_goes_on(up: Up, visit: Visit, pipeline: int) -> None:
    page = opened(visit, pipeline)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(EDITS, hold)
    type_(page, " # slow")
    expect(keeping(page)).to_have_text("Saving")
    until(page, lambda: held, "the edits are on their way")
    type_(page, " but sure")
    expect(keeping(page)).to_have_text("Saving")
    held[0].continue_()
    arrives(page, up, pipeline, "# slow but sure")


def test_an_answer_that_was_lost_costs_nothing(
        up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> None:
    page = opened(visit, pipeline)
    complaints[0].expect("^failed: POST .*/edits")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(EDITS, lose, times=1)
    type_(page, " # once")
    arrives(page, up, pipeline, "# once")
    assert kept(up, pipeline).count("# once") == 1


def test_a_reload_in_the_middle_of_an_edit(up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> None:
    page = opened(visit, pipeline)
    complaints[0].expect("^failed: POST .*/edits")
    page.route(EDITS, lambda route: route.abort())
    page.locator(".cm-line", has_text="name: small").first.click()
    page.keyboard.press("End")
    page.keyboard.insert_text(" # not even a moment old")
    page.reload()  # at once: nothing had the time to be sent
    expect(page.locator(".cm-content")).to_contain_text("# not even a moment old")
    expect(keeping(page)).to_contain_text("not saved yet")
    assert kept(up, pipeline) == DOCUMENT
    page.unroute(EDITS)
    page.reload()
    arrives(page, up, pipeline, "# not even a moment old")


def test_a_reload_in_the_middle_of_filling_a_form(up: Up, visit: Visit, pipeline: int) -> None:
    page = visit(f"/pipelines/{pipeline}?node=kept")
    condition = page.get_by_role("textbox", name="Condition")
    condition.click()
    page.keyboard.press("End")
    page.keyboard.insert_text(" AND n < 9")
    page.reload()  # at once: the document has none of it yet
    expect(condition).to_have_text("n > 0 AND n < 9")
    arrives(page, up, pipeline, "n > 0 AND n < 9")


def test_signed_out_in_the_middle(up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> None:
    page = opened(visit, pipeline)
    complaints[0].expect("^40[13]: ")
    session: Any = page.context.cookies()
    page.context.clear_cookies()
    type_(page, " # signed out")
    dialog = page.get_by_role("dialog", name="You were signed out")
    expect(dialog).to_be_visible()
    assert findings(page) == []
    assert kept(up, pipeline) == DOCUMENT
    page.context.add_cookies(session)  # signed in again, in another tab
    expect(dialog).to_be_hidden()
    arrives(page, up, pipeline, "# signed out")
    expect(page.locator(".cm-content")).to_contain_text("# signed out")  # the page is the one it was


def both(up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> tuple[Page, Page]:
    """Two tabs of a person that have edited the same, of which one could not send it yet."""
    mine = opened(visit, pipeline)
    complaints[0].expect(OURS, "^failed: POST .*/edits")
    theirs = mine.context.new_page()
    theirs.goto(f"/pipelines/{pipeline}?tab=document")
    expect(keeping(theirs)).to_have_text("All edits saved")
    mine.route(EDITS, lambda route: route.abort())
    type_(mine, " # mine")
    expect(keeping(mine)).to_contain_text("not saved yet")
    type_(theirs, " # theirs")
    arrives(theirs, up, pipeline, "# theirs")
    mine.bring_to_front()
    mine.unroute(EDITS)
    return mine, theirs


def test_of_two_tabs_none_overwrites_the_other(
        up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> None:
    mine, theirs = both(up, visit, pipeline, complaints)
    dialog = mine.get_by_role("dialog", name="Somebody else edited the same")
    expect(dialog.get_by_text("# theirs")).to_be_visible()
    expect(dialog.get_by_text("# mine")).to_be_visible()
    assert findings(mine) == []
    assert "# theirs" in kept(up, pipeline)
    dialog.get_by_role("button", name="Decide later").click()
    mine.get_by_role("button", name="Compare, and decide").click()
    dialog.get_by_role("button", name="Keep mine").click()
    arrives(mine, up, pipeline, "name: small # mine\n")
    expect(theirs.locator(".cm-content")).to_contain_text("# mine")  # the other tab follows
    expect(theirs.locator(".cm-content")).not_to_contain_text("# theirs")
    theirs.bring_to_front()
    theirs.locator(".cm-content").click()
    theirs.keyboard.press("Control+z")
    arrives(theirs, up, pipeline, "# theirs")


def test_both_sides_of_a_conflict_can_be_kept(
        up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> None:
    mine, _ = both(up, visit, pipeline, complaints)
    mine.get_by_role("dialog").get_by_role("button", name="Keep both, mine as a copy").click()
    mine.get_by_role("dialog", name="Both are kept").get_by_role("link", name="open it").click()
    mine.wait_for_url(lambda url: not re.search(rf"/pipelines/{pipeline}\b", url))
    copy = int(re.search(r"/pipelines/(\d+)", mine.url)[1])  # type: ignore[index]
    assert "# mine" in up.get(f"pipelines/{copy}")["document"]
    assert "# theirs" in kept(up, pipeline)


def test_a_revision_that_a_program_saves(up: Up, visit: Visit, pipeline: int, complaints: list[Complaints]) -> None:
    page = opened(visit, pipeline)
    complaints[0].expect("^412: POST .*/working-copy/save")

    def put(document: str) -> None:
        headers = {"If-Match": "*", "X-CSRFToken": up.get("session")["csrf_token"]}
        answer = up.client.put(f"/api/pipelines/{pipeline}/document", json={"document": document}, headers=headers)
        assert answer.status_code == 200, answer.text

    put(DOCUMENT.replace("n > 0", "n > 5"))
    expect(page.locator(".cm-content")).to_contain_text("n > 5")  # nothing was unsaved: the page follows
    expect(page.get_by_text("Revision 2 · unchanged")).to_be_visible()
    type_(page, " # mine")
    arrives(page, up, pipeline, "# mine")
    put(DOCUMENT.replace("n > 0", "n > 7"))
    expect(page.get_by_text("Someone saved a newer revision meanwhile.")).to_be_visible()
    page.get_by_role("button", name="Save revision").click()
    dialog = page.get_by_role("dialog", name="Revision 3 was saved meanwhile")
    expect(dialog.get_by_text("n > 7")).to_be_visible()
    dialog.get_by_role("button", name="Keep mine, as revision 4").click()
    expect(dialog).to_be_hidden()
    until(page, lambda: up.get(f"pipelines/{pipeline}")["revision"] == 4, "mine is a revision of its own")
    assert "# mine" in up.get(f"pipelines/{pipeline}")["document"]


def test_what_is_drawn_is_what_runs(up: Up, visit: Visit, pipeline: int) -> None:
    page = opened(visit, pipeline)
    type_(page, " # drawn")
    page.get_by_role("button", name="Start", exact=True).click()
    dialog = page.get_by_role("dialog", name="Start what is drawn")
    dialog.get_by_role("button", name="Start", exact=True).click()
    until(page, lambda: up.get(f"pipelines/{pipeline}")["run"], "a run is made")
    run = up.get(f"pipelines/{pipeline}")["run"]
    assert run["revision"] == 2
    assert "# drawn" in up.get(f"pipelines/{pipeline}")["document"]
    assert up.get(f"pipelines/{pipeline}/revisions/2")["message"] == "before a run"
    expect(tile(page, "kept")).to_be_visible()


def test_another_tab_follows_at_once(up: Up, visit: Visit, pipeline: int) -> None:
    page = opened(visit, pipeline)
    other = visit(f"/pipelines/{pipeline}?tab=document")  # another browser: told by the platform
    expect(keeping(other)).to_have_text("All edits saved")
    type_(page, " # seen elsewhere")
    expect(other.locator(".cm-content")).to_contain_text("# seen elsewhere")


@pytest.mark.usefixtures("runs_end")
def test_the_first_steps_end_with_a_model_that_learns(up: Up, visit: Visit, tmp_path: Path) -> None:
    page = visit("/")
    page.get_by_role("button", name="New pipeline").click()
    dialog = page.get_by_role("dialog", name="New pipeline")
    dialog.get_by_role("button", name=re.compile("^Learn who clicks")).click()
    expect(dialog.get_by_label(re.compile("^Name"))).to_have_value("first-model")
    assert findings(page) == []
    dialog.get_by_role("button", name="Create pipeline").click()
    page.wait_for_url(re.compile(r"/pipelines/\d+"))
    steps = page.get_by_role("region", name="First steps")
    expect(steps.get_by_text("See data at a node")).to_be_visible()
    tile(page, "vectors").click()
    expect(steps.get_by_text("Run it")).to_be_visible()
    steps.get_by_role("button", name="Start").click()
    page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
    expect(steps.get_by_text("Watch it learn").or_(steps.get_by_text("Your first model learns"))).to_be_visible()
    expect(steps.get_by_text("Your first model learns")).to_be_visible(timeout=120_000)
    expect(tile(page, "model")).to_contain_text("auc")
    page.get_by_role("button", name="More about Learn who clicks").click()
    with page.expect_download() as given:
        page.get_by_role("menuitem", name="Export as YAML").click()
    given.value.save_as(tmp_path / "first-model.yaml")
    page.goto("/")
    page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog", name="New pipeline")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "first-model.yaml")
    expect(dialog.get_by_label(re.compile("^Name"))).to_have_value("first-model-2")  # the name is taken
    dialog.get_by_role("button", name="Create pipeline").click()
    page.wait_for_url(re.compile(r"/pipelines/\d+"))
    expect(tile(page, "model")).to_be_visible()


def test_a_pipelines_menu_by_keyboard(up: Up, visit: Visit, pipeline: int) -> None:
    slug = up.get(f"pipelines/{pipeline}")["slug"]
    page = visit("/")
    page.get_by_label("Search pipelines").fill(slug)
    row = page.get_by_role("row", name=slug)
    row.focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Rename…").press("Enter")
    title = page.get_by_role("dialog").get_by_label(re.compile("^Title"))
    title.fill("Called something else")
    title.press("Enter")
    row = page.get_by_role("row", name="Called something else")
    row.focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Duplicate").press("Enter")
    page.wait_for_url(re.compile(r"/pipelines/\d+"))
    expect(page.get_by_role("heading", name="Called something else (copy)")).to_be_visible()
    page.goto("/")
    page.get_by_role("row", name="Called something else (copy)").focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Archive").press("Enter")
    expect(page.get_by_role("row", name="Called something else (copy)")).to_have_count(0)
