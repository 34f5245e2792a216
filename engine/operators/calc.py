"""Stateless steps: filter and project fused, watermark assignment, union."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import MAX_WATERMARK, MIN_WATERMARK, Batch, Column, Watermark
from engine.errors import UserError
from engine.expressions.evaluate import Predicate, compile_expression
from engine.expressions.fused import Calculation
from engine.expressions.nodes import NO_NODES, Expression, InputRef
from engine.operators.base import Operator, Settings
from engine.operators.culprit import accuse
from engine.state.scalars import Scalars
from engine.types import Schema, TimeKind


class Calc(Operator):
    """Rows for which `condition` is TRUE, through `expressions` (None: as they are)."""

    def __init__(self, name: str, schema: Schema, settings: Settings, condition: Expression | None,
                 expressions: Sequence[Expression] | None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        if expressions is None:
            expressions = [InputRef(f.type, index=i) for i, f in enumerate(schema)]
        self._calculation = Calculation(condition, expressions)
        self._condition = condition
        self.keeps = condition is None

    def process(self, batch: Batch, port: int) -> None:
        try:
            result = self._calculation(batch, self.settings.context)
        except UserError as error:
            self._accuse(error, batch)
            raise
        self.emit(result)

    def _accuse(self, error: UserError, batch: Batch) -> None:
        """Several nodes may be one operator: find whose expression it was."""
        context = self.settings.context
        accuse(error, batch, [] if self._condition is None else [self._condition], context)
        if error.record is None:
            kept = batch
            if self._condition is not None:
                kept = batch.take(Predicate(self._condition)(batch, context))
            accuse(error, kept, self._calculation.expressions, context)


class AssignWatermarks(Operator):
    """Stamps each row with the watermark in force before it and sends the watermark on: the running maximum of an
    expression.

    Watermarks from upstream are ignored but for the end of the input. Rows whose expression is NULL do not move it.
    Flink keeps watermarks in milliseconds, so they are floored to those.
    """

    keeps = True

    def __init__(self, name: str, schema: Schema, settings: Settings, expression: Expression,
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._evaluate = compile_expression(expression)
        self._time = next(i for i, f in enumerate(schema) if f.time is TimeKind.ROWTIME)
        self._last: Column | None = None
        self.state = Scalars(watermark=MIN_WATERMARK)

    def process(self, batch: Batch, port: int) -> None:
        column = self._evaluate(batch.columns, batch.length, self.settings.context)
        times = column.values // 1000 * 1000
        if column.validity is not None:
            times = np.where(column.validity, times, MIN_WATERMARK)
        before = self.state.values["watermark"]
        stamps = np.empty(batch.length, np.int64)
        stamps[0] = before
        np.maximum.accumulate(times[:-1], out=stamps[1:])
        np.maximum(stamps, before, out=stamps)
        after = max(int(stamps[-1]), int(times[-1]))
        self._last = batch.columns[self._time]
        self.emit(Batch(batch.columns, batch.length, batch.kinds, stamps, batch.seq))
        if after > before:
            self.state.values["watermark"] = after
            self.watermark = after
            self.send(Watermark(after))

    @property
    def last_time(self) -> int | None:
        """The time of the last row, in microseconds."""
        if self._last is None or (self._last.validity is not None and not self._last.validity[-1]):
            return None
        return int(self._last.values[-1])

    def _receive_watermark(self, message: Watermark, port: int) -> None:
        if message.time == MAX_WATERMARK:
            self.watermark = MAX_WATERMARK
            self.send(message)
        elif message.idle:
            self.send(Watermark(self.state.values["watermark"], idle=True))

    def resumed(self) -> int:
        self.watermark = max(self.watermark, self.state.values["watermark"])
        return self.watermark

    def states(self) -> dict[str, Scalars]:
        return {"watermark": self.state}


class Union(Operator):
    """All rows of all inputs, as they come."""

    def __init__(
        self, name: str, schema: Schema, settings: Settings, ports: int, nodes: frozenset[str] = NO_NODES
    ) -> None:
        self.ports = ports
        super().__init__(name, schema, settings, nodes)

    def process(self, batch: Batch, port: int) -> None:
        stamps = self.in_force(batch, port)  # late only against the watermark of the whole union
        self.emit(Batch(batch.columns, batch.length, batch.kinds, stamps, batch.seq))
