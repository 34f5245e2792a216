"""The side of a worker process: it answers one question after another, until whoever asks is gone."""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import os
import resource
import select
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any

from engine.workers.channel import Buffer, Channel

Answer = Callable[[Any, Sequence[bytearray]], tuple[Any, Sequence[Buffer]]]
_F_SETSIG = 10  # of Linux; Python has no name for it


def serve(descriptors: Sequence[str], answer: Answer, after: Callable[[], object] = lambda: None) -> None:
    """Answer the questions that come over a socket. `descriptors`: of the socket, the leash, the report of crashes;
    `after`: what is done after each answer, when nobody waits."""
    end, leash, report = map(int, descriptors)
    tie(leash)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when its job does
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _first_to_go()
    faulthandler.enable(report)
    faulthandler.register(signal.SIGUSR1, report, all_threads=False)
    channel = Channel(socket.socket(fileno=end))
    with contextlib.suppress(EOFError, OSError):
        while True:
            (number, question), buffers = channel.receive()
            value, returned = answer(question, buffers)
            channel.send([number, value], returned)
            after()


def tie(leash: int) -> None:
    """Let the kernel kill this process's group as soon as nobody holds the other end of a pipe any more, whatever the
    process is doing then."""
    fcntl.fcntl(leash, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(leash, _F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(leash, fcntl.F_SETFL, fcntl.fcntl(leash, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([leash], [], [], 0)[0]:  # it was let go before it was tied
        os._exit(1)


def _first_to_go() -> None:
    """Where the machine runs out of memory, this process is ended rather than the job."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as adjusted:
        adjusted.write("500")
