"""How rows differ from those that were expected.

    difference = compare([{"n": 1}], [{"n": 2}], Rule(columns=("n",)))
    difference.lines      # each row that is the same, differs, is missing, or was not expected

Floating numbers are equal within 1e-9 of the larger one; times are texts, whatever stands between date and time.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any

RELATIVE, ABSOLUTE = 1e-9, 1e-12
MOST_PAIRED = 100
"""Rows on each side of which the nearest ones are looked for."""

Row = Mapping[str, Any]
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?Z?")


@dataclass(frozen=True)
class Rule:
    """What counts: these columns, and the order of rows or not."""

    columns: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Line:
    """A row of the comparison: `status` same, differs, missing (None was found) or unexpected (none was expected);
    `cells`: the columns that differ."""

    status: str
    expected: Row | None
    found: Row | None
    cells: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"status": self.status, "expected": self.expected, "found": self.found, "cells": list(self.cells)}


@dataclass(frozen=True)
class Difference:
    """All rows, those that were expected first, in their order."""

    lines: tuple[Line, ...] = field(default=())

    @property
    def same(self) -> bool:
        return all(line.status == "same" for line in self.lines)

    def count(self, status: str) -> int:
        return sum(line.status == status for line in self.lines)


def compare(expected: Sequence[Row], found: Sequence[Row], rule: Rule) -> Difference:
    """How the rows that were found differ from the expected ones in the columns that count."""
    wanted: list[Row] = [{c: row.get(c) for c in rule.columns} for row in expected]
    got: list[Row] = [{c: row.get(c) for c in rule.columns} for row in found]
    return Difference(tuple(_in_order(wanted, got) if rule.ordered else _any_order(wanted, got)))


def equal(a: Any, b: Any) -> bool:
    """Whether two values of JSON are the same: numbers nearly, also where one is text; times however written."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if a is None or b is None or isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, str) and isinstance(b, str):
        return _plain(a) == _plain(b)
    numbers = _number(a), _number(b)
    if None in numbers:
        return False
    return _near(*numbers)


def _near(a: Decimal | float | None, b: Decimal | float | None) -> bool:
    if a == b or not (isinstance(a, float) or isinstance(b, float)):
        return a == b
    one, other = float(a or 0), float(b or 0)
    return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE) or (math.isnan(one) and math.isnan(other))


def _number(value: Any) -> Decimal | float | None:
    """A number; also of the text of one, as large and exact ones are written."""
    if isinstance(value, float):
        return value
    try:
        return Decimal(value) if isinstance(value, int | str) else None
    except InvalidOperation:
        return None


def _plain(text: str) -> str:
    """A text; of a time its one form."""
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    date, minutes, seconds, fraction = match.groups()
    return f"{date} {minutes}{seconds or ':00'}{(fraction or '').rstrip('0').rstrip('.')}"


# ---- in order --------------------------------------------------------------------------------------------------------


def _in_order(expected: list[Row], found: list[Row]) -> list[Line]:
    """Lines in order; rows between those that are the same are paired as they come."""
    lines: list[Line] = []
    matcher = SequenceMatcher(None, [_key(row) for row in expected], [_key(row) for row in found], autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind == "equal":
            lines += [Line("same", a, b) for a, b in zip(expected[i:i_end], found[j:j_end], strict=True)]
            continue
        both = min(i_end - i, j_end - j)
        lines += [_pair(a, b) for a, b in zip(expected[i:i + both], found[j:j + both], strict=True)]
        lines += [Line("missing", row, None) for row in expected[i + both:i_end]]
        lines += [Line("unexpected", None, row) for row in found[j + both:j_end]]
    return lines


def _pair(expected: Row, found: Row) -> Line:
    cells = tuple(c for c in expected if not equal(expected[c], found[c]))
    return Line("differs" if cells else "same", expected, found, cells)


def _key(row: Row) -> str:
    """What rows that are the same share; rows whose numbers differ by little may still have two."""
    return json.dumps(_canonical(row), sort_keys=True, default=str)


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, float):
        return f"{value:.8g}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1e8:
        return f"{float(value):.8g}"
    return value


# ---- in any order ----------------------------------------------------------------------------------------------------


def _any_order(expected: list[Row], found: list[Row]) -> list[Line]:
    """Lines in the order of the expected rows, then what was not expected."""
    partners = _same(expected, found)
    free = _rest(found, partners)
    partners |= _nearest([i for i in range(len(expected)) if i not in partners], free, expected, found)
    lines = [_pair(row, found[partners[i]]) if i in partners else Line("missing", row, None)
             for i, row in enumerate(expected)]
    taken = set(partners.values())
    return lines + [Line("unexpected", None, row) for j, row in enumerate(found) if j not in taken]


def _same(expected: list[Row], found: list[Row]) -> dict[int, int]:
    """Expected rows with a found one that is the same: by their keys, then one by one."""
    by_key: dict[str, list[int]] = {}
    for j in reversed(range(len(found))):
        by_key.setdefault(_key(found[j]), []).append(j)
    partners: dict[int, int] = {}
    for i, row in enumerate(expected):
        candidates = by_key.get(_key(row), [])
        if candidates and not _pair(row, found[candidates[-1]]).cells:
            partners[i] = candidates.pop()
    free = _rest(found, partners)[:MOST_PAIRED]
    for i in [i for i in range(len(expected)) if i not in partners][:MOST_PAIRED]:
        partner = next((j for j in free if not _pair(expected[i], found[j]).cells), None)
        if partner is not None:
            partners[i] = partner
            free.remove(partner)
    return partners


def _rest(found: list[Row], partners: Mapping[int, int]) -> list[int]:
    """The rows that were found and are nobody's yet."""
    taken = set(partners.values())
    return [j for j in range(len(found)) if j not in taken]


def _nearest(missing: list[int], free: list[int], expected: list[Row], found: list[Row]) -> dict[int, int]:
    """Expected rows with the found ones that share most of their cells, at least one."""
    pairs = sorted(
        (len(_pair(expected[i], found[j]).cells), i, j)
        for i in missing[:MOST_PAIRED] for j in free[:MOST_PAIRED])
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for differing, i, j in pairs:
        if i not in partners and j not in taken and differing < len(expected[i]):
            partners[i] = j
            taken.add(j)
    return partners
