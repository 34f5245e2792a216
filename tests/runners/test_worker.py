"""The process of a run: started, seen from outside, asked to end, killed, refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.connectors.base import Access
from engine.errors import UserError
from porsche import processes
from porsche.compiler import compile_text, environment
from porsche.runners.bundled import Options, run
from porsche.runners.folder import RunFolder, Spec
from porsche.runners.launch import launch
from porsche.runners.observe import Observation, State, observe
from porsche.runners.worker import FAILED, HELD
from tests.runners.jobs import EVENTS, answers, awaited, json_of

Started = list[subprocess.Popen[bytes]]


@pytest.fixture
def started() -> Iterator[Started]:
    made: Started = []
    yield made
    for process in made:
        process.kill()
        process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "1")


def spec(folder: RunFolder, document: str = EVENTS, **changes: Any) -> Spec:
    access = environment("dev").allowed(str(folder.path), str(folder.path.parents[1]))
    return replace(Spec(1, "key", 1, 1, document, access=access, options={"checkpoint_interval": 0.2}), **changes)


def seen(folder: RunFolder) -> Observation:
    return observe(folder, time.time())


def until(folder: RunFolder, state: State, process: subprocess.Popen[bytes]) -> Observation:
    """Observe until the run is in a state."""
    def look() -> Observation | None:
        process.poll()
        found = seen(folder)
        return found if found.state is state else None

    return awaited(look, said=f"{state}, but {seen(folder)}")


def test_from_start_to_end(folder: RunFolder, started: Started) -> None:
    started.append(launch(folder, spec(folder, parameters={"rows": "3000", "api_token": "to-be-hidden"}, document=(
        EVENTS.replace("parameters: {", "parameters: {api_token: {}, ")))))
    process = started[0]
    assert seen(folder).state is State.STARTING
    ended = until(folder, State.FINISHED, process)
    assert process.wait(10) == 0
    assert ended.outcome is not None
    assert (ended.outcome["rows_in"], ended.outcome["rows_out"], ended.outcome["state"]) == (3000, 3000, "FINISHED")
    lines = [json.loads(line) for line in folder.log.read_text("utf-8").splitlines()]
    assert [line["message"] for line in lines] == ["attempt 1 begins", "finished: 3000 rows in, 3000 out"]
    assert "to-be-hidden" not in folder.log.read_text("utf-8")
    assert os.getsid(0) != process.pid and not folder.held()


def test_it_has_its_own_session_and_nothing_of_its_parents(folder: RunFolder, started: Started) -> None:
    inherited = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    try:
        started.append(launch(folder, spec(folder, parameters={"rows": "100000"}, options={"rate": 500})))
    finally:
        os.close(inherited)
    pid = started[0].pid
    until(folder, State.RUNNING, started[0])
    assert os.getsid(pid) == pid
    opened = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    assert {path for path in opened if path.startswith("/")} <= {
        "/dev/null", str(folder.output), str(folder.log), str(folder.path / "lock"),
        *map(str, folder.state.rglob("*"))}


def test_asked_to_end_it_goes_on_from_there(folder: RunFolder, started: Started, tmp_path: Path) -> None:
    slow = {"rate": 3000, "checkpoint_interval": 0.2, "batch_rows": 200}
    started.append(launch(folder, spec(folder, parameters={"rows": "6000"}, options=slow)))
    until(folder, State.RUNNING, started[0])
    os.kill(started[0].pid, signal.SIGTERM)
    stopped = until(folder, State.STOPPED, started[0])
    assert started[0].wait(10) == 0
    assert stopped.outcome is not None and stopped.outcome["rows_in"] < 6000
    started.append(launch(folder, spec(folder, attempt=2, parameters={"rows": "6000"})))
    ended = until(folder, State.FINISHED, started[1])
    assert ended.outcome is not None and ended.outcome["rows_in"] == 6000
    undisturbed = tmp_path / "undisturbed"
    run(compile_text(EVENTS, parameters={"rows": "6000"}, state=str(undisturbed)), undisturbed, Options())
    assert answers(folder.state) == answers(undisturbed)
    assert len(answers(undisturbed)) == 6000


def test_a_killed_one_is_seen_and_no_second_one_runs(folder: RunFolder, started: Started) -> None:
    slow = spec(folder, parameters={"rows": "100000"}, options={"rate": 500})
    started.append(launch(folder, slow))
    until(folder, State.RUNNING, started[0])
    started.append(launch(folder, slow))
    assert started[1].wait(30) == HELD
    assert processes.running(folder.path) == started[0].pid
    os.kill(started[0].pid, signal.SIGKILL)
    died = until(folder, State.DIED, started[0])
    assert died.retryable and died.reason is not None and died.reason["code"] == "process_died"


def test_finished_but_killed_before_it_said_so(folder: RunFolder, started: Started) -> None:
    """The same outcome, and nothing is run again."""
    started.append(launch(folder, spec(folder)))
    first = until(folder, State.FINISHED, started[0]).outcome
    before = answers(folder.state)
    folder.remove("outcome")
    started.append(launch(folder, spec(folder, attempt=2)))
    second = until(folder, State.FINISHED, started[1]).outcome
    assert first is not None and second is not None
    same = ("rows_in", "rows_out", "late", "dead_letters", "model_hash", "metrics", "state")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    assert answers(folder.state) == before
    assert json_of(folder.state / "status.json")["attempts"] == 1


SOURCE = 'connector: shop, number-of-rows: "${rows}"'
SINK = "- {id: answers, component: table_sink}"


def with_source(options: str) -> str:
    return EVENTS.replace(SOURCE, options)


def with_sink(options: str) -> str:
    return EVENTS.replace(SINK, f"{SINK[:-1]}, properties: {{options: {{{options}}}}}}}")


@pytest.mark.parametrize(("document", "parameters", "code", "node"), [
    (EVENTS, {"divisor": "impression_id / (impression_id - impression_id)"}, "division_by_zero", "computed"),
    (EVENTS, {"divisor": "no_such_column"}, "unknown_column", "computed"),
    ("version: 1\nname: [", {}, "syntax", None),
    (EVENTS.replace("initial-backoff: 200 ms", "initial-back: 1"), {}, "unknown_setting", None),
    (with_source("connector: filesystem, path: /etc/passwd, format: csv"), {}, "path_not_allowed", "shop"),
    (with_source("connector: filesystem, path: '${state}/../../../x', format: csv"), {}, "path_not_allowed", "shop"),
    (with_sink("connector: filesystem, path: ../../elsewhere, format: json"), {}, "path_not_allowed", None),
    (with_sink("connector: kafka, topic: t"), {}, "unknown_connector", None),
])
def test_what_it_cannot_do_is_told_and_not_tried_again(folder: RunFolder, started: Started, document: str,
                                                       parameters: dict[str, str], code: str, node: str | None) -> None:
    started.append(launch(folder, spec(folder, document, parameters=parameters)))
    failed = until(folder, State.FAILED, started[0])
    assert started[0].wait(10) == FAILED
    assert failed.failure is not None and not failed.retryable
    assert (failed.failure["code"], failed.failure["node"]) == (code, node)
    assert not (folder.path.parents[1] / "elsewhere").exists()


def test_only_a_person_at_a_shell_brings_python(tmp_path: Path) -> None:
    code = replace(compile_text(EVENTS), text=(
        "CREATE FUNCTION f AS 'os.system' LANGUAGE PYTHON; CREATE TABLE o (a INT) WITH ('connector' = 'print');"
        "INSERT INTO o SELECT f('true');"))
    with pytest.raises(UserError) as error:
        run(code, tmp_path, Options(access=Access((str(tmp_path),), (), ("print",))))
    assert error.value.code == "python_not_allowed"


def test_a_job_that_stands_still_says_where(folder: RunFolder, started: Started) -> None:
    """A sink whose folder is a pipe that nobody reads cannot be had; a reader of a FIFO waits for its writer."""
    (folder.path / "in").mkdir(parents=True)
    os.mkfifo(folder.path / "in" / "rows.json")
    document = EVENTS.replace("connector: shop, number-of-rows: \"${rows}\"",
                              f"connector: filesystem, format: json, path: '{folder.path}/in/rows.json'")
    started.append(launch(folder, spec(folder, document)))
    stuck = awaited(lambda: folder.read("stuck"))
    assert stuck["pid"] == started[0].pid
    assert "File " in stuck["stack"]
