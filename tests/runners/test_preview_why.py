"""Why no output, in previews: the faults that runs are told of, by the same words over a sample of the same rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from porsche.runners.preview.describe import answer
from porsche.runners.preview.rerun import Question, rerun
from porsche.runners.preview.sampling import Samples
from porsche.runners.why import Cause, Plan, place
from porsche.runners.why.plan import Node
from tests.runners.test_why import FAULTS, OUT, Fault, chain, document, lay, node, source

ENDED = [name for name, fault in FAULTS.items() if not fault.endless]
"""Where a run waits for more, a sample ends: windows close, and labels are known."""


def previewed(fault: Fault, folder: Path, shown: str | None = None) -> dict[str, Any]:
    lay(fault.files, folder)
    ran = rerun(Question(document(fault, folder), state=str(folder / "state")), Samples())
    return dict(json.loads(answer(ran, shown, 10)))


@pytest.mark.parametrize("name", ENDED)
def test_the_node_and_the_cause_are_named_as_in_a_run(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    told = previewed(fault, tmp_path)
    assert told["error"] is None
    if fault.code is None:
        assert told["causes"] == []
        return
    cause = told["causes"][0]
    assert (cause["code"], cause["node"]) == (fault.code, fault.node), cause
    assert fault.words in cause["message"]
    assert cause["sinks"] and cause["hint"]


def test_what_comes_when_the_sample_ends_is_output(tmp_path: Path) -> None:
    told = previewed(FAULTS["a window that is open"], tmp_path)
    assert told["causes"] == [] and told["nodes"]["w"]["held"] == told["nodes"]["w"]["rows_out"] > 0


def test_the_node_that_is_looked_at_is_explained(tmp_path: Path) -> None:
    """It is no sink, and the sink has rows from elsewhere."""
    fault = Fault(
        source("a") + node("f", "filter", condition="n > 500") + node("s", "select", keep=["n"])
        + node("all", "select", keep=["n"]) + node("u", "union") + OUT,
        [*chain("a", "f", "s", "u"), *chain("a", "all", "u", "out")], "filter_drops_all", "f")
    told = previewed(fault, tmp_path, "s")
    assert [(c["code"], c["node"], c["sinks"]) for c in told["causes"]] == [("filter_drops_all", "f", ["s"])]
    assert told["causes"][0]["place"] == {"node": "f", "property": "condition"}


def test_late_rows_are_waited_for_by_their_source() -> None:
    plan = Plan({"a": Node("a", "event_source", {}, False), "w": Node("w", "window_aggregate", {}, False)}, {})
    late = Cause("all_late", "w", "20 of 20 rows came too late", "wait longer", ("a",))
    assert place(plan, late) == {"node": "a", "property": "delay"}
    assert place(plan, Cause("not_running", "", "", "")) == {"node": "", "property": None}


@pytest.mark.parametrize(("name", "place"), [
    ("a metric of no row", {"node": "m", "property": "where"}),
    ("look-ups that find nothing", {"node": "e", "property": "key"}),
    ("records that cannot be read", {"node": "a", "property": "columns"}),
    ("keys that differ", {"node": "j", "property": "query"}),
])
def test_a_click_leads_to_the_field(name: str, place: dict[str, str], tmp_path: Path) -> None:
    assert previewed(FAULTS[name], tmp_path)["causes"][0]["place"] == place


def test_a_broken_document_has_no_causes(tmp_path: Path) -> None:
    fault = Fault(source("a") + node("f", "filter", condition="nothing > 1") + OUT, chain("a", "f", "out"), None)
    assert previewed(fault, tmp_path, "f")["causes"] == []
