"""Names that are near a wrong one: what a hint proposes."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near(name: str, known: Iterable[str]) -> str | None:
    """A hint ("did you mean ...") naming what is like `name`, or None."""
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(candidate.casefold(), candidate)
    matches = get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)
    if not matches:
        return None
    return "did you mean " + " or ".join(f"'{by_folded[m]}'" for m in matches) + "?"


def near_or_all(name: str, known: Iterable[str], what: str) -> str | None:
    """As `near`; where nothing is like it, the first few names there are."""
    names = list(dict.fromkeys(known))
    hint = near(name, names)
    if hint is None and names:
        more = ", ..." if len(names) > 8 else ""
        hint = f"{what}: {', '.join(names[:8])}{more}"
    return hint


def unique(name: str, taken: set[str]) -> str:
    """`name`, or with the first number after it that makes it new."""
    candidate, attempt = name, 0
    while candidate in taken:
        candidate, attempt = f"{name}{attempt}", attempt + 1
    return candidate
