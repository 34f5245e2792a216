"""A support bundle tells what a run is and how it does, and neither rows nor secrets."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.conf import settings

from porsche.ide.models import Run, Status
from porsche.runners.folder import RunFolder, Spec
from porsche.runners.support import MASK, masker
from tests.ide.platform import DOCUMENT, World

SECRET, ROW = "hunter2-of-the-broker", "4711 Elm Street"


@pytest.fixture
def run(world: World) -> Run:
    """A run whose folder has everything that must not get out."""
    found = world.run(Status.FAILED)
    found.parameters = {"broker_password": SECRET}
    found.reason = {"code": "cast_failed", "message": f"'{ROW}' is no BIGINT", "node": "rows", "hint": None}
    found.save()
    folder = RunFolder(settings.HOME.run(found.pk))
    folder.prepare(Spec(found.pk, "k", 1, 1, DOCUMENT + f"# password={SECRET}\n", found.parameters))
    folder.write("failure", {"code": "cast_failed", "message": f"column 'n' of 'rows': '{ROW}' is no BIGINT",
                             "node": "rows", "record": {"values": [ROW]}})
    line = {"at": 1.5, "level": "ERROR", "logger": "job", "message": f"cannot read \"{ROW}\", token={SECRET}",
            "trace": f"File x.py\n  value = '{ROW}'"}
    folder.log.write_text(json.dumps(line) + "\nno json\n", encoding="utf-8")
    folder.output.write_text(f"+I[{ROW}]\n", encoding="utf-8")
    for place in ("checkpoints", "dead_letters", "metrics"):
        (folder.state / place).mkdir(parents=True)
    (folder.state / "status.json").write_text(json.dumps({"state": "FAILED", "rows_in": 3}), encoding="utf-8")
    (folder.state / "plan.txt").write_text("Filter(n > 0)\n", encoding="utf-8")
    manifest = {"crc": 1, "body": {"epoch": 7, "files": [], "meta": {"sinks": {"out": {"rows": [ROW]}}}}}
    (folder.state / "checkpoints/epoch-0000000007.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder.state / "checkpoints/full-0000000007-ab.data").write_text(ROW, encoding="utf-8")
    (folder.state / "dead_letters/part-1.jsonl").write_text(json.dumps({"text": ROW}), encoding="utf-8")
    return found


def packed(world: World, run: Run, who: str = "operator") -> dict[str, str]:
    answer = world.api(who).get(f"runs/{run.pk}/support")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_what_is_in_it(world: World, run: Run) -> None:
    found = packed(world, run)
    assert {"README.txt", "document.yaml", "statements.sql", "plan.txt", "run.json", "events.json", "status.json",
            "metrics-hour.json", "metrics-day.json", "failure.json", "log.jsonl", "system.json",
            "checkpoints/epoch-0000000007.json"} <= set(found)
    told: dict[str, Any] = {name: json.loads(text) for name, text in found.items() if name.endswith(".json")}
    assert (told["run.json"]["id"], told["run.json"]["status"]) == (run.pk, "FAILED")
    assert told["status.json"]["rows_in"] == 3
    assert told["failure.json"] == {"code": "cast_failed", "message": f"column 'n' of 'rows': {MASK} is no BIGINT",
                                    "node": "rows"}
    assert told["checkpoints/epoch-0000000007.json"]["body"]["meta"]["sinks"] == ["out"]
    assert told["system.json"]["cores"] >= 1
    assert found["plan.txt"] == "Filter(n > 0)\n"
    assert told["diagnostics.json"][0]["code"] == "unknown_parameter"  # the fixture's secret is no parameter of it


def test_neither_rows_nor_secrets(world: World, run: Run) -> None:
    found = packed(world, run)
    assert not [name for name, text in found.items() if ROW in text or SECRET in text]
    assert not [name for name in found if name.endswith(".data") or "dead_letters" in name or "output" in name]


def test_a_run_that_never_began(world: World) -> None:
    found = packed(world, world.run(Status.CREATED))
    assert json.loads(found["status.json"]) is None
    assert "log.jsonl" not in found
    assert "CREATE TABLE" in found["statements.sql"] and json.loads(found["diagnostics.json"]) == []


@pytest.mark.parametrize(("text", "shown"), [
    ("column 'n > 0' is fine", "column 'n > 0' is fine"),
    ("it's 'Elm' and \"Street\"", f"it's {MASK} and {MASK}"),
    ("'it''s' here", f"{MASK} here"),
    ("no quotes", "no quotes"),
])
def test_quoted_texts_are_masked_unless_the_document_has_their_words(text: str, shown: str) -> None:
    assert masker("condition: n > 0")(text) == shown
