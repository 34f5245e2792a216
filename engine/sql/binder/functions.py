"""What the binder knows of aggregate and OVER functions: their names, types and constant arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import Place, UserError
from engine.expressions.nodes import Expression, Literal
from engine.types import BIGINT, DOUBLE, INT, DataType

if TYPE_CHECKING:
    from engine.aggregates.user import UserAggregate

ALIASES = {"VARIANCE": "VAR_SAMP", "STDDEV": "STDDEV_SAMP"}
"""Other names of aggregate functions."""
SORTING = frozenset({"ARRAY_AGG", "JSON_ARRAYAGG", "JSON_OBJECTAGG"})
"""Aggregate functions that may be given an ORDER BY."""
RANKING = frozenset({"ROW_NUMBER", "RANK", "DENSE_RANK"})
OVER_ONLY: dict[str, tuple[int, int]] = {  # name -> fewest and most arguments
    "ROW_NUMBER": (0, 0), "RANK": (0, 0), "DENSE_RANK": (0, 0), "PERCENT_RANK": (0, 0), "CUME_DIST": (0, 0),
    "NTILE": (1, 1), "LAG": (1, 3), "LEAD": (1, 3),
}
# From which position on constant arguments are options, not columns.
OPTIONS_FROM = {
    "LISTAGG": 1, "FIRST_VALUE": 1, "LAST_VALUE": 1, "JSON_ARRAYAGG": 1, "PERCENTILE": 99, "LAG": 1, "LEAD": 1,
    "NTILE": 0, "COUNT": 99, "APPROX_COUNT_DISTINCT": 1,
}


def is_over_only(name: str) -> bool:
    return name in OVER_ONLY


def is_aggregate(name: str) -> bool:
    from engine.aggregates import AGGREGATES

    return name in AGGREGATES and name not in OVER_ONLY


def type_of_aggregate(name: str, args: Sequence[Expression], distinct: bool, grouped: bool, place: Place | None,
                      user: UserAggregate | None = None) -> tuple[DataType, dict[int, DataType]]:
    """The result's type, and the types some arguments must first be cast to."""
    from engine.aggregates import AGGREGATES
    from engine.aggregates.base import AggregateArguments

    literals = {i: a.value for i, a in enumerate(args) if isinstance(a, Literal)}
    places = {i: a.place for i, a in enumerate(args) if isinstance(a, Literal) and a.place}
    wanted: dict[int, DataType] = {}
    call = AggregateArguments(name, tuple(a.type for a in args), literals, distinct, grouped, places)
    try:
        return (user or AGGREGATES[name]).infer(call, wanted), wanted
    except UserError as error:
        error.place = error.place or place
        raise


def type_of_over(name: str, args: Sequence[Expression], place: Place | None) -> DataType:
    """The result's type of a function that needs OVER."""
    low, high = OVER_ONLY[name]
    if not low <= len(args) <= high:
        raise UserError("bad_arguments", f"{name} takes {low} to {high} arguments", place=place)
    if name in ("LAG", "LEAD") and len(args) > 1 and isinstance(args[1], Literal) and args[1].value is None:
        raise UserError("bad_arguments", f"{name} takes a number of rows, not NULL", place=args[1].place or place)
    match name:
        case "PERCENT_RANK" | "CUME_DIST":
            return DOUBLE.as_nullable(False)
        case "NTILE":
            return INT.as_nullable(False)
        case "LAG" | "LEAD":
            return args[0].type.as_nullable(args[2].type.nullable if len(args) == 3 else True)
        case _:
            return BIGINT.as_nullable(False)
