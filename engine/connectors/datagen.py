"""The `datagen` connector: random or sequential rows, with Flink's options.

'rows-per-second' (10,000; 0 = no limit), 'number-of-rows', 'fields.F.kind' = random | sequence, 'fields.F.min', '.max',
'.length', '.start', '.end', '.null-rate', '.max-past', '.var-len'; ours: 'seed'. Row i's values depend on seed and i
only, so a replay gives the same rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from engine.changes import DTYPES, Array, Batch, Column, null_column
from engine.connectors.arrow import parts
from engine.connectors.base import Connector, Environment, Json, Poll, Source, TableOptions
from engine.connectors.options import TableConfig
from engine.types import DATETIME, INTEGERS, DataType, Kind

_BOUNDS = {Kind.TINYINT: 2**7, Kind.SMALLINT: 2**15, Kind.INT: 2**31, Kind.BIGINT: 2**63}
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
Generator = Callable[[Array], Column]
"""From row numbers (int64) to their values."""
Clock = Callable[[Array], Array]
"""From row numbers to when these rows are made."""


def random_words(rows: Array, stream: int) -> Array:
    """A random uint64 for each row number: the finaliser of SplitMix64 (Steele, Lea, Flood 2014) over a counter."""
    word = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64((stream * 0xD1342543DE82EF95) % 2**64)
    for shift, factor in ((30, _MIX[0]), (27, _MIX[1])):
        word = (word ^ (word >> np.uint64(shift))) * factor
    return word ^ (word >> np.uint64(31))


def random_units(rows: Array, stream: int) -> Array:
    """A random double in [0, 1) for each row number."""
    return (random_words(rows, stream) >> np.uint64(11)).astype(np.float64) * 2.0**-53


class DatagenSource(Source):
    """Makes rows up."""

    def __init__(self, table: TableOptions) -> None:
        config = TableConfig(table)
        fields = tuple(f"fields.{f.name}." for f in table.schema)
        config.check(("rows-per-second", "number-of-rows", "seed", "scan.parallelism"), fields)
        self._rate = config.integer("rows-per-second", 10_000)
        self._seed = config.integer("seed", 42)
        ends = [config.integer("number-of-rows", 2**62)]
        self._make: list[Generator] = []
        for i, field in enumerate(table.schema):
            if config.text(f"fields.{field.name}.kind", "random") == "sequence":
                start, end = _span(config, field.name)
                ends.append(end - start + 1)
                self._make.append(_sequence(field.type, start))
            else:
                self._make.append(_random(field.type, config, field.name, (self._seed << 20) + 64 * i, self._made))
        self._end = min(ends)
        self.bounded = self._end < 2**62
        self.total = self._end if self.bounded else None
        self._at = 0
        self._ago = 0.0  # microseconds between rows that were made before now
        self._until = 0
        self.again = "no" if any(f.type.kind in DATETIME for f in table.schema) else "yes"  # times are of the clock

    def newest(self, rows: int) -> bool:
        """As if they had been made until now, at the rate that they are made at."""
        self._at = max(self._end - rows, 0) if self.bounded else 0
        self._until, self._ago = self._at + rows, 1e6 / self._rate if self._rate else 0.0
        self._rate = 0
        return True

    def _made(self, rows: Array) -> Array:
        """When rows are made, in microseconds of the clock."""
        now: Array = np.full(len(rows), int(time.time() * 1e6), np.int64)
        return now - (np.maximum(self._until - 1 - rows, 0) * self._ago).astype(np.int64)

    def open(self, columns: Sequence[int]) -> None:
        self._columns = tuple(columns)
        self._begun, self._first = time.monotonic(), self._at

    def poll(self, limit: int) -> Poll:
        count = min(limit, self._end - self._at)
        if self._rate:
            due = int((time.monotonic() - self._begun) * self._rate) + 1 - (self._at - self._first)
            count = min(count, max(due, 0))
        if count == 0:
            return Poll(None, ended=self._at == self._end, idle=True)
        rows = np.arange(self._at, self._at + count, dtype=np.int64)
        self._at += count
        batch = Batch(tuple([self._make[c](rows) for c in self._columns]), count)
        return Poll(batch, rows=count, ended=self._at == self._end)

    def position(self) -> Json:
        return {"row": self._at}

    def restore(self, position: Json) -> None:
        self._at = position["row"]

    def progress(self) -> float | None:
        return self._at / self._end if self.bounded and self._end else None


def _span(config: TableConfig, name: str) -> tuple[int, int]:
    start, end = (config.text(f"fields.{name}.{side}") for side in ("start", "end"))
    try:
        return int(start), int(end)
    except ValueError:
        raise config.wrong(f"fields.{name}.start", f"and '{end}' must be whole numbers") from None


def _sequence(type: DataType, start: int) -> Generator:
    def make(rows: Array) -> Column:
        values = rows + start
        if type.is_string:
            from engine.connectors.formats.views import strings_to_views

            views, data = strings_to_views([str(v).encode() for v in values.tolist()])
            return Column(type, views, None, (data,))
        if type.kind is Kind.DECIMAL and not type.is_wide_decimal:
            values = values * 10**type.scale
        return Column(type, values.astype(DTYPES[type.kind]))

    return make


def _number(config: TableConfig, name: str, default: float) -> float:
    text = config.optional(name)
    try:
        return default if text is None else float(text)
    except ValueError:
        raise config.wrong(name, "must be a number") from None


def _random(type: DataType, config: TableConfig, name: str, stream: int, clock: Clock) -> Generator:
    """Random values of a type, some of them NULL if asked for."""
    prefix = f"fields.{name}."
    make = _random_values(type, config, prefix, stream, clock)
    rate = _number(config, f"{prefix}null-rate", 0.0)
    if rate <= 0:
        return make

    def with_nulls(rows: Array) -> Column:
        return make(rows).with_validity(random_units(rows, stream + 63) >= rate)

    return with_nulls


def _random_values(type: DataType, config: TableConfig, prefix: str, stream: int, clock: Clock) -> Generator:
    if type.kind in INTEGERS or type.is_interval:
        return _random_integers(type, config, prefix, stream)
    if type.kind is Kind.BOOLEAN:
        return lambda rows: Column(type, random_words(rows, stream) >> np.uint64(63) == 1)
    if type.is_approximate or (type.is_decimal and not type.is_wide_decimal):
        return _random_reals(type, config, prefix, stream)
    if type.is_string or type.is_bytes:
        return _random_texts(type, config, prefix, stream)
    if type.kind in (Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ):
        return _random_moments(type, config, prefix, stream, clock)
    if type.kind is Kind.ROW:
        inner = [_random_values(part, config, prefix, stream + i + 1, clock) for i, part in enumerate(parts(type))]
        return lambda rows: Column(type, np.zeros(len(rows), np.int8), None, (), tuple([m(rows) for m in inner]))
    return lambda rows: null_column(type, len(rows))


def _random_integers(type: DataType, config: TableConfig, prefix: str, stream: int) -> Generator:
    bound = _BOUNDS.get(type.kind, 2**31)
    low, high = (int(config.text(f"{prefix}{side}", str(default)))
                 for side, default in (("min", -bound), ("max", bound - 1)))
    if low > high:
        raise config.wrong(f"{prefix}min", "is above the maximum")
    width = high - low + 1

    def make(rows: Array) -> Column:
        words = random_words(rows, stream)
        values = (words if width == 2**64 else words % np.uint64(width)).astype(np.int64) + np.int64(low)
        return Column(type, values.astype(DTYPES[type.kind]))

    return make


def _random_reals(type: DataType, config: TableConfig, prefix: str, stream: int) -> Generator:
    largest = 10.0 ** (type.precision - type.scale) - 1 if type.is_decimal else 1.0
    low, high = _number(config, f"{prefix}min", 0.0), _number(config, f"{prefix}max", largest)
    scale = 10.0**type.scale if type.is_decimal else 1.0

    def make(rows: Array) -> Column:
        values = (low + random_units(rows, stream) * (high - low)) * scale
        return Column(type, values.astype(DTYPES[type.kind]))

    return make


def _random_texts(type: DataType, config: TableConfig, prefix: str, stream: int) -> Generator:
    from engine.connectors.formats.views import views_of

    length = config.integer(f"{prefix}length", 100 if type.length > 10_000 else type.length)

    def make(rows: Array) -> Column:
        words = [random_words(rows, stream + k) for k in range((length + 15) // 16)]
        nibbles = [(word >> np.uint64(4 * n)) & np.uint64(15) for word in words for n in range(16)][:length]
        data = _HEX[np.stack(nibbles, axis=1).ravel()] if nibbles else np.zeros(16, np.uint8)
        data = np.concatenate([data, np.zeros(16, np.uint8)])
        return Column(type, views_of(data, np.arange(len(rows) + 1, dtype=np.int64) * length), None, (data,))

    return make


def _random_moments(type: DataType, config: TableConfig, prefix: str, stream: int, clock: Clock) -> Generator:
    """Times up to 'max-past' ago (0: now, the clock's time, which a replay does not repeat)."""
    past = int((config.duration(f"{prefix}max-past", 0.0) or 0.0) * 1e6)
    unit = 10 ** max(6 - type.precision, 0)

    def make(rows: Array) -> Column:
        ages = (random_units(rows, stream) * past).astype(np.int64)
        values = clock(rows) - ages
        if type.kind is Kind.DATE:
            return Column(type, (values // 86_400_000_000).astype(np.int32))
        values = values % 86_400_000_000 if type.kind is Kind.TIME else values
        return Column(type, values - values % unit)

    return make


class Datagen(Connector):
    """Made-up rows."""

    def bounded(self, table: TableOptions) -> bool:
        return "number-of-rows" in table.options or "sequence" in table.options.values()

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return DatagenSource(table)
