"""The tour of the README: the platform is started, learns the shop example, and has its pages pictured.

    python -m scripts.tour              # docs/tour/*.png anew
    python -m scripts.tour --all DIR    # each page, light and dark, narrow and wide: to look at

What a picture shows is in `STOPS`: a test compares them with the files and with the README.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from scripts.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "tour"
LEARNT = 150
"""Versions of the model before pictures are taken: its curves have a shape then."""
PATIENCE = 600.0
SIZES = ((1280, 800), (1920, 1080))
SCHEMES = ("light", "dark")
NARROW, WIDE = SIZES


@dataclass(frozen=True)
class Stop:
    """A picture: where, what is done there first, and what is said of it."""

    name: str
    path: str
    says: str
    shows: str
    """A text that is there when the page is."""
    size: tuple[int, int] = NARROW
    scheme: str = "light"
    act: Callable[[Page], None] | None = None
    locale: str = "en-GB"


def _predict(page: Page) -> None:
    for name, value in {"user_id": "7", "item_id": "42", "device": "phone", "hour_of_day": "20"}.items():
        page.get_by_label(name).first.fill(value)
    button = page.get_by_role("button", name="Predict")
    button.click()
    page.get_by_text("probability").wait_for()
    button.scroll_into_view_if_needed()
    page.mouse.wheel(0, 2000)


def _add(page: Page) -> None:
    page.locator(".react-flow__node", has_text="clicks").click()
    page.keyboard.press("Tab")
    page.get_by_text("Fits behind").wait_for()


def _break(page: Page) -> None:
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+f")
    page.keyboard.type("event = 'click'")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.type(" AND prise > 1")
    page.get_by_role("group", name="clicks, Filter, 1 error").wait_for()
    page.get_by_role("tab", name="Problems").click()


MODEL = "/models/shop.model?project=examples"
STOPS = (
    Stop("pipeline", "/pipelines/1?node=model&tab=overview",
         "The pipeline as it runs: rows a second on each node, what the selected one does, throughput, checkpoints.",
         "Throughput", WIDE),
    Stop("drawing", "/pipelines/1?node=clicks&tab=preview",
         "Drawing: what can come next, the likeliest first; below it the rows that come and go, as of the last edit.",
         "Nothing is written", act=_add),
    Stop("sql", "/pipelines/1?node=labelled&tab=sql",
         "A selected node marks the Flink SQL that it became; the cursor in a statement selects its node.",
         "Statements of labelled"),
    Stop("learning", "/pipelines/1?node=model&tab=model",
         "The model while it learns: each sample is predicted before it is learnt.", "Progressive AUC",
         scheme="dark"),
    Stop("chinese", "/pipelines/1?node=labelled&tab=why",
         "All of it in Chinese, too; here it says which node lets nothing through, and why.", "在此中断", scheme="dark",
         locale="zh-CN"),
    Stop("problem", "/pipelines/1?tab=document",
         "A mistake is on its node, in its line and in words while one types.", "Revision", WIDE,
         act=_break),
    Stop("model", MODEL,
         "Every version with its measures, its calibration and its heaviest weights.", "Heaviest features", WIDE,
         "dark"),
    Stop("predict", MODEL,
         "A prediction by keys: the rest is looked up; the answer says by which version, and how fresh it is.",
         "Predict", act=_predict),
    Stop("fleet", "/fleet", "All runs: status with its reason, rates, lag, checkpoints, restarts.", "Running",
         (1280, 360)),
)
OTHERS = (
    Stop("pipelines", "/", "", "Shop"),
    Stop("nodes", "/pipelines/1?tab=nodes", "", "Rows in"),
    Stop("events", "/pipelines/1?tab=events", "", "Events"),
    Stop("log", "/pipelines/1?tab=log", "", "Log"),
    Stop("revisions", "/pipelines/1?tab=revisions", "", "Revisions"),
    Stop("verify", "/pipelines/1?tab=verify", "", "Verify now"),
    Stop("models", "/models", "", "shop.model"),
    Stop("settings", "/settings", "", "Appearance"),
    Stop("not-found", "/nowhere", "", "There is no such page"),
)


# ---- the platform ----------------------------------------------------------------------------------------------------


@contextmanager
def platform(home: Path) -> Iterator[dict[str, str]]:
    """A platform with the example for a while: its address and the page that signs in."""
    porsche = [sys.executable, "-c", "from porsche.cli import main; main()"]
    command = [*porsche, "up", "--home", str(home), "--port", "0", "--json", "--example", "examples/shop.yaml",
               "--rate", "4000", "--set", "impressions=1000000000"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("porsche up did not start")
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=120)


def wait_until_learnt(page: Page) -> None:
    """Until the model has versions enough."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = page.request.get("/api/models/shop.model")
        version = (answer.json().get("version") or {}).get("version", 0) if answer.ok else 0
        if version >= LEARNT:
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"the model has {version} versions only")
        time.sleep(1)


# ---- pictures --------------------------------------------------------------------------------------------------------


def picture(browser: Browser, url: str, state: Any, stop: Stop, path: Path) -> None:
    """One page into a file."""
    width, height = stop.size
    context = browser.new_context(base_url=url, viewport={"width": width, "height": height}, locale=stop.locale,
                                  color_scheme="dark" if stop.scheme == "dark" else "light", storage_state=state,
                                  reduced_motion="reduce")
    try:
        page = context.new_page()
        page.goto(stop.path)
        page.get_by_text(stop.shows).first.wait_for(timeout=120_000)
        page.wait_for_timeout(6000)  # live values have come
        if stop.act:
            stop.act(page)
            page.wait_for_timeout(800)
        page.screenshot(path=path)
    finally:
        context.close()


def every(folder: Path) -> Iterator[tuple[Stop, Path]]:
    """Each page in each look."""
    for stop in (*STOPS, *OTHERS):
        for size in SIZES:
            for scheme in SCHEMES:
                shown = replace(stop, says="", size=size, scheme=scheme)
                yield shown, folder / f"{stop.name}-{size[0]}-{scheme}.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", metavar="DIR", type=Path, help="each page in each look, into this folder")
    wanted = parser.parse_args().all
    folder = wanted or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    shots = list(every(folder)) if wanted else [(stop, folder / f"{stop.name}.png") for stop in STOPS]
    with (tempfile.TemporaryDirectory(prefix="porsche-tour-") as home, platform(Path(home) / "home") as up,
          chromium() as browser):
        page = browser.new_page(base_url=up["url"])
        page.goto(up["sign_in"])
        wait_until_learnt(page)
        state = page.context.storage_state()
        for stop, path in shots:
            picture(browser, up["url"], state, stop, path)
            print(path)


if __name__ == "__main__":
    main()
