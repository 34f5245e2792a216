"""MATCH_RECOGNIZE."""

from __future__ import annotations

from abc import abstractmethod

from sqlglot import exp
from sqlglot.tokens import TokenType

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.json_calls import JsonParser
from engine.sql.dialect.nodes import (
    Match,
    PatternAlternatives,
    PatternExclusion,
    PatternPermutation,
    PatternRepeat,
    PatternSequence,
    SkipTo,
    Subset,
)

_ONCE_MORE = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class PatternParser(JsonParser):
    """The grammar of row patterns."""

    @abstractmethod
    def table_alias(self) -> exp.TableAlias | None:
        """An alias, if one comes next."""

    def match_recognize(self, table: Node) -> Match:
        """MATCH_RECOGNIZE (...) on `table`."""
        start = self.token
        self.expect("MATCH_RECOGNIZE", "(")
        node = Match(this=table)
        if self.accept("PARTITION", "BY"):
            node.set("partition_by", self.listed(self.expression))
        if self.word == "ORDER":
            node.set("order", self.order_by())
        if self.accept("MEASURES"):
            node.set("measures", self.listed(self._measure))
        node.set("rows", self._rows())
        if self.accept("AFTER", "MATCH"):
            node.set("after", self._skip())
        self.expect("PATTERN", "(")
        node.set("pattern", self._anchored())
        self.expect(")")
        if self.accept("WITHIN"):
            node.set("within", self.expression())
        if self.accept("SUBSET"):
            node.set("subsets", self.listed(self._subset))
        self.expect("DEFINE")
        node.set("definitions", self.listed(self._definition))
        self.expect(")")
        return self.placed(node, start)

    def _measure(self) -> exp.Alias:
        start = self.token
        value = self.expression()
        self.expect("AS")
        return self.placed(exp.Alias(this=value, alias=self.name()), start)

    def _definition(self) -> exp.Alias:
        start = self.token
        name = self.name()
        self.expect("AS")
        return self.placed(exp.Alias(this=self.expression(), alias=name), start)

    def _rows(self) -> str | None:
        if self.accept("ONE"):
            self.expect("ROW", "PER", "MATCH")
            return "ONE"
        if self.accept("ALL"):
            self.expect("ROWS", "PER", "MATCH")
            return "ALL"
        return None

    def _skip(self) -> SkipTo:
        start = self.token
        self.expect("SKIP")
        if self.accept("PAST"):
            self.expect("LAST", "ROW")
            node = SkipTo(kind="PAST LAST ROW")
        elif self.expect_any("TO") and self.accept("NEXT"):
            self.expect("ROW")
            node = SkipTo(kind="NEXT ROW")
        else:
            kind = self.accept_any("FIRST", "LAST") if self.ahead().word != ")" else None
            node = SkipTo(kind=kind or "TO", this=self.name())
        return self.placed(node, start)

    def _subset(self) -> Subset:
        start = self.token
        name = self.name()
        self.expect("=")
        return self.placed(Subset(this=name, expressions=self.parenthesised(self.name)), start)

    # -- the pattern itself

    def _anchored(self) -> Node:
        start = self.token
        first = self.accept("^") or None
        node = self._alternatives()
        last = self.accept("$") or None
        if first or last:
            node = PatternSequence(expressions=[node], anchored_start=first, anchored_end=last)
        return self.placed(node, start) if not isinstance(node, exp.Identifier) else node

    def _alternatives(self) -> Node:
        items = [self._sequence()]
        while self.accept("|"):
            items.append(self._sequence())
        return items[0] if len(items) == 1 else PatternAlternatives(expressions=items)

    def _sequence(self) -> Node:
        items = [self._repeated()]
        while self.word not in (")", "|", "$", "-", ","):
            items.append(self._repeated())
        return items[0] if len(items) == 1 else PatternSequence(expressions=items)

    def _repeated(self) -> Node:
        start = self.token
        node = self._factor()
        bounds: tuple[int | None, int | None] | None = _ONCE_MORE.get(self.word)
        if bounds is not None:
            self.advance()
        elif self.follows("{") and self.ahead().word != "-":
            bounds = self._bounds()
        else:
            return node
        low, high = bounds
        repeat = PatternRepeat(this=node, minimum=exp.Literal.number(low or 0),
                               maximum=None if high is None else exp.Literal.number(high),
                               reluctant=self.accept("?") or None)
        return self.placed(repeat, start)

    def _bounds(self) -> tuple[int | None, int | None]:
        self.expect("{")
        low = int(self.integer().this) if self.token.token_type is TokenType.NUMBER else None
        high = low
        if self.accept(","):
            high = int(self.integer().this) if self.token.token_type is TokenType.NUMBER else None
        elif low is None:
            self.fail("an unsigned integer")
        self.expect("}")
        return low, high

    def _factor(self) -> Node:
        start = self.token
        if self.accept("("):
            node = self._alternatives()
            self.expect(")")
            return self.placed(exp.Paren(this=node), start)
        if self.accept("PERMUTE"):
            return self.placed(PatternPermutation(expressions=self.parenthesised(self._alternatives)), start)
        if self.accept("{"):
            self.expect("-")
            node = self._alternatives()
            self.expect("-", "}")
            return self.placed(PatternExclusion(this=node), start)
        return self.name()
