"""A component's declaration as JSON values: what palette and forms need."""

from __future__ import annotations

from typing import Any

from porsche.components.base import Component
from porsche.components.properties import Property

LIMITS = ("low", "high", "whole", "options", "length", "mode", "known", "by")
"""What some kinds of property have besides."""


def declaration(name: str, component: type[Component]) -> dict[str, Any]:
    """Its ports, and its properties with what a form needs."""
    summary, _, details = component.docs().partition("\n\n")
    outputs = [{"name": component.gives, "relation": component.gives}] if component.gives else []
    return {
        "name": name,
        "family": component.family or component.__module__.split(".")[-2],
        "title": component.title(),
        "doc": summary.replace("\n", " "),
        "details": details,
        "ports": {
            "inputs": [{"name": p.name, "help": p.help, "optional": p.optional, "many": p.many, "relation": p.relation}
                       for p in component.inputs],
            "outputs": outputs,
        },
        "properties": [_property(n, p) for n, p in component.properties().items()],
        "example": dict(component.example),
    }


def _property(name: str, declared: Property) -> dict[str, Any]:
    limits = {limit: getattr(declared, limit) for limit in LIMITS if hasattr(declared, limit)}
    return {
        "name": name,
        "kind": declared.kind,
        "label": declared.label,
        "help": declared.about,
        "required": declared.required,
        "default": declared.default,
        "port": declared.port or None,
        "limits": limits,
        "schema": declared.schema(),
    }
