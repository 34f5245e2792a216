"""Text to tokens."""

from __future__ import annotations

import re

from sqlglot.tokens import Token, Tokenizer, TokenType

from engine.errors import Place, UserError

# One alternative a group; the order is from frequent to rare except where a prefix decides. Spaces are skipped with the
# token they stand before, which halves the number of matches.
_PATTERN = re.compile(
    r"""
    [ ]*(?:
      (\s+ | --[^\n]* | //[^\n]* | /\*(?!\+).*?\*/)                             # 1 space and comments
    | ([xX]'[^']*' | [uU]&'(?:[^']|'')*' | (?:_\w+|[nN])?'(?:[^']|'')*')        # 2 strings
    | ((?:[^\W\d]|\$)[\w$]*)                                                    # 3 words
    | ((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)                                # 4 numbers
    | (`(?:[^`]|``)+`)                                                          # 5 quoted names
    | (/\*\+.*?\*/)                                                             # 6 hints
    | (=>|<=|>=|<>|!=|\|\||->|::|(?!/\*)[-+*/%=<>(),.;\[\]{}?:|^&@])             # 7 operators
    | (.)                                                                       # 8 nothing of ours
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE, _STRING, _WORD, _NUMBER, _QUOTED, _HINT, _OPERATOR, _BAD = range(1, 9)

_PUNCTUATION = {
    "(": TokenType.L_PAREN, ")": TokenType.R_PAREN, "[": TokenType.L_BRACKET, "]": TokenType.R_BRACKET,
    "{": TokenType.L_BRACE, "}": TokenType.R_BRACE, ",": TokenType.COMMA, ".": TokenType.DOT,
    "-": TokenType.DASH, "+": TokenType.PLUS, "*": TokenType.STAR, "/": TokenType.SLASH, "%": TokenType.MOD,
    "=": TokenType.EQ, "<>": TokenType.NEQ, "!=": TokenType.NEQ, "<": TokenType.LT, ">": TokenType.GT,
    "<=": TokenType.LTE, ">=": TokenType.GTE, "=>": TokenType.FARROW, "->": TokenType.ARROW, "::": TokenType.DCOLON,
    "||": TokenType.DPIPE, "|": TokenType.PIPE, ";": TokenType.SEMICOLON, "?": TokenType.PLACEHOLDER,
    ":": TokenType.COLON, "^": TokenType.CARET, "&": TokenType.AMP, "@": TokenType.PARAMETER,
}
_UNCLOSED = {"'": "string literal", "`": "quoted identifier", "/": "comment"}


class FlinkToken(Token):
    """A token; `word` is an unquoted word in upper case or an operator's text, empty for anything else.

    `col` is the 1-based column of the first character; `end` the offset of the last one.
    """

    __slots__ = ("word",)

    def __init__(self, kind: TokenType, text: str, word: str, line: int, col: int, start: int, end: int) -> None:
        self.token_type = kind
        self.text = text
        self.word = word
        self.line = line
        self.col = col
        self.start = start
        self.end = end
        self.comments: list[str] = []

    @property
    def place(self) -> Place:
        """Where the token stands."""
        return Place(self.line, self.col, self.start, self.end + 1)


def tokenize(sql: str) -> list[FlinkToken]:
    """All tokens of `sql`, ended by one of empty text; `UserError` for a character or quote that begins no token."""
    return _Lexer(sql).tokens


class _Lexer:
    """State of one pass: where the current line began, and the comments that wait for a token to belong to."""

    def __init__(self, sql: str, offset: int = 0, line: int = 1, line_start: int = 0) -> None:
        self.tokens: list[FlinkToken] = []
        self.line, self.line_start = line, line_start
        self._comments: list[str] = []
        self._read(sql, offset)
        end = offset + len(sql)
        self._add(TokenType.END, "", "", end, end)

    def _read(self, sql: str, offset: int) -> None:
        add = self._add
        for match in _PATTERN.finditer(sql):
            kind = match.lastindex
            assert kind is not None  # one group always matches
            text = match.group(kind)
            start = match.start(kind) + offset
            if kind == _WORD:
                add(TokenType.VAR, text, text.upper(), start, start + len(text))
            elif kind == _SPACE:
                if text[0] in "-/":
                    self._comments.append(_comment(text))
            elif kind == _OPERATOR:
                add(_PUNCTUATION[text], text, text, start, start + len(text))
            elif kind == _NUMBER:
                add(TokenType.NUMBER, text, "", start, start + len(text))
            elif kind == _QUOTED:
                add(TokenType.IDENTIFIER, text[1:-1].replace("``", "`"), "", start, start + len(text))
            elif kind == _STRING:
                add(*_string(text), "", start, start + len(text))
            elif kind == _HINT:
                self._hint(text, start)
            else:
                raise self._error(text, start)
            if "\n" in text:
                self.line += text.count("\n")
                self.line_start = start + text.rindex("\n") + 1

    def _add(self, kind: TokenType, text: str, word: str, start: int, end: int) -> None:
        token = FlinkToken(kind, text, word, self.line, start - self.line_start + 1, start, end - 1)
        if self._comments:
            token.comments, self._comments = self._comments, []
        self.tokens.append(token)

    def _hint(self, text: str, start: int) -> None:
        """`/*+ ... */` becomes its two marks around the tokens inside."""
        self._add(TokenType.HINT, "/*+", "/*+", start, start + 3)
        inner = _Lexer(text[3:-2], start + 3, self.line, self.line_start)
        self.tokens += inner.tokens[:-1]
        end = start + len(text)
        close = FlinkToken(TokenType.HINT, "*/", "*/", inner.line, end - 2 - inner.line_start + 1, end - 2, end - 1)
        self.tokens.append(close)

    def _error(self, text: str, start: int) -> UserError:
        place = Place(self.line, start - self.line_start + 1, start, start + 1)
        if text in _UNCLOSED:
            return UserError("syntax", f"this {_UNCLOSED[text]} is not closed", place=place)
        return UserError("syntax", f"unexpected character {text!r}", place=place,
                         hint="names are quoted with backticks, texts with single quotes" if text == '"' else None)


def _comment(text: str) -> str:
    return (text[2:-2] if text.startswith("/*") else text[2:]).strip()


def _string(text: str) -> tuple[TokenType, str]:
    """Kind and value of a string token; charset prefixes say nothing in Unicode text and are dropped."""
    prefix, body = text.split("'", 1)
    body = body[:-1].replace("''", "'")
    if prefix in ("x", "X"):
        return TokenType.HEX_STRING, body
    if prefix in ("u&", "U&"):
        return TokenType.UNICODE_STRING, body
    return TokenType.STRING, body


class FlinkTokenizer(Tokenizer):
    """sqlglot's way in to `tokenize`."""

    IDENTIFIERS = ["`"]
    QUOTES = ["'"]
    STRING_ESCAPES = ["'"]
    COMMENTS = ["--", "//", ("/*", "*/")]

    def tokenize(self, sql: str) -> list[Token]:
        """The tokens of `sql`, a last one of empty text included."""
        return list(tokenize(sql))
