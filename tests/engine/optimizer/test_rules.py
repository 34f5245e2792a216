"""Each rule's effect on plans, as text: `fixtures/RULE.txt` holds queries, their plan before the rule and after it.

The rules before it in `RULES` have been applied to "before". `make goldens` writes the plans anew.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest

from engine.errors import InternalError, UserError
from engine.optimizer import RULES, Rule, applied, optimize
from engine.optimizer.verify import verify
from engine.plan.explain import explain
from engine.plan.nodes import Program, Relation
from engine.sql.dialect import parse, parse_one
from engine.sql.settings import apply_setting, is_setting
from tests.conftest import Golden
from tests.engine.sql.binding import binder, program

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = {rule.__name__: rule for rule in RULES}


def plans(statements: str, rule: Rule) -> tuple[str, str]:
    """The plan of the queries in `statements` (DDL may stand before them) before and after a rule."""
    from engine.sql import ddl

    settings: dict[str, str] = {}
    parsed = parse(statements)
    for statement in filter(is_setting, parsed):
        apply_setting(statement, settings)
    made = binder(settings=settings)
    relations = []
    for statement in parsed:
        if is_setting(statement):
            continue
        if ddl.is_ddl(statement):
            ddl.apply(statement, made)
        else:
            relations.append(made.query(statement))
    sinks = program(*relations).sinks
    for earlier in takewhile(lambda r: r is not rule, RULES):
        sinks = applied(earlier, sinks, settings)
    after = applied(rule, sinks, settings)
    verify(sinks, after, rule.__name__)
    return explain(Program(sinks)), explain(Program(after))


def test_a_rule_that_breaks_a_plan_is_named() -> None:
    sinks = program(binder().query(parse_one("SELECT x, y FROM a"))).sinks

    def loses_a_column(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
        return tuple(replace(s, schema=s.schema.select((0,)), input=s.input) for s in sinks)  # type: ignore[call-arg]

    with pytest.raises(InternalError, match="loses_a_column changed a schema"):
        verify(sinks, loses_a_column(sinks), "loses_a_column")


@pytest.mark.parametrize(("name", "value", "message"), [
    ("table.optimizer.agg-phase-strategy", "THREE", "is not known"),
    ("table.optimizer.distinct-agg.split.bucket-num", "0", "is less than 1"),
    ("table.optimizer.distinct-agg.split.bucket-num", "many", "is not a whole number"),
    ("table.optimizer.reuse-sub-plan-enabled", "yes", "is neither true nor false"),
    ("table.optimizer.source.predicate-pushdown-enabled", "1", "is neither true nor false"),
    ("table.optimizer.join-reorder-enabled", "on", "is neither true nor false"),
])  # fmt: skip
def test_a_wrong_value_of_an_option_is_the_users_error(name: str, value: str, message: str) -> None:
    bound = program(binder().query(parse_one("SELECT COUNT(DISTINCT x) FROM a")))
    settings = {"table.optimizer.distinct-agg.split.enabled": "true", name: value}
    with pytest.raises(UserError, match=message) as raised:
        optimize(Program(bound.sinks, tuple(settings.items())))
    assert name in raised.value.message


def rendered(text: str, rule: Rule) -> str:
    """The fixture with its plans as they are now."""
    blocks = []
    for block in text.strip("\n").split("\n\n\n"):
        query = block.split("\n-- before\n")[0]
        before, after = plans("\n".join(x for x in query.split("\n") if not x.startswith("# ")), rule)
        blocks.append(f"{query}\n-- before\n{before}\n-- after\n{after}")
    return "\n\n\n".join(blocks) + "\n"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_rule(name: str, golden: Golden) -> None:
    path = FIXTURES / f"{name}.txt"
    golden(path, rendered(path.read_text(encoding="utf-8"), NAMES[name]))
