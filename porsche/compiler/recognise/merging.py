"""New properties of a node with as much of the old ones' text as still says the same: their spelling, and references
to parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from typing import Any

from porsche.compiler.document import REFERENCE
from porsche.compiler.recognise.matching import same
from porsche.components.properties import Property

Fill = Callable[[Any], Any]
"""Puts the values of parameters in place of ${name}."""
_PIECE = re.compile(r"\w+|[^\w\s]")


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
        if start >= end and new[start:past] == fill(name):
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
