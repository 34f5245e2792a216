"""JSON with exact numbers and sorted keys, and the JSON paths of SQL: member, wildcard, index, slice, descent; lax
and strict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any

from engine.errors import UserError

Step = tuple[str, Any]
_STEP = re.compile(
    r"\.\.(?P<deep>[\w$-]+|\*)?|\.(?P<name>[^.\[\s]+)|\.?\[\s*(?P<index>-?\d+(?:\s*,\s*-?\d+)*)\s*\]"
    r"|\[\s*(?P<start>-?\d*)\s*:\s*(?P<stop>-?\d*)\s*\]|\[\s*(?P<star>\*)\s*\]"
    r"|\.?\[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]|\.?\[\s*\"(?P<double>(?:[^\"\\]|\\.)*)\"\s*\]")


class PathError(Exception):
    """A strict path found nothing, or text is no JSON."""


@dataclass(frozen=True)
class Path:
    """`strict`: what is missing is an error; `definite`: leads to at most one value."""

    strict: bool
    steps: tuple[Step, ...]
    text: str

    @property
    def definite(self) -> bool:
        return all(kind in ("member", "index") for kind, _ in self.steps)


@lru_cache(maxsize=512)
def parse_path(text: str) -> Path:
    """A path such as `lax $.a[0]`; without a mode it is strict; UserError "bad_json_path"."""
    match = re.fullmatch(r"\s*(?:(strict|lax)\s+)?(\$.*?)\s*", text, re.IGNORECASE | re.DOTALL)
    if match is None:
        raise UserError("bad_json_path", f"Invalid JSON path '{text}'", hint="a path starts with $")
    spec, at, steps = match[2], 1, []
    while at < len(spec):
        found = _STEP.match(spec, at)
        if found is None:
            raise UserError("bad_json_path", f"Invalid JSON path '{text}' at {spec[at:]!r}")
        steps.append(_step(found))
        at = found.end()
    return Path((match[1] or "strict").lower() == "strict", tuple(steps), spec)


def _step(found: re.Match[str]) -> Step:
    if found["name"] is not None:
        return ("every", None) if found["name"] == "*" else ("member", found["name"])
    if found["index"] is not None:
        indices = [int(i) for i in found["index"].split(",")]
        return ("index", indices[0]) if len(indices) == 1 else ("indices", indices)
    if found["star"] is not None:
        return ("every", None)
    if found["start"] is not None:
        return ("slice", tuple(int(i) if i else None for i in (found["start"], found["stop"])))
    quoted = found["single"] if found["single"] is not None else found["double"]
    if quoted is not None:
        return ("member", re.sub(r"\\(.)", r"\1", quoted))
    return ("deep", found["deep"])


def _taken(value: Any, step: Step) -> Iterator[Any]:
    """The values that a step leads to."""
    kind, key = step
    match kind:
        case "member" if isinstance(value, dict) and key in value:
            yield value[key]
        case "index" | "indices" if isinstance(value, list):
            for index in [key] if kind == "index" else key:
                if -len(value) <= index < len(value):
                    yield value[index]
        case "slice" if isinstance(value, list):
            yield from value[slice(*key)]
        case "every" if isinstance(value, (list, dict)):
            yield from value.values() if isinstance(value, dict) else value
        case "deep":
            yield from _descendants(value, key)


def _descendants(value: Any, name: str | None) -> Iterator[Any]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if name in (None, "*"):
        yield from children
    elif isinstance(value, dict) and name in value:
        yield value[name]
    for child in children:
        yield from _descendants(child, name)


def follow(value: Any, path: Path) -> Any:
    """What a path leads to: a value (None where a lax path finds nothing), a list for an indefinite path; PathError."""
    found = [value]
    for step in path.steps:
        found = [taken for one in found for taken in _taken(one, step)]
    if not path.definite:
        return found
    if not found and path.strict:
        raise PathError(f"No results for path: {normal_path(path)}")
    return found[0] if found else None


def normal_path(path: Path) -> str:
    """The path with its members in brackets."""
    return "$" + "".join(f"['{key}']" if kind == "member" else f"[{key}]" for kind, key in path.steps)


@lru_cache(maxsize=1024)
def parse_json(text: str) -> Any:
    """A JSON text with fractions as Decimal; PathError where it is none. Do not change the result."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise PathError(f"Invalid JSON text: {text[:100]}") from None


def _refuse(word: str) -> Any:
    raise ValueError(word)


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """A string as JSON, characters beyond ASCII as they are."""
    return '"' + re.sub(r'["\\\x00-\x1f]', lambda m: _ESCAPES.get(m[0], f"\\u{ord(m[0]):04X}"), text) + '"'


class Raw(str):
    """A text that is JSON already."""

    __slots__ = ()


def to_json(value: Any) -> str:
    """A Python value as JSON without blanks, keys sorted."""
    match value:
        case None:
            return "null"
        case Raw():
            return str(value)
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case Decimal():
            return str(value)
        case float():
            from engine.expressions.kernels.doubles import java_text

            text = java_text(repr(value))
            return text if isfinite(value) else f'"{text}"'
        case dict():
            return "{" + ",".join(f"{quoted(str(k))}:{to_json(v)}" for k, v in sorted(value.items())) + "}"
        case list() | tuple():
            return "[" + ",".join(map(to_json, value)) + "]"
    return str(value)
