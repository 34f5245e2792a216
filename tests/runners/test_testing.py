"""Tests that are saved with pipelines: rows compared, documents run, what the command says."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from porsche.compiler import DocumentError
from porsche.runners.testing.comparing import Rule, compare, equal
from porsche.runners.testing.running import Order, Result, cases, run
from tests.compiler.pipelines import EXAMPLES, node
from tests.porsche.commands import porsche

# ---- comparing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other", "same"), [
    (1, 1.0, True), (1, 2, False), (0.1 + 0.2, 0.3, True), (1e9, 1e9 + 0.5, True), (1e9, 1e9 + 5, False),
    (0, 1e-13, True), (0, 1e-9, False), ("12.50", 12.5, True), ("9007199254740993", 9007199254740993, True),
    ("9007199254740993", 9007199254740992, False), (math.nan, math.nan, True), (math.inf, math.inf, True),
    (math.inf, -math.inf, False),
    (None, None, True), (None, 0, False), ("", None, False), (True, 1, False), (False, False, True), ("a", "b", False),
    ("2024-05-01 10:00:00", "2024-05-01T10:00:00.000Z", True), ("2024-05-01 10:00", "2024-05-01 10:00:00", True),
    ("2024-05-01 10:00:00.5", "2024-05-01 10:00:00.500", True), ("2024-05-01 10:00:00", "2024-05-01 10:00:01", False),
    ([1, 2], [1, 2.0], True), ([1, 2], [1], False), ({"a": 1}, {"a": 1}, True), ({"a": 1}, {"b": 1}, False),
    ("x", 1, False), ([1], 1, False),
])
def test_values(one: Any, other: Any, same: bool) -> None:
    assert equal(one, other) is same
    assert equal(other, one) is same


def row(key: int, value: Any) -> dict[str, Any]:
    return {"k": key, "v": value}


def said(expected: list[dict[str, Any]], found: list[dict[str, Any]], ordered: bool) -> list[tuple[str, Any, Any]]:
    lines = compare(expected, found, Rule(("k", "v"), ordered)).lines
    return [(line.status, line.expected and line.expected["k"], line.found and line.found["k"]) for line in lines]


@pytest.mark.parametrize(("expected", "found", "ordered", "lines"), [
    ([row(1, 1), row(2, 2)], [row(2, 2), row(1, 1)], False, [("same", 1, 1), ("same", 2, 2)]),
    ([row(1, 1), row(2, 2)], [row(2, 2), row(1, 1)], True,
     [("unexpected", None, 2), ("same", 1, 1), ("missing", 2, None)]),
    ([row(1, 1), row(1, 1)], [row(1, 1)], False, [("same", 1, 1), ("missing", 1, None)]),
    ([row(1, 1)], [row(1, 1), row(1, 1)], False, [("same", 1, 1), ("unexpected", None, 1)]),
    ([row(1, 1), row(2, 2)], [row(2, 3), row(1, 4)], False, [("differs", 1, 1), ("differs", 2, 2)]),
    ([row(1, 1)], [row(2, 2)], False, [("missing", 1, None), ("unexpected", None, 2)]),
    ([row(1, 0.30000000004)], [row(1, 0.3)], False, [("same", 1, 1)]),
    ([row(1, 0.123456785), row(2, 1)], [row(1, 0.1234567850000001), row(2, 1)], True, [("same", 1, 1), ("same", 2, 2)]),
    ([], [], True, []),
])
def test_rows(expected: list[Any], found: list[Any], ordered: bool, lines: list[Any]) -> None:
    assert said(expected, found, ordered) == lines


def test_cells_that_differ_are_named() -> None:
    (line,) = compare([{"a": 1, "b": 2, "c": 3}], [{"a": 1, "b": 9, "c": 3}], Rule(("a", "b", "c"))).lines
    assert (line.status, line.cells) == ("differs", ("b",))


def test_many_rows_that_are_all_wrong_are_compared_at_once() -> None:
    expected, found = ([{"k": i, "v": i + shift} for i in range(10_000)] for shift in (0, 1))
    difference = compare(expected, found, Rule(("k", "v")))
    assert not difference.same
    assert difference.count("differs") + difference.count("missing") == 10_000


# ---- running ---------------------------------------------------------------------------------------------------------

COLUMNS = {"user": "BIGINT", "price": "DOUBLE", "at": "TIMESTAMP(3)"}
GIVEN = {"shop": [{"user": 1, "price": 2.5, "at": "2024-05-01 10:00:00"},
                  {"user": 1, "price": 4, "at": "2024-05-01 10:00:01"},
                  {"user": 2, "price": 50, "at": "2024-05-01 10:00:02"}]}


def document(*tests: dict[str, Any], **more: Any) -> str:
    return json.dumps({
        "version": 1, "name": "p", "parameters": {"most": {"default": 10}},
        "nodes": [node("shop", "event_source", columns=COLUMNS, time="at", options={"connector": "kafka"}),
                  node("cheap", "filter", condition="price < ${most}"),
                  node("n", "keyed_counters", keys="user", aggregates={"n": "COUNT(*)", "total": "SUM(price)"}),
                  node("kept", "table_sink", columns=["user", "n"], key="user", options={"connector": "print"})],
        "edges": [{"from": "shop", "to": "cheap"}, {"from": "cheap", "to": "n"}, {"from": "n", "to": "kept"}],
        "tests": list(tests), **more}, indent=1)


def ran(expect: dict[str, Any], given: Any = GIVEN, more: dict[str, Any] | None = None, **test: Any) -> Result:
    text = document({"name": "t", "given": given, "expect": expect, **test}, **(more or {}))
    (case,) = cases(text)
    return run(Order(text), case)


@pytest.mark.parametrize("expect", [
    {"cheap": [{"user": 1, "price": 4}, {"user": 1, "price": 2.5}]},
    {"n": [{"user": 1, "n": 2, "total": 6.5}], "kept": [{"user": 1, "n": 2}]},
    {"n": [{"op": "+I", "n": 1}, {"op": "-U", "n": 1}, {"op": "+U", "n": 2}]},
    {"shop": [{"user": 2}, {"user": 1}, {"user": 1}]},
])
def test_what_nodes_give_is_compared(expect: dict[str, Any]) -> None:
    result = ran(expect)
    assert result.passed, result.as_json()


def test_order_and_parameters_count_where_a_test_says_so() -> None:
    rows = [{"price": 4}, {"price": 2.5}]
    assert not ran({"cheap": rows}, ordered=True).passed
    assert ran({"cheap": rows[::-1]}, ordered=True).passed
    assert ran({"cheap": [{"price": 2.5}]}, parameters={"most": 3}).passed


def test_a_sample_of_the_document_stands_in_for_rows_that_a_test_does_not_give() -> None:
    sample = {"samples": {"shop": {"rows": [{"user": 9, "price": 1}]}}}
    assert ran({"cheap": [{"user": 9}]}, None, sample).passed
    assert ran({"cheap": []}, None).passed
    assert ran({"cheap": [{"user": 1}, {"user": 1}]}, GIVEN, sample).passed


@pytest.mark.parametrize(("expect", "given", "code", "at"), [
    ({"nowhere": []}, GIVEN, "unknown_node", None),
    ({"cheap": [{"prize": 1}]}, GIVEN, "unknown_column", "cheap"),
    ({"cheap": []}, {"cheap": [{}]}, "not_a_source", "cheap"),
    ({"cheap": []}, {"shop": [{"prize": 1}]}, "bad_row", "shop"),
    ({"cheap": []}, {"shop": [{"user": "x"}]}, "bad_row", "shop"),
])
def test_a_test_that_cannot_be_run_says_why(expect: Any, given: Any, code: str, at: str | None) -> None:
    result = ran(expect, given)
    assert result.error is not None and (result.error.code, result.error.node) == (code, at)
    assert not result.passed


def test_a_broken_node_fails_the_tests_that_need_it_alone() -> None:
    text = document({"name": "a", "given": GIVEN, "expect": {"cheap": [{"user": 1}, {"user": 1}]}},
                    {"name": "b", "given": GIVEN, "expect": {"n": []}}).replace("SUM(price)", "SUM(prize)")
    good, bad = (run(Order(text), case) for case in cases(text))
    assert good.passed
    assert bad.error is not None and (bad.error.code, bad.error.node) == ("unknown_column", "n")


def test_components_and_nodes_that_are_switched_off() -> None:
    own = {"inputs": {"rows": "f"}, "output": "f", "nodes": [node("f", "filter", condition="price > 3")]}
    every = {"name": "t", "given": GIVEN, "expect": {"cheap": [{"price": 4}, {"price": 50}]}}
    text = document(every, components={"own": own}).replace('"filter"', '"own"', 1).replace('"condition"', '"x"', 1)
    result = run(Order(text), cases(text)[0])
    assert result.error is not None and result.error.code == "unknown_property"
    text = text.replace('"x": "price < ${most}"', "")
    assert run(Order(text), cases(text)[0]).passed
    off = document({**every, "expect": {"cheap": [{"price": 4}, {"price": 50}, {"price": 2.5}]}}).replace(
        '"id": "cheap",', '"id": "cheap", "disabled": true,')
    assert run(Order(off), cases(off)[0]).passed
    gone = off.replace('"id": "shop",', '"id": "shop", "disabled": true,')
    result = run(Order(gone), cases(gone)[0])
    assert result.error is not None and result.error.code == "left_out"


def test_a_document_that_cannot_be_read() -> None:
    with pytest.raises(DocumentError):
        cases("tests: [")


@pytest.mark.parametrize("name", ["shop"])
def test_the_examples_own_tests(name: str) -> None:
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    found = [run(Order(text), case) for case in cases(text)]
    assert found and all(result.passed for result in found), [result.as_json() for result in found]


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command(tmp_path: Path) -> None:
    file, report = tmp_path / "p.json", tmp_path / "junit.xml"
    file.write_text(document({"name": "good", "given": GIVEN, "expect": {"kept": [{"user": 1, "n": 2}]}},
                             {"name": "bad", "given": GIVEN,
                              "expect": {"kept": [{"user": 1, "n": 3}, {"user": 4, "n": 9}]}},
                             {"name": "ugly", "expect": {"nowhere": []}}), encoding="utf-8")
    ended = porsche(tmp_path, "test", str(file), "--junit", str(report))
    assert ended.returncode == 1
    assert "passed  good" in ended.stdout and "FAILED  bad" in ended.stdout
    assert '- {"user": 1, "n": 3}\n    + {"user": 1, "n": 2}    differs: n\n    - {"user": 4, "n": 9}' in ended.stdout
    assert "1 passed, 2 failed" in ended.stdout
    suite = ET.parse(report).getroot()
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    assert porsche(tmp_path, "test", str(file), "--test", "good").returncode == 0
    answer = porsche(tmp_path, "test", str(file), "--test", "bad", "--json")
    assert answer.returncode == 1 and answer.json["failed"] == 1
    assert answer.json["tests"][0]["nodes"][0]["lines"][0]["cells"] == ["n"]
    unknown = porsche(tmp_path, "test", str(file), "--test", "best")
    assert unknown.returncode == 1 and "no test 'best'" in unknown.stderr
    assert porsche(tmp_path, "test", str(file), "--set", "most=1", "--test", "good").returncode == 1


def test_the_command_without_tests_and_with_a_broken_document(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(document(), encoding="utf-8")
    ended = porsche(tmp_path, "test", str(file))
    assert (ended.returncode, "has no tests" in ended.stdout) == (0, True)
    file.write_text("tests: [", encoding="utf-8")
    assert porsche(tmp_path, "test", str(file)).returncode == 1
