"""How kernels are compiled, and kept on disk so that they are never out of date.

    @kernel                                  compiled when first called, for the types it is called with
    @kernel("void(int64, int64)")            compiled for these types
    @inlined                                 a part of kernels

Numba keeps what it compiled beside the source (or in NUMBA_CACHE_DIR, or in the user's cache folder where the source
cannot be written to), and compiles again when that file has changed. But a kernel also holds the code of functions and
the values of constants of other files. So here the mark by which Numba knows a change covers all that a kernel uses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba import config, njit
from numba.core import caching
from numba.core.dispatcher import Dispatcher

kernel: Callable[..., Any] = partial(njit, nogil=True, cache=True, error_model="numpy")
inlined: Callable[..., Any] = partial(njit, nogil=True, cache=True, error_model="numpy", forceinline=True)

_stamps: dict[FunctionType, bytes] = {}


@cache
def _content(path: str) -> bytes:
    return hashlib.sha256(Path(path).read_bytes()).digest()


def stamp(function: FunctionType) -> bytes:
    """What changes whenever the machine code of a function may: its file, and whatever it uses of others."""
    if function not in _stamps:
        _stamps[function] = _content(function.__code__.co_filename)  # where it uses itself
        used = hashlib.sha256(_stamps[function])
        for name in sorted(set(_names(function.__code__))):
            used.update(_mark(function.__globals__.get(name)))
        for cell in function.__closure__ or ():
            used.update(_mark(cell.cell_contents))
        _stamps[function] = used.digest()
    return _stamps[function]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _mark(value: Any) -> bytes:
    """What a global variable adds to the stamp of functions that use it."""
    if isinstance(value, Dispatcher):
        return stamp(value.py_func)
    if isinstance(value, ModuleType):
        return _content(str(value.__file__)) if value.__name__.startswith("engine.") else b""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, bool | int | float | str | bytes | tuple | np.generic):
        return repr(value).encode()
    intrinsic = getattr(value, "_defn", None)
    return _content(intrinsic.__code__.co_filename) if isinstance(intrinsic, FunctionType) else b""


class _Complete:
    """A place for compiled code whose mark of a change is complete."""

    def __init__(self, function: FunctionType, file: str) -> None:
        super().__init__(function, file)  # type: ignore[call-arg]
        self._function = function

    def get_source_stamp(self) -> bytes:
        return stamp(self._function)


class Chosen(_Complete, caching.UserProvidedCacheLocator):
    """NUMBA_CACHE_DIR."""


class InTree(_Complete, caching.InTreeCacheLocator):
    """Beside the source."""


class UserWide(_Complete, caching.UserWideCacheLocator):
    """The user's cache folder."""


if not config.CACHE_LOCATOR_CLASSES:
    _places = [f"{__name__}.{place.__name__}" for place in (Chosen, InTree, UserWide)]
    config.CACHE_LOCATOR_CLASSES = ",".join([*_places, "IPythonCacheLocator", "ZipCacheLocator"])
