"""A job that does not get on says so, with its cause; one whose input is idle, or only slow, does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Unavailable
from engine.runtime import progress
from engine.session import RunOptions
from engine.state.checkpoints import CheckpointStore
from tests.engine.runtime.flaky import Weather, run


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LEAST", 0.3)


def until_stuck(folder: Path, weather: Weather, kind: str, go: threading.Event, **more: Any) -> dict[str, Any]:
    """Run; what the first status says that tells of being stuck in a place of this kind, after which things go on to
    their end. (On a slow machine a checkpoint may take long before.)"""
    told: list[dict[str, Any]] = []

    def on_status(status: dict[str, Any]) -> None:
        if status["stuck"] and status["stuck"]["kind"] == kind:
            told.append(status)
            go.set()

    result = run(folder, weather, RunOptions(batch_rows=50, checkpoint_interval=0.05, on_status=on_status, **more))
    assert result.rows_in == weather.rows
    assert go.is_set()
    assert told[0]["at"] - told[0]["stuck"]["since"] > 0.25
    found: dict[str, Any] = told[0]["stuck"]
    return found


def waiting(go: threading.Event, number: int) -> Callable[[int], None]:
    def call(now: int) -> None:
        if now == number and not go.wait(60):
            raise AssertionError("nobody noticed")

    return call


def test_a_source_that_does_not_answer(tmp_path: Path) -> None:
    go = threading.Event()
    told = until_stuck(tmp_path, Weather(on_poll=waiting(go, 3), blocking=True), "source", go)
    assert told["name"] == "Source(given)"
    assert "has not answered" in told["cause"]


def test_a_source_that_fails(tmp_path: Path) -> None:
    go = threading.Event()

    def fail(number: int) -> None:
        if not go.is_set():
            raise Unavailable("away", "the queue is away")

    told = until_stuck(tmp_path, Weather(on_poll=fail), "source", go)
    assert told["name"] == "Source(given)"
    assert told["cause"].endswith("the queue is away")


@pytest.mark.parametrize("rows", [50, 5000], ids=["all read", "more to read"])
def test_a_sink_that_does_not_take_an_epoch(tmp_path: Path, rows: int) -> None:
    go = threading.Event()
    told = until_stuck(tmp_path, Weather(rows=rows, on_apply=waiting(go, 1), slow=True), "sink", go, rate_limit=5000)
    assert told["name"] == "Sink(taken)"
    assert "has not taken epoch 1" in told["cause"]


def test_storage_that_does_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk cannot be made slow here: the store's write is held up in its place."""
    go, write = threading.Event(), CheckpointStore.write

    def held_up(self: CheckpointStore, *arguments: Any, **named: Any) -> Future[None]:
        real, held = write(self, *arguments, **named), Future[None]()

        def let_go() -> None:
            assert go.wait(60)
            held.set_result(real.result())

        threading.Thread(target=let_go).start()
        return held

    monkeypatch.setattr(CheckpointStore, "write", held_up)
    told = until_stuck(tmp_path, Weather(rows=4000), "checkpoint", go, rate_limit=5000)
    assert told["name"] == "checkpoint 1"
    assert "not written" in told["cause"]


def test_a_source_that_is_held_back_is_not_stuck(tmp_path: Path) -> None:
    seen: list[dict[str, Any] | None] = []
    weather = Weather(rows=8)
    run(tmp_path, weather, RunOptions(batch_rows=1, rate_limit=8, checkpoint_interval=0.05,
                                      on_status=lambda status: seen.append(status["stuck"])))
    assert len(seen) > 3 and not any(stuck["kind"] == "source" for stuck in seen if stuck)
