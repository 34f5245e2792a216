"""The catalogue: catalogs, databases, and in them tables, views, functions and models; temporary ones hide permanent
ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as Folder

from sqlglot import exp

from engine.errors import Place, UserError
from engine.expressions.functions.user_hosts import Here, Host
from engine.plan.nodes import Places, TableSpec
from engine.sql.names import near_or_all
from engine.types import DataType

Path = tuple[str, str, str]
DEFAULT_CATALOG = "default_catalog"
DEFAULT_DATABASE = "default_database"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A declared column. Physical where neither `computed` nor `metadata` is given; `type` is None for a computed one
    (the binder finds it). `virtual`: a metadata column that is read, never written."""

    name: str
    type: DataType | None
    computed: exp.Expr | None = None
    metadata: str | None = None
    virtual: bool = False
    comment: str = ""

    @property
    def persisted(self) -> bool:
        """Whether an INSERT writes it."""
        return self.computed is None and not self.virtual


@dataclass(frozen=True, slots=True)
class WatermarkSpec:
    """WATERMARK FOR column AS expression; `column` may be a path into a row."""

    column: tuple[str, ...]
    expression: exp.Expr


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A declared table; `places`: where its options stand in the SQL text."""

    path: Path
    columns: tuple[TableColumn, ...]
    watermark: WatermarkSpec | None = None
    primary_key: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    partitioned_by: tuple[str, ...] = ()
    comment: str = ""
    temporary: bool = False
    places: Places = ()

    @property
    def name(self) -> str:
        return self.path[-1]

    def column(self, name: str) -> TableColumn | None:
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A named query, resolved against the catalog and database that were current when it was made.

    `columns`: declared names, empty = the query's.
    """

    path: Path
    query: exp.Expr
    columns: tuple[str, ...] = ()
    comment: str = ""
    temporary: bool = False
    home: tuple[str, str] = (DEFAULT_CATALOG, DEFAULT_DATABASE)

    @property
    def name(self) -> str:
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class UserFunction:
    """CREATE FUNCTION name AS 'module.object' LANGUAGE PYTHON."""

    path: Path
    target: str
    language: str = "PYTHON"
    temporary: bool = False
    system: bool = False

    @property
    def name(self) -> str:
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Model:
    """CREATE MODEL name INPUT (...) OUTPUT (...) WITH (...)."""

    path: Path
    inputs: tuple[TableColumn, ...]
    outputs: tuple[TableColumn, ...]
    options: tuple[tuple[str, str], ...] = ()
    temporary: bool = False

    @property
    def name(self) -> str:
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a table's connector says of it: kinds of change its source gives, whether it ends, whether it answers
    lookups by key, whether it can be read and written at all, the kinds of change its sink takes (with the rows
    before updates although it is written by key: `shows_before`), and what its source does by itself where it is asked
    ("filter", "limit"). `rows` finds out how many rows it may have; None: unknown."""

    changelog: str = "I"
    bounded: bool = True
    lookup: bool = False
    readable: bool = True
    writable: bool = True
    accepts: str = "I,UB,UA,D"
    shows_before: bool = False
    abilities: frozenset[str] = frozenset()
    rows: Callable[[], int | None] = lambda: None


Describe = Callable[[TableSpec], Capabilities]


def describe_nothing(table: TableSpec) -> Capabilities:
    """For analysis without connectors: an insert-only table that can do everything. Whether it ends is what its options
    say."""
    return Capabilities(bounded=ends(dict(table.options)), lookup=True)


ENDS: dict[str, Callable[[Mapping[str, str]], bool]] = {
    "datagen": lambda o: "number-of-rows" in o or "sequence" in o.values(),
    "filesystem": lambda o: "source.monitor-interval" not in o,
    "hbase-2.2": lambda o: True,
    "jdbc": lambda o: True,
    "kafka": lambda o: o.get("scan.bounded.mode", "unbounded") != "unbounded",
    "shop": lambda o: "number-of-rows" in o or "number-of-impressions" in o,
}
"""Which tables are read to an end, by connector: what the connectors say of themselves, for those who load none."""


def ends(options: Mapping[str, str]) -> bool:
    """Whether the source of a table of these options ends; False where that is not known."""
    rule = ENDS.get(options.get("connector", ""))
    return rule is not None and rule(options)


Entry = Table | View


@dataclass
class Database:
    """The permanent objects of a database."""

    relations: dict[str, Entry] = field(default_factory=dict)
    functions: dict[str, UserFunction] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)


@dataclass(frozen=True)
class Described:
    """What is said of a catalog or database besides its name."""

    comment: str = ""
    options: tuple[tuple[str, str], ...] = ()


MODULES = ("core",)
"""The modules that hold the built-in functions."""


class Catalog:
    """All that statements can name. `describe` asks a table's connector; `python`: whether users' functions may be
    loaded (a call's type is known only then), `modules`: the folders their modules are in, `host`: where they are
    loaded under a job's settings; without one, in this process.
    `version` grows when a name's meaning changes."""

    def __init__(self, describe: Describe = describe_nothing, python: bool = False,
                 modules: Sequence[Folder] = (), host: Callable[[Mapping[str, str]], Host] | None = None) -> None:
        self.describe = describe
        self.python = python
        here = Here(tuple(modules))
        self.host = host or (lambda settings: here)
        self.catalogs: dict[str, dict[str, Database]] = {DEFAULT_CATALOG: {DEFAULT_DATABASE: Database()}}
        self.current = (DEFAULT_CATALOG, DEFAULT_DATABASE)
        self.described: dict[tuple[str, ...], Described] = {}
        self.used_modules = list(MODULES)
        self.version = 0
        self._temporary: dict[Path, Entry] = {}
        self._temporary_functions: dict[Path, UserFunction] = {}
        self._system_functions: dict[str, UserFunction] = {}
        self._temporary_models: dict[Path, Model] = {}

    # ---- catalogs and databases ------------------------------------------------------------------------------------

    def database(self, catalog: str, name: str, place: Place | None = None) -> Database:
        databases = self.databases(catalog, place)
        if name not in databases:
            raise UserError("unknown_database", f"there is no database '{name}' in catalog '{catalog}'",
                            hint=near_or_all(name, databases, "databases"), place=place)
        return databases[name]

    def databases(self, catalog: str, place: Place | None = None) -> dict[str, Database]:
        if catalog not in self.catalogs:
            raise UserError("unknown_catalog", f"there is no catalog '{catalog}'",
                            hint=near_or_all(catalog, self.catalogs, "catalogs"), place=place)
        return self.catalogs[catalog]

    def create_catalog(self, name: str) -> None:
        self.catalogs[name] = {"default": Database()}

    def drop_catalog(self, name: str) -> bool:
        """Whether there was one."""
        self._changed(name in self.catalogs)
        self.described = {k: v for k, v in self.described.items() if k[0] != name}
        return self.catalogs.pop(name, None) is not None

    def create_database(self, databases: dict[str, Database], name: str) -> None:
        databases[name] = Database()

    def drop_database(self, databases: dict[str, Database], name: str) -> None:
        self._changed(True)
        del databases[name]

    def use_catalog(self, name: str, place: Place | None = None) -> None:
        databases = self.databases(name, place)
        self.current = (name, DEFAULT_DATABASE if DEFAULT_DATABASE in databases else next(iter(databases), "default"))

    def use_database(self, parts: Sequence[str], place: Place | None = None) -> None:
        catalog = parts[0] if len(parts) == 2 else self.current[0]
        self.database(catalog, parts[-1], place)
        self.current = (catalog, parts[-1])

    def path(self, parts: Sequence[str], home: tuple[str, str] | None = None) -> Path:
        """The full path of a name of one to three parts."""
        catalog, database = home or self.current
        match tuple(parts):
            case (name,):
                return catalog, database, name
            case (database, name):
                return catalog, database, name
            case (catalog, database, name):
                return catalog, database, name
            case _:
                raise UserError("bad_name", f"a name has at most three parts: {'.'.join(parts)}")

    # ---- tables and views ------------------------------------------------------------------------------------------

    def find(self, parts: Sequence[str], home: tuple[str, str] | None = None) -> Entry | None:
        """The table or view of this name; None where there is none."""
        path = self.path(parts, home)
        if (temporary := self._temporary.get(path)) is not None:
            return temporary
        database = self.catalogs.get(path[0], {}).get(path[1])
        return database.relations.get(path[2]) if database else None

    def relation(self, parts: Sequence[str], home: tuple[str, str] | None = None, place: Place | None = None) -> Entry:
        entry = self.find(parts, home)
        if entry is None:
            known = self.names(home)
            raise UserError("unknown_table", f"there is no table or view '{'.'.join(parts)}'",
                            hint=near_or_all(parts[-1], known, "tables"), place=place)
        return entry

    def names(self, home: tuple[str, str] | None = None) -> list[str]:
        """Tables and views of a database, sorted."""
        catalog, database = home or self.current
        permanent = self.catalogs.get(catalog, {}).get(database, Database()).relations
        return sorted({*permanent, *(p[2] for p in self._temporary if p[:2] == (catalog, database))})

    def entries(self) -> list[Entry]:
        """Tables and views of the current database, by name."""
        return [self.relation((name,)) for name in self.names()]

    def add(self, entry: Entry, place: Place | None = None) -> None:
        """Create or replace a table or view."""
        if entry.temporary:
            self._changed(entry.path in self._temporary)
            self._temporary[entry.path] = entry
            return
        relations = self.database(entry.path[0], entry.path[1], place).relations
        self._changed(entry.path[2] in relations)
        relations[entry.path[2]] = entry

    def remove(self, path: Path, temporary: bool) -> None:
        self._changed(True)
        if temporary:
            del self._temporary[path]
        else:
            del self.catalogs[path[0]][path[1]].relations[path[2]]

    def holds(self, path: Path, temporary: bool) -> bool:
        if temporary:
            return path in self._temporary
        return path[2] in self.catalogs.get(path[0], {}).get(path[1], Database()).relations

    def _changed(self, meaning_changed: bool) -> None:
        if meaning_changed:
            self.version += 1

    # ---- functions and models --------------------------------------------------------------------------------------

    def function(self, parts: Sequence[str], home: tuple[str, str] | None = None) -> UserFunction | None:
        """A user's function by name; like Flink's, such names ignore case."""
        if len(parts) == 1 and (system := self._system_functions.get(parts[0].lower())):
            return system
        catalog, database, name = self.path(parts, home)
        found = self._temporary_functions.get((catalog, database, name.lower()))
        owner = self.catalogs.get(catalog, {}).get(database)
        return found or (owner.functions.get(name.lower()) if owner else None)

    def functions(self) -> list[UserFunction]:
        catalog, database = self.current
        temporary = {p[2]: f for p, f in self._temporary_functions.items() if p[:2] == (catalog, database)}
        permanent = self.catalogs[catalog][database].functions
        return sorted({**permanent, **temporary, **self._system_functions}.values(), key=lambda f: f.name)

    def _function_table(
        self, function: UserFunction
    ) -> tuple[dict[str, UserFunction] | dict[Path, UserFunction], object]:
        catalog, database, name = function.path
        if function.system:
            return self._system_functions, name.lower()
        if function.temporary:
            return self._temporary_functions, (catalog, database, name.lower())
        return self.database(catalog, database).functions, name.lower()

    def holds_function(self, function: UserFunction) -> bool:
        table, key = self._function_table(function)
        return key in table

    def add_function(self, function: UserFunction) -> None:
        self.version += 1
        table, key = self._function_table(function)
        table[key] = function  # type: ignore[index]

    def remove_function(self, function: UserFunction) -> None:
        self.version += 1
        table, key = self._function_table(function)
        del table[key]  # type: ignore[arg-type]

    def model(self, parts: Sequence[str], home: tuple[str, str] | None = None) -> Model | None:
        path = self.path(parts, home)
        owner = self.catalogs.get(path[0], {}).get(path[1])
        return self._temporary_models.get(path) or (owner.models.get(path[2]) if owner else None)

    def add_model(self, model: Model) -> None:
        self.version += 1
        if model.temporary:
            self._temporary_models[model.path] = model
        else:
            self.database(model.path[0], model.path[1]).models[model.path[2]] = model

    def remove_model(self, path: Path, temporary: bool) -> None:
        self.version += 1
        if temporary:
            self._temporary_models.pop(path, None)
        else:
            self.database(path[0], path[1]).models.pop(path[2], None)

    def models(self) -> list[Model]:
        owner = self.catalogs[self.current[0]][self.current[1]]
        temporary = {p[2]: m for p, m in self._temporary_models.items() if p[:2] == self.current}
        return sorted({**owner.models, **temporary}.values(), key=lambda m: m.name)


def column_names(columns: Iterable[TableColumn]) -> tuple[str, ...]:
    return tuple(c.name for c in columns)
