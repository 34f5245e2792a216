"""A real Chromium for the tests of the pages and for their tour.

    with chromium() as browser:
        page = browser.new_page(base_url=url)

It reaches this machine only: what a page asks of anywhere else fails, and is then seen to fail.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = (
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-color-profile=srgb",
    "--lang=en-GB",
)
"""A browser of a closed network, that draws the same on every machine."""


def found() -> str:
    """Where this machine's Chromium is."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise FileNotFoundError("there is no Chromium on this machine: `make chromium` installs it")
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window. Without its sandbox: containers have none, and it visits our own pages only."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), chromium_sandbox=False, args=[*FLAGS])
        try:
            yield browser
        finally:
            browser.close()
