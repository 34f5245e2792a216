"""Requests, declarations, types and errors as JSON values, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from engine.errors import InternalError, RuntimeFault, UserError
from engine.expressions.functions.user_hosts import Declared
from engine.expressions.functions.user_running import Request
from engine.types import DataType, Kind, RowField

# ---- types -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def type_text(type: DataType) -> str:
    """A type as text that `type_of` reads."""
    return json.dumps(_type_json(type))


def _type_json(type: DataType) -> list[Any]:
    return [type.kind.name, type.nullable, type.length, type.precision, type.scale,
            None if type.element is None else _type_json(type.element),
            None if type.key is None else _type_json(type.key),
            [[f.name, _type_json(f.type)] for f in type.fields], type.name]


@lru_cache(maxsize=1024)
def type_of(text: str) -> DataType:
    """The type again."""
    return _type(json.loads(text))


def _type(value: list[Any]) -> DataType:
    kind, nullable, length, precision, scale, element, key, fields, name = value
    return DataType(Kind[kind], nullable, length, precision, scale, None if element is None else _type(element),
                    None if key is None else _type(key), tuple(RowField(n, _type(t)) for n, t in fields), name)


# ---- requests and what is declared -----------------------------------------------------------------------------------


def request_json(request: Request) -> dict[str, Any]:
    return {"name": request.name, "target": request.target, "how": request.how, "length": request.length,
            "results": [type_text(t) for t in request.results],
            "state": [[name, type_text(type)] for name, type in request.state]}


def request_of(value: Mapping[str, Any]) -> Request:
    return Request(value["name"], value["target"], value["how"], value["length"],
                   tuple(type_of(t) for t in value["results"]),
                   tuple((name, type_of(type)) for name, type in value["state"]))


def declared_json(declared: Declared) -> dict[str, Any]:
    return asdict(declared)


def declared_of(value: Mapping[str, Any]) -> Declared:
    lists = {name: tuple(given) for name, given in value.items() if isinstance(given, list)}
    return Declared(**{**value, **lists})


# ---- errors ----------------------------------------------------------------------------------------------------------


def error_json(error: Exception, trace: str) -> dict[str, Any]:
    """An error for the other side; of one that is no user's, its trace says what was wrong with us."""
    if isinstance(error, UserError):
        return {"code": error.code, "message": error.message, "hint": error.hint, "trace": trace,
                "runtime": isinstance(error, RuntimeFault)}
    return {"code": "", "message": f"{type(error).__name__}: {error}", "hint": None, "trace": trace, "runtime": False}


def error_of(value: Mapping[str, Any]) -> UserError | InternalError:
    code, message, hint = value["code"], value["message"], value["hint"]
    if not code:
        return InternalError(f"a worker process failed: {message}")
    return RuntimeFault(message, code=code, hint=hint) if value["runtime"] else UserError(code, message, hint=hint)
