"""Warming runs all its jobs, and a second time compiles nothing."""

from __future__ import annotations

import re

import pytest

from engine import warm


@pytest.mark.slow
def test_every_job_runs_and_leaves_its_kernels_in_the_cache(capsys: pytest.CaptureFixture[str]) -> None:
    counts = []
    for _ in range(2):
        warm.main()
        lines = capsys.readouterr().out.splitlines()
        counts.append([int(n) for line in lines for n in re.findall(r"(\d+) compiled", line)])
        assert "the kernels are ready" in lines[-1]
    assert len(counts[1]) == 14
    assert not any(counts[1])
