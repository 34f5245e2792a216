from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitor.platform import Platform, Server, make


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A home folder with a filled database, shared by a module's tests."""
    return make(Path(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def server(platform: Platform) -> Iterator[Server]:
    running = Server(platform)
    yield running
    running.end()
