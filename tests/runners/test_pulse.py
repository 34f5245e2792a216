"""Where a job stands while its thread does not get on, as the thread beside it tells."""

from __future__ import annotations

import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.connectors.base import Connector
from engine.session import RunOptions, Session
from porsche.runners import pulse
from porsche.runners.folder import RunFolder
from porsche.runners.pulse import Pulse
from tests.engine.runtime.flaky import SQL, Flaky, Weather
from tests.runners.jobs import awaited

FUNCTION = """
import time
from pathlib import Path

class Wait:
    arguments, result = ("BIGINT",), "BIGINT"
    def __call__(self, values):
        while not Path("{go}").exists():
            time.sleep(0.01)
        return values

wait = Wait()
"""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "SILENCE", 0.3)
    monkeypatch.setattr(pulse, "PERIOD", 0.05)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., RunFolder]]:
    """Runs a script in a thread, watched; ends with the test."""
    threads: list[threading.Thread] = []

    def start(text: str, weather: Weather, shards: int = 1) -> RunFolder:
        folder = RunFolder(tmp_path / "run")
        folder.path.mkdir()

        def work() -> None:
            with Pulse(folder) as watched:
                made = Session(folder=folder.state, modules=[tmp_path], connectors=choose)
                list(made.script(text))
                made.run(RunOptions(shards=shards, batch_rows=50, on_job=watched.watch,
                                    on_status=lambda status: watched.beat()))

        def choose(table: Any) -> Connector:
            from engine.connectors import connector

            name = table.option("connector")
            return Flaky(weather) if name == "flaky" else connector(name)

        threads.append(threading.Thread(target=work))
        threads[0].start()
        return folder

    yield start
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def told(folder: RunFolder, role: str, place: str, fact: tuple[str, str], go: Callable[[], object]) -> dict[str, Any]:
    """What is told of the job once it stands at a place, and a fact has this in it, after which it goes on; in the end
    nothing is left of it. (A job that only is slow in starting stands elsewhere before.)"""
    def look() -> dict[str, Any] | None:
        stuck = folder.read("stuck")
        if stuck is None or stuck["role"] != role or not stuck["operator"].startswith(place):
            return None
        return stuck if fact[1] in (stuck[fact[0]] or "") else None

    found = awaited(look)
    assert time.time() - found["since"] > 0.3
    go()
    awaited(lambda: folder.read("stuck") is None)
    return found


def test_a_source_in_the_jobs_own_thread(running: Callable[..., RunFolder]) -> None:
    go = threading.Event()
    weather = Weather(on_poll=lambda number: None if number != 2 else wait(go))
    found = told(running(SQL, weather), "source", "Source(given)", ("stack", "flaky.py"), go.set)
    assert found["function"] is None


def test_a_sink_in_the_jobs_own_thread(running: Callable[..., RunFolder]) -> None:
    go = threading.Event()
    job = running(SQL, Weather(on_apply=lambda number: wait(go)))
    found = told(job, "sink", "Sink(taken)", ("stack", "flaky.py"), go.set)
    assert found["function"] is None


@pytest.mark.parametrize("shards", [1, 2])
def test_a_users_function(running: Callable[..., RunFolder], tmp_path: Path, shards: int) -> None:
    """With two shards it is called by one of their threads, for which the job's own waits."""
    (tmp_path / "waits.py").write_text(textwrap.dedent(FUNCTION).format(go=tmp_path / "go"), encoding="utf-8")
    text = SQL.partition("INSERT")[0] + """
    CREATE FUNCTION wait AS 'waits.wait' LANGUAGE PYTHON;
    INSERT INTO taken SELECT wait(total) FROM (SELECT n, SUM(n) AS total FROM given GROUP BY n);
    """
    found = told(running(text, Weather(), shards), "operator", "Calc", ("function", "wait"), (tmp_path / "go").touch)
    assert found["function"] == "wait"


def wait(go: threading.Event) -> None:
    assert go.wait(60)
