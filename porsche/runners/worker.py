"""`python -m porsche.runners.worker FOLDER`: the process of one run, from its spec to its outcome or failure.

It takes the folder's lock for its life and notes itself; SIGTERM asks for a checkpoint and the end. What takes long to
import is imported after the note is written, so that others see at once that the run is being started.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from porsche import processes
from porsche.runners.cgroups import join
from porsche.runners.folder import RunFolder, Spec

if TYPE_CHECKING:
    from porsche.compiler import Compiled
    from porsche.runners.bundled import Options

logger = logging.getLogger("porsche.job")

ENDED, FAILED, USAGE, HELD = 0, 1, 64, 75
"""Exit statuses: finished or stopped, could not go on (failure.json says why), no spec, another process has the run."""


class Stop:
    """Whether the job was asked to end; the job of the moment is told."""

    def __init__(self) -> None:
        self.asked = False
        self._job: Any = None

    def listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def add(self, job: Any) -> None:
        self._job = job
        if self.asked:
            job.stop()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._job is not None:
            self._job.stop()


class Worker:
    """Runs what a folder's spec says. `confined`: the kernel keeps its limits."""

    def __init__(self, folder: RunFolder, spec: Spec, *, confined: bool = False) -> None:
        self.folder = folder
        self.spec = spec
        self.confined = confined
        self.stop = Stop()

    def run(self) -> int:
        """The exit status, once the run ended or cannot go on."""
        try:
            compiled = self._compiled()
            outcome = self._outcome(compiled)
        except Exception as error:
            return self._failed(error)
        self.folder.write("outcome", {**self._mark(), **outcome})
        self.folder.remove("failure")
        logger.info("%s: %s rows in, %s out", outcome["state"].lower(), outcome["rows_in"], outcome["rows_out"])
        return ENDED

    def _compiled(self) -> Compiled:
        from porsche.compiler import compile_text, environment

        spec = self.spec
        logger.info("attempt %d begins", spec.attempt)
        return compile_text(spec.document, parameters=spec.parameters, state=str(self.folder.state),
                            environment=environment(spec.environment))

    def _outcome(self, compiled: Compiled) -> dict[str, Any]:
        """Run to the end; a run that ended already, but was killed before it said so, is not run again."""
        from porsche.runners.asked import Asked
        from porsche.runners.bundled import ended, run
        from porsche.runners.pulse import Pulse

        outcome = ended(compiled, self.folder.state)
        if outcome is None:
            with Pulse(self.folder) as pulse, Asked(self.folder) as asked:
                outcome = run(compiled, self.folder.state, self._options(pulse, asked))
        return {"state": "STOPPED" if outcome.stopped else "FINISHED", **outcome.as_json(),
                "metrics": _plain(outcome.metrics)}

    def _options(self, pulse: Any, asked: Any) -> Options:
        from porsche.runners.access import access_of
        from porsche.runners.bundled import Options

        def on_job(job: Any) -> None:
            self.stop.add(job)
            pulse.watch(job)
            asked.watch(job)

        given = self.spec.options
        return Options(
            cpu=None if self.confined else self.spec.caps.get("cpu"),
            shards=given.get("shards"),
            batch_rows=given.get("batch_rows"),
            rate=given.get("rate"),
            checkpoint_interval=given.get("checkpoint_interval"),
            on_status=lambda status: pulse.beat(),
            on_job=on_job,
            access=access_of(self.spec.access),
            restore=Path(self.spec.restore) if self.spec.restore else None,
            allow=frozenset(given.get("allow") or ()),
        )

    def _failed(self, error: Exception) -> int:
        from porsche.redaction import redact
        from porsche.runners.failures import failure
        from porsche.runners.support import within

        found = failure(error)
        secrets = _secrets(self.spec)
        shown = within(found.as_json(), lambda text: redact(text, secrets))
        logger.error("%s", found.message, exc_info=error if found.trace else None, extra={"node": found.node})
        self.folder.write("failure", {**self._mark(), **shown})
        return FAILED

    def _mark(self) -> dict[str, Any]:
        return {"attempt": self.spec.attempt, "generation": self.spec.generation, "at": time.time()}


def _plain(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {node: dict(latest) for node, latest in metrics.items()}


def main(arguments: list[str]) -> int:
    """Run the spec of a folder; the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m porsche.runners.worker FOLDER\n")
        return USAGE
    folder = RunFolder(Path(arguments[0]).absolute())
    if folder.lock() is None:  # the descriptor stays open: the lock is held until this process ends
        sys.stderr.write(f"another process runs {folder.path}\n")
        return HELD
    spec = folder.spec()
    if spec is None:
        sys.stderr.write(f"there is no job.json to run in {folder.path}\n")
        return USAGE
    worker = Worker(folder, spec, confined=_confined(spec))
    worker.stop.listen()
    processes.note(folder.path, generation=spec.generation, attempt=spec.attempt, at=time.time(),
                   confined=worker.confined)
    faulthandler.enable()
    _log(folder, spec)
    return worker.run()


def _confined(spec: Spec) -> bool:
    """Enter the control group that keeps this run's limits; whether there is one. Else they are kept by measuring."""
    if not spec.caps.get("group"):
        return False
    try:
        join(Path(spec.caps["group"]))
    except OSError as error:
        sys.stderr.write(f"cannot enter the control group {spec.caps['group']}: {error}\n")
        return False
    return True


def _log(folder: RunFolder, spec: Spec) -> None:
    from porsche.runners import logs

    logs.start(folder.log, spec.attempt, _secrets(spec))


def _secrets(spec: Spec) -> tuple[str, ...]:
    """What neither log nor failure may hold."""
    from porsche.redaction import secrets_of
    from porsche.runners.secrets import values

    return (*values((spec.document, *spec.parameters.values())), *secrets_of(spec.parameters))


def run(arguments: list[str]) -> int:
    """The exit status, once all is written: threads that wait for something need not be waited for."""
    status = main(arguments)
    logging.shutdown()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    return status


if __name__ == "__main__":
    os._exit(run(sys.argv[1:]))
