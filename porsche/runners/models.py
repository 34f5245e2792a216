"""What a run's models have reached, read from its state folder while the job writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engine.errors import InternalError, UserError
from engine.learners.store import ModelStore

FACTS = ("version", "published_at", "samples", "positives", "logloss", "auc", "calibration", "calibration_error")
WINDOWS = ("window_logloss", "window_auc")
VERSIONS = 64
"""Versions that are looked at together, at most, the newest ones."""
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
        """{name in the store: `FACTS` of its newest version, `WINDOWS` over those since the last call}, of each model
        that has a version which was not told before. A model of one group of `GROUP BY` is named node[group]."""
        stamp = self._stamps()
        if stamp == self._stamp:
            return {}
        store = ModelStore(self._folder)
        found: dict[str, dict[str, Any]] = {}
        for name in store.names()[:MOST]:
            facts = _facts(store, name, self.newest.get(name, {}).get("version", 0))
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


def _facts(store: ModelStore, name: str, told: int) -> dict[str, Any] | None:
    newest = store.newest(name)
    since = told if told <= newest else 0  # a run that began anew counts from 1
    try:
        found = store.versions(name, since=max(since, newest - VERSIONS))
    except (OSError, UserError, InternalError, ValueError):  # retired meanwhile, or damaged: the next one will do
        return None
    if not found:
        return None
    return {fact: found[-1].get(fact) for fact in FACTS} | {score: _over(found, score) for score in WINDOWS}


def _over(versions: list[dict[str, Any]], score: str) -> float | None:
    """A score over the windows of several versions: the mean by samples."""
    known = [(v[score], v["window_samples"]) for v in versions if v.get(score) is not None and v.get("window_samples")]
    samples = sum(count for _, count in known)
    return sum(value * count for value, count in known) / samples if samples else None
