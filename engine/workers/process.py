"""A worker process as its owner sees it: started, asked, watched, ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.workers.channel import BadFrame, Buffer, Channel

PASSED = frozenset({
    "HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "MKL_NUM_THREADS", "OMP_NUM_THREADS",
    "NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH", "POLARS_MAX_THREADS",
    "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "TEMP", "TMP", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV",
})  # fmt: skip
"""What a worker sees of the environment: nothing that a job may have of secrets."""
_LOOKING = 0.1  # seconds between two looks at the memory of one that answers
_ENDING = 5.0  # seconds that a process which closed its socket has for its end
_TELLING = 2.0  # seconds that one which hangs has to tell where
_OWN = f"{Path(__file__).resolve().parent.parent}{os.sep}"
_INSTALLED = ("<", f"{sys.prefix}{os.sep}", f"{sys.base_prefix}{os.sep}lib")
_PLACE = re.compile(r'File "(.+)", line (\d+)')


@dataclass(frozen=True)
class Limits:
    """Seconds that an answer may take (`loading`: at least, where modules are imported for it), bytes of its own that
    the process may hold."""

    timeout: float = 60.0
    memory: int = 2 << 30
    loading: float = 60.0


class Lost(Exception):
    """A process that was ended: it "died", "hung" or "grew". `how`: in words; `where`: the line of code it was at."""

    def __init__(self, why: str, how: str, where: str = "") -> None:
        super().__init__(f"{how}{where}")
        self.why, self.how, self.where = why, how, where


class Spoilt(Exception):
    """An answer is not what was asked for."""


class Process:
    """`python -m MODULE SOCKET LEASH REPORT ARGUMENT...` in a session of its own; ended with this object at the latest.

    One question at a time. `loaded`: for whoever asks, what it has in there.
    """

    def __init__(self, module: str, arguments: Sequence[str] = (), limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.loaded: set[str] = set()
        self._asked = 0
        ours, theirs = socket.socketpair()
        leash, held = os.pipe()
        self._report = os.memfd_create("report")
        given = (theirs.fileno(), leash, self._report)
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-P", "-m", module, *map(str, given), *arguments], stdin=subprocess.DEVNULL,
                env={n: v for n, v in os.environ.items() if n in PASSED or n.startswith("LC_")},
                pass_fds=given, start_new_session=True)
        except OSError:
            ours.close()
            os.close(held)
            os.close(self._report)
            raise
        finally:
            theirs.close()
            os.close(leash)
        self._channel = Channel(ours, _looks(weakref.ref(self)))
        self._deadline = self._looked = 0.0
        self._allowed = self.limits.timeout
        self._end = weakref.finalize(self, _end, os.getpid(), self._popen, ours, (held, self._report))

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._end.alive

    @property
    def memory(self) -> int:
        """Bytes that are the process's own; 0 where it is gone."""
        try:
            resident, shared = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1:3]
        except (OSError, ValueError):
            return 0
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")

    @property
    def has_grown(self) -> bool:
        """Whether it holds more than it may, looked up now and then."""
        now = time.monotonic()
        if now - self._looked < _LOOKING:
            return False
        self._looked = now
        return self.memory > self.limits.memory

    def ask(self, question: Any, buffers: Sequence[Buffer] = (),
            timeout: float | None = None) -> tuple[Any, list[bytearray]]:
        """The answer; Lost where the process was ended instead."""
        self._allowed = self.limits.timeout if timeout is None else timeout
        self._deadline = time.monotonic() + self._allowed
        try:
            self._asked += 1
            self._channel.send([self._asked, question], buffers)
            answer = self._answer(*self._channel.receive())
        except (EOFError, OSError) as error:
            raise self._died() from error
        except BadFrame as error:
            self.close()
            raise Lost("died", f"its worker process spoke nonsense: {error}") from error
        except BaseException:  # whatever came in between: what it answers now is not for the next who asks
            self.close()
            raise
        return answer

    def _answer(self, value: Any, buffers: list[bytearray]) -> tuple[Any, list[bytearray]]:
        """The answer in a frame, if it is one to the question that was asked."""
        if not isinstance(value, list) or len(value) != 2 or value[0] != self._asked:
            raise BadFrame("no answer to the question")
        return value[1], buffers

    def look(self) -> None:
        """While an answer is awaited: Lost where it takes too long or too much."""
        if self.memory > self.limits.memory:
            where = self._told()
            raise Lost("grew", f"needed more memory than {self.limits.memory >> 20} MB", where)
        if time.monotonic() > self._deadline:
            where = self._told()
            raise Lost("hung", f"took longer than {self._allowed:g} s", where)

    def _told(self) -> str:
        """Where the process is, as it tells without its Python being asked."""
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGUSR1)
        until = time.monotonic() + _TELLING
        while not (where := self._where()) and time.monotonic() < until:
            time.sleep(0.005)
        return where

    def _where(self) -> str:
        """The innermost line of code in the report, of files that are not installed where there are any."""
        report = os.pread(self._report, 1 << 16, 0).decode(errors="replace")
        found = [(file, line) for file, line in _PLACE.findall(report) if not file.startswith(_OWN)]
        users = [place for place in found if not place[0].startswith(_INSTALLED)]
        return next((f" at {Path(file).name}:{line}" for file, line in users or found), "")

    def _died(self) -> Lost:
        status = self._status()
        where = self._where()
        self.close()
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        return Lost("died", f"ended its worker process ({how})", where)

    def _status(self) -> int:
        """The exit status of a process that closed its socket; one that does not end is killed."""
        until = time.monotonic() + _ENDING
        while time.monotonic() < until:
            found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if found is not None:
                return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
            time.sleep(0.002)
        return -signal.SIGKILL

    def close(self) -> None:
        """End the process, with all that it started."""
        self._end()


def _looks(reference: weakref.ref[Process]) -> Callable[[], None]:
    """Looks after a process without holding it: it ends as soon as nobody else does."""

    def look() -> None:
        process = reference()
        if process is not None:
            process.look()

    return look


def _end(owner: int, popen: subprocess.Popen[bytes], end: socket.socket, descriptors: Sequence[int]) -> None:
    if os.getpid() != owner:
        return  # forked: it is another's
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, signal.SIGKILL)  # it is not reaped yet: the number is its own
    popen.wait()
    end.close()
    for descriptor in descriptors:
        os.close(descriptor)
