"""Relations as SQL: `Table` builds SELECTs as trees; small functions make the parts.

A `Table` is a named relation with known columns, or a query over some. Each method gives a new one; nothing is parsed
and nothing is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlglot import exp

from engine.sql.dialect import (
    ComputedColumn,
    CreateTable,
    Descriptor,
    KeyConstraint,
    Option,
    PhysicalColumn,
    TableArgument,
    Watermark,
    parse_type,
)
from engine.types import DataType, Schema, TimeKind

Items = Sequence[tuple[str, exp.Expr]]
"""Output columns: names and expressions."""


# ---- parts -----------------------------------------------------------------------------------------------------------


def identifier(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=False)


def column(name: str, table: str = "") -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def table_name(name: str, alias: str = "") -> exp.Table:
    return exp.Table(this=identifier(name), alias=exp.TableAlias(this=identifier(alias)) if alias else None)


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def constant(value: str) -> exp.Cast:
    """A text as a STRING, whose own type would be as long as the text."""
    return exp.Cast(this=text(value), to=exp.DataType(this=exp.DType.TEXT))


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def named(tree: exp.Expr, name: str) -> exp.Expr:
    """`tree AS name`, or the tree itself where that is its name anyway."""
    if isinstance(tree, exp.Column) and tree.name == name:
        return tree
    return exp.Alias(this=tree, alias=identifier(name))


def all_of(conditions: Iterable[exp.Expr]) -> exp.Expr:
    """The conditions joined by AND."""
    first, *others = conditions
    for other in others:
        first = exp.And(this=first, expression=other)
    return first


@cache
def _type_tree(type: DataType) -> exp.Expr:
    return parse_type(str(type))


def type_tree(type: DataType) -> exp.Expr:
    return _type_tree(type).copy()


def ordered(name: str, descending: bool = False) -> exp.Ordered:
    return exp.Ordered(this=column(name), desc=True if descending else None)


# ---- CREATE TABLE ----------------------------------------------------------------------------------------------------


def create_table(name: str, columns: Sequence[tuple[str, exp.Expr]], options: Mapping[str, str], *,
                 computed: Items = (), watermark: tuple[str, exp.Expr] | None = None,
                 key: Sequence[str] = ()) -> CreateTable:
    """CREATE TABLE with physical columns and their types, computed ones after them, a watermark, a key, options."""
    physical = [PhysicalColumn(this=identifier(n), kind=kind.copy()) for n, kind in columns]
    made = [ComputedColumn(this=identifier(n), expression=tree.copy()) for n, tree in computed]
    constraint = KeyConstraint(kind="PRIMARY KEY", expressions=[identifier(k) for k in key], enforced=False)
    return CreateTable(
        this=table_name(name), columns=[*physical, *made],
        watermarks=[Watermark(this=column(watermark[0]), expression=watermark[1].copy())] if watermark else None,
        constraints=[constraint] if key else None,
        options=[Option(this=text(k), expression=text(v)) for k, v in options.items()])


# ---- SELECT ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A relation: `source` is what stands in FROM; `query` what was said of it so far (None: all of its columns).

    `schema`, `key` (a unique key, if one is known) and `changelog` describe a named relation; a query's are found when
    its view is made. `columns` are its names, always known but for custom SQL.
    """

    source: exp.Expr
    schema: Schema
    names: tuple[str, ...]
    key: tuple[str, ...] = ()
    changelog: str = "I"
    query: exp.Select | None = None

    @classmethod
    def of(cls, name: str, schema: Schema, key: Sequence[str] = (), changelog: str = "I") -> Table:
        return cls(table_name(name), schema, schema.names, tuple(key), changelog)

    @property
    def name(self) -> str:
        return self.source.name

    # -- what is known of columns

    def times(self) -> list[str]:
        """Its event time columns."""
        return [f.name for f in self.schema if f.time is TimeKind.ROWTIME]

    def clocks(self) -> list[str]:
        """Its processing time columns."""
        return [f.name for f in self.schema if f.time is TimeKind.PROCTIME]

    def without_clocks(self) -> list[str]:
        """Names of its columns but those of processing time."""
        return [f.name for f in self.schema if f.time is not TimeKind.PROCTIME]

    # -- building

    def select(self, items: Items, where: exp.Expr | None = None) -> Table:
        """These columns only, of all rows or those for which a condition is TRUE."""
        select = exp.Select(expressions=[named(tree.copy(), name) for name, tree in items], from_=self._from(),
                            where=exp.Where(this=where.copy()) if where is not None else None)
        return self._with(select, tuple(name for name, _ in items))

    def keep(self, names: Sequence[str]) -> Table:
        """Columns by name."""
        return self.select([(name, column(name)) for name in names])

    def extend(self, items: Items) -> Table:
        """All columns, and new ones after them."""
        made = [named(tree.copy(), name) for name, tree in items]
        return self._with(exp.Select(expressions=[exp.Star(), *made], from_=self._from()),
                          (*self.names, *(name for name, _ in items)))

    def where(self, condition: exp.Expr) -> Table:
        """Rows for which the condition is TRUE."""
        select = exp.Select(expressions=[exp.Star()], from_=self._from(), where=exp.Where(this=condition.copy()))
        return self._with(select, self.names)

    def grouped(self, by: Sequence[str]) -> Table:
        """The query so far, with a row for each combination of the columns `by`."""
        assert self.query is not None
        query = self.query.copy()
        query.set("group", exp.Group(expressions=[column(b) for b in by]))
        return replace(self, query=query)

    def group(self, by: Sequence[str], items: Items, where: exp.Expr | None = None) -> Table:
        """The columns `by` and aggregates: a row for each combination of them, or one row where there are none."""
        selected = self.select([*((b, column(b)) for b in by), *items], where)
        return selected.grouped(by) if by else selected

    def only(self, names: Sequence[str]) -> Table:
        """The query so far, with these of its columns."""
        assert self.query is not None
        query = self.query.copy()
        query.set("expressions", [column(name) for name in names])
        return self._with(query, tuple(names))

    def named(self, names: Sequence[str]) -> Table:
        """The same with these names of columns, where a star hides them."""
        return replace(self, names=tuple(names))

    def over(self, items: Items, partition: Sequence[str], order: str, frame: exp.WindowSpec | None) -> Table:
        """All columns, and aggregates over a frame of rows before each, all with one window."""
        window = exp.Window(this=identifier("w"), partition_by=[column(p) for p in partition],
                            order=exp.Order(expressions=[ordered(order)]), spec=frame)
        made = [named(exp.Window(this=tree.copy(), alias=identifier("w"), over="OVER"), name) for name, tree in items]
        select = exp.Select(expressions=[exp.Star(), *made], from_=self._from(), windows=[window])
        return self._with(select, (*self.names, *(name for name, _ in items)))

    def rank(self, by: Sequence[str], order: Sequence[tuple[str, bool]], name: str) -> Table:
        """All columns, and the row's number among those equal in `by`, ordered by (column, descending)."""
        rank = exp.Window(this=call("ROW_NUMBER"), partition_by=[column(b) for b in by], over="OVER",
                          order=exp.Order(expressions=[ordered(n, down) for n, down in order]))
        return self.extend([(name, rank)])

    def window(self, function: str, time: str, *sizes: exp.Expr) -> Table:
        """The rows with the windows each belongs to: TUMBLE, HOP, ... over a named relation."""
        assert self.query is None
        argument = TableArgument(this=table_name(self.name))
        made = call(function, argument, Descriptor(expressions=[identifier(time)]), *(s.copy() for s in sizes))
        return replace(self, source=exp.TableFromRows(this=made),
                       names=(*self.names, "window_start", "window_end", "window_time"))

    def aliased(self, alias: str) -> exp.Expr:
        """What stands in FROM or JOIN under an alias."""
        if self.query is not None:
            return exp.Subquery(this=self.query.copy(), alias=exp.TableAlias(this=identifier(alias)))
        return table_name(self.name, alias)

    def join(self, other: Table, on: exp.Expr, items: Items, *, aliases: tuple[str, str], left: bool = False,
             as_of: exp.Expr | None = None) -> Table:
        """Rows of both that meet `on`; `as_of`: the other table as it was at that time; items name what is kept."""
        right = other.aliased(aliases[1])
        if as_of is not None:
            right.set("version", exp.Version(this="TIMESTAMP", kind="AS OF", expression=as_of.copy()))
        join = exp.Join(this=right, side="LEFT" if left else None, kind=None, on=on.copy())
        select = exp.Select(
            expressions=[tree.copy() if name == "*" else named(tree.copy(), name) for name, tree in items],
            from_=exp.From(this=self.aliased(aliases[0])),
            joins=[join],
        )
        return self._with(select, tuple(name for name, _ in items))

    def tree(self) -> exp.Query:
        """The query."""
        return self.query if self.query is not None else exp.Select(expressions=[exp.Star()], from_=self._from())

    def _from(self) -> exp.From:
        if self.query is not None:
            return exp.From(this=exp.Subquery(this=self.query.copy()))
        return exp.From(this=self.source.copy())

    def _with(self, query: exp.Select, names: tuple[str, ...]) -> Table:
        return replace(self, query=query, names=names)


def star(table: str) -> exp.Column:
    """`table.*`"""
    return exp.Column(this=exp.Star(), table=identifier(table))
