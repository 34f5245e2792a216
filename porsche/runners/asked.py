"""A running job is asked for a checkpoint by a file in its folder, and answers by another.

    epoch = fresh_checkpoint(folder)         # of others; once it counts and its sinks have applied it

    with Asked(folder) as asked:             # in the job's process: a thread that looks for requests
        asked.watch(job)

`asked.json`: {id, at}; `answered.json`: {id, at, epoch}, where `at` is when the job's process saw the request. One
answer serves all that asked before it.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from engine.errors import UserError
from porsche import processes
from porsche.runners.beside import Beside
from porsche.runners.folder import RunFolder

REQUEST, ANSWER = "asked", "answered"
PERIOD = 0.5
PATIENCE = 120.0
"""Seconds that a fresh checkpoint may take."""


class Asked(Beside):
    """Takes the checkpoints that are asked for."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__("asked")
        self._folder = folder
        self._job: Any = None

    def watch(self, job: Any) -> None:
        """A job begins: it is the one that is asked."""
        self._job = job

    def _watch(self) -> None:
        done = (self._folder.read(ANSWER) or {}).get("id")
        while not self._end.wait(PERIOD):
            request = self._folder.read(REQUEST)
            if request is not None and request.get("id") != done and self._job is not None:
                done = request.get("id")
                self._answer(done, time.time())

    def _answer(self, number: Any, at: float) -> None:
        job = self._job
        wanted = job.epochs[0] + 1
        job.checkpoint()
        while job.epochs[1] < wanted:
            if self._end.wait(0.02) or self._job is not job:
                return
        self._folder.write(ANSWER, {"id": number, "at": at, "epoch": job.epochs[1]})


def fresh_checkpoint(folder: RunFolder, patience: float = PATIENCE) -> int:
    """Have the process of a folder take a checkpoint now; its epoch, once it counts. UserErrors: "not_running",
    "no_fresh_checkpoint"."""
    number, asked_at = uuid.uuid4().hex, time.time()
    folder.write(REQUEST, {"id": number, "at": asked_at})
    last = time.monotonic() + patience
    while True:
        answer = folder.read(ANSWER) or {}
        if answer.get("id") == number or answer.get("at", 0.0) >= asked_at:
            return int(answer["epoch"])
        if processes.running(folder.path) is None:
            raise UserError("not_running", "no process works for the run any more",
                            hint="its last checkpoint is as good as a fresh one: ask again")
        if time.monotonic() > last:
            raise UserError("no_fresh_checkpoint", f"the job took no checkpoint within {patience:.0f} s",
                            hint="its status says where it stands")
        time.sleep(0.05)
