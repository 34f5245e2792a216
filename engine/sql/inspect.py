"""SHOW and DESCRIBE: what the catalogue holds, as rows of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.sql import dialect as ast
from engine.sql.binder import Binder
from engine.sql.binder.functions import ALIASES, OVER_ONLY
from engine.sql.catalog import MODULES, Catalog, Described, Model, Table, TableColumn, UserFunction, View
from engine.sql.names import near, near_or_all
from engine.sql.namespaces import IN_MEMORY, database_path
from engine.sql.places import place_of
from engine.sql.types import to_ast


@dataclass(frozen=True)
class Rows:
    """An answer: column names, and rows of text, BOOLEAN or NULL."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def is_inspection(statement: exp.Expr) -> bool:
    """Whether `inspect` answers the statement."""
    return isinstance(statement, ast.ShowObjects | ast.DescribeObject)


def inspect(statement: exp.Expr, binder: Binder) -> Rows:
    """The answer to SHOW or DESCRIBE."""
    if isinstance(statement, ast.DescribeObject):
        return _describe(statement, binder)
    kind = statement.args["kind"]
    handler = _SHOWN.get(kind)
    if handler is None:
        raise NotSupported(f"SHOW {kind}", place=place_of(statement))
    return handler(statement, binder)


# Words of the language, and what the engine makes plans of: known by the functions' names, but not called as functions.
_NO_CALLS = frozenset("AND ARRAY BETWEEN CASE FIELD IN ITEM LIKE MAP NEGATE NOT OR POSITIVE ROW SINGLE_VALUE".split())


# ---- SHOW ------------------------------------------------------------------------------------------------------------


def _listed(title: str, names: Iterable[str], node: exp.Expr) -> Rows:
    return Rows((title,), tuple((n,) for n in sorted(names) if _matches(n, node)))


def _matches(name: str, node: exp.Expr) -> bool:
    """Whether a name meets LIKE or ILIKE, if one is given; names of functions have no case."""
    pattern = node.args.get("pattern")
    if pattern is None:
        return True
    text = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern.name)
    flags = re.IGNORECASE if node.args["operator"] == "ILIKE" or "FUNCTIONS" in node.args["kind"] else 0
    return bool(re.fullmatch(text, name, flags)) is not bool(node.args.get("negated"))


def _home(node: exp.Expr, catalog: Catalog) -> tuple[str, str]:
    """The catalog and database that SHOW ... FROM names."""
    scope = node.args.get("scope")
    if scope is None:
        return catalog.current
    names = [p.name for p in scope.parts]
    home = (names[0], names[1]) if len(names) == 2 else (catalog.current[0], names[0])
    catalog.database(home[0], home[1], place_of(scope))
    return home


def _catalogs(node: exp.Expr, binder: Binder) -> Rows:
    return _listed("catalog name", binder.catalog.catalogs, node)


def _databases(node: exp.Expr, binder: Binder) -> Rows:
    scope = node.args.get("scope")
    name = scope.name if scope is not None else binder.catalog.current[0]
    return _listed("database name", binder.catalog.databases(name, place_of(scope)), node)


def _tables(node: exp.Expr, binder: Binder) -> Rows:
    return _listed("table name", binder.catalog.names(_home(node, binder.catalog)), node)


def _views(node: exp.Expr, binder: Binder) -> Rows:
    catalog, home = binder.catalog, _home(node, binder.catalog)
    return _listed("view name", [n for n in catalog.names(home) if isinstance(catalog.find((n,), home), View)], node)


def _functions(node: exp.Expr, binder: Binder) -> Rows:
    names = {f.name.lower() for f in binder.catalog.functions()}
    if node.args["kind"] == "FUNCTIONS":
        from engine.aggregates import AGGREGATES
        from engine.expressions.functions import catalogue

        known = {*catalogue(), *AGGREGATES, *ALIASES, *OVER_ONLY} - _NO_CALLS
        names |= {n.lower() for n in known if re.fullmatch(r"[A-Z][A-Z_0-9]*", n)}
    return _listed("function name", names, node)


def _modules(node: exp.Expr, binder: Binder) -> Rows:
    used = binder.catalog.used_modules
    if node.args["kind"] == "MODULES":
        return Rows(("module name",), tuple((name,) for name in used))
    unused = [name for name in MODULES if name not in used]
    return Rows(("module name", "used"), (*((n, True) for n in used), *((n, False) for n in unused)))


def _partitions(node: exp.Expr, binder: Binder) -> Rows:
    entry = binder.catalog.relation([p.name for p in node.this.parts], place=place_of(node.this))
    if isinstance(entry, View) or not entry.partitioned_by:
        raise UserError("bad_show", f"Table '{entry.name}' is not partitioned", place=place_of(node.this))
    return Rows(("partition name",), ())  # as Flink's catalog in memory, which knows none


def _nothing(title: str) -> Callable[[exp.Expr, Binder], Rows]:
    """What there can be none of."""
    return lambda node, binder: Rows((title,), ())


def _models(node: exp.Expr, binder: Binder) -> Rows:
    return _listed("model name", [m.name for m in binder.catalog.models()], node)


def _current_catalog(node: exp.Expr, binder: Binder) -> Rows:
    return Rows(("current catalog name",), ((binder.catalog.current[0],),))


def _current_database(node: exp.Expr, binder: Binder) -> Rows:
    return Rows(("current database name",), ((binder.catalog.current[1],),))


def _columns(node: exp.Expr, binder: Binder) -> Rows:
    rows = _schema_rows(node.args["scope"], binder)
    return Rows(rows.columns, tuple(r for r in rows.rows if _matches(str(r[0]), node)))


def _create_table(node: exp.Expr, binder: Binder) -> Rows:
    entry = binder.catalog.relation([p.name for p in node.this.parts], place=place_of(node.this))
    if not isinstance(entry, Table):
        raise UserError("bad_show", f"SHOW CREATE TABLE is only supported for tables, but '{entry.name}' is a view",
                        place=place_of(node.this), hint="use SHOW CREATE VIEW")
    return Rows(("result",), ((ast.generate(table_tree(entry), pretty=True),),))


def _create_view(node: exp.Expr, binder: Binder) -> Rows:
    entry = binder.catalog.relation([p.name for p in node.this.parts], place=place_of(node.this))
    if not isinstance(entry, View):
        raise UserError("bad_show", f"SHOW CREATE VIEW is only supported for views, but '{entry.name}' is a table",
                        place=place_of(node.this), hint="use SHOW CREATE TABLE")
    columns = [ast.ViewColumn(this=exp.to_identifier(n)) for n in binder.view(entry).schema.names]
    tree = ast.CreateView(this=_path(entry.path), temporary=entry.temporary or None, columns=columns,
                          comment=_text(entry.comment), expression=entry.query.copy())
    return Rows(("result",), ((ast.generate(tree, pretty=True),),))


def _create_catalog(node: exp.Expr, binder: Binder) -> Rows:
    name = node.this.name
    binder.catalog.databases(name, place_of(node.this))
    said = binder.catalog.described.get((name,), Described())
    tree = ast.CreateNamespace(kind="CATALOG", this=exp.Table(this=exp.to_identifier(name)),
                               comment=_text(said.comment), options=_option_trees(_catalog_options(said)))
    return Rows(("result",), ((ast.generate(tree, pretty=True),),))


def _catalog_options(said: Described) -> dict[str, str]:
    return {"type": IN_MEMORY, **dict(said.options)}


def _create_model(node: exp.Expr, binder: Binder) -> Rows:
    model = _model_of(node, binder.catalog)
    tree = ast.CreateModel(
        this=_path(model.path), temporary=model.temporary or None,
        inputs=[_column_tree(c) for c in model.inputs] or None,
        outputs=[_column_tree(c) for c in model.outputs] or None, options=_option_trees(dict(model.options)))
    return Rows(("result",), ((ast.generate(tree, pretty=True),),))


def _option_trees(options: Mapping[str, str]) -> list[exp.Expr] | None:
    trees: list[exp.Expr] = [ast.Option(this=exp.Literal.string(k), expression=exp.Literal.string(v))
                             for k, v in options.items()]
    return trees or None


def _path(path: Sequence[str]) -> exp.Table:
    catalog, database, name = (exp.to_identifier(p) for p in path)
    return exp.Table(this=name, db=database, catalog=catalog)


def _text(value: str) -> exp.Literal | None:
    return exp.Literal.string(value) if value else None


def table_tree(table: Table) -> ast.CreateTable:
    """The CREATE TABLE statement that makes a table."""
    keys = [exp.to_identifier(k) for k in table.primary_key]
    constraints = [ast.KeyConstraint(kind="PRIMARY KEY", expressions=keys, enforced=False)] if keys else None
    watermarks = None
    if table.watermark is not None:
        target = exp.Column(this=exp.to_identifier(table.watermark.column[0]))
        watermarks = [ast.Watermark(this=target, expression=table.watermark.expression.copy())]
    return ast.CreateTable(
        this=_path(table.path), temporary=table.temporary or None, columns=[_column_tree(c) for c in table.columns],
        watermarks=watermarks, constraints=constraints, comment=_text(table.comment),
        partitioned_by=[exp.to_identifier(p) for p in table.partitioned_by] or None,
        options=_option_trees(dict(table.options)))


def _column_tree(column: TableColumn) -> exp.Expr:
    name = exp.to_identifier(column.name)
    if column.computed is not None:
        return ast.ComputedColumn(this=name, expression=column.computed.copy(), comment=_text(column.comment))
    assert column.type is not None
    if column.metadata is not None:
        key = exp.Literal.string(column.metadata) if column.metadata != column.name else None
        return ast.MetadataColumn(this=name, kind=to_ast(column.type), key=key, virtual=column.virtual or None,
                                  comment=_text(column.comment))
    return ast.PhysicalColumn(this=name, kind=to_ast(column.type), comment=_text(column.comment))


# ---- DESCRIBE --------------------------------------------------------------------------------------------------------


def _describe(node: ast.DescribeObject, binder: Binder) -> Rows:
    kind = node.args["kind"]
    if kind == "TABLE":
        return _schema_rows(node.this, binder)
    if kind == "FUNCTION":
        return _describe_function(node, binder.catalog.function([p.name for p in node.this.parts]))
    if kind == "MODEL":
        return _describe_model(_model_of(node, binder.catalog))
    if kind == "DATABASE":
        home = database_path(node.this, binder.catalog)
        binder.catalog.database(home[0], home[1], place_of(node.this))
        return _described(node, home, ("Name", "Comment"), binder.catalog)
    if kind == "CATALOG":
        binder.catalog.databases(node.this.name, place_of(node.this))
        return _described(node, (node.this.name,), ("name", "type", "comment"), binder.catalog)
    raise NotSupported(f"DESCRIBE {kind}", place=place_of(node))


def _described(node: exp.Expr, path: tuple[str, ...], titles: tuple[str, ...], catalog: Catalog) -> Rows:
    """A catalog or database; EXTENDED shows its options too."""
    said = catalog.described.get(path, Described())
    options = dict(said.options)
    values = {"name": path[-1], "type": IN_MEMORY, "comment": said.comment}
    rows = [(title, values[title.lower()]) for title in titles]
    if node.args.get("extended"):
        options = options if len(path) == 2 else _catalog_options(said)
        rows += [(f"option:{key}", value) for key, value in options.items()]
    return Rows(("info name", "info value"), tuple(rows))


def _schema_rows(name: exp.Table, binder: Binder) -> Rows:
    """Name, type, nullability, key, extras (computed, metadata) and watermark of each column."""
    entry = binder.catalog.relation([p.name for p in name.parts], place=place_of(name))
    schema = binder.view(entry).schema if isinstance(entry, View) else binder.check(entry).schema
    rows = []
    comments = False
    for f in schema:
        column = entry.column(f.name) if isinstance(entry, Table) else None
        kind = str(f.type.as_nullable()) + (f" *{f.time.value}*" if f.time else "")
        key = (
            f"PRI({', '.join(entry.primary_key)})" if isinstance(entry, Table) and f.name in entry.primary_key else None
        )
        watermark = None
        if isinstance(entry, Table) and entry.watermark is not None and entry.watermark.column == (f.name,):
            watermark = ast.generate(entry.watermark.expression)
        comment = column.comment if column is not None and column.comment else None
        comments = comments or comment is not None
        rows.append((f.name, kind, f.type.nullable, key, _extras(column), watermark, comment))
    columns = ("name", "type", "null", "key", "extras", "watermark", "comment")
    width = len(columns) if comments else len(columns) - 1
    return Rows(columns[:width], tuple(r[:width] for r in rows))


def _extras(column: TableColumn | None) -> str | None:
    if column is None:
        return None
    if column.computed is not None:
        return f"AS {ast.generate(column.computed)}"
    if column.metadata is None:
        return None
    source = f" FROM '{column.metadata}'" if column.metadata != column.name else ""
    return f"METADATA{source}{' VIRTUAL' if column.virtual else ''}"


def _describe_function(node: exp.Expr, function: UserFunction | None) -> Rows:
    if function is None:
        return _describe_builtin(node)
    return Rows(("info name", "info value"), (
        ("is system function", str(function.system).lower()), ("is temporary", str(function.temporary).lower()),
        ("class name", function.target), ("function language", function.language)))


def _describe_builtin(node: exp.Expr) -> Rows:
    from engine.aggregates import AGGREGATES
    from engine.expressions.functions import catalogue

    name = node.this.name.upper()
    scalar = catalogue().get(name)
    if (scalar is None and name not in AGGREGATES) or len(node.this.parts) > 1:
        raise UserError("unknown_function", f"Function '{node.this.name}' does not exist", place=place_of(node.this),
                        hint=near(name, (*catalogue(), *AGGREGATES)))
    rows = [("is system function", "true"), ("is temporary", "false")]
    if node.args.get("extended"):
        fixed = scalar is None or scalar.deterministic
        rows += [("kind", "AGGREGATE" if scalar is None else "SCALAR"), ("requirements", "[]"),
                 ("is deterministic", str(fixed).lower()),
                 ("supports constant folding", str(scalar is None or (fixed and scalar.folds)).lower())]
    return Rows(("info name", "info value"), tuple(rows))


def _model_of(node: exp.Expr, catalog: Catalog) -> Model:
    model = catalog.model([p.name for p in node.this.parts])
    if model is None:
        raise UserError("unknown_model", f"Model '{node.this.name}' does not exist", place=place_of(node.this),
                        hint=near_or_all(node.this.name, [m.name for m in catalog.models()], "models"))
    return model


def _describe_model(model: Model) -> Rows:
    rows = [(c.name, str(c.type), c.type.nullable if c.type else True, is_input)
            for columns, is_input in ((model.inputs, True), (model.outputs, False)) for c in columns]
    return Rows(("name", "type", "null", "is input"), tuple(rows))


_SHOWN: dict[str, Callable[[exp.Expr, Binder], Rows]] = {
    "CATALOGS": _catalogs,
    "DATABASES": _databases,
    "TABLES": _tables,
    "VIEWS": _views,
    "FUNCTIONS": _functions,
    "USER FUNCTIONS": _functions,
    "MODELS": _models,
    "CURRENT CATALOG": _current_catalog,
    "CURRENT DATABASE": _current_database,
    "COLUMNS": _columns,
    "CREATE TABLE": _create_table,
    "CREATE VIEW": _create_view,
    "CREATE CATALOG": _create_catalog,
    "CREATE MODEL": _create_model,
    "MODULES": _modules,
    "FULL MODULES": _modules,
    "PARTITIONS": _partitions,
    "JARS": _nothing("jars"),
    "PROCEDURES": _nothing("procedure name"),
    "MATERIALIZED TABLES": _nothing("materialized table"),
}
