"""CREATE and DROP: statements that change what the catalogue holds. ALTER is in `alter`, catalogs and databases are in
`namespaces`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.sql import dialect as ast
from engine.sql import namespaces
from engine.sql.binder import Binder
from engine.sql.catalog import Catalog, Entry, Model, Table, TableColumn, UserFunction, View, WatermarkSpec
from engine.sql.likes import merged_like
from engine.sql.names import near_or_all
from engine.sql.namespaces import options, parts
from engine.sql.places import option_places, place_of
from engine.sql.types import to_data_type


def is_ddl(statement: exp.Expr) -> bool:
    """Whether `apply` handles the statement."""
    return type(statement) in _HANDLERS


def apply(statement: exp.Expr, binder: Binder) -> exp.Expr | None:
    """Apply a statement to the binder's catalogue. CREATE TABLE ... AS gives back the INSERT that fills the table.

    Views are bound and tables' computed columns checked, so that errors come here and not when they are first used.
    """
    return _HANDLERS[type(statement)](statement, binder)


# ---- tables ----------------------------------------------------------------------------------------------------------


def _create_table(node: ast.CreateTable, binder: Binder) -> exp.Expr | None:
    catalog = binder.catalog
    path = catalog.path(parts(node.this))
    temporary = bool(node.args.get("temporary"))
    catalog.database(path[0], path[1], place_of(node.this))
    if _exists(catalog, node, path, temporary):
        return None
    query = node.args.get("expression")
    columns = [c for c in node.args.get("columns") or [] if not isinstance(c, exp.Identifier)]
    order = [c.name for c in node.args.get("columns") or [] if isinstance(c, exp.Identifier)]
    table = Table(path, tuple(table_column(c) for c in columns), watermark_of(node.args.get("watermarks") or []),
                  primary_key(node.args.get("constraints") or []), options(node.args.get("options")),
                  tuple(p.name for p in node.args.get("partitioned_by") or []),
                  node.args["comment"].name if node.args.get("comment") else "", temporary,
                  option_places(node.args.get("options")))
    if node.args.get("like") is not None:
        table = _like(table, node.args["like"], catalog)
    if query is not None:
        table = _with_query_columns(table, query, order, binder)
    add_table(table, binder, node)
    if query is None:
        return None
    return ast.InsertInto(this=node.this.copy(), expression=query.copy())


def _exists(catalog: Catalog, node: exp.Expr, path: tuple[str, str, str], temporary: bool) -> bool:
    """Whether an object is there already and may stay; UserError where it is in the way."""
    if not catalog.holds(path, temporary) or node.args.get("replace"):
        return False
    if node.args.get("exists"):
        return True
    raise UserError("already_exists", f"Could not execute CREATE: '{'.'.join(path)}' already exists",
                    place=place_of(node.this), hint="DROP it first, or CREATE ... IF NOT EXISTS")


def table_column(node: exp.Expr) -> TableColumn:
    """A column of CREATE TABLE."""
    name = node.this.name
    comment = node.args["comment"].name if node.args.get("comment") else ""
    match node:
        case ast.ComputedColumn():
            return TableColumn(name, None, node.expression, comment=comment)
        case ast.MetadataColumn():
            key = node.args["key"].name if node.args.get("key") else name
            return TableColumn(name, to_data_type(node.args["kind"]), metadata=key,
                               virtual=bool(node.args.get("virtual")), comment=comment)
        case _:
            return TableColumn(name, to_data_type(node.args["kind"]), comment=comment)


def watermark_of(nodes: Sequence[ast.Watermark]) -> WatermarkSpec | None:
    if len(nodes) > 1:
        raise UserError("bad_watermark", "Multiple WATERMARK statements is not supported yet", place=place_of(nodes[1]))
    if not nodes:
        return None
    target = nodes[0].this
    path = (target.name,) if isinstance(target, exp.Column) else tuple(p.name for p in target.parts)
    return WatermarkSpec(path, nodes[0].expression)


def primary_key(constraints: Sequence[ast.KeyConstraint]) -> tuple[str, ...]:
    keys = [c for c in constraints if c.args["kind"] == "PRIMARY KEY"]
    for c in constraints:
        if c.args["kind"] == "UNIQUE":
            raise NotSupported("a UNIQUE constraint", place=place_of(c))
        if c.args.get("enforced") is not False:
            raise UserError(
                "bad_key",
                "Flink doesn't support ENFORCED mode for PRIMARY KEY constraint",
                place=place_of(c),
                hint="write PRIMARY KEY (...) NOT ENFORCED",
            )
    if len(keys) > 1:
        raise UserError("bad_key", "Duplicate primary key definition", place=place_of(keys[1]))
    return tuple(i.name for i in keys[0].expressions) if keys else ()


def add_table(table: Table, binder: Binder, node: exp.Expr) -> None:
    """Check a table and put it into the catalogue."""
    checked = checked_table(table, node)
    binder.check(checked)
    binder.catalog.add(checked, place_of(node.this))


def checked_table(table: Table, node: exp.Expr) -> Table:
    """The table with its key's columns NOT NULL; UserError where its parts contradict each other."""
    names = [c.name for c in table.columns]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise UserError(
            "duplicate_column", f"A column named '{twice}' already exists in the table", place=place_of(node.this)
        )
    for key in table.primary_key:
        column = table.column(key)
        if column is None:
            raise UserError(
                "bad_key",
                f"Primary key column '{key}' is not defined in the schema",
                place=place_of(node.this),
                hint=near_or_all(key, names, "columns"),
            )
        if column.computed is not None or column.metadata is not None:
            raise UserError(
                "bad_key",
                f"Could not create a PRIMARY KEY with column '{key}': a PRIMARY KEY constraint must "
                "be declared on physical columns",
                place=place_of(node.this),
            )
    for key in table.partitioned_by:
        if key not in names:
            raise UserError("bad_partition", f"Partition column '{key}' not defined in the table schema",
                            place=place_of(node.this), hint=near_or_all(key, names, "columns"))
    columns = tuple(replace(c, type=c.type.as_nullable(False)) if c.name in table.primary_key and c.type else c
                    for c in table.columns)
    return replace(table, columns=columns)


def _like(table: Table, node: ast.LikeTable, catalog: Catalog) -> Table:
    source = catalog.relation(parts(node.this), place=place_of(node.this))
    if not isinstance(source, Table):
        raise UserError("bad_like", f"Source table '{source.name}' of the LIKE clause can not be a VIEW",
                        place=place_of(node.this))
    chosen = {o.this: o.args["kind"] for o in node.expressions}
    return merged_like(table, source, chosen, place_of(node))


def _with_query_columns(table: Table, query: exp.Expr, order: Sequence[str], binder: Binder) -> Table:
    """CREATE TABLE AS: the query's columns, declared ones before them."""
    schema = binder.query(query).schema
    given = {f.name: TableColumn(f.name, f.type) for f in schema}
    names = order or list(given)
    unknown = next((n for n in names if n not in given), None)
    if unknown is not None:
        raise UserError(
            "unknown_column", f"Column '{unknown}' not found in the query", hint=near_or_all(unknown, given, "columns")
        )
    declared = {c.name: c for c in table.columns}
    fresh = [c for c in table.columns if c.name not in given]
    return replace(table, columns=(*fresh, *(declared.get(n, given[n]) for n in names)))


# ---- views, functions, models ----------------------------------------------------------------------------------------


def _create_view(node: ast.CreateView, binder: Binder) -> None:
    catalog = binder.catalog
    path = catalog.path(parts(node.this))
    temporary = bool(node.args.get("temporary"))
    if _exists(catalog, node, path, temporary):
        return
    columns = tuple(c.this.name for c in node.args.get("columns") or [])
    comment = node.args["comment"].name if node.args.get("comment") else ""
    view = View(path, node.expression, columns, comment, temporary, catalog.current)
    add_view(view, binder, node)


def add_view(view: View, binder: Binder, node: exp.Expr) -> None:
    """Bind a view and put it into the catalogue."""
    names = binder.check(view).schema.names
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise UserError(
            "duplicate_column",
            f"A column named '{twice}' already exists in the view",
            place=place_of(node.this),
            hint="give it another name with AS",
        )
    binder.catalog.add(view, place_of(node.this))


def _create_function(node: ast.CreateFunction, binder: Binder) -> None:
    language = str(node.args.get("language") or "JAVA").upper()
    function = UserFunction(binder.catalog.path(parts(node.this)), node.expression.name, language,
                            bool(node.args.get("temporary")), bool(node.args.get("system")))
    if binder.catalog.holds_function(function):
        if node.args.get("exists"):
            return
        raise UserError("already_exists", f"Function {function.name} already exists", place=place_of(node.this))
    binder.catalog.add_function(function)


def _create_model(node: ast.CreateModel, binder: Binder) -> None:
    catalog = binder.catalog
    if catalog.model(parts(node.this)) is not None:
        if node.args.get("exists"):
            return
        raise UserError("already_exists", f"Model '{node.this.name}' already exists", place=place_of(node.this))
    if node.args.get("expression") is not None:
        raise NotSupported("CREATE MODEL AS", place=place_of(node.this))
    catalog.add_model(
        Model(
            catalog.path(parts(node.this)),
            tuple(table_column(c) for c in node.args.get("inputs") or []),
            tuple(table_column(c) for c in node.args.get("outputs") or []),
            options(node.args.get("options")),
            bool(node.args.get("temporary")),
        )
    )


# ---- DROP ------------------------------------------------------------------------------------------------------------


def _drop(node: ast.DropObject, binder: Binder) -> None:
    kind = node.args["kind"]
    handler = _DROPS.get(kind)
    if handler is None:
        raise NotSupported(f"DROP {kind}", place=place_of(node.this))
    if not handler(node, binder.catalog) and not node.args.get("exists"):
        raise UserError(f"unknown_{kind.lower()}", f"{kind.capitalize()} '{'.'.join(parts(node.this))}' does not exist",
                        place=place_of(node.this), hint="DROP ... IF EXISTS does nothing then")


def _drop_relation(node: ast.DropObject, catalog: Catalog) -> bool:
    path = catalog.path(parts(node.this))
    temporary = bool(node.args.get("temporary"))
    wanted: type[Entry] = View if node.args["kind"] == "VIEW" else Table
    entry = catalog.find(path)
    if not temporary and entry is not None and entry.temporary and isinstance(entry, wanted):
        raise UserError(
            "temporary_hides",
            f"Temporary {node.args['kind'].lower()} with identifier '{'.'.join(path)}' exists. "
            "Drop it first before removing the permanent one.",
            place=place_of(node.this),
        )
    if not catalog.holds(path, temporary) or not isinstance(entry, wanted):
        return False
    catalog.remove(path, temporary)
    return True


def _drop_function(node: ast.DropObject, catalog: Catalog) -> bool:
    function = UserFunction(catalog.path(parts(node.this)), "", temporary=bool(node.args.get("temporary")),
                            system=bool(node.args.get("system")))
    if not catalog.holds_function(function):
        return False
    catalog.remove_function(function)
    return True


def _drop_model(node: ast.DropObject, catalog: Catalog) -> bool:
    if catalog.model(parts(node.this)) is None:
        return False
    catalog.remove_model(catalog.path(parts(node.this)), bool(node.args.get("temporary")))
    return True


_DROPS: dict[str, Callable[[ast.DropObject, Catalog], bool]] = {
    "TABLE": _drop_relation, "VIEW": _drop_relation, "FUNCTION": _drop_function, "MODEL": _drop_model,
    "DATABASE": namespaces.drop_database, "CATALOG": namespaces.drop_catalog,
}


def _alter(node: ast.AlterObject, binder: Binder) -> None:
    from engine.sql.alter import alter

    alter(node, binder)


_HANDLERS: dict[type[exp.Expr], Callable[..., exp.Expr | None]] = {
    ast.CreateTable: _create_table, ast.CreateView: _create_view, ast.CreateFunction: _create_function,
    ast.CreateModel: _create_model, ast.CreateNamespace: namespaces.create, ast.DropObject: _drop,
    ast.AlterObject: _alter, ast.UseObject: namespaces.use, ast.LoadModule: namespaces.load,
}
