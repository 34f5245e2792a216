"""`porsche resources | quota`, and what `porsche status` says of limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from porsche.ide.models import Quota, Status
from porsche.runners.folder import write
from tests.ide import platform
from tests.porsche.commands import porsche
from tests.porsche.test_cli_platform import world

__all__ = ["world"]  # a fixture
GB = 1 << 30


def test_quota(world: platform.World, tmp_path: Path) -> None:
    shown = porsche(tmp_path, "quota", "shop", "--slots", "8", "--memory", "4 gb", "--job-memory", "512mb")
    assert [line.split() for line in shown.stdout.splitlines()] == [
        ["runs", "none"], ["slots", "8"], ["memory", "4.0", "GB"], ["job", "memory", "512", "MB"],
        ["job", "cpu", "none"]]
    assert porsche(tmp_path, "quota", "shop", "--slots", "none", "--job-cpu", "1.5", "--json").json == {
        "runs": None, "slots": None, "memory": 4 * GB, "job_memory": GB // 2, "job_cpu": 1.5}
    assert Quota.objects.get().memory == 4 * GB


@pytest.mark.parametrize(("arguments", "said"), [
    (("--memory", "much"), "'memory' = 'much' is not a size"), (("--runs", "few"), "'runs' = 'few' is not a number")])
def test_what_is_no_quota(world: platform.World, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    answer = porsche(tmp_path, "quota", "shop", *arguments)
    assert answer.returncode == 1 and said in answer.stderr


def test_resources(world: platform.World, tmp_path: Path) -> None:
    kept = {"memory": "measured", "cpu": "paced"}
    run = world.run(Status.RUNNING, options={"memory": GB, "cpu": 0.5, "shards": 2})
    queued = world.run(Status.QUEUED, reason={"code": "no_slots", "message": "waits for 1 slot", "node": None,
                                              "hint": None})
    measured = {"memory": GB // 2, "memory_limit": GB, "cpu": 0.25, "cpu_limit": 0.5, "slots": 2, "enforcement": kept}
    usage = settings.HOME.processes / "usage.json"
    write(usage, {"at": 1.0, "enforcement": kept, "runs": {str(run.pk): measured}})
    try:
        lines = porsche(tmp_path, "resources").stdout.splitlines()
        shown = porsche(tmp_path, "status", str(run.pk)).stdout
    finally:
        usage.unlink()
    assert any(line.split()[:4] == ["slots", "2", "of", str(settings.RESOURCES.slots)] for line in lines)
    assert "limits  memory: measured, cpu: paced" in "\n".join(lines)
    row = next(line for line in lines if line.startswith(str(run.pk)))
    assert row.split() == [str(run.pk), "shop/numbers", "RUNNING", "2", "512", "MB", "1.0", "GB", "0.25", "0.5",
                           "measured,", "paced"]
    assert next(line for line in lines if line.startswith(str(queued.pk))).endswith("waits for 1 slot")
    assert "512 MB of 1.0 GB memory (measured), 0.25 of 0.5 cores (paced), 2 slots" in shown


def test_a_run_with_limits(world: platform.World, tmp_path: Path) -> None:
    started = porsche(tmp_path, "start", "numbers", "--memory", "256 mb", "--cpu", "0.5", "--json").json
    assert started["options"] == {"memory": 256 << 20, "cpu": 0.5}
    assert porsche(tmp_path, "start", "numbers", "--new", "--memory", "little").returncode == 1
