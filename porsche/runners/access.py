"""What a job that the platform runs may touch, as the engine knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.connectors.base import Access


def access_of(allowed: Mapping[str, Sequence[str]]) -> Access:
    """The allow-list that an environment gives a run (`Environment.allowed`): what it does not name is not allowed."""
    return Access(*(tuple(allowed.get(part) or ()) for part in ("paths", "hosts", "connectors")))
