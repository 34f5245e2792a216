"""Previews over HTTP: rows of documents that are not saved, within limits."""

from __future__ import annotations

from typing import Any

import pytest

from engine.workers import Limits, Pool
from porsche.runners.preview import asked
from tests.ide.platform import BROKEN, DOCUMENT, World

SLOW = DOCUMENT.replace("condition: n > 0", "condition: n > 0 AND CAST('x' AS INT) = n")


def ask(world: World, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = world.api("editor").post("preview", {"project": "shop", **body})
    assert answer.status_code == status, answer.content
    return dict(answer.json())


def test_rows_in_and_out(world: World) -> None:
    found = ask(world, document=DOCUMENT, node="kept", samples={"rows": {"rows": [{"n": 2}, {"n": -1}, {"n": None}]}})
    assert found["error"] is None and found["diagnostics"] == []
    assert [table["table"]["rows"] for table in found["inputs"]] == [[[2], [-1], [None]]]
    assert found["output"]["rows"] == [[2]]
    counts = {name: (node["rows_in"], node["rows_out"]) for name, node in found["nodes"].items()}
    assert counts == {"rows": (None, 3), "kept": (3, 1), "out": (1, 1)}
    assert found["samples"]["rows"]["kind"] == "pinned"
    assert found["nodes"]["out"]["is_sink"]


def test_rows_of_the_source_are_sampled(world: World) -> None:
    found = ask(world, document=DOCUMENT, node="rows", limit=5)
    assert (found["output"]["total"], found["samples"]["rows"]["more"]) == (5, True)


def test_a_broken_document_is_answered(world: World) -> None:
    found = ask(world, document=BROKEN, node="rows")
    assert found["output"]["total"] > 0 and found["diagnostics"]
    assert ask(world, document="{", node=None)["diagnostics"][0]["code"]


def test_an_error_is_at_its_node(world: World) -> None:
    found = ask(world, document=SLOW, node="kept", samples={"rows": {"rows": [{"n": 1}]}})
    assert found["error"]["node"] == "kept"


@pytest.mark.parametrize("body", [
    {"document": DOCUMENT, "limit": 0}, {"document": DOCUMENT, "environment": "/etc/passwd"}, {"node": "kept"},
    {"document": DOCUMENT, "samples": {"rows": {"file": "x"}}},
    {"document": DOCUMENT, "samples": {"rows": {"rows": [1]}}},
])
def test_what_does_not_fit_is_refused(world: World, body: dict[str, Any]) -> None:
    ask(world, 400, **body)


def test_only_projects_of_ones_own(world: World) -> None:
    answer = world.api("editor").post("preview", {"project": "elsewhere", "document": DOCUMENT})
    assert answer.status_code == 404


def test_only_runs_of_the_project(world: World) -> None:
    found = ask(world, 404, document=DOCUMENT, samples={"rows": {"run": 10**6}})
    assert "no run 1000000" in found["message"]


def test_a_newer_request_of_a_tab_outdates_the_one_that_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = asked._begin

    def overtaken(tab: str) -> int:
        number = begin(tab)
        begin(tab)  # while it waits for a process, another comes
        return number

    monkeypatch.setattr(asked, "_begin", overtaken)
    found = ask(world, 409, document=DOCUMENT, tab="one")
    assert found["code"] == "outdated"
    assert ask(world, document=DOCUMENT)["node"] is None  # without a tab nothing is outdated


def test_others_tabs_are_others(world: World) -> None:
    first = asked._begin("1:tab")
    asked._begin("2:tab")
    assert not asked._is_outdated("1:tab", first)


def test_all_processes_busy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool("porsche.runners.preview", size=0)
    monkeypatch.setattr(asked, "_pool", pool)
    monkeypatch.setattr(asked, "PATIENCE", 0.01)
    answer = world.api("editor").post("preview", {"project": "shop", "document": DOCUMENT})
    assert answer.status_code == 503 and answer.headers["Retry-After"]


def test_a_preview_that_does_not_end_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool("porsche.runners.preview")
    monkeypatch.setattr(asked, "_pool", pool)
    monkeypatch.setattr(asked, "LIMITS", Limits(loading=0.01))  # a process needs more to load what it is made of
    assert ask(world, 400, document=DOCUMENT)["code"] == "too_expensive"
    assert not pool._idle and not pool._busy
    monkeypatch.undo()
    assert ask(world, document=DOCUMENT)["error"] is None  # by another process


def test_columns_of_a_file(world: World, settings: Any) -> None:
    folder = settings.HOME.path / "data"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clicks.json").write_text('{"id": 1, "at": "2024-05-01 10:00:00"}\n')
    body = {"project": "shop", "options": {"path": str(folder / "clicks.json"), "format": "json"}}
    found = world.api("editor").post("preview/infer", body).json()
    assert [(c["name"], c["type"]) for c in found["columns"]] == [("id", "BIGINT"), ("at", "TIMESTAMP(3)")]
    assert found["time"] == "at"
    refused = world.api("editor").post("preview/infer", {**body, "options": {"path": "/etc/passwd", "format": "csv"}})
    assert (refused.status_code, refused.json()["code"]) == (400, "path_not_allowed")
