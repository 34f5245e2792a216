"""Flink's scalar functions, by family.

Each family is a module with a table `FUNCTIONS: dict[str, Function]`. Names are upper case; operators are functions
too.

How the binder passes what is not an ordinary argument: as a `Literal` of `SYMBOL` type (`symbol("HOUR")`).

| syntax | call |
|---|---|
| `EXTRACT(unit FROM t)` | EXTRACT(symbol, t) |
| `FLOOR(t TO unit)`, `CEIL(t TO unit)` | FLOOR(t, symbol), CEIL(t, symbol) |
| `TIMESTAMPADD(unit, n, t)`, `TIMESTAMPDIFF(unit, a, b)` | the unit as symbol, without SQL_TSI_ |
| `TRIM(side s FROM t)` | TRIM(symbol BOTH, LEADING or TRAILING, s, t); without s a literal ' ' |
| `POSITION(a IN b)`, `OVERLAY(a PLACING b FROM i FOR n)`, `SUBSTRING(a FROM i FOR n)` | arguments in that order |
| `a [NOT] LIKE b ESCAPE e`, `SIMILAR TO` | LIKE(a, b[, e]), SIMILAR TO(a, b[, e]); NOT is a call around it |
| `a [NOT] BETWEEN b AND c` | BETWEEN(a, b, c); SYMMETRIC is BETWEEN SYMMETRIC(a, b, c) |
| `a [NOT] IN (b, ...)` | IN(a, b, ...) |
| `(a, b) OVERLAPS (c, d)` | OVERLAPS(a, b, c, d) |
| `x IS [NOT] JSON kind` | IS JSON(x, symbol VALUE, OBJECT, ARRAY or SCALAR) |
| `JSON_EXISTS(j, p e ON ERROR)` | JSON_EXISTS(j, p[, symbol TRUE, FALSE, UNKNOWN or ERROR]) |
| `JSON_VALUE(j, p RETURNING t a ON EMPTY b ON ERROR)` | JSON_VALUE(j, p, NULL literal of type t, a, x, b, y) |
| `JSON_QUERY(j, p RETURNING t w WRAPPER a ON EMPTY b ON ERROR)` | JSON_QUERY(j, p, NULL literal of type t, w, a, b) |
| `JSON_OBJECT(k VALUE v, ... n ON NULL)`, `JSON_ARRAY` | JSON_OBJECT(symbol NULL or ABSENT, k, v, ...) |
| `CASE`, `x[i]`, `x.f` | CASE(condition, value, ..., else), ITEM(x, i), FIELD(x, position) |

JSON_VALUE's a and b are symbols NULL, ERROR or DEFAULT, x and y their default values (NULL literals where unused);
JSON_QUERY's w is WITHOUT, CONDITIONAL or UNCONDITIONAL, a and b are NULL, ERROR, EMPTY_ARRAY or EMPTY_OBJECT.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from engine.errors import InternalError
from engine.expressions.functions.base import Function
from engine.expressions.nodes import Call, Literal
from engine.types import DataType, Kind

FAMILIES = (
    "comparison", "logical", "conditional", "arithmetic", "intervals", "conversion", "math", "strings", "texts",
    "regexp", "temporal", "moments", "hashing", "nested", "structured", "arrays", "json", "variant", "bitmap", "printf",
    "learning",
)


@cache
def catalogue() -> dict[str, Function]:
    """Every built-in function by upper-case name."""
    found: dict[str, Function] = {}
    for family in FAMILIES:
        found |= import_module(f"{__name__}.{family}").FUNCTIONS
    return found


def known(name: str) -> Function | None:
    """The built-in function of this upper-case name."""
    return catalogue().get(name)


def function_of(call: Call) -> Function:
    """What runs a call."""
    if call.implementation is not None:
        assert isinstance(call.implementation, Function)
        return call.implementation
    function = known(call.function)
    if function is None:
        raise InternalError(f"a bound call of the unknown function {call.function}")
    return function


def symbol(name: str) -> Literal:
    """A word of SQL's syntax as an argument."""
    return Literal(DataType(Kind.SYMBOL, nullable=False), name)
