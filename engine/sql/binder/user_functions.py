"""Calls of functions that users bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, Place, UserError
from engine.expressions.nodes import Expression
from engine.sql.catalog import UserFunction
from engine.sql.places import place_of
from engine.types import Field

if TYPE_CHECKING:
    from engine.sql.binder.expressions import ExpressionBinder
    from engine.sql.binder.session import Session


def call_user(session: Session, binder: ExpressionBinder, function: UserFunction, node: exp.Anonymous,
              place: Place | None) -> Expression:
    """A call of a user's scalar function."""
    raise NotSupported(f"the function {function.name}", place=place)


def table_function(session: Session, binder: ExpressionBinder,
                   call: exp.Anonymous) -> tuple[str, list[Expression], tuple[Field, ...]]:
    """A call of a user's table function: its name, arguments and columns."""
    from engine.sql.binder.calls import parts_of

    parts = parts_of(call)
    if session.user_function(parts) is None:
        raise UserError("unknown_function", f"there is no table function '{'.'.join(parts)}'", place=place_of(call))
    raise NotSupported(f"the table function {parts[-1]}", place=place_of(call))
