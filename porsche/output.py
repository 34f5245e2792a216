"""Standard output and error of a process without a terminal: into a file that never grows beyond a bound."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

LIMIT = 8 << 20
"""Bytes of a file; as many again lie in each of the files kept."""
KEPT = 5


def shift(path: Path, kept: int = KEPT) -> None:
    """Rename a file to `.1`, what was `.1` to `.2`..., and forget the oldest."""
    for number in range(kept - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))


class Redirected:
    """Descriptors 1 and 2 of this process point to a file; `check` begins a new one where it is full."""

    def __init__(self, path: Path, limit: int = LIMIT, kept: int = KEPT) -> None:
        self._path, self._limit, self._kept = path, limit, kept
        self._lock = threading.Lock()
        if not self._points():
            self._point()

    @classmethod
    def adopted(cls, path: Path) -> Redirected | None:
        """The redirection that this process was started with; None where its output goes elsewhere."""
        made = cls.__new__(cls)
        made._path, made._limit, made._kept, made._lock = path, LIMIT, KEPT, threading.Lock()
        return made if made._points() else None

    def _points(self) -> bool:
        try:
            return os.path.samestat(os.fstat(1), self._path.stat())
        except OSError:
            return False

    def _point(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        for number in (1, 2):
            os.dup2(descriptor, number, inheritable=True)
        os.close(descriptor)

    def check(self) -> None:
        """Begin a new file where this one is full."""
        with self._lock:
            if os.fstat(1).st_size >= self._limit:
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
                shift(self._path, self._kept)
                self._point()
