"""What goes wrong where checkpoints are kept, while a job runs: it goes on, people are told, nothing is lost or twice.

The table "Faults" of docs/reliability.md has a row for each.
"""

from __future__ import annotations

import errno
import json
import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.changes import Batch, Column
from engine.connectors import connector
from engine.connectors.base import Connector, Environment, Json, Poll, Source, TableOptions
from engine.errors import UserError
from engine.plan.nodes import TableSpec
from engine.runtime import progress, writing
from engine.runtime.job import Job, JobResult
from engine.session import RunOptions, Session
from engine.state import checkpoints
from engine.state.checkpoints import read_checkpoint
from engine.state.storage import LocalFolder
from porsche.runners.failures import failure

TABLES = """
{settings}
CREATE TABLE numbers (n BIGINT NOT NULL) WITH ('connector' = 'numbers');
CREATE TABLE res (n BIGINT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');
CREATE TABLE counts (n BIGINT NOT NULL, c BIGINT NOT NULL) WITH ('connector' = 'blackhole');
"""
PLAIN = "INSERT INTO res SELECT n FROM numbers;"
GROUPED = "INSERT INTO counts SELECT n, COUNT(*) FROM numbers GROUP BY n;"
LONG = 60.0
"""Seconds that anything may take."""


@dataclass
class Flow:
    """Numbers from 0 on, some at each poll, until `last` is set; what the job told."""

    each: int = 10
    last: int | None = None
    told: list[dict[str, Any]] = field(default_factory=list)
    job: Job | None = None
    result: JobResult | None = None
    error: BaseException | None = None
    given: int = 0

    def tell(self, status: dict[str, Any]) -> None:
        self.told.append(status)

    def wait(self, met: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first thing told from now on that meets a condition."""
        begin, end = len(self.told), time.monotonic() + LONG
        while time.monotonic() < end:
            found = next((status for status in self.told[begin:] if met(status)), None)
            if found is not None:
                return found
            assert self.error is None, self.error
            time.sleep(0.01)
        raise AssertionError(f"not met by {self.told[-1]}")


class Numbers(Connector):
    """Its table is read from a flow."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def changelog(self, table: TableOptions) -> str:
        return "I"

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return Flowing(self._flow, table)


class Flowing(Source):
    """Reads a flow."""

    def __init__(self, flow: Flow, table: TableOptions) -> None:
        self._flow, self._type = flow, table.schema[0].type
        self._at = 0

    def open(self, columns: Sequence[int]) -> None:
        self._columns = columns

    def poll(self, limit: int) -> Poll:
        last = self._flow.last
        if last is not None and self._at >= last:
            return Poll(None, ended=True)
        time.sleep(0.002)
        end = self._at + self._flow.each if last is None else min(self._at + self._flow.each, last)
        values = np.arange(self._at, end)
        self._at = self._flow.given = end
        return Poll(Batch((Column(self._type, values),), len(values)), rows=len(values))

    def position(self) -> Json:
        return {"at": self._at}

    def restore(self, position: Json) -> None:
        self._at = position["at"]


def _options(flow: Flow, **more: Any) -> RunOptions:
    def know(job: Job) -> None:
        flow.job = job
        job.options = replace(job.options, status_interval=0.02)

    return RunOptions(checkpoint_interval=0.05, on_status=flow.tell, on_job=know, **more)


@contextmanager
def running(tmp_path: Path, flow: Flow, settings: str = "", query: str = PLAIN,
            clock: Callable[[], float] = time.time) -> Iterator[Flow]:
    """A job beside the test; ended, if it has not, and its failure kept, when the block is left."""
    def choose(table: TableSpec) -> Connector:
        return Numbers(flow) if table.name == "numbers" else connector(table.option("connector"), None)

    session = Session(folder=tmp_path / "state", connectors=choose, clock=clock)
    for _ in session.script(TABLES.format(settings=settings, out=tmp_path / "out") + query):
        pass

    def work() -> None:
        try:
            flow.result = session.run(_options(flow))
        except UserError as error:
            flow.error = error

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield flow
    finally:
        if flow.last is None:
            flow.last = flow.given + 100
        thread.join(LONG)
        assert not thread.is_alive()


def written(tmp_path: Path) -> list[int]:
    """The numbers that the sink shows."""
    paths = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    return sorted(json.loads(line)["n"] for path in paths for line in path.read_text().splitlines())


def complete(tmp_path: Path, flow: Flow) -> None:
    assert flow.error is None
    assert flow.result is not None
    assert flow.result.attempts == 1
    assert written(tmp_path) == list(range(flow.given))


def _advanced(epoch: int) -> Callable[[dict[str, Any]], bool]:
    return lambda status: (status["checkpoint"] or {"epoch": 0})["epoch"] > epoch


def _failing(reason: str, count: int = 1) -> Callable[[dict[str, Any]], bool]:
    def met(status: dict[str, Any]) -> bool:
        failing = status["checkpoints_failing"]
        return failing is not None and reason in failing["reason"] and failing["count"] >= count

    return met


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may become larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(writing, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(progress, "LEAST", 0.5)


def test_files_that_are_too_large(tmp_path: Path) -> None:
    """A limit that the kernel keeps stands for a quota: what is small is written, state is not."""
    with running(tmp_path, Flow(each=5000), query=GROUPED) as flow:
        flow.wait(_advanced(0))
        with largest_file(60_000):
            told = flow.wait(_failing("the file would be larger than is allowed", 3))
            later = flow.wait(lambda status: status["rows_in"] > told["rows_in"] + 5000)
            assert later["checkpoints_failing"]["since"] <= told["at"]
            assert later["epoch"] == told["epoch"], "it is the same checkpoint that is tried again"
            assert json.loads((tmp_path / "state" / "status.json").read_text())["checkpoints_failing"] is not None
        told = flow.wait(_advanced(told["epoch"]))
        assert told["checkpoints_failing"] is None
        assert told["checkpoints_failed"] >= 3
    assert flow.error is None
    found = read_checkpoint(tmp_path / "state" / "checkpoints")
    assert found is not None
    keys = sum(chain[-1].meta["keys"] for chain in found.chains().values() if chain[-1].kind == "table")
    assert keys == flow.given


class Faulty(LocalFolder):
    """A folder whose steps take time or fail."""

    delay = 0.0
    error: OSError | None = None
    away: OSError | None = None

    def names(self) -> list[str]:
        if self.away is not None:
            raise self.away
        return super().names()

    def write(self, name: str, pieces: Any) -> int:
        length = super().write(name, pieces)
        time.sleep(self.delay)
        if self.error is not None:
            raise self.error
        return length


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> type[Faulty]:
    monkeypatch.setattr(checkpoints, "open_storage", lambda place: Faulty(Path(place)))
    monkeypatch.setattr(Faulty, "delay", 0.0)
    monkeypatch.setattr(Faulty, "error", None)
    monkeypatch.setattr(Faulty, "away", None)
    return Faulty


@pytest.mark.parametrize(("code", "words"), [
    (errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the disk quota is used up"), (errno.EIO, "the disk fails"),
    (errno.EROFS, "the file system is read-only")])
def test_a_disk_that_takes_nothing(tmp_path: Path, faulty: type[Faulty], code: int, words: str) -> None:
    with running(tmp_path, Flow()) as flow:
        flow.wait(_advanced(0))
        faulty.error = OSError(code, "no")
        told = flow.wait(_failing(words, 2))
        shown = written(tmp_path)
        flow.wait(lambda status: status["rows_in"] > told["rows_in"] + 50)
        if code == errno.ENOSPC:
            stuck = flow.wait(lambda status: status["stuck"] is not None)["stuck"]
            assert stuck["kind"] == "storage"
            assert "the disk is full" in stuck["cause"]
        assert written(tmp_path) == shown, "sinks show nothing meanwhile"
        assert shown == list(range(len(shown)))
        faulty.error = None
        flow.wait(_advanced(told["epoch"]))
    complete(tmp_path, flow)


def test_a_folder_that_is_gone_for_a_while(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "checkpoints"
    with running(tmp_path, Flow()) as flow:
        flow.wait(_advanced(0))
        folder.rename(tmp_path / "away")
        told = flow.wait(_failing("the folder is gone"))
        (tmp_path / "away").rename(folder)
        flow.wait(_advanced(told["epoch"]))
    complete(tmp_path, flow)


def test_a_folder_in_whose_place_is_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "checkpoints"
    with running(tmp_path, Flow()) as flow:
        flow.wait(_advanced(0))
        folder.rename(tmp_path / "away")
        folder.write_text("")
        told = flow.wait(_failing("Not a directory"))
        folder.unlink()
        (tmp_path / "away").rename(folder)
        flow.wait(_advanced(told["epoch"]))
    complete(tmp_path, flow)


def test_a_slow_disk(tmp_path: Path, faulty: type[Faulty]) -> None:
    """Rows go on; the next checkpoint waits. Past the timeout it counts as failing, and still holds once written."""
    with running(tmp_path, Flow(), "SET 'execution.checkpointing.timeout' = '100 ms';") as flow:
        flow.wait(_advanced(0))
        faulty.delay = 0.5
        told = flow.wait(_failing("is not written after"))
        later = flow.wait(_advanced(told["epoch"] - 1))
        assert later["rows_in"] > told["rows_in"]
        faulty.delay = 0.0
        assert flow.wait(_advanced(later["epoch"] + 1))["checkpoints_failing"] is None
    complete(tmp_path, flow)


def test_failures_are_tolerated_as_far_as_one_says(tmp_path: Path, faulty: type[Faulty]) -> None:
    setting = "SET 'execution.checkpointing.tolerable-failed-checkpoints' = '2';"
    with running(tmp_path, Flow(), setting) as flow:
        flow.wait(_advanced(0))
        faulty.error = OSError(errno.ENOSPC, "no")
        end = time.monotonic() + LONG
        while flow.error is None and time.monotonic() < end:
            time.sleep(0.01)
        faulty.error = None
    assert isinstance(flow.error, UserError)
    assert flow.error.code == "checkpoint_io"
    assert (flow.told[-1]["state"], flow.told[-1]["checkpoints_failed"]) == ("FAILED", 3)
    again = Flow(last=flow.given + 50)
    with running(tmp_path, again):  # another text: its name is that of the first start still
        pass
    assert again.result is not None
    assert again.result.attempts == 2
    assert written(tmp_path) == list(range(again.given))


def test_a_stop_while_the_disk_is_full(tmp_path: Path, faulty: type[Faulty]) -> None:
    """It does not wait for room: what was not written is done again by the next run."""
    with running(tmp_path, Flow()) as flow:
        flow.wait(_advanced(0))
        faulty.error = OSError(errno.ENOSPC, "no")
        flow.wait(_failing("the disk is full"))
        assert flow.job is not None
        flow.job.stop()
        end = time.monotonic() + LONG
        while flow.error is None and time.monotonic() < end:
            time.sleep(0.01)
    assert isinstance(flow.error, UserError)
    assert flow.error.code == "checkpoint_io"
    faulty.error = None
    again = Flow(last=flow.given + 50)
    with running(tmp_path, again):
        pass
    assert written(tmp_path) == list(range(again.given))


def test_an_end_of_input_waits_for_room(tmp_path: Path, faulty: type[Faulty]) -> None:
    with running(tmp_path, Flow()) as flow:
        flow.wait(_advanced(0))
        faulty.error = OSError(errno.ENOSPC, "no")
        flow.last = flow.given + 100
        told = flow.wait(_failing("the disk is full", 3))
        assert told["state"] == "RUNNING"
        faulty.error = None
    complete(tmp_path, flow)
    assert flow.told[-1]["state"] == "FINISHED"


def test_a_storage_that_cannot_be_reached_at_the_start(tmp_path: Path, faulty: type[Faulty]) -> None:
    """The start fails, and may be tried again; what was written is taken neither for damaged nor for missing."""
    with running(tmp_path, Flow()) as flow:
        flow.wait(_advanced(1))
        assert flow.job is not None
        flow.job.stop()
    assert flow.error is None
    folder = tmp_path / "state" / "checkpoints"
    before, shown = sorted(path.name for path in folder.iterdir()), written(tmp_path)
    faulty.away = OSError(errno.ECONNRESET, "reset by peer")
    with running(tmp_path, Flow()) as away:
        end = time.monotonic() + LONG
        while away.error is None and time.monotonic() < end:
            time.sleep(0.01)
    assert isinstance(away.error, UserError)
    assert (away.error.code, away.told[-1]["state"], away.given) == ("checkpoint_io", "FAILED", 0)
    assert failure(away.error).retryable, "the restart strategy starts it again"
    faulty.away = None
    assert (sorted(path.name for path in folder.iterdir()), written(tmp_path)) == (before, shown)
    again = Flow(last=flow.given + 50)
    with running(tmp_path, again):
        pass
    assert again.error is None
    assert written(tmp_path) == list(range(again.given))


def test_files_that_cannot_be_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                     caplog: pytest.LogCaptureFixture) -> None:
    """It is told in the log; the chain goes on as it is, and is merged once it can be."""
    able, merge = [False], checkpoints.merge_chain

    def maybe(chain: Any) -> Any:
        if able[0]:
            return merge(chain)
        raise ValueError("a fault in merging")

    monkeypatch.setattr(checkpoints, "merge_chain", maybe)
    monkeypatch.setitem(checkpoints.CheckpointStore.__init__.__kwdefaults__, "floor", 0)
    folder = tmp_path / "state" / "checkpoints"
    with running(tmp_path, Flow(), query=GROUPED) as flow:
        flow.wait(lambda status: caplog.text.count("could not be merged: a fault in merging") >= 2)
        told = flow.wait(_advanced(flow.told[-1]["epoch"]))
        assert (told["state"], told["checkpoints_failing"]) == ("RUNNING", None)
        able[0] = True
        flow.wait(lambda status: any(folder.glob("base-*.data")))
        flow.wait(_advanced(flow.told[-1]["epoch"]))
        assert flow.job is not None
        flow.job.stop()
    assert flow.error is None
    again = Flow(last=flow.given + 50)
    with running(tmp_path, again, query=GROUPED):
        pass
    assert again.error is None
    found = read_checkpoint(folder)
    assert found is not None
    assert sum(chain[-1].meta["keys"] for chain in found.chains().values() if chain[-1].kind == "table") == again.given


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_clocks_that_jump(tmp_path: Path, jump: float) -> None:
    """Intervals are measured by a clock that only goes on."""
    moved = [0.0]
    with running(tmp_path, Flow(), clock=lambda: time.time() + moved[0]) as flow:
        flow.wait(_advanced(1))
        moved[0] = jump
        before = flow.told[-1]["epoch"]
        began = time.monotonic()
        told = flow.wait(_advanced(before + 3))
        most = (time.monotonic() - began) / 0.05 + 2
        assert told["epoch"] - before <= most, "there is no hurry to make up for a day"
        moved[0] = 0.0
        flow.wait(_advanced(told["epoch"] + 1))
    complete(tmp_path, flow)
    assert flow.result is not None
    assert 0 < flow.result.seconds < LONG


def test_pauses_between_checkpoints(tmp_path: Path) -> None:
    with running(tmp_path, Flow(), "SET 'execution.checkpointing.min-pause' = '300 ms';") as flow:
        flow.wait(_advanced(0))
        began, first = time.monotonic(), flow.told[-1]["epoch"]
        told = flow.wait(_advanced(first + 2))
        assert time.monotonic() - began >= 0.3 * (told["checkpoint"]["epoch"] - first - 1)
    complete(tmp_path, flow)


@pytest.mark.parametrize("name", ["execution.checkpointing.num-retained", "state.checkpoints.num-retained"])
def test_as_many_are_kept_as_one_says(tmp_path: Path, name: str) -> None:
    with running(tmp_path, Flow(), f"SET '{name}' = '1';") as flow:
        flow.wait(_advanced(3))
    complete(tmp_path, flow)
    assert len(list((tmp_path / "state" / "checkpoints").glob("epoch-*.json"))) == 1


def test_state_beyond_its_budget(tmp_path: Path) -> None:
    """It goes to files, and the job through a crash, as if it were in memory."""
    setting = "SET 'taskmanager.memory.managed.size' = '1 mb';"
    with running(tmp_path, Flow(each=20_000), setting, GROUPED) as flow:
        told = flow.wait(lambda status: status["state_in_files"] > 20 << 20)
        flow.wait(_advanced(told["epoch"]))
        assert flow.job is not None
        flow.job.stop()
    assert flow.error is None
    again = Flow(each=20_000, last=flow.given + 20_000)
    with running(tmp_path, again, setting, GROUPED):
        pass
    assert again.error is None
    found = read_checkpoint(tmp_path / "state" / "checkpoints")
    assert found is not None
    assert sum(chain[-1].meta["keys"] for chain in found.chains().values() if chain[-1].kind == "table") == again.given
