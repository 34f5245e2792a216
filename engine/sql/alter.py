"""ALTER: tables, views, functions and models here, the rest in `namespaces`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.sql import dialect as ast
from engine.sql import namespaces
from engine.sql.binder import Binder
from engine.sql.catalog import Catalog, Entry, Table, TableColumn, View, WatermarkSpec
from engine.sql.ddl import add_table, add_view, primary_key, table_column, watermark_of
from engine.sql.names import near_or_all
from engine.sql.namespaces import options, parts
from engine.sql.places import option_places, place_of


def alter(node: ast.AlterObject, binder: Binder) -> None:
    """Change what an object of the catalogue is."""
    kind, catalog = node.args["kind"], binder.catalog
    if kind == "FUNCTION":
        _alter_function(node, catalog)
        return
    if kind == "MODEL":
        _alter_model(node, catalog)
        return
    if kind in ("CATALOG", "DATABASE"):
        namespaces.alter(node, catalog)
        return
    if kind not in ("TABLE", "VIEW"):
        raise NotSupported(f"ALTER {kind}", place=place_of(node.this))
    entry = catalog.find(parts(node.this))
    if not isinstance(entry, Table if kind == "TABLE" else View):
        if node.args.get("exists"):
            return
        raise UserError("unknown_table", f"{kind.capitalize()} '{'.'.join(parts(node.this))}' does not exist",
                        place=place_of(node.this), hint=near_or_all(node.this.name, catalog.names(), "tables"))
    assert entry is not None
    action = node.args["action"]
    if isinstance(action, ast.RenameTo):
        _rename(entry, action, catalog)
    elif isinstance(entry, View):
        _alter_view(entry, action, binder, node)
    else:
        change = _TABLE_ACTIONS.get(type(action))
        if change is None:
            raise NotSupported(f"ALTER TABLE with {type(action).__name__}", place=place_of(node.this))
        add_table(change(entry, action), binder, node)


def _rename(entry: Entry, action: ast.RenameTo, catalog: Catalog) -> None:
    path = (*entry.path[:2], parts(action.this)[-1])
    if catalog.holds(path, entry.temporary):
        raise UserError("already_exists", f"'{path[-1]}' already exists", place=place_of(action.this))
    catalog.remove(entry.path, entry.temporary)
    catalog.add(replace(entry, path=path))


def _alter_view(view: View, action: exp.Expr, binder: Binder, node: ast.AlterObject) -> None:
    if not isinstance(action, ast.SetQuery):
        raise NotSupported(f"ALTER VIEW with {type(action).__name__}", place=place_of(node.this))
    add_view(replace(view, query=action.this, columns=(), home=binder.catalog.current), binder, node)


def _alter_function(node: ast.AlterObject, catalog: Catalog) -> None:
    function = catalog.function(parts(node.this))
    if function is None:
        if node.args.get("exists"):
            return
        raise UserError("unknown_function", f"Function {node.this.name} does not exist", place=place_of(node.this))
    action = node.args["action"]
    language = str(action.args.get("language") or function.language)
    catalog.add_function(replace(function, target=action.this.name, language=language))


def _alter_model(node: ast.AlterObject, catalog: Catalog) -> None:
    model = catalog.model(parts(node.this))
    if model is None:
        if node.args.get("exists"):
            return
        raise UserError("unknown_model", f"Model '{node.this.name}' does not exist", place=place_of(node.this))
    action = node.args["action"]
    catalog.remove_model(model.path, model.temporary)
    match action:
        case ast.RenameTo():
            model = replace(model, path=(*model.path[:2], parts(action.this)[-1]))
        case ast.SetOptions():
            model = replace(model, options=_merged(model.options, action.expressions))
        case ast.ResetOptions():
            dropped = {k.name for k in action.expressions}
            model = replace(model, options=tuple(o for o in model.options if o[0] not in dropped))
    catalog.add_model(model)


# ---- tables ----------------------------------------------------------------------------------------------------------


def _merged(old: tuple[tuple[str, str], ...], nodes: Sequence[ast.Option]) -> tuple[tuple[str, str], ...]:
    return tuple({**dict(old), **dict(options(nodes))}.items())


def _set_options(table: Table, action: ast.SetOptions) -> Table:
    places = {**dict(table.places), **dict(option_places(action.expressions))}
    return replace(table, options=_merged(table.options, action.expressions), places=tuple(places.items()))


def _reset_options(table: Table, action: ast.ResetOptions) -> Table:
    dropped = {k.name for k in action.expressions}
    if not dropped:
        raise UserError("bad_alter", "ALTER TABLE RESET does not support empty key")
    if "connector" in dropped:
        raise UserError("bad_alter", "ALTER TABLE RESET does not support changing 'connector'")
    return replace(table, options=tuple(o for o in table.options if o[0] not in dropped))


def _change_schema(table: Table, action: ast.ChangeSchema) -> Table:
    adding = action.args["kind"] == "ADD"
    for item in action.expressions:
        match item:
            case ast.Watermark():
                table = _with_watermark(table, watermark_of([item]), adding, item)
            case ast.KeyConstraint():
                table = _with_key(table, item, adding)
            case ast.Distribution():
                raise NotSupported("DISTRIBUTION in ALTER TABLE", place=place_of(item))
            case _:
                table = _with_column(table, item, adding)
    return table


def _with_watermark(table: Table, watermark: WatermarkSpec | None, adding: bool, node: exp.Expr) -> Table:
    if adding == (table.watermark is not None):
        what = "already has a watermark" if adding else "has no watermark to modify"
        raise UserError("bad_alter", f"The table {what}", place=place_of(node))
    return replace(table, watermark=watermark)


def _with_key(table: Table, node: ast.KeyConstraint, adding: bool) -> Table:
    if adding == bool(table.primary_key):
        what = (
            "has already defined the primary key constraint" if adding else "does not define any primary key constraint"
        )
        raise UserError("bad_alter", f"The base table {what}", place=place_of(node))
    return replace(table, primary_key=primary_key([node]))


def _with_column(table: Table, node: exp.Expr, adding: bool) -> Table:
    positioned = isinstance(node, ast.Positioned)
    column = table_column(node.this if positioned else node)
    old = table.column(column.name)
    if adding == (old is not None):
        what = "already exists in" if adding else "does not exist in"
        raise UserError("bad_alter", f"Column '{column.name}' {what} the table", place=place_of(node),
                        hint=None if adding else near_or_all(column.name, [c.name for c in table.columns], "columns"))
    columns = [c for c in table.columns if c.name != column.name]
    at = len(columns) if old is None else [c.name for c in table.columns].index(column.name)
    if positioned:
        at = _position(columns, node)
    columns.insert(at, column)
    return replace(table, columns=tuple(columns))


def _position(columns: Sequence[TableColumn], node: exp.Expr) -> int:
    after = node.args.get("after")
    if after is None:
        return 0
    names = [c.name for c in columns]
    if after.name not in names:
        raise UserError(
            "bad_alter",
            f"Referenced column '{after.name}' by 'AFTER' does not exist",
            place=place_of(after),
            hint=near_or_all(after.name, names, "columns"),
        )
    return names.index(after.name) + 1


def _rename_column(table: Table, action: ast.RenameColumn) -> Table:
    old, new = action.this.name, action.args["to"].name
    _existing(table, old, action)
    if table.column(new) is not None:
        raise UserError("bad_alter", f"The column '{new}' already existed in the table", place=place_of(action))
    _unused(table, old, "rename", action, keys=False)
    return replace(
        table, columns=tuple(replace(c, name=new, metadata=c.metadata) if c.name == old else c for c in table.columns),
        primary_key=tuple(new if k == old else k for k in table.primary_key),
        partitioned_by=tuple(new if k == old else k for k in table.partitioned_by))


def _drop_columns(table: Table, action: ast.DropColumns) -> Table:
    for node in action.expressions:
        _existing(table, node.name, node)
    dropped = {n.name for n in action.expressions}
    for node in action.expressions:
        _unused(table, node.name, "drop", node, keys=True, among=dropped)
    return replace(table, columns=tuple(c for c in table.columns if c.name not in dropped))


def _existing(table: Table, name: str, node: exp.Expr) -> None:
    if table.column(name) is None:
        raise UserError("bad_alter", f"The column '{name}' does not exist in the base table", place=place_of(node),
                        hint=near_or_all(name, [c.name for c in table.columns], "columns"))


def _unused(table: Table, name: str, verb: str, node: exp.Expr, keys: bool, among: set[str] | None = None) -> None:
    """UserError where something else in the table is made of the column."""
    readers = [c.name for c in table.columns if c.computed is not None and _reads(c.computed, name)
               and c.name not in (among or set())]
    why = f"the column is referenced by computed column '{readers[0]}'" if readers else None
    if table.watermark is not None and (name in table.watermark.column or _reads(table.watermark.expression, name)):
        why = "the column is referenced by watermark expression"
    if keys and name in table.primary_key:
        why = "the column is used as the primary key"
    if name in table.partitioned_by:
        why = "the column is used as the partition keys"
    if why is not None:
        raise UserError("bad_alter", f"Failed to {verb} column '{name}': {why}", place=place_of(node))


def _reads(expression: exp.Expr, name: str) -> bool:
    return any(c.parts[0].name == name for c in expression.find_all(exp.Column))


def _drop_part(table: Table, action: ast.DropPart) -> Table:
    kind = action.args["kind"]
    if kind in ("PRIMARY KEY", "CONSTRAINT"):
        if not table.primary_key:
            raise UserError("bad_alter", "The base table does not define any primary key", place=place_of(action))
        return replace(table, primary_key=())
    if kind == "WATERMARK":
        if table.watermark is None:
            raise UserError(
                "bad_alter", "The base table does not define any watermark strategy", place=place_of(action)
            )
        return replace(table, watermark=None)
    raise NotSupported(f"DROP {kind}", place=place_of(action))


_TABLE_ACTIONS = cast("dict[type[exp.Expr], Callable[[Table, exp.Expr], Table]]", {
    ast.SetOptions: _set_options, ast.ResetOptions: _reset_options, ast.ChangeSchema: _change_schema,
    ast.RenameColumn: _rename_column, ast.DropColumns: _drop_columns, ast.DropPart: _drop_part,
})
