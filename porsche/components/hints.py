"""Hints that name the word which was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

CLOSE = 0.6
SHOWN = 20


class Near(str):
    """A hint about a word that is not known. It remembers the word and those that are known, so that a fix can be
    offered."""

    __slots__ = ("known", "word")

    def __new__(cls, text: str, word: str, known: tuple[str, ...]) -> Self:
        made = super().__new__(cls, text)
        made.word, made.known = word, known
        return made

    word: str
    known: tuple[str, ...]

    def __reduce__(self) -> tuple[type[Near], tuple[str, str, tuple[str, ...]]]:
        return Near, (str(self), self.word, self.known)  # so that it can be copied


def near(word: str, known: Iterable[str], what: str) -> Near:
    """A hint: the word that was meant, or all there are."""
    words = tuple(known)
    close = get_close_matches(word, words, n=1, cutoff=CLOSE)
    if close:
        return Near(f"did you mean '{close[0]}'?", word, words)
    listed = f"{what} are {', '.join(words[:SHOWN])}" if words else f"there are no {what}"
    return Near(listed, word, words)


def meant(hint: str) -> str | None:
    """The word that a hint says was meant."""
    if not isinstance(hint, Near):
        return None
    return next(iter(get_close_matches(hint.word, hint.known, n=1, cutoff=CLOSE)), None)
