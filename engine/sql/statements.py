"""What kind of statement a parsed tree is."""

from __future__ import annotations

from sqlglot import exp

from engine.sql import dialect as ast

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
