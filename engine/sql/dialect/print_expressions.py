"""Printing scalar expressions and types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.sql.dialect import nodes
from engine.sql.dialect.keywords import NILADIC

if TYPE_CHECKING:
    from engine.sql.dialect.generator import FlinkGenerator

Node = exp.Expr
Printer = Callable[["FlinkGenerator", Node], str]

_ATOM = 100
_STRENGTH: dict[type[Node], int] = {
    exp.Select: 0, exp.Union: 0, exp.Except: 0, exp.Intersect: 0, exp.Values: 0, exp.Alias: 0,
    exp.Or: 22, exp.And: 24, exp.Not: 26, exp.Is: 28, nodes.JsonTest: 28, exp.EQ: 30, exp.NEQ: 30, exp.LT: 30,
    exp.LTE: 30, exp.GT: 30, exp.GTE: 30, exp.Overlaps: 30, exp.NullSafeEQ: 30, exp.NullSafeNEQ: 30, exp.In: 32,
    exp.Between: 32, exp.Like: 32, exp.SimilarTo: 32, exp.Escape: 32, exp.Add: 40, exp.Sub: 40, exp.Mul: 60,
    exp.Div: 60, exp.Mod: 60, exp.DPipe: 60, exp.Neg: 80,
}
_OPERATORS: dict[type[Node], str] = {
    exp.Or: "OR", exp.And: "AND", exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.Overlaps: "OVERLAPS", exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.DPipe: "||",
}
_MATCHES: dict[type[Node], str] = {exp.Like: "LIKE", exp.SimilarTo: "SIMILAR TO"}
# What NOT is written into instead of before.
_NEGATABLE = (exp.Is, nodes.JsonTest, exp.In, exp.Between, exp.Like, exp.SimilarTo, exp.Escape)


def strength(node: Node) -> int:
    """How strongly the text of `node` binds."""
    kind = type(node)
    if kind is exp.Not and isinstance(node.this, _NEGATABLE):
        kind = type(node.this)
    return _STRENGTH.get(kind, _ATOM)


def operand(g: FlinkGenerator, node: Node, least: int) -> str:
    """The text of an operand, in parentheses if it binds less than `least`."""
    text = g.sql(node)
    return text if strength(node) >= least else f"({text})"


def _binary(g: FlinkGenerator, e: Node) -> str:
    """Operators are left-associative; without recursion to the left, where chains grow long."""
    own = _STRENGTH[type(e)]
    parts: list[str] = []
    node = e
    while type(node) in _OPERATORS and _STRENGTH[type(node)] == own:
        parts += [operand(g, node.expression, own + 1), _OPERATORS[type(node)]]
        node = node.this
    parts.append(operand(g, node, own))
    return " ".join(reversed(parts))


def _escape(g: FlinkGenerator, e: Node, word: str = "") -> str:
    inner = e.this
    return f"{_matching(g, inner, word)} ESCAPE {operand(g, e.expression, 33)}"


def _matching(g: FlinkGenerator, e: Node, word: str = "") -> str:
    return f"{operand(g, e.this, 32)} {word}{_MATCHES[type(e)]} {operand(g, e.expression, 33)}"


def _is(g: FlinkGenerator, e: Node, word: str = "") -> str:
    return f"{operand(g, e.this, 28)} IS {word}{g.sql(e.expression)}"


def _json_test(g: FlinkGenerator, e: Node, word: str = "") -> str:
    return f"{operand(g, e.this, 28)} IS {word}JSON {e.args['kind']}"


def _in(g: FlinkGenerator, e: Node, word: str = "") -> str:
    query = e.args.get("query")
    if query is None:
        items = f"({g.commas(e.expressions)})"
    else:
        items = g.sql(query) if isinstance(query, exp.Subquery) else g.enclosed(g.sql(query))
    return f"{operand(g, e.this, 32)} {word}IN {items}"


def _between(g: FlinkGenerator, e: Node, word: str = "") -> str:
    symmetric = "SYMMETRIC " if e.args.get("symmetric") else ""
    low, high = operand(g, e.args["low"], 33), operand(g, e.args["high"], 33)
    return f"{operand(g, e.this, 32)} {word}BETWEEN {symmetric}{low} AND {high}"


_NEGATED: dict[type[Node], Callable[[FlinkGenerator, Node, str], str]] = {
    exp.Is: _is, nodes.JsonTest: _json_test, exp.In: _in, exp.Between: _between, exp.Like: _matching,
    exp.SimilarTo: _matching, exp.Escape: _escape,
}


def _not(g: FlinkGenerator, e: Node) -> str:
    negated = _NEGATED.get(type(e.this))
    return negated(g, e.this, "NOT ") if negated is not None else f"NOT {operand(g, e.this, 26)}"


def _neg(g: FlinkGenerator, e: Node) -> str:
    text = operand(g, e.this, 80)
    return f"- {text}" if text.startswith("-") else f"-{text}"


def _quantified(word: str) -> Printer:
    def print_quantified(g: FlinkGenerator, e: Node) -> str:
        text = g.sql(e.this)
        return f"{word} {text if text.startswith('(') else g.enclosed(text)}"

    return print_quantified


# -- names, literals


def _identifier(g: FlinkGenerator, e: Node) -> str:
    return g.name(e.this)


def _column(g: FlinkGenerator, e: Node) -> str:
    args = e.args
    return ".".join([g.sql(args[key]) for key in ("catalog", "db", "table", "this") if args.get(key) is not None])


def _dot(g: FlinkGenerator, e: Node) -> str:
    return f"{operand(g, e.this, _ATOM)}.{g.sql(e.expression)}"


def _bracket(g: FlinkGenerator, e: Node) -> str:
    return f"{operand(g, e.this, _ATOM)}[{g.commas(e.expressions)}]"


def _literal(g: FlinkGenerator, e: Node) -> str:
    return g.quoted(e.this) if e.args["is_string"] else str(e.this)


def _interval(g: FlinkGenerator, e: Node) -> str:
    value = e.this
    if isinstance(value, exp.Neg):
        text = f"-{g.sql(value.this)}"
    elif isinstance(value, exp.Literal) and not value.is_string:
        text = g.quoted(value.this)
    else:
        text = g.sql(value)
    return f"INTERVAL {text} {g.sql(e.args['unit'])}" if value is not None else f"INTERVAL {g.sql(e.args['unit'])}"


def _alias(g: FlinkGenerator, e: Node) -> str:
    return f"{g.sql(e.this)} AS {g.sql(e.args['alias'])}"


# -- calls


def _call(g: FlinkGenerator, e: Node) -> str:
    name = e.this
    if isinstance(name, str) and name.upper() in NILADIC and not e.expressions:
        return name
    return f"{name if isinstance(name, str) else g.sql(name)}({g.commas(e.expressions)})"


def _distinct(g: FlinkGenerator, e: Node) -> str:
    return f"DISTINCT {g.commas(e.expressions)}" if e.expressions else "DISTINCT"


def _case(g: FlinkGenerator, e: Node) -> str:
    parts = ["CASE" if e.this is None else f"CASE {g.sql(e.this)}"]
    parts += [f"WHEN {g.sql(each.this)} THEN {g.sql(each.args['true'])}" for each in e.args["ifs"]]
    if e.args.get("default") is not None:
        parts.append(f"ELSE {g.sql(e.args['default'])}")
    return " ".join([*parts, "END"])


def _cast(word: str) -> Printer:
    return lambda g, e: f"{word}({g.sql(e.this)} AS {g.sql(e.args['to'])})"


def _filter(g: FlinkGenerator, e: Node) -> str:
    return f"{g.sql(e.this)} FILTER (WHERE {g.sql(e.expression.this)})"


def _exists(g: FlinkGenerator, e: Node) -> str:
    inner = e.this.this if isinstance(e.this, exp.Subquery) else e.this
    return f"EXISTS {g.enclosed(g.sql(inner))}"


def _trim(g: FlinkGenerator, e: Node) -> str:
    side, characters = e.args.get("position"), e.args.get("expression")
    words = [word for word in (side, g.sql(characters) if characters is not None else "") if word]
    return f"TRIM({' '.join([*words, 'FROM', '']) if words else ''}{g.sql(e.this)})"


def _overlay(g: FlinkGenerator, e: Node) -> str:
    return (f"OVERLAY({g.sql(e.this)} PLACING {g.sql(e.expression)} FROM {g.sql(e.args['from_'])}"
            f"{g.part(e, 'for_', ' FOR ')})")


def _position(g: FlinkGenerator, e: Node) -> str:
    return f"POSITION({operand(g, e.args['substr'], 33)} IN {g.sql(e.this)}{g.part(e, 'position', ' FROM ')})"


def _json_call(g: FlinkGenerator, e: Node) -> str:
    args = e.args
    parts = [g.commas(e.expressions), g.part(e, "returning", "RETURNING "), g.part(e, "order")]
    if wrapper := args.get("wrapper"):
        parts.append("WITHOUT ARRAY WRAPPER" if wrapper == "WITHOUT" else f"WITH {wrapper} ARRAY WRAPPER")
    parts += [g.part(e, "on_empty", "", " ON EMPTY"), g.part(e, "on_error", "", " ON ERROR")]
    if args.get("on_null"):
        parts.append(f"{args['on_null']} ON NULL")
    return f"{e.this}({' '.join([part for part in parts if part])})"


def _table_argument(g: FlinkGenerator, e: Node) -> str:
    table = g.sql(e.this)
    keys = e.args.get("partition_by")
    order = e.args.get("order")
    return "".join([
        table if isinstance(e.this, exp.Subquery) else f"TABLE {table}",
        f" PARTITION BY ({g.commas(keys)})" if keys else "",
        f" ORDER BY ({g.commas(order.expressions)})" if order is not None else "",
    ])


def _listing(before: str, after: str) -> Printer:
    return lambda g, e: f"{before}{g.commas(e.expressions)}{after}"


def _wrapping(before: str, after: str = "") -> Printer:
    return lambda g, e: f"{before}{g.sql(e.this)}{after}"


PRINTERS: dict[type[Node], Printer] = {
    **dict.fromkeys(_OPERATORS, _binary),
    exp.Like: _matching, exp.SimilarTo: _matching, exp.Escape: _escape,
    exp.Not: _not, exp.Neg: _neg, exp.Is: _is, exp.In: _in, exp.Between: _between, nodes.JsonTest: _json_test,
    exp.Any: _quantified("SOME"), exp.All: _quantified("ALL"),
    exp.Identifier: _identifier, exp.Column: _column, exp.Dot: _dot, exp.Bracket: _bracket, exp.Star: lambda g, e: "*",
    exp.Literal: _literal, exp.Boolean: lambda g, e: "TRUE" if e.this else "FALSE", exp.Null: lambda g, e: "NULL",
    nodes.Unknown: lambda g, e: "UNKNOWN", exp.HexString: lambda g, e: f"X'{e.this}'",
    exp.Placeholder: lambda g, e: "?", exp.Var: lambda g, e: str(e.this),
    nodes.TypedLiteral: lambda g, e: f"{e.args['kind']} {g.sql(e.this)}",
    exp.Interval: _interval, exp.IntervalSpan: lambda g, e: f"{g.sql(e.this)} TO {g.sql(e.expression)}",
    nodes.UnitPrecision: lambda g, e: f"{g.sql(e.this)}({g.commas(e.expressions)})",
    exp.Alias: _alias, exp.Paren: _wrapping("(", ")"),
    exp.Tuple: _listing("(", ")"), nodes.RowValue: _listing("ROW(", ")"), exp.Array: _listing("ARRAY[", "]"),
    nodes.MapValue: _listing("MAP[", "]"), nodes.MultisetValue: _listing("MULTISET[", "]"),
    nodes.Collected: lambda g, e: f"{e.args['kind']}{g.enclosed(g.sql(e.this))}",
    exp.Anonymous: _call, exp.Distinct: _distinct, exp.Case: _case,
    exp.Cast: _cast("CAST"), exp.TryCast: _cast("TRY_CAST"),
    exp.Filter: _filter, exp.Exists: _exists, exp.Trim: _trim, exp.Overlay: _overlay, exp.StrPosition: _position,
    exp.IgnoreNulls: _wrapping("", " IGNORE NULLS"), exp.RespectNulls: _wrapping("", " RESPECT NULLS"),
    exp.WithinGroup: lambda g, e: f"{g.sql(e.this)} WITHIN GROUP ({g.sql(e.expression)})",
    nodes.WithinDistinct: lambda g, e: f"{g.sql(e.this)} WITHIN DISTINCT ({g.commas(e.expressions)})",
    exp.Extract: lambda g, e: f"EXTRACT({g.sql(e.this)} FROM {g.sql(e.expression)})",
    nodes.RoundToUnit: lambda g, e: f"{e.args['kind']}({g.sql(e.this)} TO {g.sql(e.args['unit'])})",
    exp.Kwarg: lambda g, e: f"{g.sql(e.this)} => {g.sql(e.expression)}",
    exp.JSONKeyValue: lambda g, e: f"KEY {g.sql(e.this)} VALUE {g.sql(e.expression)}",
    exp.FormatJson: _wrapping("", " FORMAT JSON"), nodes.JsonCall: _json_call,
    nodes.JsonBehavior: lambda g, e: f"{e.this}{g.part(e, 'expression', ' ')}",
    nodes.Default: lambda g, e: "DEFAULT", nodes.Descriptor: _listing("DESCRIPTOR(", ")"),
    nodes.TableArgument: _table_argument, nodes.ModelArgument: _wrapping("MODEL "),
    nodes.Running: _wrapping("RUNNING "), nodes.Final: _wrapping("FINAL "),
    nodes.Option: lambda g, e: f"{g.sql(e.this)} = {g.sql(e.expression)}",
}
