"""Starting the process of a run: apart from whoever starts it, so that it outlives a supervisor that dies.

    launch(folder, spec)                       # a process, started anew
    with Launcher(forks=True) as launcher:     # many: forked from a template that has loaded what jobs need
        launcher.poll()                        # now and then
        if launcher.is_ready():
            launcher.start(folder, spec)
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from typing import Self

from engine.faults import VARIABLE as FAULTS
from porsche.home import PRIVATE
from porsche.runners import secrets
from porsche.runners.folder import RunFolder, Spec

logger = logging.getLogger(__name__)

THRIFTY = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Of libraries' own threads, and of the memory that they keep for each, no more than a job needs: it has shards."""
PASSED = frozenset({
    "HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "PATH",
    "POLARS_MAX_THREADS", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "USER",
    "VIRTUAL_ENV", FAULTS, *THRIFTY,
})  # fmt: skip
"""What a job sees of the environment: no secret but those that its document names."""
BEGINS, FORKS = 20.0, 4.0
"""Seconds in which a template has to be ready, and to answer from then on."""
BREATH = 30.0
"""Seconds after a template failed before there is another."""


def launch(folder: RunFolder, spec: Spec) -> subprocess.Popen[bytes]:
    """Start a process for a spec, in a session of its own, without descriptors or secrets of this one.

    Whoever starts it and lives long has to `poll` it, or its remains stay. What it does is seen by `observe`.
    """
    folder.prepare(spec)
    output = folder.opened_output()
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "porsche.runners.worker", str(folder.path)],
            cwd=folder.path,
            env=_environment(spec),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            close_fds=True,
            start_new_session=True,
            umask=PRIVATE,
        )
    finally:
        os.close(output)


def passed(environment: Mapping[str, str], secret: Collection[str] = ()) -> dict[str, str]:
    """The variables that a job sees; `secret`: those that its document names."""
    return THRIFTY | {name: value for name, value in environment.items()
                      if name in PASSED or name in secret or name.startswith("LC_")}


def _environment(spec: Spec) -> dict[str, str]:
    return passed(os.environ, secrets.variables(spec.document, *spec.parameters.values()))


def ask_to_end(folder: RunFolder, generation: int) -> None:
    """Note that a person asked a generation to end; whoever does so then sends SIGTERM to the noted process."""
    folder.write("stop", {"generation": generation, "at": time.time()})


class Template:
    """The process that forks jobs (`porsche.runners.template`): it ends when this object is closed, or with this
    process."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._ready = False
        self._channel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "porsche.runners.template"], env=passed(os.environ), stdin=other.fileno(),
                stdout=subprocess.DEVNULL, start_new_session=True, umask=PRIVATE)

    def is_ready(self) -> bool:
        """Whether it has loaded what it has to, and can be asked."""
        if not self._ready and select.select([self._channel], [], [], 0.0)[0]:
            with contextlib.suppress(ConnectionError):
                self._ready = bool(self._channel.recv(1 << 16))
        return self._ready

    def fork(self, folder: RunFolder, environment: Mapping[str, str]) -> int:
        """A job's process. OSError where none comes."""
        self._channel.settimeout(FORKS)
        self._channel.send(json.dumps({"folder": str(folder.path), "environment": dict(environment)}).encode())
        answer = self._channel.recv(1 << 16)
        if not answer:
            raise ConnectionResetError("the template has ended")
        return int(json.loads(answer)["pid"])

    def close(self) -> None:
        self._channel.close()
        self.process.kill()
        self.process.wait()


class Launcher:
    """Starts runs' processes, one after another. `forks`: from a template where that can be had."""

    def __init__(self, *, forks: bool = False) -> None:
        self._forks = forks
        self._template: Template | None = None
        self._next = 0.0
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, folder: RunFolder, spec: Spec) -> None:
        """Start a process for a spec, as `launch` does."""
        if not self._forked(folder, spec):
            self._children.append(launch(folder, spec))

    def is_ready(self) -> bool:
        """Whether it is time to start processes: it is worth a while to wait for a template that has just begun."""
        if self._template is None or self._template.is_ready():
            return True
        if time.monotonic() - self._template.began < BEGINS and self._template.process.poll() is None:
            return False
        self._give_up("the template did not begin")
        return True

    def poll(self) -> None:
        """Take the remains of processes that have ended; have a template."""
        self._children = [child for child in self._children if child.poll() is None]
        if self._template is not None and self._template.process.poll() is not None:
            self._give_up(f"it ended with {self._template.process.returncode}")
        if self._forks and self._template is None and time.monotonic() >= self._next:
            self._template = Template()

    def close(self) -> None:
        """End the template. The jobs go on."""
        if self._template is not None:
            self._template.close()
            self._template = None

    def _forked(self, folder: RunFolder, spec: Spec) -> bool:
        if self._template is None or not self._template.is_ready():
            return False
        folder.prepare(spec)
        try:
            self._template.fork(folder, _environment(spec))
        except (OSError, ValueError, LookupError) as error:
            self._give_up(str(error) or type(error).__name__)
            return False
        return True

    def _give_up(self, why: str) -> None:
        """Jobs are started anew for a while. One that the template forks after all finds its folder held."""
        logger.warning("jobs cannot be forked for now: %s", why)
        if self._template is not None:
            self._template.close()
        self._template, self._next = None, time.monotonic() + BREATH
