"""`python -m porsche.runners.template`: a process that has loaded what jobs need, and forks a job when it is asked to.

A job that is forked starts in a fraction of a second and shares with the others the memory of all that was loaded
before. Standard input is one end of a pair of sockets whose other end `porsche.runners.launch` holds: once {ready} has
been sent, a request is a JSON object {folder, environment}, its answer {pid}. When the other end closes, this process
ends; the jobs go on.

A fork copies one thread only. There is no other here, but for Arrow's idle ones, which Arrow makes anew in a copy: the
small jobs of `engine.warm`, which load the kernels, have ended whenever a request is looked at.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from porsche.home import PRIVATE

LOADED = (
    "engine.planner", "engine.runtime.job", "engine.session", "engine.warm", "porsche.compiler", "porsche.redaction",
    "porsche.runners.access", "porsche.runners.bundled", "porsche.runners.failures", "porsche.runners.logs",
    "porsche.runners.pulse", "porsche.runners.secrets", "porsche.runners.worker",
)  # fmt: skip
"""What every job imports."""
PERIOD = 1.0
LARGEST = 1 << 20
"""Bytes of a request."""
INPUT, OUTPUTS = 0, (1, 2)


def main() -> int:
    """Serve until nobody is at the other end."""
    os.umask(PRIVATE)
    channel = socket.socket(fileno=os.dup(INPUT))
    _nothing_as(INPUT)
    gc.disable()  # what is loaded is no garbage
    for name in LOADED:
        importlib.import_module(name)
    gc.enable()
    try:
        channel.send(json.dumps({"ready": True}).encode())
        serve(channel)
    except ConnectionError:
        pass  # nobody is there any more
    return 0


def serve(channel: socket.socket) -> None:
    """Answer requests; load kernels while there are none."""
    steps: Iterator[str] | None = _warm_up()
    while True:
        if select.select([channel], [], [], 0.0 if steps else PERIOD)[0]:
            request = channel.recv(LARGEST)
            if not request:
                return
            channel.send(json.dumps(_answer(request, channel)).encode())
        elif steps is not None and next(steps, None) is None:
            steps = None
        _reap()


def _warm_up() -> Iterator[str]:
    """Run the small jobs of `engine.warm`, one at a time, where their kernels are compiled already: what they load is
    then loaded in every job."""
    from engine import warm

    if not warm.is_warm():
        return
    with tempfile.TemporaryDirectory() as name:
        for number, (step, text) in enumerate(warm.steps(Path(name))):
            try:
                warm.run(text, Path(name) / str(number))
            except Exception:
                traceback.print_exc()  # it is only slower without
            yield step
    gc.collect()


def _answer(request: bytes, channel: socket.socket) -> dict[str, int]:
    asked = json.loads(request)
    gc.freeze()  # a collection in a job then leaves the shared pages alone
    pid = os.fork()
    if pid == 0:
        _become(Path(asked["folder"]), asked["environment"], channel)
    return {"pid": pid}


def _become(folder: Path, environment: Mapping[str, str], channel: socket.socket) -> NoReturn:
    """In the copy: be the job's process, as one that was started anew would be."""
    status = 1
    try:
        channel.close()
        os.setsid()
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        os.chdir(folder)
        _reopen(folder)
        signal.set_wakeup_fd(-1)
        _reseed()
        Path("/proc/self/comm").write_text(f"porsche-{folder.name}", encoding="utf-8")
        from porsche.runners import worker

        status = worker.run([str(folder)])
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _reopen(folder: Path) -> None:
    """Standard input and outputs of its own, and no other descriptor."""
    from porsche.runners.folder import RunFolder

    output = RunFolder(folder).opened_output()
    for number in OUTPUTS:
        os.dup2(output, number)
    os.closerange(max(OUTPUTS) + 1, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") > 0 else 1 << 16)


def _reseed() -> None:
    """Python's own generator is seeded anew in each process, numpy's old one is not."""
    import numpy as np

    np.random.seed()  # noqa: NPY002


def _nothing_as(number: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, number)
    os.close(nothing)


def _reap() -> None:
    """Take the remains of jobs that have ended: their outcome is in their folders."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    sys.exit(main())
