"""Fixes: each one that is offered, done, takes away what it was offered for, and makes nothing else wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from porsche.compiler import Diagnostic, check_text, compile_text
from porsche.compiler.fixes.columns import in_text
from tests.compiler import commands

COLUMNS = "{user_id: BIGINT, name: STRING, price: STRING, amount: DOUBLE, at: TIMESTAMP(3)}"
SHOP = (
    "- {id: shop, component: event_source, properties: {columns: "
    + COLUMNS
    + ", time: at, options: {connector: datagen}}}"
)
BARE = SHOP.replace("time: at, ", "")
OUT = "- {id: out, component: table_sink, properties: {options: {connector: blackhole}}}"
ITEMS = (
    "- {id: items, component: dimension_table, "
    "properties: {columns: {user_id: BIGINT, city: STRING, age: INT}, key: user_id}}"
)


def document(nodes: str, edges: str = "shop>f f>out", head: str = "") -> str:
    """A document of nodes, one a line, and edges as "a>b c>d"."""
    lines = [f"  - {{from: {start}, to: {end}}}" for start, end in (edge.split(">") for edge in edges.split())]
    body = "\n".join(f"  {line.strip()}" for line in nodes.strip().splitlines())
    return f"version: 1\nname: x\n{head}nodes:\n{body}\nedges:\n" + "\n".join(lines)


@dataclass(frozen=True)
class Case:
    """`code`: of the diagnostic that goes; `label`: of the fix that is offered first."""

    code: str
    label: str
    text: str
    node: str = "f"


def node(component: str, properties: str = "{}", name: str = "f") -> str:
    return f"- {{id: {name}, component: {component}, properties: {properties}}}"


def chain(component: str, properties: str, source: str = SHOP) -> str:
    return document(f"{source}\n{node(component, properties)}\n{OUT}")


LIMITED = document(
    f"{SHOP}\n- {{id: f, component: filter, properties: {{condition: 'amount > ${{limti}}'}}}}\n{OUT}",
    head="parameters: {limit: {default: 3}}\n",
)

CASES = [
    Case("unknown_column", "Use 'amount' for 'amuont'", chain("filter", "{condition: amuont > 3}")),
    Case("unknown_column", "Use 'amount' for 'amuont'", chain("select", "{keep: [user_id, amuont, at]}")),
    Case(
        "unknown_column",
        "Use 'user_id' for 'usr_id'",
        chain("keyed_counters", "{keys: usr_id, aggregates: {n: COUNT(*)}}"),
    ),
    Case(
        "unknown_column",
        "Use 'at' for 'att'",
        document(f"{SHOP.replace('time: at', 'time: att')}\n{OUT}", "shop>out"),
        "shop",
    ),
    Case(
        "unknown_column",
        "Use 'amount' for 'amonut'",
        chain("feature_vector", "{categories: [name], scaled: {amonut: [1, 2]}}"),
    ),
    Case("bad_arguments", "Cast 'price' to DOUBLE", chain("select", "{compute: {x: LN(price)}}")),
    Case("bad_arguments", "Cast 'price' to DOUBLE", chain("filter", "{condition: amount = 3 AND LN(price) > 1}")),
    Case("unknown_function", "Use UPPER for UPER", chain("select", "{compute: {x: 'CONCAT(UPER(name), name)'}}")),
    Case(
        "not_event_time", "Make 'at' the event time of 'shop'", chain("deduplicate", "{keys: user_id, time: at}", BARE)
    ),
    Case("missing_property", "Use 'at'", chain("window_aggregate", "{size: 1 minute, aggregates: {n: COUNT(*)}}")),
    Case(
        "missing_property",
        "Make 'at' the event time of 'shop'",
        chain("window_aggregate", "{size: 1 minute, aggregates: {n: COUNT(*)}}", BARE),
    ),
    Case("missing_property", "Use 1 hour", chain("window_aggregate", "{time: at, aggregates: {n: COUNT(*)}}")),
    Case("missing_property", "Use 'user_id'", chain("deduplicate", "{time: at}")),
    Case(
        "no_clock",
        "Give 'shop' a clock column",
        document(
            f"{SHOP}\n{node('select', '{keep: [user_id, at]}', 'some')}\n{ITEMS}\n"
            f"{node('dimension_join', '{key: user_id, columns: [city]}')}\n{OUT}",
            "shop>some some>f.rows items>f.dimension f>out",
        ),
    ),
    Case(
        "missing_property",
        "Use 'user_id'",
        document(
            f"{SHOP.replace('time: at', 'time: at, clock: now')}\n{ITEMS}\n"
            f"{node('dimension_join', '{columns: [city]}')}\n{OUT}",
            "shop>f.rows items>f.dimension f>out",
        ),
    ),
    Case(
        "missing_property",
        "Use 'city', 'age'",
        document(
            f"{SHOP.replace('time: at', 'time: at, clock: now')}\n{ITEMS}\n"
            f"{node('dimension_join', '{key: user_id}')}\n{OUT}",
            "shop>f.rows items>f.dimension f>out",
        ),
    ),
    Case(
        "duplicate_column",
        "Leave out 'city'",
        document(
            f"{SHOP.replace('name: STRING', 'city: STRING').replace('time: at', 'time: at, clock: now')}\n{ITEMS}\n"
            f"{node('dimension_join', '{key: user_id, columns: [city, age]}')}\n{OUT}",
            "shop>f.rows items>f.dimension f>out",
        ),
    ),
    Case("unknown_property", "Call it 'condition'", chain("filter", "{conditon: amount > 3}")),
    Case("unknown_property", "Remove 'zzz'", chain("filter", "{condition: amount > 3, zzz: 1}")),
    Case("unknown_component", "Make it a filter", chain("filtr", "{condition: amount > 3}")),
    Case(
        "unknown_field",
        "Remove 'colour'",
        document(f"{SHOP}\n- {{id: f, component: filter, colour: red, properties: {{condition: amount > 3}}}}\n{OUT}"),
    ),
    Case("unknown_parameter", "Use ${limit}", LIMITED),
    Case("bad_value", "Choose first", chain("deduplicate", "{keys: user_id, time: at, keep: frist}")),
    Case("bad_value", "Use 10000", chain("top_n", "{order: amount, limit: 20000}")),
    Case(
        "growing_state",
        "Forget what did not change for a day",
        chain("keyed_counters", "{keys: user_id, aggregates: {n: COUNT(*)}}").replace("blackhole", "print"),
    ),
    Case(
        "unknown_node",
        "Connect 'shop'",
        chain("filter", "{condition: amount > 3}").replace("from: shop", "from: shp"),
        "",
    ),
    Case(
        "unknown_port",
        "Connect it to 'rows'",
        chain("filter", "{condition: amount > 3}").replace("to: f}", "to: f.row}"),
    ),
    Case(
        "unknown_port",
        "Remove the edge from 'f' to 'shop'",
        document(f"{SHOP}\n{node('filter', '{condition: amount > 3}')}\n{OUT}", "shop>f f>out f>shop"),
        "shop",
    ),
    Case(
        "wrong_input",
        "Remove the edge from 'items' to 'f'",
        document(f"{SHOP}\n{ITEMS}\n{node('filter', '{condition: amount > 3}')}\n{OUT}", "shop>f items>f f>out"),
    ),
    Case(
        "wrong_input",
        "Connect it to 'dimension'",
        document(
            f"{SHOP.replace('time: at', 'time: at, clock: now')}\n{ITEMS}\n"
            f"{node('dimension_join', '{key: user_id, columns: [city]}')}\n{OUT}",
            "shop>f.rows items>f.rows f>out",
        ),
    ),
    Case(
        "missing_input",
        "Connect 'shop'",
        document(f"{SHOP}\n{node('filter', '{condition: amount > 3}')}\n{OUT}", "f>out"),
    ),
    Case(
        "missing_input",
        "Connect 'items'",
        document(
            f"{SHOP.replace('time: at', 'time: at, clock: now')}\n{ITEMS}\n"
            f"{node('dimension_join', '{key: user_id, columns: [city]}')}\n{OUT}",
            "shop>f.rows f>out",
        ),
    ),
    Case(
        "duplicate_input",
        "Keep the edge from 'shop' only",
        document(
            f"{SHOP}\n{SHOP.replace('id: shop', 'id: other')}\n{node('filter', '{condition: amount > 3}')}\n{OUT}",
            "shop>f other>f f>out",
        ),
    ),
    Case(
        "cycle",
        "Remove the edge from 'f' to 'g'",
        document(
            f"{SHOP}\n{node('union')}\n{node('filter', '{condition: amount > 3}', 'g')}\n{OUT}", "shop>f f>g g>f f>out"
        ),
    ),
    Case(
        "duplicate_id",
        "Call the second one 'f_2'",
        document(
            f"{SHOP}\n{node('filter', '{condition: amount > 3}')}\n{node('filter', '{condition: amount > 3}')}\n{OUT}"
        ),
    ),
    Case(
        "unused_node",
        "Write 'f' to a table",
        document(f"{SHOP}\n{node('filter', '{condition: amount > 3}')}\n{OUT}", "shop>f shop>out"),
    ),
    Case("unused_node", "Remove 'items'", document(f"{SHOP}\n{ITEMS}\n{OUT}", "shop>out"), "items"),
    Case(
        "no_sink",
        "Write 'f' to a table",
        document(f"{SHOP}\n{node('filter', '{condition: amount > 3}')}", "shop>f"),
        "",
    ),
]


def applied(text: str, done: Sequence[Mapping[str, Any]]) -> str:
    """The document after commands."""
    return json.dumps(commands.applied(text, done))


def complaints(text: str, case: Case) -> list[Diagnostic]:
    return [d for d in check_text(text) if d.code == case.code and d.node == case.node]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}: {case.label}")
def test_the_first_fix_is_the_likely_one_and_mends(case: Case) -> None:
    wrong = complaints(case.text, case)
    assert wrong, [str(d) for d in check_text(case.text)]
    assert wrong[0].fixes[0].label == case.label
    made = applied(case.text, wrong[0].fixes[0].commands)
    left = complaints(made, case)
    assert len(left) < len(wrong), [str(d) for d in left]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}: {case.label}")
def test_every_fix_mends(case: Case) -> None:
    wrong = complaints(case.text, case)[0]
    for fix in wrong.fixes:
        assert wrong not in check_text(applied(case.text, fix.commands)), fix.label


def test_a_document_with_one_mistake_compiles_after_its_fix() -> None:
    """Those of the cases above whose document has nothing else wrong, each to the end."""
    compiled = 0
    for case in CASES:
        errors = [d for d in check_text(case.text) if d.severity == "error"]
        if len(errors) == 1 and errors[0].fixes and case.code not in ("missing_property", "cycle", "duplicate_id"):
            compile_text(applied(case.text, errors[0].fixes[0].commands))
            compiled += 1
    assert compiled >= 18


SOME = """{keep: [user_id, amount, at], compute: {twice: amount * 2, name: "CONCAT('amount', name)"}}"""
RENAMED = document(
    f"""
    {SHOP.replace("price: STRING, amount: DOUBLE", "total: DOUBLE")}
    {node("filter", "{condition: amount > 3}", "dear")}
    {node("select", SOME, "some")}
    {node("keyed_counters", "{keys: user_id, aggregates: {amount: SUM(amount)}}", "sums")}
    {node("filter", "{condition: amount > 100}", "rich")}
    {node("filter", "{condition: twice > amount}", "odd")}
    {node("table_sink", "{key: user_id, options: {connector: print}}", "out")}
    {node("table_sink", "{columns: [amount, twice], options: {connector: print}}", "other")}
    """,
    "shop>dear dear>some some>sums sums>rich rich>out some>odd odd>other",
)


def test_a_rename_follows_downstream() -> None:
    (wrong,) = [d for d in check_text(RENAMED) if d.severity == "error"]
    everywhere, here = wrong.fixes
    assert everywhere.label == "Use 'total' for 'amount', here and in 4 nodes after it"
    assert here.label == "Use 'total' for 'amount' here only"
    made = applied(RENAMED, everywhere.commands)
    assert not [d for d in check_text(made) if d.severity == "error"]
    properties = {n["id"]: n.get("properties") for n in yaml.safe_load(made)["nodes"]}
    assert properties["some"]["compute"] == {"twice": "total * 2", "name": "CONCAT('amount', name)"}
    assert properties["sums"]["aggregates"] == {"amount": "SUM(total)"}
    assert properties["rich"] == {"condition": "amount > 100"}  # the sum is still called so
    assert properties["other"]["columns"] == ["total", "twice"]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a + b.a + `a` - a(1)", "x + b.a + `x` - a(1)"),
        ("a.b + 'a' || 'it''s a' -- a", "x.b + 'a' || 'it''s a' -- a"),
        ("${a} * a / aa", "${a} * x / aa"),
        ("COUNT(a) + a", "COUNT(x) + x"),
    ],
)
def test_renaming_in_sql(text: str, made: str) -> None:
    assert in_text(text, "a", "x") == made


def test_a_name_that_is_no_word_is_quoted() -> None:
    assert in_text("a + 1", "a", "unit price") == "`unit price` + 1"


def test_what_has_no_place_among_the_nodes_has_no_fix() -> None:
    assert all(not d.fixes for d in check_text("version: 2"))
    assert check_text("nodes: [")[0].fixes == ()
