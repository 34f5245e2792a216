"""What must hold on every edge of a job: columns as declared, retractions of rows that are there, watermarks that
rise."""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.changes import KIND_NAMES, MIN_WATERMARK, Barrier, Batch, Message, Watermark
from engine.connectors.arrow import python_values
from engine.operators.base import Operator
from engine.runtime.job import Job


class Watcher(Operator):
    """A further consumer of an operator, which checks what it gets; retractions if they hold whole rows (`exact`)."""

    def __init__(self, watched: Operator, exact: bool) -> None:
        super().__init__(f"watcher of {watched.name}", watched.schema, watched.settings)
        self._rows: Counter[tuple[Any, ...]] | None = Counter() if exact else None
        self._last: tuple[str, tuple[Any, ...]] | None = None
        self._mark = MIN_WATERMARK
        self._epoch = 0

    def receive(self, message: Message, port: int = 0) -> None:
        if isinstance(message, Batch):
            self._check_columns(message)
            self._check_changes(message)
        elif isinstance(message, Watermark) and not message.idle:
            assert message.time >= self._mark, f"{self.name}: a watermark fell"
            self._mark = message.time
        elif isinstance(message, Barrier):
            assert message.epoch > self._epoch, f"{self.name}: an epoch came twice"
            self._epoch = message.epoch

    def _check_columns(self, batch: Batch) -> None:
        assert batch.length > 0, f"{self.name}: an empty batch"
        assert len(batch.columns) == len(self.schema), self.name
        for column, field in zip(batch.columns, self.schema, strict=True):
            assert column.type.same_as(field.type), f"{self.name}: {field.name} is {column.type}, not {field.type}"
            assert len(column) == batch.length, f"{self.name}: {field.name} has {len(column)} of {batch.length} rows"
            assert field.type.nullable or column.validity is None or column.validity.all(), f"{self.name}: {field.name}"
        for vector in (batch.kinds, batch.stamps, batch.seq):
            assert vector is None or len(vector) == batch.length, self.name

    def _check_changes(self, batch: Batch) -> None:
        """Until the stream turns out to be an upsert one: an update that comes without what was before."""
        kinds = [0] * batch.length if batch.kinds is None else batch.kinds.tolist()
        if any(f.type.is_nested for f in self.schema) or not batch.columns:
            return
        values = zip(*map(python_values, batch.columns), strict=True)
        for kind, row in zip(kinds, values, strict=True):
            if self._rows is None:
                return
            if kind == 2 and (self._last is None or self._last[0] != "-U"):
                self._rows = None
                return
            if kind & 1:
                assert self._rows[row] > 0, f"{self.name}: {KIND_NAMES[kind]}{row} takes back what is not there"
            self._rows[row] += -1 if kind & 1 else 1
            self._last = (KIND_NAMES[kind], row)


def watch(job: Job, *, exact: bool) -> None:
    """Put a watcher behind every operator of a job that has not started."""
    for operator in job.graph.operators:
        operator.connect(Watcher(operator, exact), 0)
