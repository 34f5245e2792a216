"""SHOW, DESCRIBE, EXPLAIN."""

from __future__ import annotations

from abc import abstractmethod

from sqlglot import exp

from engine.sql.dialect.changes import ChangeParser
from engine.sql.dialect.cursor import Node
from engine.sql.dialect.statement_nodes import DescribeObject, ExplainPlan, ShowObjects

_DETAILS = ("ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE")
_CREATED = ("TABLE", "VIEW", "CATALOG", "MODEL", "FUNCTION", "CONNECTION", "MATERIALIZED")
# What is shown -> the words that may follow: S a scope (FROM | IN), s a scope that must be there, F a filter, p a
# table and partition.
_SHOWN = {
    "CATALOGS": "F", "DATABASES": "SF", "TABLES": "SF", "VIEWS": "SF", "FUNCTIONS": "SF", "PROCEDURES": "SF",
    "MODELS": "SF", "CONNECTIONS": "SF", "COLUMNS": "sF", "PARTITIONS": "p", "MODULES": "", "JARS": "", "JOBS": "",
}
_DESCRIBED = ("CATALOG", "DATABASE", "FUNCTION", "MODEL", "CONNECTION")


class InspectionParser(ChangeParser):
    """The grammar of statements that show something."""

    @abstractmethod
    def statement(self) -> Node:
        """One statement."""

    def show(self) -> Node:
        """SHOW what [FROM | IN container] [[NOT] LIKE | ILIKE pattern]."""
        self.expect("SHOW")
        if self.accept("CREATE"):
            return self._show_create()
        if self.accept("CURRENT"):
            return ShowObjects(kind=f"CURRENT {self.expect_any('CATALOG', 'DATABASE')}")
        if self.accept("USER"):
            self.expect("FUNCTIONS")
            return self._filtered(ShowObjects(kind="USER FUNCTIONS"), _SHOWN["FUNCTIONS"])
        if self.accept("FULL"):
            self.expect("MODULES")
            return ShowObjects(kind="FULL MODULES")
        if self.accept("MATERIALIZED"):
            self.expect("TABLES")
            return self._filtered(ShowObjects(kind="MATERIALIZED TABLES"), _SHOWN["TABLES"])
        kind = self.expect_any(*_SHOWN)
        return self._filtered(ShowObjects(kind=kind), _SHOWN[kind])

    def _show_create(self) -> Node:
        kind = self.expect_any(*_CREATED)
        if kind == "MATERIALIZED":
            self.expect("TABLE")
            kind = "MATERIALIZED TABLE"
        return ShowObjects(kind=f"CREATE {kind}", this=self.table_name())

    def _filtered(self, node: ShowObjects, clauses: str) -> Node:
        if "p" in clauses:
            node.set("this", self.table_name())
            if self.word == "PARTITION":
                node.set("partition", self.partition_spec())
        if "s" in clauses and self.word not in ("FROM", "IN"):
            self.fail("FROM", "IN")
        if "s" in clauses.lower() and (preposition := self.accept_any("FROM", "IN")):
            node.set("preposition", preposition)
            node.set("scope", self.table_name())
        if "F" in clauses and self.word in ("NOT", "LIKE", "ILIKE"):
            node.set("negated", self.accept("NOT") or None)
            node.set("operator", self.expect_any("LIKE", "ILIKE"))
            node.set("pattern", self.string())
        return node

    def describe(self) -> Node:
        """DESCRIBE [kind] [EXTENDED] name."""
        self.expect_any("DESCRIBE", "DESC")
        if self.accept("JOB"):
            return DescribeObject(kind="JOB", this=self.string())
        kind = self.accept_any(*_DESCRIBED) if self.ahead().word not in ("", ".", ";") or self._names_two else None
        extended = self.accept("EXTENDED") or None
        name = exp.Table(this=self.name()) if kind == "CATALOG" else self.table_name()
        return DescribeObject(kind=kind or "TABLE", this=name, extended=extended)

    @property
    def _names_two(self) -> bool:
        """Whether a word and then a quoted name come next, as in DESCRIBE CATALOG `c`."""
        following = self.ahead()
        return following.word == "" and following.text != ""

    def explain(self) -> Node:
        """EXPLAIN [PLAN FOR | details] statement."""
        self.expect("EXPLAIN")
        details: list[str] = []
        if self.accept("PLAN"):
            self.expect("FOR")
        elif self.word in _DETAILS:
            details = self.listed(lambda: self.expect_any(*_DETAILS))
        if self.word not in _EXPLAINED:
            self.fail("a query", "INSERT", "STATEMENT SET")
        return ExplainPlan(this=self.statement(), details=details or None)


_EXPLAINED = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "(", "INSERT", "UPDATE", "DELETE", "STATEMENT", "EXECUTE",
                        "CREATE", "REPLACE"})
