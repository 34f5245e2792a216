"""ALTER and DROP."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from engine.sql.dialect.change_nodes import (
    AlterObject,
    ChangePartitions,
    ChangeSchema,
    DropColumns,
    DropObject,
    DropPart,
    Lifecycle,
    PartitionSpec,
    RenameColumn,
    RenameTo,
    ResetOptions,
    SetComment,
    SetImplementation,
    SetOptions,
    SetQuery,
    SetRefresh,
)
from engine.sql.dialect.cursor import Node
from engine.sql.dialect.definitions import DefinitionParser
from engine.sql.dialect.statement_nodes import (
    Positioned,
)

_OBJECTS = ("TABLE", "VIEW", "MATERIALIZED", "DATABASE", "CATALOG", "FUNCTION", "MODEL", "CONNECTION")
# Which actions an object knows.
_ACTIONS = {
    "TABLE": ("RENAME", "SET", "RESET", "ADD", "MODIFY", "DROP"),
    "VIEW": ("RENAME", "AS"),
    "MATERIALIZED TABLE": ("SUSPEND", "RESUME", "REFRESH", "SET", "RESET", "AS", "ADD", "MODIFY", "DROP", "RENAME"),
    "DATABASE": ("SET", "RESET"),
    "CATALOG": ("SET", "RESET", "COMMENT"),
    "FUNCTION": ("AS",),
    "MODEL": ("RENAME", "SET", "RESET"),
    "CONNECTION": ("RENAME", "SET", "RESET"),
}
_TEMPORARY = frozenset({"TABLE", "VIEW", "FUNCTION", "MODEL", "CONNECTION"})


class ChangeParser(DefinitionParser):
    """The grammar of ALTER and DROP."""

    def drop(self) -> Node:
        """DROP [TEMPORARY [SYSTEM]] object [IF EXISTS] name."""
        self.expect("DROP")
        node = self._object(DropObject)
        if node.args["kind"] == "DATABASE":
            cascade = self.accept_any("CASCADE", "RESTRICT")
            node.set("cascade", None if cascade is None else cascade == "CASCADE")
        return node

    def alter(self) -> Node:
        """ALTER object [IF EXISTS] name action."""
        self.expect("ALTER")
        node = self._object(AlterObject)
        start = self.token
        word = self.expect_any(*_ACTIONS[node.args["kind"]])
        action = _PARSERS[word](self)
        if isinstance(action, SetQuery) and node.args["kind"] == "FUNCTION":
            self.fail_at(start, "a function is altered AS 'class name'")
        node.set("action", self.placed(action, start))
        return node

    def _object(self, make: type[AlterObject | DropObject]) -> Node:
        start = self.token
        temporary = self.accept("TEMPORARY") or None
        system = (temporary and self.accept("SYSTEM")) or None
        kind = self.expect_any(*_OBJECTS)
        if kind == "MATERIALIZED":
            self.expect("TABLE")
            kind = "MATERIALIZED TABLE"
        if (temporary and kind not in _TEMPORARY) or (system and kind not in ("FUNCTION", "CONNECTION")):
            self.fail_at(start, f"there is no such {kind}")
        exists = self.accept("IF", "EXISTS") or None
        name = exp.Table(this=self.name()) if kind == "CATALOG" else self.table_name()
        return make(kind=kind, this=name, temporary=temporary, system=system, exists=exists)

    # -- actions

    def rename(self) -> Node:
        """RENAME TO name, RENAME column TO column."""
        if self.accept("TO"):
            return RenameTo(this=self.table_name())
        column = self.field_path()
        self.expect("TO")
        return RenameColumn(this=column, to=self.name())

    def set_(self) -> Node:
        """SET (options), SET FRESHNESS, SET REFRESH_MODE."""
        if self.accept("FRESHNESS"):
            self.expect("=")
            return SetRefresh(freshness=self.placed_interval())
        if self.accept("REFRESH_MODE"):
            self.expect("=")
            return SetRefresh(refresh_mode=self.expect_any("FULL", "CONTINUOUS"))
        return SetOptions(expressions=self.options())

    def reset(self) -> Node:
        """RESET (keys)."""
        return ResetOptions(expressions=self.parenthesised(self.string, empty=True))

    def set_comment(self) -> Node:
        """COMMENT 'text'."""
        return SetComment(this=self.string())

    def set_definition(self) -> Node:
        """AS query, or AS 'class' of a function."""
        if self.word in ("SELECT", "WITH", "VALUES", "TABLE", "("):
            return SetQuery(this=self.query())
        return SetImplementation(this=self.string(), language=self.language())

    def lifecycle(self) -> Node:
        """SUSPEND, RESUME, REFRESH of a materialized table."""
        word = self.ahead(-1).word
        node = Lifecycle(this=word)
        if word == "RESUME" and self.accept("WITH"):
            node.set("options", self.options())
        if word == "REFRESH" and self.word == "PARTITION":
            node.set("partition", self.partition_spec())
        return node

    def add(self) -> Node:
        """ADD columns, a watermark, a key, a distribution or partitions."""
        exists = self.accept("IF", "NOT", "EXISTS") or None
        if exists or self.word == "PARTITION":
            return self._partitions("ADD", exists)
        return self._change("ADD")

    def modify(self) -> Node:
        """MODIFY, of the same things but partitions."""
        return self._change("MODIFY")

    def _change(self, kind: str) -> Node:
        if self.accept("DISTRIBUTION"):
            return ChangeSchema(kind=kind, expressions=[self.distribution()])
        items = self.parenthesised(self._change_item) if self.word == "(" else [self._change_item()]
        return ChangeSchema(kind=kind, expressions=[item for group in items for item in group])

    def _change_item(self) -> list[Node]:
        if self.word == "WATERMARK":
            return [self.watermark()]
        if self.word in ("PRIMARY", "UNIQUE", "CONSTRAINT"):
            return [self.constraint()]
        start = self.token
        column, *keys = self.column()
        if self.accept("FIRST"):
            column = self.placed(Positioned(this=column), start)
        elif self.accept("AFTER"):
            column = self.placed(Positioned(this=column, after=self.name()), start)
        return [column, *keys]

    def drop_part(self) -> Node:
        """DROP column(s), PRIMARY KEY, CONSTRAINT, WATERMARK, DISTRIBUTION or partitions."""
        exists = self.accept("IF", "EXISTS") or None
        if exists or self.word == "PARTITION":
            return self._partitions("DROP", exists)
        if self.accept("PRIMARY"):
            self.expect("KEY")
            return DropPart(kind="PRIMARY KEY")
        if self.accept("CONSTRAINT"):
            return DropPart(kind="CONSTRAINT", this=self.name())
        if word := self.accept_any("WATERMARK", "DISTRIBUTION"):
            return DropPart(kind=word)
        return DropColumns(expressions=self.parenthesised(self.field_path) if self.word == "(" else [self.field_path()])

    def _partitions(self, kind: str, exists: bool | None) -> Node:
        specs = [self._partition_with_options()]
        while self.accept(",") or self.word == "PARTITION":
            specs.append(self._partition_with_options())
        return ChangePartitions(kind=kind, exists=exists, expressions=specs)

    def _partition_with_options(self) -> PartitionSpec:
        spec = self.partition_spec()
        if self.accept("WITH"):
            spec.set("options", self.options())
        return spec

    def partition_spec(self) -> PartitionSpec:
        """PARTITION (name = value, name)."""
        start = self.token
        self.expect("PARTITION")
        return self.placed(PartitionSpec(expressions=self.parenthesised(self._partition_item)), start)

    def _partition_item(self) -> Node:
        name = self.name()
        return exp.EQ(this=name, expression=self.operand()) if self.accept("=") else name


_PARSERS: dict[str, Callable[[ChangeParser], Node]] = {
    "RENAME": ChangeParser.rename, "SET": ChangeParser.set_, "RESET": ChangeParser.reset,
    "COMMENT": ChangeParser.set_comment, "AS": ChangeParser.set_definition, "ADD": ChangeParser.add,
    "MODIFY": ChangeParser.modify, "DROP": ChangeParser.drop_part, "SUSPEND": ChangeParser.lifecycle,
    "RESUME": ChangeParser.lifecycle, "REFRESH": ChangeParser.lifecycle,
}
