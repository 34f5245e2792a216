from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitor.platform import Platform, Server, make


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A home folder with a filled database, to be copied."""
    return make(Path(tmp_path_factory.mktemp("filled")))


@pytest.fixture(scope="module")
def platform(filled: Platform, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A platform that is shared by a module's tests."""
    return filled.copy(Path(tmp_path_factory.mktemp("home")))


@pytest.fixture
def fresh(filled: Platform, tmp_path: Path) -> Platform:
    """A platform of a test's own."""
    return filled.copy(tmp_path / "home")


@pytest.fixture(scope="module")
def server(platform: Platform) -> Iterator[Server]:
    running = Server(platform)
    yield running
    running.end()
