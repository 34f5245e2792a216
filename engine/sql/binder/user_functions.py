"""Calls of functions that users bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, Place, UserError
from engine.expressions.binding import resolve_call
from engine.expressions.nodes import Expression
from engine.sql import dialect as ast
from engine.sql.catalog import UserFunction
from engine.sql.places import place_of
from engine.sql.types import to_data_type
from engine.types import DataType, Field

if TYPE_CHECKING:
    from engine.expressions.functions.base import Function
    from engine.sql.binder.expressions import ExpressionBinder
    from engine.sql.binder.session import Session


def call_user(session: Session, binder: ExpressionBinder, function: UserFunction, node: exp.Anonymous,
              place: Place | None) -> Expression:
    """A call of a user's scalar function."""
    loaded = session.loaded.get(function)
    if loaded is None:
        loaded = session.loaded[function] = load(session, function, place)
    name = function.name.upper()
    return resolve_call(name, binder.all(node.expressions), session.config, place, {name: loaded})


def load(session: Session, function: UserFunction, place: Place | None = None) -> Function:
    """The function as the catalogue of functions has them; UserError where it cannot be loaded."""
    if function.language != "PYTHON":
        raise NotSupported(f"the function {function.name}, which is written in {function.language},", place=place,
                           hint="CREATE FUNCTION ... AS 'module.function' LANGUAGE PYTHON")
    from engine.expressions.functions.user import load as load_python

    catalog = session.catalog
    try:
        return load_python(function.name, function.target, catalog.python, _type, catalog.modules).as_function()
    except UserError as error:
        error.place = place  # a place in a type's text means nothing here
        raise


def _type(text: str) -> DataType:
    return to_data_type(ast.parse_type(text))


def table_function(session: Session, binder: ExpressionBinder,
                   call: exp.Anonymous) -> tuple[str, list[Expression], tuple[Field, ...]]:
    """A call of a user's table function: its name, arguments and columns."""
    from engine.sql.binder.calls import parts_of

    parts = parts_of(call)
    if session.user_function(parts) is None:
        raise UserError("unknown_function", f"there is no table function '{'.'.join(parts)}'", place=place_of(call))
    raise NotSupported(f"the table function {parts[-1]}", place=place_of(call))
