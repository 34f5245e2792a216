"""The catalogue of components: every module of a family's package is looked through once."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from inspect import isabstract

from porsche.components.base import Component

FAMILIES = ("sources", "transform", "aggregate", "join", "learn", "sinks")
"""Packages of components, in the order of the palette."""


@cache
def catalogue() -> dict[str, type[Component]]:
    """Every component by its name in documents, family after family."""
    found: dict[str, type[Component]] = {}
    for family in FAMILIES:
        package = import_module(f"{__name__}.{family}")
        for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
            members = vars(import_module(f"{package.__name__}.{module}")).values()
            found |= {
                c.name(): c for c in members if _is_component(c) and c.__module__ == f"{package.__name__}.{module}"
            }
    return found


def _is_component(member: object) -> bool:
    return isinstance(member, type) and issubclass(member, Component) and not isabstract(member)
