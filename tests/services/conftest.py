"""Real services, started by the project's own scripts and left running for the next run (`scripts/services/*.sh stop`
ends them).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts" / "services"


def start(name: str, *words: str) -> dict:
    """Start a service; what its script says of its ports."""
    done = subprocess.run([SCRIPTS / f"{name}.sh", "start", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def hbase() -> dict:
    """Addresses of a running HBase: zookeeper, thrift."""
    return start("hbase")
