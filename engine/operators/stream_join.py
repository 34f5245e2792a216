"""Regular join of two changing tables: inner, outer, semi and anti, with retraction.

Both sides are kept whole, by key; equal rows are one row with a weight. A batch comes from one side, so all its rows
probe the same other side: the pairs of a whole batch are found at once. What depends on the order of rows inside the
batch is only how often a row of the other side is matched: it is followed by a running sum per row. Semantics and row
kinds are those of Flink's StreamingJoinOperator and StreamingSemiAntiJoinOperator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.changes import DELETE, INSERT, Array, Batch, Column, concat, null_column
from engine.expressions.evaluate import Predicate
from engine.expressions.nodes import NO_NODES, Expression
from engine.operators.base import Operator, Settings
from engine.operators.interval_join import LEFT, RIGHT, key_types
from engine.operators.joining import note_pairs, note_side, satisfied
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, Schema

MATCHES = BIGINT.as_nullable(False)


@dataclass(frozen=True)
class JoinShape:
    """`outer`: sides whose rows are kept without a match. `exists`: True = SEMI, False = ANTI, None = rows of both
    sides. `null_safe`: key positions at which NULL equals NULL. `ttl`: microseconds of processing time that each side's
    rows live after they were written (0 = for ever)."""

    outer: tuple[bool, bool] = (False, False)
    exists: bool | None = None
    null_safe: tuple[int, ...] = ()
    ttl: tuple[int, int] = (0, 0)


@dataclass
class Pairs:
    """Matches of a batch with the other side: positions in the batch, row numbers there, the other rows' weights, and
    the batch rows' signs; in order of the batch."""

    probe: Array
    rows: Array
    weights: Array
    signs: Array


class StreamJoin(Operator):
    """Left columns, then right ones (SEMI, ANTI: left ones only)."""

    ports = 2

    def __init__(self, name: str, schema: Schema, settings: Settings, sides: tuple[Schema, Schema],
                 keys: tuple[tuple[int, ...], tuple[int, ...]], shape: JoinShape, condition: Expression | None,
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._sides = sides
        self._keys = keys
        self._shape = shape
        self._condition = None if condition is None else Predicate(condition)
        self._table = StateTable(key_types(sides, keys))
        self._widths = (len(sides[LEFT]), len(sides[RIGHT]))
        self._counts = (shape.outer[LEFT] or shape.exists is not None, shape.outer[RIGHT])  # whose matches are counted
        self._rows = tuple(
            self._table.attach(label, RowStore([*side.types, MATCHES], identity=range(len(side)), ttl=ttl))
            for label, side, ttl in zip(("left", "right"), sides, shape.ttl, strict=True))

    def states(self) -> dict[str, StateTable]:
        return {"rows": self._table}

    def keeps_for_ever(self) -> bool:
        return not all(self._shape.ttl)

    def tick(self, now: int) -> None:
        for store in self._rows:
            self._expire(store, store.expired(now))

    def _expire(self, store: RowStore, rows: Array) -> None:
        """Rows whose time is over leave without a word, as in Flink."""
        if len(rows):
            slots = np.unique(store.key[rows].astype(np.int64))
            store.remove(rows)
            self._release_empty(slots)

    def _expire_stale(self, batch: Batch, port: int, slots: Array) -> None:
        """What this batch would meet and is too old goes first: rows that it may match, and those equal to its own."""
        now, own, other = self.settings.context.now(), self._rows[port], self._rows[1 - port]
        if own.ttl:
            unmatched = Column(MATCHES, np.zeros(batch.length, np.int64))
            found = own.find(slots, (*batch.columns, unmatched))
            own.remove(own.stale(found[found >= 0], now))
        if other.ttl:
            other.remove(other.stale(other.chains(np.unique(slots))[1], now))

    # ---- a batch -----------------------------------------------------------------------------------------------------

    def process(self, batch: Batch, port: int) -> None:
        slots, unmatchable = self._slots(batch, port)
        if any(self._shape.ttl):
            self._expire_stale(batch, port, slots)
        signs = np.ones(batch.length, np.int64) if batch.kinds is None else 1 - 2 * (batch.kinds & 1).astype(np.int64)
        note_side(self.counters, port, batch.length, unmatchable)
        pairs = self._pairs(batch, port, slots, signs, unmatchable)
        totals = np.zeros(batch.length, np.int64)
        np.add.at(totals, pairs.probe, pairs.weights)
        changes = self._changes_of(1 - port, pairs)
        pieces = self._pieces(batch, port, pairs, totals, changes)
        self._store(batch, port, slots, signs, totals)
        self._send(pieces, batch)

    def _slots(self, batch: Batch, port: int) -> tuple[Array, Array | None]:
        """The keys' slots, and which rows can match nothing because a key is NULL."""
        columns = [batch.columns[k] for k in self._keys[port]]
        slots = self._table.slots(columns, batch.length)
        safe = self._shape.null_safe
        nulls = [~c.validity for i, c in enumerate(columns) if c.validity is not None and i not in safe]
        return slots, np.logical_or.reduce(nulls) if nulls else None

    def _pairs(self, batch: Batch, port: int, slots: Array, signs: Array, unmatchable: Array | None) -> Pairs:
        other, width = self._rows[1 - port], self._widths[1 - port]
        probe, rows = other.chains(slots if unmatchable is None else np.where(unmatchable, -1, slots))
        note_pairs(self.counters, len(probe))
        if self._condition is not None and len(probe):
            theirs = tuple(other.take(rows, tuple(range(width))))
            every, context = np.arange(len(rows)), self.settings.context
            if port == LEFT:
                probe, kept = satisfied(self._condition, batch.columns, theirs, probe, every, context)
            else:
                kept, probe = satisfied(self._condition, theirs, batch.columns, every, probe, context)
            rows = rows[kept]
        return Pairs(probe, rows, other.weight[rows].astype(np.int64), signs[probe])

    def _changes_of(self, side: int, pairs: Pairs) -> tuple[Array, Array] | None:
        """Follow how often each row of the other side is matched: which pairs bring it from 0 to 1, which from 1 to 0.

        Written back to the rows' counters."""
        if not self._counts[side]:
            return None
        store, column = self._rows[side], self._rows[side].columns.values[self._widths[side]]
        order = np.argsort(pairs.rows, kind="stable")
        rows, signs = pairs.rows[order], pairs.signs[order]
        first = np.append(True, rows[1:] != rows[:-1]) if len(rows) else np.zeros(0, np.bool_)
        running = np.cumsum(signs)
        base = np.where(first, running - signs, 0)
        start = np.maximum.accumulate(np.where(first, np.arange(len(rows)), 0)) if len(rows) else np.zeros(0, np.int64)
        after = column[rows] + running - base[start]
        last = np.append(first[1:], True) if len(rows) else first
        column[rows[last]] = after[last]
        store.touch(rows[last])
        store.access(rows[last], self.settings.context.now())
        first_match, last_match = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
        first_match[order] = (signs > 0) & (after == 1)
        last_match[order] = (signs < 0) & (after == 0)
        return first_match, last_match

    def _store(self, batch: Batch, port: int, slots: Array, signs: Array, totals: Array) -> None:
        """Add or take away the batch's rows, and note how often they are matched."""
        counters = totals if self._counts[port] else np.zeros(batch.length, np.int64)
        columns = (*batch.columns, Column(MATCHES, counters))
        store = self._rows[port]
        rows, _ = store.apply(slots, columns, None if batch.kinds is None else signs)
        store.access(rows, self.settings.context.now())
        if batch.kinds is not None:
            self._release_empty(np.unique(slots))

    def _release_empty(self, slots: Array) -> None:
        """Keys that have no row left on either side are forgotten."""
        empty = (self._rows[LEFT].counts(slots) == 0) & (self._rows[RIGHT].counts(slots) == 0)
        if empty.any():
            self._table.release(slots[empty])

    # ---- what goes out -----------------------------------------------------------------------------------------------

    def _pieces(self, batch: Batch, port: int, pairs: Pairs, totals: Array,
                changes: tuple[Array, Array] | None) -> list[tuple[Batch, Array]]:
        """Parts of the output with the place of each row: 4 * arrival + what comes first within it."""
        if self._shape.exists is not None:
            return self._existence(batch, port, pairs, totals, changes)
        pieces = []
        outer = self._shape.outer[LEFT] or self._shape.outer[RIGHT]
        if self._shape.outer[port]:
            lonely = np.flatnonzero(totals == 0)
            if len(lonely):
                pieces.append((self._with_nulls(batch.take(lonely), port, _plain_kinds(batch, lonely)), 4 * lonely + 1))
        if changes is not None:
            for mask, kind, place in ((changes[0], DELETE, 0), (changes[1], INSERT, 2)):
                chosen = np.flatnonzero(mask)
                if len(chosen):
                    rows = np.repeat(pairs.rows[chosen], np.maximum(pairs.weights[chosen], 0))
                    at = np.repeat(pairs.probe[chosen], np.maximum(pairs.weights[chosen], 0))
                    pieces.append((self._stored_with_nulls(rows, 1 - port, kind), 4 * at + place))
        if len(pairs.probe):
            pieces.append(self._joined(batch, port, pairs, keep_kinds=not outer))
        return pieces

    def _joined(self, batch: Batch, port: int, pairs: Pairs, *, keep_kinds: bool) -> tuple[Batch, Array]:
        probe, rows = pairs.probe, pairs.rows
        if len(pairs.weights) and int(pairs.weights.max()) != 1:
            copies = np.maximum(pairs.weights, 0)
            probe, rows = np.repeat(probe, copies), np.repeat(rows, copies)
        mine = tuple(c.take(probe) for c in batch.columns)
        theirs = tuple(self._rows[1 - port].take(rows, tuple(range(self._widths[1 - port]))))
        kinds = None
        if batch.kinds is not None:
            kinds = batch.kinds[probe] if keep_kinds else _plain_kinds(batch, probe)
        columns = mine + theirs if port == LEFT else theirs + mine
        return self._typed(columns, len(probe), kinds), 4 * probe + 1

    def _existence(self, batch: Batch, port: int, pairs: Pairs, totals: Array,
                   changes: tuple[Array, Array] | None) -> list[tuple[Batch, Array]]:
        """SEMI and ANTI: left rows pass by whether they match; a right row may turn left rows on and off."""
        if port == LEFT:
            passed = np.flatnonzero((totals > 0) == self._shape.exists)
            if len(passed) == 0:
                return []
            kinds = None if batch.kinds is None else batch.kinds[passed]
            return [(self._typed(batch.take(passed).columns, len(passed), kinds), 4 * passed)]
        pieces = []
        assert changes is not None
        for mask, appears in ((changes[0], self._shape.exists), (changes[1], not self._shape.exists)):
            chosen = np.flatnonzero(mask)
            if len(chosen):
                copies = np.maximum(pairs.weights[chosen], 0)
                rows, at = np.repeat(pairs.rows[chosen], copies), np.repeat(pairs.probe[chosen], copies)
                columns = tuple(self._rows[LEFT].take(rows, tuple(range(self._widths[LEFT]))))
                kinds = np.full(len(rows), INSERT if appears else DELETE, np.uint8)
                pieces.append((self._typed(columns, len(rows), kinds), 4 * at))
        return pieces

    def _with_nulls(self, rows: Batch, port: int, kinds: Array | None) -> Batch:
        nothing = tuple(null_column(t, rows.length) for t in self._sides[1 - port].types)
        columns = rows.columns + nothing if port == LEFT else nothing + rows.columns
        return self._typed(columns, rows.length, kinds)

    def _stored_with_nulls(self, rows: Array, side: int, kind: int) -> Batch:
        own = tuple(self._rows[side].take(rows, tuple(range(self._widths[side]))))
        held = Batch(own, len(rows))
        return self._with_nulls(held, side, np.full(len(rows), kind, np.uint8))

    def _typed(self, columns: tuple[Column, ...], length: int, kinds: Array | None) -> Batch:
        typed = tuple(c.with_type(t) for c, t in zip(columns, self.schema.types, strict=True))
        return Batch(typed, length, kinds)

    def _send(self, pieces: list[tuple[Batch, Array]], batch: Batch) -> None:
        if not pieces:
            return
        rows, place = concat([p for p, _ in pieces]), np.concatenate([at for _, at in pieces])
        if len(pieces) > 1:
            order = np.argsort(place, kind="stable")
            rows, place = rows.take(order), place[order]
        arrival = place // 4
        stamps = batch.stamps
        rows.stamps = None if stamps is None else np.minimum(stamps[arrival], self.watermark)
        rows.seq = None if batch.seq is None else batch.seq[arrival]
        self.emit(rows)


def _plain_kinds(batch: Batch, rows: Array) -> Array | None:
    """Insert or delete, as outer joins send."""
    return None if batch.kinds is None else np.where(batch.kinds[rows] & 1, DELETE, INSERT).astype(np.uint8)
