"""Printing statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from engine.sql.dialect import change_nodes as c
from engine.sql.dialect import statement_nodes as s
from engine.sql.dialect.print_expressions import Node, Printer

if TYPE_CHECKING:
    from engine.sql.dialect.generator import FlinkGenerator

_FLAGS = (("temporary", "TEMPORARY"), ("system", "SYSTEM"))


def _words(*parts: str) -> str:
    return " ".join([part for part in parts if part])


def _flags(e: Node) -> str:
    return _words(*[word for flag, word in _FLAGS if e.args.get(flag)])


def _said(e: Node, flag: str, word: str) -> str:
    return word if e.args.get(flag) else ""


def _parenthesised(g: FlinkGenerator, e: Node, key: str, before: str = "") -> str:
    items = e.args.get(key)
    return f"{before}({g.commas(items)})" if items else ""


def _options(g: FlinkGenerator, e: Node) -> str:
    options = e.args.get("options")
    return f"WITH ({g.lines([g.sql(option) for option in options])})" if options else ""


# -- parts of definitions


def _column(g: FlinkGenerator, e: Node) -> str:
    return _words(g.sql(e.this), g.sql(e.args["kind"]), g.part(e, "comment", "COMMENT "))


def _computed(g: FlinkGenerator, e: Node) -> str:
    return _words(g.sql(e.this), "AS", g.sql(e.expression), g.part(e, "comment", "COMMENT "))


def _metadata(g: FlinkGenerator, e: Node) -> str:
    return _words(g.sql(e.this), g.sql(e.args["kind"]), "METADATA", g.part(e, "key", "FROM "),
                  _said(e, "virtual", "VIRTUAL"), g.part(e, "comment", "COMMENT "))


def _key(g: FlinkGenerator, e: Node) -> str:
    enforced = e.args.get("enforced")
    return _words(g.part(e, "this", "CONSTRAINT "), f"{e.args['kind']} ({g.commas(e.expressions)})",
                  "" if enforced is None else "ENFORCED" if enforced else "NOT ENFORCED")


def _distribution(g: FlinkGenerator, e: Node) -> str:
    by = f"BY {e.args.get('kind') or ''}({g.commas(e.expressions)})" if e.expressions else ""
    return _words(by, g.part(e, "buckets", "INTO ", " BUCKETS"))


def _like(g: FlinkGenerator, e: Node) -> str:
    options = " ".join([f"{each.args['kind']} {each.this}" for each in e.expressions])
    return f"LIKE {g.sql(e.this)}" + (f" ({options})" if options else "")


def _positioned(g: FlinkGenerator, e: Node) -> str:
    return f"{g.sql(e.this)}{g.part(e, 'after', ' AFTER ') or ' FIRST'}"


# -- CREATE


def _schema(g: FlinkGenerator, e: Node) -> str:
    items = [g.sql(item) for key in ("columns", "watermarks", "constraints") for item in e.args.get(key) or ()]
    return f" ({g.lines(items)})" if items else ""


def _create_table(g: FlinkGenerator, e: Node) -> str:
    head = _words("CREATE", _said(e, "replace", "OR REPLACE"), _flags(e), "TABLE", _said(e, "exists", "IF NOT EXISTS"),
                  g.sql(e.this))
    return g.joined([
        head + _schema(g, e), *_table_clauses(g, e), _options(g, e), g.part(e, "like"), _as(g, e)])


def _create_materialized(g: FlinkGenerator, e: Node) -> str:
    head = _words("CREATE", _said(e, "alter", "OR ALTER"), "MATERIALIZED TABLE", _said(e, "exists", "IF NOT EXISTS"),
                  g.sql(e.this))
    mode = e.args.get("refresh_mode")
    return g.joined([
        head + _schema(g, e), *_table_clauses(g, e), _options(g, e), g.part(e, "freshness", "FRESHNESS = "),
        f"REFRESH_MODE = {mode}" if mode else "", _as(g, e)])


def _table_clauses(g: FlinkGenerator, e: Node) -> list[str]:
    return [g.part(e, "comment", "COMMENT "), g.part(e, "distribution", "DISTRIBUTED "),
            _parenthesised(g, e, "partitioned_by", "PARTITIONED BY ")]


def _as(g: FlinkGenerator, e: Node) -> str:
    return g.part(e, "expression", "AS\n" if g.pretty else "AS ")


def _create_view(g: FlinkGenerator, e: Node) -> str:
    head = _words("CREATE", _said(e, "replace", "OR REPLACE"), _flags(e), "VIEW", _said(e, "exists", "IF NOT EXISTS"),
                  g.sql(e.this), _parenthesised(g, e, "columns"), g.part(e, "comment", "COMMENT "))
    return f"{head} {_as(g, e)}"


def _create_function(g: FlinkGenerator, e: Node) -> str:
    language = e.args.get("language")
    jars = ", ".join([f"JAR {g.sql(each)}" for each in e.args.get("resources") or ()])
    return _words("CREATE", _flags(e), "FUNCTION", _said(e, "exists", "IF NOT EXISTS"), g.sql(e.this),
                  g.part(e, "expression", "AS "), f"LANGUAGE {language}" if language else "",
                  f"USING {jars}" if jars else "", _options(g, e))


def _create_model(g: FlinkGenerator, e: Node) -> str:
    head = _words("CREATE", _flags(e), "MODEL", _said(e, "exists", "IF NOT EXISTS"), g.sql(e.this))
    return g.joined([head, _parenthesised(g, e, "inputs", "INPUT "), _parenthesised(g, e, "outputs", "OUTPUT "),
                     g.part(e, "comment", "COMMENT "), _options(g, e), _as(g, e)])


def _create_namespace(g: FlinkGenerator, e: Node) -> str:
    return _words("CREATE", _flags(e), e.args["kind"], _said(e, "exists", "IF NOT EXISTS"), g.sql(e.this),
                  g.part(e, "comment", "COMMENT "), _options(g, e))


# -- DROP and ALTER


def _drop(g: FlinkGenerator, e: Node) -> str:
    cascade = e.args.get("cascade")
    return _words("DROP", _flags(e), e.args["kind"], _said(e, "exists", "IF EXISTS"), g.sql(e.this),
                  "" if cascade is None else "CASCADE" if cascade else "RESTRICT")


def _alter(g: FlinkGenerator, e: Node) -> str:
    return _words("ALTER", _flags(e), e.args["kind"], _said(e, "exists", "IF EXISTS"), g.sql(e.this),
                  g.sql(e.args["action"]))


def _set_refresh(g: FlinkGenerator, e: Node) -> str:
    mode = e.args.get("refresh_mode")
    return f"SET REFRESH_MODE = {mode}" if mode else g.part(e, "freshness", "SET FRESHNESS = ")


def _set_implementation(g: FlinkGenerator, e: Node) -> str:
    language = e.args.get("language")
    return _words("AS", g.sql(e.this), f"LANGUAGE {language}" if language else "")


def _change_schema(g: FlinkGenerator, e: Node) -> str:
    items = e.expressions
    kind = e.args["kind"]
    if isinstance(items[0], s.Distribution):
        return f"{kind} DISTRIBUTION {g.sql(items[0])}"
    return f"{kind} ({g.commas(items)})"


def _change_partitions(g: FlinkGenerator, e: Node) -> str:
    adds = e.args["kind"] == "ADD"
    exists = _said(e, "exists", "IF NOT EXISTS" if adds else "IF EXISTS")
    return _words(e.args["kind"], exists, (" " if adds else ", ").join([g.sql(each) for each in e.expressions]))


def _partition_spec(g: FlinkGenerator, e: Node) -> str:
    return _words(f"PARTITION ({g.commas(e.expressions)})", _options(g, e))


# -- data


def _insert(g: FlinkGenerator, e: Node) -> str:
    conflict = e.args.get("conflict")
    head = _words("INSERT", "OVERWRITE" if e.args.get("overwrite") else "INTO", g.sql(e.this),
                  g.part(e, "partition"), _parenthesised(g, e, "columns"))
    return g.joined([head, g.sql(e.expression), f"ON CONFLICT DO {conflict}" if conflict else ""])


def _update(g: FlinkGenerator, e: Node) -> str:
    assignments = ", ".join([f"{g.sql(each.this)} = {g.sql(each.expression)}" for each in e.expressions])
    return g.joined([_words("UPDATE", g.sql(e.this), "SET", assignments), g.part(e, "where")])


def _delete(g: FlinkGenerator, e: Node) -> str:
    return g.joined([_words("DELETE FROM", g.sql(e.this)), g.part(e, "where")])


def _statement_set(g: FlinkGenerator, e: Node) -> str:
    return g.joined(["EXECUTE STATEMENT SET", "BEGIN", *[f"{g.sql(each)};" for each in e.expressions], "END"])


def _analyze(g: FlinkGenerator, e: Node) -> str:
    columns = e.args.get("columns")
    return _words("ANALYZE TABLE", g.sql(e.this), g.part(e, "partition"), "COMPUTE STATISTICS",
                  f"FOR COLUMNS {g.commas(columns)}" if columns else _said(e, "all_columns", "FOR ALL COLUMNS"))


# -- session and inspection


def _set_property(g: FlinkGenerator, e: Node) -> str:
    return "SET" if e.this is None else f"SET {g.sql(e.this)} = {g.sql(e.expression)}"


def _use(g: FlinkGenerator, e: Node) -> str:
    kind = e.args["kind"]
    if kind == "MODULES":
        return f"USE MODULES {g.commas(e.expressions)}"
    return _words("USE", "" if kind == "DATABASE" else kind, g.sql(e.this))


def _show(g: FlinkGenerator, e: Node) -> str:
    return _words("SHOW", e.args["kind"], g.part(e, "this"), g.part(e, "partition"),
                  g.part(e, "scope", f"{e.args.get('preposition')} "), _said(e, "negated", "NOT"),
                  g.part(e, "pattern", f"{e.args.get('operator')} "))


def _describe(g: FlinkGenerator, e: Node) -> str:
    kind = e.args["kind"]
    return _words("DESCRIBE", "" if kind == "TABLE" else kind, _said(e, "extended", "EXTENDED"), g.sql(e.this))


def _explain(g: FlinkGenerator, e: Node) -> str:
    details = e.args.get("details")
    inner = g.sql(e.this)
    if isinstance(e.this, s.StatementSet):
        inner = inner.removeprefix("EXECUTE ")
    return _words("EXPLAIN", ", ".join(details) if details else "PLAN FOR", inner)


def _plan(g: FlinkGenerator, e: Node) -> str:
    inner = g.part(e, "expression")
    return _words(e.args["kind"], "PLAN", g.sql(e.this), _said(e, "exists", "IF NOT EXISTS"),
                  f"FOR {inner.removeprefix('EXECUTE ')}" if inner else "")


def _stop_job(g: FlinkGenerator, e: Node) -> str:
    return _words("STOP JOB", g.sql(e.this), _said(e, "savepoint", "WITH SAVEPOINT"), _said(e, "drain", "WITH DRAIN"))


_PARTS: dict[type[Node], Printer] = {
    s.PhysicalColumn: _column, s.ComputedColumn: _computed, s.MetadataColumn: _metadata,
    s.ViewColumn: lambda g, e: _words(g.sql(e.this), g.part(e, "comment", "COMMENT ")),
    s.Watermark: lambda g, e: f"WATERMARK FOR {g.sql(e.this)} AS {g.sql(e.expression)}", s.KeyConstraint: _key,
    s.Distribution: _distribution, s.LikeTable: _like, s.Positioned: _positioned, c.PartitionSpec: _partition_spec,
    c.RenameTo: lambda g, e: f"RENAME TO {g.sql(e.this)}",
    c.RenameColumn: lambda g, e: f"RENAME {g.sql(e.this)} TO {g.sql(e.args['to'])}",
    c.SetOptions: lambda g, e: f"SET ({g.commas(e.expressions)})",
    c.ResetOptions: lambda g, e: f"RESET ({g.commas(e.expressions)})",
    c.SetComment: lambda g, e: f"COMMENT {g.sql(e.this)}", c.SetQuery: lambda g, e: f"AS {g.sql(e.this)}",
    c.SetImplementation: _set_implementation, c.SetRefresh: _set_refresh,
    c.Lifecycle: lambda g, e: _words(e.this, _options(g, e), g.part(e, "partition")),
    c.ChangeSchema: _change_schema, c.DropColumns: lambda g, e: f"DROP ({g.commas(e.expressions)})",
    c.DropPart: lambda g, e: _words("DROP", e.args["kind"], g.part(e, "this")), c.ChangePartitions: _change_partitions,
}
STATEMENTS: dict[type[Node], Printer] = {
    s.CreateTable: _create_table, s.CreateMaterializedTable: _create_materialized, s.CreateView: _create_view,
    s.CreateFunction: _create_function, s.CreateModel: _create_model, s.CreateNamespace: _create_namespace,
    c.DropObject: _drop, c.AlterObject: _alter, s.InsertInto: _insert, exp.Update: _update,
    exp.Delete: _delete,
    s.StatementSet: _statement_set,
    s.StatementSetMark: lambda g, e: "BEGIN STATEMENT SET" if e.this == "BEGIN" else "END",
    s.Truncate: lambda g, e: f"TRUNCATE TABLE {g.sql(e.this)}", s.Analyze: _analyze,
    s.CallProcedure: lambda g, e: f"CALL {g.sql(e.this)}", s.SetProperty: _set_property,
    s.ResetProperty: lambda g, e: f"RESET{g.part(e, 'this', ' ')}", s.UseObject: _use, s.ShowObjects: _show,
    s.DescribeObject: _describe, s.ExplainPlan: _explain, s.ExecutePlan: _plan,
    s.LoadModule: lambda g, e: _words(e.args["kind"], "MODULE", g.sql(e.this), _options(g, e)),
    s.ChangeJars: lambda g, e: f"{e.args['kind']} JAR {g.sql(e.this)}", s.StopJob: _stop_job,
}
PRINTERS: dict[type[Node], Printer] = {**_PARTS, **STATEMENTS}
