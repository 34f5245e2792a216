"""CREATE: tables, views, functions, models, catalogs, databases."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.lexer import FlinkToken
from engine.sql.dialect.queries import QueryParser
from engine.sql.dialect.statement_nodes import (
    ComputedColumn,
    CreateFunction,
    CreateMaterializedTable,
    CreateModel,
    CreateNamespace,
    CreateTable,
    CreateView,
    Distribution,
    KeyConstraint,
    LikeOption,
    LikeTable,
    MetadataColumn,
    PhysicalColumn,
    ViewColumn,
    Watermark,
)

_LIKE_OPTIONS = ("ALL", "CONSTRAINTS", "DISTRIBUTION", "GENERATED", "METADATA", "OPTIONS", "PARTITIONS", "WATERMARKS")


class DefinitionParser(QueryParser):
    """The grammar of CREATE."""

    def create(self) -> Node:
        """CREATE [OR REPLACE | OR ALTER] [TEMPORARY [SYSTEM]] object."""
        start = self.token
        node = exp.Create()
        self.expect("CREATE")
        if self.accept("OR"):
            node.set("replace" if self.expect_any("REPLACE", "ALTER") == "REPLACE" else "alter", True)
        if self.accept("TEMPORARY"):
            node.set("temporary", True)
            if self.accept("SYSTEM"):
                node.set("system", True)
        word = self.expect_any(*_CREATE)
        if word == "MATERIALIZED":
            self.expect("TABLE")
        made, allowed = _CREATE[word](self)
        for flag, value in node.args.items():
            if value and flag not in allowed:
                self.fail_at(start, f"{_FLAG_WORDS[flag]} does not go with CREATE {word}")
            made.set(flag, value)
        return made

    def replace_table(self) -> Node:
        """REPLACE TABLE ... AS, which replaces what is there."""
        self.expect("REPLACE", "TABLE")
        node, _ = self.create_table()
        node.set("replace", True)
        return node

    def if_not_exists(self) -> bool | None:
        """IF NOT EXISTS."""
        return self.accept("IF", "NOT", "EXISTS") or None

    def comment(self) -> exp.Literal | None:
        """COMMENT 'text'."""
        return self.string() if self.accept("COMMENT") else None

    # -- tables

    def create_table(self) -> tuple[Node, str]:
        """What follows CREATE TABLE."""
        node = CreateTable(exists=self.if_not_exists(), this=self.table_name())
        self._table_body(node)
        if self.accept("LIKE"):
            node.set("like", self._like())
        elif self.accept("AS"):
            node.set("expression", self.query())
        return node, "replace temporary"

    def create_materialized_table(self) -> tuple[Node, str]:
        """What follows CREATE MATERIALIZED TABLE."""
        node = CreateMaterializedTable(exists=self.if_not_exists(), this=self.table_name())
        self._table_body(node)
        if self.accept("FRESHNESS"):
            self.expect("=")
            node.set("freshness", self.placed_interval())
        if self.accept("REFRESH_MODE"):
            self.expect("=")
            node.set("refresh_mode", self.expect_any("FULL", "CONTINUOUS"))
        self.expect("AS")
        node.set("expression", self.query())
        return node, "alter"

    def placed_interval(self) -> Node:
        """An INTERVAL literal."""
        start = self.token
        return self.placed(self.interval(), start)

    def _table_body(self, node: Node) -> None:
        if self.word == "(":
            self._schema(node, self.parenthesised(self._schema_item))
        node.set("comment", self.comment())
        if self.accept("DISTRIBUTED"):
            node.set("distribution", self.distribution())
        if self.accept("PARTITIONED", "BY"):
            node.set("partitioned_by", self.parenthesised(self.name))
        if self.accept("WITH"):
            node.set("options", self.options())

    def _schema(self, node: Node, items: list[list[Node]]) -> None:
        """Sort what stands between a table's parentheses."""
        flat = [item for group in items for item in group]
        watermarks = [item for item in flat if isinstance(item, Watermark)]
        constraints = [item for item in flat if isinstance(item, KeyConstraint)]
        columns = [item for item in flat if not isinstance(item, (Watermark, KeyConstraint))]
        node.set("columns", columns)
        node.set("watermarks", watermarks or None)
        node.set("constraints", constraints or None)

    def _schema_item(self) -> list[Node]:
        """A column (with the constraint it may bring), a watermark, or a constraint."""
        if self.word == "WATERMARK":
            return [self.watermark()]
        if self.word in ("PRIMARY", "UNIQUE", "CONSTRAINT"):
            return [self.constraint()]
        if self.is_name and self.ahead().word in (",", ")"):
            return [self.name()]
        return self.column()

    def column(self) -> list[Node]:
        """A column; `PRIMARY KEY NOT ENFORCED` behind it becomes a constraint of the table."""
        start = self.token
        name = self.name()
        if self.accept("AS"):
            value = self.expression()
            return [self.placed(ComputedColumn(this=name, expression=value, comment=self.comment()), start)]
        kind = self.data_type()
        if self.accept("METADATA"):
            key = self.string() if self.accept("FROM") else None
            virtual = self.accept("VIRTUAL") or None
            node = MetadataColumn(this=name, kind=kind, key=key, virtual=virtual, comment=self.comment())
            return [self.placed(node, start)]
        keys = [self._column_constraint(name)] if self.word in ("PRIMARY", "UNIQUE", "CONSTRAINT") else []
        column = self.placed(PhysicalColumn(this=name, kind=kind, comment=self.comment()), start)
        return [column, *keys]

    def watermark(self) -> Watermark:
        """WATERMARK FOR column AS expression."""
        start = self.token
        self.expect("WATERMARK", "FOR")
        target = self.field_path()
        self.expect("AS")
        return self.placed(Watermark(this=target, expression=self.expression()), start)

    def field_path(self) -> Node:
        """A column or a field inside one: `a.b.c` (Column, or Dots on it)."""
        start = self.token
        first, *rest = self.path()
        node: Node = exp.Column(this=first)
        for part in rest:
            node = exp.Dot(this=node, expression=part)
        return self.placed(node, start)

    def constraint(self) -> KeyConstraint:
        """[CONSTRAINT name] PRIMARY KEY | UNIQUE (columns) [NOT ENFORCED]."""
        start = self.token
        name = self.name() if self.accept("CONSTRAINT") else None
        kind = self._key_kind()
        columns = self.parenthesised(self.name)
        return self.placed(KeyConstraint(this=name, kind=kind, expressions=columns, enforced=self._enforced()), start)

    def _column_constraint(self, column: exp.Identifier) -> KeyConstraint:
        start = self.token
        name = self.name() if self.accept("CONSTRAINT") else None
        kind = self._key_kind()
        return self.placed(
            KeyConstraint(this=name, kind=kind, expressions=[column.copy()], enforced=self._enforced()), start)

    def _key_kind(self) -> str:
        if self.expect_any("PRIMARY", "UNIQUE") == "UNIQUE":
            return "UNIQUE"
        self.expect("KEY")
        return "PRIMARY KEY"

    def _enforced(self) -> bool | None:
        if self.accept("NOT", "ENFORCED"):
            return False
        return True if self.accept("ENFORCED") else None

    def distribution(self) -> Distribution:
        """BY [HASH | RANGE] (columns) [INTO n BUCKETS], or INTO n BUCKETS."""
        start = self.token
        node = Distribution()
        if self.accept("BY"):
            node.set("kind", self.accept_any("HASH", "RANGE"))
            node.set("expressions", self.parenthesised(self.name))
        elif self.word != "INTO":
            self.fail("BY", "INTO")
        if self.accept("INTO"):
            node.set("buckets", self.integer())
            self.expect("BUCKETS")
        return self.placed(node, start)

    def _like(self) -> LikeTable:
        start = self.token
        node = LikeTable(this=self.table_name())
        if self.accept("("):
            options = []
            while not self.accept(")"):
                kind = self.expect_any("INCLUDING", "EXCLUDING", "OVERWRITING")
                options.append(LikeOption(kind=kind, this=self.expect_any(*_LIKE_OPTIONS)))
            node.set("expressions", options)
        return self.placed(node, start)

    # -- other objects

    def create_view(self) -> tuple[Node, str]:
        """What follows CREATE VIEW."""
        node = CreateView(exists=self.if_not_exists(), this=self.table_name())
        if self.word == "(":
            node.set("columns", self.parenthesised(self._view_column))
        node.set("comment", self.comment())
        self.expect("AS")
        node.set("expression", self.query())
        return node, "replace temporary"

    def _view_column(self) -> ViewColumn:
        start = self.token
        return self.placed(ViewColumn(this=self.name(), comment=self.comment()), start)

    def create_function(self) -> tuple[Node, str]:
        """What follows CREATE FUNCTION."""
        node = CreateFunction(exists=self.if_not_exists(), this=self.table_name())
        self.expect("AS")
        node.set("expression", self.string())
        node.set("language", self.language())
        if self.accept("USING"):
            node.set("resources", self.listed(self._jar))
        if self.accept("WITH"):
            node.set("options", self.options())
        return node, "temporary system"

    def language(self) -> str | None:
        """LANGUAGE JAVA, SCALA or PYTHON."""
        return self.expect_any("JAVA", "SCALA", "PYTHON") if self.accept("LANGUAGE") else None

    def _jar(self) -> exp.Literal:
        self.expect("JAR")
        return self.string()

    def create_model(self) -> tuple[Node, str]:
        """What follows CREATE MODEL."""
        node = CreateModel(exists=self.if_not_exists(), this=self.table_name())
        if self.accept("INPUT"):
            node.set("inputs", self.parenthesised(self._model_column))
        if self.accept("OUTPUT"):
            node.set("outputs", self.parenthesised(self._model_column))
        node.set("comment", self.comment())
        if self.accept("WITH"):
            node.set("options", self.options())
        if self.accept("AS"):
            node.set("expression", self.query())
        return node, "temporary"

    def _model_column(self) -> PhysicalColumn:
        start = self.token
        node = PhysicalColumn(this=self.name(), kind=self.data_type(), comment=self.comment())
        return self.placed(node, start)

    def create_namespace(self) -> tuple[Node, str]:
        """What follows CREATE CATALOG, DATABASE or CONNECTION."""
        kind = self.ahead(-1).word
        exists = self.if_not_exists()
        start: FlinkToken = self.token
        name = exp.Table(this=self.name()) if kind == "CATALOG" else self.table_name()
        node = CreateNamespace(kind=kind, exists=exists, this=self.placed(name, start), comment=self.comment())
        if self.accept("WITH"):
            node.set("options", self.options())
        return node, "temporary system" if kind == "CONNECTION" else ""


_FLAG_WORDS = {"replace": "OR REPLACE", "alter": "OR ALTER", "temporary": "TEMPORARY", "system": "SYSTEM"}
_CREATE: dict[str, Callable[[DefinitionParser], tuple[Node, str]]] = {
    "TABLE": DefinitionParser.create_table, "VIEW": DefinitionParser.create_view,
    "FUNCTION": DefinitionParser.create_function, "MATERIALIZED": DefinitionParser.create_materialized_table,
    "MODEL": DefinitionParser.create_model, "DATABASE": DefinitionParser.create_namespace,
    "CATALOG": DefinitionParser.create_namespace, "CONNECTION": DefinitionParser.create_namespace,
}
