"""Catalogs, databases and modules: made, described, used, dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.sql import dialect as ast
from engine.sql.binder import Binder
from engine.sql.catalog import DEFAULT_CATALOG, MODULES, Catalog, Described
from engine.sql.names import near_or_all
from engine.sql.places import place_of

IN_MEMORY = "generic_in_memory"


def parts(node: exp.Table) -> list[str]:
    """A name's parts, the outermost first."""
    return [p.name for p in node.parts]


def options(nodes: Sequence[ast.Option] | None) -> tuple[tuple[str, str], ...]:
    """WITH (...) as pairs; a key given twice is an error."""
    found: dict[str, str] = {}
    for option in nodes or ():
        key = option.this.name
        if key in found:
            raise UserError("duplicate_option", f"option '{key}' is given twice", place=place_of(option))
        found[key] = option.expression.name
    return tuple(found.items())


def database_path(node: exp.Table, catalog: Catalog) -> tuple[str, str]:
    """Catalog and database that a name of one or two parts means."""
    names = parts(node)
    return (names[0] if len(names) == 2 else catalog.current[0]), names[-1]


def create(node: ast.CreateNamespace, binder: Binder) -> None:
    """CREATE CATALOG, CREATE DATABASE."""
    catalog, kind = binder.catalog, node.args["kind"]
    path: tuple[str, ...] = (node.this.name,)
    if kind == "CATALOG":
        _check_type(node)
        taken = node.this.name in catalog.catalogs
    elif kind == "DATABASE":
        path = home = database_path(node.this, catalog)
        taken = home[1] in catalog.databases(home[0], place_of(node.this))
    else:
        raise NotSupported(f"CREATE {kind}", place=place_of(node.this))
    if taken:
        if node.args.get("exists"):
            return
        raise UserError("already_exists", f"{kind.capitalize()} {path[-1]} already exists", place=place_of(node.this))
    if kind == "CATALOG":
        catalog.create_catalog(path[0])
    else:
        catalog.create_database(catalog.databases(path[0]), path[1])
    comment = node.args["comment"].name if node.args.get("comment") else ""
    catalog.described[path] = Described(comment, options(node.args.get("options")))


def _check_type(node: ast.CreateNamespace) -> None:
    """Catalogs are in memory; who asks for another one would look for tables that are not there."""
    type = dict(options(node.args.get("options"))).get("type", IN_MEMORY)
    if type != IN_MEMORY:
        raise NotSupported(f"a catalog of type '{type}'", place=place_of(node.this),
                           hint=f"'type' = '{IN_MEMORY}', and CREATE TABLE in it")


def alter(node: ast.AlterObject, catalog: Catalog) -> None:
    """ALTER CATALOG ... SET, RESET, COMMENT; ALTER DATABASE ... SET."""
    place = place_of(node.this)
    if node.args["kind"] == "CATALOG":
        path: tuple[str, ...] = (node.this.name,)
        catalog.databases(node.this.name, place)
        if node.this.name == DEFAULT_CATALOG:
            raise UserError("bad_catalog", f"Catalog {DEFAULT_CATALOG} does not exist in the catalog store",
                            place=place, hint="only a catalog that CREATE CATALOG made can be altered")
    else:
        path = home = database_path(node.this, catalog)
        catalog.database(home[0], home[1], place)
    known = catalog.described.get(path, Described())
    match action := node.args["action"]:
        case ast.SetComment():
            catalog.described[path] = replace(known, comment=action.this.name)
        case ast.SetOptions():
            merged = {**dict(known.options), **dict(options(action.expressions))}
            catalog.described[path] = replace(known, options=tuple(merged.items()))
        case ast.ResetOptions():
            dropped = {key.name for key in action.expressions}
            catalog.described[path] = replace(known, options=tuple(o for o in known.options if o[0] not in dropped))
        case _:
            raise NotSupported(f"ALTER {node.args['kind']} with {type(action).__name__}", place=place)


def drop_database(node: ast.DropObject, catalog: Catalog) -> bool:
    """Whether there was one."""
    home, name = database_path(node.this, catalog)
    owner = catalog.databases(home, place_of(node.this))
    if name not in owner:
        return False
    if owner[name].relations and not node.args.get("cascade"):
        raise UserError("not_empty", f"Database {name} is not empty", place=place_of(node.this),
                        hint="DROP DATABASE ... CASCADE drops its tables too")
    catalog.drop_database(owner, name)
    catalog.described.pop((home, name), None)
    return True


def drop_catalog(node: ast.DropObject, catalog: Catalog) -> bool:
    """Whether there was one."""
    if node.this.name == catalog.current[0]:
        raise UserError("in_use", "Cannot drop a catalog which is currently in use", place=place_of(node.this))
    return catalog.drop_catalog(node.this.name)


def use(node: ast.UseObject, binder: Binder) -> None:
    """USE database, USE CATALOG, USE MODULES."""
    kind, catalog = node.args["kind"], binder.catalog
    if kind == "CATALOG":
        catalog.use_catalog(node.this.name, place_of(node.this))
    elif kind == "DATABASE":
        catalog.use_database(parts(node.this), place_of(node.this))
    else:
        catalog.used_modules = [_module(name) for name in node.expressions]


def load(node: ast.LoadModule, binder: Binder) -> None:
    """LOAD MODULE, UNLOAD MODULE: the built-in functions are one module, which is always there."""
    name = _module(node.this)
    if node.args["kind"] == "LOAD":
        raise UserError("already_exists", f"A module with name '{name}' already exists", place=place_of(node.this))
    raise NotSupported("doing without the built-in functions", place=place_of(node.this))


def _module(node: exp.Identifier) -> str:
    if node.name not in MODULES:
        raise UserError("unknown_module", f"No module with name '{node.name}' exists", place=place_of(node),
                        hint=near_or_all(node.name, MODULES, "modules"))
    return str(node.name)
