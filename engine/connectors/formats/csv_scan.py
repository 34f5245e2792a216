"""The scanner of CSV (RFC 4180, with Flink's options): fields by position, quoted ones over several lines, too.

Addresses are absolute; at least 16 zero bytes must follow the input, and the input must end with a newline.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from engine.connectors.formats.numbers import BAD, OK
from engine.connectors.formats.text import (
    CODE,
    ENTRY,
    HIGHS,
    ONES,
    SKIP,
    SPAN,
    VALID,
    VALUES,
    line_end,
    same_bytes,
    store_text,
)
from engine.memory import inlined, kernel, load8, load_i64, load_u64, store8, store_i64, trailing_zeros

GOOD, WRONG_QUOTE, WRONG_TYPE, NOT_UTF8, TOO_FEW, TOO_MANY, UNFINISHED = range(7)
"""Results for a record. UNFINISHED: a quoted field goes on behind the input."""

ARENA, DELIMITER, QUOTE, ESCAPE, COMMENT, NULL_TEXT, NULL_LENGTH, LENIENT, NEWLINES = range(0, 72, 8)
"""In `state` (offsets in bytes): where unescaped text goes next; the special characters, -1 for none; address and
length of the text that means NULL (-1 for none); whether what does not fit becomes NULL; newlines inside the record.
"""


@inlined("int64(int64, uint64, uint64, uint64)")
def _next_special(at: int, first: int, second: int, third: int) -> Any:
    """The address of the next byte that is one of three (each repeated in a word). There must be one."""
    while True:
        word = load_u64(at)
        a, b, c = word ^ first, word ^ second, word ^ third
        hit = ((a - uint64(ONES)) & ~a) | ((b - uint64(ONES)) & ~b) | ((c - uint64(ONES)) & ~c)
        hit &= uint64(HIGHS)
        if hit != uint64(0):
            return at + (trailing_zeros(hit) >> 3)
        at += 8


@kernel("UniTuple(int64, 4)(int64, int64, int64)")
def _quoted(at: int, end: int, state: int) -> Any:
    """A field from behind its opening quote: (address of its text, length, address behind the closing quote, GOOD or
    UNFINISHED). Text with escapes is copied to the arena.
    """
    quote, escape = load_i64(state + QUOTE), load_i64(state + ESCAPE)
    start, to = at, load_i64(state + ARENA)
    copied = False
    while at < end:
        byte = load8(at)
        special = byte == escape and at + 1 < end
        if byte == quote and not special:
            if load8(at + 1) != quote or at + 1 >= end:
                begun = load_i64(state + ARENA)
                text, length = (begun, to - begun) if copied else (start, at - start)
                store_i64(state + ARENA, to)
                return text, length, at + 1, GOOD
            special = True
        if special:
            if not copied:
                copied = True
                for address in range(start, at):
                    store8(to, load8(address))
                    to += 1
            at += 1
            byte = load8(at)
        if byte == 10:
            store_i64(state + NEWLINES, load_i64(state + NEWLINES) + 1)
        if copied:
            store8(to, byte)
            to += 1
        at += 1
    return 0, 0, at, UNFINISHED


@kernel("UniTuple(int64, 3)(int64, int64, int64)")
def _escaped(at: int, end: int, state: int) -> Any:
    """A field without quotes that has escape characters: (address of its text in the arena, length, address of its
    end).
    """
    to = load_i64(state + ARENA)
    start = to
    while load8(at) != load_i64(state + DELIMITER) and load8(at) != 10:
        if load8(at) == load_i64(state + ESCAPE) and load8(at + 1) != 10:
            at += 1
        store8(to, load8(at))
        at += 1
        to += 1
    store_i64(state + ARENA, to)
    return start, to - start, at


@inlined("int64(int64, int64, int64, int64, int64)")
def _store(text: int, length: int, node: int, row: int, state: int) -> Any:
    """Put a field's text into its column: GOOD or what is wrong with it."""
    if length == load_i64(state + NULL_LENGTH) and same_bytes(text, load_i64(state + NULL_TEXT), length):
        return GOOD
    if load_i64(node + CODE) == SPAN:
        store_i64(load_i64(node + VALUES) + 16 * row, text)
        store_i64(load_i64(node + VALUES) + 16 * row + 8, length)
        store8(load_i64(node + VALID) + row, 1)
        return GOOD
    status = store_text(text, text + length, node, row, False)
    if status == OK or (load_i64(state + LENIENT) != 0 and status == BAD):
        return GOOD
    return WRONG_TYPE if status == BAD else NOT_UTF8


@kernel("UniTuple(int64, 3)(int64, int64, int64, int64, int64, int64)")
def scan_record(at: int, end: int, row: int, table: int, count: int, state: int) -> Any:
    """Read one record: (address behind its newline, GOOD or what is wrong, position of the field it is wrong at)."""
    delimiter, quote = load_i64(state + DELIMITER), load_i64(state + QUOTE)
    escape = load_i64(state + ESCAPE) if load_i64(state + ESCAPE) >= 0 else 10
    first, second, third = uint64(delimiter * ONES), uint64(10 * ONES), uint64(escape * ONES)
    position = 0
    while True:
        if load8(at) == quote:
            text, length, stop, status = _quoted(at + 1, end, state)
            if status != GOOD:
                return at, status, position
            if load8(stop) == 13 and load8(stop + 1) == 10:
                stop += 1
            if load8(stop) != delimiter and load8(stop) != 10:
                return at, WRONG_QUOTE, position
        else:
            stop = _next_special(at, first, second, third)
            text, length = at, stop - at
            if load8(stop) != delimiter and load8(stop) != 10:
                text, length, stop = _escaped(at, end, state)
            if load8(stop) == 10 and length > 0 and load8(text + length - 1) == 13:
                length -= 1
        if position < count:
            node = table + ENTRY * position
            if load_i64(node + CODE) != SKIP:
                status = _store(text, length, node, row, state)
                if status != GOOD:
                    return at, status, position
        position += 1
        if load8(stop) == 10:
            if position != count and load_i64(state + LENIENT) == 0:
                return at, (TOO_FEW if position < count else TOO_MANY), position
            return stop + 1, GOOD, position
        at = stop + 1


@kernel("UniTuple(int64, 4)(int64, int64, int64, int64, int64, int64[:, ::1], int64, int64[:, ::1], int64[:, ::1], "
        "boolean)")
def scan_records(at: int, end: int, row: int, capacity: int, line: int, nodes: Any, state: int, spans: Any, bad: Any,
                 final: bool) -> Any:
    """Read records into rows from `row` on, until the input, the room for rows or that for bad records ends.

    Returns (address reached, rows, lines, bad records); `spans` and `bad` as in `json_scan.scan_lines`. A record that
    goes on behind the input is left, or, if `final`, bad.
    """
    found, table = 0, nodes.ctypes.data
    while at < end and row < capacity and found < len(bad):
        byte = load8(at)
        if byte == 10 or (byte == 13 and load8(at + 1) == 10) or byte == load_i64(state + COMMENT):
            at = line_end(at, end) + 1
            line += 1
            continue
        for i in range(len(nodes)):
            if nodes[i, VALID // 8] != 0:
                store8(nodes[i, VALID // 8] + row, 0)
        store_i64(state + NEWLINES, 0)
        stop, status, position = scan_record(at, end, row, table, len(nodes), state)
        if status == GOOD:
            spans[row, 0] = at
            spans[row, 1] = line
            row += 1
            line += 1 + load_i64(state + NEWLINES)
            at = stop
            continue
        if status == UNFINISHED and not final:
            break
        stop = line_end(at, end)
        bad[found, 0], bad[found, 1], bad[found, 2], bad[found, 3], bad[found, 4] = at, stop, line, status, position
        found += 1
        line += 1
        at = stop + 1
    return at, row, line, found
