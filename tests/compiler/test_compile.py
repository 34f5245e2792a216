"""Compiling: the SQL, byte for byte, and where everything in it came from."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from engine.sql.dialect import parse
from porsche.compiler import compile_text, environment
from porsche.compiler.environment import Environment
from porsche.compiler.schema import document_schema
from tests.compiler.pipelines import EXAMPLES, chain, node, pipeline

GOLDEN = Path(__file__).with_name("golden")
ROOT = EXAMPLES.parent
NAMES = ("taobao", "shop")


def example(name: str) -> str:
    return (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["dev", "flink"])
def test_examples(name: str, where: str, golden) -> None:
    compiled = compile_text(example(name), environment=environment(where))
    assert compiled.diagnostics == ()
    golden(GOLDEN / f"{name}.{where}.sql", compiled.text)


def test_environments_differ_in_nothing_but_options() -> None:
    texts = [compile_text(example("shop"), environment=environment(name)) for name in ("dev", "flink")]
    for here, there in zip(texts[0].statements, texts[1].statements, strict=True):
        assert here.sql.partition("\nWITH (")[0] == there.sql.partition("\nWITH (")[0]


def test_json_and_yaml_are_the_same_document() -> None:
    text = example("taobao")
    assert compile_text(json.dumps(yaml.safe_load(text))).text == compile_text(text).text


def test_a_layout_changes_nothing() -> None:
    text = example("shop")
    assert compile_text(text + "layout: {model: {x: 10, y: 20}}\n").text == compile_text(text).text


@pytest.mark.parametrize("name", NAMES)
def test_spans_and_nodes(name: str) -> None:
    compiled = compile_text(example(name))
    for statement in compiled.statements:
        start, end = statement.span
        assert compiled.text[start:end] == statement.sql
        assert compiled.node_at((start + end) // 2) == (statement.node or None)
        assert not statement.node or statement in compiled.statements_of(statement.node)
    assert {s.node for s in compiled.statements if s.node} == {n["id"] for n in yaml.safe_load(example(name))["nodes"]}
    assert len(parse(compiled.text)) == sum(s.kind != "insert" for s in compiled.statements) + 1


def test_schemas() -> None:
    schemas = compile_text(example("taobao")).schemas
    assert schemas["events"].time == "ts"
    assert [f.name for f in schemas["labelled"].columns][-3:] == ["label", "known_at", "label_time"]
    assert schemas["labelled"].time == "label_time"
    assert schemas["model"].key == ("name",)
    assert str(next(f.type for f in schemas["predicted"].columns if f.name == "p")) == "DOUBLE"


def test_changelog_modes() -> None:
    text = chain(node("n", "keyed_counters", keys="user", aggregates={"n": "COUNT(*)"}),
                 out={}).replace('"properties": {}', '"properties": {"options": {"connector": "print"}}')
    text = text.replace(',\n "out": {}', "")
    schemas = compile_text(text).schemas
    assert (schemas["n"].changelog, schemas["n"].key) == ("I,UA", ("user",))
    assert schemas["events"].changelog == "I"


def test_lineage() -> None:
    lineage = compile_text(example("taobao")).lineage()
    assert lineage["events"]["ts"] == ()
    assert lineage["enriched"]["category"] == (("items", "cf"),)
    assert lineage["user_history"]["user_acts"] == (("marked", "act"),)
    assert lineage["user_history"]["item"] == (("marked", "item"),)
    assert lineage["computed"]["rate_user"] == (
        ("category_before", "user_acts"),
        ("category_before", "user_views"),
    ) or lineage["computed"]["rate_user"] == (("views", "user_acts"), ("views", "user_views"))
    assert lineage["labelled"]["label"] == (("acts", "user"),)
    assert lineage["labelled"]["known_at"] == (("vectors", "ts"),)
    assert lineage["predicted"]["p"] == (("model", "model"), ("vectors", "features"))
    assert lineage["scores"]["auc"] == (("scored", "label"), ("scored", "p"))


def test_lineage_of_set_operations_and_queries_with_names() -> None:
    text = pipeline(
        node("merged", "union"),
        node("cheap", "filter", condition="price < 3"),
        node(
            "own",
            "custom_sql",
            query="WITH t AS (SELECT price + 1 AS q, `user` FROM merged) SELECT q, t.`user` AS u FROM t",
        ),
        edges=[("events", "cheap"), ("events", "merged"), ("cheap", "merged"), ("merged", "own"), ("own", "out")],
    )
    lineage = compile_text(text).lineage()
    assert lineage["merged"]["price"] == (("cheap", "price"), ("events", "price"))
    assert lineage["own"] == {"q": (("merged", "price"),), "u": (("merged", "user"),)}


def test_an_environment_s_tables_win() -> None:
    own = Environment(
        uses={"table": {"connector": "print"}}, tables={"events": {"connector": "datagen", "x": "${table}"}}
    )
    compiled = compile_text(chain(), environment=own)
    assert "'connector' = 'datagen'" in compiled.text
    assert "'x' = 'events'" in compiled.text
    assert "'connector' = 'print'" in compiled.text


def test_values_of_parameters_and_state() -> None:
    text = compile_text(chain(), parameters={"path": "it's.csv"}, state="here").text
    assert "'path' = 'it''s.csv'" in text
    assert "'path' = 'here/out'" in text


def test_the_published_schema_is_current_and_knows_the_examples(golden) -> None:
    schema = document_schema()
    golden(ROOT / "docs" / "pipeline.schema.json", json.dumps(schema, indent=1) + "\n")
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for name in NAMES:
        assert list(validator.iter_errors(yaml.safe_load(example(name)))) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"version": 2, "name": "a"},
        {"version": 1, "name": "a", "nodez": []},
        {"version": 1, "name": "a", "nodes": [{"id": "a", "component": "filter", "properties": {}}]},
        {
            "version": 1,
            "name": "a",
            "nodes": [{"id": "a", "component": "filter", "properties": {"condition": "x", "y": 1}}],
        },
    ],
)
def test_the_published_schema_refuses(broken: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, document_schema())
