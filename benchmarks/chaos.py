"""`chaos`: runs whose processes are killed at random end as if nothing had happened.

Several runs of one pipeline (`benchmarks.chaos_pipeline`), of one shard or two, are on at once. Again and again SIGKILL
hits a job, the supervisor, the web server or the worker, or a job ends by itself at a named point (`engine.faults`):
while it seals, writes a checkpoint, applies, merges, restores. A run that has finished is compared, row by row and sink
by sink, with one that nothing happened to, and another one begins, until there were enough kills.

    lost, doubled    rows of all sinks that are missing, or are there more often, in all runs that finished
    wrong_status     times that the API said of a run for more than ten seconds what was not so

`--postgres URL`: runs write to tables of that server, too, and their connections to it are cut now and then.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.chaos_pipeline import Place, Rows, difference, document, outcome
from benchmarks.chaos_postgres import Server
from benchmarks.homes import Up, awaited
from engine.faults import POINTS, VARIABLE
from porsche import processes
from porsche.compiler import compile_text
from porsche.runners.bundled import Options
from porsche.runners.bundled import run as run_here
from porsche.runners.folder import RunFolder
from porsche.runners.observe import observe

KILLS, QUICK_KILLS = 300, 8
RUNS, QUICK_RUNS = 3, 1
ROWS, QUICK_ROWS = 60_000, 24_000
RATE = 3_000
"""Rows of a run and, at most, each second: so many that it lasts for a while."""
PAUSE = (0.1, 1.4)
CUTS = 0.2
"""The part of the strikes at jobs that cut their connections to Postgres instead: no kills, they are counted apart."""
WITHIN, SILENT = 10.0, 1.0
"""Seconds in which what the API says has to become true, and without an answer after which it says nothing."""
PLATFORM = ("supervisor", "web", "worker")
INTERVAL = 0.4
LONGEST = 3600.0


@dataclass
class Run:
    """A run that is watched. `orders`: points at which its job is to end, not reached yet."""

    number: int
    place: Place
    orders: set[str] = field(default_factory=set)
    wrong_since: float | None = None
    told: bool = False


@dataclass
class Figures:
    """What happened. `at`: kills by whom or where they hit."""

    at: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    lost: int = 0
    doubled: int = 0
    wrong_status: int = 0
    unequal: list[str] = field(default_factory=list)
    finished: int = 0
    restarts: int = 0
    worst: str = ""
    longest_wrong: float = 0.0
    longest_silent: float = 0.0

    @property
    def kills(self) -> int:
        return sum(self.at.values())


class Chaos:
    """Kills processes of a platform, and judges what comes of it."""

    def __init__(self, up: Up, kills: int, runs: int, rows: int, expected: Mapping[str, Rows],
                 told: Mapping[str, Any], server: Server | None) -> None:
        self._up, self._kills, self._most, self._rows, self._server = up, kills, runs, rows, server
        self._expected, self._told = expected, told
        self._dice = random.Random(kills)
        self._runs: list[Run] = []
        self._silent_since: float | None = None
        self.figures = Figures()

    def go(self) -> None:
        """Until there were enough kills and every run has finished."""
        pipeline = awaited(lambda: _calmly(lambda: self._up.pipeline("chaos", document(self._server))))
        deadline, next_kill = time.monotonic() + LONGEST, 0.0
        while self.figures.kills < self._kills or self._runs:
            while len(self._runs) < self._most and self.figures.kills < self._kills:
                self._runs.append(self._start(pipeline))
            self._watch()
            now = time.monotonic()
            if now >= next_kill and self.figures.kills < self._kills:
                next_kill = now + self._dice.uniform(*PAUSE)
                self._strike()
            if now > deadline:
                raise RuntimeError(f"runs have not ended: {[run.number for run in self._runs]}")
            time.sleep(0.1)

    def _start(self, pipeline: int) -> Run:
        place = Place(self._up.home.path / "data" / f"{self._dice.randrange(10**9)}.db", self._server)
        place.make()
        shards = self._dice.choice((1, 2))
        parameters = {"rows": str(self._rows), **place.parameters}
        number = awaited(lambda: _calmly(lambda: self._up.post("runs", {
            "pipeline": pipeline, "parameters": parameters, "options": {"rate": RATE, "shards": shards}})["id"]))
        return Run(int(number), place)

    # ---- kills -------------------------------------------------------------------------------------------------------

    def _strike(self) -> None:
        kind = self._dice.choices(("job", "point", "platform"), (40, 40, 20))[0]
        run = self._dice.choice(self._runs) if self._runs else None
        if kind == "platform":
            self._kill(self._dice.choice(PLATFORM), self._up.home.processes)
        elif run is not None and self._is_at_work(run):
            if self._server is not None and self._dice.random() < CUTS and self._server.cut():
                self.figures.cut += 1
            elif kind == "point":
                self._order(run, self._dice.choice(POINTS))
            else:
                self._kill("job", self._up.home.run(run.number), processes.NOTE)

    def _is_at_work(self, run: Run) -> bool:
        folder = self._folder(run)
        return folder.read("job") is not None and folder.read("outcome") is None

    def _kill(self, name: str, place: Path, note: str = "") -> None:
        pid = processes.running(place, note or name)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.figures.at[name] += 1

    def _order(self, run: Run, point: str) -> None:
        """Have a job end at a point; to have it restore something, it is killed."""
        (self._up.home.run(run.number) / f"fault-{point}").touch()
        run.orders.add(point)
        if point == "restore":
            self._kill("job", self._up.home.run(run.number), processes.NOTE)

    # ---- what comes of it --------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Compare what the API says with what is so; take what has finished."""
        shown = {} if not self._runs else self._shown()
        for run in list(self._runs):
            folder = self._folder(run)
            for point in [p for p in run.orders if not (folder.path / f"fault-{p}").exists()]:
                run.orders.discard(point)
                self.figures.at[point] += 1
            true = observe(folder, time.time()).status("RUNNING", 1)[0]
            self._compare_status(run, shown.get(run.number), true)
            if true == shown.get(run.number) and true in ("FINISHED", "FAILED"):
                self._runs.remove(run)
                self._judge(run, true)

    def _shown(self) -> dict[int, str]:
        """What the API says of the runs; nothing while web does not answer."""
        self._silent_since = self._silent_since or time.monotonic()
        try:
            found = {found["id"]: found["status"] for found in self._up.get("runs")["results"]}
        except (httpx.HTTPError, ValueError):
            return {}
        silent = time.monotonic() - self._silent_since
        self.figures.longest_silent = max(self.figures.longest_silent, silent)
        self._silent_since = None
        if silent > SILENT:  # web was away: nothing was said, neither right nor wrong
            for run in self._runs:
                run.wrong_since = None
        return found

    def _compare_status(self, run: Run, shown: str | None, true: str) -> None:
        if shown in (true, None):
            run.wrong_since, run.told = None, False
            return
        now = time.monotonic()
        run.wrong_since = run.wrong_since or now
        if now - run.wrong_since > self.figures.longest_wrong:
            self.figures.longest_wrong = now - run.wrong_since
            self.figures.worst = f"run {run.number}: {shown} instead of {true}"
        if now - run.wrong_since > WITHIN and not run.told:
            run.told = True
            self.figures.wrong_status += 1

    def _judge(self, run: Run, status: str) -> None:
        """Compare a run that has ended with the one that nothing happened to."""
        self.figures.finished += 1
        folder = self._folder(run)
        found = run.place.written(folder.state) if status == "FINISHED" else {name: Rows() for name in self._expected}
        for name, rows in self._expected.items():
            lost, doubled = difference(rows, found[name])
            self.figures.lost += lost
            self.figures.doubled += doubled
            if lost or doubled:
                self.figures.unequal.append(f"run {run.number}: {name}: {lost} lost, {doubled} doubled")
        if status != "FINISHED" or outcome(folder.path) != self._told:
            said = folder.read("failure") or folder.read("outcome")
            self.figures.unequal.append(f"run {run.number}: {status}, {said} instead of {self._told}")
        self.figures.restarts += (folder.read("attempts") or {}).get("restarts", 0)

    def _folder(self, run: Run) -> RunFolder:
        return RunFolder(self._up.home.run(run.number))


def _calmly(action: Any) -> Any:
    """What a request gives; None while web does not answer."""
    try:
        return action()
    except httpx.HTTPError:
        return None


def undisturbed(rows: int, server: Server | None) -> tuple[dict[str, Rows], dict[str, Any]]:
    """What a run to which nothing happens writes, and says in the end."""
    with TemporaryDirectory() as name, _set(server.secret if server else {}):
        state, place = Path(name) / "state", Place(Path(name) / "undisturbed.db", server)
        place.make()
        compiled = compile_text(document(server), parameters={"rows": str(rows), **place.parameters}, state=str(state))
        ended = run_here(compiled, state, Options(checkpoint_interval=INTERVAL))
        told = {"rows_in": ended.rows_in, "model_hash": ended.model_hash, "late": ended.late}
        return place.written(state), told


@contextlib.contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables of this process's environment, for a while."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


def run(quick: bool = False, kills: int | None = None, postgres: str | None = None) -> dict[str, Any]:
    """Kill as often as that, and compare. `postgres`: the URL of a server that is written to, too."""
    count = kills or (QUICK_KILLS if quick else KILLS)
    rows, runs = (QUICK_ROWS, QUICK_RUNS) if quick else (ROWS, RUNS)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(postgres)) if postgres else None
        expected, told = undisturbed(rows, server)
        if any(not found for found in expected.values()):
            raise RuntimeError(f"a sink is empty: { {name: found.total() for name, found in expected.items()} }")
        folder = Path(stack.enter_context(TemporaryDirectory()))
        variables = server.environment(folder / "environment.yaml") if server else {}
        up = stack.enter_context(Up(**{VARIABLE: "1"}, **variables))
        chaos = Chaos(up, count, runs, rows, expected, told, server)
        chaos.go()
    figures = chaos.figures
    cuts = {"cut_connections": figures.cut} if server else {}
    return {
        "kills": figures.kills, "lost": figures.lost, "doubled": figures.doubled, "wrong_status": figures.wrong_status,
        "by_place": dict(sorted(figures.at.items())), **cuts, "unequal": figures.unequal, "runs": figures.finished,
        "sinks": sorted(expected), "restarts": figures.restarts,
        "rows_compared": sum(r.total() for r in expected.values()) * figures.finished,
        "longest_wrong_status_seconds": round(figures.longest_wrong, 1), "worst_status": figures.worst,
        "longest_without_web_seconds": round(figures.longest_silent, 1), "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
