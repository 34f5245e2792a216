"""OBJECT_OF and OBJECT_UPDATE: values of structured types, which are rows under a class's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.changes import Column, merge_owners
from engine.expressions.functions.base import Arguments, Context, Function
from engine.expressions.functions.signatures import bad_arguments, constant_of
from engine.types import DataType, Kind, RowField

_CLASS = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*\Z")


def _keys(arguments: Arguments) -> list[str]:
    """The names of the attributes, which stand before their values; UserError where they are not constant texts, or
    given twice."""
    if len(arguments.values) % 2 == 0:
        raise bad_arguments(arguments, "it takes a first argument, and then names with values")
    names: list[str] = []
    for position in range(1, len(arguments.values), 2):
        name = constant_of(arguments, position)
        if not isinstance(name, str):
            raise bad_arguments(arguments, f"the name at position {position + 1} must be a text, and constant")
        if name in names:
            raise bad_arguments(arguments, f"the field name '{name}' at position {position + 1} is repeated")
        names.append(name)
    return names


def _infer_of(arguments: Arguments) -> DataType:
    names = _keys(arguments)
    name = constant_of(arguments, 0)
    if not isinstance(name, str) or not _CLASS.match(name):
        raise bad_arguments(arguments, "the first argument is the name of a class, a constant text")
    fields = tuple(RowField(key, type) for key, type in zip(names, arguments.types[2::2], strict=True))
    return DataType(Kind.ROW, name=name, fields=fields)


def _of(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    import numpy as np

    children = tuple(c.with_type(f.type) for c, f in zip(args[2::2], type.fields, strict=True))
    return Column(type, np.zeros(length, np.int8), None, merge_owners(c.owners for c in children), children)


def _infer_update(arguments: Arguments) -> DataType:
    names = _keys(arguments)
    old = arguments.types[0]
    if old.kind is not Kind.ROW or not old.name:
        raise bad_arguments(arguments, f"the first argument must be a structured type, but was {old}")
    known = [f.name for f in old.fields]
    for name in names:
        if name not in known:
            raise bad_arguments(arguments, f"there is no attribute '{name}', only {', '.join(known)}")
    fresh = dict(zip(names, arguments.types[2::2], strict=True))
    fields = tuple(RowField(f.name, fresh.get(f.name, f.type)) for f in old.fields)
    return DataType(Kind.ROW, nullable=old.nullable, name=old.name, fields=fields)


def _update(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    old, names = args[0], [getattr(c, "scalar", None) for c in args[1::2]]
    fresh = dict(zip(names, args[2::2], strict=True))
    children = tuple(fresh.get(f.name, child).with_type(f.type)
                     for f, child in zip(type.fields, old.children, strict=True))
    owners = merge_owners((old.owners, *(c.owners for c in children)))
    return Column(type, old.values, old.validity, owners, children)


FUNCTIONS: dict[str, Function] = {
    "OBJECT_OF": Function(_infer_of, _of, strict=False),
    "OBJECT_UPDATE": Function(_infer_update, _update, strict=False),
}
