"""The `shop` connector: the events of a made-up shop (`engine.connectors.shop_model`), in time order, to learn from.

Columns by name, any of them, of these types:

| column | type | |
|---|---|---|
| event | STRING | impression, click, cart or order |
| impression_id | BIGINT | the impression that the event belongs to |
| user_id, item_id, category_id | BIGINT or INT | of the impression |
| device | STRING | |
| price | DOUBLE | |
| hour_of_day | INT or BIGINT | of the impression |
| event_time | TIMESTAMP(3 to 6), or the same WITH LOCAL TIME ZONE | never falls |
| p_true | DOUBLE | the true probability of a click, of impressions only: for judging, not for learning |

Options: 'seed' (1), 'start-time' ('2026-01-01 00:00:00'), 'number-of-impressions' or 'number-of-rows' (neither: no
end), 'rows-per-second' (0 = no limit). 100,000 impressions make a day of event time; a click comes within 10 minutes or
never.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from engine.changes import DTYPES, Array, Batch, Column, concat
from engine.connectors.base import Connector, Environment, Json, Poll, Source, TableOptions
from engine.connectors.options import TableConfig, suggestion
from engine.connectors.shop_model import BLOCK, DEVICES, EVENTS, INTERVAL, Events, ShopModel
from engine.errors import UserError
from engine.types import DataType, Field, Kind

_WHOLE = frozenset({Kind.INT, Kind.BIGINT})
_TEXT = frozenset({Kind.VARCHAR})
_TIME = frozenset({Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ})
_DOUBLE = frozenset({Kind.DOUBLE})
_ENDLESS = 2**62


def _of_impression(name: str) -> Callable[[Events], Array]:
    return lambda events: getattr(events.impressions, name)[events.of]


_COLUMNS: dict[str, tuple[frozenset[Kind], Callable[[Events], Array]]] = {
    "event": (_TEXT, lambda events: events.event),
    "impression_id": (_WHOLE, _of_impression("number")),
    "user_id": (_WHOLE, _of_impression("user")),
    "item_id": (_WHOLE, _of_impression("item")),
    "category_id": (_WHOLE, _of_impression("category")),
    "device": (_TEXT, _of_impression("device")),
    "price": (_DOUBLE, _of_impression("price")),
    "hour_of_day": (_WHOLE, _of_impression("hour")),
    "event_time": (_TIME, lambda events: events.at),
    "p_true": (_DOUBLE, _of_impression("p_true")),
}
_WORDS = {"event": EVENTS, "device": DEVICES}


class ShopSource(Source):
    """Any row can be found again from the number of its block, its place there, and how many rows were before it."""

    again = "yes"

    def __init__(self, table: TableOptions) -> None:
        config = TableConfig(table)
        config.check(("seed", "start-time", "number-of-impressions", "number-of-rows", "rows-per-second"))
        for field in table.schema:
            _check_column(table.name, field)
        self._fields = table.schema
        self._shop = ShopModel(config.integer("seed", 1))
        self._start = _microseconds(config)
        self._impressions = config.integer("number-of-impressions", _ENDLESS)
        self._rows = config.integer("number-of-rows", _ENDLESS)
        self._rate = config.integer("rows-per-second", 0)
        self._last_block = -(-self._impressions // BLOCK) if self._impressions else -1  # one later, for late outcomes
        self.bounded = min(self._rows, self._impressions) < _ENDLESS
        self.total = self._rows if self._rows < _ENDLESS else None
        self._block, self._at, self._given = 0, 0, 0
        self._events: tuple[int, Events] | None = None

    def newest(self, rows: int) -> bool:
        """Those before now, as if the shop had opened at its 'start-time'."""
        passed = int(time.time() * 1e6) - self._start
        block = min(passed // (BLOCK * INTERVAL), self._last_block)
        if self._rows < _ENDLESS or block < 0:
            return False
        at = int(np.searchsorted(self._shop.events(block, self._impressions).at, passed)) - rows
        while at < 0 < block:
            block -= 1
            at += len(self._shop.events(block, self._impressions).at)
        self._block, self._at, self._rate = block, max(at, 0), 0
        return True

    def open(self, columns: Sequence[int]) -> None:
        self._wanted = [self._fields[c] for c in columns]
        self._opened, self._given_before = time.monotonic(), self._given

    def poll(self, limit: int) -> Poll:
        count = min(limit, self._rows - self._given)
        if self._rate:
            due = int((time.monotonic() - self._opened) * self._rate) + 1
            count = min(count, max(due + self._given_before - self._given, 0))
        pieces: list[Batch] = []
        while count > 0 and not self._ended():
            pieces.append(self._next(count))
            count -= len(pieces[-1])
        pieces = [piece for piece in pieces if len(piece)]
        batch = concat(pieces) if pieces else None
        return Poll(batch, rows=len(batch) if batch else 0, ended=self._ended(), idle=batch is None)

    def _ended(self) -> bool:
        return self._given >= self._rows or self._block > self._last_block

    def _next(self, count: int) -> Batch:
        """Up to `count` rows of the current block."""
        if self._events is None or self._events[0] != self._block:
            self._events = self._block, self._shop.events(self._block, self._impressions)
        events = self._events[1]
        stop = min(self._at + count, len(events.event))
        rows = slice(self._at, stop)
        here = Events(events.event[rows], events.at[rows], events.of[rows], events.impressions)
        batch = Batch(tuple([self._column(field, here) for field in self._wanted]), len(here.event))
        self._given += len(batch)
        self._block, self._at = (self._block, stop) if stop < len(events.event) else (self._block + 1, 0)
        return batch

    def _column(self, field: Field, events: Events) -> Column:
        values = _COLUMNS[field.name][1](events)
        if field.name in _WORDS:
            return Column(field.type, _views(_WORDS[field.name])[values])
        if field.name == "p_true":
            return Column(field.type, values, events.event == 0)
        if field.name == "event_time":
            return Column(field.type, values + self._start)
        return Column(field.type, np.ascontiguousarray(values, DTYPES[field.type.kind]))

    def position(self) -> Json:
        return {"block": self._block, "row": self._at, "given": self._given}

    def restore(self, position: Json) -> None:
        self._block, self._at, self._given = position["block"], position["row"], position["given"]

    def progress(self) -> float | None:
        if self._rows < _ENDLESS:
            return self._given / max(self._rows, 1)
        return min(self._block / max(self._last_block, 1), 1.0) if self.bounded else None


def _views(words: Sequence[str]) -> Array:
    """String views of words of at most 12 bytes."""
    raw = b"".join(len(w).to_bytes(4, "little") + w.encode().ljust(12, b"\0") for w in words)
    return np.frombuffer(raw, np.uint64).reshape(-1, 2)


def _check_column(table: str, field: Field) -> None:
    if field.name not in _COLUMNS:
        raise UserError("unknown_column", f"table {table}: the shop has no column '{field.name}'",
                        hint=suggestion(field.name, _COLUMNS))
    kinds = _COLUMNS[field.name][0]
    if field.type.kind not in kinds or _too_short(field.type):
        names = " or ".join(sorted(kind.value for kind in kinds))
        raise UserError("wrong_type", f"table {table}: the shop's column '{field.name}' is {names}, not {field.type}",
                        hint="STRING has room for every word, TIMESTAMP(3) for every time")


def _too_short(type: DataType) -> bool:
    return (type.is_string and type.length < 10) or (type.is_timestamp and type.precision < 3)


def _microseconds(config: TableConfig) -> int:
    text = config.text("start-time", "2026-01-01 00:00:00")
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise config.wrong("start-time", "must be a time such as '2026-01-01 00:00:00'") from None
    return int(start.replace(tzinfo=start.tzinfo or UTC).timestamp()) * 1_000_000


class Shop(Connector):
    """The made-up shop."""

    def bounded(self, table: TableOptions) -> bool:
        return "number-of-rows" in table.options or "number-of-impressions" in table.options

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return ShopSource(table)
