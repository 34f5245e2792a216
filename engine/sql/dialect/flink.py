"""The dialect as sqlglot knows it."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

from engine.sql.dialect.generator import FlinkGenerator
from engine.sql.dialect.lexer import FlinkTokenizer
from engine.sql.dialect.parsing import FlinkParser


class Flink(Dialect):
    """Flink SQL, for `sqlglot.parse(sql, dialect="flink")` and `node.sql(dialect="flink")`."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.CASE_SENSITIVE
    NORMALIZE_FUNCTIONS = False
    SUPPORTS_SEMI_ANTI_JOIN = False
    TYPED_DIVISION = True

    Tokenizer = FlinkTokenizer
    Parser = FlinkParser
    Generator = FlinkGenerator


def generate(node: exp.Expr, *, pretty: bool = False, quote: bool = True, comments: bool = True) -> str:
    """The text of a tree. The same tree gives the same text.

    `quote` puts every identifier in backticks, otherwise only those that need them are.
    """
    return FlinkGenerator(dialect=Flink, pretty=pretty, identify=quote, comments=comments).generate(node, copy=False)
