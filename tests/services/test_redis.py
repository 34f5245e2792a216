"""Background work over Redis."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.monitor.platform import Platform, free_port, make
from tests.monitor.worker import Worker, submit, wait


@pytest.fixture(scope="module")
def platform(redis: str, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    made = make(Path(tmp_path_factory.mktemp("home")))
    made.more["PORSCHE_BROKER"] = redis
    return made


def test_work_goes_through_redis(platform):
    worker = Worker(platform)
    try:
        (number,) = submit(platform, ("refused", {}))
        assert wait(platform, number, "FAILED")["error"]["code"] == "not_today"
        assert not (platform.home / "broker").exists()
    finally:
        worker.end()


def test_what_a_killed_worker_left_is_taken_up_again(platform, tmp_path):
    trace = tmp_path / "trace"
    first = Worker(platform)
    try:
        (number,) = submit(platform, ("slow", {"trace": str(trace), "seconds": 4}))
        wait(platform, number, "RUNNING")
    finally:
        first.kill()
    second = Worker(platform)
    try:
        assert wait(platform, number, "DONE")["attempts"] == 2
        assert [line.split()[0] for line in trace.read_text().splitlines()] == ["begin", "begin", "end"]
    finally:
        second.end()


def test_what_was_asked_for_without_a_broker_is_done_once_there_is_one(platform, redis):
    platform.more["PORSCHE_BROKER"] = f"redis://127.0.0.1:{free_port()}/0"
    try:
        (number,) = submit(platform, ("refused", {}))
    finally:
        platform.more["PORSCHE_BROKER"] = redis
    platform.sql("UPDATE ide_work SET beat_at = datetime('now', '-5 minutes') WHERE id = ?", number)
    worker = Worker(platform)
    try:
        wait(platform, number, "FAILED")
    finally:
        worker.end()
