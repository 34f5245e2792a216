"""Fixes for what is wrong inside a document's own components: they change the definition."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from porsche.compiler import check_text
from tests.compiler.commands import applied
from tests.compiler.pipelines import node
from tests.compiler.test_subpipelines import CHEAP, OUTER, with_local

CHEAP_ONES, COUNTS = CHEAP["nodes"]


@dataclass(frozen=True)
class Case:
    """`changed`: what is different in the definition of the component; `label`: of the first fix for `code`."""

    code: str
    label: str
    changed: dict[str, Any] = field(repr=False)
    mends: bool = True
    """Whether nothing is wrong after the first fix."""

    @property
    def text(self) -> str:
        return with_local(node("s", "cheap_counts", limit=5, by=["user"]), cheap_counts={**CHEAP, **self.changed})


def cheap(component: str = "filter", **properties: Any) -> dict[str, Any]:
    return {"nodes": [node("cheap", component, **properties), COUNTS]}


def counts(component: str, **properties: Any) -> dict[str, Any]:
    return {"nodes": [CHEAP_ONES, node("counts", component, **properties)]}


AGGREGATES = {"n": "COUNT(*)"}
CASES = [
    Case("unknown_column", "Use 'price' for 'prize'", cheap(condition="prize < ${limit}")),
    Case("unknown_column", "Use 'user' for 'usr'", counts("keyed_counters", keys=["usr"], aggregates=AGGREGATES)),
    Case("unknown_column", "Use 'price' for 'prise'",
         counts("keyed_counters", keys="${by}", aggregates={"n": "SUM(prise)"})),
    Case("unknown_column", "Use 'price' for 'prize', here and in 1 node after it",
         {"nodes": [node("cheap", "filter", condition="prize < 3"),
                    node("counts", "keyed_counters", keys="${by}", aggregates={"n": "SUM(prize)"})]}),
    Case("bad_arguments", "Cast 'kind' to DOUBLE", cheap(condition="LN(kind) < 3")),
    Case("unknown_function", "Use UPPER for UPER", cheap(condition="UPER(kind) = 'A'")),
    Case("unknown_property", "Call it 'condition'", cheap(conditon="price < 3")),
    Case("unknown_component", "Make it a filter", cheap("filtr", condition="price < 3")),
    Case("unknown_parameter", "Use ${limit}", cheap(condition="price < ${limti}")),
    Case("unknown_field", "Remove 'colour'", {"colour": "red"}),
    Case("unknown_node", "Connect 'cheap'", {"edges": [{"from": "cheep", "to": "counts"}]}),
    Case("unknown_node", "Connect 'cheap'", {"inputs": {"rows": "cheep.rows"}}),
    Case("unknown_node", "Use 'counts'", {"output": "count"}),
    Case("unknown_port", "Connect it to 'rows'", {"edges": [{"from": "cheap", "to": "counts.row"}]}),
    Case("duplicate_id", "Call the second one 'cheap_2'", {"nodes": [*CHEAP["nodes"], CHEAP_ONES]}, mends=False),
    Case("duplicate_input", "Keep the edge from 'cheap' only",
         {"edges": [*CHEAP["edges"], {"from": "more", "to": "counts"}],
          "nodes": [*CHEAP["nodes"], node("more", "event_source", columns={"user": "BIGINT"},
                                          options={"connector": "datagen"})]}),
    Case("bad_value", "Choose first", counts("deduplicate", keys="${by}", time="ts", keep="frist")),
    Case("missing_property", "Use 'ts'",
         counts("window_aggregate", keys="${by}", size="1 minute", aggregates=AGGREGATES)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}: {case.label}")
def test_a_fix_changes_the_definition(case: Case) -> None:
    wrong = next(d for d in check_text(case.text) if d.code == case.code and d.fixes)
    assert wrong.fixes[0].label == case.label
    for fix in wrong.fixes:
        assert {command["path"][0] for command in fix.commands} <= {"components", "parameters"}
        assert wrong not in check_text(json.dumps(applied(case.text, fix.commands)))
    left = check_text(json.dumps(applied(case.text, wrong.fixes[0].commands)))
    assert not case.mends or not [d for d in left if d.severity == "error"]


def test_inside_a_component_inside_another() -> None:
    """What comes in there is known through both; the same mistake at two nodes has the same fix."""
    text = with_local(node("a", "outer"), node("b", "filter", condition="n > 1"), outer=OUTER,
                      cheap_counts={**CHEAP, **cheap(condition="prize < ${limit}")})
    (wrong,) = [d for d in check_text(text) if d.severity == "error"]
    assert wrong.message.startswith("inside, at 'inner.cheap': ")
    (fix,) = wrong.fixes
    assert fix.commands == ({"kind": "set_in", "value": "price < ${limit}",
                             "path": ["components", "cheap_counts", "nodes", 0, "properties", "condition"]},)
    assert not [d for d in check_text(json.dumps(applied(text, fix.commands))) if d.severity == "error"]


def test_what_comes_from_outside_is_mended_there() -> None:
    """A value of the node's own property, which is no column inside."""
    (wrong,) = [d for d in check_text(with_local(node("s", "cheap_counts", by=["usr"]))) if d.severity == "error"]
    assert wrong.property == "by"
    assert [fix.commands for fix in wrong.fixes] == [
        ({"kind": "set_property", "node": "s", "property": "by", "value": ["user"]},)]
