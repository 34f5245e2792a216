"""Interval join: rows of two streams whose times lie within bounds of each other. State is as long as the bounds.

left.time + lower <= right.time <= left.time + upper. A left row that no right row can match any more leaves the state,
padded with NULLs where the join is outer and it never matched; so does a right row. Late rows join what is still held,
as in Flink.

What is emitted stands in the order of rows arriving one by one, each followed by its watermark: a padded row goes
before the first row of the batch at which the watermark had passed its time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.changes import MIN_WATERMARK, Array, Batch, Column, concat, null_column
from engine.expressions.evaluate import Predicate
from engine.expressions.nodes import NO_NODES, Expression
from engine.operators.base import Operator, Settings
from engine.operators.joining import SIDES, any_null, note_pairs, note_side, satisfied
from engine.operators.window import row_times
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, BOOLEAN, DataType, Schema

LEFT, RIGHT = 0, 1
HIDDEN = (BIGINT.as_nullable(False), BIGINT.as_nullable(False), BOOLEAN.as_nullable(False))  # time, seq, matched


@dataclass(frozen=True)
class Bounds:
    """Microseconds; `lower` <= `upper`. `time`: position of each side's rowtime, None = processing time."""

    lower: int
    upper: int
    left_time: int | None
    right_time: int | None


class IntervalJoin(Operator):
    """Left columns, then right ones. `outer`: which sides keep rows without a match (left, right)."""

    ports = 2

    def __init__(self, name: str, schema: Schema, settings: Settings, sides: tuple[Schema, Schema],
                 keys: tuple[tuple[int, ...], tuple[int, ...]], bounds: Bounds, outer: tuple[bool, bool],
                 condition: Expression | None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._sides = sides
        self._keys = keys
        self._bounds = bounds
        self._outer = outer
        self._condition = None if condition is None else Predicate(condition)
        self._table = StateTable(key_types(sides, keys))
        self._widths = (len(sides[LEFT]), len(sides[RIGHT]))
        self._rows = tuple(
            self._table.attach(label, RowStore([*side.types, *HIDDEN], identity=(), order=len(side)))
            for label, side in zip(("left", "right"), sides, strict=True))
        self._event_time = bounds.left_time is not None
        self._sent = MIN_WATERMARK

    def states(self) -> dict[str, StateTable]:
        return {"rows": self._table}

    def waits_for(self) -> int | None:
        first = self._rows[LEFT].first() if self._event_time and self._outer[LEFT] else None
        return None if first is None else first + self._bounds.upper + 1

    def delay(self) -> int:
        return max(self._bounds.upper, -self._bounds.lower, 0)

    # ---- rows --------------------------------------------------------------------------------------------------------

    def process(self, batch: Batch, port: int) -> None:
        times = self._times(batch, port)
        marks = self._watermarks_of(batch, port)
        key_columns = [batch.columns[k] for k in self._keys[port]]
        slots = self._table.slots(key_columns, batch.length)
        nulls = any_null(key_columns)
        note_side(self.counters, port, batch.length, nulls)
        self._note_times(times, port)
        probing = slots if nulls is None else np.where(nulls, -1, slots)
        pairs = self._pairs(batch, port, times, marks, probing)
        matched = np.zeros(batch.length, np.bool_)
        matched[pairs[0]] = True
        stored = self._store(batch, port, slots, times, matched, nulls)
        self._mark(1 - port, pairs[1])
        pieces = [self._joined(batch, port, pairs)] if len(pairs[0]) else []
        places = [2 * pairs[0] + 1] if len(pairs[0]) else []
        if self._event_time:
            self._expire(int(marks[-1]), marks, {port: stored}, pieces, places)
        self._emit_ordered(pieces, places, marks)

    def _note_times(self, times: Array, port: int) -> None:
        """Note from when until when the rows of a side are: sides that lie apart have no pairs."""
        extra, first, last = self.counters.extra, f"{SIDES[port]}_first", f"{SIDES[port]}_last"
        extra[first] = min(int(times.min()), extra.get(first, 2**63 - 1))
        extra[last] = max(int(times.max()), extra.get(last, MIN_WATERMARK))

    def _times(self, batch: Batch, port: int) -> Array:
        column = self._bounds.right_time if port else self._bounds.left_time
        if column is None:
            return np.full(batch.length, self.settings.context.now(), np.int64)
        return row_times(batch.columns[column])

    def _watermarks_of(self, batch: Batch, port: int) -> Array:
        if not self._event_time:
            return np.full(batch.length, self.settings.context.now(), np.int64)
        marks = self.in_force(batch, port)
        return np.full(batch.length, self.watermark, np.int64) if marks is None else marks

    def _pairs(self, batch: Batch, port: int, times: Array, marks: Array, slots: Array) -> tuple[Array, Array]:
        """Positions in the batch and row numbers of the other side that belong together."""
        other = self._rows[1 - port]
        probe, rows = other.chains(slots)
        note_pairs(self.counters, len(probe))
        there = other.columns.values[self._widths[1 - port]][rows]
        low, high = self._bounds.lower, self._bounds.upper
        if port == LEFT:
            near = (there >= times[probe] + low) & (there <= times[probe] + high)
            near &= ~self._gone(there, marks[probe], RIGHT)
        else:
            near = (there <= times[probe] - low) & (there >= times[probe] - high)
            near &= ~self._gone(there, marks[probe], LEFT)
        probe, rows = probe[near], rows[near]
        if self._condition is None or len(probe) == 0:
            return probe, rows
        return self._satisfied(batch, port, probe, rows)

    def _satisfied(self, batch: Batch, port: int, probe: Array, rows: Array) -> tuple[Array, Array]:
        theirs = tuple(self._rows[1 - port].take(rows, tuple(range(self._widths[1 - port]))))
        every = np.arange(len(rows))
        context = self.settings.context
        if port == LEFT:
            probe, kept = satisfied(self._condition, batch.columns, theirs, probe, every, context)
        else:
            kept, probe = satisfied(self._condition, theirs, batch.columns, every, probe, context)
        return probe, rows[kept]

    def _gone(self, times: Array, marks: Array, side: int) -> Array:
        """Whether rows of a side have left the state at these watermarks: nothing on time can match them."""
        reach = -self._bounds.lower if side == RIGHT else self._bounds.upper
        gone: Array = times < np.maximum(marks, MIN_WATERMARK + reach) - reach if reach > 0 else times < marks - reach
        return gone

    def _store(self, batch: Batch, port: int, slots: Array, times: Array, matched: Array, nulls: Array | None) -> Array:
        """Keep the rows; returns their row numbers (-1: not kept, its key is NULL and the side not outer)."""
        seq = np.zeros(batch.length, np.int64) if batch.seq is None else batch.seq
        hidden = (Column(HIDDEN[0], times), Column(HIDDEN[1], seq), Column(HIDDEN[2], matched))
        columns = batch.columns + hidden
        if nulls is None or self._outer[port]:
            return self._rows[port].apply(slots, columns)[0]
        kept = np.flatnonzero(~nulls)
        numbers = np.full(batch.length, -1, np.int64)
        numbers[kept] = self._rows[port].apply(slots[kept], [c.take(kept) for c in columns])[0]
        return numbers

    def _mark(self, side: int, rows: Array) -> None:
        """Note that these rows have matched."""
        if self._outer[side] and len(rows):
            self._rows[side].columns.values[self._widths[side] + 2][rows] = True
            self._rows[side].touch(rows)

    # ---- leaving the state -------------------------------------------------------------------------------------------

    def advance(self, watermark: int) -> None:
        if self._event_time:
            pieces: list[Batch] = []
            places: list[Array] = []
            self._expire(watermark, np.empty(0, np.int64), {}, pieces, places)
            self._emit_ordered(pieces, places, np.empty(0, np.int64))

    def tick(self, now: int) -> None:
        if not self._event_time:
            pieces: list[Batch] = []
            self._expire(now, np.empty(0, np.int64), {}, pieces, [])
            for piece in pieces:
                self.emit(piece)

    def forward_watermark(self, time: int) -> None:
        super().forward_watermark(time)
        self._sent = time - self.delay() if time != 2**63 - 1 else time

    def _expire(
        self, mark: int, marks: Array, stored: dict[int, Array], pieces: list[Batch], places: list[Array]
    ) -> None:
        """Drop what no row on time can match at `mark`; pad what never matched. Adds to `pieces`, at `places`."""
        for side in (LEFT, RIGHT):
            reach = self._bounds.upper if side == LEFT else -self._bounds.lower
            limit = mark - reach - 1 if mark > MIN_WATERMARK + abs(reach) + 1 else MIN_WATERMARK
            rows = self._rows[side].due(limit if mark != 2**63 - 1 else mark)
            if len(rows) == 0:
                continue
            if self._outer[side]:
                lonely = rows[~self._rows[side].columns.values[self._widths[side] + 2][rows]]
                if len(lonely):
                    pieces.append(self._padded(lonely, side))
                    places.append(self._places(lonely, side, reach, marks, stored.get(side)))
            self._forget(side, rows)

    def _forget(self, side: int, rows: Array) -> None:
        """Drop rows, and keys that have none left on either side."""
        slots = np.unique(self._rows[side].key[rows]).astype(np.int64)
        self._rows[side].remove(rows)
        empty = (self._rows[LEFT].counts(slots) == 0) & (self._rows[RIGHT].counts(slots) == 0)
        if empty.any():
            self._table.release(slots[empty])

    def _places(self, rows: Array, side: int, reach: int, marks: Array, stored: Array | None) -> Array:
        """Twice the position in the batch before which each padded row goes; never before its own arrival."""
        times = self._rows[side].columns.values[self._widths[side]][rows]
        places: Array = 2 * np.searchsorted(marks, times + reach + 1)
        if stored is not None and len(marks):
            order = np.argsort(stored)
            at = np.minimum(np.searchsorted(stored, rows, sorter=order), len(stored) - 1)
            mine = stored[order[at]] == rows
            places = np.where(mine, np.maximum(places, 2 * order[at] + 2), places)
        return places

    # ---- what goes out -----------------------------------------------------------------------------------------------

    def _joined(self, batch: Batch, port: int, pairs: tuple[Array, Array]) -> Batch:
        probe, rows = pairs
        other = self._rows[1 - port]
        mine = tuple(c.take(probe) for c in batch.columns)
        theirs = tuple(other.take(rows, tuple(range(self._widths[1 - port]))))
        seq = None
        if batch.seq is not None:
            seq = batch.seq[probe] if port == LEFT else other.columns.values[self._widths[LEFT] + 1][rows]
        return self._typed(mine + theirs if port == LEFT else theirs + mine, len(probe), seq)

    def _padded(self, rows: Array, side: int) -> Batch:
        own = tuple(self._rows[side].take(rows, tuple(range(self._widths[side]))))
        nothing = tuple(null_column(t, len(rows)) for t in self._sides[1 - side].types)
        seq = self._rows[side].columns.values[self._widths[side] + 1][rows]
        numbered = seq.copy() if self.settings.numbered else None
        return self._typed(own + nothing if side == LEFT else nothing + own, len(rows), numbered)

    def _typed(self, columns: tuple[Column, ...], length: int, seq: Array | None) -> Batch:
        typed = tuple(c.with_type(t) for c, t in zip(columns, self.schema.types, strict=True))
        return Batch(typed, length, None, None, seq)

    def _emit_ordered(self, pieces: list[Batch], places: list[Array], marks: Array) -> None:
        """Emit the pieces' rows by place, stamped with the watermark sent on before."""
        if not pieces:
            return
        rows, place = concat(pieces), np.concatenate(places)
        if len(pieces) > 1 or len(place) > 1 and bool((np.diff(place) < 0).any()):
            order = np.argsort(place, kind="stable")
            rows, place = rows.take(order), place[order]
        rows.stamps = self._stamps(place, marks)
        self.emit(rows)

    def _stamps(self, places: Array, marks: Array) -> Array | None:
        """The watermark that consumers had seen when each row went out."""
        if not self._event_time:
            return None
        if len(marks) == 0:
            return np.full(len(places), self._sent, np.int64)
        arrival = np.minimum(places // 2, len(marks) - 1)  # a padded row goes before this arrival's watermark
        # before the first row of the batch nothing more was sent: rows of other shards may have come before it
        before = np.where(arrival > 0, marks[np.maximum(arrival - 1, 0)], MIN_WATERMARK)
        seen = np.where(places % 2 == 1, marks[arrival], before)
        floor = MIN_WATERMARK + self.delay()
        return np.maximum(np.maximum(seen, floor) - self.delay(), self._sent)


def key_types(sides: tuple[Schema, Schema], keys: tuple[tuple[int, ...], tuple[int, ...]]) -> list[DataType]:
    """Types under which both sides' keys are one codec's: nullable where either side is."""
    return [sides[LEFT][a].type.as_nullable(sides[LEFT][a].type.nullable or sides[RIGHT][b].type.nullable)
            for a, b in zip(*keys, strict=True)]
