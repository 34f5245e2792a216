"""A source that may block, read by a thread of its own: the job asks, goes on, and takes the answer once it is there.

One request is under way at a time; the next one begins when an answer is taken, so that reading and processing overlap.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue

from engine.connectors.base import Json, Poll, Source, Term

Answer = tuple[Poll, Json, float | None] | Exception
"""What a poll gave, the position behind it, the progress."""


class Ahead(Source):
    """Reads ahead of the job. A thread that is blocked when the source is closed ends by itself, later."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.bounded = source.bounded
        self.again = source.again
        self._position: Json | None = None
        self._progress: float | None = None
        self._under_way = False

    def restrict(self, terms: Sequence[Term], limit: int | None) -> None:
        self._source.restrict(terms, limit)

    def narrow(self, parts: Mapping[int, Sequence[int]]) -> None:
        self._source.narrow(parts)

    def open(self, columns: Sequence[int]) -> None:
        self._position = self._source.position()
        self._asked: SimpleQueue[int | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._under_way = False
        threading.Thread(target=_read, args=(self._source, tuple(columns), self._asked, self._answers),
                         name="source", daemon=True).start()

    def poll(self, limit: int) -> Poll:
        if not self._under_way:
            self._ask(limit)
        try:
            answer = self._answers.get_nowait()
        except Empty:
            return Poll(None, waiting=True)
        self._under_way = False
        if isinstance(answer, Exception):
            raise answer
        poll, self._position, self._progress = answer
        if not poll.ended:
            self._ask(limit)
        return poll

    def _ask(self, limit: int) -> None:
        self._under_way = True
        self._asked.put(limit)

    def position(self) -> Json:
        return self._source.position() if self._position is None else self._position

    def restore(self, position: Json) -> None:
        self._position = None
        self._source.restore(position)

    def progress(self) -> float | None:
        return self._progress

    def close(self) -> None:
        if self._position is not None:
            self._asked.put(None)


def _read(source: Source, columns: Sequence[int], asked: SimpleQueue[int | None],
          answers: SimpleQueue[Answer]) -> None:
    """Answer until nothing more is asked."""
    failed = None
    try:
        source.open(columns)
        while (limit := asked.get()) is not None:
            poll = source.poll(limit)
            answers.put((poll, source.position(), source.progress()))
    except Exception as error:
        failed = error
    with contextlib.suppress(Exception):
        source.close()
    if failed is not None:
        answers.put(failed)  # it is closed now, and may be opened anew
