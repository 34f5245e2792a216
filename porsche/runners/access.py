"""The allow-list of a run, as the engine takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.connectors.base import Access

PARTS = ("paths", "hosts", "connectors")


def access_of(listed: Mapping[str, Iterable[str]]) -> Access:
    """The limits of a job from `Environment.allowed(...)` or a spec's `access`; what is not listed is not allowed."""
    return Access(*(tuple(listed.get(part) or ()) for part in PARTS))
