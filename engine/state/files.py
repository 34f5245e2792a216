"""The data file of a checkpoint: named state parts with their arrays, each under its checksum.

    8 bytes   magic "PORSCHK1"
    8 bytes   length of the header, little endian;  4 bytes its CRC-32;  4 bytes 0
    header    JSON: {"version": 1, "parts": [{"key", "once", "kind", "full", "meta",
                     "arrays": [{"name", "dtype", "shape", "offset", "bytes", "crc"}]}]}
    arrays    raw little-endian numpy buffers, each at a multiple of 64 bytes from the file's start (`offset`)

Nothing in a file is executed or unpickled: dtypes are of a fixed list, offsets and lengths are checked before use.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.changes import Array
from engine.state.protocol import StatePart

MAGIC = b"PORSCHK1"
VERSION = 1
_FRONT = struct.Struct("<8sQII")
_ALIGN = 64
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


def write_file(path: Path, entries: Sequence[Entry]) -> WrittenFile:
    """Write and fsync a data file. The `crc` returned is that of the header, which holds those of the arrays."""
    arrays: list[Array] = []
    offset = 0
    parts = []
    for entry in entries:
        facts = []
        for name, array in entry.part.arrays.items():
            array = np.ascontiguousarray(array)
            arrays.append(array)
            facts.append({"name": name, "dtype": array.dtype.str, "shape": list(array.shape), "offset": offset,
                          "bytes": array.nbytes, "crc": zlib.crc32(_bytes(array))})
            offset += -(-array.nbytes // _ALIGN) * _ALIGN
        parts.append({"key": entry.key, "once": entry.once, "kind": entry.part.kind, "full": entry.part.full,
                      "meta": entry.part.meta, "arrays": facts})
    header = json.dumps({"version": VERSION, "parts": parts}, separators=(",", ":")).encode()
    crc = zlib.crc32(header)
    front = _FRONT.pack(MAGIC, len(header), crc, 0) + header
    front += bytes(-len(front) % _ALIGN)
    with path.open("xb") as file:
        file.write(front)
        for array in arrays:
            file.write(_bytes(array))
            file.write(bytes(-array.nbytes % _ALIGN))
        file.flush()
        os.fsync(file.fileno())
        length = file.tell()
    return WrittenFile(path.name, length, crc)


def _bytes(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def read_file(path: Path, expected: WrittenFile) -> list[Entry]:
    """Read and verify a data file; raises `CorruptFile`."""
    try:
        raw: Array = np.fromfile(path, np.uint8)
    except FileNotFoundError as error:
        raise CorruptFile(f"{path.name} is missing") from error
    if len(raw) != expected.length:
        raise CorruptFile(f"{path.name} has {len(raw)} bytes, {expected.length} were written")
    if len(raw) < _FRONT.size:
        raise CorruptFile(f"{path.name} is too short")
    magic, length, crc, _ = _FRONT.unpack(raw[:_FRONT.size].tobytes())
    header = raw[_FRONT.size:_FRONT.size + length].tobytes()
    if magic != MAGIC or crc != expected.crc or zlib.crc32(header) != crc:
        raise CorruptFile(f"{path.name} has a damaged header")
    content = json.loads(header)
    if content["version"] != VERSION:
        raise CorruptFile(f"{path.name} has format version {content['version']}, this program reads {VERSION}")
    start = -(-(_FRONT.size + length) // _ALIGN) * _ALIGN
    return list(_entries(path.name, content["parts"], raw[start:]))


def _entries(file: str, parts: Sequence[dict[str, Any]], data: Array) -> Iterator[Entry]:
    for part in parts:
        arrays = {fact["name"]: _array(file, part["key"], fact, data) for fact in part["arrays"]}
        yield Entry(part["key"], StatePart(part["kind"], part["full"], arrays, part["meta"]), part["once"])


def _array(file: str, key: str, fact: dict[str, Any], data: Array) -> Array:
    start, size = fact["offset"], fact["bytes"]
    piece = data[start:start + size]
    if fact["dtype"] not in _DTYPES or len(piece) != size:
        raise CorruptFile(f"{file}: array {fact['name']!r} of {key!r} is out of bounds")
    if zlib.crc32(_bytes(piece)) != fact["crc"]:
        raise CorruptFile(f"{file}: array {fact['name']!r} of {key!r} fails its checksum")
    return piece.view(fact["dtype"]).reshape(fact["shape"])
