"""The model store: every version of every model, immutable, by name and number.

    store = ModelStore(folder)                           # None: in memory
    learner = make_learner(options, store.publisher("ctr"))
    weights = store.open("ctr", 7)                       # a copy that moves from version to version
    weights.move(8)
    predictor = Predictor(store)                         # one for each thread that predicts
    predictor.predict("ctr", versions, features, rows, out)
    store.hash("ctr")                                    # SHA-256 of the newest version's weights
    store.versions("ctr", since=7)                       # what is known of each version after the 7th
    store.heaviest("ctr", 8, 20)                         # the weights that say most, by feature and value

A version is a file that says what changed since the version before (`engine.learners.changes`); every 64th also one
that says what changed since nothing was learnt, where opening starts. Files appear by rename. Publishing a version
again gives the same bytes and changes nothing; other bytes (another history) replace it and remove the versions after.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from engine.changes import Array
from engine.durable import sync
from engine.errors import UserError
from engine.learners.changes import Change, change_between, decode, encode, read_facts
from engine.learners.facts import VersionList, shown, version_facts
from engine.learners.learner import ModelValue, Publish, every_page, predict, prior_table, table_hash, weights_of
from engine.learners.names import FeatureNames, Name, learnt, read_names, write_names
from engine.learners.options import LearnerOptions
from engine.learners.samples import Features

BIAS = "(bias)"
"""The feature that every row has."""
STRIDE = 64  # versions between two that can be opened without the ones before
CACHED_BYTES = 64 << 20


class ModelStore:
    """`keep`: how many of a model's newest versions to keep (None: all); `cached`: bytes of changes that stay in
    memory."""

    def __init__(self, folder: Path | str | None = None, keep: int | None = None, cached: int = CACHED_BYTES) -> None:
        self._folder = None if folder is None else Path(folder)
        self._keep = keep
        self._room = cached
        self._lock = threading.RLock()
        self._cache: OrderedDict[tuple[str, int, int], Change] = OrderedDict()
        self._cached = 0
        self._heads: dict[str, Weights] = {}
        self._unsynced: set[Path] = set()
        self._newest: dict[str, int] = {}
        self._found: dict[str, int] | None = None
        self._listed: dict[str, VersionList] = {}
        self.feature_names = FeatureNames()
        self._named = 0

    # ---- publishing --------------------------------------------------------------------------------------------

    def publisher(self, name: str) -> Publish:
        """What a learner calls with each new version of the model `name`."""

        def publish(value: ModelValue, options: LearnerOptions, table: Array, pages: Array) -> None:
            self.publish(name, value, options, table, pages)

        return publish

    def publish(self, name: str, value: ModelValue, options: LearnerOptions, table: Array,
                pages: Array) -> None:
        """Keep a version. It may differ from the one before on `pages` (ascending) only."""
        version, facts = value.version, version_facts(value, options)
        with self._lock:
            head = self._heads.get(name)
            if head is None or head.version != version - 1 or head.options != options:
                head = self._heads[name] = self._start(name, options, version - 1)
                pages = every_page(table)
            change = change_between(version - 1, head.table, version, table, facts, pages)
            self._put(name, change)
            change.apply(head.table)
            head.version = version
            self._newest[name] = version
            if version % STRIDE == 0:
                self._put(name, change_between(0, prior_table(options), version, table, facts, every_page(table)))
                self._retire(name, version)

    def _start(self, name: str, options: LearnerOptions, version: int) -> Weights:
        if version == 0:
            return Weights(self, name, options, 0)
        weights = self.open(name, version)
        if weights is None or weights.options != options:
            raise UserError("state_changed", f"version {version} of model '{name}' is missing or was made with other "
                            "options", hint="start the job without its saved state, which goes on from there")
        return weights

    def _put(self, name: str, change: Change) -> None:
        self._remember(name, change)
        if self._folder is None:
            return
        path = self._path(name, change.before, change.after)
        data = encode(change)
        if path.exists():
            if path.read_bytes() == data:
                return
            self._remove_after(name, change.after)
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_suffix(".part")
        staged.write_bytes(data)
        os.replace(staged, path)
        self._unsynced.add(path)

    def sync(self) -> None:
        """Make all that was published durable; a checkpoint that counts on it comes after."""
        self._write_names()
        with self._lock:
            paths, self._unsynced = self._unsynced, set()
        for path in [*paths, *{p.parent for p in paths}]:
            if path.exists():
                sync(path)

    def _write_names(self) -> None:
        """Keep what is known of the slots' names beside the versions; they are no part of them."""
        changes = self.feature_names.changes
        if self._folder is None or changes == self._named:
            return
        for name, head in list(self._heads.items()):
            with self._lock:
                names = learnt(self.feature_names.of(head.options.slots), head.table)
            if names:
                write_names(self._names_path(name), names)
        self._named = changes

    def clear(self) -> None:
        """Forget all models: a run that begins anew must not find versions of the one before."""
        with self._lock:
            for name in self.names():
                for before, after in self._files(name) if self._folder is not None else ():
                    self._path(name, before, after).unlink(missing_ok=True)
                if self._folder is not None:
                    self._names_path(name).unlink(missing_ok=True)
            for held in (self._cache, self._heads, self._newest, self._unsynced):
                held.clear()
            self._found = None
            self._cached = 0

    def _remove_after(self, name: str, version: int) -> None:
        """Another history begins at this version: later ones are no longer true."""
        for before, after in self._files(name):
            if after > version or (after == version and before != version - 1):
                self._path(name, before, after).unlink(missing_ok=True)
        for key in [k for k in self._cache if k[0] == name and k[2] > version]:
            self._cached -= self._cache.pop(key).nbytes

    def _retire(self, name: str, newest: int) -> None:
        if self._keep is None:
            return
        first = (newest - self._keep) // STRIDE * STRIDE
        if self._folder is not None:
            for before, after in self._files(name):
                if after < first or (before and after == first):
                    self._path(name, before, after).unlink(missing_ok=True)
        for key in [k for k in self._cache if k[0] == name and (k[2] < first or (k[1] and k[2] == first))]:
            self._cached -= self._cache.pop(key).nbytes

    # ---- reading -----------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """All models that have a version."""
        with self._lock:
            found = set(self._newest)
            if self._folder is not None and self._folder.is_dir():
                found |= {unquote(p.name) for p in self._folder.iterdir() if p.is_dir()}
            return sorted(name for name in found if self.newest(name))

    def published(self) -> dict[str, int]:
        """The newest version of each model, for one that publishes: the folder is listed once only."""
        with self._lock:
            if self._found is None:
                self._found = {name: self.newest(name) for name in self.names()}
            return {**self._found, **self._newest}

    def newest(self, name: str) -> int:
        """The newest version; 0 where there is none."""
        with self._lock:
            if name in self._heads:
                return self._newest[name]
            return max((after for _, after in self._files(name)), default=0)  # perhaps another process publishes

    def facts(self, name: str, version: int) -> dict[str, Any] | None:
        """Options and metrics of a version; None where it is unknown."""
        for before in (version - 1, 0):
            with self._lock:
                change = self._cache.get((name, before, version))
            if change is not None:
                return dict(change.facts)
            if self._folder is not None:
                with contextlib.suppress(FileNotFoundError):
                    return read_facts(self._path(name, before, version))
        return None

    def versions(self, name: str, since: int = 0) -> list[dict[str, Any]]:
        """The versions after `since`, ascending: version, published_at (seconds since the epoch; None in memory),
        samples, positives, logloss, auc, calibration, calibration_error and reliability (20 times samples, sum of
        probabilities, positives) of all samples so far; window_samples, window_positives, window_logloss and
        window_auc of those since the version before. Sums of windows are the windows of sums. Cheap, also while
        another process publishes."""
        files = {after: before for before, after in sorted(self._files(name))}
        if self._folder is None:
            return [shown(after, None, self.facts(name, after) or {}) for after in sorted(files) if after > since]
        listed = self._listed.setdefault(name, VersionList())
        return listed.list(self._path(name, 0, 1).parent, {v: _file(before, v) for v, before in files.items()}, since)

    def heaviest(self, name: str, version: int, n: int = 20, *, certain: bool = False) -> list[dict[str, Any]]:
        """The n weights of a version that are farthest from 0, the bias among them: feature (None where it was not
        seen), value (None: the feature's number counts), slot, weight, deviation (None: the learner knows none).
        `certain`: farthest in standard deviations. UserError `unknown_model` where there is no such version."""
        weights = self.open(name, version)
        if weights is None:
            raise _unknown(name, version)
        values, deviations = weights_of(weights.options, weights.table)
        far = np.abs(values) if deviations is None or not certain else np.abs(values) / deviations
        names = self._names_of(name, weights)
        order = np.argsort(-far, kind="stable")[:n]
        return [{"feature": names.get(slot, (None, None))[0], "value": names.get(slot, (None, None))[1], "slot": slot,
                 "weight": float(values[slot]), "deviation": None if deviations is None else float(deviations[slot])}
                for slot in order[values[order] != 0].tolist()]

    def _names_of(self, name: str, weights: Weights) -> dict[int, Name]:
        slots = weights.options.slots
        known = self.feature_names.of(slots) if self._folder is None else read_names(self._names_path(name))
        return known | {slots: (BIAS, None)}

    def open(self, name: str, version: int) -> Weights | None:
        """A version's weights; None where it is unknown (never published, or retired)."""
        facts = self.facts(name, version) if version else None
        if facts is None:
            return None
        weights = Weights(self, name, LearnerOptions.from_json(facts["options"]), 0)
        return weights if weights.move(version) else None

    def hash(self, name: str) -> str:
        """SHA-256 of the newest version's weights, in hexadecimal. UserError `unknown_model` where there is none."""
        weights = self.open(name, self.newest(name))
        if weights is None:
            raise UserError("unknown_model", f"there is no model '{name}'")
        return table_hash(weights.table)

    def change(self, name: str, before: int, after: int) -> Change | None:
        """One step of a model's history, where it is known."""
        key = (name, before, after)
        with self._lock:
            change = self._cache.get(key)
            if change is not None:
                self._cache.move_to_end(key)
                return change
            path = None if self._folder is None else self._path(name, before, after)
            if path is None or not path.exists():
                return None
            change = decode(path.read_bytes(), path.name)
            self._remember(name, change)
            return change

    def _remember(self, name: str, change: Change) -> None:
        key = (name, change.before, change.after)
        old = self._cache.pop(key, None)
        self._cache[key] = change
        self._cached += change.nbytes - (0 if old is None else old.nbytes)
        while self._folder is not None and self._cached > self._room and len(self._cache) > 1:
            self._cached -= self._cache.popitem(last=False)[1].nbytes

    def _names_path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / quote(name, safe="") / "names.json"

    def _path(self, name: str, before: int, after: int) -> Path:
        assert self._folder is not None
        return self._folder / quote(name, safe="") / _file(before, after)

    def _files(self, name: str) -> list[tuple[int, int]]:
        """(before, after) of all files of a model."""
        if self._folder is None:
            return [key[1:] for key in self._cache if key[0] == name]
        try:
            names = [file.split(".") for file in os.listdir(self._folder / quote(name, safe=""))]
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = [(int(parts[0]), parts[1]) for parts in names if len(parts) == 2 and parts[1] in ("change", "base")]
        return [(after - 1 if kind == "change" else 0, after) for after, kind in found]


def _file(before: int, after: int) -> str:
    return f"{after:09d}.{'change' if before == after - 1 else 'base'}"


def _unknown(name: str, version: int) -> UserError:
    return UserError("unknown_model", f"there is no version {version} of model '{name}'",
                     hint="it was never published here, or is older than the versions kept")


class Weights:
    """A model's table that moves from version to version. Not to be shared between threads."""

    def __init__(self, store: ModelStore, name: str, options: LearnerOptions, version: int) -> None:
        self.options = options
        self.table = prior_table(options)
        self.version = version
        self._store, self._name = store, name

    def move(self, version: int) -> bool:
        """Become another version. False, and unchanged or at an earlier one, where no way leads there."""
        base = version // STRIDE * STRIDE
        if abs(version - self.version) <= version - base + 1 and self._walk(version):
            return True
        return any(self._restart(start) and self._walk(version) for start in sorted({base, 0}, reverse=True))

    def _walk(self, version: int) -> bool:
        forward = version > self.version
        low, high = sorted((self.version, version))
        steps = [self._store.change(self._name, v, v + 1) for v in range(low, high)]
        if any(step is None for step in steps):
            return False
        for step in steps if forward else reversed(steps):
            assert step is not None
            step.apply(self.table)
        self.version = version
        return True

    def _restart(self, base: int) -> bool:
        change = self._store.change(self._name, 0, base) if base else None
        if base and change is None:
            return False
        self.table = prior_table(self.options)
        if change is not None:
            change.apply(self.table)
        self.version = base
        return True


class Predictor:
    """Predicts by any versions of any models. Not to be shared between threads."""

    def __init__(self, store: ModelStore) -> None:
        self.store = store
        self._weights: dict[str, Weights] = {}

    def predict(self, name: str, versions: Array, features: Features, rows: Array, out: Array) -> None:
        """Probabilities of the rows at positions `rows` (int64), each by its version in `versions` (int64, as long), to
        the same positions of `out` (float64). Version 0 has learnt nothing: 0.5. Fast where versions seldom change.

        UserError `unknown_model` where a model or version is not in the store.
        """
        order = np.argsort(versions, kind="stable") if len(versions) and (versions != versions[0]).any() else None
        if order is not None:
            versions, rows = versions[order], rows[order]
        starts: list[int] = np.flatnonzero(np.diff(versions, prepend=-1)).tolist()
        for start, stop in zip(starts, [*starts[1:], len(versions)]):
            version, part = int(versions[start]), rows[start:stop]
            if version == 0:
                out[part] = 0.5
                continue
            weights = self._at(name, version)
            predict(weights.options, weights.table, features, part, out)

    def _at(self, name: str, version: int) -> Weights:
        weights = self._weights.get(name)
        if weights is None or not weights.move(version):
            weights = self.store.open(name, version)
            if weights is None:
                raise _unknown(name, version)
            self._weights[name] = weights
        return weights
