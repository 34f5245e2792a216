from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from porsche.compiler import compile_text
from porsche.ide.models import Status
from porsche.ide.services.pipelines import create_pipeline
from porsche.runners.bundled import Options, run
from porsche.runners.folder import RunFolder
from tests.ide import platform
from tests.serving.clean import forget_runs

SHOP = (Path(__file__).resolve().parents[2] / "examples" / "shop.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state that a run over 6,000 impressions of the shop leaves."""
    state = tmp_path_factory.mktemp("trained") / "state"
    run(compile_text(SHOP, parameters={"impressions": "6000"}, state=str(state)), state, Options())
    return state


@pytest.fixture
def shop(world: platform.World, trained: Path) -> Any:
    """A finished run of the shop in the project `shop`."""
    pipeline = create_pipeline(project=world.project, slug="shop", title="", document=SHOP, by=world.people["editor"])
    world.pipeline = pipeline
    made = world.run(Status.FINISHED, parameters={"impressions": "6000"})
    shutil.copytree(trained, RunFolder(settings.HOME.run(made.pk)).state)
    return made


@pytest.fixture
def world(db: None) -> Iterator[platform.World]:
    forget_runs()
    yield platform.make()
    forget_runs()
