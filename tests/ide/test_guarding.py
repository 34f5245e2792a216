"""When the guard measures, warns and says that it is enough; the kernel's figures are given by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from porsche.home import Home
from porsche.ide.guarding import FULL, WINDOW, Guard, Guarded
from porsche.runners import measure
from porsche.runners.caps import Caps
from porsche.runners.folder import read
from porsche.runners.measure import Found, Process

MB = 1 << 20
PID, WORKER = 4000, 4001


@dataclass
class Machine:
    """A job and a process that it started. `looks`: how often their memory was measured exactly."""

    memory: int = 50 * MB
    seconds: float = 0.0
    now: float = 1000.0
    looks: list[int] = field(default_factory=list)

    def found(self) -> Found:
        return Found({PID: Process(PID, 1, self.seconds), WORKER: Process(WORKER, PID, 0.5)},
                     {1: [PID], PID: [WORKER]})

    def own_memory(self, pid: int) -> int:
        self.looks.append(pid)
        return self.memory if pid == PID else 10 * MB


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(Found, "now", made.found)
    monkeypatch.setattr(measure, "own_memory", made.own_memory)
    monkeypatch.setattr(measure, "most_memory", lambda pid: made.memory + 5 * MB if pid == PID else 10 * MB)
    return made


def guard(machine: Machine, tmp_path: Path) -> Guard:
    return Guard(Home(tmp_path), clock=lambda: machine.now)


def look(made: Guard, machine: Machine, caps: Caps, *, confined: bool = False, pid: int = PID) -> None:
    machine.now += 0.5
    made.measure({7: Guarded(pid, caps, confined)})


def test_memory_is_measured_with_all_that_a_job_started(machine: Machine, tmp_path: Path) -> None:
    made = guard(machine, tmp_path)
    look(made, machine, Caps(100 * MB))
    known = made.usage(7)
    assert known is not None and known.memory == 60 * MB
    assert not made.is_near(7) and not made.is_over(7)
    machine.memory = 95 * MB
    look(made, machine, Caps(100 * MB))
    assert known.memory == 105 * MB and made.is_over(7)
    shown = read(tmp_path / "processes" / "usage.json")
    assert shown is not None and shown["runs"]["7"]["memory"] == 60 * MB, "written every two seconds"


def test_it_is_not_measured_more_often_than_needed(machine: Machine, tmp_path: Path) -> None:
    made = guard(machine, tmp_path)
    for _ in range(int(2 * FULL) + 1):
        look(made, machine, Caps(100 * MB))
    assert len(machine.looks) == 4, "two processes, twice: at first, and five seconds later"


def test_it_warns_once_for_each_process(machine: Machine, tmp_path: Path) -> None:
    made = guard(machine, tmp_path)
    machine.memory = 75 * MB
    look(made, machine, Caps(100 * MB))
    assert [made.is_near(7), made.is_near(7)] == [True, False]
    look(made, machine, Caps(100 * MB), pid=WORKER)
    assert not made.is_near(7)
    machine.memory = 85 * MB
    look(made, machine, Caps(100 * MB))
    assert made.is_near(7), "another process than the one before"


def test_who_is_confined_is_only_shown(machine: Machine, tmp_path: Path) -> None:
    made = guard(machine, tmp_path)
    machine.memory = 500 * MB
    look(made, machine, Caps(100 * MB), confined=True)
    known = made.usage(7)
    assert known is not None and known.memory == 510 * MB and not made.is_over(7)


@pytest.mark.parametrize(("share", "is_fast"), [(0.4, False), (0.9, True)])
def test_use_of_the_processor_is_an_average(machine: Machine, tmp_path: Path, share: float, is_fast: bool) -> None:
    """A limit of half a core; the first ten seconds, in which a job starts, it takes two."""
    made = guard(machine, tmp_path)
    told = []
    for number in range(int(2 * (10 + 3 * WINDOW))):
        machine.seconds += 0.5 * (2.0 if number < 20 else share)
        look(made, machine, Caps(cpu=0.5))
        told.append(made.is_fast(7))
    known = made.usage(7)
    assert known is not None and known.cpu == pytest.approx(share)
    assert told.count(True) == is_fast and not any(told[:20])


def test_what_runs_no_more_is_forgotten(machine: Machine, tmp_path: Path) -> None:
    made = guard(machine, tmp_path)
    look(made, machine, Caps(1))
    assert made.is_over(7)
    made.measure({})
    assert made.usage(7) is None and not made.is_over(7) and not made.is_near(7) and not made.is_fast(7)
