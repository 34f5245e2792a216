"""Connectors around a preview's tables: sources give a sample, dimensions are looked up in one, what would be written
is taken, and so is what each node gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.changes import Batch, Column, null_column
from engine.connectors.arrow import python_values
from engine.connectors.base import Connector, Environment, Json, Lookup, Poll, Sink, Source, TableOptions

KEPT = 20_000
"""Rows that are kept of what a node gives; all are counted."""
SLICES = 16
"""Turns in which several sources give their samples, each as far as the same share of event time."""


@dataclass
class Taken:
    """What a table was given: rows in order (the first `most`), how many in all, and how many before the sample
    ended."""

    batches: list[Batch] = field(default_factory=list)
    rows: int = 0
    before_end: int = 0
    most: int = KEPT

    def add(self, batch: Batch, ended: bool) -> None:
        kept = sum(b.length for b in self.batches)
        if kept < self.most:
            self.batches.append(batch if batch.length <= self.most - kept else batch.slice(0, self.most - kept))
        self.rows += batch.length
        if not ended:
            self.before_end += batch.length


class Turns:
    """What the sources of a preview know of each other: in which turns they give their rows, and whether all have given
    theirs. `on_end`: called once, before the first source says that it has ended."""

    def __init__(self, on_end: Callable[[], None] = lambda: None) -> None:
        self.ended = False
        self._on_end = on_end
        self._sources: list[SampleSource] = []
        self._turn = 0
        self._cuts: dict[int, list[int]] = {}

    def join(self, source: SampleSource) -> None:
        self._sources.append(source)

    def upto(self, source: SampleSource) -> int:
        """How many rows a source may have given by now."""
        if not self._cuts:
            self._cuts = {id(s): cuts for s, cuts in zip(self._sources, _cuts([s.rows for s in self._sources]))}
        if all(s.at >= self._cuts[id(s)][self._turn] for s in self._sources) and self._turn < self._last:
            self._turn += 1
        return self._cuts[id(source)][self._turn]

    @property
    def _last(self) -> int:
        return len(next(iter(self._cuts.values()))) - 1

    def over(self) -> bool:
        """Whether every source has given all its rows."""
        if not self.ended and all(s.at >= len(s.rows.batch) for s in self._sources):
            self.ended = True
            self._on_end()
        return self.ended


@dataclass(frozen=True)
class Rows:
    """Rows of a table, with the position of its time column if it has one; `asked`: by which keys it was looked up in,
    where that is to be known."""

    batch: Batch
    time: int | None = None
    asked: set[Any] | None = None


def _cuts(samples: Sequence[Rows]) -> list[list[int]]:
    """For each sample how many rows it has given after each turn: where there are several, they advance in event time
    together, as far as their rows are in its order."""
    if len(samples) < 2:
        return [[s.batch.length] for s in samples]
    times = [_rising(s) for s in samples]
    known = np.sort(np.concatenate([t for t in times if t is not None] or [np.empty(0, np.int64)]))
    if not known.size:
        return [[s.batch.length] for s in samples]
    marks = known[np.linspace(0, known.size - 1, SLICES + 1).astype(np.int64)[1:]]
    shares = np.linspace(0, 1, SLICES + 1)[1:]
    return [[*(np.searchsorted(t, marks, side="right") if t is not None
               else (shares * s.batch.length).astype(np.int64)).tolist()[:-1], s.batch.length]
            for s, t in zip(samples, times)]


def _rising(sample: Rows) -> np.ndarray | None:
    """The running maximum of a sample's times."""
    if sample.time is None or not sample.batch.length:
        return None
    column = sample.batch.columns[sample.time]
    return np.maximum.accumulate(np.where(column.valid(), column.values, np.iinfo(np.int64).min))


class SampleSource(Source):
    """Gives a sample's rows, in turns with the other sources, and ends when all have given theirs."""

    def __init__(self, rows: Rows, turns: Turns) -> None:
        self.rows, self.at = rows, 0
        self._turns = turns
        self._columns: Sequence[int] = ()
        turns.join(self)

    def open(self, columns: Sequence[int]) -> None:
        self._columns = columns

    def poll(self, limit: int) -> Poll:
        stop = min(self._turns.upto(self), self.at + limit)
        if stop == self.at:
            return Poll(None, ended=self._turns.over())
        part = self.rows.batch.slice(self.at, stop)
        self.at = stop
        return Poll(part.with_columns(tuple(part.columns[c] for c in self._columns)), rows=part.length)

    def position(self) -> Json:
        return {"row": self.at}

    def restore(self, position: Json) -> None:
        self.at = position["row"]


class SampleLookup(Lookup):
    """Answers by key out of a sample; of several rows with a key, the last one."""

    local = True

    def __init__(self, rows: Rows) -> None:
        self._batch, self._asked = rows.batch, rows.asked
        self._index: dict[tuple[Any, ...], list[int]] = {}
        self._columns: Sequence[int] = ()

    def open(self, keys: Sequence[int], columns: Sequence[int]) -> None:
        self._columns = columns
        self._asked = self._asked if tuple(keys) == (0,) else None
        found = zip(*(python_values(self._batch.columns[k]) for k in keys))
        self._index = {key: [row] for row, key in enumerate(found)}

    def get(self, keys: Sequence[Column], length: int) -> tuple[Any, tuple[Column, ...]]:
        asked = list(zip(*map(python_values, keys)))
        if self._asked is not None:
            self._asked.update(key for key, in asked if key is not None)
        pairs = [(probe, row) for probe, key in enumerate(asked) for row in self._index.get(key, ())]
        probes, rows = (np.array([p[i] for p in pairs], np.int64) for i in (0, 1))
        return probes, tuple(self._batch.columns[c].take(rows) for c in self._columns)


class TakingSink(Sink):
    """Takes rows and shows nobody."""

    transactional = False

    def __init__(self, taken: Taken, turns: Turns) -> None:
        self._taken, self._turns = taken, turns

    def write(self, batch: Batch) -> None:
        self._taken.add(batch, self._turns.ended)

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        pass


class Stand(Connector):
    """Stands in for the connector of a table (`behind`, None: there is none), and says of the table what it would say.

    `rows`: the sample that a source gives, or that lookups are answered from, asked for when it is needed; `taken`:
    where what is written goes; `changes`: what a source gives without a connector behind it.
    """

    def __init__(self, behind: Connector | None, turns: Turns, *, rows: Callable[[TableOptions], Rows] | None = None,
                 taken: Taken | None = None, changes: str = "I") -> None:
        self._behind, self._turns, self._rows, self._taken = behind, turns, rows, taken
        self._changes = changes

    def changelog(self, table: TableOptions) -> str:
        return self._changes if self._behind is None else self._behind.changelog(table)

    def bounded(self, table: TableOptions) -> bool:
        return self._behind is not None and self._behind.bounded(table)

    def accepts(self, table: TableOptions) -> str:
        return super().accepts(table) if self._behind is None else self._behind.accepts(table)

    def shows_before(self, table: TableOptions) -> bool:
        return self._behind is not None and self._behind.shows_before(table)

    def source(self, table: TableOptions, environment: Environment) -> Source | None:
        return None if self._rows is None else SampleSource(self._rows(table), self._turns)

    def sink(self, table: TableOptions, environment: Environment) -> Sink | None:
        return None if self._taken is None else TakingSink(self._taken, self._turns)

    def lookup(self, table: TableOptions, environment: Environment) -> Lookup | None:
        return None if self._rows is None else SampleLookup(self._rows(table))


def empty(table: TableOptions) -> Batch:
    """No rows of a table."""
    return Batch(tuple(null_column(f.type, 0) for f in table.schema), 0)
