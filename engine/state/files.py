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
_FIRST = 1 << 16  # bytes read at first: the whole header, mostly
_SMALL = 1 << 22  # bytes of a file that is read in one go
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
    """Read and verify a data file, its arrays side by side; `check` may raise, to give up.

    Raises `CorruptFile`, and OSError where the storage cannot be reached."""
    name = expected.name
    try:
        length = storage.size(name)
        if length != expected.length:
            raise CorruptFile(f"{name} has {length} bytes, {expected.length} were written")
        read = _reader(storage, expected)
        content, start = _header(read, expected)
        with ThreadPoolExecutor(_READERS, "checkpoint-reader") as pool:
            return _entries(read, name, content["parts"], start, pool, check)
    except FileNotFoundError as error:
        raise CorruptFile(f"{name} is missing") from error
    except OSError as error:
        if error.errno == errno.EIO:  # a bad sector; other reasons may pass, and say nothing of the file
            raise CorruptFile(f"{name} cannot be read from the disk") from error
        raise


def _reader(storage: Storage, file: WrittenFile) -> Callable[[int, int], Array]:
    """Gives bytes of a file from a start on: of a small one, which is read at once, or of the storage."""
    if file.length > _SMALL:
        return lambda start, length: storage.read(file.name, start, length)
    whole = storage.read(file.name)
    return lambda start, length: whole[start:start + length]


def _header(read: Callable[[int, int], Array], file: WrittenFile) -> tuple[dict[str, Any], int]:
    """The header, and where the arrays begin."""
    front = read(0, _FIRST).tobytes()
    if len(front) < _FRONT.size:
        raise CorruptFile(f"{file.name} is too short")
    magic, length, crc, _ = _FRONT.unpack(front[:_FRONT.size])
    end = _FRONT.size + length
    if magic == MAGIC and len(front) < end <= file.length:
        front += read(len(front), end - len(front)).tobytes()
    header = front[_FRONT.size:end]
    if magic != MAGIC or crc != file.crc or zlib.crc32(header) != crc:
        raise CorruptFile(f"{file.name} has a damaged header")
    content: dict[str, Any] = json.loads(header)
    if content["version"] != VERSION:
        raise CorruptFile(f"{file.name} has format version {content['version']}, this program reads {VERSION}")
    return content, -(-end // _ALIGN) * _ALIGN


def _entries(read: Callable[[int, int], Array], file: str, parts: Sequence[dict[str, Any]], start: int,
             pool: ThreadPoolExecutor, check: Callable[[], None]) -> list[Entry]:
    under_way = [{f["name"]: pool.submit(_array, read, f"{file}: array {f['name']!r} of {part['key']!r}", f, start)
                  for f in part["arrays"]} for part in parts]
    entries = []
    for part, arrays in zip(parts, under_way, strict=True):
        check()
        held = {name: array.result() for name, array in arrays.items()}
        entries.append(Entry(part["key"], StatePart(part["kind"], part["full"], held, part["meta"]), part["once"]))
    return entries


def _array(read: Callable[[int, int], Array], what: str, fact: dict[str, Any], start: int) -> Array:
    offset, size = fact["offset"], fact["bytes"]
    if fact["dtype"] not in _DTYPES or offset < 0 or size < 0:
        raise CorruptFile(f"{what} is out of bounds")
    piece = read(start + offset, size)
    if len(piece) != size:
        raise CorruptFile(f"{what} is out of bounds")
    if zlib.crc32(_bytes(piece)) != fact["crc"]:
        raise CorruptFile(f"{what} fails its checksum")
    return piece.view(fact["dtype"]).reshape(fact["shape"])
