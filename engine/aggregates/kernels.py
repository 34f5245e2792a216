"""Compiled loops of the simple aggregates, for any number of calls at once.

A *program* is an int64 table with one row a call (fields below): what to do with a row (`APPLY`), how the result is
read (`FINISH`), and the addresses of the arguments, of the accumulators (by group slot) and of the results. Arguments
and results of at most eight bytes are int64 or float64, wide decimals two limbs. All row loops stay inside one kernel
call, so that a small batch costs one call whatever the number of aggregates.

An accumulator is a count `N` of the values taken in (int64) and up to two numbers `A`, `B`. When a retraction brings
the count back to 0, the others are zeroed: what is left of a sum of DOUBLE never depends on rows that are gone.
"""

from __future__ import annotations

import math

import numpy as np

from engine.changes import Array
from engine.memory import (
    inlined,
    kernel,
    load_f64,
    load_i64,
    load_u8,
    load_u64,
    store_f64,
    store_i64,
    store_u8,
    store_u64,
)

FIELDS = 11
APPLY, FINISH, VALUES, VALID, FILTER, N, A, B, OUT, OUT_VALID, DIGITS = range(FIELDS)

# APPLY
(COUNT, ADD_I, ADD_F, ADD_F4, ADD_D, ADD_W, MIN_I, MAX_I, MIN_F, MAX_F, MIN_W, MAX_W, FIRST, LAST, FIRST_W, LAST_W,
 MOMENT, SQUARES) = range(18)
# FINISH
TAKE_N, TAKE_A, TAKE_W, MEAN_I, MEAN_F, MEAN_W, VAR_POP, VAR_SAMP, STD_POP, STD_SAMP = range(10)

_ONE = np.uint64(1)
_LOW32 = np.uint64(0xFFFFFFFF)
_TEN38_HIGH, _TEN38_LOW = 5421010862427522170, np.uint64(687399551400673280)  # 10^38 in two limbs


@inlined
def add_wide(at: int, low: int, high: int) -> None:
    """Add 128 bits (low uint64, high int64) to those at an address."""
    before = load_u64(at)
    total = before + low
    store_u64(at, total)
    store_i64(at + 8, load_i64(at + 8) + high + np.int64(total < before))


@inlined
def less_wide(low: int, high: int, other_low: int, other_high: int) -> bool:
    return high < other_high or (high == other_high and low < other_low)


@inlined
def negate_low(low: int) -> int:
    return ~low + _ONE


@inlined
def moment(n_at: int, a_at: int, b_at: int, value: float, sign: int) -> None:
    """Welford's step, forwards or backwards."""
    count = load_i64(n_at) + sign
    store_i64(n_at, count)
    if count == 0:
        store_f64(a_at, 0.0)
        store_f64(b_at, 0.0)
        return
    mean = load_f64(a_at)
    delta = value - mean
    if sign > 0:
        after = mean + delta / count
        store_f64(b_at, load_f64(b_at) + delta * (value - after))
    else:
        after = mean - delta / count
        store_f64(b_at, max(load_f64(b_at) - delta * (value - after), 0.0))
    store_f64(a_at, after)


@inlined
def apply_add(op: int, n_at: int, a_at: int, value_at: int, sign: int) -> None:
    """Sums: take one value in or out."""
    count = load_i64(n_at) + sign
    store_i64(n_at, count)
    add_value(op, a_at, value_at, sign)
    if count == 0 and (op == ADD_F or op == ADD_F4):
        store_f64(a_at, 0.0)  # nothing is left, of rounding neither


@inlined
def add_value(op: int, a_at: int, value_at: int, sign: int) -> None:
    if op == ADD_I:
        store_i64(a_at, load_i64(a_at) + sign * load_i64(value_at))
    elif op == ADD_F:
        store_f64(a_at, load_f64(a_at) + sign * load_f64(value_at))
    elif op == ADD_F4:
        store_f64(a_at, np.float64(np.float32(load_f64(a_at) + sign * load_f64(value_at))))
    else:
        low = load_u64(value_at)
        high = load_i64(value_at + 8) if op == ADD_W else load_i64(value_at) >> 63
        if sign < 0:
            high = ~high + np.int64(low == np.uint64(0))
            low = negate_low(low)
        add_wide(a_at, low, high)


@inlined
def apply_best(op: int, n_at: int, a_at: int, value_at: int) -> None:
    """MIN, MAX, FIRST_VALUE, LAST_VALUE of an append-only input."""
    count = load_i64(n_at)
    store_i64(n_at, count + 1)
    if op == MIN_I:
        better = load_i64(value_at) < load_i64(a_at)
    elif op == MAX_I:
        better = load_i64(value_at) > load_i64(a_at)
    elif op == MIN_F:
        better = load_f64(value_at) < load_f64(a_at)
    elif op == MAX_F:
        better = load_f64(value_at) > load_f64(a_at)
    elif op == LAST or op == LAST_W:
        better = True
    elif op == FIRST or op == FIRST_W:
        better = False
    else:
        below = less_wide(load_u64(value_at), load_i64(value_at + 8), load_u64(a_at), load_i64(a_at + 8))
        above = less_wide(load_u64(a_at), load_i64(a_at + 8), load_u64(value_at), load_i64(value_at + 8))
        better = below if op == MIN_W else above
    if better or count == 0:
        store_i64(a_at, load_i64(value_at))
        if op == MIN_W or op == MAX_W or op == FIRST_W or op == LAST_W:
            store_i64(a_at + 8, load_i64(value_at + 8))


@inlined
def argument_width(op: int) -> int:
    return 16 if op == ADD_W or op == MIN_W or op == MAX_W or op == FIRST_W or op == LAST_W else 8


@inlined
def state_width(op: int) -> int:
    return 16 if op == ADD_D else argument_width(op)


@inlined
def apply(op: int, n_at: int, a_at: int, b_at: int, value_at: int, sign: int) -> None:
    if op == COUNT:
        store_i64(n_at, load_i64(n_at) + sign)
    elif op == MOMENT:
        moment(n_at, a_at, b_at, load_f64(value_at), sign)
    elif op == SQUARES:
        value = load_i64(value_at)
        add_sums(n_at, a_at, b_at, sign, sign * value, sign * value * value)
    elif op <= ADD_W:
        apply_add(op, n_at, a_at, value_at, sign)
    else:
        apply_best(op, n_at, a_at, value_at)


@inlined
def add_sums(n_at: int, a_at: int, b_at: int, count: int, total: int, squares: int) -> None:
    store_i64(n_at, load_i64(n_at) + count)
    store_i64(a_at, load_i64(a_at) + total)
    store_i64(b_at, load_i64(b_at) + squares)


@inlined
def counted(valid: int, filter: int, row: int) -> bool:
    """Whether a call takes a row in: its argument is present and its filter passed."""
    return (valid == 0 or load_u8(valid + row) != 0) and (filter == 0 or load_u8(filter + row) != 0)


@inlined
def divide_limb(high: int, low: int, divisor: int) -> tuple[int, int]:
    """(high * 2^64 + low) / divisor for high < divisor < 2^63: quotient and remainder, all uint64."""
    if high == np.uint64(0):
        return low // divisor, low % divisor
    quotient, rest = np.uint64(0), high
    for i in range(64):
        rest = (rest << _ONE) | ((low >> np.uint64(63 - i)) & _ONE)
        quotient <<= _ONE
        if rest >= divisor:
            rest -= divisor
            quotient |= _ONE
    return quotient, rest


@inlined
def ten_times(high: int, low: int, digit: int) -> tuple[int, int]:
    """128-bit value * 10 + digit (uint64 limbs)."""
    part = (low & _LOW32) * np.uint64(10) + digit
    upper = (low >> np.uint64(32)) * np.uint64(10) + (part >> np.uint64(32))
    return high * np.uint64(10) + (upper >> np.uint64(32)), (upper << np.uint64(32)) | (part & _LOW32)


@inlined
def mean_wide(a_at: int, count: int, digits: int, out: int) -> None:
    """128-bit sum / count with `digits` more decimal places, rounded half up (away from zero)."""
    low, signed = load_u64(a_at), load_i64(a_at + 8)
    negative = signed < 0
    if negative:
        signed = ~signed + np.int64(low == np.uint64(0))
        low = negate_low(low)
    divisor = np.uint64(count)
    high = np.uint64(signed)
    top, rest = high // divisor, high % divisor
    bottom, rest = divide_limb(rest, low, divisor)
    for _ in range(digits):
        rest *= np.uint64(10)
        top, bottom = ten_times(top, bottom, rest // divisor)
        rest %= divisor
    if rest + rest >= divisor:
        bottom += _ONE
        top += np.uint64(bottom == np.uint64(0))
    store_wide(out, bottom, top, negative)


@inlined
def store_wide(out: int, low: int, high: int, negative: bool) -> None:
    signed = np.int64(high)
    if negative:
        signed = ~signed + np.int64(low == np.uint64(0))
        low = negate_low(low)
    store_u64(out, low)
    store_i64(out + 8, signed)


@inlined
def fits_38(at: int) -> bool:
    """Whether 128 bits hold at most 38 decimal digits."""
    low, high = load_u64(at), load_i64(at + 8)
    if high < 0:
        high = ~high + np.int64(low == np.uint64(0))
        low = negate_low(low)
    return high >= 0 and less_wide(low, high, _TEN38_LOW, _TEN38_HIGH)


@inlined
def spread(op: int, count: int, squares: float) -> float:
    value = squares / (count if op == VAR_POP or op == STD_POP else count - 1)
    return math.sqrt(value) if op == STD_POP or op == STD_SAMP else value


@inlined
def whole_spread(op: int, count: int, total: int, squares: int) -> float:
    """The spread of integers as Flink has it: each division drops its fraction."""
    product = total * total
    mean = product // count if product >= 0 else -(-product // count)
    rest, divisor = squares - mean, count if op == VAR_POP or op == STD_POP else count - 1
    value = float(rest // divisor if rest >= 0 else -(-rest // divisor))
    return math.sqrt(value) if (op == STD_POP or op == STD_SAMP) and value > 0 else value


@inlined
def finish(op: int, digits: int, n_at: int, a_at: int, b_at: int, out: int) -> int:
    """Write a group's result; returns 1 where it is present, 0 where NULL."""
    count = load_i64(n_at)
    if op == TAKE_N:
        store_i64(out, count)
        return 1
    if op == TAKE_W or op == MEAN_W:
        store_i64(out, load_i64(a_at))
        store_i64(out + 8, load_i64(a_at + 8))
        if count == 0 or (count < 0 and op == MEAN_W):
            return 0
        if op == MEAN_W:
            mean_wide(a_at, count, digits, out)
        return 1 if fits_38(out) else 0
    present = count != 0  # fewer than none where a part of a window lost what another part had
    store_i64(out, load_i64(a_at))
    if op == MEAN_I and present:
        total = load_i64(a_at)
        quotient = abs(total) // abs(count)
        store_i64(out, -quotient if (total < 0) != (count < 0) else quotient)
    elif op == MEAN_F and present:
        store_f64(out, load_f64(a_at) / count)
    elif op >= VAR_POP:
        present = count > (1 if op == VAR_SAMP or op == STD_SAMP else 0)
        if present and digits:
            store_f64(out, whole_spread(op, count, load_i64(a_at), load_i64(b_at)))
        elif present:
            store_f64(out, spread(op, count, load_f64(b_at)))
    return 1 if present else 0


@inlined
def out_width(finisher: int) -> int:
    return 16 if finisher == TAKE_W or finisher == MEAN_W else 8


@kernel
def accumulate(program: Array, slots: Array, signs: Array, signed: bool) -> None:
    """Take rows in (or out, where `signed` and the sign is -1), call by call."""
    for c in range(len(program)):
        op, valid, filter = program[c, APPLY], program[c, VALID], program[c, FILTER]
        counts, states, others, values = program[c, N], program[c, A], program[c, B], program[c, VALUES]
        if op == COUNT and not signed:
            for i in range(len(slots)):
                if counted(valid, filter, i):
                    at = counts + 8 * slots[i]
                    store_i64(at, load_i64(at) + 1)
        elif op == ADD_I and not signed:
            for i in range(len(slots)):
                if counted(valid, filter, i):
                    n_at, a_at = counts + 8 * slots[i], states + 8 * slots[i]
                    store_i64(n_at, load_i64(n_at) + 1)
                    store_i64(a_at, load_i64(a_at) + load_i64(values + 8 * i))
        else:
            wide, step = state_width(op), argument_width(op)
            for i in range(len(slots)):
                if counted(valid, filter, i):
                    slot = slots[i]
                    sign = np.int64(signs[i]) if signed else 1
                    apply(op, counts + 8 * slot, states + wide * slot, others + 8 * slot, values + step * i, sign)


@kernel
def running(program: Array, slots: Array, signs: Array, signed: bool, start: int) -> None:
    """`accumulate`, writing each call's result after row i at result row start + i and, where start > 0, that before it
    at i."""
    for c in range(len(program)):
        op, finisher, valid, filter = program[c, APPLY], program[c, FINISH], program[c, VALID], program[c, FILTER]
        counts, states, others, values = program[c, N], program[c, A], program[c, B], program[c, VALUES]
        out, flags, digits = program[c, OUT], program[c, OUT_VALID], program[c, DIGITS]
        wide, step, width = state_width(op), argument_width(op), out_width(finisher)
        for i in range(len(slots)):
            slot = slots[i]
            n_at, a_at, b_at = counts + 8 * slot, states + wide * slot, others + 8 * slot
            if start > 0:
                present = finish(finisher, digits, n_at, a_at, b_at, out + width * i)
                store_u8(flags + i, np.uint8(present))
            if counted(valid, filter, i):
                apply(op, n_at, a_at, b_at, values + step * i, np.int64(signs[i]) if signed else 1)
            present = finish(finisher, digits, n_at, a_at, b_at, out + width * (start + i))
            store_u8(flags + start + i, np.uint8(present))


@kernel
def results(program: Array, slots: Array, start: int) -> None:
    """Each call's result of these groups, written at result rows `start` on."""
    for c in range(len(program)):
        op, finisher, digits = program[c, APPLY], program[c, FINISH], program[c, DIGITS]
        counts, states, others = program[c, N], program[c, A], program[c, B]
        out, flags = program[c, OUT], program[c, OUT_VALID]
        wide, width = state_width(op), out_width(finisher)
        for i in range(len(slots)):
            slot = slots[i]
            present = finish(finisher, digits, counts + 8 * slot, states + wide * slot, others + 8 * slot,
                             out + width * (start + i))
            store_u8(flags + start + i, np.uint8(present))


@inlined
def merge_moment(n_at: int, a_at: int, b_at: int, count: int, mean: float, squares: float) -> None:
    """Chan's parallel form of Welford's step."""
    before = load_i64(n_at)
    total = before + count
    if total == 0:
        store_i64(n_at, 0)
        store_f64(a_at, 0.0)
        store_f64(b_at, 0.0)
        return
    delta = mean - load_f64(a_at)
    store_i64(n_at, total)
    store_f64(a_at, load_f64(a_at) + delta * count / total)
    store_f64(b_at, load_f64(b_at) + squares + delta * delta * before * count / total)


@kernel
def merge(program: Array, other: Array, slots: Array, other_slots: Array) -> None:
    """Add the accumulators of `other` at other_slots to those at slots, pair by pair, in order."""
    for c in range(len(program)):
        op = program[c, APPLY]
        wide = state_width(op)
        for i in range(len(slots)):
            s, o = slots[i], other_slots[i]
            n_at, a_at, b_at = program[c, N] + 8 * s, program[c, A] + wide * s, program[c, B] + 8 * s
            count, from_at = load_i64(other[c, N] + 8 * o), other[c, A] + wide * o
            if op <= ADD_W and op != COUNT and op != MOMENT:
                add_value(ADD_W if op == ADD_D else op, a_at, from_at, 1)
                store_i64(n_at, load_i64(n_at) + count)
            elif op == SQUARES:
                add_sums(n_at, a_at, b_at, count, load_i64(from_at), load_i64(other[c, B] + 8 * o))
            elif count == 0:
                continue
            elif op == COUNT:
                store_i64(n_at, load_i64(n_at) + count)
            elif op == MOMENT:
                merge_moment(n_at, a_at, b_at, count, load_f64(from_at), load_f64(other[c, B] + 8 * o))
            else:
                before = load_i64(n_at)
                apply_best(op, n_at, a_at, from_at)
                store_i64(n_at, before + count)


@kernel
def clear(program: Array, slots: Array) -> None:
    """Empty these groups."""
    for c in range(len(program)):
        wide = state_width(program[c, APPLY])
        for i in range(len(slots)):
            store_i64(program[c, N] + 8 * slots[i], 0)
            if program[c, A] != 0:
                for b in range(0, wide, 8):
                    store_i64(program[c, A] + wide * slots[i] + b, 0)
            if program[c, B] != 0:
                store_i64(program[c, B] + 8 * slots[i], 0)


@kernel
def changed(program: Array, first: int, count: int, out: Array) -> None:
    """out[i] |= whether results i and count + i differ in any call from row `first` of the program on."""
    for c in range(first, len(program)):
        values, flags, width = program[c, OUT], program[c, OUT_VALID], out_width(program[c, FINISH])
        for i in range(count):
            present = load_u8(flags + i)
            differs = present != load_u8(flags + count + i)
            if present != 0 and not differs:
                a, b = values + width * i, values + width * (count + i)
                differs = load_i64(a) != load_i64(b) or (width == 16 and load_i64(a + 8) != load_i64(b + 8))
            out[i] |= differs


@kernel
def take_results(program: Array, first: int, rows: Array, words: Array, flags: Array) -> None:
    """Copy result rows: the calls from `first` on one after another, each as wide as its result."""
    target = 0
    for c in range(first, len(program)):
        values, valid, wide = program[c, OUT], program[c, OUT_VALID], out_width(program[c, FINISH]) == 16
        for i in range(len(rows)):
            flags[c - first, i] = load_u8(valid + rows[i])
            if wide:
                words[target] = load_i64(values + 16 * rows[i])
                words[target + 1] = load_i64(values + 16 * rows[i] + 8)
                target += 2
            else:
                words[target] = load_i64(values + 8 * rows[i])
                target += 1


@kernel
def change_groups(program: Array, groups: Array, slots: Array, signs: Array, signed: bool, first: int,
                  out: Array) -> None:
    """`accumulate` between two `results` of the groups, then `changed`."""
    results(program, groups, 0)
    accumulate(program, slots, signs, signed)
    results(program, groups, len(groups))
    changed(program, first, len(groups), out)


@kernel
def change_rows(program: Array, slots: Array, signs: Array, signed: bool, first: int, out: Array) -> None:
    """`running`, then `changed`."""
    running(program, slots, signs, signed, len(slots))
    changed(program, first, len(slots), out)
