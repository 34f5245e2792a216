"""Calls of functions that users bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, Place, UserError
from engine.expressions.binding import implicit_cast, resolve_call
from engine.expressions.functions.base import Function
from engine.expressions.functions.user import misfit, named, scalar
from engine.expressions.functions.user_tables import UserTable, table
from engine.expressions.nodes import Expression
from engine.sql import dialect as ast
from engine.sql.catalog import UserFunction
from engine.sql.places import own_place, place_of
from engine.sql.types import to_data_type
from engine.types import DataType, Field

if TYPE_CHECKING:
    from engine.aggregates.user import UserAggregate
    from engine.sql.binder.expressions import ExpressionBinder
    from engine.sql.binder.session import Session

    Loaded = Function | UserTable | UserAggregate


def call_user(session: Session, binder: ExpressionBinder, function: UserFunction, node: exp.Anonymous,
              place: Place | None) -> Expression:
    """A call of a user's scalar or aggregate function."""
    from engine.sql.binder.calls import aggregate_call

    loaded, name = _loaded(session, function, place), function.name.upper()
    if isinstance(loaded, UserTable):
        raise UserError("bad_function", f"{function.name} makes rows: it is no value", place=place,
                        hint=f"put it into FROM: LATERAL TABLE({function.name}(...))")
    if isinstance(loaded, Function):
        return resolve_call(name, binder.all(node.expressions), session.config, place, {name: loaded})
    return aggregate_call(binder, node, name, place, loaded)


def _loaded(session: Session, function: UserFunction, place: Place | None) -> Loaded:
    found = session.loaded.get(function)
    if found is None:
        found = session.loaded[function] = load(session, function, place)
    return found


def load(session: Session, function: UserFunction, place: Place | None = None) -> Loaded:
    """The function, of whichever kind it is; UserError where it cannot be loaded."""
    from engine.aggregates.user import aggregate

    if function.language != "PYTHON":
        raise NotSupported(f"the function {function.name}, which is written in {function.language},", place=place,
                           hint="CREATE FUNCTION ... AS 'module.function' LANGUAGE PYTHON")
    name, target, catalog = function.name, function.target, session.catalog
    if not catalog.python:
        raise UserError("python_not_allowed", f"function {name}: this session does not load users' code", place=place,
                        hint="it is allowed only where the operator of the engine says so")
    try:
        host = catalog.host(session.config)
        with named(name):
            declared = host.declared(name, target)
        if declared.columns is not None:
            return table(name, target, host, declared, _type)
        if "accumulate" in declared.methods:
            return aggregate(name, target, host, declared, _type)
        return scalar(name, target, host, declared, _type).as_function()
    except UserError as error:
        error.place = place  # a place in a type's text means nothing here
        raise


def _type(text: str) -> DataType:
    return to_data_type(ast.parse_type(text))


def table_function(session: Session, binder: ExpressionBinder,
                   call: exp.Anonymous) -> tuple[str, list[Expression], tuple[Field, ...], tuple[object, ...]]:
    """A call of a user's table function: its name, arguments and columns, and the function itself."""
    from engine.sql.binder.calls import parts_of

    parts, place = parts_of(call), own_place(call) or place_of(call)
    found = session.user_function(parts)
    if found is None:
        raise UserError("unknown_function", f"there is no table function '{'.'.join(parts)}'", place=place)
    loaded, name = _loaded(session, found, place), found.name.upper()
    if not isinstance(loaded, UserTable):
        raise UserError("bad_function", f"{found.name} is no table function: it makes no rows", place=place)
    args = binder.all(call.expressions)
    if loaded.arguments is not None:
        problem = misfit([a.type for a in args], loaded.arguments)
        if problem is not None:
            types = ", ".join(str(a.type.as_nullable()) for a in args)
            raise UserError("bad_arguments", f"{name}({types}) is not possible", hint=problem, place=place)
        args = [implicit_cast(a, t) for a, t in zip(args, loaded.arguments, strict=True)]
    return name, args, loaded.fields, (loaded,)
