"""The way back: what the statements of a node say, for components to read themselves off (`Component.read`).

What is read is a guess. It counts only where lowering it gives the same statements again, so `read` may be quick and
short, and may give several readings, the plainest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from engine.sql.dialect import ComputedColumn, CreateTable, Descriptor, InsertInto, PhysicalColumn, generate


@dataclass(frozen=True)
class Said:
    """The statements of one node, in normal form: without names of windows, and with relations called `t1`, `t2`, ...
    where a query reads several (columns of an only one stand alone).

    `options` gives the ways in which a document may have said a table's options, by the table's use. `aggregates`
    tells whether a SELECT without GROUP BY over a relation has aggregates. `names` are the columns of a relation.
    """

    node: str
    tables: Mapping[str, CreateTable] = field(default_factory=dict)
    loads: tuple[InsertInto, ...] = ()
    views: Mapping[str, exp.Query] = field(default_factory=dict)
    inserts: tuple[InsertInto, ...] = ()
    options: Callable[[str, Mapping[str, str]], Iterable[dict[str, str]]] = lambda use, said: ({},)
    aggregates: Callable[[exp.Query, str], bool] = lambda query, source: False
    names: Callable[[str], tuple[str, ...]] = lambda relation: ()

    def select(self) -> exp.Select | None:
        """The SELECT of a node that is one view."""
        query = self.views.get(self.node)
        return query if len(self.views) == 1 and not self.tables and isinstance(query, exp.Select) else None

    def sink(self) -> tuple[CreateTable, exp.Select] | None:
        """The table and the SELECT of a node that is one table with one INSERT into it."""
        if len(self.tables) != 1 or len(self.inserts) != 1 or self.views or self.loads:
            return None
        table, query = self.tables.get(self.node), self.inserts[0].expression
        return (table, query) if table is not None and isinstance(query, exp.Select) else None


@dataclass(frozen=True)
class Reading:
    """What a component makes of them: values of properties as documents write them, and the relations at its ports."""

    properties: dict[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Readings = Iterator[Reading]


# ---- parts -----------------------------------------------------------------------------------------------------------


def bare(tree: Any) -> Any:
    """A tree without the parentheses around it."""
    while isinstance(tree, exp.Paren):
        tree = tree.this
    return tree


def written(tree: exp.Expr) -> str:
    """An expression as documents write it."""
    return generate(tree, quote=False)


def lasting(tree: Any) -> str | None:
    """An interval as "10 minutes"; None where it is none, or of another kind."""
    tree = bare(tree)
    if not isinstance(tree, exp.Interval) or not isinstance(tree.this, exp.Literal):
        return None
    count, unit = tree.this.name, tree.args.get("unit")
    if not count.isdigit() or not isinstance(unit, exp.Var):
        return None
    return f"{count} {unit.name.lower()}{'' if count == '1' else 's'}"


def column_name(tree: Any, table: str = "") -> str | None:
    """The name of a column, without a table or of this one; None for anything else."""
    if not isinstance(tree, exp.Column) or isinstance(tree.this, exp.Star):
        return None
    parts = [part.name for part in tree.parts]
    return parts[-1] if parts[:-1] == ([table] if table else []) else None


def column_names(trees: Iterable[Any] | None, table: str = "") -> list[str] | None:
    """The names of columns; None where one is none."""
    names = [column_name(tree, table) for tree in trees or ()]
    return None if None in names else [name for name in names if name]


def source_of(query: exp.Expr) -> str | None:
    """The relation that a SELECT reads, where it reads one by its name and does nothing else to it."""
    source = query.args.get("from_")
    plain = source is not None and isinstance(source.this, exp.Table) and not query.args.get("joins")
    return relation(source.this) if plain and source is not None else None


def relation(tree: Any) -> str | None:
    """The name of a relation that is named and nothing else: no other catalogue, time or hint."""
    if not isinstance(tree, exp.Table) or not isinstance(tree.this, exp.Identifier):
        return None
    return None if any(tree.args.get(part) for part in ("db", "catalog", "version", "hints")) else tree.name


def only(query: exp.Expr, *clauses: str) -> bool:
    """Whether a SELECT has no clauses but these (and its items and FROM)."""
    known = {"expressions", "from_", "kind", *clauses}
    return all(not value for key, value in query.args.items() if key not in known)


def items_of(query: exp.Expr) -> list[tuple[str, exp.Expr]] | None:
    """The items of a SELECT with their names; None where one has no name, as `*`."""
    found: list[tuple[str, exp.Expr]] = []
    for item in query.expressions:
        name = item.alias if isinstance(item, exp.Alias) else item.name if column_like(item) else ""
        if not name:
            return None
        found.append((name, item.this if isinstance(item, exp.Alias) else item))
    return found


def column_like(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Column) and not isinstance(tree.this, exp.Star)


def after_star(query: exp.Expr) -> list[tuple[str, exp.Expr]] | None:
    """The named items of a SELECT that come after `*`; None where it does not begin with it."""
    first, *others = query.expressions
    return items_of(exp.Select(expressions=others)) if isinstance(first, exp.Star) else None


def expressions(items: Sequence[tuple[str, exp.Expr]]) -> dict[str, str]:
    """Named expressions as documents write them."""
    return {name: written(tree) for name, tree in items}


def condition(query: exp.Expr) -> str | None:
    """The condition of WHERE, as documents write it."""
    where = query.args.get("where")
    return None if where is None else written(where.this)


def windowed(query: exp.Expr) -> tuple[str, str, str, list[str]] | None:
    """The relation, function, time column and sizes of FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), ..))."""
    source = query.args.get("from_")
    call = source.this.this if source is not None and isinstance(source.this, exp.TableFromRows) else None
    if not isinstance(call, exp.Anonymous) or len(call.expressions) < 3:
        return None
    rows, time, *sizes = call.expressions
    name = relation(rows.this) if not any(rows.args.get(part) for part in ("partition_by", "order")) else None
    lengths = [lasting(size) for size in sizes]
    if name is None or not isinstance(time, Descriptor) or len(time.expressions) != 1 or None in lengths:
        return None
    return name, call.name.upper(), time.expressions[0].name, [length for length in lengths if length]


def options_of(table: CreateTable) -> dict[str, str]:
    return {option.this.name: option.expression.name for option in table.args.get("options") or ()}


def key_of(table: CreateTable) -> list[str]:
    """The columns of a table's key."""
    return [column.name for constraint in table.args.get("constraints") or () for column in constraint.expressions]


def fields_of(columns: Iterable[exp.Expr]) -> dict[str, str]:
    """Physical columns (or fields of a row) and their types, as documents write them."""
    return {column.name: written(column.args["kind"]) for column in columns}


def physical(table: CreateTable) -> list[exp.Expr]:
    return [column for column in table.args.get("columns") or () if isinstance(column, PhysicalColumn)]


def computed(table: CreateTable) -> list[tuple[str, exp.Expr]]:
    columns = table.args.get("columns") or ()
    return [(column.name, column.expression) for column in columns if isinstance(column, ComputedColumn)]


def numeral(tree: Any) -> float | int | None:
    """The number that a literal says, with or without a minus before it; None for anything else, and for one so small
    or large that YAML would take it for a text."""
    tree = bare(tree)
    if isinstance(tree, exp.Neg):
        inner = numeral(tree.this)
        return None if inner is None else -inner
    if not isinstance(tree, exp.Literal) or tree.is_string:
        return None
    value = float(tree.name)
    if "e" in repr(value):
        return None
    return int(value) if value == int(value) else value


# ---- shapes that several components have -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ranked:
    """SELECT .. FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY by ORDER BY order) FROM source) WHERE limit."""

    source: str
    by: list[str]
    order: str
    descending: bool
    limit: exp.Expr


def ranks(said: Said) -> Ranked | None:
    """The one view of a node as a ranking."""
    query = said.select()
    inner = from_query(query) if query is not None else None
    source = source_of(inner) if inner is not None else None
    items = after_star(inner) if inner is not None else None
    rank = bare(items[0][1]) if items else None
    where = query.args.get("where") if query is not None else None
    if not source or where is None or not isinstance(rank, exp.Window) or rank.args.get("order") is None:
        return None
    by = column_names(rank.args.get("partition_by"))
    ordered = rank.args["order"].expressions[0]
    order = column_name(ordered.this)
    limit = bare(where.this)
    if by is None or order is None or not isinstance(limit, exp.Binary):
        return None
    return Ranked(source, by, order, bool(ordered.args.get("desc")), limit)


def from_query(query: exp.Expr) -> exp.Select | None:
    """The SELECT in FROM (SELECT ..)."""
    source = query.args.get("from_")
    inner = source.this.this if source is not None and isinstance(source.this, exp.Subquery) else None
    return inner if isinstance(inner, exp.Select) else None


@dataclass(frozen=True)
class Joined:
    """SELECT .. FROM rows [LEFT] JOIN table FOR SYSTEM_TIME AS OF time ON left = .., the rows perhaps of a query."""

    query: exp.Select
    rows: str
    table: str
    time: str
    left: str
    outer: bool


def as_of(said: Said) -> Joined | None:
    """The one view of a node as a join with a table as it was at a time."""
    query = said.select()
    join = next(iter(query.args.get("joins") or ()), None) if query is not None else None
    version = join.this.args.get("version") if join is not None and isinstance(join.this, exp.Table) else None
    on = bare(join.args.get("on")) if join is not None else None
    if query is None or join is None or version is None or not isinstance(on, exp.EQ):
        return None
    inner = from_query(query)
    rows = source_of(inner) if inner is not None else relation(query.args["from_"].this)
    if not rows or not column_like(version.expression) or not column_like(on.this):
        return None
    return Joined(query, rows, join.this.name, version.expression.name, on.this.name, bool(join.args.get("side")))


def conjuncts(tree: Any) -> list[Any]:
    """The conditions that AND joins."""
    tree = bare(tree)
    return [*conjuncts(tree.this), *conjuncts(tree.expression)] if isinstance(tree, exp.And) else [tree]
