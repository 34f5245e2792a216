"""Nexmark's events, seeded: people, auctions and bids as 1 : 3 : 46, 10,000 events a second of event time.

Schema and proportions are Nexmark's: hot auctions, bidders and sellers, log-uniform prices, four popular channels, and
filler text up to a row's usual size. Each kind is a file of its own, as JSON lines and as Parquet, in order of time.
Files are made once, under the temporary folder.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.changes import Array

VERSION = 1
SEED = 42
TABLES = ("person", "auction", "bid")
_ROUND, _AUCTIONS = 50, 3
_FIRST_ID = 1000
_PER_MS = 10
_START = np.datetime64("2015-07-15T00:00:00.000", "ms")
_IN_FLIGHT, _ACTIVE, _LEAD = 100, 1000, 10
_CHANNELS = 10_000
_HOT_CHANNELS = ("Google", "Facebook", "Baidu", "Apple")
_STATES = ("AZ", "CA", "ID", "OR", "WA", "WY")
_CITIES = (
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
)
_FIRST = ("Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter")
_LAST = ("Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris")


def folder(events: int) -> Path:
    """Where the files of so many events are; they are made where they are missing."""
    target = Path(tempfile.gettempdir()) / f"porsche-nexmark-{os.getuid()}" / f"v{VERSION}-{SEED}-{events}"
    if not target.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as made:
            _write(tables(events), Path(made) / "files")
            os.rename(Path(made) / "files", target)
    return target


def tables(events: int, seed: int = SEED) -> dict[str, pa.Table]:
    """The three tables of the first `events` events."""
    random = np.random.default_rng(seed)
    number = np.arange(events, dtype=np.int64)
    kind = number % _ROUND
    return {"person": _people(random, number[kind == 0]),
            "auction": _auctions(random, number[(kind > 0) & (kind <= _AUCTIONS)]),
            "bid": _bids(random, number[kind > _AUCTIONS])}


def _write(made: dict[str, pa.Table], target: Path) -> None:
    target.mkdir()
    for name, table in made.items():
        pq.write_table(table, target / f"{name}.parquet", row_group_size=1 << 17)
        (target / f"{name}.json").write_bytes(_lines(table))


def _lines(table: pa.Table) -> pa.Buffer:
    """The table as JSON lines; its texts hold nothing that needs an escape."""
    pieces: list[pa.Array | pa.Scalar] = []
    opening = "{"
    for name in table.column_names:
        values = table[name].combine_chunks()
        quote = "" if pa.types.is_integer(values.type) else '"'
        if pa.types.is_timestamp(values.type):
            values = pc.strftime(values, "%Y-%m-%d %H:%M:%S")
        pieces += [pa.scalar(f'{opening}"{name}":{quote}', pa.large_string()), values.cast(pa.large_string())]
        opening = f"{quote},"
    pieces.append(pa.scalar(f"{quote}}}\n", pa.large_string()))
    joined = pc.binary_join_element_wise(*pieces, pa.scalar("", pa.large_string()))
    return joined.buffers()[2]


# ---- rows -------------------------------------------------------------------------------------------------------


def _people(random: np.random.Generator, number: Array) -> pa.Table:
    rows = len(number)
    first, last = _choice(random, _FIRST, rows), _choice(random, _LAST, rows)
    mail = pc.binary_join_element_wise(_letters(random, rows, 4, 8), "@", _letters(random, rows, 3, 6), ".com", "")
    return pa.table({
        "id": number // _ROUND + _FIRST_ID,
        "name": pc.binary_join_element_wise(first, last, " "),
        "emailAddress": mail,
        "creditCard": pa.array(random.integers(10**15, 10**16, rows)).cast(pa.string()),
        "city": _choice(random, _CITIES, rows),
        "state": _choice(random, _STATES, rows),
        "dateTime": _times(number),
        "extra": _letters(random, rows, 80, 120),
    })


def _auctions(random: np.random.Generator, number: Array) -> pa.Table:
    rows = len(number)
    initial = _price(random, rows)
    horizon = _IN_FLIGHT * _ROUND // _AUCTIONS // _PER_MS
    return pa.table({
        "id": number // _ROUND * _AUCTIONS + number % _ROUND - 1 + _FIRST_ID,
        "itemName": _letters(random, rows, 10, 20),
        "description": _letters(random, rows, 50, 100),
        "initialBid": initial,
        "reserve": initial + _price(random, rows),
        "dateTime": _times(number),
        "expires": _times(number + (1 + random.integers(0, 2 * horizon, rows)) * _PER_MS),
        "seller": _person(random, number, 4, 0),
        "category": random.integers(10, 15, rows),
        "extra": _letters(random, rows, 250, 350),
    })


def _bids(random: np.random.Generator, number: Array) -> pa.Table:
    rows = len(number)
    latest = number // _ROUND * _AUCTIONS + _AUCTIONS - 1
    oldest = np.maximum(latest - _IN_FLIGHT, 0)
    ordinary = oldest + (random.random(rows) * (latest - oldest + 1 + _LEAD)).astype(np.int64)
    hot = random.integers(0, 2, rows) > 0
    channel = random.integers(0, _CHANNELS, rows)
    channel = np.where(random.integers(0, 2, rows) > 0, _CHANNELS + channel % len(_HOT_CHANNELS), channel)
    names, urls = _channels(random)
    return pa.table({
        "auction": np.where(hot, latest // 100 * 100, ordinary) + _FIRST_ID,
        "bidder": _person(random, number, 4, 1),
        "price": _price(random, rows),
        "channel": names.take(pa.array(channel)),
        "url": urls.take(pa.array(channel)),
        "dateTime": _times(number),
        "extra": _letters(random, rows, 20, 60),
    })


def _person(random: np.random.Generator, number: Array, ratio: int, offset: int) -> Array:
    """Ids of people: but for one in `ratio` the one at `offset` in the latest hundred, else one of the latest
    thousand."""
    latest = number // _ROUND
    active = np.minimum(latest + 1, _ACTIVE)
    ordinary = latest + 1 - active + (random.random(len(number)) * (active + _LEAD)).astype(np.int64)
    hot = random.integers(0, ratio, len(number)) > 0
    return np.where(hot, latest // 100 * 100 + offset, ordinary) + _FIRST_ID


def _channels(random: np.random.Generator) -> tuple[pa.Array, pa.Array]:
    """Names and addresses of the ordinary channels and, behind them, the hot ones."""
    ids = random.integers(0, 1 << 31, _CHANNELS)
    rows = _CHANNELS + len(_HOT_CHANNELS)
    base = pc.binary_join_element_wise("https://www.nexmark.com", *(_letters(random, rows, 3, 5) for _ in range(3)),
                                       "item.htm?query=1", "/")
    marks = [f"&channel_id={i}" for i in ids] + [""] * len(_HOT_CHANNELS)
    names = [f"channel-{i}" for i in range(_CHANNELS)] + list(_HOT_CHANNELS)
    return pa.array(names), pc.binary_join_element_wise(base, pa.array(marks), "")


# ---- values -----------------------------------------------------------------------------------------------------


def _times(number: Array) -> Array:
    return _START + (number // _PER_MS).astype("timedelta64[ms]")


def _price(random: np.random.Generator, rows: int) -> Array:
    """Log-uniform between 1 and 1,000,000 dollars, in cents."""
    return np.round(10 ** (random.random(rows) * 6) * 100).astype(np.int64)


def _choice(random: np.random.Generator, words: tuple[str, ...], rows: int) -> pa.Array:
    return pa.array(words).take(pa.array(random.integers(0, len(words), rows)))


def _letters(random: np.random.Generator, rows: int, least: int, most: int) -> pa.Array:
    """Texts of random letters."""
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(random.integers(least, most + 1, rows), out=offsets[1:])
    data = random.integers(ord("a"), ord("z") + 1, offsets[-1], np.uint8)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data))
