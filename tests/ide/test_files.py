"""What a run's folder says: its log, its dead letters, and its status while no supervisor is at work."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from porsche import processes
from porsche.ide.api.rendering import JsonRenderer
from porsche.ide.models import Beat, Desired, Run, Status
from porsche.ide.selectors.rates import Rates
from porsche.ide.selectors.runs import detail, summary
from porsche.runners.folder import RunFolder, Spec
from tests.ide.platform import DOCUMENT, World


@pytest.fixture
def run(world: World) -> Run:
    return world.run(Status.RUNNING)


def folder(run: Run) -> RunFolder:
    place = RunFolder(settings.HOME.run(run.pk))
    place.state.mkdir(parents=True, exist_ok=True)
    return place


def at_work(age: float = 0.0) -> None:
    """The supervisor's last sign of life."""
    Beat.objects.update_or_create(name="supervisor", defaults={"pid": 1, "at": timezone.now() - timedelta(seconds=age)})


# ---- logs ------------------------------------------------------------------------------------------------------------


def write(place: Path, *messages: str, level: str = "INFO") -> None:
    with place.open("a", encoding="utf-8") as file:
        for message in messages:
            line = {"at": 1.5, "level": level, "logger": "job", "message": message, "attempt": 1, "trace": "File x.py"}
            file.write(json.dumps(line) + "\n")


def log(world: World, run: Run, query: str = "") -> tuple[list[str], str]:
    found = world.api("viewer").get(f"runs/{run.pk}/logs?{query}")
    assert found.status_code == 200, found.content
    return [line["message"] for line in found.json()["lines"]], found.json()["next"]


def test_a_log_that_is_not_there(world: World, run: Run) -> None:
    assert log(world, run) == ([], "")


def test_the_tail_and_what_comes_after(world: World, run: Run) -> None:
    place = folder(run).log
    write(place, *(f"line {n}" for n in range(10)))
    lines, behind = log(world, run, "limit=3")
    assert lines == ["line 7", "line 8", "line 9"]
    assert log(world, run, f"after={behind}") == ([], behind)
    write(place, "line 10", "line 11", "line 12")
    lines, behind = log(world, run, f"after={behind}&limit=2")
    assert lines == ["line 10", "line 11"]
    assert log(world, run, f"after={behind}")[0] == ["line 12"]


def test_a_log_is_followed_through_rotation(world: World, run: Run) -> None:
    place = folder(run).log
    write(place, "a", "b")
    behind = log(world, run)[1]
    write(place, "c")
    place.rename(place.with_name("log.jsonl.1"))
    write(place, "d")
    place.with_name("log.jsonl.1").rename(place.with_name("log.jsonl.2"))
    place.rename(place.with_name("log.jsonl.1"))
    write(place, "e")
    assert log(world, run, f"after={behind}")[0] == ["c", "d", "e"]
    assert log(world, run)[0] == ["e"]
    assert log(world, run, "after=1.999999")[0] == ["a", "b", "c", "d", "e"]  # of a file that is no more


def test_a_line_that_is_being_written_waits(world: World, run: Run) -> None:
    place = folder(run).log
    write(place, "a")
    with place.open("a") as file:
        file.write('{"message": "b"')
    lines, behind = log(world, run)
    assert lines == ["a"]
    with place.open("a") as file:
        file.write("}\n")
    assert log(world, run, f"after={behind}")[0] == ["b"]


def test_lines_by_level_without_traces_or_secrets(world: World, run: Run) -> None:
    place = folder(run).log
    Run.objects.filter(pk=run.pk).update(parameters={"db_password": "hunter22"})
    write(place, "fine")
    write(place, "broken: hunter22 at postgresql://me:pw@host", level="ERROR")
    place.open("a").write("no json\n[1]\n{\"level\": \"ODD\", \"message\": null}\n")
    assert log(world, run, "level=ERROR")[0] == ["broken: *** at postgresql://***@host"]
    answer = world.api("viewer").get(f"runs/{run.pk}/logs").content.decode()
    assert "x.py" not in answer and "hunter22" not in answer
    assert log(world, run)[0] == ["fine", "broken: *** at postgresql://***@host", ""]


@pytest.mark.parametrize("query", ["after=../../etc", "after=1", "after=x.1", "limit=0", "limit=1001", "level=LOUD",
                                   "after=1.1%00", "limit=x"])
def test_questions_that_are_none(query: str, world: World, run: Run) -> None:
    assert world.api("viewer").get(f"runs/{run.pk}/logs?{query}").status_code == 400


def test_a_long_log_is_read_in_parts(world: World, run: Run) -> None:
    place = folder(run).log
    write(place, *(f"{n:07d} " + "x" * 900 for n in range(7000)))  # more than is read at once
    lines, behind = log(world, run, f"after={place.stat().st_ino}.0&level=ERROR")
    assert lines == []
    lines, _ = log(world, run, f"after={behind}&limit=1")
    assert 1 < int(lines[0][:7]) < 7000


# ---- dead letters ----------------------------------------------------------------------------------------------------


def test_dead_letters(world: World, run: Run) -> None:
    place = folder(run).state / "dead_letters"
    place.mkdir()
    for epoch, texts in ((2, ["a", "<script>"]), (10, ["c"])):
        lines = [{"source": "rows", "place": f"line {t}", "text": t, "reason": "no number"} for t in texts]
        (place / f"part-{epoch}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (place / ".epoch-11").write_text('{"text": "does not count yet"}\n')
    api = world.api("viewer")
    first = api.get(f"runs/{run.pk}/dead-letters?limit=2").json()
    assert [(x["number"], x["text"]) for x in first["letters"]] == [(0, "a"), (1, "<script>")]
    rest = api.get(f"runs/{run.pk}/dead-letters?after={first['next']}").json()
    third = {"number": 2, "at": None, "node": None, "source": "rows", "code": None, "place": "line c", "text": "c",
             "reason": "no number"}
    assert rest == {"letters": [third], "next": 3, "dropped": 0}
    assert api.get(f"runs/{run.pk}/dead-letters?after=3").json() == {"letters": [], "next": 3, "dropped": 0}


def test_dead_letters_beyond_what_is_kept(world: World, run: Run) -> None:
    """The first ones are gone; a letter that a merge has just put into another file is shown once."""
    place = folder(run).state / "dead_letters"
    place.mkdir()
    for epoch, numbers in ((4, (5, 6)), (7, (5, 6, 8)), (9, (9,))):
        (place / f"part-{epoch}.jsonl").write_text("".join(json.dumps({"number": n}) + "\n" for n in numbers))
    (folder(run).state / "status.json").write_text(json.dumps({"dead_letters_dropped": 6}))
    api = world.api("viewer")
    found = api.get(f"runs/{run.pk}/dead-letters?limit=3").json()
    assert ([x["number"] for x in found["letters"]], found["next"], found["dropped"]) == ([5, 6, 8], 9, 6)
    assert [x["number"] for x in api.get(f"runs/{run.pk}/dead-letters?after=9").json()["letters"]] == [9]


# ---- the truth about a run -------------------------------------------------------------------------------------------


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for a job."""
    job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield job
    job.kill()
    job.wait()


def prepared(run: Run) -> RunFolder:
    """A folder whose first process was started a minute ago."""
    place = folder(run)
    place.prepare(Spec(run.pk, str(run.key), run.generation, 1, DOCUMENT))
    place.write("job", {**(place.read("job") or {}), "launched": time.time() - 60})
    return place


def begin(run: Run, pid: int, **status: Any) -> None:
    """What a job leaves in its folder while it works."""
    place = prepared(run)
    place.write("process", {"pid": pid, "started": processes.started(pid), "generation": run.generation, "attempt": 1,
                            "at": time.time() - 5})
    value = {"state": "RUNNING", "pid": pid, "at": time.time(), "epoch": 3, "rows_in": 10, "rows_out": 5, **status}
    (place.state / "status.json").write_text(json.dumps(value))


def test_what_the_supervisor_noted_counts_while_it_is_at_work(run: Run) -> None:
    at_work()
    assert summary(run)["status"] == "RUNNING"
    run.reason = {"code": "x", "message": "y", "node": None, "hint": None}
    assert summary(run)["reason"]["code"] == "x"


def test_a_job_that_goes_on_without_a_supervisor(run: Run, process: subprocess.Popen[bytes]) -> None:
    at_work(age=11)
    run.status = Status.RESTARTING
    begin(run, process.pid)
    found = summary(run)
    assert (found["status"], found["reason"], found["checkpoint"]["epoch"]) == ("RUNNING", None, 3)


def test_a_job_that_died_without_a_supervisor(run: Run, process: subprocess.Popen[bytes]) -> None:
    begin(run, process.pid)
    assert summary(run)["status"] == "RUNNING"
    heard = json.loads((folder(run).state / "status.json").read_text())["at"]
    process.kill()
    process.wait()
    found = summary(run)
    assert (found["status"], found["reason"]["code"]) == ("RESTARTING", "no_supervisor")
    assert "its process ended without a word" in found["reason"]["message"]
    assert found["since"].timestamp() == pytest.approx(heard, abs=0.001)


def test_a_run_that_was_stopped_before_it_began(world: World) -> None:
    run = world.run(Status.CREATED, desired=Desired.STOPPED, observed_generation=0)
    found = [summary(run, timezone.now() + timedelta(seconds=n)) for n in (1, 2)]
    assert [f["status"] for f in found] == ["STOPPED"] * 2
    assert [f["since"] for f in found] == [run.status_since] * 2


def test_a_job_that_finished_without_a_supervisor(run: Run) -> None:
    place = prepared(run)
    at = time.time() - 30
    place.write("outcome", {"attempt": 1, "generation": 1, "state": "FINISHED", "at": at, "rows_in": 10})
    found = detail(run)
    assert (found["status"], found["outcome"]["rows_in"]) == ("FINISHED", 10)
    assert found["ended_at"] == found["since"] == datetime.fromtimestamp(at, UTC)


def test_a_start_that_nobody_has_seen(world: World) -> None:
    at_work()
    run = world.run(Status.FAILED, desired=Desired.RUNNING, generation=2, observed_generation=1)
    assert (summary(run)["status"], summary(run)["reason"]["code"]) == ("CREATED", "waiting")
    at_work(age=60)
    assert (summary(run)["status"], summary(run)["reason"]["code"]) == ("CREATED", "no_supervisor")


def test_figures_of_a_run(run: Run) -> None:
    at_work()
    now = timezone.now()
    run.snapshot = {
        "at": now.timestamp(), "started": now.timestamp() - 10, "pid": 1, "attempts": 2,
        "rows_in": 5000, "rows_out": 100, "progress": 0.25,
        "sources": [{"behind_seconds": 2.0}, {"behind_seconds": 7.5}, {"behind_seconds": None}],
        "checkpoint": {"epoch": 4, "at": now.timestamp() - 3, "bytes": 4096, "seconds": 0.02}}
    found = summary(run, now)
    assert found["rates"] == {"rows_in": 500.0, "rows_out": 10.0}
    assert (found["lag_seconds"], found["newest_seconds"], found["progress"], found["attempt"]) == (7.5, 2.0, 0.25, 2)
    assert found["checkpoint"] == {"epoch": 4, "at": now - timedelta(seconds=3), "age_seconds": 3.0, "bytes": 4096,
                                   "seconds": 0.02}


def test_a_metric_that_is_no_number(world: World, run: Run, process: subprocess.Popen[bytes]) -> None:
    begin(run, process.pid, metrics={"Sink(hourly)": {"auc": float("nan"), "most": float("inf"), "n": 7}})
    found = world.api("viewer").get(f"runs/{run.pk}").json()
    assert found["snapshot"]["metrics"] == {"Sink(hourly)": {"auc": None, "most": None, "n": 7}}


def test_numbers_that_json_does_not_know() -> None:
    text = JsonRenderer().render({"a": [float("nan"), 1.5], "b": (float("-inf"), {"c": "NaN"})})
    assert json.loads(text) == {"a": [None, 1.5], "b": [None, {"c": "NaN"}]}


def test_secret_parameters_are_not_shown(world: World, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(parameters={"count": "7", "db_password": "hunter22"})
    api = world.api("viewer")
    assert api.get(f"runs/{run.pk}").json()["parameters"] == {"count": "7", "db_password": "***"}
    assert "hunter22" not in api.get(f"runs/{run.pk}/compiled").content.decode()


def test_rates_between_snapshots() -> None:
    rates = Rates()

    def told(at: float, rows: int, pid: int = 1) -> float | None:
        process = {"started": 100.0, "pid": pid, "attempts": 1}
        return rates.of(1, {**process, "at": at, "rows_in": rows, "rows_out": 0})["rows_in"]

    assert told(110.0, 1000) == 100.0  # since its beginning
    assert told(111.0, 1500) == 500.0
    assert told(111.0, 1500) == 500.0  # asked twice
    assert told(111.2, 1500) == pytest.approx(416.7)  # a snapshot too soon is told with the second before it
    assert told(113.0, 1500) == 0.0
    assert told(120.0, 100, pid=2) == 5.0  # another process counts anew
    assert told(100.01, 900, pid=3) is None  # its first rows are no rate yet
    assert rates.of(2, {}) == {"rows_in": None, "rows_out": None}
