"""What every part of the parser stands on: moving over tokens, names, lists, positions and errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from sqlglot import exp
from sqlglot.tokens import TokenType

from engine.errors import Place, UserError
from engine.sql.dialect.keywords import RESERVED
from engine.sql.dialect.lexer import FlinkToken

Node = exp.Expression
N = TypeVar("N", bound=Node)
T = TypeVar("T")

SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Unexpected(UserError):
    """A token that cannot come here."""

    def __init__(self, message: str, place: Place, hint: str | None) -> None:
        super().__init__("syntax", message, place=place, hint=hint)


class Cursor:
    """A position in a list of tokens. `token` is the current one and `word` its `word`."""

    def __init__(self, tokens: list[FlinkToken], sql: str) -> None:
        self.tokens = tokens
        self.sql = sql
        self.index = 0
        self._closing: dict[int, int] = {}
        self.token = tokens[0]
        self.word = self.token.word

    # -- moving

    def move_to(self, index: int) -> None:
        """Make `index` the current token."""
        self.index = index
        self.token = self.tokens[index]
        self.word = self.token.word

    def advance(self) -> FlinkToken:
        """Step over the current token and return it."""
        token = self.token
        if token.token_type is not TokenType.END:
            self.move_to(self.index + 1)
        return token

    def ahead(self, count: int = 1) -> FlinkToken:
        """The token `count` further on (the end at most)."""
        return self.tokens[min(self.index + count, len(self.tokens) - 1)]

    def after_closing(self, index: int) -> FlinkToken:
        """The token after the parenthesis that closes the one at `index` (the end if none does)."""
        if not self._closing:
            self._closing = _closing(self.tokens)
        return self.tokens[self._closing.get(index, len(self.tokens) - 2) + 1]

    def accept(self, word: str, *more: str) -> bool:
        """Step over exactly these words if they come next."""
        if self.word != word or (more and not self.follows(word, *more)):
            return False
        self.move_to(self.index + 1 + len(more))
        return True

    def follows(self, *words: str) -> bool:
        """Whether exactly these words come next."""
        tokens, index = self.tokens, self.index
        if index + len(words) > len(tokens):
            return False
        return all(tokens[index + i].word == word for i, word in enumerate(words))

    def accept_any(self, *words: str) -> str | None:
        """Step over one of these words if it comes next, and say which."""
        for word in words:
            if self.accept(word):
                return word
        return None

    def expect(self, *words: str) -> None:
        """Step over these words or fail."""
        for word in words:
            if not self.accept(word):
                self.fail(word)

    def expect_any(self, *words: str) -> str:
        """Step over one of these words or fail."""
        return self.accept_any(*words) or self.fail(*words)

    # -- names and values

    @property
    def is_name(self) -> bool:
        """Whether the current token can be a name."""
        kind = self.token.token_type
        return kind is TokenType.IDENTIFIER or (kind is TokenType.VAR and self.word not in RESERVED)

    def name(self) -> exp.Identifier:
        """A simple identifier."""
        if not self.is_name:
            self.fail("an identifier")
        return self.any_name()

    def any_name(self) -> exp.Identifier:
        """The current word or quoted name as an identifier, even if it is reserved."""
        token = self.advance()
        node = exp.Identifier(this=token.text, quoted=SAFE_NAME.match(token.text) is None)
        node._meta = {"line": token.line, "col": token.col, "start": token.start, "end": token.end}
        return node

    def path(self) -> list[exp.Identifier]:
        """A compound identifier: `a.b.c`. Words after a dot may be reserved."""
        parts = [self.name()]
        while self.word == "." and self.ahead().token_type in (TokenType.VAR, TokenType.IDENTIFIER):
            self.advance()
            parts.append(self.any_name())
        return parts

    def table_name(self) -> exp.Table:
        """`[[catalog.]database.]object` as a Table."""
        start = self.token
        parts = self.path()
        if len(parts) > 3:
            self.fail_at(start, "a name has at most three parts: catalog.database.object")
        parts = parts[::-1]
        return exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))

    def string(self) -> exp.Literal:
        """A character string literal."""
        if self.token.token_type not in (TokenType.STRING, TokenType.UNICODE_STRING):
            self.fail("a string literal")
        start = self.token
        text = ""
        while self.token.token_type in (TokenType.STRING, TokenType.UNICODE_STRING):
            token = self.advance()
            text += _unescape(token, self) if token.token_type is TokenType.UNICODE_STRING else token.text
        return self.placed(exp.Literal(this=text, is_string=True), start)

    def integer(self) -> exp.Literal:
        """An unsigned integer literal."""
        if self.token.token_type is not TokenType.NUMBER or not self.token.text.isdigit():
            self.fail("an unsigned integer")
        return self.number()

    def number(self) -> exp.Literal:
        """An unsigned numeric literal."""
        token = self.advance()
        return self.placed(exp.Literal(this=token.text, is_string=False), token)

    # -- lists

    def listed(self, item: Callable[[], T]) -> list[T]:
        """One or more items with commas between."""
        items = [item()]
        while self.accept(","):
            items.append(item())
        return items

    def parenthesised(self, item: Callable[[], T], *, empty: bool = False) -> list[T]:
        """`(item, ...)`; `empty` allows `()`."""
        self.expect("(")
        if empty and self.accept(")"):
            return []
        items = self.listed(item)
        self.expect(")")
        return items

    # -- positions and errors

    def placed(self, node: N, start: FlinkToken) -> N:
        """`node` with its place set: from `start` to the last token stepped over."""
        last = self.tokens[self.index - 1]
        node._meta = {"line": start.line, "col": start.col, "start": start.start, "end": last.end}
        return node

    def fail(self, *expected: str) -> NoReturn:
        """Refuse the current token."""
        token = self.token
        met = "end of the text" if token.token_type is TokenType.END else repr(_text_of(token, self.sql))
        wanted, hint = self.wanted(expected)
        raise Unexpected(f"unexpected {met}; expected {wanted}", token.place, hint)

    def fail_at(self, token: FlinkToken, message: str, *, code: str = "syntax", hint: str | None = None) -> NoReturn:
        """Refuse what begins at `token`, for another reason than an unexpected word."""
        raise UserError(code, message, place=Place(token.line, token.col, token.start, token.end + 1), hint=hint)

    def wanted(self, expected: tuple[str, ...]) -> tuple[str, str | None]:
        """What could have come instead, as text, and a hint."""
        return " or ".join(expected), None


def _closing(tokens: list[FlinkToken]) -> dict[int, int]:
    """Opening parenthesis -> closing one, as indexes."""
    pairs: dict[int, int] = {}
    open_ones: list[int] = []
    for index, token in enumerate(tokens):
        if token.word == "(":
            open_ones.append(index)
        elif token.word == ")" and open_ones:
            pairs[open_ones.pop()] = index
    return pairs


def _text_of(token: FlinkToken, sql: str) -> str:
    return sql[token.start:token.end + 1]


def _unescape(token: FlinkToken, cursor: Cursor) -> str:
    r"""Value of `U&'\00e9'`, with the character of a UESCAPE clause that follows."""
    mark = "\\"
    if cursor.accept("UESCAPE"):
        mark = cursor.advance().text
    if len(mark) != 1 or mark in "+'\"" or mark.isalnum() or mark.isspace():
        cursor.fail_at(token, "UESCAPE takes one character that is no letter, digit, space, quote or plus sign")
    quoted = re.escape(mark)
    parts = re.compile(rf"{quoted}(?:({quoted})|([0-9A-Fa-f]{{4}})|\+([0-9A-Fa-f]{{6}}))|({quoted})|([^{quoted}]+)")
    result = []
    for match in parts.finditer(token.text):
        double, short, long, bad, plain = match.groups()
        if bad:
            cursor.fail_at(token, "a Unicode escape has four hexadecimal digits")
        result.append(plain or double or chr(int(short or long, 16)))
    return "".join(result)
