"""What is known of a model's versions: written with each (`version_facts`), read by those who watch (`VersionList`).

Reading is safe while a job publishes: files appear by rename, and one that is gone meanwhile was retired.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.learners.changes import read_facts
from engine.learners.learner import ModelValue
from engine.learners.metrics import Progress
from engine.learners.options import LearnerOptions

SHOWN = ("samples", "positives", "logloss", "auc", "calibration", "calibration_error", "reliability", "window_samples",
         "window_positives", "window_logloss", "window_auc")


def version_facts(value: ModelValue, options: LearnerOptions) -> dict[str, Any]:
    """The facts of a version: those of all samples so far, and those of the window since the version before."""
    all_, window = value.progress, value.window
    return {
        "options": options.as_json(), "samples": all_.samples, "positives": all_.positives, "logloss": all_.logloss,
        "auc": all_.auc, "calibration": all_.calibration, "calibration_error": all_.calibration_error,
        "reliability": reliability(all_), "window_samples": window.samples, "window_positives": window.positives,
        "window_logloss": window.logloss, "window_auc": window.auc,
    }  # fmt: skip


def reliability(progress: Progress) -> list[list[float]]:
    """For each of the 20 bins of predicted probability: samples, sum of the probabilities (5 digits), positives."""
    samples, predicted, positives = progress.reliability
    return [[int(n), round(float(p), 5), int(k)] for n, p, k in zip(samples, predicted, positives, strict=True)]


class VersionList:
    """The facts of a model's versions in a folder; each file is read once, and forgotten when it was retired."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, dict[str, Any]]] = {}

    def list(self, folder: Path, files: Mapping[int, str], since: int) -> list[dict[str, Any]]:
        """Of those of all versions (version: its file's name) that come after `since`, ascending; what cannot be read
        any more is left out."""
        if len(self._known) > len(files):
            there = set(files.values())
            self._known = {name: known for name, known in self._known.items() if name in there}
        found = []
        for version in sorted(version for version in files if version > since):
            name = files[version]
            path = os.path.join(folder, name)
            try:
                stamp = os.stat(path).st_mtime_ns
                if self._known.get(name, (0, {}))[0] != stamp:
                    self._known[name] = stamp, read_facts(Path(path))
            except (FileNotFoundError, UserError):
                self._known.pop(name, None)
                continue
            found.append(shown(version, stamp / 1e9, self._known[name][1]))
        return found


def shown(version: int, published_at: float | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """A version as it is listed."""
    return {"version": version, "published_at": published_at, **{name: facts.get(name) for name in SHOWN}}
