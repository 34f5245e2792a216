"""Interval joins: the terms of a join condition that bound the time between the rows of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.expressions.nodes import MIRRORED, Call, Expression, InputRef, Literal
from engine.types import Kind, Schema, TimeKind

MILLISECOND = 1_000


@dataclass(frozen=True)
class Interval:
    """left.time + lower <= right.time <= left.time + upper, in microseconds; positions within the sides."""

    left: int
    right: int
    lower: int
    upper: int
    kind: TimeKind


@dataclass(frozen=True)
class _Moment:
    """A time attribute plus a constant."""

    index: int
    offset: int


@dataclass(frozen=True)
class _Bound:
    """right.time (comparison) left.time + offset, comparison being >=, <= or =."""

    left: int
    right: int
    comparison: str
    offset: int


def find_interval(terms: Sequence[Expression], left: Schema, right: Schema) -> tuple[Interval | None, list[Expression]]:
    """The interval that the terms state, and the terms that state something else."""
    bounds: dict[tuple[int, int], list[tuple[_Bound, Expression]]] = {}
    for term in terms:
        bound = _bound(term, left, right)
        if bound is not None:
            bounds.setdefault((bound.left, bound.right), []).append((bound, term))
    for (left_time, right_time), found in bounds.items():
        kind = left[left_time].time
        lows = [b.offset for b, _ in found if b.comparison in (">=", "=")]
        highs = [b.offset for b, _ in found if b.comparison in ("<=", "=")]
        if kind is not None and lows and highs:
            used = {id(term) for _, term in found}
            interval = Interval(left_time, right_time, max(lows), min(highs), kind)
            return interval, [t for t in terms if id(t) not in used]
    return None, list(terms)


def _bound(term: Expression, left: Schema, right: Schema) -> _Bound | None:
    if not isinstance(term, Call) or term.function not in MIRRORED or len(term.args) != 2:
        return None
    a, b = _moment(term.args[0]), _moment(term.args[1])
    if a is None or b is None:
        return None
    comparison, width = term.function, len(left)
    if a.index < width <= b.index:  # left.time + x (op) right.time + y  ->  right.time (mirrored) left.time + x - y
        ours, theirs, comparison = a, b, MIRRORED[comparison]
    elif b.index < width <= a.index:
        ours, theirs = b, a
    else:
        return None
    kinds = left[ours.index].time, right[theirs.index - width].time
    if kinds[0] is None or kinds[0] is not kinds[1]:
        return None
    offset = ours.offset - theirs.offset
    if comparison in ("<", ">"):  # time attributes have milliseconds
        offset += -MILLISECOND if comparison == "<" else MILLISECOND
        comparison += "="
    return _Bound(ours.index, theirs.index - width, comparison, offset)


def _moment(expression: Expression) -> _Moment | None:
    if isinstance(expression, InputRef):
        return _Moment(expression.index, 0)
    if not isinstance(expression, Call):
        return None
    if expression.function == "CAST" and expression.type.kind is expression.args[0].type.kind:
        return _moment(expression.args[0])
    if expression.function not in ("+", "-") or len(expression.args) != 2:
        return None
    a, b = expression.args
    if expression.function == "+" and isinstance(a, Literal):
        a, b = b, a
    amount = constant_interval(b)
    moment = _moment(a)
    if amount is None or moment is None:
        return None
    return _Moment(moment.index, moment.offset + (amount if expression.function == "+" else -amount))


def constant_interval(expression: Expression) -> int | None:
    """Microseconds of a constant day-time interval."""
    if expression.type.kind is not Kind.INTERVAL_TIME:
        return None
    if isinstance(expression, Literal) and isinstance(expression.value, int):
        return expression.value
    if isinstance(expression, Call) and len(expression.args) == 2 and expression.function in ("+", "-", "*"):
        return _computed(expression)
    return None


def _computed(call: Call) -> int | None:
    a, b = call.args
    if call.function == "*":
        factor, interval = (a, b) if b.type.kind is Kind.INTERVAL_TIME else (b, a)
        amount = constant_interval(interval)
        if amount is None or not isinstance(factor, Literal) or not isinstance(factor.value, int):
            return None
        return amount * factor.value
    first, second = constant_interval(a), constant_interval(b)
    if first is None or second is None:
        return None
    return first + second if call.function == "+" else first - second
