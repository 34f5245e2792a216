"""Operators under test: rows as text in, changelog as text out, cut into batches of any size, with crashes on the way.

    feed(make, "+ k=1 v=5", "- k=1 v=5", WATERMARK(10), CRASH) -> ["+I k=1 total=5", "-D k=1 total=5"]

A row is a kind (`+` is +I, `-` is -D, or one of +I -U +U -D) and `name=value` pairs; NULL is NULL, times are seconds,
strings are what follows (no blanks). `WATERMARK(t)` is a watermark of t seconds, `TICK(t)` lets processing time pass,
`BARRIER` takes a snapshot, `CRASH` brings a new operator back from it (only ever directly after a barrier: the source
replays nothing). `every_cut` runs the same through batches of 1, 7 and all, and through snapshots in the middle, and
wants the same output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context as DecimalContext
from decimal import Decimal
from typing import Any

import numpy as np

from engine.changes import (
    DTYPES,
    KIND_NAMES,
    MAX_WATERMARK,
    MIN_WATERMARK,
    Barrier,
    Batch,
    Column,
    Watermark,
    empty_values,
)
from engine.expressions.functions.base import Context
from engine.operators.base import Operator, Settings
from engine.state.protocol import StatePart
from engine.types import DataType, Kind, Schema

SECOND = 1_000_000
_KINDS = {"+": 0, "-": 3, "+I": 0, "-U": 1, "+U": 2, "-D": 3}
_EXACT = DecimalContext(prec=60)
BARRIER, CRASH, END = "BARRIER", "CRASH", "END"


@dataclass(frozen=True)
class WATERMARK:
    time: float


@dataclass(frozen=True)
class TICK:
    time: float


Item = str | WATERMARK | TICK
Make = Callable[[Settings], Operator]


class Clock:
    """The injectable processing time, in microseconds."""

    def __init__(self) -> None:
        self.time = 0

    def __call__(self) -> int:
        return self.time


class Collector(Operator):
    """The end of the line: keeps what arrives."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        super().__init__("collector", schema, settings)
        self.batches: list[Batch] = []
        self.watermarks: list[int] = []

    def process(self, batch: Batch, port: int) -> None:
        self.batches.append(batch)

    def advance(self, watermark: int) -> None:
        self.watermarks.append(watermark)


def settings(clock: Callable[[], int] | None = None, **options: Any) -> Settings:
    """Settings with a clock that stands still."""
    return Settings(Context(now=clock or (lambda: 0)), **options)


def parse(type: DataType, text: str) -> Any:
    """One value as the column holds it."""
    if text == "NULL":
        return None
    if type.is_decimal:
        return int(Decimal(text).scaleb(type.scale, _EXACT))
    if type.is_timestamp or type.kind in (Kind.TIME, Kind.INTERVAL_TIME):
        return round(float(text) * SECOND)
    if type.kind is Kind.BOOLEAN:
        return text == "true"
    if type.is_approximate:
        return float(text)
    return text if type.has_views else int(text)


def show(type: DataType, value: Any) -> str:
    """The inverse of `parse`."""
    if value is None:
        return "NULL"
    if type.is_decimal:
        return str(Decimal(value).scaleb(-type.scale, _EXACT))
    if type.is_timestamp or type.kind in (Kind.TIME, Kind.INTERVAL_TIME):
        return f"{value / SECOND:g}"
    if type.kind is Kind.BOOLEAN:
        return str(bool(value)).lower()
    if type.is_nested:
        return str(value).replace(" ", "")
    return f"{value:g}" if type.is_approximate else str(value)


def column(type: DataType, values: Sequence[Any]) -> Column:
    """A column of Python values (None = NULL)."""
    valid = np.array([v is not None for v in values], np.bool_)
    validity = None if valid.all() else valid
    if type.kind is Kind.ARRAY and type.element is not None:
        lists = [v or [] for v in values]
        offsets = np.cumsum([0] + [len(v) for v in lists]).astype(np.int64)
        return Column(type, offsets, validity, (), (column(type.element, [x for v in lists for x in v]),))
    if type.kind is Kind.ROW:
        children = tuple(column(f.type, [None if v is None else v[i] for v in values]) for i,
                         f in enumerate(type.fields))
        return Column(type, np.zeros(len(values), np.int8), validity, (), children)
    if type.has_views:
        return strings(type, values, validity)
    data = empty_values(type, len(values))
    for i, value in enumerate(values):
        if value is not None and type.is_wide_decimal:
            data[i] = (np.int64(np.uint64(value & (2**64 - 1)).view(np.int64)), value >> 64)
        elif value is not None:
            data[i] = value
    return Column(type, data, validity)


def strings(type: DataType, values: Sequence[str | None], validity: Any = None) -> Column:
    """A column of string views with their memory."""
    encoded = [(v or "").encode() for v in values]
    memory = np.frombuffer(b"".join(encoded) + bytes(16), np.uint8).copy()
    start = memory.__array_interface__["data"][0]
    views = np.zeros((len(values), 2), np.uint64)
    for i, text in enumerate(encoded):
        first = int.from_bytes(text[:4].ljust(4, b"\0"), "little")
        rest = int.from_bytes(text[4:12].ljust(8, b"\0"), "little") if len(text) <= 12 else start
        views[i] = (len(text) | first << 32, rest)
        start += len(text)
    return Column(type, views, validity, (memory,))


def python_values(column: Column) -> list[Any]:
    """A column's values as `parse` makes them; lists and rows as Python's."""
    valid, kind = column.valid(), column.type
    if column.is_list:
        inner = list(zip(*(python_values(c) for c in column.children), strict=True))
        spans = [inner[a:b] for a, b in zip(column.values, column.values[1:], strict=False)]
        if kind.kind is Kind.ARRAY:
            found: list[Any] = [[x[0] for x in span] for span in spans]
        else:
            found = [dict(sorted(span, key=str)) for span in spans]
    elif kind.kind is Kind.ROW:
        found = list(zip(*(python_values(c) for c in column.children), strict=True))
    elif kind.has_views:
        found = [view_text(v) for v in column.values]
    elif kind.is_wide_decimal:
        found = [int(high) << 64 | int(low) & (2**64 - 1) for low, high in column.values]
    else:
        assert column.values.dtype == DTYPES[kind.kind], (column.values.dtype, kind)
        found = column.values.tolist()
    assert len(found) == len(valid), (kind, len(found), len(valid))
    return [v if ok else None for v, ok in zip(found, valid, strict=True)]


def view_text(view: Any) -> str:
    """The text of one string view."""
    import ctypes

    length = int(view[0]) & 0xFFFFFFFF
    if length <= 12:
        return view.tobytes()[4:4 + length].decode()
    return ctypes.string_at(int(view[1]), length).decode()


def batch_of(schema: Schema, rows: Sequence[tuple[int, dict[str, str]]], stamps: Sequence[int] | None = None,
             append: bool = False) -> Batch:
    """A batch of parsed lines."""
    columns = tuple(column(f.type, [parse(f.type, values.get(f.name, "NULL")) for _, values in rows]) for f in schema)
    kinds = None if append else np.array([kind for kind, _ in rows], np.uint8)
    return Batch(columns, len(rows), kinds, None if stamps is None else np.array(stamps, np.int64))


def lines(schema: Schema, batch: Batch) -> list[str]:
    """A batch as text."""
    kinds = [0] * batch.length if batch.kinds is None else batch.kinds.tolist()
    for c, f in zip(batch.columns, schema, strict=True):
        assert len(c) == batch.length
        assert c.type.same_as(f.type), (c.type, f.type)
    values = [python_values(c) for c in batch.columns]
    return [" ".join([KIND_NAMES[kind]] + [f"{f.name}={show(f.type, v[i])}" for f, v in zip(schema, values,
                                                                                            strict=True)])
            for i, kind in enumerate(kinds)]


def split(line: str) -> tuple[int, dict[str, str]]:
    kind, *pairs = line.split()
    return _KINDS[kind], dict(pair.split("=", 1) for pair in pairs)


class Run:
    """One operator (and its successors after crashes) being fed."""

    def __init__(self, make: Make, schema: Schema, size: int, *, append: bool, options: dict[str, Any]) -> None:
        self.make, self.schema, self.size, self.append, self.options = make, schema, size, append, options
        self.clock = Clock()
        self.output: list[str] = []
        self.chain: dict[str, list[StatePart]] = {}
        self.watermark = MIN_WATERMARK
        self.rows: list[tuple[int, dict[str, str]]] = []
        self.stamps: list[int] = []
        self.start()

    def start(self) -> None:
        self.operator = self.make(settings(self.clock, **self.options))
        self.collector = Collector(self.operator.schema, self.operator.settings)
        self.operator.connect(self.collector, 0)
        self.operator.on_snapshot = self.snapshot
        for name, chain in self.chain.items():
            self.operator.states()[name].restore([chain], None)
        self.operator.open()

    def snapshot(self, operator: Operator, epoch: int) -> None:
        for name, state in operator.states().items():
            chain = self.chain.setdefault(name, [])
            chain.append(state.snapshot(not chain))

    def flush(self) -> None:
        """Send the rows gathered so far, then the watermark they raised."""
        if self.rows:
            self.operator.receive(batch_of(self.schema, self.rows, self.stamps, self.append))
            self.rows, self.stamps = [], []
        if self.watermark > MIN_WATERMARK:
            self.operator.receive(Watermark(self.watermark))
        self.collect()

    def collect(self) -> None:
        for batch in self.collector.batches:
            self.output += lines(self.collector.schema, batch)
        self.collector.batches = []

    def feed(self, item: Item) -> None:
        if isinstance(item, WATERMARK):  # part of the row stream: it reaches the operator with the batch's end
            self.watermark = max(self.watermark, round(item.time * SECOND))
        elif isinstance(item, TICK):
            self.flush()
            self.clock.time = round(item.time * SECOND)
            self.operator.tick(self.clock.time)
            self.collect()
        elif item == END:
            self.watermark = MAX_WATERMARK
            self.flush()
        elif item == BARRIER:
            self.flush()
            self.operator.receive(Barrier(1))
        elif item == CRASH:
            self.feed(BARRIER)
            last = self.watermark
            self.start()
            if last > MIN_WATERMARK:
                self.operator.receive(Watermark(last))
        else:
            self.rows.append(split(item))
            self.stamps.append(self.watermark)
            if len(self.rows) >= self.size:
                self.flush()


def feed(make: Make, schema: Schema, items: Sequence[Item], size: int = 1000, *, append: bool = False,
         **options: Any) -> list[str]:
    """The changelog that an operator makes of these rows in batches of `size`; `options` are fields of `Settings`."""
    run = Run(make, schema, size, append=append, options=options)
    for item in items:
        run.feed(item)
    run.flush()
    return run.output


def fold(output: Sequence[str]) -> list[str]:
    """The table that a changelog leaves: its rows, sorted. Every retraction must hit a row."""
    rows: list[str] = []
    for line in output:
        kind, row = line.split(" ", 1)
        if _KINDS[kind] & 1:
            rows.remove(row)
        else:
            rows.append(row)
    return sorted(rows)


def every_cut(make: Make, schema: Schema, items: Sequence[Item], *, append: bool = False, folded: bool = False,
              **options: Any) -> list[str]:
    """`feed` in batches of all, 1 and 7 and with a crash in the middle and one after each third row: always the same.
    """
    final = fold if folded else list
    straight = feed(make, schema, items, append=append, **options)
    half = len(items) // 2
    broken = [x for i, item in enumerate(items) for x in ([CRASH, item] if i % 3 == 2 else [item])]
    for size, changed in ((1, items), (7, items), (1000, [*items[:half], CRASH, *items[half:]]), (7, broken)):
        again = feed(make, schema, changed, size, append=append, **options)
        assert final(again) == final(straight), (size, changed is items)
    return straight
