"""What a node becomes: statements, and what is known of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlglot import exp

from engine.analyze import RelationInfo
from engine.sql.dialect import CreateView, generate
from engine.types import Field, TimeKind
from porsche.components.base import Lowering
from porsche.components.table import Table, table_name

Source = tuple[str, str]
"""(table or view, column)."""
Columns = dict[str, tuple[Source, ...]]


@dataclass(frozen=True)
class Described:
    """What a node gives: columns, event time, key, and kinds of change ("I": rows are only added)."""

    columns: tuple[Field, ...]
    time: str | None
    key: tuple[str, ...]
    changelog: str

    @classmethod
    def of(cls, info: RelationInfo) -> Described:
        time = next((f.name for f in info.columns if f.time is TimeKind.ROWTIME), None)
        return cls(info.columns, time, info.keys[0] if info.keys else (), info.changelog)

    @cached_property
    def _json(self) -> dict[str, Any]:
        columns = [
            {"name": f.name, "type": str(f.type), "time": f.time.value if f.time else None} for f in self.columns
        ]
        return {"columns": columns, "time": self.time, "key": list(self.key), "changelog": self.changelog}

    def as_json(self) -> dict[str, Any]:
        """As JSON values, which callers do not change."""
        return self._json


@dataclass(frozen=True)
class Statement:
    """A statement of a node: `kind` table, view, load or insert; `name` the table or view it makes or fills."""

    kind: str
    node: str
    name: str
    tree: exp.Expr
    made_of: Columns = field(default_factory=dict, compare=False, repr=False)
    """What its columns are made of, once `porsche.compiler.lineage` has found it out."""

    @cached_property
    def text(self) -> str:
        """Its SQL, without an end."""
        return generate(self.tree, pretty=True, quote=False)


def statements_of(lowered: Table | Lowering, node: str, owner: str = "") -> Iterator[Statement]:
    """A node's statements in order; `owner`: the node they are said to be of, where that is another."""
    owner = owner or node
    if isinstance(lowered, Table):
        lowered = Lowering(views=((node, lowered.tree()),))
    for tree in lowered.tables:
        yield Statement("table", owner, tree.this.name, tree)
    for tree in lowered.loads:
        yield Statement("load", owner, tree.this.name, tree)
    for name, query in lowered.views:
        yield Statement("view", owner, name, CreateView(this=table_name(name), expression=query, temporary=True))
    for tree in lowered.inserts:
        yield Statement("insert", owner, tree.this.name, tree)
