"""VARIANT: PARSE_JSON and what is in a value. A VARIANT is held as JSON in one form: keys sorted, numbers shortest.

As in Flink numbers with an exponent are DOUBLEs and others exact; a VARIANT that holds JSON's null is not NULL.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from engine.errors import RuntimeFault
from engine.expressions.functions.base import Arguments, Function
from engine.expressions.functions.rows import per_row
from engine.expressions.functions.signatures import bad_arguments, signature
from engine.expressions.jsonpath import to_json
from engine.types import DataType, Kind

VARIANT = DataType(Kind.VARIANT)
_EXACT = Context(prec=400)


class _Number(str):
    """A number as it is to be written."""

    __slots__ = ()


def _number(text: str) -> Any:
    if "e" in text.lower():
        from engine.expressions.kernels.doubles import java_text

        return _Number(java_text(repr(float(text))))
    return _Number(format(Decimal(text).normalize(_EXACT), "f"))


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is given twice")
    return made


def _written(value: Any) -> str:
    match value:
        case _Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{to_json(k)}:{_written(v)}" for k, v in sorted(value.items())) + "}"
        case list():
            return "[" + ",".join(map(_written, value)) + "]"
    return to_json(value)


def variant_of(text: str, twice: bool = False) -> str:
    """A JSON text as a VARIANT is held; ValueError where it is none. `twice`: keys may be repeated, the last counts."""
    try:
        pairs = None if twice else _once
        return _written(json.loads(text, parse_float=_number, parse_constant=_refuse, object_pairs_hook=pairs))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _parse(raises: bool) -> Callable[..., str | None]:
    def run(text: str, twice: bool = False) -> str | None:
        try:
            return variant_of(text, twice)
        except ValueError as error:
            if raises:
                raise RuntimeFault(f"Failed to parse json string: {text[:100]}", code="json",
                                   hint=str(error)) from None
            return None

    return run


@lru_cache(maxsize=1024)
def _parts(held: str) -> Any:
    """What a VARIANT holds, numbers as they are written. Do not change the result."""
    return json.loads(held, parse_float=_Number, parse_int=_Number, parse_constant=_Number)


def _item(held: str, key: str | int) -> str | None:
    """A field of an object, or an element of an array, counted from 1; NULL where there is none."""
    value = _parts(held)
    if isinstance(key, str):
        if not isinstance(value, dict):
            raise RuntimeFault("String key access on variant requires an object variant, but a non-object variant was "
                               "provided.", code="json")
        return _written(value[key]) if key in value else None
    if not isinstance(value, list):
        raise RuntimeFault("Integer index access on variant requires an array variant, but a non-array variant was "
                           "provided.", code="json")
    return _written(value[key - 1]) if 1 <= key <= len(value) else None


def _infer_item(arguments: Arguments) -> DataType:
    key = arguments.types[1]
    if not (key.is_string or key.is_integer):
        raise bad_arguments(arguments, "a VARIANT's fields are named by texts, its elements numbered by integers")
    return VARIANT


FUNCTIONS: dict[str, Function] = {
    "PARSE_JSON": per_row(signature(VARIANT, "string", "boolean?"), _parse(True), fallible=True),
    "TRY_PARSE_JSON": per_row(signature(VARIANT, "string", "boolean?", nullable=True), _parse(False)),
    "VARIANT ITEM": per_row(_infer_item, _item, fallible=True),
}
