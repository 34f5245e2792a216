"""The data file of a checkpoint: named state parts with their arrays, each under its checksum.

    8 bytes   magic "PORSCHK1"
    8 bytes   length of the header, little endian;  4 bytes its CRC-32;  4 bytes 0
    header    JSON: {"version": 1, "parts": [{"key", "once", "kind", "full", "meta",
                     "arrays": [{"name", "dtype", "shape", "offset", "bytes", "crc"}]}]}
    arrays    raw little-endian numpy buffers, each at a multiple of 64 bytes from the file's start (`offset`)

Nothing in a file is executed or unpickled: dtypes are of a fixed list, offsets and lengths are checked before use.
"""

from __future__ import annotations

import errno
import json
import os
import struct
import threading
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.changes import Array
from engine.state.protocol import StatePart
from engine.state.storage import Storage

MAGIC = b"PORSCHK1"
VERSION = 1
_FRONT = struct.Struct("<8sQII")
_ALIGN = 64
_PIECE = 8 << 20  # bytes that a thread reads at once
_MAPPED = 4 << 20  # bytes of a file from which it is mapped: zeroed memory for it would cost more than reading
_CHECKED = 1 << 20  # bytes that a thread checks at once: they stay in its cache
_READERS = min(os.cpu_count() or 1, 4)
_DTYPES = frozenset({"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"})


class CorruptFile(Exception):
    """A file that is not what was written; the message says how."""


@dataclass(frozen=True)
class Entry:
    """A part under its key; `once`: belongs to its epoch alone, not to a chain."""

    key: str
    part: StatePart
    once: bool = False


@dataclass(frozen=True)
class WrittenFile:
    """What a manifest says of a data file."""

    name: str
    length: int
    crc: int

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "length": self.length, "crc": self.crc}


def encode(entries: Sequence[Entry]) -> tuple[int, list[memoryview | bytes]]:
    """A data file's contents: the CRC of its header, which holds those of the arrays, and its pieces."""
    pieces: list[memoryview | bytes] = []
    offset = 0
    parts = []
    for entry in entries:
        facts = []
        for name, array in entry.part.arrays.items():
            array = np.ascontiguousarray(array)
            piece = _bytes(array)
            pieces += [piece, bytes(-len(piece) % _ALIGN)]
            facts.append({"name": name, "dtype": array.dtype.str, "shape": list(array.shape), "offset": offset,
                          "bytes": len(piece), "crc": zlib.crc32(piece)})
            offset += -(-len(piece) // _ALIGN) * _ALIGN
        parts.append({"key": entry.key, "once": entry.once, "kind": entry.part.kind, "full": entry.part.full,
                      "meta": entry.part.meta, "arrays": facts})
    header = json.dumps({"version": VERSION, "parts": parts}, separators=(",", ":")).encode()
    crc = zlib.crc32(header)
    front = _FRONT.pack(MAGIC, len(header), crc, 0) + header
    return crc, [front + bytes(-len(front) % _ALIGN), *pieces]


def write_file(storage: Storage, name: str, entries: Sequence[Entry]) -> WrittenFile:
    """Write a data file, to stay when this returns."""
    crc, pieces = encode(entries)
    return WrittenFile(name, storage.write(name, pieces), crc)


def _bytes(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def read_file(storage: Storage, expected: WrittenFile, check: Callable[[], None] = lambda: None) -> list[Entry]:
    """Read and verify a data file, its pieces side by side; `check` may raise, to give up.

    Raises `CorruptFile`, and OSError where the storage cannot be reached."""
    name = expected.name
    try:
        length = storage.size(name)
        if length != expected.length:
            raise CorruptFile(f"{name} has {length} bytes, {expected.length} were written")
        with ThreadPoolExecutor(_READERS, "checkpoint-reader") as pool:
            raw = storage.map(name) if length > _MAPPED else None
            mapped = raw is not None
            raw = _read(storage, expected, pool) if raw is None else raw
            check()
            parts, start = _header(raw, expected)
            if mapped:
                return _entries(name, parts, raw[start:], pool, _Reading(storage, name, start).crc)
            return _entries(name, parts, raw[start:], pool, lambda at, size: zlib.crc32(raw[start + at:][:size].data))
    except FileNotFoundError as error:
        raise CorruptFile(f"{name} is missing") from error
    except OSError as error:
        if error.errno == errno.EIO:  # a bad sector; other reasons may pass, and say nothing of the file
            raise CorruptFile(f"{name} cannot be read from the disk") from error
        raise


def _read(storage: Storage, file: WrittenFile, pool: ThreadPoolExecutor) -> Array:
    """All bytes, in one array: memory of many small ones costs more than to read them."""
    raw = np.empty(file.length, np.uint8)
    starts = range(0, file.length, _PIECE)
    if sum(pool.map(lambda start: storage.read(file.name, start, raw[start:start + _PIECE]), starts)) != file.length:
        raise CorruptFile(f"{file.name} became shorter")
    return raw


class _Reading:
    """Checksums of a mapped file's arrays, from bytes that are read: so a bad sector is an error here, not a signal
    wherever the array is touched; and memory is needed for a piece at a time only."""

    def __init__(self, storage: Storage, name: str, start: int) -> None:
        self._storage, self._name, self._start = storage, name, start
        self._own = threading.local()

    def crc(self, at: int, size: int) -> int:
        """The CRC-32 of so many bytes from there on."""
        if not hasattr(self._own, "buffer"):
            self._own.buffer = np.empty(_CHECKED, np.uint8)
        crc = 0
        for begin in range(at, at + size, _CHECKED):
            piece = self._own.buffer[:min(_CHECKED, at + size - begin)]
            crc = zlib.crc32(piece[:self._storage.read(self._name, self._start + begin, piece)].data, crc)
        return crc


def _header(raw: Array, file: WrittenFile) -> tuple[list[dict[str, Any]], int]:
    """The parts that the header tells of, and where the arrays begin."""
    if len(raw) < _FRONT.size:
        raise CorruptFile(f"{file.name} is too short")
    magic, length, crc, _ = _FRONT.unpack(raw[:_FRONT.size].tobytes())
    header = raw[_FRONT.size:_FRONT.size + length].tobytes() if length <= len(raw) else b""
    if magic != MAGIC or crc != file.crc or zlib.crc32(header) != crc:
        raise CorruptFile(f"{file.name} has a damaged header")
    content = json.loads(header)
    if content["version"] != VERSION:
        raise CorruptFile(f"{file.name} has format version {content['version']}, this program reads {VERSION}")
    return content["parts"], -(-(_FRONT.size + length) // _ALIGN) * _ALIGN


def _entries(file: str, parts: Sequence[dict[str, Any]], data: Array, pool: ThreadPoolExecutor,
             crc: Callable[[int, int], int]) -> list[Entry]:
    facts = [(part["key"], fact) for part in parts for fact in part["arrays"]]
    arrays = pool.map(lambda known: _array(file, known[0], known[1], data, crc), facts)
    return [Entry(part["key"], StatePart(part["kind"], part["full"],
                                         {fact["name"]: next(arrays) for fact in part["arrays"]}, part["meta"]),
                  part["once"]) for part in parts]


def _array(file: str, key: str, fact: dict[str, Any], data: Array, crc: Callable[[int, int], int]) -> Array:
    start, size = fact["offset"], fact["bytes"]
    piece = data[start:start + size] if start >= 0 <= size else data[:0]
    if fact["dtype"] not in _DTYPES or len(piece) != size:
        raise CorruptFile(f"{file}: array {fact['name']!r} of {key!r} is out of bounds")
    if crc(start, size) != fact["crc"]:
        raise CorruptFile(f"{file}: array {fact['name']!r} of {key!r} fails its checksum")
    return piece.view(fact["dtype"]).reshape(fact["shape"])
