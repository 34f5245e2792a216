"""The functions that completion offers are those that the engine has."""

from __future__ import annotations

import re

from engine.aggregates import AGGREGATES
from engine.expressions.functions import catalogue
from engine.sql.binder.functions import ALIASES, OVER_ONLY
from porsche.runners.functions import functions

SYNTAX = {"CASE", "NOT", "LIKE", "ARRAY", "MAP", "ROW"}
"""Listed with the functions, though SQL writes them otherwise."""
NOT_OFFERED = {"AND", "OR", "BETWEEN", "IN", "ITEM", "FIELD", "NEGATE", "POSITIVE", "SINGLE_VALUE", "SUM0", "NTILE",
               "PERCENT_RANK", "CUME_DIST", "LEAD"}


def test_each_function_is_told_and_each_that_is_told_is_there() -> None:
    known = {n for n in (*catalogue(), *AGGREGATES, *ALIASES, *OVER_ONLY) if re.fullmatch(r"[A-Z][A-Z_0-9]*", n)}
    told = {f["name"] for f in functions()}
    assert told - known - SYNTAX == set()
    assert known - told == NOT_OFFERED


def test_kinds() -> None:
    kinds = {f["name"]: f["kind"] for f in functions()}
    assert (kinds["UPPER"], kinds["SUM"], kinds["AUC"], kinds["LAG"], kinds["FTRL"]) == (
        "scalar", "aggregate", "aggregate", "over", "learner")
    assert all(f["doc"].endswith(".") and f["signatures"] for f in functions())
