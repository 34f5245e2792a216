"""Keys as machine words: the exact, canonical form in which a `KeyIndex` holds keys of any number and type of columns.

`KeyCodec(types)` chooses one of two forms from the types alone (nullability counts: give both sides of a join one
codec):

- *fixed*: one to four 64-bit words; narrow columns share a word, null bits go where there is room. `codec.width`
  words.
- *bytes*: a string view (two words, `width` = 2). A single string column is its own view, nothing is copied;
  everything else is encoded row by row (`engine.state.rows`); lists and rows are encoded first, maps sorted by key.

`encode(columns, n)` gives uint64 (n, width) `Keys`, valid until the next `encode` of the same codec; `decode` gives
columns back. NULL equals NULL, -0.0 equals 0.0, NaN equals NaN. A codec belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column
from engine.memory import kernel, load_u64, plain, store_u64
from engine.state import rows
from engine.state.hashing import KEY_GROUPS, hash_view, hash_words
from engine.state.layout import (
    B8,
    B16,
    CODE,
    VALUES,
    VIEW,
    WIDTHS,
    Frame,
    code_of,
    empty_array,
    frame_of,
    is_valid,
    width_of,
)
from engine.state.nested import decode_nested, encode_nested
from engine.state.rows import load_word, store_word
from engine.types import DataType

MAX_WORDS = 4
_SCRATCH = 1 << 16


class KeyCodec:
    """Columns of the given types to key words and back."""

    def __init__(self, types: Sequence[DataType]) -> None:
        self.types = tuple(types)
        self.codes = tuple(code_of(t) for t in self.types)
        self.nullable = np.array([t.nullable for t in self.types], np.bool_)
        plan = _fixed_plan(self.codes, self.nullable.tolist())
        self.fixed = plan is not None
        self.plan = np.zeros((0, 4), np.int64) if plan is None else np.array(plan[0], np.int64).reshape(-1, 4)
        self.width = 2 if plan is None else max(plan[1], 1)
        self._nested = any(t.is_nested for t in self.types)
        single = len(self.codes) == 1
        self._word = self.fixed and single and self.codes[0] == B8 and not self.types[0].nullable
        self._view = single and self.codes[0] == VIEW
        self._scratch = np.zeros(_SCRATCH, np.uint8)
        self._words = np.zeros((1024, self.width), np.uint64)
        self._held: object = None

    def encode(self, columns: Sequence[Column], length: int) -> Array:
        """The keys of `length` rows: uint64 (length, width), valid until the next call and while the columns live."""
        if self._word and columns[0].validity is None:
            return plain(columns[0].values).view(np.uint64).reshape(length, 1)
        if self._nested:
            columns = [encode_nested(c) for c in columns]
        if self._view and columns[0].validity is None:
            self._held = columns[0]
            return plain(columns[0].values)
        words = self._space(length)
        if self._view:
            rows.null_views(plain(columns[0].values), plain(columns[0].valid()), words)
            self._held = columns[0]
            return words
        frame = frame_of(self.codes, columns, length)
        if self.fixed:
            pack_words(frame.desc, self.plan, words)
        else:
            self._encode_bytes(frame, words)
        return words

    def _space(self, length: int) -> Array:
        if len(self._words) < length:
            self._words = np.zeros((2 * length, self.width), np.uint64)
        return self._words[:length]

    def _encode_bytes(self, frame: Frame, views: Array) -> None:
        ends = np.empty(frame.length + 1, np.int64)
        total = rows.encoded_sizes(frame.desc, self.nullable, ends)
        if total > len(self._scratch):
            self._scratch = np.zeros(2 * total, np.uint8)
        encode_at(frame.desc, self.nullable, ends, self._scratch, views)

    def decode(self, words: Array, slots: Array, owners: tuple[object, ...] = ()) -> list[Column]:
        """The key columns of words[slots]; `owners` keep alive what views in `words` point to."""
        length = len(slots)
        if self._view:
            taken = words.take(slots, 0)
            validity = None
            if self.types[0].nullable:
                null = (taken[:, 0] == 0) & (taken[:, 1] == 1)
                if null.any():
                    validity = ~null
                    taken[null] = 0
            return [self._column(0, taken, validity, owners)]
        values = [empty_array(t, length) for t in self.types]
        flags = [np.ones(length, np.bool_) if t.nullable else None for t in self.types]
        frame = Frame(self.codes, values, flags, length)
        if self.fixed:
            unpack_words(words, slots, self.plan, frame.desc)
        else:
            rows.decode_rows(words, slots, self.nullable, frame.desc)
        return [self._column(c, v, f, owners) for c, (v, f) in enumerate(zip(values, flags, strict=True))]

    def _column(self, c: int, values: Array, validity: Array | None, owners: tuple[object, ...]) -> Column:
        kind = self.types[c]
        column = Column(kind, values, validity, owners if kind.has_views or kind.is_nested else ())
        return decode_nested(column) if kind.is_nested else column

    def key_groups(self, columns: Sequence[Column], length: int) -> Array:
        """The key group of each row (int16, 0 to 127): the hash modulo 128, stable across versions."""
        out = np.empty(length, np.int16)
        group_words(self.encode(columns, length), not self.fixed, out)
        return out

    def buckets(self, columns: Sequence[Column], length: int, count: int) -> Array:
        """The hash of each row modulo `count` (int32), stable across versions."""
        out = np.empty(length, np.int32)
        bucket_words(self.encode(columns, length), not self.fixed, count, out)
        return out

    def groups_of(self, words: Array) -> Array:
        """The key group of each of these encoded keys (int16)."""
        out = np.empty(len(words), np.int16)
        group_words(plain(words), not self.fixed, out)
        return out


def _fixed_plan(codes: Sequence[int], nullable: Sequence[bool]) -> tuple[list[tuple[int, int, int, int]], int] | None:
    """Per column (word, shift, null word or -1, null shift), and the number of words; None where it must be bytes."""
    if VIEW in codes:
        return None
    used: list[int] = []

    def place(bits: int) -> tuple[int, int]:
        for word, taken in enumerate(used):
            if taken + bits <= 64:
                used[word] += bits
                return word, taken
        used.append(bits)
        return len(used) - 1, 0

    spots: dict[int, tuple[int, int]] = {}
    for c in sorted(range(len(codes)), key=lambda c: (-WIDTHS[codes[c]], c)):
        if codes[c] == B16:
            used.extend((64, 64))
            spots[c] = (len(used) - 2, 0)
        else:
            spots[c] = place(8 * WIDTHS[codes[c]])
    plan = [spots[c] + (place(1) if nullable[c] else (-1, 0)) for c in range(len(codes))]
    return (plan, len(used)) if len(used) <= MAX_WORDS else None


@kernel
def encode_at(desc: Array, nullable: Array, ends: Array, scratch: Array, views: Array) -> None:
    """Encode rows into a scratch array."""
    rows.encode_rows(desc, nullable, ends, scratch.ctypes.data, views)


@kernel
def pack_words(desc: Array, plan: Array, out: Array) -> None:
    """Pack fixed-width columns into words by plan (word, shift, null word, null shift); a NULL's value bits are 0."""
    base, width = out.ctypes.data, out.shape[1]
    out[:] = 0
    for c in range(len(desc)):
        code = desc[c, CODE]
        word, shift, mask_word, mask_shift = plan[c, 0], np.uint64(plan[c, 1]), plan[c, 2], np.uint64(plan[c, 3])
        start, step = desc[c, VALUES], width_of(code)
        for i in range(len(out)):
            row = base + 8 * width * i
            if not is_valid(desc, c, i):
                at = row + 8 * mask_word
                store_u64(at, load_u64(at) | (np.uint64(1) << mask_shift))
            elif code == B16:
                store_u64(row + 8 * word, load_u64(start + 16 * i))
                store_u64(row + 8 * word + 8, load_u64(start + 16 * i + 8))
            else:
                at = row + 8 * word
                store_u64(at, load_u64(at) | (load_word(code, start + step * i) << shift))


@kernel
def unpack_words(words: Array, slots: Array, plan: Array, desc: Array) -> None:
    """The inverse of `pack_words` for the keys at `slots`."""
    base, width = words.ctypes.data, words.shape[1]
    for c in range(len(desc)):
        code = desc[c, CODE]
        word, shift, mask_word, mask_shift = plan[c, 0], np.uint64(plan[c, 1]), plan[c, 2], np.uint64(plan[c, 3])
        start, step, flags = desc[c, VALUES], width_of(code), desc[c, 2]
        for i in range(len(slots)):
            row = base + 8 * width * np.int64(slots[i])
            at = start + step * i
            if code == B16:
                store_u64(at, load_u64(row + 8 * word))
                store_u64(at + 8, load_u64(row + 8 * word + 8))
            else:
                store_word(code, at, load_u64(row + 8 * word) >> shift)
            if flags != 0 and mask_word >= 0:
                null = (load_u64(row + 8 * mask_word) >> mask_shift) & np.uint64(1)
                rows.store_u8(flags + i, np.uint8(1) - np.uint8(null))


@kernel
def group_words(words: Array, views: bool, out: Array) -> None:
    """out[i] = hash of key i modulo the number of key groups."""
    base, width = words.ctypes.data, words.shape[1]
    for i in range(len(out)):
        at = base + 8 * width * i
        value = hash_view(at) if views else hash_words(at, width)
        out[i] = np.int64(value & np.uint64(KEY_GROUPS - 1))


@kernel
def bucket_words(words: Array, views: bool, count: int, out: Array) -> None:
    """out[i] = hash of key i modulo `count`."""
    base, width = words.ctypes.data, words.shape[1]
    for i in range(len(out)):
        at = base + 8 * width * i
        value = hash_view(at) if views else hash_words(at, width)
        out[i] = np.int32(value % np.uint64(count))
