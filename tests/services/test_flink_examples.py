"""The compiled SQL of every example is accepted by Flink's planner."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.sql.dialect import generate, parse
from engine.sql.statements import inserts_of
from porsche.compiler import compile_text
from tests.services.flink_tables import for_flink

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
LEARNER = "PythonGroupAggregate("


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_flink_plans_an_example_and_its_learner_once(fresh_gateway, example):
    statements = []
    for statement in parse(compile_text(example.read_text()).text):
        statements += [generate(s, comments=False) for s in inserts_of(statement) or [statement]]
    plan = fresh_gateway.explain([for_flink(s) for s in statements])
    executed = plan.partition("== Optimized Execution Plan ==")[2]
    assert "TemporalJoin(" in executed
    assert "IntervalJoin(" in executed
    learners = [line for line in executed.splitlines() if LEARNER in line and ("FTRL" in line or "GAUSSIAN" in line)]
    assert len(learners) == 1
