"""What a run may take: sizes, limits, and how a breach is told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.errors import UserError
from porsche.runners import measure
from porsche.runners.caps import Caps, Holder, Resources, breach, caps_of, largest, size_of, warning
from porsche.runners.cgroups import VARIABLE, Groups, join
from tests.runners.jobs import awaited

MB = 1 << 20
STATUS = {"operators": [
    {"name": "Join", "uid": "2", "nodes": ["joined"], "state_bytes": 5 * MB},
    {"name": "GroupAggregate", "uid": "1", "nodes": ["rows", "clicks"], "state_bytes": 3 * MB},
    {"name": "GroupAggregate", "uid": "1", "nodes": ["rows", "clicks"], "state_bytes": 4 * MB},
    {"name": "Sink", "uid": "3", "nodes": ["out"], "state_bytes": None}]}
"""An operator's two shards have 7 MB together."""


@pytest.mark.parametrize(("text", "size"), [
    ("512 mb", 512 * MB), ("2g", 2 << 30), ("1048576", MB), ("1.5 GB", 3 << 29), ("64k", 1 << 16), (" 1 TB ", 1 << 40),
    ("10 bytes", 10)])
def test_sizes(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "mb", "-1 mb", "1 parsec", "1e3", "nan", "1 000"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UserError) as error:
        size_of(text, "PORSCHE_MEMORY")
    assert error.value.code == "bad_option" and "PORSCHE_MEMORY" in error.value.message


@pytest.mark.parametrize(("options", "settings", "caps"), [
    ({}, {}, Caps(300 * MB, 0.5, 1)),
    ({"memory": 100 * MB, "cpu": 2.0, "shards": 3}, {"parallelism.default": "2"}, Caps(100 * MB, 2.0, 3)),
    ({}, {"parallelism.default": "2"}, Caps(300 * MB, 0.5, 2)),
])
def test_a_runs_own_word_counts(options: dict[str, float], settings: dict[str, str], caps: Caps) -> None:
    assert caps_of(options, settings, 300 * MB, 0.5) == caps


@pytest.mark.parametrize(("variables", "expected"), [
    ({"PORSCHE_SLOTS": "7", "PORSCHE_MEMORY": "1 gb"}, (7, 1 << 30, None, None)),
    ({"PORSCHE_SLOTS": "7", "PORSCHE_MEMORY": "1 gb", "PORSCHE_JOB_MEMORY": "256 mb", "PORSCHE_JOB_CPU": "0.5"},
     (7, 1 << 30, 256 * MB, 0.5)),
])
def test_what_a_machine_has(variables: dict[str, str], expected: tuple[object, ...]) -> None:
    found = Resources.of(variables)
    assert (found.slots, found.memory, found.job_memory, found.job_cpu) == expected
    assert found.cores == len(os.sched_getaffinity(0))


@pytest.mark.parametrize("variables", [{"PORSCHE_SLOTS": "none"}, {"PORSCHE_SLOTS": "0"}, {"PORSCHE_MEMORY": "much"},
                                       {"PORSCHE_JOB_CPU": "0"}, {"PORSCHE_JOB_CPU": "nan"}])
def test_variables_that_say_nothing(variables: Mapping[str, str]) -> None:
    with pytest.raises(UserError) as error:
        Resources.of(variables)
    assert error.value.code == "bad_option"


def test_by_itself_most_of_the_machine_is_for_jobs(tmp_path: Path) -> None:
    total = int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1]) << 10
    assert measure.of_machine(()) == pytest.approx(total, rel=0.01)
    assert Resources.of({}).memory == int(0.8 * measure.of_machine())
    container = tmp_path / "memory.max"
    container.write_text("536870912\n", encoding="ascii")
    assert measure.of_machine([tmp_path / "missing", container]) == 512 * MB
    container.write_text("max\n", encoding="ascii")
    assert measure.of_machine([container]) == measure.of_machine(())


def test_the_operator_with_most_state() -> None:
    assert largest(STATUS) == Holder("GroupAggregate", "clicks", 7 * MB)
    assert largest({"operators": [{"name": "Sink", "state_bytes": 0}]}) is None
    assert largest(None) is None


def test_a_breach_in_words() -> None:
    told = breach(512 * MB, 600 * MB, "measured", STATUS)
    assert (told["code"], told["node"]) == ("memory_limit", "clicks")
    assert told["message"] == ("it took 600 MB of memory, its limit is 512 MB (measured); most of its state is in "
                               "GroupAggregate of 'clicks' (7 MB)")
    assert breach(2 << 30, None, "control group", None)["message"] == (
        "it took more memory than it may, its limit is 2.0 GB (control group)")
    assert warning(512 * MB, 450 * MB, None)["message"] == "it takes 450 MB of memory, 88% of its limit of 512 MB"


# ---- measuring -------------------------------------------------------------------------------------------------------

HUNGRY = "import sys, time; b = bytearray(int(sys.argv[1])); b[::9] = b'x' * len(b[::9]); print('ready', flush=True);"
FORKS = "import os; pid = os.fork();"


def test_a_jobs_own_memory() -> None:
    """50 MB that are written to; the copy of a process shares them until it writes itself."""
    command = [sys.executable, "-c", f"{HUNGRY} {FORKS} time.sleep(60)", str(50 * MB)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            found = awaited(lambda: known if len(known := measure.Found.now().family(process.pid)) == 2 else None)
            usage = measure.usage_of(found)
            assert usage.processes == 2 and usage.seconds > 0
            assert 50 * MB <= usage.memory < 80 * MB, "what two share counts once"
            first, second = sorted(measure.own_memory(p.pid) for p in found)
            assert 25 * MB <= first <= second < 55 * MB
            assert all(measure.most_memory(p.pid) >= measure.own_memory(p.pid) for p in found)
        finally:
            os.killpg(process.pid, 9)
    assert measure.own_memory(process.pid) == 0 and measure.most_memory(process.pid) == 0
    assert measure.Found.now().family(process.pid) == []


# ---- control groups --------------------------------------------------------------------------------------------------


@pytest.fixture
def delegated(tmp_path: Path) -> Path:
    """A folder with the files of a control group, as the kernel documents them: a machine on which tests run has none
    that was delegated to them."""
    for name, text in (("cgroup.controllers", "cpuset cpu io memory pids\n"), ("cgroup.procs", "12\n34\n"),
                       ("cgroup.subtree_control", "")):
        (tmp_path / name).write_text(text, encoding="ascii")
    return tmp_path


def test_limits_as_the_kernel_takes_them(delegated: Path) -> None:
    groups = Groups.found({VARIABLE: str(delegated)})
    assert groups is not None
    assert (delegated / "cgroup.subtree_control").read_text("ascii") == "+cpu +memory"
    assert (delegated / "platform" / "cgroup.procs").read_text("ascii") == "34", "one after another"
    place = groups.make("run-7", 512 * MB, 0.5)
    limits = {name: (place / name).read_text("ascii") for name in ("memory.max", "memory.oom.group", "cpu.max")}
    assert limits == {"memory.max": "536870912", "memory.oom.group": "1", "cpu.max": "50000 100000"}
    groups.make("run-7", None, None)
    assert (place / "memory.max").read_text("ascii") == "max"
    assert (place / "cpu.max").read_text("ascii") == "max 100000"
    join(place)
    assert (place / "cgroup.procs").read_text("ascii") == "0"
    assert groups.killed("run-7") == 0
    (place / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 1\noom_kill 3\n", encoding="ascii")
    assert groups.killed("run-7") == 3


def test_without_what_is_needed_there_is_no_group(delegated: Path) -> None:
    (delegated / "cgroup.controllers").write_text("cpu pids\n", encoding="ascii")
    assert Groups.found({VARIABLE: str(delegated)}) is None
    assert Groups.found({VARIABLE: str(delegated / "nowhere")}) is None
