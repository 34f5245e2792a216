"""New properties of a node with as much of the old ones' text as still says the same: their spelling, and references
to parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from porsche.compiler.document import REFERENCE
from porsche.compiler.recognise.matching import same
from porsche.components.properties import Property

Fill = Callable[[Any], Any]
"""Puts the values of parameters in place of ${name}."""
_PIECE = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\$\{[^{}]*\}|\w+|[^\w\s]")


def reworded(declared: Mapping[str, Property], old: Mapping[str, Any], new: Mapping[str, Any],
             fill: Fill) -> Iterator[dict[str, Any]]:
    """The new properties in the old ones' words, as many as there may be first."""
    for keep_unsaid in (True, False):
        yield merged(declared, old, new, fill, keep_unsaid=keep_unsaid)


def merged(declared: Mapping[str, Property], old: Mapping[str, Any], new: Mapping[str, Any], fill: Fill,
           *, keep_unsaid: bool) -> dict[str, Any]:
    """The new properties, in the old ones' words and order where they mean the same. `keep_unsaid`: those that the new
    ones do not name stay, since the SQL may not show them."""
    found = {name: value if name not in new else _value(declared[name], value, new[name], fill)
             for name, value in old.items() if name in declared and (keep_unsaid or name in new)}
    return {**found, **{name: value for name, value in new.items() if name not in found}}


def _value(property: Property, old: Any, new: Any, fill: Fill) -> Any:
    if same(property, fill(old), new):
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: _entry(property, key, old[key], value, fill) if key in old else value
                for key, value in new.items()}
    return referring(old, new, fill) if isinstance(old, str) and isinstance(new, str) else new


def _entry(property: Property, key: str, old: Any, new: Any, fill: Fill) -> Any:
    if same(property, {key: fill(old)}, {key: new}):
        return old
    return referring(old, new, fill) if isinstance(old, str) and isinstance(new, str) else new


def referring(old: str, new: str, fill: Fill) -> str:
    """The new text with the old one's references in place of their values where those are still there."""
    pieces, references = _pieces(old, fill)
    if not references:
        return new
    found = [(match.start(), match.end(), match[0]) for match in _PIECE.finditer(new)]
    matcher = SequenceMatcher(None, pieces, [piece for _, _, piece in found], autojunk=False)
    moved = {block.a + i: block.b + i for block in matcher.get_matching_blocks() for i in range(block.size)}
    made, end = "", 0
    for first, last, name in references:
        at = _place(pieces, first, last, moved, [piece for _, _, piece in found])
        if at is None:
            continue
        start, past = found[at][0], found[at + last - first - 1][1]
        if start >= end and new[start:past] == str(fill(name)):
            made, end = made + new[end:start] + name, past
    result = made + new[end:]
    return result if fill(result) == new else new


def _place(pieces: list[str], first: int, last: int, moved: Mapping[int, int], words: list[str]) -> int | None:
    """Where in a text's words some pieces went: where they lie between what surrounds them, else to the only place of
    theirs that comes after the same word."""
    places = [moved.get(i) for i in range(first, last)]
    if not places:
        return None
    if places[0] is not None and places == list(range(places[0], places[0] + len(places))):
        return places[0]
    wanted = pieces[first - 1:last] if first else pieces[:last]
    found = [i for i in range(len(words)) if words[i:i + len(wanted)] == wanted]
    return found[0] + (1 if first else 0) if len(found) == 1 else None


def _pieces(old: str, fill: Fill) -> tuple[list[str], list[tuple[int, int, str]]]:
    """The words and marks of a text with its references' values in place, and which of them each reference gave."""
    pieces: list[str] = []
    references: list[tuple[int, int, str]] = []
    at = 0
    for match in REFERENCE.finditer(old):
        pieces += _PIECE.findall(old[at:match.start()])
        value = _PIECE.findall(str(fill(match[0])))
        references.append((len(pieces), len(pieces) + len(value), match[0]))
        pieces += value
        at = match.end()
    return [*pieces, *_PIECE.findall(old[at:])], references


# ---- what references would have to be --------------------------------------------------------------------------------

MOST_REFERENCES, LONGEST = 2, 500
"""In a text in which values are looked for, and characters of it."""


def referred(old: Any, new: Any, names: Container[str]) -> Iterator[tuple[str, Any]]:
    """What `${name}` in a value would have to be for it to become another: names and values, which are guesses."""
    whole = REFERENCE.fullmatch(old) if isinstance(old, str) else None
    if whole is not None:
        yield from [(whole[1], new)] if whole[1] in names and new is not None else []
    elif isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            yield from referred(value, new[key], names) if key in new else ()
    elif isinstance(old, list) and isinstance(new, list):
        alone = len(old) == 1 and isinstance(old[0], str) and REFERENCE.fullmatch(old[0])
        pairs = [(old[0], new)] if alone else zip(old, new) if len(old) == len(new) else ()
        for one, other in pairs:
            yield from referred(one, other, names)
    elif isinstance(old, str) and isinstance(new, str):
        yield from _within(old, new, names)


def _within(old: str, new: str, names: Container[str]) -> Iterator[tuple[str, str]]:
    """References in the middle of a text: what stands between the words around them."""
    found = REFERENCE.findall(old)
    if not 0 < len(found) <= MOST_REFERENCES or max(len(old), len(new)) > LONGEST:
        return
    pattern = r"\s*".join(
        "(.+?)" if REFERENCE.fullmatch(word) else re.escape(word) for word in _WORD.findall(old))
    match = re.fullmatch(rf"\s*{pattern}\s*", new, re.IGNORECASE | re.DOTALL)
    values: dict[str, str] = {}
    for name, value in zip(found, match.groups() if match else ()):
        if name in names and values.setdefault(name, value.strip()) == value.strip():
            continue
        values.pop(name, None)
    yield from values.items()
