"""The platform on one machine: what `porsche up` starts, watches and ends.

    Platform(home, Wishes(port=8000)).run()        # until Ctrl-C or SIGTERM

One process in the foreground watches three children (`porsche.children`): web, supervisor, worker. A child that dies is
started again after a pause. Jobs are the supervisor's; they outlive everything here, until the platform is stopped:
then they take a checkpoint, and the next `porsche up` lets them go on.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import UserError
from porsche import first, processes
from porsche.children import NAMES
from porsche.home import PRIVATE, Home
from porsche.runners.folder import RunFolder
from porsche.steps import Steps

LOOPBACK = "127.0.0.1"
PORTS_TRIED = 50
PYTHON = (sys.executable, "-P", "-m")
"""Runs a module; -P: the folder that the user is in is no place for modules."""
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 4.0, 30.0
"""Seconds before a child that died is started again, at most (what is shown has to be right within ten), and after
which it counts as steady."""
TO_ANSWER = 90.0
TO_END, JOBS_TO_END = 10.0, 60.0
"""Seconds that children and jobs have to end, before the former are killed and the latter are left alone."""


@dataclass(frozen=True)
class Wishes:
    """What the user asked for. `parameters` and `options` are those of the examples' runs."""

    host: str = LOOPBACK
    port: int = 8000
    examples: Sequence[Path] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    browser: bool = False


@dataclass
class Child:
    """A process that is watched."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause: float = 0.0
    due: float | None = 0.0

    def died(self, now: float) -> int | None:
        """The exit status of a process that has just ended; its next start is due after a pause."""
        status = None if self.process is None else self.process.poll()
        if status is None:
            return None
        self.process = None
        steady = not self.pause or now - self.began > STEADY
        self.pause = FIRST_PAUSE if steady else min(self.pause * 2, LONGEST_PAUSE)
        self.due = now + self.pause
        return status


class Platform:
    """The platform of a home folder, in this process and its children."""

    def __init__(self, home: Home, wishes: Wishes, steps: Steps) -> None:
        self._home = home
        self._wishes = wishes
        self._steps = steps
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._children = {name: Child(name) for name in NAMES}
        self._kernels: subprocess.Popen[str] | None = None
        self.url = ""

    def run(self) -> int:
        """Start, watch until asked to end, end; the exit status."""
        self._listen()
        os.umask(PRIVATE)
        with processes.only_one(self._home.folder() / "up.lock", 0.0, self._refusal()):
            processes.note(self._home.processes, "up")
            try:
                return self._run()
            finally:
                processes.forget(self._home.processes, "up")

    def _run(self) -> int:
        end_children(self._home, TO_END)
        with open_socket(self._wishes.host, self._wishes.port) as listening:
            self.url = url_of(self._wishes.host, listening.getsockname()[1])
            try:
                self._start(listening)
                self._watch(listening)
            finally:
                remaining = self._end()
        return 1 if remaining else 0

    def _refusal(self) -> UserError:
        noted = processes.noted(self._home.processes, "up") or {}
        where = f" at {noted['url']}" if noted.get("url") else ""
        return UserError("already_up", f"the platform of {self._home.path} is up already{where}",
                         hint="porsche down ends it; --home names another folder")

    def _listen(self) -> None:
        def handle(*_: Any) -> None:
            (self._hurry if self._stop.is_set() else self._stop).set()
            if self._kernels is not None:
                self._kernels.kill()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, handle)

    # ---- start -------------------------------------------------------------------------------------------------------

    def _start(self, listening: socket.socket) -> None:
        self._steps.begin(self._home.path, self.url, moved_from=self._moved(listening))
        self._kernels = subprocess.Popen([*PYTHON, "engine.warm", "--if-needed"], stdin=subprocess.DEVNULL, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            self._prepare()
            self._spawn("web", listening)
            self._spawn("worker", listening)
            self._steps.kernels(self._kernels)
        finally:
            self._kernels.kill()
            self._kernels.wait()
        if not self._stop.is_set():
            self._spawn("supervisor", listening)
            self._await_answer(listening)
        if not self._stop.is_set():
            self._tell()

    def _prepare(self) -> None:
        self._home.folder("data")  # where pipelines find files, besides their own
        first.migrate(self._steps)
        for path in self._wishes.examples:
            said = first.start_example(path, self._wishes.parameters, self._wishes.options)
            self._steps.done("example", said)

    def _tell(self) -> None:
        processes.note(self._home.processes, "up", url=self.url)
        page = self.url + first.sign_in_path()
        self._steps.ready(self.url, page, self._home)
        if self._wishes.browser:
            webbrowser.open(page)

    def _moved(self, listening: socket.socket) -> int | None:
        """The port that was asked for, where it was taken."""
        asked = self._wishes.port
        return asked if asked and listening.getsockname()[1] != asked else None

    def _spawn(self, name: str, listening: socket.socket) -> None:
        child, number = self._children[name], listening.fileno()
        command = [*PYTHON, "porsche.children", name, "--parent", str(os.getpid()), "--url", self.url]
        passed = (number,) if name == "web" else ()
        if passed:
            command += ["--socket", str(number)]
        child.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, pass_fds=passed, start_new_session=True)
        child.began, child.due = time.monotonic(), None

    def _await_answer(self, listening: socket.socket) -> None:
        deadline = time.monotonic() + TO_ANSWER
        while not self._stop.is_set():
            if answers(self._wishes.host, listening.getsockname()[1]):
                return
            self._look_after(listening)
            if time.monotonic() > deadline:
                raise UserError("web_does_not_answer", f"the web process has not answered for {TO_ANSWER:g} s",
                                hint=f"see {self._home.logs / 'web.log'}")
            self._stop.wait(0.1)

    # ---- watch -------------------------------------------------------------------------------------------------------

    def _watch(self, listening: socket.socket) -> None:
        while not self._stop.wait(0.2):
            self._look_after(listening)

    def _look_after(self, listening: socket.socket) -> None:
        """Start children again that died."""
        now = time.monotonic()
        for child in self._children.values():
            status = child.died(now)
            if status is not None:
                self._steps.say(f"{child.name} ended ({ending(status)}): it is started again in {child.pause:g} s; "
                                f"its log is {self._home.logs / child.name}.log")
            if child.process is None and child.due is not None and now >= child.due > 0:
                self._spawn(child.name, listening)

    # ---- end ---------------------------------------------------------------------------------------------------------

    def _end(self) -> list[str]:
        """End everything; what remains."""
        self._steps.say("stopping")
        for child in self._children.values():
            if child.process is not None:
                child.process.terminate()
        self._end_child("supervisor")  # before the jobs, which it would start again
        remaining = end_jobs(self._home, self._steps, self._hurry)
        first.settle(self._home, self._steps)
        for name in ("web", "worker"):
            self._end_child(name)
        self._steps.stopped(remaining)
        return remaining

    def _end_child(self, name: str) -> None:
        process = self._children[name].process
        if process is None:
            return
        try:
            process.wait(0.5 if self._hurry.is_set() else TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def down(home: Home, steps: Steps) -> list[str]:
    """End whatever of a home's platform runs; what remains."""
    if not home.path.exists():
        steps.stopped([], had_something=False)
        return []
    parent = processes.running(home.processes, "up")
    had_something = parent is not None
    if parent is not None:
        processes.send(parent, signal.SIGTERM)
        steps.say(f"process {parent} ends the platform")
        processes.wait([parent], JOBS_TO_END + 3 * TO_END)
    had_something |= bool(end_children(home, TO_END)) or bool(jobs(home))
    remaining = end_jobs(home, steps, threading.Event())
    if parent is None and had_something:
        first.settle(home, steps)
    if parent is not None and processes.running(home.processes, "up") == parent:
        remaining.append(f"process {parent} (porsche up)")
    steps.stopped(remaining, had_something=had_something)
    return remaining


def end_children(home: Home, patience: float) -> set[int]:
    """End the children that a killed parent left; those that there were."""
    found = {pid for name in NAMES if (pid := processes.running(home.processes, name)) is not None}
    for pid in found:
        processes.send(pid, signal.SIGTERM)
    for pid in processes.wait(found, patience):
        processes.send(pid, signal.SIGKILL)
    processes.wait(found, 1.0)
    return found


def jobs(home: Home) -> dict[str, int]:
    """The jobs that run: name of the run's folder -> process."""
    return {path.name: pid for path in sorted(home.runs.iterdir()) if (pid := processes.running(path)) is not None}


def has_ended(home: Home, name: str, pid: int) -> bool:
    """Whether a job's process is gone, with all its threads."""
    return processes.started(pid) is None and not RunFolder(home.runs / name).held()


def end_jobs(home: Home, steps: Steps, hurry: threading.Event) -> list[str]:
    """Ask all jobs to take a checkpoint and end; those that have not, in words."""
    running = jobs(home)
    for pid in running.values():
        processes.send(pid, signal.SIGTERM)
    if running:
        steps.say(f"{len(running)} job{'s take' if len(running) > 1 else ' takes'} a last checkpoint")
    deadline = time.monotonic() + JOBS_TO_END
    while running and time.monotonic() < deadline and not hurry.is_set():
        time.sleep(0.1)
        running = {name: pid for name, pid in running.items() if not has_ended(home, name, pid)}
    return [f"process {pid} (the job of run {name})" for name, pid in running.items()]


def open_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at the first free port from `port` on; 0 = any."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last = f"port {port} is in use"
    for number in ([0] if port == 0 else [*range(port, min(port + PORTS_TRIED, 65536)), 0]):
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, number))
            made.listen(2048)
        except OSError as error:
            made.close()
            last = error.strerror or str(error)
        else:
            return made
    raise UserError("no_port", f"cannot listen at {host}: {last}", hint="--host and --port say where")


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine reaches it."""
    shown = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def answers(host: str, port: int) -> bool:
    """Whether the web process answers."""
    shown = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(shown, port, timeout=2.0)
    try:
        connection.request("GET", "/api/session", headers={"Accept": "application/json"})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def ending(status: int) -> str:
    """How a process ended, in words."""
    return f"status {status}" if status >= 0 else signal.Signals(-status).name
