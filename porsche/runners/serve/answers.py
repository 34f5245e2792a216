"""Requests answered: inputs completed from feature tables, vectors computed, the model asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine.connectors.base import Access
from engine.errors import UserError
from engine.learners.samples import features_of
from engine.learners.store import ModelStore, Predictor
from porsche.compiler import Compiled
from porsche.runners.serve import values
from porsche.runners.serve.path import path_to
from porsche.runners.serve.tables import close, feature_tables
from porsche.runners.serve.transform import Transform, nullable


@dataclass(frozen=True)
class Input:
    """A column that a request may give. `used`: features are computed of it; `kept_by`: feature tables that have it,
    `entity`: the column by which they know it."""

    name: str
    type: str
    used: bool
    kept_by: str | None = None
    entity: str | None = None


@dataclass(frozen=True)
class Prediction:
    """`p`: the probability; `features_at`: of when the oldest of the features is that were looked up; `looked_up`:
    input -> feature table; `missing`: inputs that were neither given nor found: their features are absent."""

    p: float
    features_at: datetime | None
    looked_up: dict[str, str]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Predictions in the order of the rows, and the version that made them."""

    version: int
    predictions: tuple[Prediction, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Serving:
    """Predicts with one model of one run. Requests may come from several threads.

    `compiled`: the run's pipeline; `model`: the node that trains; `state`: the run's state folder. UserError
    `not_servable` where the pipeline has no path from columns to that model.
    """

    def __init__(self, compiled: Compiled, model: str, state: Path, access: Access | None = None) -> None:
        self.model = model
        self._folder = state / "models"
        self._path = nullable(path_to(compiled, model))
        self._tables = feature_tables(compiled, state, access)
        self._transform = Transform(self._path)
        self._store = ModelStore(self._folder)
        self.name = f"{model}[{model}]"  # in the store: the node, and the group of its one model
        names = [f.name for f in self._path.fields]
        self._names = [*names, *(t.key.name for t in self._tables if t.key.name not in names)]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What a request may give: the columns that features are made of, then the keys of feature tables."""
        needed = [self._input(f.name, str(f.type), True) for f in self._path.fields if f.name in self._path.needed]
        keys = {t.key.name: str(t.key.type) for t in self._tables if set(t.columns) & set(self._path.needed)}
        return (*needed, *(self._input(name, type, False) for name, type in keys.items()
                           if name not in self._path.needed))

    def _input(self, name: str, type: str, used: bool) -> Input:
        table = next((t for t in self._tables if name in t.columns), None)
        return Input(name, type, used, table.node if table else None, table.key.name if table else None)

    @property
    def newest(self) -> int:
        """The newest version that the run has published; 0 where there is none yet."""
        return ModelStore(self._folder).newest(self.name)  # another process publishes: nothing may be remembered

    def predict(self, rows: Sequence[values.Row], version: int | None = None) -> Answer:
        """Predictions of rows, {input: JSON value} each, by a version (None: the newest). UserError where a row cannot
        be read (`unknown_column`, `bad_value`) or there is no such version (`unknown_model`)."""
        values.check_names(rows, self._names)
        chosen = self.newest if version is None else version
        if not chosen:
            raise UserError("unknown_model", f"model '{self.model}' has no version yet",
                            hint="versions are published as labels become known")
        whole, ages, looked_up = self._completed(rows)
        columns = [values.column(f, [row.get(f.name) for row in whole]) for f in self._path.fields]
        vectors = features_of(self._transform(columns))
        out = np.zeros(len(rows))
        Predictor(self._store).predict(self.name, np.full(len(rows), chosen), vectors, np.arange(len(rows)), out)
        return Answer(chosen, tuple(
            Prediction(float(p), at, found, tuple(n for n in self._path.needed if row.get(n) is None))
            for p, at, found, row in zip(out, ages, looked_up, whole, strict=True)))

    def _completed(self, rows: Sequence[values.Row]) -> tuple[list[dict[str, Any]], list[datetime | None],
                                                              list[dict[str, str]]]:
        """The rows with what feature tables have of their entities, how old that is, and where it came from."""
        whole = [dict(row) for row in rows]
        ages: list[datetime | None] = [None] * len(rows)
        sources: list[dict[str, str]] = [{} for _ in rows]
        for table in self._tables:
            wanted = [name for name in table.columns if name in self._path.needed]
            kept = table.get([row.get(table.key.name) for row in rows]) if wanted else [None] * len(rows)
            for i, (row, found) in enumerate(zip(rows, kept, strict=True)):
                taken = {n: found.values[n] for n in wanted if n not in row} if found is not None else {}
                if found is not None and taken:
                    whole[i].update(_as_json(taken))
                    sources[i].update(dict.fromkeys(taken, table.node))
                    ages[i] = min(filter(None, (ages[i], found.as_of)), default=None)
        return whole, ages, sources

    def close(self) -> None:
        """Close the feature tables."""
        close(self._tables)


def _as_json(found: dict[str, Any]) -> dict[str, Any]:
    """Looked-up values as a request would give them."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in found.items()}
