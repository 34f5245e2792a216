"""What an environment lets jobs of the platform touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.connectors import CONNECTORS
from engine.connectors.base import Access
from porsche.compiler import DocumentError, environment
from porsche.runners.access import access_of


def made(tmp_path: Path, text: str) -> dict[str, list[str]]:
    path = tmp_path / "environment.yaml"
    path.write_text(text, encoding="utf-8")
    return environment(str(path)).allowed("/srv/runs/7", "/srv")


def test_the_bundled_one_allows_what_needs_no_service() -> None:
    allowed = environment("dev").allowed("/srv/runs/7", "/srv")
    assert allowed["paths"] == ["/srv/runs/7", "/srv/data"]
    assert allowed["hosts"] == []
    assert set(allowed["connectors"]) <= set(CONNECTORS)
    assert access_of(allowed) == Access(("/srv/runs/7", "/srv/data"), (), tuple(allowed["connectors"]))


def test_what_is_left_out_is_not_allowed(tmp_path: Path) -> None:
    assert made(tmp_path, "uses: {}") == {"paths": ["/srv/runs/7"], "hosts": [], "connectors": []}
    assert access_of({}) == Access((), (), ()), "which is nothing; None would be everything"


def test_places_are_filled_in(tmp_path: Path) -> None:
    allowed = made(tmp_path, "access: {paths: ['${home}/in', /srv], hosts: ['h:1'], connectors: [print]}")
    assert allowed == {"paths": ["/srv/runs/7", "/srv/in", "/srv"], "hosts": ["h:1"], "connectors": ["print"]}


@pytest.mark.parametrize(("text", "said"), [
    ("access: {path: [a]}", "has no 'access.path'"),
    ("access: {paths: a}", "is not a list of texts"),
    ("access: {hosts: [1]}", "is not a list of texts"),
    ("access: all", "has no 'access'"),
    ("acces: {}", "did you mean 'access'?"),
    ("[1]", "is not a table of parts"),
])
def test_mistakes_are_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DocumentError, match="bad_environment") as error:
        made(tmp_path, text)
    assert said in str(error.value)
