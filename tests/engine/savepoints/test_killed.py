"""A process that is killed while it begins with a savepoint is followed by one that ends as the undisturbed run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.faults import VARIABLE
from engine.savepoints.make import make
from engine.session import RunOptions
from tests.engine.savepoints import jobs

CRASH = 45
PLAIN = RunOptions(batch_rows=7, shards=2, checkpoint_interval=1e9)
SCRIPT = """
import sys
from pathlib import Path
from engine.session import RunOptions
from tests.engine.savepoints import jobs

jobs.to_end(Path(sys.argv[1]), RunOptions(batch_rows=7, checkpoint_interval=1e9, restore=Path(sys.argv[2])), 45)
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an undisturbed run wrote; what a run had written at its end, and a savepoint of it."""
    made = tmp_path_factory.mktemp("base")
    jobs.to_end(made / "undisturbed", PLAIN)
    jobs.until_crash(made / "run", CRASH, PLAIN)
    make(made / "run" / "state", made / "savepoint")
    (made / "run" / "state").rename(made / "gone")
    return made


@pytest.mark.parametrize("point", ["restore", "seal", "checkpoint", "commit", "applied"])
def test_killed_at(base: Path, tmp_path: Path, point: str) -> None:
    """Before its state is restored; around its first checkpoint, which takes the savepoint's place."""
    saved = base / "savepoint"
    shutil.copytree(base / "run", tmp_path / "run")
    (tmp_path / f"fault-{point}").touch()
    root = Path(__file__).resolve().parents[3]
    killed = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path / "run"), str(saved)], cwd=tmp_path,
                            env={**os.environ, VARIABLE: "1", "PYTHONPATH": str(root)}, capture_output=True, text=True,
                            timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    jobs.to_end(tmp_path / "run", RunOptions(batch_rows=7, shards=2, checkpoint_interval=1e9, restore=saved), CRASH)
    assert jobs.written(tmp_path / "run") == jobs.written(base / "undisturbed")
