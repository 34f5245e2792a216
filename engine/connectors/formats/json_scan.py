"""The scanner of JSON lines: walks the declared fields, predicts the next one, and leaves strings where they stand.

Reads RFC 8259 strictly but for raw control characters in strings (Flink's reader takes them, too). Addresses are
absolute; at least 16 zero bytes must follow the input.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from engine.connectors.formats.numbers import BAD, OK
from engine.connectors.formats.text import (
    BOOL,
    CHILD,
    CHILDREN,
    CODE,
    ENTRY,
    FIRST,
    FOLLOW,
    HIGHS,
    INTEGER,
    LENGTH,
    NAME,
    OBJECT,
    ONES,
    PARENT,
    SEEN,
    SKIP,
    SPAN,
    STRING,
    TESTED,
    VALID,
    VALUES,
    blanks,
    line_end,
    same_bytes,
    store_text,
    write_code_point,
)
from engine.connectors.formats.trials import passes
from engine.memory import inlined, kernel, load8, load_i64, load_u64, store8, store_i64, trailing_zeros

GOOD, SYNTAX, WRONG_TYPE, NOT_UTF8, MISSING, TOO_DEEP, NOT_OBJECT, DROPPED, AGAIN = range(9)
"""Results for a line. DROPPED: it does not pass the tests; AGAIN: a field that failed its tests came a second time."""

ESCAPED, NOT_ASCII = 1, 2
"""Flags of a string: it has escapes; it may have bytes above 127."""

MAX_DEPTH = 1000
ARENA, LEFT_OUT, STACK = 0, 8, 16
"""In `state`: the address where unescaped text goes next; how many lines of this batch were dropped; then the closing
brackets awaited by the skipper, a byte each.
"""


@inlined("UniTuple(int64, 2)(int64, int64)")
def string_end(at: int, end: int) -> Any:
    """From behind an opening quote: (address of the closing one or -1, flags)."""
    flags, seen = 0, uint64(0)
    while at < end:
        word = load_u64(at)
        seen |= word
        quote = word ^ uint64(34 * ONES)
        slash = word ^ uint64(92 * ONES)
        hit = ((quote - uint64(ONES)) & ~quote) | ((slash - uint64(ONES)) & ~slash)
        hit = (hit | ((word - uint64(32 * ONES)) & ~word)) & uint64(HIGHS)
        if hit == uint64(0):
            at += 8
            continue
        at += trailing_zeros(hit) >> 3
        byte = load8(at)
        if byte == 34:
            return at, flags | (NOT_ASCII if seen & uint64(HIGHS) else 0)
        if byte == 92:
            flags = ESCAPED | NOT_ASCII
            at += 2 if load8(at + 1) != 10 else 1
        elif byte == 10:
            return -1, 0
        else:
            at += 1
    return -1, 0


@kernel("int64(int64)")
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


@kernel("UniTuple(int64, 2)(int64, int64)")
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


@kernel("int64(int64, int64, int64)")
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


@kernel("int64(int64)")
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


@kernel("int64(int64, int64)")
def scalar_end(at: int, end: int) -> Any:
    """The address behind a string, number or literal; -1 where there is none."""
    byte = load8(at)
    if byte == 34:
        stop, _ = string_end(at + 1, end)
        return stop + 1 if stop >= 0 else -1
    word = load_u64(at)
    first = word & uint64(0xFFFFFFFF)
    if first == uint64(0x6C6C756E) or first == uint64(0x65757274):  # null, true
        return at + 4
    if word & uint64(0xFFFFFFFFFF) == uint64(0x65736C6166):  # false
        return at + 5
    return number_end(at)


@kernel("UniTuple(int64, 2)(int64, int64, int64)")
def skip_container(at: int, end: int, state: int) -> Any:
    """The address behind an object or array: (address, GOOD, SYNTAX or TOO_DEEP)."""
    depth = state + STACK  # the address of the next entry of the stack
    while True:  # at a value
        byte = load8(at)
        opened = byte == 123 or byte == 91
        if opened:
            if depth == state + STACK + MAX_DEPTH:
                return at, TOO_DEEP
            store8(depth, byte + 2)
            depth += 1
            at = blanks(at + 1)
        else:
            at = scalar_end(at, end)
            if at < 0:
                return at, SYNTAX
            at = blanks(at)
        if not opened or load8(at) == load8(depth - 1):
            while load8(at) == load8(depth - 1):
                depth -= 1
                at += 1
                if depth == state + STACK:
                    return at, GOOD
                at = blanks(at)
            if load8(at) != 44:
                return at, SYNTAX
            at = blanks(at + 1)
        if load8(depth - 1) == 125:
            stop = scalar_end(at, end) if load8(at) == 34 else -1
            if stop < 0 or load8(blanks(stop)) != 58:
                return at, SYNTAX
            at = blanks(blanks(stop) + 1)


@inlined("UniTuple(int64, 2)(int64, int64, int64)")
def skip_value(at: int, end: int, state: int) -> Any:
    """The address behind a value of any kind: (address, GOOD, SYNTAX or TOO_DEEP)."""
    byte = load8(at)
    if byte == 123 or byte == 91:
        return skip_container(at, end, state)
    at = scalar_end(at, end)
    return at, (GOOD if at >= 0 else SYNTAX)


@kernel("int64(int64, int64, int64)")
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


@kernel("UniTuple(int64, 2)(int64, int64, int64, int64, int64, int64)")
def find_key(at: int, end: int, table: int, parent: int, before: int, state: int) -> Any:
    """As `match_key`, which see, where the prediction failed."""
    stop, flags = string_end(at + 1, end)
    if stop < 0:
        return 0, -1
    text, length = at + 1, stop - at - 1
    if flags & ESCAPED:
        text = load_i64(state + ARENA)
        length = unescape(at + 1, stop, text)
        if length < 0:
            return 0, -1
    child = table + ENTRY * load_i64(parent + CHILD)
    for _ in range(load_i64(parent + CHILDREN)):
        if load_i64(child + LENGTH) == length and same_bytes(text, load_i64(child + NAME), length):
            if before != 0:
                store_i64(before + FOLLOW, child)
            return child, stop + 1
        child += ENTRY
    return 0, stop + 1


@inlined("UniTuple(int64, 2)(int64, int64, int64, int64, int64, int64, int64)")
def match_key(at: int, end: int, table: int, parent: int, expected: int, before: int, state: int) -> Any:
    """The declared field of a key: (entry or 0, address behind the closing quote or -1 if bad).

    `at`: the opening quote. `expected`: the entry to try first, `before`: the one seen last, whose successor is learnt.
    """
    if expected != 0 and same_bytes(at + 1, load_i64(expected + NAME), load_i64(expected + LENGTH) + 1):
        return expected, at + 2 + load_i64(expected + LENGTH)
    return find_key(at, end, table, parent, before, state)


@kernel("UniTuple(int64, 2)(int64, int64, int64, int64, int64)")
def read_string(at: int, end: int, node: int, row: int, state: int) -> Any:
    """Read the string at `at` into a column of any type: (address behind it, GOOD or what is wrong with it)."""
    stop, flags = string_end(at + 1, end)
    if stop < 0:
        return at, SYNTAX
    text, length = at + 1, stop - at - 1
    if flags & ESCAPED:
        text = load_i64(state + ARENA)
        length = unescape(at + 1, stop, text)
        if length < 0:
            return at, SYNTAX
        store_i64(state + ARENA, text + length)
    status = store_text(text, text + length, node, row, flags == 0)
    return stop + 1, (GOOD if status == OK else (WRONG_TYPE if status == BAD else NOT_UTF8))


@kernel("UniTuple(int64, 2)(int64, int64, int64, int64, int64)")
def read_other(at: int, end: int, node: int, row: int, state: int) -> Any:
    """Read a value that is no string into its column: (address behind it, GOOD or what is wrong with it)."""
    code, byte = load_i64(node + CODE), load8(at)
    stop, status = skip_value(at, end, state)
    if status != GOOD or byte == 110:
        store8(load_i64(node + VALID) + row, 0)
        return stop, status
    if code == SPAN:
        store_i64(load_i64(node + VALUES) + 16 * row, at)
        store_i64(load_i64(node + VALUES) + 16 * row + 8, stop - at)
        store8(load_i64(node + VALID) + row, 1)
        return stop, GOOD
    if byte == 123 or byte == 91:
        if code != STRING:
            return stop, WRONG_TYPE
        text = load_i64(state + ARENA)
        length = compact(at, stop, text)
        store_i64(state + ARENA, text + length)
        status = store_text(text, text + length, node, row, False)
        return stop, (GOOD if status == OK else NOT_UTF8)
    if code == OBJECT or ((byte == 116 or byte == 102) and code != STRING and code != BOOL):
        return stop, WRONG_TYPE
    status = store_text(at, stop, node, row, True)
    return stop, (GOOD if status == OK else WRONG_TYPE)


@inlined("UniTuple(int64, 2)(int64, int64, int64, int64, int64)")
def read_value(at: int, end: int, node: int, row: int, state: int) -> Any:
    """Read the value at `at` into its column: (address behind it, GOOD or what is wrong with it)."""
    byte, code = load8(at), load_i64(node + CODE)
    if code == INTEGER and 49 <= byte <= 57:  # the common case: a plain integer of few digits
        value, stop = byte - 48, at + 1
        digit = load8(stop) - 48
        while 0 <= digit <= 9 and stop < at + 18:
            value = value * 10 + digit
            stop += 1
            digit = load8(stop) - 48
        if (digit == 44 - 48 or digit == 125 - 48) and value <= load_i64(node + FIRST):
            store_i64(load_i64(node + VALUES) + 8 * row, value)
            store8(load_i64(node + VALID) + row, 1)
            return stop, GOOD
    if byte == 34 and code != SPAN and code != OBJECT:
        return read_string(at, end, node, row, state)
    return read_other(at, end, node, row, state)


@kernel("UniTuple(int64, 3)(int64, int64, int64, int64, int64, int64, boolean, boolean)")
def scan_row(at: int, end: int, row: int, stamp: int, table: int, state: int, lenient: bool, early: bool) -> Any:
    """Read one object: (address behind it, GOOD, DROPPED or what is wrong, entry it is wrong at).

    SEEN of each field met becomes `stamp`. `lenient`: a value that does not fit its type becomes NULL. `early`: once a
    value fails its tests, the others are only skipped.
    """
    if load8(at) != 123:
        return at, NOT_OBJECT, table
    dropped = False
    parent, before, expected, opened = table, 0, table + ENTRY * load_i64(table + CHILD), True
    at += 1
    while True:
        at = blanks(at)
        if not (opened and load8(at) == 125):
            if load8(at) != 34:
                return at, SYNTAX, parent
            child, at = match_key(at, end, table, parent, expected, before, state)
            if at < 0:
                return at, SYNTAX, parent
            at = blanks(at)
            if load8(at) != 58:
                return at, SYNTAX, parent
            at = blanks(at + 1)
            if child == 0:
                at, status = skip_value(at, end, state)
                if status != GOOD:
                    return at, status, parent
            else:
                if dropped and load_i64(child + TESTED) != 0 and load_i64(child + SEEN) == stamp:
                    return at, AGAIN, child
                store_i64(child + SEEN, stamp)
                before, expected, code = child, load_i64(child + FOLLOW), load_i64(child + CODE)
                if dropped and code != OBJECT:
                    code = SKIP
                if code == OBJECT and load8(at) == 123:
                    store8(load_i64(child + VALID) + row, 1)
                    parent, before, expected, opened = child, 0, table + ENTRY * load_i64(child + CHILD), True
                    at += 1
                    continue
                if code == SKIP:
                    at, status = skip_value(at, end, state)
                else:
                    at, status = read_value(at, end, child, row, state)
                if status != GOOD and not (lenient and status == WRONG_TYPE):
                    return at, status, child
                if early and code != SKIP and load_i64(child + TESTED) != 0:
                    dropped = not passes(child, row)
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
            if parent == table:
                return at, (DROPPED if dropped else GOOD), table
            before = parent
            expected = load_i64(parent + FOLLOW)
            parent = table + ENTRY * load_i64(parent + PARENT)


@kernel("int64(int64, int64, int64)")
def _missing(table: int, count: int, stamp: int) -> Any:
    """The first declared field of the line that was not met, or 0. Fields of a ROW count if the ROW itself was met."""
    for i in range(1, count):
        node = table + ENTRY * i
        parent = table + ENTRY * load_i64(node + PARENT)
        if load_i64(node + SEEN) != stamp and (parent == table or load_i64(parent + SEEN) == stamp):
            return node
    return 0


@kernel("UniTuple(int64, 4)(int64, int64, int64, int64, int64, int64[:, ::1], int64, int64[:, ::1], int64[:, ::1], "
        "boolean, boolean, int64[::1])")
def scan_lines(at: int, end: int, row: int, capacity: int, line: int, nodes: Any, state: int, spans: Any, bad: Any,
               lenient: bool, complete: bool, tested: Any) -> Any:
    """Read lines into rows from `row` on, until the input, the room for rows (dropped ones count) or that for bad lines
    ends.

    Returns (address reached, rows, lines, bad lines). `spans[row]`: address and number of the row's line. `bad`:
    address, end, number, reason and entry (its number) of each bad line. `complete`: a missing field is an error.
    `tested`: the entries that have tests.
    """
    found, table, dropped = 0, nodes.ctypes.data, load_i64(state + LEFT_OUT)
    while at < end and row + dropped < capacity and found < len(bad):
        start = at
        at = blanks(at)
        if load8(at) == 10 or at >= end:
            at += 1
            line += 1
            continue
        for i in range(1, len(nodes)):
            if nodes[i, VALID // 8] != 0:
                store8(nodes[i, VALID // 8] + row, 0)
        begun = at
        at, status, node = scan_row(begun, end, row, line, table, state, lenient, True)
        if status == AGAIN:
            at, status, node = scan_row(begun, end, row, line, table, state, lenient, False)
        if status == GOOD or status == DROPPED:
            at = blanks(at)
            if load8(at) != 10 and at < end:
                status, node = SYNTAX, table
            elif complete:
                missing = _missing(table, len(nodes), line)
                status, node = (status, table) if missing == 0 else (MISSING, missing)
        if status == GOOD:
            for i in range(len(tested)):
                if not passes(table + ENTRY * tested[i], row):
                    status = DROPPED
        if status == DROPPED:
            dropped += 1
            at += 1
        elif status == GOOD:
            spans[row, 0] = start
            spans[row, 1] = line
            row += 1
            at += 1
        else:
            stop = line_end(start, end)
            bad[found, 0], bad[found, 1], bad[found, 2] = start, stop, line
            bad[found, 3], bad[found, 4] = status, (node - table) // ENTRY
            found += 1
            at = stop + 1
        line += 1
    store_i64(state + LEFT_OUT, dropped)
    return at, row, line, found
