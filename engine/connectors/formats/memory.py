"""Machine words at absolute addresses, for kernels that walk bytes. Little-endian machines only (x86-64, arm64)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types, uint64
from numba.extending import intrinsic

_I8, _I64 = ir.IntType(8), ir.IntType(64)


kernel: Callable[..., Any] = partial(njit, nogil=True, cache=True, error_model="numpy")
"""Compiles a function under the explicit signature given, at import or from the cache on disk."""
inlined: Callable[..., Any] = partial(njit, nogil=True, cache=True, error_model="numpy", forceinline=True)


def _load(width: ir.Type, result: Any) -> Any:
    @intrinsic
    def load(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = builder.load(builder.inttoptr(args[0], width.as_pointer()), align=1)
            return value if width == _I64 else builder.zext(value, _I64)

        return result(types.int64), codegen

    return load


load64 = _load(_I64, types.uint64)
"""The eight bytes at an address (int64), as uint64. The memory must be readable eight bytes far."""

load8 = _load(_I8, types.int64)
"""The byte at an address, as int64."""


get = _load(_I64, types.int64)
"""The int64 at an address."""


def _store(width: ir.Type, kind: Any) -> Any:
    @intrinsic
    def store(typingctx: Any, address: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = args[1] if width == _I64 else builder.trunc(args[1], width)
            builder.store(value, builder.inttoptr(args[0], width.as_pointer()), align=1)
            return context.get_dummy_value()

        return types.void(types.int64, kind), codegen

    return store


store8 = _store(_I8, types.int64)
"""Write the low byte of an int64 at an address."""

put = _store(_I64, types.int64)
"""Write an int64 at an address."""

store64 = _store(_I64, types.uint64)
"""Write a uint64 at an address."""


@intrinsic
def trailing_zeros(typingctx: Any, word: Any) -> Any:
    """Zero bits below the lowest set bit of a uint64; 64 for 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


@intrinsic
def leading_zeros(typingctx: Any, word: Any) -> Any:
    """Zero bits above the highest set bit of a uint64; 64 for 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


@intrinsic
def multiply_high(typingctx: Any, a: Any, b: Any) -> Any:
    """The upper 64 bits of the 128-bit product of two uint64."""
    wide = ir.IntType(128)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), _I64)

    return types.uint64(types.uint64, types.uint64), codegen


@intrinsic
def as_double(typingctx: Any, bits: Any) -> Any:
    """The double whose bits these are."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.uint64), codegen


@intrinsic
def double_bits(typingctx: Any, value: Any) -> Any:
    """The bits of a double."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _I64)

    return types.int64(types.float64), codegen


@inlined("uint64(int64, int64)")
def load_short(address: int, length: int) -> Any:
    """Up to eight bytes at an address, zero padded; never reads past them."""
    word = np.uint64(0)
    for i in range(length):
        word |= uint64(load8(address + i)) << uint64(8 * i)
    return word


@kernel("void(int64, int64, int64)")
def put_view_at(to: int, address: int, length: int) -> None:
    """Write at `to` the string view of `length` bytes at an address (see `engine.changes`)."""
    size = uint64(length)
    if length <= 12:
        store64(to, size | (load_short(address, min(length, 4)) << uint64(32)))
        store64(to + 8, load_short(address + 4, length - 4) if length > 4 else uint64(0))
    else:
        store64(to, size | ((load64(address) & uint64(0xFFFFFFFF)) << uint64(32)))
        put(to + 8, address)


@kernel("void(uint64[:, ::1], int64, int64, int64)")
def put_view(views: Any, row: int, address: int, length: int) -> None:
    """Write a row of an array of string views."""
    put_view_at(views.ctypes.data + 16 * row, address, length)


@inlined("void(int64, int64, int64)")
def put_view_fast(to: int, address: int, length: int) -> None:
    """The same where 16 bytes can be read at the address whatever the length."""
    size = uint64(length)
    head = load64(address)
    if length > 12:
        store64(to, size | ((head & uint64(0xFFFFFFFF)) << uint64(32)))
        put(to + 8, address)
        return
    if length < 8:
        head &= (uint64(1) << uint64(8 * length)) - uint64(1)
    tail = (head >> uint64(32))
    if length > 8:
        tail |= (load64(address + 8) & ((uint64(1) << uint64(8 * (length - 8))) - uint64(1))) << uint64(32)
    store64(to, size | (head << uint64(32)))
    store64(to + 8, tail)


def address_of(array: Any) -> int:
    """The address of a numpy array's first byte."""
    return int(array.__array_interface__["data"][0])
