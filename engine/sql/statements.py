"""What kind of statement one is, as far as a session must know."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from engine.sql.dialect import statement_nodes as st


def inserts_of(statement: exp.Expr) -> Sequence[exp.Expr] | None:
    """The INSERTs of an INSERT or a statement set; None for other statements."""
    if isinstance(statement, st.StatementSet):
        return list(statement.expressions)
    return [statement] if isinstance(statement, st.InsertInto) else None


def explained(statement: exp.Expr) -> tuple[exp.Expr, Sequence[str]] | None:
    """What an EXPLAIN explains, and the details it asks for; None for other statements."""
    if not isinstance(statement, st.ExplainPlan):
        return None
    return statement.this, list(statement.args.get("details") or [])


def is_query(statement: exp.Expr) -> bool:
    """Whether it is a SELECT, VALUES or set operation."""
    return isinstance(statement, exp.Query | exp.Values)
