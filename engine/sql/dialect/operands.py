"""Operands: names, literals, constructors, CASE and CAST."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

from sqlglot import exp
from sqlglot.tokens import TokenType

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.datatypes import TypeParser
from engine.sql.dialect.keywords import CALLABLE, NILADIC, RESERVED
from engine.sql.dialect.lexer import FlinkToken
from engine.sql.dialect.nodes import Collected, MapValue, MultisetValue, RowValue, TypedLiteral, Unknown

QUERY_STARTS = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
_AFTER_QUERY = frozenset({")", "UNION", "EXCEPT", "MINUS", "INTERSECT", "ORDER", "LIMIT", "OFFSET", "FETCH"})


class OperandParser(TypeParser):
    """The grammar of operands; operators, calls and queries are the subclasses' matter."""

    @abstractmethod
    def expression(self, floor: int = 0) -> Node:
        """An expression of operators that bind more strongly than `floor`."""

    @abstractmethod
    def query(self) -> Node:
        """A query with its WITH, ORDER BY and LIMIT."""

    @abstractmethod
    def call(self, names: list[exp.Identifier], start: FlinkToken) -> Node:
        """The function call that begins with these names; the current token is its parenthesis."""

    @abstractmethod
    def special_call(self, word: str) -> Node | None:
        """The call of a function with syntax of its own, or None if `word` does not begin one here."""

    # -- any operand

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

    def postfixed(self, node: Node) -> Node:
        """`node` with the indexes and fields that follow it."""
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
            return self.closed_query()
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
        """Whether a query in parentheses comes next: `(SELECT`, `((SELECT ...) UNION`, but not `((SELECT ...) + 1`."""
        if self.word != "(":
            return False
        index = self.index + 1
        while self.tokens[index].word == "(":
            if self.after_closing(index).word not in _AFTER_QUERY:
                return False
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
        return constant(self.advance().word)

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
        value = self.integer() if self.token.token_type is TokenType.NUMBER else self.string()
        value.set("is_string", True)
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
            branches += [exp.If(this=conditions[0], true=result)]
            branches += [exp.If(this=condition, true=result.copy()) for condition in conditions[1:]]
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
        while self.token.token_type is TokenType.HEX_STRING or (text and self.token.token_type is TokenType.STRING):
            text += self.advance().text
        if len(text) % 2 or any(c not in "0123456789abcdefABCDEF" for c in text):
            self.fail_at(start, "a binary literal has an even number of hexadecimal digits")
        return self.placed(exp.HexString(this=text.lower()), start)


def constant(word: str) -> Node:
    """The node of TRUE, FALSE, NULL or UNKNOWN."""
    if word == "NULL":
        return exp.Null()
    if word == "UNKNOWN":
        return Unknown()
    return exp.Boolean(this=word == "TRUE")


def _column(parts: Sequence[Node]) -> Node:
    """`a.b.c.d` as a Column (innermost part first in sqlglot's order), further parts as Dots."""
    head = parts[:4][::-1]
    node: Node = exp.Column(**dict(zip(("this", "table", "db", "catalog"), head, strict=False)))
    for part in parts[4:]:
        node = exp.Dot(this=node, expression=part)
    return node


_COLLECTIONS: dict[str, type[Node]] = {"ARRAY": exp.Array, "MAP": MapValue, "MULTISET": MultisetValue}
_PRIMARIES: dict[str, Callable[[OperandParser], Node | None]] = {
    "TRUE": OperandParser.literal_word, "FALSE": OperandParser.literal_word,
    "NULL": OperandParser.literal_word, "UNKNOWN": OperandParser.literal_word,
    "DATE": OperandParser.typed_literal, "TIME": OperandParser.typed_literal,
    "TIMESTAMP": OperandParser.typed_literal, "INTERVAL": OperandParser.interval,
    "CASE": OperandParser.case, "CAST": OperandParser.cast, "TRY_CAST": OperandParser.cast,
    "EXISTS": OperandParser.exists, "ROW": OperandParser.row_value,
    "ARRAY": OperandParser.collection_value, "MAP": OperandParser.collection_value,
    "MULTISET": OperandParser.collection_value,
}
