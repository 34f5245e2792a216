"""The scanner of JSON lines: walks the declared fields, predicts the next one, and leaves strings where they stand.

Reads RFC 8259 strictly but for raw control characters in strings (Flink's reader takes them, too). Addresses are absolute;
at least 16 zero bytes must follow the input.
"""

from __future__ import annotations

from typing import Any

from numba import njit, uint64

from engine.connectors.formats.memory import load8, load64, put_view, store8, trailing_zeros
from engine.connectors.formats.numbers import BAD, OK
from engine.connectors.formats.text import (
    BAD_UTF8, BOOL, HIGHS, INTEGER, OBJECT, ONES, SKIP, SPAN, STRING, blanks, line_end, same_bytes, store_text,
    write_code_point,
)  # fmt: skip

CODE, SLOT, OUTPUT, FIRST, SECOND, UNIT, PARENT, CHILD, CHILDREN, NAME, LENGTH = range(11)
"""Columns of the table of nodes (declared fields; 0 is the whole line): how to read, where to, parameters, place in the tree."""

GOOD, SYNTAX, WRONG_TYPE, NOT_UTF8, MISSING, TOO_DEEP, NOT_OBJECT = range(7)
"""Results for a line."""

MAX_DEPTH = 1000
ARENA, STACK = 0, 1
"""In `state`: the address where unescaped text goes next; then the scratch of the skipper."""


@njit("UniTuple(int64, 2)(int64, int64)", nogil=True, cache=True)
def string_end(at: int, end: int) -> Any:
    """From behind an opening quote: (address of the closing one or -1, whether there are escapes)."""
    escaped = 0
    while at < end:
        word = load64(at)
        quote = word ^ uint64(34 * ONES)
        slash = word ^ uint64(92 * ONES)
        hit = ((quote - uint64(ONES)) & ~quote) | ((slash - uint64(ONES)) & ~slash) | (word - uint64(32 * ONES)) & ~word
        hit &= uint64(HIGHS)
        if hit == uint64(0):
            at += 8
            continue
        at += trailing_zeros(hit) >> 3
        byte = load8(at)
        if byte == 34:
            return at, escaped
        if byte == 92:
            escaped = 1
            at += 2 if load8(at + 1) != 10 else 1
        elif byte == 10:
            return -1, 0
        else:
            at += 1
    return -1, 0


@njit("int64(int64)", nogil=True, cache=True)
def _hex4(at: int) -> Any:
    """Four hexadecimal digits; negative where there are others."""
    value = 0
    for i in range(4):
        byte = load8(at + i)
        if 48 <= byte <= 57:
            value = value * 16 + byte - 48
        elif 97 <= (byte | 32) <= 102:
            value = value * 16 + (byte | 32) - 87
        else:
            return -1
    return value


@njit("UniTuple(int64, 2)(int64, int64)", nogil=True, cache=True)
def _unicode_escape(at: int, end: int) -> Any:
    """The code point of a \\u escape at `at` (and of its second half): (point or -1, bytes read)."""
    point = _hex4(at + 2) if at + 6 <= end else -1
    if not 0xD800 <= point <= 0xDFFF:
        return point, 6
    if point >= 0xDC00 or at + 12 > end or load8(at + 6) != 92 or load8(at + 7) != 117:
        return -1, 6
    second = _hex4(at + 8)
    if not 0xDC00 <= second <= 0xDFFF:
        return -1, 6
    return 0x10000 + ((point - 0xD800) << 10) + (second - 0xDC00), 12


@njit("int64(int64, int64, int64)", nogil=True, cache=True)
def unescape(at: int, end: int, to: int) -> Any:
    """Copy a string's bytes without escapes to `to`; the number of bytes, -1 for a bad escape."""
    start = to
    while at < end:
        byte = load8(at)
        if byte != 92:
            store8(to, byte)
            at += 1
            to += 1
            continue
        kind = load8(at + 1)
        if kind == 117:
            point, size = _unicode_escape(at, end)
            if point < 0:
                return -1
            to += write_code_point(to, point)
            at += size
            continue
        if kind == 34 or kind == 92 or kind == 47:
            store8(to, kind)
        elif kind == 98:
            store8(to, 8)
        elif kind == 102:
            store8(to, 12)
        elif kind == 110:
            store8(to, 10)
        elif kind == 114:
            store8(to, 13)
        elif kind == 116:
            store8(to, 9)
        else:
            return -1
        at += 2
        to += 1
    return to - start


@njit("int64(int64)", nogil=True, cache=True)
def number_end(at: int) -> Any:
    """The address behind a number, -1 where the grammar of JSON has none."""
    if load8(at) == 45:
        at += 1
    byte = load8(at)
    if byte == 48:
        at += 1
    elif 49 <= byte <= 57:
        while 48 <= load8(at) <= 57:
            at += 1
    else:
        return -1
    if load8(at) == 46:
        at += 1
        if not 48 <= load8(at) <= 57:
            return -1
        while 48 <= load8(at) <= 57:
            at += 1
    if load8(at) | 32 == 101:
        at += 1
        if load8(at) == 43 or load8(at) == 45:
            at += 1
        if not 48 <= load8(at) <= 57:
            return -1
        while 48 <= load8(at) <= 57:
            at += 1
    return at


@njit("int64(int64, int64)", nogil=True, cache=True)
def scalar_end(at: int, end: int) -> Any:
    """The address behind a string, number or literal; -1 where there is none."""
    byte = load8(at)
    if byte == 34:
        stop, _ = string_end(at + 1, end)
        return stop + 1 if stop >= 0 else -1
    word = load64(at)
    if uint64(word & uint64(0xFFFFFFFF)) == uint64(0x6C6C756E) or uint64(word & uint64(0xFFFFFFFF)) == uint64(0x65757274):
        return at + 4  # null, true
    if uint64(word & uint64(0xFFFFFFFFFF)) == uint64(0x65736C6166):
        return at + 5  # false
    return number_end(at)


@njit("UniTuple(int64, 2)(int64, int64, int64[::1])", nogil=True, cache=True)
def skip_value(at: int, end: int, state: Any) -> Any:
    """The address behind a value of any kind: (address, GOOD, SYNTAX or TOO_DEEP)."""
    byte = load8(at)
    if byte != 123 and byte != 91:
        at = scalar_end(at, end)
        return at, (GOOD if at >= 0 else SYNTAX)
    depth = 0
    while True:  # at a value or, just behind an opening bracket, at its end
        byte = load8(at)
        opened = byte == 123 or byte == 91
        if opened:
            if depth == MAX_DEPTH:
                return at, TOO_DEEP
            state[STACK + depth] = byte + 2
            depth += 1
            at = blanks(at + 1)
        else:
            at = scalar_end(at, end)
            if at < 0:
                return at, SYNTAX
            at = blanks(at)
        if not (opened and load8(at) != state[STACK + depth - 1]):
            while depth > 0 and load8(at) == state[STACK + depth - 1]:
                depth -= 1
                at += 1
                if depth == 0:
                    return at, GOOD
                at = blanks(at)
            if load8(at) != 44:
                return at, SYNTAX
            at = blanks(at + 1)
        if state[STACK + depth - 1] == 125:
            if load8(at) != 34:
                return at, SYNTAX
            at = blanks(scalar_end(at, end)) if scalar_end(at, end) >= 0 else at
            if load8(at) != 58:
                return at, SYNTAX
            at = blanks(at + 1)


@njit("int64(int64, int64, int64)", nogil=True, cache=True)
def compact(at: int, end: int, to: int) -> Any:
    """Copy JSON text without the blanks between its tokens; the number of bytes."""
    start = to
    quoted = False
    while at < end:
        byte = load8(at)
        if quoted or byte > 32:
            store8(to, byte)
            to += 1
        if byte == 92 and quoted:
            at += 1
            store8(to, load8(at))
            to += 1
        elif byte == 34:
            quoted = not quoted
        at += 1
    return to - start


@njit("UniTuple(int64, 2)(int64, int64, int64, int64, int64, int64[:, ::1], int64[::1], int64, int64[::1])", nogil=True,
      cache=True)  # fmt: skip
def match_key(at: int, end: int, parent: int, expected: int, before: int, nodes: Any, follow: Any, names: int,
              state: Any) -> Any:
    """The declared field of a key: (node or -1, address behind the closing quote or -1 if bad).

    `at`: the opening quote. `before`: the field seen last, whose successor is learnt. `names` is the address of all names, each
    followed by a quote.
    """
    if expected >= 0 and same_bytes(at + 1, names + nodes[expected, NAME], nodes[expected, LENGTH] + 1):
        return expected, at + 2 + nodes[expected, LENGTH]
    stop, escaped = string_end(at + 1, end)
    if stop < 0:
        return -1, -1
    text, length = at + 1, stop - at - 1
    if escaped:
        text = state[ARENA]
        length = unescape(at + 1, stop, text)
        if length < 0:
            return -1, -1
    first = nodes[parent, CHILD]
    for child in range(first, first + nodes[parent, CHILDREN]):
        if nodes[child, LENGTH] == length and same_bytes(text, names + nodes[child, NAME], length):
            if before >= 0:
                follow[before] = child
            return child, stop + 1
    return -1, stop + 1


@njit("UniTuple(int64, 2)(int64, int64, int64[::1], int64, int64[:, ::1], uint64[:, :, ::1], boolean[:, ::1], int64[::1])",
      nogil=True, cache=True)  # fmt: skip
def read_value(at: int, end: int, node: Any, row: int, words: Any, views: Any, valid: Any, state: Any) -> Any:
    """Read the value at `at` into its column: (address behind it, GOOD or what is wrong with it)."""
    byte = load8(at)
    code = node[CODE]
    if code == INTEGER and 49 <= byte <= 57:  # the common case first: a plain integer of few digits
        value, stop = byte - 48, at + 1
        while 48 <= load8(stop) <= 57 and stop < at + 18:
            value = value * 10 + load8(stop) - 48
            stop += 1
        byte = load8(stop)
        if (byte == 44 or byte == 125) and value <= node[FIRST]:
            words[node[SLOT], row] = value
            valid[node[OUTPUT], row] = True
            return stop, GOOD
        byte = load8(at)
    if byte == 34 and code != SPAN and code != OBJECT:
        stop, escaped = string_end(at + 1, end)
        if stop < 0:
            return at, SYNTAX
        text, length = at + 1, stop - at - 1
        if escaped:
            text = state[ARENA]
            length = unescape(at + 1, stop, text)
            if length < 0:
                return at, SYNTAX
            state[ARENA] += length
        status = store_text(text, text + length, node, row, words, views, valid)
        return stop + 1, (GOOD if status == OK else (WRONG_TYPE if status == BAD else NOT_UTF8))
    stop, status = skip_value(at, end, state)
    if status != GOOD or byte == 110:
        valid[node[OUTPUT], row] = False
        return stop, status
    if code == SPAN:
        views[node[SLOT], row, 0] = uint64(at)
        views[node[SLOT], row, 1] = uint64(stop - at)
        valid[node[OUTPUT], row] = True
        return stop, GOOD
    if byte == 123 or byte == 91:
        if code != STRING:
            return stop, WRONG_TYPE
        length = compact(at, stop, state[ARENA])
        put_view(views[node[SLOT]], row, state[ARENA], length)
        valid[node[OUTPUT], row] = True
        state[ARENA] += length
        return stop, GOOD
    if code == OBJECT or ((byte == 116 or byte == 102) and code != STRING and code != BOOL):
        return stop, WRONG_TYPE
    status = store_text(at, stop, node, row, words, views, valid)
    return stop, (GOOD if status == OK else WRONG_TYPE)


@njit("UniTuple(int64, 3)(int64, int64, int64, int64, int64[:, ::1], int64[::1], int64, int64[:, ::1], uint64[:, :, ::1],"
      "boolean[:, ::1], int64[::1], int64[::1], boolean)", nogil=True, cache=True)  # fmt: skip
def scan_row(at: int, end: int, row: int, stamp: int, nodes: Any, follow: Any, names: int, words: Any, views: Any, valid: Any,
             seen: Any, state: Any, lenient: bool) -> Any:
    """Read one object: (address behind it, GOOD or what is wrong, node it is wrong at).

    `seen[node]` becomes `stamp` for each field met. `lenient`: a value that does not fit its type becomes NULL.
    """
    if load8(at) != 123:
        return at, NOT_OBJECT, 0
    parent, before, expected, opened = 0, -1, nodes[0, CHILD], True
    at += 1
    while True:
        at = blanks(at)
        if not (opened and load8(at) == 125):
            if load8(at) != 34:
                return at, SYNTAX, parent
            child, at = match_key(at, end, parent, expected, before, nodes, follow, names, state)
            if at < 0:
                return at, SYNTAX, parent
            at = blanks(at)
            if load8(at) != 58:
                return at, SYNTAX, parent
            at = blanks(at + 1)
            if child < 0:
                at, status = skip_value(at, end, state)
                if status != GOOD:
                    return at, status, parent
            else:
                seen[child] = stamp
                before = child
                expected = follow[child]
                if nodes[child, CODE] == OBJECT and load8(at) == 123:
                    valid[nodes[child, OUTPUT], row] = True
                    parent, before, expected, opened = child, -1, nodes[child, CHILD], True
                    at += 1
                    continue
                at, status = (skip_value(at, end, state) if nodes[child, CODE] == SKIP else
                              read_value(at, end, nodes[child], row, words, views, valid, state))  # fmt: skip
                if status != GOOD and not (lenient and status == WRONG_TYPE):
                    return at, status, child
        while True:
            at = blanks(at)
            byte = load8(at)
            if byte == 44:
                opened = False
                at += 1
                break
            if byte != 125:
                return at, SYNTAX, parent
            at += 1
            if parent == 0:
                return at, GOOD, 0
            before = parent
            expected = follow[parent]
            parent = nodes[parent, PARENT]


@njit("int64(int64[:, ::1], int64[::1], int64)", nogil=True, cache=True)
def _missing(nodes: Any, seen: Any, stamp: int) -> Any:
    """The first declared field of the line that was not met, or -1. Fields of a ROW count if the ROW itself was met."""
    for node in range(1, len(nodes)):
        parent = nodes[node, PARENT]
        if seen[node] != stamp and (parent == 0 or seen[parent] == stamp):
            return node
    return -1


@njit("UniTuple(int64, 4)(int64, int64, int64, int64, int64[:, ::1], int64[::1], int64, int64[:, ::1], uint64[:, :, ::1],"
      "boolean[:, ::1], int64[:, ::1], int64[:, ::1], int64[::1], int64[::1], boolean, boolean)", nogil=True,
      cache=True)  # fmt: skip
def scan_lines(at: int, end: int, row: int, line: int, nodes: Any, follow: Any, names: int, words: Any, views: Any,
               valid: Any, spans: Any, bad: Any, seen: Any, state: Any, lenient: bool, complete: bool) -> Any:
    """Read lines into rows from `row` on, until the input, the room for rows or that for bad lines ends.

    Returns (address reached, rows, lines, bad lines). `spans[row]`: address and number of the row's line. `bad`: address, end,
    number, reason and node of each bad line. `complete`: a missing field is an error.
    """
    found = 0
    while at < end and row < valid.shape[1] and found < len(bad):
        start = at
        at = blanks(at)
        if load8(at) == 10 or at >= end:
            at += 1
            line += 1
            continue
        for i in range(len(valid)):
            valid[i, row] = False
        at, status, node = scan_row(at, end, row, line, nodes, follow, names, words, views, valid, seen, state, lenient)
        if status == GOOD:
            at = blanks(at)
            if load8(at) != 10 and at < end:
                status, node = SYNTAX, 0
            elif complete:
                missing = _missing(nodes, seen, line)
                status, node = (GOOD, 0) if missing < 0 else (MISSING, missing)
        if status == GOOD:
            spans[row, 0] = start
            spans[row, 1] = line
            row += 1
            at += 1
        else:
            stop = line_end(start, end)
            bad[found, 0], bad[found, 1], bad[found, 2], bad[found, 3], bad[found, 4] = start, stop, line, status, node
            found += 1
            at = stop + 1
        line += 1
    return at, row, line, found
