"""A thread that works beside a job, from the moment that it is entered to the one that it is left."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Beside(ABC):
    """Subclasses implement `_watch`, which returns soon once `_end` is set."""

    def __init__(self, name: str) -> None:
        self._end = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._watcher.join()

    @abstractmethod
    def _watch(self) -> None:
        """What the thread does."""
