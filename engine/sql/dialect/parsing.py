"""From text to trees: the functions of the package, and sqlglot's way in to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from sqlglot import exp
from sqlglot.helper import ensure_list
from sqlglot.parser import Parser
from sqlglot.tokens import Token, TokenType

from engine.errors import UserError
from engine.sql.dialect.cursor import Node, T, Unexpected
from engine.sql.dialect.keywords import RESERVED
from engine.sql.dialect.lexer import FlinkToken, tokenize
from engine.sql.dialect.statements import StatementParser

_MOST_SHOWN = 8
_UNSAID = frozenset({"/*+", "STREAM"})  # allowed, but of no help
# Words that follow where a name may stand, so that a mistyped one is taken for an alias.
_CLAUSES = ("FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "WINDOW", "QUALIFY", "JOIN",
            "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL", "UNION", "EXCEPT", "INTERSECT", "VALUES", "SELECT",
            "LIKE", "BETWEEN")


def parse(sql: str) -> list[Node]:
    """The statements of `sql`; `UserError("syntax")` with its place for the first that is none."""
    return _parsed(tokenize(sql), sql, StatementParser.statements)


def parse_one(sql: str) -> Node:
    """The one statement of `sql`."""
    found = parse(sql)
    if len(found) != 1:
        raise UserError("syntax", f"expected one statement, found {len(found)}")
    return found[0]


def parse_expression(sql: str) -> Node:
    """A scalar expression alone, such as `a + 1`."""
    return _parsed(tokenize(sql), sql, _whole(StatementParser.expression))


def parse_type(sql: str) -> exp.DataType:
    """A data type alone, such as `ARRAY<INT NOT NULL>`."""
    node = _parsed(tokenize(sql), sql, _whole(StatementParser.data_type))
    assert isinstance(node, exp.DataType)
    return node


def split(sql: str) -> list[str]:
    """The texts of the statements of `sql`, without semicolons; a statement set is one. Says nothing about grammar."""
    texts: list[str] = []
    first: FlinkToken | None = None
    last: FlinkToken | None = None
    in_set = False
    for token in tokenize(sql):
        ended = token.token_type is TokenType.END
        if ended or (token.word == ";" and not in_set):
            if first is not None and last is not None:
                texts.append(sql[first.start:last.end + 1])
            first, in_set = None, False
            continue
        if first is None:
            first = token
        begins_set = token.word == "SET" and last is not None and last.word == "STATEMENT"
        in_set = (in_set or begins_set) and token.word != "END"
        last = token
    return texts


# -- how a tree is got


def _parsed(tokens: list[FlinkToken], sql: str, rule: Callable[[StatementParser], T]) -> T:
    try:
        return rule(StatementParser(tokens, sql))
    except Unexpected:
        # Only a text that is refused is read a second time, to tell everything that could have come instead.
        return rule(_Explaining(tokens, sql))
    except RecursionError:
        raise UserError("too_deep", "the text is nested too deeply", hint="use views for inner queries") from None


def _whole(rule: Callable[[StatementParser], T]) -> Callable[[StatementParser], T]:
    def parse_all(parser: StatementParser) -> T:
        node = rule(parser)
        if parser.token.token_type is not TokenType.END:
            parser.fail("an operator", "end of the text")
        return node

    return parse_all


class _Explaining(StatementParser):
    """Remembers at each token which words were tried."""

    def __init__(self, tokens: list[FlinkToken], sql: str) -> None:
        super().__init__(tokens, sql)
        self._tried: dict[int, dict[str, None]] = {}

    def accept(self, word: str, *more: str) -> bool:
        self._tried.setdefault(self.index, {})[word] = None
        return super().accept(word, *more)

    def wanted(self, expected: tuple[str, ...]) -> tuple[str, str | None]:
        tried = list(dict.fromkeys((*expected, *self._tried.get(self.index, ()))))
        shown = [repr(word) if _is_mark(word) else word for word in tried if word not in _UNSAID][:_MOST_SHOWN]
        return "one of " + ", ".join(shown) if len(shown) > 1 else "".join(shown), self._meant(tried)

    def _meant(self, tried: list[str]) -> str | None:
        """What a mistyped word was meant to be: the word met, or the one before it, which then passed for a name."""
        near = _near(self.token, [word for word in tried if word.isupper()], 0.6) or _near(self.token, RESERVED)
        if near is not None:
            return f"did you mean {near}?"
        before = self.tokens[self.index - 1] if self.index else self.token
        near = _near(before, _CLAUSES)
        return None if near is None else f"did you mean {near} where '{before.text}' stands?"


def _near(token: FlinkToken, words: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The keyword that an unquoted word that is none nearly is."""
    if token.token_type is not TokenType.VAR or token.word in RESERVED:
        return None
    found = get_close_matches(token.word, words, n=1, cutoff=cutoff)
    return found[0] if found and found[0] != token.word else None


def _is_mark(word: str) -> bool:
    return not any(c.isalnum() for c in word)


# -- sqlglot


# sqlglot's builders read these kinds of nodes from text; anything else is read as an expression.
_INTO: dict[type[exp.Expr], Callable[[StatementParser], Node]] = {
    exp.DataType: StatementParser.data_type,
    exp.Table: StatementParser.relation,
    exp.Identifier: StatementParser.any_name,
    exp.TableAlias: StatementParser.alias_of_table,
    exp.Select: StatementParser.query,
    exp.Query: StatementParser.query,
    exp.From: StatementParser.from_clause,
    exp.Join: StatementParser.join_clause,
    exp.With: StatementParser.with_clause,
    exp.Where: StatementParser.where_clause,
    exp.Group: StatementParser.group_clause,
    exp.Having: StatementParser.having_clause,
    exp.Qualify: StatementParser.qualify_clause,
    exp.Order: StatementParser.order_by,
    exp.Ordered: StatementParser.ordered,
    exp.Limit: StatementParser.limit_clause,
    exp.Offset: StatementParser.offset_clause,
}


class FlinkParser(Parser):
    """sqlglot's way in; refusals are `UserError`s, not sqlglot's."""

    def parse(self, raw_tokens: list[Token], sql: str) -> list[exp.Expr | None]:
        """The statements; a scalar expression alone is accepted too, as sqlglot's builders need."""
        tokens = [token for token in raw_tokens if isinstance(token, FlinkToken)]
        parser = StatementParser(tokens, sql)
        if parser.word == "FROM":
            return [_parsed(tokens, sql, _whole(StatementParser.joined_template))]
        if parser.begins_statement:
            return [*_parsed(tokens, sql, StatementParser.statements)]
        return [_parsed(tokens, sql, _whole(StatementParser.aliased))]

    def parse_into(
        self, expression_types: exp.IntoType, raw_tokens: list[Token], sql: str | None = None,
    ) -> list[exp.Expr | None]:
        """One node of a kind."""
        kinds = ensure_list(expression_types)
        rule = next((_INTO[kind] for kind in kinds if kind in _INTO), StatementParser.aliased)
        tokens = [token for token in raw_tokens if isinstance(token, FlinkToken)]
        return [_parsed(tokens, sql or "", _whole(rule))]
