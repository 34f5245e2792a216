"""Compiling documents and the catalogue of components."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from engine.workers import Limits, Pool
from porsche.components import catalogue
from porsche.ide.selectors import compiled as selector
from porsche.ide.selectors.compiled import compiled
from porsche.runners import compiling
from tests.ide.platform import BROKEN, DOCUMENT, World

SHOP = (Path(__file__).parents[2] / "examples" / "shop.yaml").read_text(encoding="utf-8")
SECRET = DOCUMENT.replace("connector: blackhole", 'connector: filesystem, path: out, password: "${secret:DB}"')


def ask(world: World, document: str, **rest: Any) -> dict[str, Any]:
    answer = world.api("viewer").post("compile", {"document": document, **rest})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_valid_document(world: World) -> None:
    found = ask(world, DOCUMENT)
    assert found["valid"] and found["diagnostics"] == []
    (view,) = [s for s in found["statements"] if s["kind"] == "view"]
    assert "n > 0" in found["sql"][slice(*view["span"])]
    assert found["nodes"]["kept"]["columns"] == [{"name": "n", "type": "BIGINT", "time": None}]
    assert found["lineage"]["kept"]["n"] == [["rows", "n"]]


def test_its_graph(world: World) -> None:
    graph = ask(world, DOCUMENT)["graph"]
    assert [(n["id"], n["component"]) for n in graph["nodes"]] == [
        ("rows", "event_source"), ("kept", "filter"), ("out", "table_sink")]
    assert graph["nodes"][1]["properties"] == {"condition": "n > 0"}
    assert graph["parameters"] == [{"name": "count", "default": "10", "description": ""}]
    assert graph["edges"] == [
        {"from": "rows", "to": "kept", "source_port": None, "target_port": "rows"},
        {"from": "kept", "to": "out", "source_port": None, "target_port": "rows"}]


def test_ports_that_the_document_names_and_leaves_out() -> None:
    edges = compiled(SHOP)["graph"]["edges"]
    found = {(e["from"], e["to"]): e["target_port"] for e in edges}
    assert found["vectors", "labelled"] == "events" and found["clicks", "labelled"] == "outcomes"
    assert found["model", "predicted"] == "model" and found["labelled", "model"] == "samples"
    assert all(found.values())


def test_a_broken_document_still_has_its_graph(world: World) -> None:
    found = ask(world, BROKEN)
    assert (found["valid"], found["sql"], found["statements"]) == (False, None, [])
    assert len(found["graph"]["nodes"]) == 3 and len(found["graph"]["edges"]) == 2
    (wrong,) = found["diagnostics"]
    assert (wrong["node"], wrong["property"], wrong["line"]) == ("kept", "condition", 11)


def test_every_error_at_once_with_its_place(world: World) -> None:
    text = DOCUMENT.replace("component: filter", "component: filtr").replace("to: out}", "to: nowhere}") + "extra: 1\n"
    found = ask(world, text)
    codes = {d["code"]: d for d in found["diagnostics"]}
    assert {"unknown_component", "unknown_node", "unknown_field"} <= set(codes)
    assert "did you mean 'filter'?" in codes["unknown_component"]["hint"]
    assert all(d["line"] and d["column"] for d in found["diagnostics"])
    assert [n["component"] for n in found["graph"]["nodes"]] == ["event_source", "filtr", "table_sink"]


@pytest.mark.parametrize("text", ["a: [", "\t", "{", "a: &x [*x]", "%TAG", "? [1]: 2",
                                  "- " * 101, "{a: " * 200_000, "[" * 1_000_000])
def test_what_is_no_document(text: str, world: World) -> None:
    found = ask(world, text)
    assert not found["valid"] and found["sql"] is None and found["diagnostics"]


@pytest.mark.parametrize(("condition", "code"), [
    ("(" * 5000 + "n > 0" + ")" * 5000, "too_deep"), ("NOT " * 4000 + "TRUE", "too_deep"),
    ("n > 0 AND " * 1500 + "TRUE", "too_deep"), ("n > 0 AND " * 3000 + "TRUE", "bad_value")])
def test_expressions_that_lie_too_deep(condition: str, code: str, world: World) -> None:
    found = ask(world, DOCUMENT.replace("n > 0", condition))
    assert [d["code"] for d in found["diagnostics"]] == [code]


def test_collections_may_lie_in_each_other_a_hundred_deep() -> None:
    codes = {depth: [d["code"] for d in compiled("[" * depth + "]" * depth)["diagnostics"]] for depth in (100, 101)}
    assert codes == {100: ["wrong_type"], 101: ["too_deep"]}


def test_an_alias_bomb_is_refused_soon(world: World) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    began = time.monotonic()
    found = ask(world, "\n".join(lines))
    assert found["diagnostics"][0]["code"] == "too_large"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("limits", "said"), [
    (Limits(timeout=0.2), "the compiler did not come to an end within"),
    (Limits(memory=1 << 20), "the compiler needed more memory than"),
])
def test_what_takes_too_much_is_ended(world: World, monkeypatch: pytest.MonkeyPatch, limits: Limits,
                                      said: str) -> None:
    """Many nodes, which need some tenths of a second and some 10 MB."""
    condition = f"n > {limits.memory}"  # another document for each
    nodes = "".join(f"  - {{id: n{i}, component: filter, properties: {{condition: {condition}}}}}\n"
                    for i in range(200))
    edges = "".join(f"  - {{from: n{i}, to: n{i + 1}}}\n" for i in range(199))
    document = DOCUMENT.replace("edges:\n", f"{nodes}edges:\n  - {{from: rows, to: n0}}\n{edges}")
    pool = Pool("porsche.runners.compiling", limits=limits)
    monkeypatch.setattr(compiling, "_pool", pool)
    found = ask(world, document)
    (wrong,) = found["diagnostics"]
    assert (found["valid"], wrong["code"]) == (False, "too_expensive")
    assert wrong["message"].startswith(said)
    monkeypatch.undo()
    pool.close()
    assert ask(world, document)["valid"]  # that was not remembered


def test_one_waits_for_a_compiler_only_so_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "PATIENCE", 0.01)
    monkeypatch.setattr(compiling._pool, "size", 0)
    monkeypatch.setattr(compiling._pool, "_idle", [])
    document = DOCUMENT.replace("n > 0", "n > 2")
    assert [d["code"] for d in ask(world, document)["diagnostics"]] == ["busy"]
    monkeypatch.undo()
    assert ask(world, document)["valid"]


def test_there_is_an_end_to_documents(world: World) -> None:
    api = world.api("viewer")
    assert api.post("compile", {"document": "x" * (1 << 20)}).status_code == 200
    answer = api.post("compile", {"document": "x" * ((1 << 20) + 1)})
    assert (answer.status_code, answer.json()["place"]["field"]) == (400, "document")
    assert api.post("compile", {"document": "x" * (9 << 20)}).status_code in (400, 413)


def test_parameters_and_environments(world: World) -> None:
    assert "'number-of-rows' = '3'" in ask(world, DOCUMENT, parameters={"count": "3"})["sql"]
    assert ask(world, DOCUMENT, parameters={"x": "3"})["diagnostics"][0]["code"] == "unknown_parameter"
    assert ask(world, DOCUMENT, environment="flink")["valid"]
    for file in ("/etc/passwd", "../secrets.yaml", "", None, 7):
        assert world.api("viewer").post("compile", {"document": DOCUMENT, "environment": file}).status_code == 400


def test_results_are_remembered_and_not_confused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    really = selector._compiled
    monkeypatch.setattr(selector, "_compiled", lambda *given: made.append(given) or really(*given))
    monkeypatch.setattr(selector, "_kept", selector._Kept(2))
    texts = [DOCUMENT.replace("numbers", f"n{n}") for n in range(3)]
    assert [compiled(text)["name"] for text in texts * 2] == ["n0", "n1", "n2"] * 2
    assert len(made) == 6  # two are kept, and three take turns
    assert compiled(texts[2])["name"] == "n2" and len(made) == 6
    assert compiled(texts[2], {"count": "4"})["sql"] != compiled(texts[2])["sql"]
    assert len(made) == 7


def test_a_secret_stays_a_reference() -> None:
    found = compiled(SECRET)
    assert found["valid"], found["diagnostics"]
    assert "'password' = '${secret:DB}'" in found["sql"]
    wrong = compiled(SECRET.replace("secret:DB", "secret:D B"))
    assert [(d["code"], d["node"]) for d in wrong["diagnostics"]] == [("bad_name", "out")]


@pytest.mark.parametrize(("old", "new", "node"), [
    ("n > 0", "\"CAST(n AS STRING) = '${secret:DB}'\"", "kept"),
    ("path: out", 'path: "${secret:DB}"', "out"),
    ("n: BIGINT", '"${secret:DB}": BIGINT', "rows"),
    ("n: BIGINT", '"${hidden}": BIGINT, n: BIGINT', ""),
    ("path: out", 'path: "${hidden}"', "out"),
    ("path: out", 'path: "${half}ret:DB}"', "out"),
    ("path: out", '"password${secret:DB}": out', "out"),
    ("name: numbers", 'name: numbers\nsettings: {pipeline.name: "${secret:DB}"}', ""),
])
def test_a_secret_stands_only_where_nothing_shows_it(old: str, new: str, node: str) -> None:
    parameters = 'parameters:\n  hidden: {default: "${secret:DB}"}\n  half: {default: "${sec"}\n'
    found = compiled(SECRET.replace("parameters:\n", parameters).replace(old, new))
    assert found["sql"] is None or "${secret:DB}" not in found["sql"].replace("'password' = '${secret:DB}'", "")
    if node:
        assert ("misplaced_secret", node) in [(d["code"], d["node"]) for d in found["diagnostics"]]


def test_the_catalogue_has_every_component(world: World) -> None:
    found = world.api("viewer").get("components").json()
    assert [c["name"] for c in found] == list(catalogue())
    by_name = {c["name"]: c for c in found}
    join = by_name["label_join"]
    assert [p["name"] for p in join["ports"]["inputs"]] == ["events", "outcomes"]
    assert by_name["table_sink"]["ports"]["outputs"] == []
    assert by_name["train_online_model"]["ports"]["outputs"] == [{"name": "model", "relation": "model"}]
    condition = by_name["filter"]["properties"][0]
    assert (condition["name"], condition["kind"], condition["required"], condition["port"]) == (
        "condition", "expression", True, "rows")
    assert all(c["doc"] and c["family"] and c["title"] for c in found)
