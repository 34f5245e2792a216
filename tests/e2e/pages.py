"""A person in a browser: pages that tell what went wrong in them, and what one does on them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SECONDS = 1000
PATIENCE = 60 * SECONDS
"""What is awaited here takes a second; machines may be busy."""
ABORTED = "net::ERR_ABORTED"

expect.set_options(timeout=PATIENCE)


class Complaints:
    """What a browser complains about while its pages are looked at: errors in the console (breaches of the content's
    policy among them), answers that refuse or fail, requests that fail or leave the platform."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.said: list[str] = []
        self._host = urlsplit(url).netloc
        self._expected: tuple[str, ...] = ()
        context.on("console", self._console)
        context.on("weberror", lambda error: self._say(f"exception: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def expect(self, *patterns: str) -> None:
        """These are part of the test."""
        self._expected += patterns

    def unexpected(self) -> list[str]:
        return [each for each in self.said if not any(re.search(pattern, each) for pattern in self._expected)]

    def _say(self, text: str) -> None:
        self.said.append(text)

    def _console(self, message: ConsoleMessage) -> None:
        # What "Failed to load resource" is about, the answer itself says better.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._say(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._host:
            self._say(f"elsewhere: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != ABORTED:  # the page was left, or has no more use for it
            self._say(f"failed: {request.method} {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._say(f"{response.status}: {response.request.method} {response.url}")


def findings(page: Page) -> list[str]:
    """What axe finds serious or critical, in words."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {each['help']}; "
        + "; ".join(f"{' '.join(node['target'])} {node.get('failureSummary', '')[:200]}" for node in each["nodes"][:3])
        for each in result["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def colours(chart: Locator) -> int:
    """How many colours a chart's drawing has: of an empty one there is one."""
    return int(chart.locator("canvas").first.evaluate("""canvas => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
        copy.drawImage(canvas, 0, 0);
        const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    }"""))


def chart(page: Page, title: str) -> Locator:
    return page.get_by_role("figure", name=title, exact=True)


def drawn(page: Page, title: str) -> None:
    """Wait until a chart has lines."""
    figure = chart(page, title)
    expect(figure.get_by_role("img")).not_to_have_attribute("aria-label", re.compile("no values yet"))
    figure.scroll_into_view_if_needed()
    until(page, lambda: colours(figure) > 10, f"{title} is drawn")


def until(page: Page, true: Callable[[], Any], said: str, seconds: float = 60.0) -> None:
    """Wait until something is true, while the page goes on."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {said}"
        page.wait_for_timeout(100)


def tile(page: Page, node: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{node}"]')


def select(page: Page, node: str) -> None:
    tile(page, node).click()
    expect(tile(page, node)).to_have_class(re.compile(r"\bselected\b"))


def tab(page: Page, name: str) -> None:
    """Open a tab; its name may be followed by a count."""
    each = page.get_by_role("tab", name=re.compile(rf"^{name}\b"))
    each.click()
    expect(each).to_have_attribute("aria-selected", "true")


def status(page: Page, word: str) -> None:
    """Wait until the run that the page shows has this status."""
    expect(page.get_by_role("main").get_by_text(word, exact=True).first).to_be_visible()


def pressed(page: Page, keys: str, true: Callable[[], Any], said: str) -> None:
    """Type a sequence of keys, until it has had its effect: keys that come too far apart are none."""

    def did() -> Any:
        page.keyboard.type(keys)
        return true()

    until(page, did, said)


def settled(page: Page) -> None:
    """Wait until no colour and no place changes any more. What has just been asked for begins with the next frame."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function("() => document.getAnimations().every(each => !(each instanceof CSSTransition))")


def fact(part: Locator, name: str) -> Locator:
    """What is said beside a name in a list of facts."""
    return part.locator("dt", has_text=re.compile(f"^{re.escape(name)}$")).locator("xpath=following-sibling::dd[1]")


def number(part: Locator) -> float:
    """The first number of a text, once there is one: "2.31 k rows/s", "12,000"."""
    expect(part.first).to_contain_text(re.compile(r"\d"))
    text = part.first.text_content() or ""
    found = re.search(r"(\d[\d,]*\.?\d*)\s*([kM])?\b", text)
    assert found, text
    return float(found[1].replace(",", "")) * {"k": 1e3, "M": 1e6}.get(found[2] or "", 1.0)


def markup(text: str) -> str:
    """What a page would show that it took it for markup: by an image, and by its title."""
    return f"<img src=x onerror=document.title='taken'><b>{text}</b>"
