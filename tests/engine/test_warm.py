"""Warming runs all its jobs, and a second time compiles nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import warm


@pytest.mark.slow
def test_every_job_runs_and_leaves_its_kernels_in_the_cache(capsys: pytest.CaptureFixture[str]) -> None:
    counts = []
    warm._mark().unlink(missing_ok=True)
    for _ in range(2):
        warm.main()
        assert warm.is_warm()
        lines = capsys.readouterr().out.splitlines()
        counts.append([int(n) for line in lines for n in re.findall(r"(\d+) compiled", line)])
        assert "the kernels are ready" in lines[-1]
    assert len(counts[1]) == 14
    assert not any(counts[1])


def test_another_engine_or_processor_is_not_warm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert not warm.is_warm()
    (tmp_path / warm.MARK).write_text(warm._state(), encoding="ascii")
    assert warm.is_warm()
    monkeypatch.setattr(warm, "_processor", lambda: "another")
    assert not warm.is_warm()
