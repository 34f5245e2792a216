"""Bound expressions run over columns: closures that interpret a tree a whole batch at a time.

Equal sub-expressions of a projection are evaluated once per batch; a fallible part below CASE, AND, OR, COALESCE is
evaluated only over the rows that reach it; NULLs are handled here for strict functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.changes import Array, Batch, Column, Mask, null_column
from engine.errors import InternalError, UserError
from engine.expressions.functions import function_of
from engine.expressions.functions.base import Context, Function, Node
from engine.expressions.nodes import Call, Expression, InputRef, Literal
from engine.types import DataType, Kind


class Frame(Sequence[Column]):
    """The input columns of one evaluation, with the results of shared sub-expressions."""

    __slots__ = ("columns", "memo")

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.memo: dict[int, Column] = {}

    def __getitem__(self, index: int) -> Column:  # type: ignore[override]
        return self.columns[index]

    def __len__(self) -> int:
        return len(self.columns)


class Selected(Frame):
    """Some rows of a frame; columns are cut when first read."""

    __slots__ = ("rows", "cut")

    def __init__(self, source: Sequence[Column], rows: Array) -> None:
        super().__init__(source)
        self.rows = rows
        self.cut: dict[int, Column] = {}

    def __getitem__(self, index: int) -> Column:  # type: ignore[override]
        column = self.cut.get(index)
        if column is None:
            column = self.cut[index] = self.columns[index].take(self.rows)
        return column


SMALL = 256
"""Rows that a constant is made for at least: smaller batches of any size share them."""


@dataclass(slots=True)
class _Input:
    index: int
    fallible: bool = False

    def __call__(self, columns: Sequence[Column], length: int, context: Context) -> Column:
        return columns[self.index]


@dataclass(slots=True)
class _Constant:
    literal: Literal
    fallible: bool = False
    cached: Column | None = None

    def __call__(self, columns: Sequence[Column], length: int, context: Context) -> Column:
        cached = self.cached
        if cached is None or len(cached) < length:
            from engine.expressions.values import literal_column

            cached = self.cached = literal_column(self.literal, max(length, SMALL))
        return cached if len(cached) == length else cached.slice(0, length)


@dataclass(slots=True)
class _Shared:
    """A sub-expression that occurs more than once: evaluated once per frame."""

    inner: Node
    fallible: bool

    def __call__(self, columns: Sequence[Column], length: int, context: Context) -> Column:
        if not isinstance(columns, Frame):
            return self.inner(columns, length, context)
        found = columns.memo.get(id(self))
        if found is None:
            found = columns.memo[id(self)] = self.inner(columns, length, context)
        return found


@dataclass(slots=True)
class _Lazy:
    function: Function
    args: tuple[Node, ...]
    type: DataType
    fallible: bool

    def __call__(self, columns: Sequence[Column], length: int, context: Context) -> Column:
        assert self.function.lazily is not None
        return self.function.lazily(self.args, self.type, columns, length, context)


@dataclass(slots=True)
class _Eager:
    function: Function
    args: tuple[Node, ...]
    type: DataType
    fallible: bool
    dense: bool

    def __call__(self, columns: Sequence[Column], length: int, context: Context) -> Column:
        evaluate = self.function.evaluate
        assert evaluate is not None
        values = [a(columns, length, context) for a in self.args]
        if not self.function.strict:
            return evaluate(values, self.type, length, context)
        validity = common_validity(values)
        if validity is None:
            return evaluate(values, self.type, length, context)
        if self.dense and not validity.all():
            return self._dense(values, validity, length, context)
        result = evaluate(values, self.type, length, context)
        if result.validity is not None:
            validity = validity & result.validity
        return result.with_validity(validity)

    def _dense(self, values: list[Column], validity: Mask, length: int, context: Context) -> Column:
        rows = np.flatnonzero(validity)
        if len(rows) == 0:
            return null_column(self.type, length)
        assert self.function.evaluate is not None
        result = self.function.evaluate([v.take(rows) for v in values], self.type, len(rows), context)
        return scattered(result, validity)


def common_validity(columns: Iterable[Column]) -> Mask | None:
    """Where all are present; None where that is everywhere."""
    validity: Mask | None = None
    for column in columns:
        if column.validity is not None and column.type.kind is not Kind.SYMBOL:
            validity = column.validity if validity is None else validity & column.validity
    return validity


def scattered(column: Column, present: Mask) -> Column:
    """A column of the rows that are `present`, spread over all rows; the others are NULL."""
    positions = np.cumsum(present) - 1
    np.maximum(positions, 0, out=positions)
    wide = column.take(positions)
    return Column(wide.type, wide.values, present if wide.validity is None else present & wide.validity, wide.owners,
                  wide.children)


def evaluated_on(node: Node, columns: Sequence[Column], rows: Array, context: Context) -> Column:
    """A node's values for some rows only."""
    return node(Selected(columns, rows), len(rows), context)


class _Compiler:
    """Turns expressions into nodes; equal calls become one shared node."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self.uses: Counter[Expression] = Counter()
        for expression in expressions:
            self._count(expression)
        self.nodes: dict[Expression, Node] = {}

    def _count(self, expression: Expression) -> bool:
        """Counts the calls that can be shared; whether equal ones give equal values, down to the leaves."""
        if not isinstance(expression, Call):
            return True
        if self.uses[expression] > 0:
            self.uses[expression] += 1
            return True
        parts = [self._count(child) for child in expression.args]
        same = all(parts) and function_of(expression).deterministic
        self.uses[expression] = int(same)
        return same

    def node(self, expression: Expression) -> Node:
        match expression:
            case InputRef():
                return _Input(expression.index)
            case Literal():
                return _Constant(expression)
            case Call() if self.uses[expression] > 1:
                if expression not in self.nodes:
                    inner = self._call(expression)
                    self.nodes[expression] = _Shared(inner, inner.fallible)
                return self.nodes[expression]
            case Call():
                return self._call(expression)
        raise InternalError(f"no evaluator for {type(expression).__name__}")

    def _call(self, call: Call) -> Node:
        function = function_of(call)
        args = tuple(self.node(a) for a in call.args)
        fails = function.may_fail(tuple(a.type for a in call.args), call.type)
        fallible = fails or any(a.fallible for a in args)
        if function.lazily is not None:
            return _Lazy(function, args, call.type, fallible)
        return _Eager(function, args, call.type, fallible, function.dense or fails)


def _compiled(expressions: Sequence[Expression], compiler: _Compiler | None = None) -> tuple[Node, ...]:
    try:
        compiler = compiler or _Compiler(expressions)
        return tuple(compiler.node(e) for e in expressions)
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> UserError:
    return UserError("too_complex", "an expression is nested too deeply", hint="split it over several views")


def compile_expression(expression: Expression) -> Node:
    """The expression as an evaluator: columns, number of rows, context -> a column of that many rows."""
    (node,) = _compiled((expression,))
    return _Root(node, node.fallible)


@dataclass(slots=True)
class _Root:
    """The top of an expression: gives its parts one frame, so that what they share is computed once."""

    node: Node
    fallible: bool

    def __call__(self, columns: Sequence[Column], length: int, context: Context) -> Column:
        return self.node(Frame(columns), length, context)


@dataclass
class Projection:
    """Batches to batches of expressions; kinds, stamps and order travel along."""

    expressions: Sequence[Expression]
    nodes: tuple[Node, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = _compiled(self.expressions)

    def __call__(self, batch: Batch, context: Context) -> Batch:
        frame = Frame(batch.columns)
        return batch.with_columns(tuple([node(frame, batch.length, context) for node in self.nodes]))


@dataclass
class Predicate:
    """Batches to the rows (a mask) for which a condition is TRUE, neither FALSE nor NULL."""

    expression: Expression
    node: Node = field(init=False)

    def __post_init__(self) -> None:
        self.node = compile_expression(self.expression)

    def __call__(self, batch: Batch, context: Context) -> Mask:
        return truth(self.node(batch.columns, batch.length, context))


class Selection:
    """Batches to those of their rows for which a condition is TRUE, through expressions. What the condition has
    computed over all rows is not computed again for those that are left."""

    def __init__(self, condition: Expression, expressions: Sequence[Expression]) -> None:
        try:
            compiler = _Compiler((condition, *expressions))
        except RecursionError:
            raise _too_deep() from None
        (self._condition,) = _compiled((condition,), compiler)
        tested = dict(compiler.nodes)
        self._nodes = _compiled(expressions, compiler)
        used = {part for e in expressions for part in e.walk()} if tested else set()
        self._carried = [id(node) for part, node in tested.items() if part in used]

    def __call__(self, batch: Batch, context: Context) -> Batch:
        frame = Frame(batch.columns)
        kept = truth(self._condition(frame, batch.length, context))
        if not kept.all():
            batch = batch.take(kept)
            memo, frame = frame.memo, Frame(batch.columns)
            rows = np.flatnonzero(kept)
            frame.memo = {key: memo[key].take(rows) for key in self._carried if key in memo}
        return batch.with_columns(tuple([node(frame, batch.length, context) for node in self._nodes]))


def truth(column: Column) -> Mask:
    """Where a BOOLEAN column is TRUE."""
    return column.values if column.validity is None else column.values & column.validity
