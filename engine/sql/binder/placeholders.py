"""Expressions that live only while a query is being bound: what must first become a relation of its own.

An aggregate, an OVER function, a subquery or a legacy window's property is bound in place as one of these, over the
columns of FROM; building the plan replaces each by a column. They compare by value, so that the same call is computed
once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from engine.expressions.nodes import Call, Expression, InputRef
from engine.plan.nodes import Frame, Relation, WindowKind, WindowProperty


@dataclass(frozen=True, slots=True)
class Placeholder(Expression):
    """Base of those below: knows its children and can be rebuilt over others."""

    def with_children(self, children: tuple[Expression, ...]) -> Placeholder:
        return self


@dataclass(frozen=True, slots=True)
class OuterRef(Placeholder):
    """A value of the enclosing query: position in the subquery's list of correlated expressions."""

    index: int = 0


@dataclass(frozen=True, slots=True)
class OrderBy:
    """An ordering term: what, direction, place of NULLs."""

    expression: Expression
    descending: bool = False
    nulls_first: bool = True


@dataclass(frozen=True, slots=True)
class AggregateRef(Placeholder):
    """A call of an aggregate function. `options`: values of arguments that must be literals."""

    function: str = ""
    args: tuple[Expression, ...] = ()
    distinct: bool = False
    filter: Expression | None = None
    order: tuple[OrderBy, ...] = ()
    options: tuple[object, ...] = ()

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.args + ((self.filter,) if self.filter else ()) + tuple(o.expression for o in self.order)

    def with_children(self, children: tuple[Expression, ...]) -> AggregateRef:
        n = len(self.args)
        rest = children[n:]
        kept = rest[0] if self.filter else None
        ordered = rest[1:] if self.filter else rest
        order = tuple(replace(o, expression=e) for o, e in zip(self.order, ordered))
        return replace(self, args=children[:n], filter=kept, order=order)


@dataclass(frozen=True, slots=True)
class OverWindow:
    """OVER (PARTITION BY ... ORDER BY ... frame). `frame` is None where the function fixes it itself."""

    partition: tuple[Expression, ...] = ()
    order: tuple[OrderBy, ...] = ()
    frame: Frame = field(default_factory=lambda: Frame(False, None))

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.partition + tuple(o.expression for o in self.order)

    def with_children(self, children: tuple[Expression, ...]) -> OverWindow:
        n = len(self.partition)
        order = tuple(replace(o, expression=e) for o, e in zip(self.order, children[n:]))
        return replace(self, partition=children[:n], order=order)


@dataclass(frozen=True, slots=True)
class OverRef(Placeholder):
    """A call of a function over a window of rows."""

    call: AggregateRef | None = None
    window: OverWindow = field(default_factory=OverWindow)

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.call.children if self.call else ()) + self.window.children

    def with_children(self, children: tuple[Expression, ...]) -> OverRef:
        n = len(self.call.children) if self.call else 0
        call = self.call.with_children(children[:n]) if self.call else None
        return replace(self, call=call, window=self.window.with_children(children[n:]))


@dataclass(frozen=True, slots=True)
class GroupWindow(Placeholder):
    """TUMBLE(time, size), HOP or SESSION in GROUP BY; `time` is a column of the input, durations microseconds or
    rows."""

    kind: WindowKind = WindowKind.TUMBLE
    time: Expression | None = None
    size: int = 0
    step: int = 0
    rows: bool = False

    @property
    def children(self) -> tuple[Expression, ...]:
        return (self.time,) if self.time else ()

    def with_children(self, children: tuple[Expression, ...]) -> GroupWindow:
        return replace(self, time=children[0] if children else None)


@dataclass(frozen=True, slots=True)
class GroupWindowProperty(Placeholder):
    """TUMBLE_START(time, size) and its like: a property of the window of the same arguments in GROUP BY."""

    window: GroupWindow | None = None
    property: WindowProperty = WindowProperty.START


class SubqueryKind(Enum):
    SCALAR = "scalar"
    EXISTS = "EXISTS"
    IN = "IN"


@dataclass(frozen=True, slots=True)
class SubqueryRef(Placeholder):
    """A subquery in an expression. `outer`: the correlated values, over the enclosing query's columns; `operands`: the
    left side of IN."""

    relation: Relation | None = None
    kind: SubqueryKind = SubqueryKind.SCALAR
    outer: tuple[Expression, ...] = ()
    operands: tuple[Expression, ...] = ()

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.outer + self.operands

    def with_children(self, children: tuple[Expression, ...]) -> SubqueryRef:
        n = len(self.outer)
        return replace(self, outer=children[:n], operands=children[n:])


Change = Callable[[Expression], Expression]


def with_children(expression: Expression, children: tuple[Expression, ...]) -> Expression:
    """The expression over other children."""
    if all(a is b for a, b in zip(children, expression.children)):
        return expression
    if isinstance(expression, Call):
        return replace(expression, args=children)
    assert isinstance(expression, Placeholder)
    return expression.with_children(children)


def rewrite(expression: Expression, change: Change) -> Expression:
    """`change` applied to each part, children first, placeholders' parts included."""
    if expression.children:
        expression = with_children(expression, tuple(rewrite(c, change) for c in expression.children))
    return change(expression)


def rewrite_top(expression: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """`change` applied from the top; where it gives an expression, that stands and what is below is not looked at."""
    changed = change(expression)
    if changed is not None:
        return changed
    if not expression.children:
        return expression
    return with_children(expression, tuple(rewrite_top(c, change) for c in expression.children))


def find(expressions: tuple[Expression, ...], kind: type[Expression]) -> Iterator[Expression]:
    """The outermost parts of a kind, left to right."""
    for expression in expressions:
        if isinstance(expression, kind):
            yield expression
        else:
            yield from find(expression.children, kind)


def contains(expression: Expression, kind: type[Expression] | tuple[type[Expression], ...]) -> bool:
    return any(isinstance(e, kind) for e in expression.walk())


def shift(expression: Expression, offset: int) -> Expression:
    """The expression over an input that begins `offset` columns later."""
    if offset == 0:
        return expression
    return rewrite(expression, lambda e: replace(e, index=e.index + offset) if isinstance(e, InputRef) else e)


def substitute(expression: Expression, inputs: tuple[Expression, ...]) -> Expression:
    """The expression with its columns replaced, placeholders' parts included."""
    return rewrite(expression, lambda e: inputs[e.index] if isinstance(e, InputRef) else e)

