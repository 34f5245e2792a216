"""What kind of statement a parsed tree is."""

from __future__ import annotations

from sqlglot import exp

from engine.errors import NotSupported
from engine.sql import dialect as ast
from engine.sql.places import place_of

_QUERIES = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery, exp.Table)


def is_query(statement: exp.Expr) -> bool:
    """SELECT, VALUES, set operations."""
    return isinstance(statement, _QUERIES)


def inserts_of(statement: exp.Expr) -> list[exp.Expr] | None:
    """The INSERTs of a statement or statement set; None where it is neither."""
    if isinstance(statement, ast.InsertInto):
        return [statement]
    if isinstance(statement, ast.StatementSet):
        return list(statement.expressions)
    return None


def explained(statement: exp.Expr) -> tuple[exp.Expr, tuple[str, ...]] | None:
    """What EXPLAIN explains and its details; None for any other statement."""
    if not isinstance(statement, ast.ExplainPlan):
        return None
    return statement.this, tuple(statement.args.get("details") or ())


# Statements of Flink's that have no meaning here: what is asked for, and what to do instead.
_REFUSED: dict[type[exp.Expr], tuple[str, str]] = {
    ast.ChangeJars: ("{kind} JAR", "functions are Python: CREATE FUNCTION f AS 'module.name' LANGUAGE PYTHON"),
    ast.CallProcedure: ("CALL", "there are no stored procedures"),
    ast.Analyze: ("ANALYZE TABLE", "nothing depends on statistics of tables"),
    ast.Truncate: ("TRUNCATE TABLE", "the system that holds the table empties it"),
    exp.Update: ("UPDATE", "changes come from the system that holds the table, or by INSERT with a primary key"),
    exp.Delete: ("DELETE", "changes come from the system that holds the table"),
    ast.ExecutePlan: ("{kind} PLAN", "a job is kept as its SQL text"),
    ast.StopJob: ("STOP JOB", "jobs are stopped where they are started: porsche stop, or the platform's pages"),
    ast.CreateMaterializedTable: ("CREATE MATERIALIZED TABLE", "CREATE TABLE, and a job that INSERTs into it"),
    ast.StatementSetMark: ("{this} of a statement set by itself", "EXECUTE STATEMENT SET BEGIN ...; END"),
}


def refused(statement: exp.Expr) -> NotSupported:
    """The error for a statement that cannot be run."""
    what, hint = _REFUSED.get(type(statement), (f"the statement {type(statement).__name__}", ""))
    words = {name: value for name, value in statement.args.items() if isinstance(value, str)}
    return NotSupported(what.format(**words), place=place_of(statement), hint=hint or None)
