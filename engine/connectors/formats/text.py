"""Text in kernels: UTF-8 validation, escapes, trimming, and the parsing of one value by the type of its column."""

from __future__ import annotations

from typing import Any

from numba import uint64

from engine.connectors.formats.numbers import BAD, NULLED, OK, parse_decimal, parse_double, parse_integer
from engine.connectors.formats.times import parse_date, parse_time, parse_timestamp
from engine.memory import (
    double_bits,
    inlined,
    kernel,
    load8,
    load_i64,
    load_u64,
    put_view_fast,
    store8,
    store_i64,
    trailing_zeros,
)

SKIP, BOOL, INTEGER, DOUBLE, FLOAT, DECIMAL, STRING, DATE, TIME, STAMP, SPAN, OBJECT = range(12)
"""How a kernel reads a column. SPAN: only where its text stands, for a slower reader; OBJECT: a ROW with columns
inside.
"""

(CODE, VALUES, VALID, FIRST, SECOND, UNIT, PARENT, CHILD, CHILDREN, NAME, LENGTH, FOLLOW, SEEN, TESTS,
 TESTED) = range(0, 15 * 8, 8)
ENTRY = 15 * 8
"""A table of nodes has an entry a declared field: how to read it; the addresses of the values and validity of its
column (of the batch being read); parameters of the parser; for JSON its place in the tree of fields (positions in the
table), address and length of the name, the field that followed it the last time, the line it was seen in last; address
and number of the tests that its value has to pass for the line to become a row. Offsets in bytes.
"""

ONES = 0x0101010101010101
HIGHS = 0x8080808080808080
BAD_UTF8 = 3
"""A fourth result of the parsers of `numbers`: the text is not UTF-8."""


@inlined("boolean(int64, int64)")
def has_high_bytes(at: int, end: int) -> Any:
    """Whether any byte is above 127. Reads up to seven bytes past the end, which must be readable."""
    seen = uint64(0)
    while at + 8 <= end:
        seen |= load_u64(at)
        at += 8
    if at < end:
        seen |= load_u64(at) & ((uint64(1) << uint64(8 * (end - at))) - uint64(1))
    return (seen & uint64(HIGHS)) != uint64(0)


@kernel("int64(int64, int64)")
def _sequence(at: int, end: int) -> Any:
    """The length of the UTF-8 sequence of several bytes at `at`; 0 where it is not one (RFC 3629, section 4)."""
    lead = load8(at)
    size = 2 if 0xC2 <= lead <= 0xDF else (3 if 0xE0 <= lead <= 0xEF else (4 if 0xF0 <= lead <= 0xF4 else 0))
    if size == 0 or at + size > end:
        return 0
    for i in range(1, size):
        if load8(at + i) & 0xC0 != 0x80:
            return 0
    second = load8(at + 1)
    if (lead == 0xE0 and second < 0xA0) or (lead == 0xED and second > 0x9F):
        return 0
    if (lead == 0xF0 and second < 0x90) or (lead == 0xF4 and second > 0x8F):
        return 0
    return size


@kernel("boolean(int64, int64)")
def is_utf8(at: int, end: int) -> Any:
    """Whether the bytes are valid UTF-8."""
    while at < end:
        if load8(at) < 0x80:
            at += 1
            continue
        size = _sequence(at, end)
        if size == 0:
            return False
        at += size
    return True


@kernel("int64(int64, int64)")
def write_code_point(at: int, point: int) -> Any:
    """Write a Unicode code point as UTF-8; the number of bytes."""
    if point < 0x80:
        store8(at, point)
        return 1
    if point < 0x800:
        store8(at, 0xC0 | (point >> 6))
        store8(at + 1, 0x80 | (point & 0x3F))
        return 2
    if point < 0x10000:
        store8(at, 0xE0 | (point >> 12))
        store8(at + 1, 0x80 | ((point >> 6) & 0x3F))
        store8(at + 2, 0x80 | (point & 0x3F))
        return 3
    store8(at, 0xF0 | (point >> 18))
    store8(at + 1, 0x80 | ((point >> 12) & 0x3F))
    store8(at + 2, 0x80 | ((point >> 6) & 0x3F))
    store8(at + 3, 0x80 | (point & 0x3F))
    return 4


@inlined("int64(int64)")
def blanks(at: int) -> Any:
    """The address of the first byte that is not a blank, tab or carriage return."""
    byte = load8(at)
    while byte <= 32 and (byte == 32 or byte == 9 or byte == 13):
        at += 1
        byte = load8(at)
    return at


@kernel("int64(int64, int64)")
def line_end(at: int, end: int) -> Any:
    """The address of the next newline, or `end`."""
    while at + 8 <= end:
        word = load_u64(at) ^ uint64(10 * ONES)
        hit = (word - uint64(ONES)) & ~word & uint64(HIGHS)
        if hit != uint64(0):
            return at + (trailing_zeros(hit) >> 3)
        at += 8
    while at < end and load8(at) != 10:
        at += 1
    return at


@inlined("boolean(int64, int64, int64)")
def same_bytes(a: int, b: int, length: int) -> Any:
    """Whether `length` bytes at two addresses are equal; eight more must be readable behind both."""
    while length >= 8:
        if load_u64(a) != load_u64(b):
            return False
        a += 8
        b += 8
        length -= 8
    if length == 0:
        return True
    return ((load_u64(a) ^ load_u64(b)) << uint64(8 * (8 - length))) == uint64(0)


@kernel("int64(int64, int64)")
def _parse_bool(at: int, end: int) -> Any:
    """Java's Boolean.parseBoolean: 1 for "true" in any case, else 0."""
    if end - at != 4:
        return 0
    letters = (116, 114, 117, 101)
    for i in range(4):
        if load8(at + i) | 0x20 != letters[i]:
            return 0
    return 1


@kernel("UniTuple(int64, 2)(int64, int64, int64, int64, int64)")
def parse_number(at: int, end: int, code: int, first: int, second: int) -> Any:
    """A number or boolean as the word of its column: (word, OK, BAD or NULLED).

    `first`, `second`: the greatest integer and whether fractions are cut; precision and scale of a decimal.
    """
    if code == INTEGER:
        return parse_integer(at, end, first, second != 0)
    if code == DOUBLE or code == FLOAT:
        value, status = parse_double(at, end)
        return double_bits(value), status
    if code == DECIMAL:
        return parse_decimal(at, end, first, second)
    return _parse_bool(at, end), OK


@kernel("UniTuple(int64, 2)(int64, int64, int64, int64, int64, int64)")
def parse_moment(at: int, end: int, code: int, style: int, zone: int, unit: int) -> Any:
    """A date, time or timestamp as the word of its column: (word, OK or BAD)."""
    if code == DATE:
        return parse_date(at, end)
    if code == TIME:
        value, status = parse_time(at, end, False)
        return value - value % unit, status
    return parse_timestamp(at, end, style, zone, unit)


@kernel("void(int64[:, ::1], int64[:, ::1], int64[::1], uint64[:, :, ::1], int64[::1], boolean[:, ::1], int64[::1])")
def bind_columns(table: Any, words: Any, words_at: Any, views: Any, views_at: Any, valid: Any, read: Any) -> None:
    """Tell a table of nodes where the columns of a batch are: those of `words_at` and `views_at` in order, validity of
    all read.
    """
    for i in range(len(words_at)):
        table[words_at[i], VALUES // 8] = words.ctypes.data + 8 * i * words.shape[1]
    for i in range(len(views_at)):
        table[views_at[i], VALUES // 8] = views.ctypes.data + 16 * i * views.shape[1]
    for i in range(len(read)):
        table[read[i], VALID // 8] = valid.ctypes.data + i * valid.shape[1]


@kernel("int64(int64, int64, int64, int64, boolean)")
def store_text(at: int, end: int, node: int, row: int, ascii: bool) -> Any:
    """Parse the text at `at` to `end` into row `row` of a node's column; OK, BAD, or BAD_UTF8.

    The text of strings is referred to, so it must stay. `node`: the address of its entry in a table of nodes. `ascii`:
    the text is known to be.
    """
    code, values = load_i64(node + CODE), load_i64(node + VALUES)
    if code == STRING:
        if not ascii and has_high_bytes(at, end) and not is_utf8(at, end):
            return BAD_UTF8
        put_view_fast(values + 16 * row, at, end - at)
        store8(load_i64(node + VALID) + row, 1)
        return OK
    if code < STRING:
        while at < end and load8(at) <= 32:
            at += 1
        while end > at and load8(end - 1) <= 32:
            end -= 1
        word, status = parse_number(at, end, code, load_i64(node + FIRST), load_i64(node + SECOND))
    else:
        first, second = load_i64(node + FIRST), load_i64(node + SECOND)
        word, status = parse_moment(at, end, code, first, second, load_i64(node + UNIT))
    if status == BAD:
        return BAD
    store_i64(values + 8 * row, word)
    store8(load_i64(node + VALID) + row, int(status != NULLED))
    return OK
