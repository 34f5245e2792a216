"""One platform and one browser for all tests of this folder; for each test the pages of a person who signed in.

A test has a pipeline of its own where it edits, runs or stops one: the shop example learns for all of them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from porsche.home import Home
from scripts.browser import chromium
from tests.e2e.pages import PATIENCE, Complaints
from tests.platform.running import ROOT, Up

Visit = Callable[..., Page]

FINAL = ("STOPPED", "FINISHED", "FAILED")


@pytest.fixture(scope="package")
def up() -> Iterator[Up]:
    """A platform with the shop example, which never ends; nobody has signed in."""
    assert (ROOT / "porsche/static/app/index.html").exists(), "the pages are not built: `make frontend`"
    home = Home(Path(tempfile.mkdtemp(prefix="porsche-home-")))
    try:
        with Up(home, "--example", str(ROOT / "examples/shop.yaml"), "--rate", "2000", "--set",
                "impressions=1000000000", sign_in=False) as made:
            yield made
    finally:
        shutil.rmtree(home.path, ignore_errors=True)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="package")
def signed_in(up: Up, browser: Browser) -> Any:
    """The cookies of a person who opened the printed page. `up.client` has them from then on."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    try:
        page = context.new_page()
        page.goto(up.ready["sign_in"])
        expect(page.get_by_role("heading", name="Pipelines")).to_be_visible()
        for cookie in context.cookies():
            up.client.cookies.set(cookie["name"], cookie["value"])
        return context.storage_state()
    finally:
        context.close()


@pytest.fixture
def runs_end(up: Up, signed_in: Any) -> Iterator[None]:
    """What the test starts ends with it."""
    before = _active(up)
    yield
    for run in _active(up) - before:
        up.post(f"runs/{run}/stop")


def _active(up: Up) -> set[int]:
    return {run["id"] for run in up.get("runs?page_size=200")["results"] if run["status"] not in FINAL}


@pytest.fixture
def complaints() -> list[Complaints]:
    """Of each browser profile of the test, in the order of their making."""
    return []


@pytest.fixture
def visit(up: Up, browser: Browser, request: pytest.FixtureRequest, complaints: list[Complaints]) -> Iterator[Visit]:
    """`visit(path, **options)`: a page of a profile of its own, signed in unless `signed_in=False`. The test fails
    by what its pages complain of."""
    made = []

    def open_(path: str, signed_in: bool = True, width: int = 1280, height: int = 800, **options: Any) -> Page:
        state = request.getfixturevalue("signed_in") if signed_in else None
        context = browser.new_context(base_url=up.url, viewport={"width": width, "height": height}, storage_state=state,
                                      locale="en-GB", **options)
        context.set_default_timeout(PATIENCE)
        made.append(context)
        complaints.append(Complaints(context, up.url))
        page = context.new_page()
        page.goto(path)
        return page

    yield open_
    for context in made:
        context.close()
    assert [each for one in complaints for each in one.unexpected()] == []
