"""ORDER BY as unsigned words or bytes: `SortCodec` turns columns with directions into keys that compare by memcmp's
order.

    codec = SortCodec([TIMESTAMP(), STRING], descending=[True, False], nulls_last=[False, True])
    orders = codec.encode(columns, n)      # uint64 (n, 2), valid until the next call and while the columns live
    codec.form                             # WORD: orders[:, 0] alone decides; WORDS: both words; BYTES: they are views
    codec.decode(orders, owners)           # the column again (single-column codecs; -0.0 comes back as 0.0)

Columns of fixed width fit words where they have 128 bits together; a nullable one needs a bit more, but for types
with values to spare (DOUBLE, FLOAT; TIMESTAMP, TIME, DECIMAL(p <= 18), intervals: their extremes are no values). -0.0
= 0.0, NaN is the largest. In bytes form strings are escaped (0 becomes 0 255, then 0 0 ends it); a single ascending
NOT NULL string is its own view.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column
from engine.memory import (
    Word,
    inlined,
    kernel,
    load_u8,
    load_u64,
    make_view,
    plain,
    store_u8,
    store_u64,
    swap_bytes,
    view_bytes,
    view_length,
)
from engine.state.layout import (
    B16,
    CODE,
    F4,
    F8,
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
from engine.state.nested import encode_nested
from engine.state.rows import load_word, store_word
from engine.types import DataType, Kind

WORD, WORDS, BYTES = range(3)
DESCENDING, NULLABLE, LAST, SPARE, BOOL = 1, 2, 4, 8, 16
_ONE = np.uint64(1)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
_SIGN = np.uint64(0x8000000000000000)


class SortCodec:
    """See the module."""

    def __init__(self, types: Sequence[DataType], descending: Sequence[bool] | None = None,
                 nulls_last: Sequence[bool] | None = None) -> None:
        self.types = tuple(types)
        none = [False] * len(self.types)
        self.codes = tuple(code_of(t) for t in self.types)
        self.flags = np.array([_flags(t, d, n) for t, d, n in
                               zip(self.types, descending or none, nulls_last or none, strict=True)], np.int64)
        bits = [8 * WIDTHS[c] + int(bool(f & NULLABLE) and not f & SPARE)
                for c, f in zip(self.codes, self.flags.tolist(), strict=True)]
        self.form = BYTES if VIEW in self.codes or sum(bits) > 128 else WORD if sum(bits) <= 64 else WORDS
        self._raw = self.codes == (VIEW,) and not self.flags[0]
        self._words = np.zeros((1024, 2), np.uint64)
        self._scratch = np.zeros(1 << 16, np.uint8)
        self._held: object = None

    def encode(self, columns: Sequence[Column], length: int) -> Array:
        """The orders of `length` rows."""
        columns = [encode_nested(c) for c in columns]
        if self._raw and columns[0].validity is None:
            self._held = columns[0]
            return plain(columns[0].values)
        if len(self._words) < length:
            self._words = np.zeros((2 * length, 2), np.uint64)
        words = self._words[:length]
        frame = frame_of(self.codes, columns, length)
        if self.form != BYTES:
            order_words(frame.desc, self.flags, words)
            return words
        most = order_bytes_at_most(frame.desc, length)
        if most > len(self._scratch):
            self._scratch = np.zeros(2 * most, np.uint8)
        order_bytes(frame.desc, self.flags, self._scratch, words)
        return words

    def decode(self, orders: Array, owners: tuple[object, ...] = ()) -> Column:
        """The values of a codec of one column in words form, or of a single ascending string."""
        kind = self.types[0]
        if self._raw:
            return Column(kind, np.ascontiguousarray(orders), None, owners)
        values = empty_array(kind, len(orders))
        valid = np.ones(len(orders), np.bool_) if kind.nullable else None
        frame = Frame(self.codes, [values], [valid], len(orders))
        unorder_words(plain(orders), int(self.flags[0]), frame.desc)
        return Column(kind, values, valid)


def _flags(type: DataType, descending: bool, nulls_last: bool) -> int:
    spare = type.is_approximate or type.kind in (Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ, Kind.TIME, Kind.INTERVAL_TIME) or (
        type.is_decimal and not type.is_wide_decimal)
    return (DESCENDING * descending | NULLABLE * type.nullable | LAST * nulls_last | SPARE * spare
            | BOOL * (type.kind is Kind.BOOLEAN))


@inlined
def ordered_word(code: int, flags: int, at: int) -> Word:
    """A value of at most eight bytes as a word (of its own width) that orders as it does, its direction applied."""
    word = load_word(code, at)
    bits = np.uint64(8 * width_of(code))
    ones = _ONES >> (np.uint64(64) - bits)
    sign = _ONE << (bits - _ONE)
    if code in (F4, F8):
        word = (~word & ones) if word & sign else word | sign
    elif not flags & BOOL:
        word ^= sign
    return ones ^ word if flags & DESCENDING else word


@inlined
def original_word(code: int, flags: int, word: int) -> Word:
    """The inverse of `ordered_word`."""
    bits = np.uint64(8 * width_of(code))
    ones = _ONES >> (np.uint64(64) - bits)
    sign = _ONE << (bits - _ONE)
    if flags & DESCENDING:
        word = ones ^ word
    if code in (F4, F8):
        return word ^ sign if word & sign else ~word & ones
    return word if flags & BOOL else word ^ sign


@inlined
def append_bits(out: Array, i: int, used: int, word: int, bits: int) -> Word:
    """Put the low `bits` of a word behind the `used` first bits of out[i]'s 128; returns the bits now used."""
    word <<= np.uint64(64 - bits)  # aligned to the top
    if used < 64:
        out[i, 0] |= word >> np.uint64(used)
        if used > 0:
            out[i, 1] |= word << np.uint64(64 - used)
    else:
        out[i, 1] |= word >> np.uint64(used - 64)
    return used + bits


@kernel
def order_words(desc: Array, flags: Array, out: Array) -> None:
    """Pack the columns' orders into 128 bits, the first column at the top."""
    out[:] = 0
    for i in range(len(out)):
        used = 0
        for c in range(len(desc)):
            code, flag = desc[c, CODE], flags[c]
            at = desc[c, VALUES] + width_of(code) * i
            bits = 8 * width_of(code)
            valid = is_valid(desc, c, i)
            last = (flag & LAST) != 0
            if flag & NULLABLE and not flag & SPARE:
                used = append_bits(out, i, used, np.uint64(valid != last), 1)
            if code == B16:
                turn = _ONES if flag & DESCENDING else np.uint64(0)
                high = (load_u64(at + 8) ^ _SIGN ^ turn) if valid else np.uint64(0)
                low = (load_u64(at) ^ turn) if valid else np.uint64(0)
                used = append_bits(out, i, used, high, 64)
                used = append_bits(out, i, used, low, 64)
            elif valid:
                used = append_bits(out, i, used, ordered_word(code, flag, at), bits)
            else:
                null = _ONES if last and flag & SPARE else np.uint64(0)
                used = append_bits(out, i, used, null, bits)


@kernel
def unorder_words(orders: Array, flags: int, desc: Array) -> None:
    """The inverse of `order_words` for one column."""
    code, start, valid_at = desc[0, CODE], desc[0, VALUES], desc[0, 2]
    width = width_of(code)
    flagged = (flags & NULLABLE) != 0 and not flags & SPARE
    for i in range(len(orders)):
        high, low = orders[i, 0], orders[i, 1]
        valid = True
        if flagged:
            valid = ((high >> np.uint64(63)) != 0) != ((flags & LAST) != 0)
            high = (high << _ONE) | (low >> np.uint64(63))
            low <<= _ONE
        elif flags & NULLABLE and code != B16:
            top = high >> np.uint64(64 - 8 * width)
            null = _ONES >> np.uint64(64 - 8 * width) if flags & LAST else np.uint64(0)
            valid = top != null
        if valid_at != 0:
            store_u8(valid_at + i, np.uint8(valid))
        if code == B16:
            turn = _ONES if flags & DESCENDING else np.uint64(0)
            store_u64(start + 16 * i, low ^ turn if valid else np.uint64(0))
            store_u64(start + 16 * i + 8, high ^ turn ^ _SIGN if valid else np.uint64(0))
        else:
            word = original_word(code, flags, high >> np.uint64(64 - 8 * width)) if valid else np.uint64(0)
            store_word(code, start + width * i, word)


@kernel
def order_bytes_at_most(desc: Array, length: int) -> Word:
    """An upper bound of the bytes that `order_bytes` writes."""
    total = 0
    for c in range(len(desc)):
        code = desc[c, CODE]
        total += length * (3 + width_of(code))
        if code == VIEW:
            for i in range(length):
                total += 2 * view_length(desc[c, VALUES] + 16 * i)
    return total


@inlined
def escape(source: int, length: int, turn: int, target: int) -> Word:
    """Write bytes so that none is a prefix of another: 0 as 0 255, 0 0 at the end; returns the address after them."""
    for b in range(length):
        byte = load_u8(source + b)
        store_u8(target, byte ^ turn)
        target += 1
        if byte == 0:
            store_u8(target, np.uint8(255) ^ turn)
            target += 1
    store_u8(target, turn)
    store_u8(target + 1, turn)
    return target + 2


@kernel
def order_bytes(desc: Array, flags: Array, scratch: Array, out: Array) -> None:
    """Write the columns' orders as bytes and views of them."""
    at, base = scratch.ctypes.data, out.ctypes.data
    for i in range(len(out)):
        first = at
        for c in range(len(desc)):
            code, flag = desc[c, CODE], flags[c]
            source = desc[c, VALUES] + width_of(code) * i
            turn = np.uint8(255) if flag & DESCENDING else np.uint8(0)
            if flag & NULLABLE:
                valid = is_valid(desc, c, i)
                store_u8(at, np.uint8(valid != ((flag & LAST) != 0)))
                at += 1
                if not valid:
                    continue
            if code == VIEW:
                at = escape(view_bytes(source), view_length(source), turn, at)
            elif code == B16:
                wide = _ONES if flag & DESCENDING else np.uint64(0)
                store_u64(at, swap_bytes(load_u64(source + 8) ^ _SIGN ^ wide))
                store_u64(at + 8, swap_bytes(load_u64(source) ^ wide))
                at += 16
            else:
                word = ordered_word(code, flag, source)
                for b in range(width_of(code)):
                    store_u8(at + b, np.uint8(word >> np.uint64(8 * (width_of(code) - 1 - b))))
                at += width_of(code)
        make_view(base + 16 * i, first, at - first)
