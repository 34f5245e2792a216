"""Memory by absolute address, for compiled kernels: loads, stores, bits, memcpy, memcmp, string views; reserved arrays.

Kernels take addresses from 64-bit words (a string view's second word, a control block), so that growing state never
has to hand new arrays to a kernel. Addresses are int64 everywhere: Numba turns int64 + uint64 into a float.

A *view* is the 16-byte string view of `engine.changes`; `view` arguments of the kernels below are the address of its
first word. NULL among the views of a key or of an order is `NULL_WORDS`, unequal to every string.

`Reservation` gives arrays that grow without moving: address space is reserved once, memory is used as it is touched.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.areas import Area
from engine.changes import Array
from engine.errors import UserError
from engine.kernels import inlined, kernel

Word = Any  # an integer or a flag in a kernel: Numba infers which

NULL_WORDS = (0, 1)
INLINE = 12
MAX_ROWS = 1 << 27
_NORESERVE = 0x4000
_HUGE_FROM = 1 << 21
_HEAD = object.__basicsize__


def _loader(bits: int, result: Any, real: bool = False) -> Any:
    """An intrinsic that reads one value at an address of any alignment."""

    @intrinsic
    def load(typing: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = {32: ir.FloatType(), 64: ir.DoubleType()}[bits] if real else ir.IntType(bits)
            value = builder.load(builder.inttoptr(args[0], kind.as_pointer()))
            value.align = 1
            return value

        return result(types.int64), code

    return load


def _storer(bits: int, value: Any, real: bool = False) -> Any:
    """An intrinsic that writes one value at an address of any alignment."""

    @intrinsic
    def store(typing: Any, address: Any, item: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = {32: ir.FloatType(), 64: ir.DoubleType()}[bits] if real else ir.IntType(bits)
            instruction = builder.store(args[1], builder.inttoptr(args[0], kind.as_pointer()))
            instruction.align = 1
            return context.get_dummy_value()

        return types.void(types.int64, value), code

    return store


load_u8 = _loader(8, types.uint8)
load_u16 = _loader(16, types.uint16)
load_u32 = _loader(32, types.uint32)
load_i32 = _loader(32, types.int32)
load_u64 = _loader(64, types.uint64)
load_i64 = _loader(64, types.int64)
load_f32 = _loader(32, types.float32, real=True)
load_f64 = _loader(64, types.float64, real=True)
store_u8 = _storer(8, types.uint8)
store_u32 = _storer(32, types.uint32)
store_i32 = _storer(32, types.int32)
store_u64 = _storer(64, types.uint64)
store_i64 = _storer(64, types.int64)
store_f64 = _storer(64, types.float64, real=True)


@intrinsic
def load8(typing: Any, address: Any) -> Any:
    """The byte at an address, as int64."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = builder.load(builder.inttoptr(args[0], ir.IntType(8).as_pointer()), align=1)
        return builder.zext(byte, ir.IntType(64))

    return types.int64(types.int64), code


@intrinsic
def store8(typing: Any, address: Any, value: Any) -> Any:
    """Write the low byte of an int64 at an address."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = builder.trunc(args[1], ir.IntType(8))
        builder.store(byte, builder.inttoptr(args[0], ir.IntType(8).as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), code


@intrinsic
def prefetch(typing: Any, address: Any) -> Any:
    """Ask for the cache line at an address."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", [pointer.type], ir.FunctionType(ir.VoidType(), [pointer.type, word, word, word]))
        builder.call(function, [pointer, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(types.int64), code


@intrinsic
def fold_multiply(typing: Any, a: Any, b: Any) -> Any:
    """The 128-bit product's two halves xor-ed: the mixing step of our hash."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide, word = ir.IntType(128), ir.IntType(64)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        high = builder.trunc(builder.lshr(product, wide(64)), word)
        return builder.xor(high, builder.trunc(product, word))

    return types.uint64(types.uint64, types.uint64), code


@intrinsic
def swap_bytes(typing: Any, word: Any) -> Any:
    """The word with its eight bytes reversed: comparing swapped words is comparing bytes."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bswap(args[0])

    return types.uint64(types.uint64), code


@intrinsic
def trailing_zeros(typing: Any, word: Any) -> Any:
    """Zero bits below the lowest set bit of a uint64; 64 for 0."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), code


@intrinsic
def leading_zeros(typing: Any, word: Any) -> Any:
    """Zero bits above the highest set bit of a uint64; 64 for 0."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), code


@intrinsic
def multiply_high(typing: Any, a: Any, b: Any) -> Any:
    """The upper 64 bits of the 128-bit product of two uint64."""
    wide = ir.IntType(128)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), code


@intrinsic
def as_double(typing: Any, bits: Any) -> Any:
    """The double whose bits these are."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.uint64), code


@intrinsic
def double_bits(typing: Any, value: Any) -> Any:
    """The bits of a double."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), code


@inlined
def copy_bytes(target: int, source: int, length: int) -> None:
    """memcpy of areas that do not overlap, never touching a byte outside them."""
    i = 0
    while i + 8 <= length:
        store_u64(target + i, load_u64(source + i))
        i += 8
    while i < length:
        store_u8(target + i, load_u8(source + i))
        i += 1


@inlined
def compare_bytes(a: int, b: int, length: int) -> Word:
    """memcmp: -1, 0 or 1."""
    i = 0
    while i + 8 <= length:
        x, y = load_u64(a + i), load_u64(b + i)
        if x != y:
            return -1 if swap_bytes(x) < swap_bytes(y) else 1
        i += 8
    while i < length:
        p, q = load_u8(a + i), load_u8(b + i)
        if p != q:
            return -1 if p < q else 1
        i += 1
    return 0


@inlined
def view_length(view: int) -> Word:
    return np.int64(load_u32(view))


@inlined
def view_bytes(view: int) -> Word:
    """The address of a view's first byte: in the view itself, or where its second word points."""
    return load_i64(view + 8) if load_u32(view) > INLINE else view + 4


@inlined
def view_equal(a: int, b: int) -> Word:
    """Whether two views hold the same bytes (two NULLs are equal)."""
    first = load_u64(a)
    if first != load_u64(b):
        return False
    p, q = load_i64(a + 8), load_i64(b + 8)
    if p == q:
        return True
    length = np.int64(first & np.uint64(0xFFFFFFFF))
    return length > INLINE and compare_bytes(p, q, length) == 0


@inlined
def view_compare(a: int, b: int) -> Word:
    """Order of two views by their bytes: -1, 0 or 1; a prefix comes first. Neither may be NULL."""
    n, m = view_length(a), view_length(b)
    order = compare_bytes(view_bytes(a), view_bytes(b), min(n, m))
    if order != 0 or n == m:
        return order
    return -1 if n < m else 1


@inlined
def make_view(view: int, source: int, length: int) -> None:
    """Write at `view` the view of `length` bytes at `source`, inline where they fit."""
    if length > INLINE:
        store_u64(view, np.uint64(length) | (np.uint64(load_u32(source)) << np.uint64(32)))
        store_i64(view + 8, source)
    else:
        store_u64(view, np.uint64(length))
        store_i64(view + 8, 0)
        for i in range(length):
            store_u8(view + 4 + i, load_u8(source + i))


@kernel("void(uint64[:, ::1], int64, int64, int64)")
def put_view(views: Any, row: int, source: int, length: int) -> None:
    """Write a row of an array of string views."""
    make_view(views.ctypes.data + 16 * row, source, length)


@inlined
def put_view_fast(to: int, address: int, length: int) -> None:
    """The same where 16 bytes can be read at the address whatever the length."""
    size = np.uint64(length)
    head = load_u64(address)
    if length > 12:
        store_u64(to, size | ((head & np.uint64(0xFFFFFFFF)) << np.uint64(32)))
        store_i64(to + 8, address)
        return
    if length < 8:
        head &= (np.uint64(1) << np.uint64(8 * length)) - np.uint64(1)
    tail = (head >> np.uint64(32))
    if length > 8:
        kept = (np.uint64(1) << np.uint64(8 * (length - 8))) - np.uint64(1)
        tail |= (load_u64(address + 8) & kept) << np.uint64(32)
    store_u64(to, size | (head << np.uint64(32)))
    store_u64(to + 8, tail)


def address(array: Array) -> int:
    """The address of an array's first value (read from the object: numpy's own ways cost six times as much)."""
    return ctypes.c_int64.from_address(id(array) + _HEAD).value


def _interface_address(array: Array) -> int:
    result: int = array.__array_interface__["data"][0]
    return result


_probe = np.zeros(3)
if address(_probe) != _interface_address(_probe):
    address = _interface_address


def plain(array: Array) -> Array:
    """The array as kernels are compiled for: contiguous and writable (memory stays shared where it can be)."""
    flags = array.flags
    if flags.writeable and flags.c_contiguous:
        return array
    if not flags.c_contiguous:
        return np.ascontiguousarray(array)
    if not array.size:
        return np.empty(array.shape, array.dtype)
    raw = (ctypes.c_char * array.nbytes).from_address(address(array))
    raw._owner = array  # type: ignore[attr-defined]
    return np.frombuffer(memoryview(raw), array.dtype).reshape(array.shape)


class Reservation:
    """Zeroed arrays of `MAX_ROWS` rows whose memory is used only where it was touched and whose addresses never change.

    `layout` is (dtype, values per row) for each array; a row of one value makes a one-dimensional array. The arrays are
    much longer than what is in use: never reduce over a whole one. Where address space is short (a limit on it), the
    arrays are shorter; `rows` says how long.
    """

    def __init__(self, layout: Sequence[tuple[Any, int]], rows: int = MAX_ROWS) -> None:
        widths = [np.dtype(dtype).itemsize * count for dtype, count in layout]
        self._area, self.rows = _reserve(widths, rows)
        self._starts = _starts(widths, self.rows)
        self._huge = False
        self.arrays: list[Array] = []
        for (dtype, count), start in zip(layout, self._starts, strict=False):
            flat = np.frombuffer(self._area, dtype, self.rows * count, start)
            self.arrays.append(flat if count == 1 else flat.reshape(self.rows, count))
        self.widths = widths

    def used(self, rows: int) -> None:
        """Say how many rows are in use: large arrays then get huge pages (fewer misses of the address cache)."""
        if self._huge or rows * max(self.widths, default=0) < _HUGE_FROM:
            return
        self._huge = True
        self._area.madvise(mmap.MADV_HUGEPAGE)


def _starts(widths: Sequence[int], rows: int) -> list[int]:
    return [rows * sum(widths[:i]) for i in range(len(widths))]


def _reserve(widths: Sequence[int], rows: int) -> tuple[Area, int]:
    while rows >= 1 << 12:
        try:
            return Area(sum(widths) * rows, _starts(widths, rows) or (0,)), rows
        except (OSError, OverflowError):
            rows //= 2
    raise UserError("out_of_memory", "no address space is left for state",
                    hint="raise the limit on the process' address space (ulimit -v)")
