"""Regular expressions with Java's meaning: SIMILAR TO, REGEXP, REGEXP_REPLACE, _EXTRACT, _EXTRACT_ALL, _COUNT,
_INSTR, _SUBSTR."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine.errors import UserError
from engine.expressions.functions.base import Function
from engine.expressions.functions.rows import per_row
from engine.expressions.functions.signatures import signature
from engine.types import ARRAY, BOOLEAN, INT, STRING

_CLASSES = {
    "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9", "Lower": "a-z", "Upper": "A-Z", "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\s", "XDigit": "0-9a-fA-F", "ASCII": r"\x00-\x7f", "Blank": r" \t", "Cntrl": r"\x00-\x1f\x7f",
    "L": r"^\W\d_", "Lu": "A-Z", "Ll": "a-z", "N": "0-9", "IsAlphabetic": "a-zA-Z",
}  # fmt: skip
_JAVA = re.compile(r"\\Q(.*?)(?:\\E|$)|\\[pP]\{(\w+)\}|\\h|\\z|\\Z|\\R|\(\?<(?=[A-Za-z])|\\.", re.DOTALL)
# Braces that are no quantifier, which Java refuses; what they may be part of is stepped over.
_BRACES = re.compile(r"\\Q.*?(?:\\E|$)|\\[pPxN]\{\w+\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(?!\d+(?:,\d*)?\})", re.DOTALL)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A Java pattern compiled; re.error where it is none. Classes such as \\d are ASCII, as in Java."""
    if "{" in _BRACES.findall(pattern):
        raise re.error("illegal repetition", pattern)
    return re.compile(_JAVA.sub(lambda m: _python(m, pattern), pattern), re.ASCII)


_ODD = {"\\h": r"[ \t\xa0]", "\\z": r"\Z", "\\Z": r"(?=\n?\Z)", "\\R": r"(?:\r\n|[\n-\r\x85])", "(?<": "(?P<"}


def _python(match: re.Match[str], pattern: str) -> str:
    text = match[0]
    if text.startswith("\\Q"):
        return re.escape(match[1])
    if match[2] is not None:
        inside = pattern.count("[", 0, match.start()) > pattern.count("]", 0, match.start())
        letters = _CLASSES.get(match[2].removeprefix("Is"), _CLASSES.get(match[2], r"\w"))
        return letters if inside and text[1] == "p" else f"[{'^' if text[1] == 'P' else ''}{letters}]"
    return _ODD.get(text, text)


@lru_cache(maxsize=512)
def _valid(pattern: str) -> re.Pattern[str] | None:
    try:
        return compiled(pattern)
    except (re.error, OverflowError):
        return None


def _guarded(function: Callable[..., Any], otherwise: Any = None) -> Callable[..., Any]:
    """Calls with the compiled second argument; an invalid pattern gives `otherwise`."""

    def run(text: str, pattern: str, *rest: Any) -> Any:
        regex = _valid(pattern)
        return otherwise if regex is None else function(text, regex, *rest)

    return run


def _replace(text: str, regex: re.Pattern[str], replacement: str) -> str:
    return regex.sub(lambda _: replacement, text)


def _extract(text: str, regex: re.Pattern[str], group: int = 0) -> str | None:
    match = regex.search(text)
    return match[group] if match and 0 <= group <= regex.groups else None


def _extract_all(text: str, regex: re.Pattern[str], group: int = 1) -> list[str | None] | None:
    return [m[group] for m in regex.finditer(text)] if 0 <= group <= regex.groups else None


def _place(text: str, regex: re.Pattern[str]) -> int:
    match = regex.search(text)
    return match.start() + 1 if match else 0


def _first(text: str, regex: re.Pattern[str]) -> str | None:
    match = regex.search(text)
    return match[0] if match else None


_SPECIAL = frozenset("[]()|^-+*%_?{}")


@lru_cache(maxsize=256)
def similar_pattern(pattern: str, escape: str | None) -> re.Pattern[str]:
    """A SIMILAR TO pattern as a regular expression."""
    out, i, bracket = [], 0, False
    while i < len(pattern):
        character = pattern[i]
        if character == escape:
            i += 1
            following = pattern[i] if i < len(pattern) else ""
            if not following or (following not in _SPECIAL and following != escape):
                raise UserError("bad_escape", f"Invalid escape sequence '{pattern}'")
            out.append(re.escape(following))
        elif bracket:
            out.append(character)
            bracket = character != "]"
        elif character == "[":
            named = re.match(r"\[:(\w+):\]", pattern[i + 1:])
            if named:
                out.append(f"[{_CLASSES[named[1].title()]}")
                i += named.end()
            else:
                out.append("[")
                bracket = True
        elif character in "_%":
            out.append("." if character == "_" else ".*")
        else:
            out.append(character if character in "()|*+?{},]" else re.escape(character))
        i += 1
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise UserError("bad_pattern", f"Invalid regular expression '{pattern}': {error}") from None


def _similar(text: str, pattern: str, escape: str | None = None) -> bool:
    return similar_pattern(pattern, escape).fullmatch(text) is not None


def _find(text: str, regex: re.Pattern[str]) -> bool:
    return bool(regex.pattern) and regex.search(text) is not None


_SEARCH = per_row(signature(BOOLEAN, "string", "string"), _guarded(_find, False))
FUNCTIONS: dict[str, Function] = {
    "SIMILAR TO": per_row(signature(BOOLEAN, "string", "string", "string?"), _similar, fallible=True),
    "REGEXP": _SEARCH,
    "RLIKE": _SEARCH,
    "REGEXP_REPLACE": per_row(signature(STRING, "string", "string", "string"), _guarded(_replace)),
    "REGEXP_EXTRACT": per_row(signature(STRING, "string", "string", "int?", nullable=True), _guarded(_extract)),
    "REGEXP_EXTRACT_ALL": per_row(signature(ARRAY(STRING), "string", "string", "int?", nullable=True),
                                  _guarded(_extract_all)),
    "REGEXP_COUNT": per_row(signature(INT, "string", "string", nullable=True),
                            _guarded(lambda text, regex: sum(1 for _ in regex.finditer(text)))),
    "REGEXP_INSTR": per_row(signature(INT, "string", "string", nullable=True), _guarded(_place)),
    "REGEXP_SUBSTR": per_row(signature(STRING, "string", "string", nullable=True), _guarded(_first)),
}
