"""ARRAY_* and MAP_UNION: per row, on Python lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.expressions.functions.base import Arguments, Function, Infer
from engine.expressions.functions.rows import per_row
from engine.expressions.functions.signatures import bad_arguments, signature
from engine.expressions.rules import common_type
from engine.types import ARRAY, BOOLEAN, INT, STRING, DataType, Kind, is_nullable

Result = Callable[[DataType], DataType]


def _element_of(arguments: Arguments) -> DataType:
    type = arguments.types[0] if arguments.values else None
    if type is None or type.kind is not Kind.ARRAY or type.element is None:
        raise bad_arguments(arguments, "the first argument must be an array")
    return type.element


def _with_element(result: Result, grows: bool = False, strict: bool = False) -> Infer:
    """(array, element): the second is cast to the first's element, or both to a common one where the array grows."""

    def infer(arguments: Arguments) -> DataType:
        element = _element_of(arguments)
        if len(arguments.values) != 2:
            raise bad_arguments(arguments, "it takes 2 arguments")
        array, other = arguments.types
        merged = common_type((element, other), moments=True)
        if merged is None or merged.kind is not element.kind and Kind.NULL not in (element.kind, other.kind):
            raise bad_arguments(arguments, f"{other} is no element of {array}")
        if not grows:
            merged = merged.as_nullable(element.nullable)
        wanted = ARRAY(merged).as_nullable(array.nullable)
        arguments.coercions.update({0: wanted, 1: merged.as_nullable(other.nullable)})
        return result(wanted).as_nullable(array.nullable or (strict and other.nullable))

    return infer


def _of_arrays(result: Result, several: bool = False) -> Infer:
    """(array, ...): all cast to their common type."""

    def infer(arguments: Arguments) -> DataType:
        _element_of(arguments)
        if (len(arguments.values) > 1) is not several and not (several and arguments.name == "ARRAY_CONCAT"):
            raise bad_arguments(arguments, "wrong number of arguments")
        type = common_type(arguments.types, moments=True)
        if type is None or type.kind is not Kind.ARRAY:
            raise bad_arguments(arguments, "the arrays have no common type")
        arguments.coercions.update(dict.fromkeys(range(len(arguments.values)), type))
        return result(type).as_nullable(is_nullable(*arguments.types))

    return infer


def _itself(type: DataType) -> DataType:
    return type



def _extreme(greatest: bool) -> Function:
    def infer(arguments: Arguments) -> DataType:
        element = _element_of(arguments)
        if element.is_nested:
            raise bad_arguments(arguments, "the elements have no order")
        _of_arrays(_itself)(arguments)
        return element.as_nullable()

    def run(values: list[Any]) -> Any:
        present = [v for v in values if v is not None]
        return (max if greatest else min)(present, default=None)

    return per_row(infer, run)


def _distinct(values: Sequence[Any]) -> list[Any]:
    """The values in order, each once."""
    seen: set[Any] = set()
    kept = []
    for value in values:
        key = _key(value)
        if key not in seen:
            seen.add(key)
            kept.append(value)
    return kept


def _key(value: Any) -> Any:
    """A hashable form in which equal values are equal."""
    if isinstance(value, dict):
        return frozenset((_key(k), _key(v)) for k, v in value.items())
    return tuple(map(_key, value)) if isinstance(value, (list, tuple)) else value


def _except(values: list[Any], others: list[Any]) -> list[Any]:
    gone = {_key(v) for v in others}
    return _distinct([v for v in values if _key(v) not in gone])


def _intersect(values: list[Any], others: list[Any]) -> list[Any]:
    wanted = {_key(v) for v in others}
    return _distinct([v for v in values if _key(v) in wanted])


def _position(values: list[Any], wanted: Any) -> int:
    return next((i for i, v in enumerate(values, start=1) if v == wanted), 0)


def _slice(values: list[Any], start: int, end: int | None = None) -> list[Any]:
    """Elements from `start` to `end`, both counted from 1, negative ones from the end; 0 is 1."""
    size = len(values)

    def place(index: int) -> int:
        return index + size + 1 if index < 0 else max(index, 1)

    last = size if end is None else place(end)
    return values[max(place(start), 1) - 1:last] if last >= 1 else []


def _join(values: list[str | None], separator: str, null: str | None = None) -> str:
    return separator.join(null if v is None else v for v in values if v is not None or null is not None)  # type: ignore[misc]


def _sort(values: list[Any], ascending: bool = True, nulls_first: bool | None = None) -> list[Any]:
    present = sorted((v for v in values if v is not None), reverse=not ascending)
    nulls = [None] * (len(values) - len(present))
    return nulls + present if (ascending if nulls_first is None else nulls_first) else present + nulls


def _infer_sort(arguments: Arguments) -> DataType:
    element = _element_of(arguments)
    if element.is_nested:
        raise bad_arguments(arguments, "the elements have no order")
    return signature(arguments.types[0], "array", "boolean?", "boolean?")(arguments)


def _infer_slice(arguments: Arguments) -> DataType:
    _element_of(arguments)
    if any(t.kind is Kind.BIGINT for t in arguments.types[1:]):
        raise bad_arguments(arguments, "the places are of type INT")
    return signature(arguments.types[0], "array", "int", "int?")(arguments)


def _infer_join(arguments: Arguments) -> DataType:
    if not _element_of(arguments).is_string:
        raise bad_arguments(arguments, "the elements must be strings")
    return signature(STRING, "array", "string", "string?")(arguments)


def _keep_array(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose NULL array gives NULL, while its other arguments may be NULL."""
    return lambda values, *rest: None if values is None else function(values, *rest)


def _infer_union(arguments: Arguments) -> DataType:
    types = arguments.types
    if not types or any(t.kind not in (Kind.MAP, Kind.NULL) for t in types):
        raise bad_arguments(arguments, "it takes maps")
    type = common_type(types)
    if type is None or type.kind is not Kind.MAP:
        raise bad_arguments(arguments, "the maps have no common type")
    arguments.coercions.update(dict.fromkeys(range(len(types)), type))
    return replace(type, nullable=is_nullable(*types))


def _union(*maps: dict[Any, Any]) -> dict[Any, Any]:
    merged: dict[Any, Any] = {}
    for one in maps:
        merged |= one
    return merged


FUNCTIONS: dict[str, Function] = {
    "ARRAY_APPEND": per_row(_with_element(_itself, grows=True), _keep_array(lambda v, x: [*v, x]), strict=False),
    "ARRAY_PREPEND": per_row(_with_element(_itself, grows=True), _keep_array(lambda v, x: [x, *v]), strict=False),
    "ARRAY_CONTAINS": per_row(_with_element(lambda _: BOOLEAN), _keep_array(lambda v, x: x in v), strict=False),
    "ARRAY_REMOVE": per_row(_with_element(_itself), _keep_array(lambda v, x: [y for y in v if y != x]), strict=False),
    "ARRAY_POSITION": per_row(_with_element(lambda _: INT, strict=True), _position),
    "ARRAY_DISTINCT": per_row(_of_arrays(_itself), _distinct),
    "ARRAY_REVERSE": per_row(_of_arrays(_itself), lambda v: v[::-1]),
    "ARRAY_UNION": per_row(_of_arrays(_itself, several=True), lambda a, b: _distinct([*a, *b])),
    "ARRAY_CONCAT": per_row(_of_arrays(_itself, several=True), lambda *v: [x for one in v for x in one]),
    "ARRAY_EXCEPT": per_row(_of_arrays(_itself, several=True), _except),
    "ARRAY_INTERSECT": per_row(_of_arrays(_itself, several=True), _intersect),
    "ARRAY_MAX": _extreme(True),
    "ARRAY_MIN": _extreme(False),
    "ARRAY_SLICE": per_row(_infer_slice, _slice),
    "ARRAY_SORT": per_row(_infer_sort, _sort),
    "ARRAY_JOIN": per_row(_infer_join, _join),
    "MAP_UNION": per_row(_infer_union, _union),
}
