"""The models that a run has published, for those who watch: names, versions, weights. Safe while the job writes.

    models = Models(state)
    models.names()                                  # ["model"]: the nodes that train
    models.versions("model", since=0, most=500)     # metrics of each, thinned to so many
    models.heaviest("model", 12, 30)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.learners.store import ModelStore
from porsche.runners.models import node_of

CACHED_BYTES = 8 << 20
"""Of a run's weights that stay in memory: many runs are looked at."""
WINDOWED = ("window_logloss", "window_auc")


class Models:
    """The models in a run's state folder. What was read of a version is remembered, what is newest is not."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "models"
        self._store = ModelStore(self._folder, cached=CACHED_BYTES)

    def names(self) -> list[str]:
        """The nodes that have published a version of their one model."""
        if not self._folder.is_dir():
            return []
        return sorted(node_of(name) for name in ModelStore(self._folder).names() if name == stored(node_of(name)))

    def newest(self, node: str) -> int:
        """The newest version; 0 where there is none."""
        return ModelStore(self._folder).newest(stored(node))  # another process publishes: nothing may be remembered

    def facts(self, node: str, version: int) -> dict[str, Any]:
        """Metrics of a version, and the learner's options. UserError `unknown_model` where it is not there."""
        facts = self._store.facts(stored(node), version)
        if facts is None:
            raise UserError("unknown_model", f"there is no version {version} of model '{node}'",
                            hint="it was never published, or is older than the versions kept")
        listed = self._store.versions(stored(node), version - 1)
        return {**next((v for v in listed if v["version"] == version), {"version": version}),
                "options": facts.get("options")}

    def versions(self, node: str, since: int = 0, most: int = 500) -> list[dict[str, Any]]:
        """Versions after `since`, ascending, at most so many: of neighbours the last, with their windows as one."""
        found = self._store.versions(stored(node), since)
        return thinned(found, most)

    def heaviest(self, node: str, version: int, most: int) -> list[dict[str, Any]]:
        """The weights of a version that are farthest from 0. UserError `unknown_model`."""
        return self._store.heaviest(stored(node), version, most)


def stored(node: str) -> str:
    """The name in the store: the node, and the group of its one model."""
    return f"{node}[{node}]"


def thinned(versions: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Versions in `most` groups of neighbours: of each the last one, with the windows of all as one window."""
    count = len(versions)
    if count <= most:
        return list(versions)
    edges = [count * i // most for i in range(most + 1)]
    return [_joined(versions[start:stop]) for start, stop in zip(edges, edges[1:])]


def _joined(group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sums over windows are sums of windows; their AUC, which is none, is the mean by samples."""
    samples = sum(v["window_samples"] or 0 for v in group)
    joined = {**group[-1], "window_samples": samples,
              "window_positives": sum(v["window_positives"] or 0 for v in group)}
    for name in WINDOWED:
        known = [(v[name], v["window_samples"] or 0) for v in group if v[name] is not None]
        weight = sum(n for _, n in known)
        joined[name] = sum(value * n for value, n in known) / weight if weight else None
    return joined
