"""Terms (`engine.connectors.base.Term`) over columns: which rows meet them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import ge, gt, le, lt

import numpy as np

from engine.changes import Column, Mask
from engine.connectors.base import Term

_ORDERED = {"<": lt, "<=": le, ">": gt, ">=": ge}


def meeting(terms: Sequence[Term], columns: Mapping[int, Column], length: int) -> Mask:
    """Where all terms are met; `columns` by their positions in the table."""
    met: Mask = np.ones(length, np.bool_)
    for term in terms:
        met &= _meets(term, columns[term.column])
    return met


def _meets(term: Term, column: Column) -> Mask:
    present = column.valid()
    if term.op in ("IS NULL", "IS NOT NULL"):
        return present if term.op == "IS NOT NULL" else ~present
    if term.op in _ORDERED:
        found: Mask = _ORDERED[term.op](column.values, term.values[0])
        return found & present
    among = _among(column, term.values)
    return (~among if term.op == "NOT IN" else among) & present


def _among(column: Column, values: Sequence[int | str]) -> Mask:
    if not column.type.has_views:
        return np.isin(column.values, np.array([v for v in values if isinstance(v, int)], np.int64))
    from engine.connectors.formats.views import equal_views, strings_to_views

    wanted, held = strings_to_views([v.encode() for v in values if isinstance(v, str)])
    found = np.zeros(len(column), np.bool_)
    for view in wanted:
        found |= equal_views(column.values, view)
    del held  # the long ones among `wanted` point into it
    return found


def excludes(term: Term, low: int | str, high: int | str) -> bool:
    """Whether no value from `low` to `high` meets a term (statistics of a part of a file)."""
    if term.op in ("IS NULL", "IS NOT NULL", "NOT IN"):
        return False
    if type(term.values[0]) is not type(low):
        return False
    if term.op == "IN":
        return not any(low <= v <= high for v in term.values)  # type: ignore[operator]
    bound = low if term.op in ("<", "<=") else high
    return not _ORDERED[term.op](bound, term.values[0])
