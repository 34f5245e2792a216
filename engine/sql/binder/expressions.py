"""Scalar expressions: from the parsed tree to bound, typed expressions over the columns of a scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, Place, UserError
from engine.expressions.binding import cast, literal, number_literal, resolve_call
from engine.expressions.nodes import Call, Expression, Literal
from engine.sql import dialect as ast
from engine.sql.binder.nulls import check_nulls, typed
from engine.sql.binder.placeholders import GroupWindow, SubqueryKind, SubqueryRef
from engine.sql.binder.quantified import over_extremes
from engine.sql.literals import interval_literal, typed_literal
from engine.sql.places import own_place, place_of, spanning
from engine.sql.scope import Scope, nested, row_fields
from engine.sql.types import to_data_type
from engine.types import BOOLEAN, Kind

if TYPE_CHECKING:
    from engine.sql.binder.session import Session

BINARY: dict[type[exp.Expr], str] = {
    exp.And: "AND", exp.Or: "OR", exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.DPipe: "||", exp.Like: "LIKE",
    exp.SimilarTo: "SIMILAR TO", exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
}
_NEGATED = {
    "IS NULL": "IS NOT NULL",
    "IS TRUE": "IS NOT TRUE",
    "IS FALSE": "IS NOT FALSE",
    "IS UNKNOWN": "IS NOT UNKNOWN",
}


class ExpressionBinder:
    """Binds expressions of one clause. `clause` names it in errors; `aggregates` and `over` say what it may hold;
    `windows` are the query's named windows; `grouped` whether the query has GROUP BY."""

    def __init__(self, session: Session, scope: Scope, clause: str, *, aggregates: bool = False, over: bool = False,
                 windows: Mapping[str, exp.Window] | None = None, grouped: bool = True) -> None:
        self.session = session
        self.scope = scope
        self.clause = clause
        self.aggregates = aggregates
        self.over = over
        self.windows = windows or {}
        self.grouped = grouped

    def inner(self, clause: str) -> ExpressionBinder:
        """For arguments of an aggregate: no further aggregates there."""
        return ExpressionBinder(self.session, self.scope, clause, windows=self.windows, grouped=self.grouped)

    def bind(self, node: exp.Expr) -> Expression:
        """The bound expression; UserError with its place for what is wrong in it."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise NotSupported(f"{type(node).__name__} in an expression", place=place_of(node))
        expression = handler(self, node)
        if expression.place is None and (place := own_place(node)) is not None:
            expression = replace(expression, place=place)
        return expression

    def all(self, nodes: Sequence[exp.Expr]) -> list[Expression]:
        return [self.bind(n) for n in nodes]

    def condition(self, node: exp.Expr) -> Expression:
        """A condition: BOOLEAN or an error."""
        bound = self.bind(node)
        if bound.type.kind is Kind.NULL:
            return Literal(BOOLEAN, None, place=bound.place)
        if bound.type.kind is not Kind.BOOLEAN:
            raise UserError("bad_condition", f"{self.clause} clause must be a condition, not {bound.type}",
                            place=bound.place or place_of(node))
        return bound

    def call(self, name: str, args: Sequence[Expression], place: Place | None = None) -> Expression:
        """A call of a built-in function over bound arguments."""
        if place is None:
            for arg in args:
                place = spanning(place, arg.place)
        for arg in args:
            if isinstance(arg, GroupWindow):
                raise UserError("bad_window", "a group window belongs into GROUP BY only", place=arg.place)
        check_nulls(name, args, place)
        return resolve_call(name, args, self.session.config, place)

    def value(self, node: exp.Expr) -> Expression:
        """An expression that is a column of something: its type must be known."""
        return typed(self.bind(node), place_of(node))

    # ---- operators ---------------------------------------------------------------------------------------------------

    def binary(self, node: exp.Expr) -> Expression:
        left, right = node.this, node.expression
        if isinstance(right, exp.Any | exp.All):
            return self._quantified(node, right)
        name = BINARY[type(node)]
        if name in ("=", "<>") and isinstance(left, _ROWS) and isinstance(right, _ROWS):
            return self._row_comparison(node, name)
        return self.call(name, [self.bind(left), self.bind(right)])

    def junction(self, node: exp.Expr) -> Expression:
        """AND and OR, in chains of any length without deep recursion."""
        kind = type(node)
        terms: list[exp.Expr] = []
        while isinstance(node, kind):
            terms.append(node.expression)
            node = node.this
        result = self.bind(node)
        for term in reversed(terms):
            result = self.call(BINARY[kind], [result, self.bind(term)])
        return result

    def _row_comparison(self, node: exp.Expr, name: str) -> Expression:
        left, right = node.this.expressions, node.expression.expressions
        if len(left) != len(right):
            raise UserError("bad_arguments", "rows of different lengths cannot be compared", place=place_of(node))
        result: Expression | None = None
        for a, b in zip(left, right):
            term = self.call("=", [self.bind(a), self.bind(b)])
            result = term if result is None else self.call("AND", [result, term])
        assert result is not None
        return result if name == "=" else self.call("NOT", [result])

    def _quantified(self, node: exp.Expr, right: exp.Any | exp.All) -> Expression:
        """Comparisons with ANY (SOME) or ALL of a list or of a query's rows."""
        every = isinstance(right, exp.All)
        operand = right.this
        if isinstance(operand, exp.Subquery):
            if isinstance(node, exp.EQ) and not every:
                return self.bind(exp.In(this=node.this, query=operand))
            if isinstance(node, exp.NEQ) and every:
                return self.bind(exp.Not(this=exp.In(this=node.this, query=operand)))
            return self.bind(over_extremes(node, operand, every))
        left = self.bind(node.this)
        terms = [self.call(BINARY[type(node)], [left, self.bind(item)]) for item in operand.expressions]
        result = terms[0]
        for term in terms[1:]:
            result = self.call("AND" if every else "OR", [result, term])
        return result

    def negation(self, node: exp.Not) -> Expression:
        operand = self.bind(node.this)
        if isinstance(operand, Call) and operand.function in _NEGATED and isinstance(node.this, exp.Is):
            return self.call(_NEGATED[operand.function], operand.args)
        return self.call("NOT", [operand])

    def minus(self, node: exp.Neg) -> Expression:
        inner = node.this
        if isinstance(inner, exp.Literal) and not inner.is_string:
            return number_literal(f"-{inner.this}", place_of(node))
        operand = self.bind(inner)
        if (
            isinstance(operand, Literal)
            and isinstance(operand.value, int | float | Decimal)
            and operand.type.is_interval
        ):
            return replace(operand, value=-operand.value)
        return self.call("NEGATE", [operand])

    def is_test(self, node: exp.Is) -> Expression:
        operand = self.bind(node.this)
        match node.expression:
            case exp.Null():
                return self.call("IS NULL", [operand])
            case ast.Unknown():
                return self.call("IS UNKNOWN", [operand])
            case other:
                return self.call("IS TRUE" if other.this else "IS FALSE", [operand])

    def escape(self, node: exp.Escape) -> Expression:
        like = node.this
        return self.call(BINARY[type(like)], self.all([like.this, like.expression, node.expression]))

    def between(self, node: exp.Between) -> Expression:
        args = self.all([node.this, node.args["low"], node.args["high"]])
        return self.call("BETWEEN SYMMETRIC" if node.args.get("symmetric") else "BETWEEN", args)

    def in_(self, node: exp.In) -> Expression:
        query = node.args.get("query")
        if query is None:
            return self._in_list(node)
        operands = node.this.expressions if isinstance(node.this, _ROWS) else [node.this]
        return self.session.in_subquery(self, query, self.all(operands), place_of(node))

    def _in_list(self, node: exp.In) -> Expression:
        if not isinstance(node.this, _ROWS):
            return self.call("IN", self.all([node.this, *node.expressions]))
        terms = [self.bind(exp.EQ(this=node.this, expression=row)) for row in node.expressions]
        result = terms[0]
        for term in terms[1:]:
            result = self.call("OR", [result, term])
        return result

    def overlaps(self, node: exp.Overlaps) -> Expression:
        return self.call("OVERLAPS", self.all([*node.this.expressions, *node.expression.expressions]))

    def case(self, node: exp.Case) -> Expression:
        args: list[Expression] = []
        operand = self.bind(node.this) if node.this is not None else None
        for branch in node.args["ifs"]:
            if operand is None:
                args.append(self.bind(branch.this))
            else:
                args.append(self.call("=", [operand, self.bind(branch.this)]))
            args.append(self.bind(branch.args["true"]))
        default = node.args.get("default")
        args.append(self.bind(default) if default is not None else literal(None))
        return self.call("CASE", args)

    def cast(self, node: exp.Cast) -> Expression:
        operand = self.bind(node.this)
        result = cast(operand, to_data_type(node.to), isinstance(node, exp.TryCast), place_of(node))
        if result is operand and self.scope.is_time(operand):  # the same value, but no time attribute any more
            result = Call(operand.type, function="CAST", args=(operand,), place=place_of(node))
        return result

    # ---- names -------------------------------------------------------------------------------------------------------

    def column(self, node: exp.Column) -> Expression:
        if isinstance(node.this, exp.Star):
            raise UserError("bad_star", "* may stand only in the select list", place=place_of(node))
        return self.scope.resolve([p.name for p in node.parts], own_place(node) or place_of(node))

    def dot(self, node: exp.Dot) -> Expression:
        return nested(self.bind(node.this), [node.expression.name], place_of(node))

    def item(self, node: exp.Bracket) -> Expression:
        operand, index = self.bind(node.this), self.bind(node.expressions[0])
        if operand.type.kind is Kind.ROW and isinstance(index, Literal) and isinstance(index.value, int):
            fields = row_fields(operand, place_of(node))
            if 1 <= index.value <= len(fields):
                return fields[index.value - 1][1]
        return self.call("ITEM", [operand, index])

    # ---- values ------------------------------------------------------------------------------------------------------

    def string_or_number(self, node: exp.Literal) -> Expression:
        return literal(node.this, own_place(node)) if node.is_string else number_literal(node.this, own_place(node))

    def boolean(self, node: exp.Boolean) -> Expression:
        return literal(bool(node.this), own_place(node))

    def null(self, node: exp.Expr) -> Expression:
        return literal(None, own_place(node))

    def unknown(self, node: exp.Expr) -> Expression:
        return Literal(BOOLEAN, None, place=own_place(node))

    def binary_string(self, node: exp.HexString) -> Expression:
        return literal(bytes.fromhex(node.this), own_place(node))

    def row(self, node: exp.Expr) -> Expression:
        return self.call("ROW", self.all(node.expressions), place_of(node))

    def array(self, node: exp.Expr) -> Expression:
        return self.call("ARRAY", self.all(node.expressions), place_of(node))

    def map(self, node: exp.Expr) -> Expression:
        return self.call("MAP", self.all(node.expressions), place_of(node))

    # ---- subqueries --------------------------------------------------------------------------------------------------

    def scalar_subquery(self, node: exp.Subquery) -> Expression:
        return self.session.scalar_subquery(self, node, place_of(node))

    def exists(self, node: exp.Exists) -> Expression:
        relation, outer = self.session.subquery(node.this, self.scope)
        return SubqueryRef(BOOLEAN.as_nullable(False), relation=relation, kind=SubqueryKind.EXISTS, outer=outer,
                           place=place_of(node))

    def wrapped(self, node: exp.Expr) -> Expression:
        return self.bind(node.this)


def _calls(name: str) -> Callable[[ExpressionBinder, exp.Expr], Expression]:
    """A handler of `engine.sql.binder.calls`, imported when first needed."""

    def handle(binder: ExpressionBinder, node: exp.Expr) -> Expression:
        from engine.sql.binder import calls

        return getattr(calls, name)(binder, node)

    return handle


_ROWS = (exp.Tuple, ast.RowValue)
_HANDLERS: dict[type[exp.Expr], Callable[..., Expression]] = {
    **dict.fromkeys(BINARY, ExpressionBinder.binary),
    exp.And: ExpressionBinder.junction, exp.Or: ExpressionBinder.junction,
    exp.Not: ExpressionBinder.negation, exp.Neg: ExpressionBinder.minus, exp.Is: ExpressionBinder.is_test,
    exp.Escape: ExpressionBinder.escape, exp.Between: ExpressionBinder.between, exp.In: ExpressionBinder.in_,
    exp.Overlaps: ExpressionBinder.overlaps, exp.Case: ExpressionBinder.case, exp.Cast: ExpressionBinder.cast,
    exp.TryCast: ExpressionBinder.cast, exp.Column: ExpressionBinder.column, exp.Dot: ExpressionBinder.dot,
    exp.Bracket: ExpressionBinder.item, exp.Literal: ExpressionBinder.string_or_number,
    exp.Boolean: ExpressionBinder.boolean, exp.Null: ExpressionBinder.null, ast.Unknown: ExpressionBinder.unknown,
    exp.HexString: ExpressionBinder.binary_string, exp.Tuple: ExpressionBinder.row, ast.RowValue: ExpressionBinder.row,
    exp.Array: ExpressionBinder.array, ast.MapValue: ExpressionBinder.map, exp.Paren: ExpressionBinder.wrapped,
    exp.FormatJson: ExpressionBinder.wrapped, exp.Subquery: ExpressionBinder.scalar_subquery,
    exp.Exists: ExpressionBinder.exists, ast.TypedLiteral: lambda _, node: typed_literal(node),
    exp.Interval: lambda _, node: interval_literal(node),
    exp.Anonymous: _calls("function"), exp.Filter: _calls("filtered"), exp.WithinGroup: _calls("within_group"),
    exp.Window: _calls("over"), exp.IgnoreNulls: _calls("nulls"), exp.RespectNulls: _calls("nulls"),
    exp.Extract: _calls("extract"), ast.RoundToUnit: _calls("round_to_unit"), exp.Trim: _calls("trim"),
    exp.StrPosition: _calls("position"), exp.Overlay: _calls("overlay"), ast.JsonCall: _calls("json_call"),
    ast.JsonTest: _calls("json_test"),
}
