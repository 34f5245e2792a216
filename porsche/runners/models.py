"""What a run's models have reached, read from its state folder while the job writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engine.errors import InternalError, UserError
from engine.learners.store import ModelStore

FACTS = ("samples", "positives", "logloss", "auc", "calibration")
MOST = 64
"""Models of a run that are looked at, at most: a learner grouped by a key has one for each."""


class ModelFacts:
    """Tells of new versions of a run's models. Cheap where there is none: it looks at the folders' times only."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "models"
        self._stamp: tuple[int, ...] = ()
        self.newest: dict[str, dict[str, Any]] = {}
        """All that was told: a model's newest facts by its name in the store."""

    def newer(self) -> dict[str, dict[str, Any]]:
        """{name in the store: {version, samples, positives, logloss, auc, calibration}} of each model whose newest
        version was not told before. A model of one group of `GROUP BY` is named node[group]."""
        stamp = self._stamps()
        if stamp == self._stamp:
            return {}
        store = ModelStore(self._folder)
        found: dict[str, dict[str, Any]] = {}
        for name in store.names()[:MOST]:
            version = store.newest(name)
            known = self.newest.get(name, {}).get("version")
            facts = _facts(store, name, version) if version != known else None
            if facts is not None:
                found[name] = facts
        self.newest |= found
        self._stamp = stamp
        return found

    def _stamps(self) -> tuple[int, ...]:
        try:
            with os.scandir(self._folder) as entries:
                return tuple(sorted(entry.stat().st_mtime_ns for entry in entries))[-MOST:]
        except OSError:
            return ()


def node_of(name: str) -> str:
    """The node that trains a model of the store."""
    return name.partition("[")[0]


def _facts(store: ModelStore, name: str, version: int) -> dict[str, Any] | None:
    try:
        known = store.facts(name, version)
    except (OSError, UserError, InternalError, ValueError):  # retired meanwhile, or damaged: the next one will do
        return None
    return None if known is None else {"version": version} | {fact: known.get(fact) for fact in FACTS}
