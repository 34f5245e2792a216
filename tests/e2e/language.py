"""What a page shows in Chinese, and what of it is still English."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page

from tests.platform.running import ROOT

CATALOGUES = ROOT / "frontend" / "src" / "i18n" / "zh"
SHOWN = """() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest("script, style, .cm-editor, [role=log]")) found.add(node.textContent.trim());
  }
  for (const name of ["aria-label", "title", "placeholder"]) {
    for (const each of document.querySelectorAll(`[${name}]`)) found.add(each.getAttribute(name).trim());
  }
  return [...found];
}"""


def translated() -> re.Pattern[str]:
    """Matches the English texts that have a Chinese one: sentences and words with a capital letter, since the words
    that a document names its own things by are as they are in every language, also the labels of an example."""
    paths = [path for path in CATALOGUES.rglob("*.json") if path.parent.name != "documents"]
    texts = {key: zh for path in paths for key, zh in json.loads(path.read_text("utf-8")).items()}
    english = [key for key, zh in texts.items() if key != zh and len(key) > 3 and re.search(r"^[A-Z]|[a-z] [a-z]", key)]
    counted = [re.escape(key).replace(re.escape("{count}"), r"[\d.,]+") for key in english]
    return re.compile("|".join(each for each in counted if r"\{" not in each))


def left_in_english(page: Page, english: re.Pattern[str]) -> list[str]:
    return sorted(text for text in page.evaluate(SHOWN) if english.fullmatch(text))
