"""Kernels over whole rows under a descriptor (`engine.state.layout`): compare, hash, copy, clear, encode, decode.

The canonical encoding of a row is, column by column: a byte 1 (0 for NULL, and then nothing more) where the column is
nullable; then the value's bytes, after a 32-bit length where it is a view. -0.0 is written as 0.0, every NaN as one.
Two rows are equal iff their encodings are, and `decode_rows` brings the values back.
"""

from __future__ import annotations

import numpy as np

from engine.changes import Array
from engine.memory import (
    Word,
    copy_bytes,
    inlined,
    kernel,
    load_f32,
    load_f64,
    load_u8,
    load_u16,
    load_u32,
    load_u64,
    make_view,
    store_u8,
    store_u32,
    store_u64,
    view_bytes,
    view_equal,
    view_length,
)
from engine.state.hashing import P0, finish, hash_view, mix
from engine.state.layout import B1, B2, B4, B8, B16, CODE, F4, F8, VALIDITY, VALUES, VIEW, is_valid, width_of

NAN32 = np.uint64(0x7FC00000)
NAN64 = np.uint64(0x7FF8000000000000)
NULL_HASH = np.uint64(0x6E756C6C)


@inlined
def load_word(code: int, at: int) -> Word:
    """A value of at most eight bytes as an unsigned word; floats normalised (one zero, one NaN)."""
    if code == B8:
        return load_u64(at)
    if code == F8:
        real = load_f64(at)
        if real == 0.0:
            return np.uint64(0)
        return NAN64 if real != real else load_u64(at)
    if code == B4:
        return np.uint64(load_u32(at))
    if code == F4:
        single = load_f32(at)
        if single == 0.0:
            return np.uint64(0)
        return NAN32 if single != single else np.uint64(load_u32(at))
    if code == B2:
        return np.uint64(load_u16(at))
    return np.uint64(load_u8(at))


@inlined
def store_word(code: int, at: int, word: int) -> None:
    """Write a value of at most eight bytes."""
    if code in (B8, F8):
        store_u64(at, word)
    elif code in (B4, F4):
        store_u32(at, np.uint32(word))
    elif code == B2:
        store_u8(at, np.uint8(word & np.uint64(255)))
        store_u8(at + 1, np.uint8(word >> np.uint64(8)))
    else:
        store_u8(at, np.uint8(word))


@inlined
def value_equal(code: int, a: int, b: int) -> Word:
    """Whether two values at these addresses are the same (NaN = NaN, -0.0 = 0.0)."""
    if code == VIEW:
        return view_equal(a, b)
    if code == B16:
        return load_u64(a) == load_u64(b) and load_u64(a + 8) == load_u64(b + 8)
    return load_word(code, a) == load_word(code, b)


@inlined
def row_equal(a: Array, i: int, b: Array, j: int, columns: Array) -> Word:
    """Whether rows i and j agree in these columns; NULL equals NULL. Both descriptors have the same columns."""
    for k in range(len(columns)):
        c = columns[k]
        valid = is_valid(a, c, i)
        if valid != is_valid(b, c, j):
            return False
        code = a[c, CODE]
        width = width_of(code)
        if valid and not value_equal(code, a[c, VALUES] + i * width, b[c, VALUES] + j * width):
            return False
    return True


@kernel
def hash_rows(desc: Array, columns: Array, seeds: Array, out: Array) -> None:
    """out[i] = hash of row i's values in these columns, begun with seeds[i] (int64)."""
    for i in range(len(out)):
        state = P0 ^ np.uint64(seeds[i])
        for k in range(len(columns)):
            c = columns[k]
            code = desc[c, CODE]
            at = desc[c, VALUES] + i * width_of(code)
            if not is_valid(desc, c, i):
                state = mix(state, NULL_HASH)
            elif code == VIEW:
                state = mix(state, hash_view(at))
            elif code == B16:
                state = mix(mix(state, load_u64(at)), load_u64(at + 8))
            else:
                state = mix(state, load_word(code, at))
        out[i] = finish(state)


@inlined
def copy_value(code: int, target: int, source: int) -> None:
    """Copy one value (of a view: its two words)."""
    if code in (VIEW, B16):
        store_u64(target, load_u64(source))
        store_u64(target + 8, load_u64(source + 8))
    elif code in (B8, F8):
        store_u64(target, load_u64(source))
    elif code in (B4, F4):
        store_u32(target, load_u32(source))
    else:
        for i in range(width_of(code)):
            store_u8(target + i, load_u8(source + i))


@inlined
def take_values(code: int, out: int, start: int, rows: Array) -> None:
    """Copy the values at these rows one after another to `out`; zero where the row is negative."""
    if code in (B8, F8):
        for i in range(len(rows)):
            row = np.int64(rows[i])
            store_u64(out + 8 * i, load_u64(start + 8 * row) if row >= 0 else np.uint64(0))
    elif code in (VIEW, B16):
        for i in range(len(rows)):
            row = np.int64(rows[i])
            store_u64(out + 16 * i, load_u64(start + 16 * row) if row >= 0 else np.uint64(0))
            store_u64(out + 16 * i + 8, load_u64(start + 16 * row + 8) if row >= 0 else np.uint64(0))
    elif code in (B4, F4):
        for i in range(len(rows)):
            row = np.int64(rows[i])
            store_u32(out + 4 * i, load_u32(start + 4 * row) if row >= 0 else np.uint32(0))
    else:
        width = width_of(code)
        for i in range(len(rows)):
            row = np.int64(rows[i])
            for b in range(width):
                store_u8(out + i * width + b, load_u8(start + row * width + b) if row >= 0 else np.uint8(0))


@kernel
def take_rows(source: Array, rows: Array, target: Array) -> None:
    """target row i = source row rows[i], all columns; where rows[i] < 0: NULL, zero."""
    for c in range(len(source)):
        take_values(source[c, CODE], target[c, VALUES], source[c, VALUES], rows)
        valid, flags = source[c, VALIDITY], target[c, VALIDITY]
        if flags != 0 and valid != 0:
            take_values(B1, flags, valid, rows)
        elif flags != 0:
            for i in range(len(rows)):
                store_u8(flags + i, np.uint8(rows[i] >= 0))


@kernel
def put_rows(target: Array, rows: Array, source: Array) -> None:
    """target row rows[i] = source row i, all columns but views (they need their bytes kept: `StringArena`)."""
    for c in range(len(source)):
        code = source[c, CODE]
        width = width_of(code)
        start, valid, out, flags = source[c, VALUES], source[c, VALIDITY], target[c, VALUES], target[c, VALIDITY]
        for i in range(len(rows)):
            row = np.int64(rows[i])
            if code != VIEW:
                copy_value(code, out + row * width, start + i * width)
            if flags != 0:
                store_u8(flags + row, np.uint8(1) if valid == 0 else load_u8(valid + i))


@kernel
def clear_rows(target: Array, rows: Array) -> None:
    """Zero all columns but views at these rows; nullable ones become NULL."""
    for c in range(len(target)):
        code = target[c, CODE]
        width = width_of(code)
        out, flags = target[c, VALUES], target[c, VALIDITY]
        for i in range(len(rows)):
            row = np.int64(rows[i])
            if code != VIEW:
                for b in range(width):
                    store_u8(out + row * width + b, np.uint8(0))
            if flags != 0:
                store_u8(flags + row, np.uint8(0))


@inlined
def clear_row(target: Array, row: int) -> None:
    """Zero one row, views too."""
    for c in range(len(target)):
        width = width_of(target[c, CODE])
        for b in range(width):
            store_u8(target[c, VALUES] + row * width + b, np.uint8(0))
        if target[c, VALIDITY] != 0:
            store_u8(target[c, VALIDITY] + row, np.uint8(0))


@kernel
def encoded_sizes(desc: Array, nullable: Array, ends: Array) -> Word:
    """ends[i + 1] = where the encoding of row i ends when rows follow one another; returns the total."""
    total = 0
    ends[0] = 0
    for i in range(len(ends) - 1):
        for c in range(len(desc)):
            code = desc[c, CODE]
            if nullable[c]:
                total += 1
                if not is_valid(desc, c, i):
                    continue
            if code == VIEW:
                total += 4 + view_length(desc[c, VALUES] + 16 * i)
            else:
                total += width_of(code)
        ends[i + 1] = total
    return total


@inlined
def encode_value(code: int, source: int, target: int) -> Word:
    """Write a value's canonical bytes; returns the address after them."""
    if code == VIEW:
        length = view_length(source)
        store_u32(target, np.uint32(length))
        copy_bytes(target + 4, view_bytes(source), length)
        return target + 4 + length
    if code == B16:
        copy_value(code, target, source)
    else:
        store_word(code, target, load_word(code, source))
    return target + width_of(code)


@kernel
def encode_rows(desc: Array, nullable: Array, ends: Array, start: int, views: Array) -> None:
    """Write the rows' encodings at address `start` on and views (uint64 (n, 2)) of them."""
    base = views.ctypes.data
    for i in range(len(views)):
        first = start + ends[i]
        at = first
        for c in range(len(desc)):
            code = desc[c, CODE]
            if nullable[c]:
                valid = is_valid(desc, c, i)
                store_u8(at, np.uint8(valid))
                at += 1
                if not valid:
                    continue
            at = encode_value(code, desc[c, VALUES] + i * width_of(code), at)
        make_view(base + 16 * i, first, at - first)


@inlined
def decode_row(cursor: int, nullable: Array, target: Array, row: int) -> Word:
    """Read one encoded row at an address into row `row` of a descriptor; returns the address after it."""
    at = cursor
    for c in range(len(target)):
        code = target[c, CODE]
        width = width_of(code)
        out, flags = target[c, VALUES] + row * width, target[c, VALIDITY]
        if nullable[c]:
            valid = load_u8(at)
            at += 1
            if flags != 0:
                store_u8(flags + row, valid)
            if valid == 0:
                for b in range(width):
                    store_u8(out + b, np.uint8(0))
                continue
        if code == VIEW:
            length = np.int64(load_u32(at))
            make_view(out, at + 4, length)
            at += 4 + length
        else:
            copy_value(code, out, at)
            at += width
    return at


@kernel
def decode_rows(views: Array, slots: Array, nullable: Array, target: Array) -> None:
    """target row i = the row whose encoding is views[slots[i]]; strings become views into the encoding's memory.

    The encodings must stay where they are: short ones lie in `views` itself.
    """
    base = views.ctypes.data
    for i in range(len(slots)):
        decode_row(view_bytes(base + 16 * np.int64(slots[i])), nullable, target, i)


@kernel
def null_views(views: Array, validity: Array, out: Array) -> None:
    """The views, with NULL's two words where validity is false."""
    for i in range(len(views)):
        if validity[i]:
            out[i, 0], out[i, 1] = views[i, 0], views[i, 1]
        else:
            out[i, 0], out[i, 1] = np.uint64(0), np.uint64(1)
