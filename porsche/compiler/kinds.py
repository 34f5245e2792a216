"""The properties of components that a document defines: the same kinds as any component's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from porsche.compiler.diagnostics import near
from porsche.compiler.graph import Says
from porsche.compiler.shape import LocalProperty
from porsche.components import properties as p

WIDEST = 1e15
"""Numbers without limits of their own are within these."""


def _plain(kind: Callable[..., p.Property]) -> Callable[..., p.Property]:
    return lambda fields, port, **rest: kind(**rest)


def _of_columns(kind: Callable[..., p.Property]) -> Callable[..., p.Property]:
    return lambda fields, port, **rest: kind(port=port, **rest)


def _choice(fields: Mapping[str, Any], port: str, *, required: bool, **rest: Any) -> p.Property:
    return p.Choice(*map(str, fields.get("options") or ()), **rest)


def _number(fields: Mapping[str, Any], port: str, **rest: Any) -> p.Property:
    return p.Number(low=fields.get("low", -WIDEST), high=fields.get("high", WIDEST),
                    whole=bool(fields.get("whole", False)), **rest)


def _of_nothing(kind: Callable[..., p.Property]) -> Callable[..., p.Property]:
    return lambda fields, port, **rest: kind(port="", **rest)


KINDS: Mapping[str, Callable[..., p.Property]] = {
    "text": _of_nothing(p.Text),
    "number": _number,
    "choice": _choice,
    "flag": _of_nothing(p.Flag),
    "duration": _plain(p.Duration),
    "column": _of_columns(p.Column),
    "time": _of_columns(p.TimeColumn),
    "columns": _of_columns(p.Columns),
    "expression": _of_columns(p.Expression),
    "expressions": _of_columns(p.Expressions),
    "fields": _plain(p.Fields),
    "options": _plain(p.Options),
}
"""By their names in documents."""
_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "label": str, "help": str, "required": bool, "whole": bool, "port": str, "options": list, "low": (int, float),
    "high": (int, float)}


def property_of(given: LocalProperty, ports: Sequence[str], says: Says) -> p.Property:
    """A property as it is declared; a plain text where the declaration is wrong, which is said."""
    fields = given.fields
    if given.kind not in KINDS:
        says.error((*given.path, "kind"), "unknown_kind", f"there is no kind '{given.kind}' of properties",
                   near(given.kind, KINDS, "kinds"))
        return _declared(given, "text", "")
    for name, kind in _FIELDS.items():
        if fields.get(name) is not None and not isinstance(fields[name], kind):
            says.error((*given.path, name), "wrong_type", f"'{name}' of a property does not fit", _HINTS[name])
            return _declared(given, "text", "")
    if given.kind == "choice" and not fields.get("options"):
        says.error(given.path, "missing_field", "a choice needs 'options'", "write options: [one, two]")
        return _declared(given, "text", "")
    port = fields.get("port") or (ports[0] if ports else "")
    if port not in ports and fields.get("port"):
        says.error((*given.path, "port"), "unknown_port", f"there is no input '{port}'", near(port, ports, "inputs"))
    return _checked(given, _declared(given, given.kind, port), says)


_HINTS = {"label": "a text", "help": "a text", "required": "true or false", "whole": "true or false",
          "port": "the name of an input", "options": "write [one, two]", "low": "a number", "high": "a number"}


def _declared(given: LocalProperty, kind: str, port: str) -> p.Property:
    fields = given.fields
    default = fields.get("default")
    required = fields.get("required")
    label, about = (each if isinstance(each, str) else "" for each in (fields.get("label"), fields.get("help")))
    return KINDS[kind](fields if kind == given.kind else {}, port, label=label or given.name, about=about,
                       default=default, required=default is None if required is None else bool(required))


def _checked(given: LocalProperty, made: p.Property, says: Says) -> p.Property:
    """The property, its default looked at."""
    if made.default is not None and "${" not in str(made.default):
        try:
            made.parse(made.default)
        except p.InvalidValue as error:
            says.error((*given.path, "default"), error.code, error.message, error.hint)
    return made
