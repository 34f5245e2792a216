"""Memory of state that keeps to a budget: what is beyond it is moved into a file, where it is.

An `Area` is anonymous memory at one address for its life. Slabs of it may be moved: written each to a file without a
name, which is then mapped in its place. Whoever holds an address into the area notices nothing, and the kernel may
write such pages out and drop them whenever memory is short, which without swap it cannot do with anonymous ones.

    keeper = Keeper(budget, folder)      # one for a process: it looks at all areas
    keeper.keep()                        # from time to time, while nobody writes to areas
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self
from weakref import WeakSet

logger = logging.getLogger(__name__)

SLAB = 16 << 20
"""Bytes that are moved at once."""
EVERY, SHARE = 0.05, 50
"""Seconds between looks at how much memory is in use; more, as a multiple of what it took, where it was in vain."""
AT_ONCE = 2
"""Slabs that are moved in one go: they stop the job for some 10 ms each."""
_NORESERVE, _MAP_FIXED, _PAGEOUT = 0x4000, 0x10, 21
_PAGE = mmap.PAGESIZE

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64]
_libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Area(mmap.mmap):
    """Zeroed memory, used as it is touched; arrays over it keep it. `starts`: of the parts that it is divided into,
    each of which is used from its beginning on. OSError where there is no address space."""

    _parts: list[tuple[int, int]]
    _moved: dict[int, int]  # start -> bytes

    def __new__(cls, length: int, starts: Sequence[int] = (0,)) -> Self:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
        made = super().__new__(cls, -1, max(length, _PAGE), flags=flags)
        ends = [*starts[1:], len(made)]
        made._parts = [(start // _PAGE * _PAGE, end // _PAGE * _PAGE) for start, end in zip(starts, ends, strict=True)]
        made._moved = {}
        _AREAS.add(made)
        return made

    @property
    def address(self) -> int:
        """Of the first byte."""
        return ctypes.addressof(ctypes.c_char.from_buffer(self))

    def slabs(self) -> Iterator[tuple[int, int, int]]:
        """Slabs (start, length) that are not moved and have memory, with the bytes of it."""
        pages = (ctypes.c_ubyte * (SLAB // _PAGE))()
        base = self.address
        for first, end in self._parts:
            for start in range(first, end, SLAB):
                size = min(SLAB, end - start)
                if start in self._moved:
                    continue
                if _libc.mincore(base + start, size, pages):
                    break
                held = bytes(pages[:-(-size // _PAGE)]).count(1)
                if not held:
                    break
                yield start, size, held * _PAGE

    def move_out(self, start: int, size: int, folder: Path) -> None:
        """Move a slab into a file in a folder, which goes with the mapping; OSError where it does not fit: then nothing
        has changed."""
        at, done = self.address + start, 0
        with tempfile.TemporaryFile(dir=folder) as file, memoryview(self) as whole:
            while done < size:  # all of it, as a page that is not in the file might find no room later
                done += os.pwrite(file.fileno(), whole[start + done:start + size], done)
            mapped = _libc.mmap(at, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED | _MAP_FIXED,
                                file.fileno(), 0)
        if mapped != at:
            raise OSError(ctypes.get_errno(), "a file cannot be mapped in the place of memory")
        self._moved[start] = size
        _libc.madvise(at, size, _PAGEOUT)  # where the kernel knows how

    @property
    def moved(self) -> int:
        """Bytes that are in the file."""
        return sum(self._moved.values())


_AREAS: WeakSet[Area] = WeakSet()


class Keeper:
    """Keeps the memory of all areas within a budget (bytes; 0: none), which the files that are beyond it do not count
    to. They are in `folder` and go with the process."""

    def __init__(self, budget: int, folder: Path) -> None:
        self._budget = budget
        self._folder = folder
        self._before = anonymous()
        self._next = 0.0
        self._told = False

    def keep(self) -> None:
        """Move some of what is too much, where it is time to look. Nobody may write to areas meanwhile."""
        now = time.monotonic()
        if not self._budget or now < self._next:
            return
        self._next = now + EVERY
        if self._is_much() and not self._move():  # it is not state: to look costs something
            self._next += SHARE * (time.monotonic() - now)

    def _is_much(self) -> bool:
        return anonymous() - self._before > self._budget

    def _move(self) -> bool:
        """Whether something was moved."""
        found = [(held, area, start, size) for area in list(_AREAS) for start, size, held in area.slabs()]
        excess = sum(held for held, *_ in found) - self._budget
        done = 0
        for held, area, start, size in sorted(found, key=lambda one: (-one[0], one[2])):  # whole ones, old rows first
            if excess <= 0 or done == AT_ONCE:
                break
            try:
                area.move_out(start, size, self._folder)
            except OSError as error:
                if not self._told:
                    logger.warning("state stays in memory beyond its budget: %s", error.strerror or error)
                self._told = True
                break
            excess -= held
            done += 1
        return done > 0

    def keep_all(self) -> None:
        """Move all that is too much."""
        while self._budget and self._is_much() and self._move():
            pass

    @property
    def moved(self) -> int:
        """Bytes of state that are in files."""
        return sum(area.moved for area in list(_AREAS))


def anonymous() -> int:
    """Bytes of the process' memory that no file stands behind."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next((int(line.split()[1]) << 10 for line in file if line.startswith("RssAnon:")), 0)
