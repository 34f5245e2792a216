"""Conditions as lists of terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.expressions.binding import resolve_call
from engine.expressions.nodes import Call, Expression, InputRef, Literal, input_refs, transform
from engine.types import BOOLEAN


def conjuncts(condition: Expression | None) -> list[Expression]:
    """The terms of a conjunction; x BETWEEN a AND b is two."""
    if condition is None:
        return []
    if isinstance(condition, Call) and condition.function == "AND":
        return [term for arg in condition.args for term in conjuncts(arg)]
    if isinstance(condition, Call) and condition.function == "BETWEEN":
        value, low, high = condition.args
        return [resolve_call(">=", (value, low), place=condition.place),
                resolve_call("<=", (value, high), place=condition.place)]
    return [] if isinstance(condition, Literal) and condition.value is True else [condition]


def conjunction(terms: Sequence[Expression]) -> Expression | None:
    """The terms joined by AND; None for none."""
    result: Expression | None = None
    for term in terms:
        if result is None:
            result = term
        else:
            kind = BOOLEAN.as_nullable(result.type.nullable or term.type.nullable)
            result = Call(kind, function="AND", args=(result, term), nodes=result.nodes | term.nodes)
    return result


def shifted(expression: Expression, offset: int) -> Expression:
    """The expression over an input that begins `offset` columns later (or, negative, earlier)."""
    if not offset:
        return expression
    return transform(expression, lambda e: replace(e, index=e.index + offset) if isinstance(e, InputRef) else e)


def reads_only(term: Expression, first: int, past: int) -> bool:
    """Whether a term reads columns, and all of them from `first` to before `past`."""
    read = input_refs(term)
    return bool(read) and all(first <= i < past for i in read)


def split_at(terms: Sequence[Expression], width: int) -> tuple[list[Expression], list[Expression], list[Expression]]:
    """Terms that read only the first `width` columns, only the others, and the rest."""
    left: list[Expression] = []
    right: list[Expression] = []
    rest: list[Expression] = []
    for term in terms:
        if reads_only(term, 0, width):
            left.append(term)
        elif reads_only(term, width, 1 << 30):
            right.append(term)
        else:
            rest.append(term)
    return left, right, rest


def equality(term: Expression, width: int) -> tuple[InputRef, InputRef, bool] | None:
    """Columns left = right of a join whose left side has `width` columns (the right one counted from its own first);
    True where NULLs are equal."""
    if not isinstance(term, Call) or term.function not in ("=", "IS NOT DISTINCT FROM"):
        return None
    a, b = term.args
    if not (isinstance(a, InputRef) and isinstance(b, InputRef) and a.type.same_as(b.type)):
        return None
    if b.index < width <= a.index:
        a, b = b, a
    if not a.index < width <= b.index:
        return None
    return a, replace(b, index=b.index - width), term.function != "="
