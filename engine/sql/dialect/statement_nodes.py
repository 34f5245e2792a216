"""Nodes of statements."""

from __future__ import annotations

from sqlglot import exp

_OPTIONAL = False
_REQUIRED = True


# -- parts of definitions


class PhysicalColumn(exp.Expression):
    """`this kind [COMMENT comment]`; nullability is the type's."""

    arg_types = {"this": _REQUIRED, "kind": _REQUIRED, "comment": _OPTIONAL}


class ComputedColumn(exp.Expression):
    """`this AS expression [COMMENT comment]`."""

    arg_types = {"this": _REQUIRED, "expression": _REQUIRED, "comment": _OPTIONAL}


class MetadataColumn(exp.Expression):
    """`this kind METADATA [FROM key] [VIRTUAL] [COMMENT comment]`: key a Literal."""

    arg_types = {"this": _REQUIRED, "kind": _REQUIRED, "key": _OPTIONAL, "virtual": _OPTIONAL, "comment": _OPTIONAL}


class ViewColumn(exp.Expression):
    """A column of a view: `this [COMMENT comment]`."""

    arg_types = {"this": _REQUIRED, "comment": _OPTIONAL}


class Watermark(exp.Expression):
    """`WATERMARK FOR this AS expression`; `this` is a Column or Dot (a nested field)."""

    arg_types = {"this": _REQUIRED, "expression": _REQUIRED}


class KeyConstraint(exp.Expression):
    """`[CONSTRAINT this] kind (expressions) [NOT] ENFORCED`: text kind PRIMARY KEY or UNIQUE, Identifiers."""

    arg_types = {"this": _OPTIONAL, "kind": _REQUIRED, "expressions": _REQUIRED, "enforced": _OPTIONAL}


class Distribution(exp.Expression):
    """`BY kind(expressions) INTO buckets BUCKETS`; text kind HASH or RANGE."""

    arg_types = {"kind": _OPTIONAL, "expressions": _OPTIONAL, "buckets": _OPTIONAL}


class LikeTable(exp.Expression):
    """`LIKE this (INCLUDING ALL ...)`: LikeOptions."""

    arg_types = {"this": _REQUIRED, "expressions": _OPTIONAL}


class LikeOption(exp.Expression):
    """`INCLUDING OPTIONS`: the words as texts `kind` and `this`."""

    arg_types = {"kind": _REQUIRED, "this": _REQUIRED}


class Positioned(exp.Expression):
    """A column of ALTER TABLE with its place: `this FIRST`, or `this AFTER after`."""

    arg_types = {"this": _REQUIRED, "after": _OPTIONAL}


# -- CREATE


class CreateTable(exp.Expression):
    """CREATE [OR REPLACE] TABLE. `columns`: physical, computed, metadata columns, or Identifiers (AS with names only);
    `constraints`: KeyConstraints; `watermarks`; `expression` the query of AS."""

    arg_types = {"this": _REQUIRED, "replace": _OPTIONAL, "temporary": _OPTIONAL, "exists": _OPTIONAL,
                 "columns": _OPTIONAL, "watermarks": _OPTIONAL, "constraints": _OPTIONAL, "comment": _OPTIONAL,
                 "distribution": _OPTIONAL, "partitioned_by": _OPTIONAL, "options": _OPTIONAL, "like": _OPTIONAL,
                 "expression": _OPTIONAL}


class CreateMaterializedTable(exp.Expression):
    """CREATE [OR ALTER] MATERIALIZED TABLE: as CreateTable, with `freshness` (an Interval) and text `refresh_mode`."""

    arg_types = {**CreateTable.arg_types, "alter": _OPTIONAL, "freshness": _OPTIONAL, "refresh_mode": _OPTIONAL}


class CreateView(exp.Expression):
    """CREATE VIEW: `columns` are ViewColumns, `expression` the query."""

    arg_types = {"this": _REQUIRED, "replace": _OPTIONAL, "temporary": _OPTIONAL, "exists": _OPTIONAL,
                 "columns": _OPTIONAL, "comment": _OPTIONAL, "expression": _REQUIRED}


class CreateFunction(exp.Expression):
    """CREATE FUNCTION: `expression` the Literal of AS, text `language`, `resources` (Literals of USING JAR)."""

    arg_types = {"this": _REQUIRED, "temporary": _OPTIONAL, "system": _OPTIONAL, "exists": _OPTIONAL,
                 "expression": _REQUIRED, "language": _OPTIONAL, "resources": _OPTIONAL, "options": _OPTIONAL}


class CreateModel(exp.Expression):
    """CREATE MODEL: `inputs` and `outputs` are PhysicalColumns."""

    arg_types = {"this": _REQUIRED, "temporary": _OPTIONAL, "exists": _OPTIONAL, "inputs": _OPTIONAL,
                 "outputs": _OPTIONAL, "comment": _OPTIONAL, "options": _OPTIONAL, "expression": _OPTIONAL}


class CreateNamespace(exp.Expression):
    """CREATE CATALOG, DATABASE or CONNECTION: which as text `kind`."""

    arg_types = {"kind": _REQUIRED, "this": _REQUIRED, "temporary": _OPTIONAL, "system": _OPTIONAL,
                 "exists": _OPTIONAL, "comment": _OPTIONAL, "options": _OPTIONAL}


# -- data


class InsertInto(exp.Expression):
    """INSERT INTO | OVERWRITE this [partition] [(columns)] expression [ON CONFLICT DO conflict]: text `conflict`."""

    arg_types = {"this": _REQUIRED, "overwrite": _OPTIONAL, "partition": _OPTIONAL, "columns": _OPTIONAL,
                 "expression": _REQUIRED, "conflict": _OPTIONAL}


class StatementSet(exp.Expression):
    """EXECUTE STATEMENT SET BEGIN ...; END, and BEGIN STATEMENT SET; ...; END: the same node."""

    arg_types = {"expressions": _REQUIRED}


class StatementSetMark(exp.Expression):
    """BEGIN STATEMENT SET or END sent alone, as a session does statement by statement: text `this` BEGIN or END."""


class Truncate(exp.Expression):
    """TRUNCATE TABLE this."""


class Analyze(exp.Expression):
    """ANALYZE TABLE this [partition] COMPUTE STATISTICS [FOR COLUMNS columns | FOR ALL COLUMNS]."""

    arg_types = {"this": _REQUIRED, "partition": _OPTIONAL, "columns": _OPTIONAL, "all_columns": _OPTIONAL}


class CallProcedure(exp.Expression):
    """CALL this (an Anonymous)."""


# -- session and inspection


class SetProperty(exp.Expression):
    """SET 'this' = 'expression'; without both it lists. Literals, also for the unquoted form."""

    arg_types = {"this": _OPTIONAL, "expression": _OPTIONAL}


class ResetProperty(exp.Expression):
    """RESET ['this']."""

    arg_types = {"this": _OPTIONAL}


class UseObject(exp.Expression):
    """USE: text `kind` DATABASE (the bare form), CATALOG or MODULES; a Table (the last part `this`), or Identifiers."""

    arg_types = {"kind": _REQUIRED, "this": _OPTIONAL, "expressions": _OPTIONAL}


class ShowObjects(exp.Expression):
    """SHOW: text `kind` (TABLES, CURRENT CATALOG, CREATE VIEW, ...), its object `this`, the container `scope` (with
    text `preposition`), and the filter `pattern` with text `operator` (LIKE or ILIKE) and `negated`."""

    arg_types = {"kind": _REQUIRED, "this": _OPTIONAL, "preposition": _OPTIONAL, "scope": _OPTIONAL,
                 "operator": _OPTIONAL, "negated": _OPTIONAL, "pattern": _OPTIONAL, "partition": _OPTIONAL}


class DescribeObject(exp.Expression):
    """DESCRIBE: text `kind` (TABLE for the bare form, CATALOG, DATABASE, FUNCTION, MODEL, JOB, CONNECTION)."""

    arg_types = {"kind": _REQUIRED, "this": _REQUIRED, "extended": _OPTIONAL}


class ExplainPlan(exp.Expression):
    """EXPLAIN [details] this: details are texts such as CHANGELOG_MODE."""

    arg_types = {"this": _REQUIRED, "details": _OPTIONAL}


class ExecutePlan(exp.Expression):
    """EXECUTE PLAN 'this'; COMPILE [AND EXECUTE] PLAN 'this' [IF NOT EXISTS] FOR expression: text `kind`."""

    arg_types = {"kind": _REQUIRED, "this": _REQUIRED, "exists": _OPTIONAL, "expression": _OPTIONAL}


class LoadModule(exp.Expression):
    """LOAD MODULE this WITH options, or UNLOAD MODULE this: text `kind` LOAD or UNLOAD."""

    arg_types = {"kind": _REQUIRED, "this": _REQUIRED, "options": _OPTIONAL}


class ChangeJars(exp.Expression):
    """ADD JAR 'this' or REMOVE JAR 'this': text `kind` ADD or REMOVE."""

    arg_types = {"kind": _REQUIRED, "this": _REQUIRED}


class StopJob(exp.Expression):
    """STOP JOB 'this' [WITH SAVEPOINT] [WITH DRAIN]."""

    arg_types = {"this": _REQUIRED, "savepoint": _OPTIONAL, "drain": _OPTIONAL}
