"""Previews asked of a process that is kept warm: what people send runs there, and can hold up nobody else.

    text = preview(Asked(document, tab="7f3a", node="filtered", home=str(home)))     # JSON

`python -m porsche.runners.preview SOCKET LEASH REPORT` is such a process. A browser's tab has one request at a time
that counts: one that waits while a newer one comes is outdated.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from threading import Lock
from typing import Any

from engine.errors import UserError
from engine.workers import Busy, Limits, Lost, Pool
from engine.workers.messages import error_of
from porsche.runners.secrets import variables

__all__ = ["Asked", "Busy", "Outdated", "infer", "preview", "tests"]

LIMITS = Limits(timeout=30, memory=2 << 30, loading=120)
"""Of one preview, with the time that its sources are read; the first one waits for what its process loads."""
PATIENCE = 30.0
"""Seconds to wait for a process that is not busy with another preview."""
PROCESSES, TABS = 2, 1024
LOADED = "previews"
"""Said of a process that has answered before."""

_pool = Pool("porsche.runners.preview", limits=LIMITS, size=PROCESSES)
_numbers = count(1)
_lock = Lock()
_newest: OrderedDict[str, int] = OrderedDict()


class Outdated(Exception):
    """A newer request of the same tab has come."""


@dataclass(frozen=True)
class Asked:
    """What is to be previewed. `node`: whose rows are shown; `tab`: whoever asks again and again; `environment`: a
    name; `home`: the platform's folder; `samples`: as `sampling.wanted_of` says; `limit`: rows of a sample, and of a
    table that is shown."""

    document: str
    home: str
    node: str | None = None
    tab: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    environment: str = "dev"
    samples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    limit: int = 1000


def preview(asked: Asked) -> bytes:
    """The answer of `describe.answer`. Raises Outdated, Busy, and UserError "too_expensive"."""
    number = _begin(asked.tab)
    return _ask({"ask": "preview", **asdict(asked)}, lambda: _is_outdated(asked.tab, number))


def infer(question: Mapping[str, Any]) -> bytes:
    """The columns of a file or topic, by its first records: see `infer.infer`."""
    return _ask({"ask": "infer", **question}, lambda: False)


def tests(question: Mapping[str, Any]) -> bytes:
    """What came of the tests of a document: see `porsche.runners.testing`. UserError "too_expensive"."""
    return _ask({"ask": "tests", **question}, lambda: False)


def _ask(question: dict[str, Any], outdated: Any) -> bytes:
    text = repr((question.get("document"), question.get("parameters"), question.get("options")))
    secrets = {name: os.environ[name] for name in variables(text) if name in os.environ}
    try:
        with _pool.process(PATIENCE) as process:
            if outdated():
                raise Outdated
            patience = LIMITS.timeout if LOADED in process.loaded else LIMITS.loading
            answer, buffers = process.ask({**question, "secrets": secrets}, timeout=patience)
            process.loaded.add(LOADED)
    except Lost as lost:
        raise UserError("too_expensive", f"the preview {_WHY[lost.why]}",
                        hint="preview fewer rows, or look for a join that multiplies them") from lost
    if "error" in answer:
        raise error_of(answer["error"])
    return bytes(buffers[0])


_WHY = {"hung": f"did not come to an end within {LIMITS.timeout:g} s", "died": "broke its process down",
        "grew": f"needed more memory than {LIMITS.memory >> 20} MB"}


def warm() -> None:
    """Start a process, so that the first preview need not wait for it."""
    _pool.warm()


def close() -> None:
    """End the processes."""
    _pool.close()


def _begin(tab: str) -> int:
    number = next(_numbers)
    if tab:
        with _lock:
            _newest[tab] = number
            _newest.move_to_end(tab)
            while len(_newest) > TABS:
                _newest.popitem(last=False)
    return number


def _is_outdated(tab: str, number: int) -> bool:
    with _lock:
        return bool(tab) and _newest.get(tab, number) != number
