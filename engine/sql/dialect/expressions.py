"""Scalar expressions: operators by precedence, primaries, names."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from sqlglot import exp
from sqlglot.tokens import TokenType

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.datatypes import TypeParser
from engine.sql.dialect.keywords import CALLABLE, NILADIC, RESERVED
from engine.sql.dialect.lexer import FlinkToken
from engine.sql.dialect.nodes import (
    Collected,
    JsonTest,
    MapValue,
    MultisetValue,
    RowValue,
    TypedLiteral,
    Unknown,
)

# How strongly operators bind, as in Calcite's operator table.
_NOT, _IS, _RANGE, _SIGN = 26, 28, 32, 80
_BINARY: dict[str, tuple[int, type[exp.Binary]]] = {
    "OR": (22, exp.Or), "AND": (24, exp.And),
    "=": (30, exp.EQ), "<>": (30, exp.NEQ), "!=": (30, exp.NEQ), "<": (30, exp.LT), "<=": (30, exp.LTE),
    ">": (30, exp.GT), ">=": (30, exp.GTE), "OVERLAPS": (30, exp.Overlaps),
    "+": (40, exp.Add), "-": (40, exp.Sub),
    "*": (60, exp.Mul), "/": (60, exp.Div), "%": (60, exp.Mod), "||": (60, exp.DPipe),
}
_COMPARISONS = frozenset({exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE})
_RANGES = frozenset({"IN", "BETWEEN", "LIKE", "SIMILAR"})
QUERY_STARTS = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})


class ExpressionParser(TypeParser):
    """The grammar of scalar expressions; queries and calls are the subclasses' matter."""

    @abstractmethod
    def query(self) -> Node:
        """A query with its WITH, ORDER BY and LIMIT."""

    @abstractmethod
    def call(self, names: list[exp.Identifier], start: FlinkToken) -> Node:
        """The function call that begins with these names; the current token is its parenthesis."""

    @abstractmethod
    def special_call(self, word: str) -> Node | None:
        """The call of a function with syntax of its own, or None if `word` does not begin one here."""

    # -- operators

    def expression(self, floor: int = 0) -> Node:
        """An expression of operators that bind more strongly than `floor`."""
        start = self.token
        left = self._prefixed()
        while True:
            word = self.word
            known = _BINARY.get(word)
            if known is not None:
                strength, node = known
                if strength <= floor:
                    return left
                self.advance()
                left = node(this=left, expression=self._right(node, strength))
            elif word == "IS" and floor < _IS:
                left = self.placed(self._is(left), start)
            elif (word in _RANGES or (word == "NOT" and self.ahead().word in _RANGES)) and floor < _RANGE:
                left = self._range(left)
            else:
                return left

    def _prefixed(self) -> Node:
        word = self.word
        if word == "NOT":
            self.advance()
            return exp.Not(this=self.expression(_NOT))
        if word == "-":
            start = self.advance()
            return self.placed(exp.Neg(this=self.expression(_SIGN)), start)
        if word == "+":
            self.advance()
            return self.expression(_SIGN)
        return self._postfixed(self.primary())

    def _right(self, node: type[exp.Binary], strength: int) -> Node:
        if node in _COMPARISONS and self.word in ("ANY", "SOME", "ALL") and self.ahead().word == "(":
            kind = exp.All if self.advance().word == "ALL" else exp.Any
            if self.is_query:
                return kind(this=self.closed_query())
            start = self.token
            return kind(this=self.placed(exp.Tuple(expressions=self.parenthesised(self.expression)), start))
        return self.expression(strength)

    def _is(self, left: Node) -> Node:
        self.expect("IS")
        negated = self.accept("NOT")
        if self.accept("DISTINCT"):
            self.expect("FROM")
            node = exp.NullSafeEQ if negated else exp.NullSafeNEQ
            return node(this=left, expression=self.expression(30))
        test = self._truth_test(left)
        return exp.Not(this=test) if negated else test

    def _truth_test(self, left: Node) -> Node:
        if self.accept("JSON"):
            return JsonTest(this=left, kind=self.accept_any("VALUE", "OBJECT", "ARRAY", "SCALAR") or "VALUE")
        word = self.expect_any("NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT", "JSON")
        return exp.Is(this=left, expression=_constant(word))

    def _range(self, left: Node) -> Node:
        negated = self.accept("NOT")
        word = self.expect_any(*sorted(_RANGES))
        node = _RANGE_PARSERS[word](self, left)
        return exp.Not(this=node) if negated else node

    def in_operator(self, left: Node) -> Node:
        """What follows IN: a list or a query."""
        if self.is_query:
            return exp.In(this=left, query=self.closed_query())
        return exp.In(this=left, expressions=self.parenthesised(self.expression))

    def between_operator(self, left: Node) -> Node:
        """What follows BETWEEN."""
        symmetric = self.accept("SYMMETRIC")
        if not symmetric:
            self.accept("ASYMMETRIC")
        low = self.expression(_RANGE)
        self.expect("AND")
        return exp.Between(this=left, low=low, high=self.expression(_RANGE), symmetric=symmetric or None)

    def like_operator(self, left: Node) -> Node:
        """What follows LIKE."""
        return self._escaped(exp.Like(this=left, expression=self.expression(_RANGE)))

    def similar_operator(self, left: Node) -> Node:
        """What follows SIMILAR."""
        self.expect("TO")
        return self._escaped(exp.SimilarTo(this=left, expression=self.expression(_RANGE)))

    def _escaped(self, node: Node) -> Node:
        return exp.Escape(this=node, expression=self.expression(_RANGE)) if self.accept("ESCAPE") else node

    # -- primaries

    def primary(self) -> Node:
        """An operand without operators."""
        token = self.token
        kind = token.token_type
        if kind is TokenType.IDENTIFIER:
            return self._named()
        if kind is TokenType.NUMBER:
            return self.number()
        if kind is TokenType.STRING or kind is TokenType.UNICODE_STRING:
            return self.string()
        if kind is TokenType.HEX_STRING:
            return self._binary()
        if kind is TokenType.VAR:
            return self._worded(token)
        if token.word == "(":
            return self._bracketed()
        if token.word == "?":
            return self.placed(exp.Placeholder(), self.advance())
        return self.fail("an expression")

    def _worded(self, token: FlinkToken) -> Node:
        word = token.word
        handler = _PRIMARIES.get(word)
        node = handler(self) if handler is not None else self.special_call(word)
        if node is not None:
            return self.placed(node, token)
        following = self.ahead().word
        if word in NILADIC and following != "(":
            self.advance()
            return self.placed(exp.Anonymous(this=token.text, expressions=[]), token)
        if word in RESERVED and not (word in CALLABLE and following == "("):
            return self.fail("an expression")
        return self._named()

    def _named(self) -> Node:
        """A column, a field of it, `t.*`, or a call."""
        start = self.token
        names = [self.any_name()]
        while self.word == ".":
            following = self.ahead()
            if following.word == "*":
                self.move_to(self.index + 2)
                star = self.placed(exp.Star(), following)
                return self.placed(_column([*names, star]), start)
            if following.token_type not in (TokenType.VAR, TokenType.IDENTIFIER):
                self.advance()
                return self.fail("an identifier")
            self.advance()
            names.append(self.any_name())
        if self.word == "(":
            return self.call(names, start)
        return self.placed(_column(names), start)

    def _postfixed(self, node: Node) -> Node:
        while True:
            if self.word == "[":
                self.advance()
                index = self.expression()
                self.expect("]")
                node = exp.Bracket(this=node, expressions=[index])
            elif self.word == "." and not isinstance(node, exp.Literal):
                self.advance()
                field = exp.Star() if self.accept("*") else self.any_field()
                node = exp.Dot(this=node, expression=field)
            else:
                return node

    def any_field(self) -> exp.Identifier:
        """A name after a dot."""
        if self.token.token_type not in (TokenType.VAR, TokenType.IDENTIFIER):
            self.fail("an identifier")
        return self.any_name()

    def _bracketed(self) -> Node:
        start = self.token
        if self.is_query:
            index = self.index
            self.advance()
            query = self.query()
            if self.accept(")"):
                return self.placed(exp.Subquery(this=query), start)
            self.move_to(index)
        self.advance()
        items = self.listed(self.row_item)
        self.expect(")")
        node = exp.Paren(this=items[0]) if len(items) == 1 else exp.Tuple(expressions=items)
        return self.placed(node, start)

    def row_item(self) -> Node:
        """An element of a row or list."""
        return self.expression()

    @property
    def is_query(self) -> bool:
        """Whether a parenthesis comes next, and a query after it (and any further ones)."""
        if self.word != "(":
            return False
        index = self.index
        while self.tokens[index].word == "(":
            index += 1
        return self.tokens[index].word in QUERY_STARTS

    def closed_query(self) -> exp.Subquery:
        """`(query)`."""
        start = self.token
        self.expect("(")
        query = self.query()
        self.expect(")")
        return self.placed(exp.Subquery(this=query), start)

    # -- words with a meaning of their own

    def literal_word(self) -> Node:
        """TRUE, FALSE, NULL, UNKNOWN."""
        return _constant(self.advance().word)

    def typed_literal(self) -> Node | None:
        """`DATE '...'` and the like; None for anything else that begins with such a word."""
        word = self.word
        kind = word
        count = 1
        if self.follows(word, "WITH", "LOCAL", "TIME", "ZONE"):
            kind, count = f"{word} WITH LOCAL TIME ZONE", 5
        if self.ahead(count).token_type is not TokenType.STRING:
            return None
        self.move_to(self.index + count)
        return TypedLiteral(this=self.string(), kind=kind)

    def interval(self) -> Node:
        """`INTERVAL [-] 'value' unit [TO unit]`."""
        self.expect("INTERVAL")
        negated = self.accept("-")
        if not negated:
            self.accept("+")
        value: Node = self.number() if self.token.token_type is TokenType.NUMBER else self.string()
        return exp.Interval(this=exp.Neg(this=value) if negated else value, unit=self.interval_unit())

    def case(self) -> Node:
        """CASE with or without an operand."""
        self.expect("CASE")
        operand = None if self.word == "WHEN" else self.expression()
        branches: list[exp.If] = []
        while self.accept("WHEN"):
            conditions = self.listed(self.expression) if operand is not None else [self.expression()]
            self.expect("THEN")
            result = self.expression()
            branches += [exp.If(this=each, true=result if i == 0 else result.copy()) for i, each in enumerate(conditions)]
        if not branches:
            self.fail("WHEN")
        default = self.expression() if self.accept("ELSE") else None
        self.expect("END")
        return exp.Case(this=operand, ifs=branches, default=default)

    def cast(self) -> Node:
        """CAST and TRY_CAST."""
        kind = exp.TryCast if self.advance().word == "TRY_CAST" else exp.Cast
        self.expect("(")
        value = self.expression()
        self.expect("AS")
        target = self.data_type()
        self.expect(")")
        return kind(this=value, to=target)

    def exists(self) -> Node:
        """EXISTS (query)."""
        self.expect("EXISTS")
        return exp.Exists(this=self.closed_query().this)

    def row_value(self) -> Node:
        """ROW(...)."""
        self.expect("ROW")
        return RowValue(expressions=self.parenthesised(self.row_item, empty=True))

    def collection_value(self) -> Node | None:
        """ARRAY[...], MAP[...], MULTISET[...] or such a word around a query."""
        word = self.word
        following = self.ahead().word
        if following == "[":
            self.move_to(self.index + 2)
            items = [] if self.word == "]" else self.listed(self.expression)
            self.expect("]")
            if word == "MAP" and len(items) % 2:
                self.fail_at(self.ahead(-1), "MAP takes keys and values in turn")
            return _COLLECTIONS[word](expressions=items)
        if following == "(" and self.ahead(2).word in QUERY_STARTS:
            self.move_to(self.index + 1)
            return Collected(this=self.closed_query().this, kind=word)
        return None

    def _binary(self) -> Node:
        start = self.token
        text = ""
        while self.token.token_type is TokenType.HEX_STRING:
            text += self.advance().text
        if len(text) % 2 or any(c not in "0123456789abcdefABCDEF" for c in text):
            self.fail_at(start, "a binary literal has an even number of hexadecimal digits")
        return self.placed(exp.HexString(this=text.lower()), start)


def _constant(word: str) -> Node:
    if word == "NULL":
        return exp.Null()
    if word == "UNKNOWN":
        return Unknown()
    return exp.Boolean(this=word == "TRUE")


def _column(parts: list[Node]) -> Node:
    """`a.b.c.d` as a Column (innermost part first in sqlglot's order), further parts as Dots."""
    head = parts[:4][::-1]
    node: Node = exp.Column(**dict(zip(("this", "table", "db", "catalog"), head, strict=False)))
    for part in parts[4:]:
        node = exp.Dot(this=node, expression=part)
    return node


_COLLECTIONS: dict[str, type[Node]] = {"ARRAY": exp.Array, "MAP": MapValue, "MULTISET": MultisetValue}
_RANGE_PARSERS: dict[str, Callable[[ExpressionParser, Node], Node]] = {
    "IN": ExpressionParser.in_operator, "BETWEEN": ExpressionParser.between_operator,
    "LIKE": ExpressionParser.like_operator, "SIMILAR": ExpressionParser.similar_operator,
}
_PRIMARIES: dict[str, Callable[[ExpressionParser], Node | None]] = {
    "TRUE": ExpressionParser.literal_word, "FALSE": ExpressionParser.literal_word,
    "NULL": ExpressionParser.literal_word, "UNKNOWN": ExpressionParser.literal_word,
    "DATE": ExpressionParser.typed_literal, "TIME": ExpressionParser.typed_literal,
    "TIMESTAMP": ExpressionParser.typed_literal, "INTERVAL": ExpressionParser.interval,
    "CASE": ExpressionParser.case, "CAST": ExpressionParser.cast, "TRY_CAST": ExpressionParser.cast,
    "EXISTS": ExpressionParser.exists, "ROW": ExpressionParser.row_value,
    "ARRAY": ExpressionParser.collection_value, "MAP": ExpressionParser.collection_value,
    "MULTISET": ExpressionParser.collection_value,
}
