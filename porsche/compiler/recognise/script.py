"""A text of SQL as the units that nodes become: each a table or a view with what fills it and what helps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from engine.errors import Place, UserError
from engine.sql.dialect import (
    CreateTable,
    CreateView,
    InsertInto,
    SetProperty,
    StatementSet,
    StatementSetMark,
    generate,
    parse,
    parse_one,
    place_of,
)
from porsche.compiler.document import IDENTIFIER
from porsche.compiler.printing import SYNCHRONOUS
from porsche.compiler.recognise.normal import normal
from porsche.components.table import table_name

NAME = "pipeline.name"
WHOLE = "whole"
"""In the `meta` of a view's query: that of the whole statement."""


@dataclass
class Unit:
    """The statements of what may be one node, in the order of the text."""

    name: str
    tables: dict[str, CreateTable] = field(default_factory=dict)
    loads: list[InsertInto] = field(default_factory=list)
    views: dict[str, exp.Query] = field(default_factory=dict)
    inserts: list[InsertInto] = field(default_factory=list)

    @property
    def makes(self) -> set[str]:
        """The names of its tables and views."""
        return {*self.tables, *self.views}

    def statements(self) -> Iterator[exp.Expr]:
        yield from (*self.tables.values(), *self.loads, *self.views.values(), *self.inserts)

    def analysable(self) -> Iterator[exp.Expr]:
        """Its statements in the order in which they can be analysed, each as often as one likes."""
        for table in self.tables.values():
            table.set("replace", True)
        yield from (*self.tables.values(), *self.loads)
        for name, query in self.views.items():
            view = CreateView(this=table_name(name), expression=query, temporary=True, replace=True)
            view._meta = query.meta.get(WHOLE)
            yield view
        yield from self.inserts

    def queries(self) -> Iterator[exp.Query]:
        yield from (insert.expression for insert in (*self.loads, *self.inserts))
        yield from self.views.values()

    def reads(self) -> list[str]:
        """The relations that it reads and does not make itself, in the order of the text."""
        names = [name for query in self.queries() for name in relations(query)]
        return [name for name in dict.fromkeys(names) if name not in self.makes]

    def normal(self) -> Unit:
        """The same in normal form."""
        return Unit(self.name, {n: normal(t) for n, t in self.tables.items()}, [normal(t) for t in self.loads],
                    {n: normal(t) for n, t in self.views.items()}, [normal(t) for t in self.inserts])


@dataclass
class Script:
    """What a text says: settings, units in an order in which what they read comes first, and what cannot be said."""

    name: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    order: dict[str, list[str]] = field(default_factory=lambda: {"table": [], "view": [], "insert": []})
    problems: list[UserError] = field(default_factory=list)


def relations(query: exp.Expr) -> list[str]:
    """The names of the relations that a query reads, but for those that it defines itself."""
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    tables = sorted(_named_tables(query), key=_start)
    return list(dict.fromkeys(table.name for table in tables if table.name not in own))


def _named_tables(query: exp.Expr) -> Iterator[exp.Table]:
    return (table for table in query.find_all(exp.Table) if isinstance(table.this, exp.Identifier))


def _start(tree: exp.Expr) -> int:
    place = place_of(tree)
    return place.start if place is not None else 0


def read(sql: str) -> Script:
    """The script of a text; UserError("syntax") where it is none."""
    reader = _Reader()
    for statement in parse(sql):
        reader.statement(statement)
    return reader.script()


class _Reader:
    def __init__(self) -> None:
        self._script = Script()
        self._tables: dict[str, CreateTable] = {}
        self._views: dict[str, exp.Query] = {}
        self._inserts: list[tuple[InsertInto, bool]] = []
        self._loading = False

    def statement(self, tree: exp.Expr) -> None:
        try:
            self._take(tree)
        except UserError as error:
            self._script.problems.append(error)

    def _take(self, tree: exp.Expr) -> None:
        if isinstance(tree, StatementSet):
            for inner in tree.expressions:
                self.statement(inner)
        elif isinstance(tree, SetProperty) and tree.this is not None:
            self._set(tree.this.name, tree.expression.name)
        elif isinstance(tree, CreateTable):
            self._table(tree)
        elif isinstance(tree, CreateView):
            query = _renamed(tree)
            query.meta[WHOLE] = dict(tree.meta)
            self._make(self._views, tree, query)
            self._script.order["view"].append(tree.this.name)
        elif isinstance(tree, InsertInto):
            self._insert(tree)
        elif not isinstance(tree, StatementSetMark):
            raise _not_said(tree, "a pipeline has no such statement",
                            "tables, views, INSERTs and settings make a pipeline")

    def _set(self, name: str, value: str) -> None:
        if name == NAME:
            self._script.name = value
        elif name == SYNCHRONOUS:
            self._loading = value.lower() == "true"
        else:
            self._script.settings[name] = value

    def _table(self, tree: CreateTable) -> None:
        if tree.expression is not None or tree.args.get("like"):
            raise _not_said(tree, "a table of a pipeline names its columns and nothing else",
                            "write the columns and their types")
        self._make(self._tables, tree, tree)
        self._script.order["table"].append(tree.this.name)

    def _make(self, into: dict[str, exp.Expr] | dict[str, CreateTable] | dict[str, exp.Query], tree: exp.Expr,
              made: exp.Expr) -> None:
        name = _plain(tree.this)
        if name in self._tables or name in self._views:
            raise UserError("duplicate_id", f"'{name}' is made twice", place=place_of(tree.this))
        into[name] = made  # type: ignore[assignment]

    def _insert(self, tree: InsertInto) -> None:
        if tree.args.get("overwrite") or tree.args.get("partition"):
            raise _not_said(tree, "a pipeline only adds rows to its tables", "write INSERT INTO")
        _plain(tree.this)
        self._inserts.append((tree, self._loading))
        self._script.order["insert"].append(tree.this.name)

    def script(self) -> Script:
        owners = {name: self._owner(name) for name in (*self._tables, *self._views)}
        units = {owner: Unit(owner) for owner in dict.fromkeys(owners.values())}
        for name, table in self._tables.items():
            units[owners[name]].tables[name] = table
        for name, view in self._views.items():
            units[owners[name]].views[name] = view
        for insert, loading in self._inserts:
            unit = units.get(owners.get(insert.this.name, ""))
            if unit is None or insert.this.name not in self._tables:
                self._script.problems.append(UserError(
                    "unknown_table", f"there is no table '{insert.this.name}' to write to",
                    hint="create it in the same text", place=place_of(insert.this)))
            else:
                (unit.loads if loading else unit.inserts).append(insert)
        self._script.units = _sorted(units, owners, self._script.problems)
        return self._script

    def _owner(self, name: str) -> str:
        """The node that a table or view belongs to: a helper's name begins with it."""
        owner, found, _ = name.partition("__")
        return owner if found and (owner in self._tables or owner in self._views) else name


def _plain(table: exp.Expr) -> str:
    if table.args.get("db") or table.args.get("catalog"):
        raise UserError("bad_id", "names in a pipeline have one part", hint="leave out catalogue and database",
                        place=place_of(table))
    return str(table.name)


def _not_said(tree: exp.Expr, message: str, hint: str) -> UserError:
    place = place_of(tree)
    return UserError("not_recognised", message, hint=hint,
                     place=place and Place(place.line, place.column, place.start, place.end))


def _renamed(view: CreateView) -> exp.Query:
    """The query of a view, with the names that the view gives its columns."""
    query = view.expression
    columns = view.args.get("columns")
    if not columns:
        return query
    items = query.expressions if isinstance(query, exp.Select) else []
    if len(items) != len(columns) or any(item.find(exp.Star) is item or item.is_star for item in items):
        raise _not_said(view, "the names of the view's columns do not fit its query", "name them in the SELECT: x AS a")
    named = query.copy()
    for item, column in zip(list(named.expressions), columns, strict=True):
        inner = item.this if isinstance(item, exp.Alias) else item
        item.replace(exp.Alias(this=inner.copy(), alias=exp.Identifier(this=column.name, quoted=False)))
    return named


def _sorted(units: dict[str, Unit], owners: Mapping[str, str], problems: list[UserError]) -> list[Unit]:
    """Units with what they read before them; a circle is a problem."""
    found = in_order(list(units.values()), owners)
    if len(found) < len(units):
        left = [name for name, unit in units.items() if unit not in found]
        problems.append(UserError("cycle", f"these read each other in a circle: {', '.join(left)}",
                                  place=place_of(next(units[left[0]].statements()))))
    return found


def in_order(units: list[Unit], owners: Mapping[str, str] | None = None) -> list[Unit]:
    """Units with what they read before them, else as they came; without those that read each other. `owners`: which
    unit makes a relation, where it is not the one of its name."""
    waiting = {unit.name: unit for unit in units}
    needs = {unit.name: {(owners or {}).get(read, read) for read in unit.reads()} & waiting.keys() - {unit.name}
             for unit in units}
    found: list[Unit] = []
    while (free := next((name for name in waiting if not needs[name]), None)) is not None:
        found.append(waiting.pop(free))
        for needed in needs.values():
            needed.discard(free)
    return found


# ---- names -----------------------------------------------------------------------------------------------------------


def is_id(name: str) -> bool:
    """Whether a node can have this name."""
    return IDENTIFIER.fullmatch(name) is not None and "__" not in name


def id_like(name: str, taken: Callable[[str], bool]) -> str:
    """A name for a node, like this one, that is not taken."""
    made = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    made = made if made[:1].isalpha() else f"node_{made}".rstrip("_")
    number, found = 2, made
    while taken(found):
        found, number = f"{made}_{number}", number + 1
    return found


def rename(trees: Iterable[exp.Expr], names: Mapping[str, str]) -> None:
    """Give relations other names, wherever these trees speak of them."""
    for tree in trees:
        own = {cte.alias for cte in tree.find_all(exp.CTE)}
        called = {column.parts[0].name for column in tree.find_all(exp.Column) if len(column.parts) > 1}
        for table in list(_named_tables(tree)):
            old = table.name
            if old not in names or old in own:
                continue
            if old in called and table.args.get("alias") is None and isinstance(table.parent, exp.From | exp.Join):
                table.set("alias", exp.TableAlias(this=exp.Identifier(this=old, quoted=False)))
            table.this.set("this", names[old])


def with_table(text: str, old: str, new: str) -> str:
    """The text of a query in which a table has another name; every other character stays."""
    try:
        query = parse_one(text)
    except UserError:
        return text
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    aliases = {alias.name for alias in query.find_all(exp.TableAlias)}
    names = [table.this for table in _named_tables(query) if table.name == old and old not in own]
    if names and old not in aliases:
        names += [column.parts[0] for column in query.find_all(exp.Column)
                  if len(column.parts) > 1 and column.parts[0].name == old]
    for place in sorted((place_of(name) for name in names), key=lambda each: -each.start if each else 0):
        if place is not None:
            quoted = text[place.start] == "`"
            written = generate(exp.Identifier(this=new, quoted=False), quote=quoted)
            text = text[:place.start] + written + text[place.end:]
    return text
