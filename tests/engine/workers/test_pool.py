"""Pools of worker processes: who gets one, who waits, whose they are after a fork."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.errors import UserError
from engine.workers import Busy, Limits, Lost, Pool
from engine.workers import pool as pools
from tests.engine.workers.test_workers import eventually, is_gone


def test_one_waits_for_a_process_only_so_long() -> None:
    pool = Pool("engine.workers")
    with pool.process(), pytest.raises(Busy), pool.process(patience=0.01):
        pass
    pool.close()


def test_one_gets_what_another_gives_back() -> None:
    pool = Pool("engine.workers")
    found: list[int] = []

    def wait() -> None:
        with pool.process() as process:
            found.append(process.pid)

    with pool.process() as process:
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not found
    waiting.join()
    assert found == [process.pid]
    pool.close()
    assert is_gone(process.pid)


def test_a_warm_pool_starts_nothing_more() -> None:
    pool = Pool("engine.workers", size=2)
    pool.warm()
    pool.warm()
    with pool.process() as process:
        pass
    assert process.alive
    with pool.process() as again:
        assert again is process
    pool.close()


def test_what_is_no_worker_is_lost() -> None:
    """A module that ends at once."""
    with Pool("this", limits=Limits(timeout=20)).process() as process:
        with pytest.raises(Lost) as caught:
            process.ask({})
        assert (caught.value.why, process.alive, process.memory) == ("died", False, 0)


def test_the_user_is_told_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(pools, "Process", refuse)
    pool = Pool("engine.workers")
    for _ in range(2):  # and its place is free again
        with pytest.raises(UserError) as caught, pool.process(patience=1.0):
            pass
        assert caught.value.code == "no_worker"


def test_a_fork_leaves_the_processes_alone(tmp_path: Path) -> None:
    """A child of the owner starts its own, and ends none of its parent's."""
    script = f"""
import os
from pathlib import Path
from engine.workers import Pool
pool = Pool("engine.workers")
with pool.process() as process:
    first = process.pid
child = os.fork()
if child == 0:
    with pool.process() as process:
        Path({str(tmp_path / 'other')!r}).write_text(str(process.pid))
    pool.close()
    del process
    raise SystemExit(0)
os.waitpid(child, 0)
with pool.process() as process:
    assert process.pid == first and Path(f"/proc/{{first}}").exists()
    assert process.ask({{"ask": "declared", "name": "f", "target": "math.hypot"}})[0]["callable"]
Path({str(tmp_path / 'first')!r}).write_text(str(first))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[3], timeout=120, check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pids = [int((tmp_path / name).read_text()) for name in ("first", "other")]
    assert pids[0] != pids[1]
    eventually(lambda: all(map(is_gone, pids)))
    assert os.getpid() not in pids
