"""Trees to text: the base of the printer, and its entrance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.errors import ErrorLevel
from sqlglot.generator import Generator

from engine.sql.dialect import print_expressions, print_queries, print_statements, print_types
from engine.sql.dialect.cursor import SAFE_NAME
from engine.sql.dialect.keywords import RESERVED

_LINE = 100


class FlinkGenerator(Generator):
    """The printer. Where parentheses are needed for a tree to be read back as it is, it writes them.

    `identify` quotes every identifier; without it only those that must be. `pretty` puts clauses on lines of their own.
    """

    TRANSFORMS: ClassVar[dict[type[exp.Expr], Callable[..., str]]] = {
        **Generator.TRANSFORMS, **print_types.PRINTERS, **print_expressions.PRINTERS, **print_queries.PRINTERS,
        **print_statements.PRINTERS,
    }

    WITH_SEPARATED_COMMENTS: ClassVar[tuple[type[exp.Expr], ...]] = (
        *Generator.WITH_SEPARATED_COMMENTS, *print_statements.STATEMENTS,
    )

    def __init__(self, **options: Any) -> None:
        options.setdefault("unsupported_level", ErrorLevel.RAISE)
        super().__init__(**options)

    def preprocess(self, expression: exp.Expr) -> exp.Expr:
        """Nothing: the tree is printed as it is."""
        return expression

    def name(self, text: str) -> str:
        """A name, in backticks where asked for or necessary."""
        if self.identify or SAFE_NAME.match(text) is None or text.upper() in RESERVED:
            doubled = text.replace("`", "``")
            return f"`{self._kept(doubled)}`"
        return text

    def quoted(self, text: str) -> str:
        """A text literal."""
        doubled = text.replace("'", "''")
        return f"'{self._kept(doubled)}'"

    def _kept(self, text: str) -> str:
        """`text` with its line breaks safe from indentation."""
        return text.replace("\n", self.SENTINEL_LINE_BREAK) if self.pretty else text

    def part(self, node: exp.Expr, key: str, before: str = "", after: str = "") -> str:
        """The text of an argument between `before` and `after`; empty if there is none."""
        value = node.args.get(key)
        return f"{before}{self.sql(value)}{after}" if value is not None else ""

    def commas(self, nodes: Iterable[exp.Expr | str] | None) -> str:
        """The texts with commas between, on one line."""
        return ", ".join([self.sql(node) for node in nodes or ()])

    def block(self, items: list[str]) -> str:
        """Items with commas between; pretty: on a line if they are short, else indented lines."""
        line = ", ".join(items)
        if not self.pretty or (len(line) < _LINE and "\n" not in line):
            return line
        return "\n" + self.indent(",\n".join(items)) + "\n"

    def lines(self, items: list[str]) -> str:
        """Items with commas between; pretty: each on a line of its own."""
        if not self.pretty:
            return ", ".join(items)
        return "\n" + self.indent(",\n".join(items)) + "\n"

    def enclosed(self, text: str) -> str:
        """A query in parentheses."""
        return f"(\n{self.indent(text)}\n)" if self.pretty else f"({text})"

    def joined(self, parts: Iterable[str]) -> str:
        """Clauses one after the other; pretty: each on a line. Empty ones are left out."""
        return ("\n" if self.pretty else " ").join([part for part in parts if part])
