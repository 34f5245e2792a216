"""The components, as palette and forms need them."""

from __future__ import annotations

from functools import cache
from typing import Any

from porsche.components import catalogue
from porsche.components.declaration import declaration


@cache
def components() -> list[dict[str, Any]]:
    """Every component, family after family."""
    return [declaration(name, component) for name, component in catalogue().items()]
