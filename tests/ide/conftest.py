from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache

from tests.ide import platform


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No test meets another's counted requests or folders of runs."""
    cache.clear()
    yield
    shutil.rmtree(settings.HOME.path / "runs", ignore_errors=True)


@pytest.fixture
def world(db: None) -> platform.World:
    return platform.make()
