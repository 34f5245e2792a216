"""Real services, started by the project's own scripts for the session and stopped after it (unless they ran before)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services.flink_gateway import FlinkGateway

SCRIPTS = Path(__file__).parents[2] / "scripts" / "services"
FUNCTIONS = Path(__file__).with_name("flink_functions.py")
NAMES = ("FTRL", "GAUSSIAN", "AUC", "LOGLOSS", "FEATURES", "FEATURE_CROSS", "PREDICT")
DECLARED = [f"CREATE TEMPORARY FUNCTION {name} AS 'flink_functions.{name.lower()}' LANGUAGE PYTHON" for name in NAMES]


def run(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Call a service's script."""
    return subprocess.run([SCRIPTS / f"{name}.sh", *words], capture_output=True, text=True, check=False)


@contextmanager
def service(name: str, *words: str) -> Iterator[dict]:
    """A running service: what its script says of its ports. Stopped at the end unless it ran already."""
    before = run(name, "info")
    done = run(name, "start", *words)
    assert done.returncode == 0, done.stderr
    try:
        yield json.loads(done.stdout.splitlines()[-1])
    finally:
        if before.returncode != 0:
            run(name, "stop")


@pytest.fixture(scope="session")
def hbase() -> Iterator[dict]:
    """Addresses of a running HBase: zookeeper, thrift."""
    with service("hbase") as addresses:
        yield addresses


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    """The URL of a running Redis."""
    with service("redis") as info:
        yield info["url"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a database of a running Postgres."""
    with service("postgres") as info:
        yield info["url"]


@pytest.fixture(scope="session")
def flink() -> Iterator[dict]:
    """Ports of a running SQL Gateway."""
    with service("flink", "gateway") as ports:
        yield ports


@pytest.fixture(scope="module")
def gateway(flink) -> Iterator[FlinkGateway]:
    """A session in which our functions are declared, shared by a module's tests."""
    with FlinkGateway(flink["gateway"], [str(FUNCTIONS)]) as session:
        for statement in DECLARED:
            session.execute(statement)
        yield session


@pytest.fixture
def fresh_gateway(flink) -> Iterator[FlinkGateway]:
    """A session of its own in which our functions are declared."""
    with FlinkGateway(flink["gateway"], [str(FUNCTIONS)]) as session:
        for statement in DECLARED:
            session.execute(statement)
        yield session
