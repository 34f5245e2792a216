"""`porsche up` and `porsche down` as a person meets them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from porsche import processes
from porsche.home import Home
from porsche.up import jobs
from tests.platform.running import COMMAND, Up, ended, environment, left, porsche
from tests.runners.jobs import EVENTS, awaited

pytestmark = pytest.mark.slow


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "events.yaml"
    path.write_text(EVENTS.replace("default: 2000", "default: 1000000"), encoding="utf-8")
    return path


def test_up_shows_a_running_example_and_down_ends_all(home: Home, example: Path) -> None:
    with Up(home, "--example", str(example), "--rate", "1000") as up:
        again = up.client.get(up.ready["sign_in"])
        assert again.status_code == 403, "the link signs in once"
        run = up.until(1, "RUNNING")
        assert run["pipeline"]["slug"] == "events"
        awaited(lambda: up.run(1)["snapshot"]["rows_in"] > 500)
        assert [p for p in home.path.rglob("*") if p.exists() and p.stat().st_mode & 0o077] == [], "its owner's only"
        pid = up.job(1)
        second = porsche("up", "--home", str(home.path))
        assert second.returncode == 1
        assert f"is up already at {up.url}" in second.stderr and "porsche down" in second.stderr
        assert processes.running(home.processes, "up") == up.process.pid
        down = porsche("down", "--home", str(home.path))
        assert (down.returncode, down.stdout.splitlines()[-1]) == (0, "stopped")
        assert left(home) == [] and processes.started(pid) is None
        assert up.process.wait(60) == 0
    assert porsche("down", "--home", str(home.path)).stdout.strip() == "nothing is running"
    with Up(home, "--example", str(example), "--rate", "1000") as up:
        resumed = up.until(1, "RUNNING")
        assert resumed["snapshot"]["rows_in"] > 500
        assert (resumed["restarts"], up.get("runs")["count"]) == (0, 1)
        events = up.get("runs/1/events")["results"]
        assert [e["data"]["reason"]["code"] for e in events if e["code"] == "STOPPED"] == ["suspended"]


def test_ctrl_c_stops_what_it_started(home: Home, example: Path) -> None:
    with Up(home, "--example", str(example), "--rate", "1000") as up:
        up.until(1, "RUNNING")
        job = up.job(1)
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(60) == 0
        assert processes.started(job) is None and left(home) == []


def test_stopped_by_a_person_it_resumes_when_started(home: Home, example: Path) -> None:
    with Up(home, "--example", str(example), "--rate", "1000") as up:
        up.until(1, "RUNNING")
        up.post("runs/1/stop")
        stopped = up.until(1, "STOPPED")
        up.post("runs/1/start")
        going = up.until(1, "RUNNING")
        assert going["snapshot"]["rows_in"] >= stopped["snapshot"]["rows_in"]
        assert going["restarts"] == 0


def test_killed_it_leaves_nothing_behind_but_jobs_which_the_next_takes_over(home: Home, example: Path) -> None:
    with Up(home, "--example", str(example), "--rate", "1000") as up:
        up.until(1, "RUNNING")
        job = up.job(1)
        up.process.kill()
        up.process.wait()
        awaited(lambda: left(home) == ["1"], said="children end by themselves")
        assert processes.running(home.run(1)) == job
    assert left(home) == [], "down ended the job"
    with Up(home, "--example", str(example), "--rate", "1000") as up:
        up.until(1, "RUNNING")
        job = up.job(1)
        up.process.kill()
        up.process.wait()
        with Up(home) as next_one:
            next_one.until(1, "RUNNING")
            assert next_one.job(1) == job
            assert next_one.run(1)["restarts"] == 0


def test_down_ends_what_a_killed_one_left(home: Home, example: Path) -> None:
    with Up(home, "--example", str(example), "--rate", "1000") as up:
        up.until(1, "RUNNING")
        up.process.kill()
        down = porsche("down", "--home", str(home.path), "--json")
        assert down.returncode == 0
        assert down.stdout.strip() == '{"stopped": true, "remaining": []}'
        assert left(home) == []


def test_a_port_that_is_taken_is_not_fought_for(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Up(home, "--port", str(port)) as up:
            assert up.url != f"http://127.0.0.1:{port}"
            assert up.get("session")["user"]["username"] == "admin"


def test_ctrl_c_does_not_wait_for_kernels(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an empty cache they take minutes."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    process = subprocess.Popen([*COMMAND, "up", "--home", str(home.path), "--port", "0"], env=environment(), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    awaited(lambda: processes.running(home.processes, "worker"), said="worker")
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert said.splitlines()[-1] == "stopped" and "Sign in" not in said
    assert left(home) == []


def test_a_database_that_is_away_is_waited_for(home: Home, example: Path) -> None:
    with Up(home, "--example", str(example), "--rate", "1000") as up:
        up.until(1, "RUNNING")
        supervisor, job, log = up.pid("supervisor"), up.job(1), home.logs / "supervisor.log"
        parts = [home.path / f"db.sqlite3{end}" for end in ("", "-wal", "-shm")]
        for part in parts:
            if part.exists():
                part.rename(part.with_name(f"away-{part.name}"))
        awaited(lambda: "cannot go on for now" in log.read_text("utf-8"))
        for part in parts:
            part.unlink(missing_ok=True)
            if (away := part.with_name(f"away-{part.name}")).exists():
                away.rename(part)
        up.post("runs/1/stop")
        up.until(1, "STOPPED")
        assert up.pid("supervisor") == supervisor
        assert processes.started(job) is None


def test_nothing_is_running() -> None:
    assert (porsche("down", "--home", "/nonexistent/home").returncode, ended(Home(Path("/tmp")), 0)) == (0, True)
    assert not Path("/nonexistent").exists()


def test_a_home_that_cannot_be_is_said() -> None:
    result = porsche("up", "--home", "/proc/home")
    assert result.returncode == 1
    assert "cannot use the folder /proc/home" in result.stderr and "Traceback" not in result.stderr


def test_children_that_die_come_back_and_logs_hold_no_secret(home: Home) -> None:
    with Up(home) as up:
        for name in ("web", "supervisor", "worker"):
            pid = up.pid(name)
            os.kill(pid, signal.SIGKILL)
            awaited(lambda name=name, pid=pid: processes.running(home.processes, name) not in (None, pid), said=name)
        awaited(lambda: up.client.get("/api/session").json()["supervisor"]["alive"])
        assert jobs(home) == {}
        secret = up.ready["sign_in"].rpartition("/")[2]
        for log in home.logs.iterdir():
            assert secret not in log.read_text(encoding="utf-8"), log
