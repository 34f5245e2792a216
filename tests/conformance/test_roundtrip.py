"""Statements that a planner must accept: parsed, printed and parsed again they give the same tree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlglot import exp

from engine.errors import UserError
from engine.sql.dialect import generate, parse, parse_one

CASES = Path(__file__).parents[2].parent / "shared" / "conformance" / "cases"
LEAST = 0.95

pytestmark = pytest.mark.conformance


def _rows(suite: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (CASES / f"{suite}.jsonl").read_text(encoding="utf-8").splitlines()]


def _accepted() -> Iterator[tuple[str, str]]:
    for case in _rows("accept"):
        for text in (*case["ddl"], *case["views"], case["sql"]):  # type: ignore[misc]
            yield str(case["id"]), str(text)


def _problem(text: str) -> str | None:
    """What is wrong with the round trip of `text`, if anything."""
    try:
        trees = parse(text)
        for tree in trees:
            tree.comments = None
            if tree.find(exp.Command) is not None:
                return "keeps raw text"
            for pretty in (False, True):
                if parse_one(generate(tree, pretty=pretty)) != tree:
                    return "another tree"
    except UserError as error:
        return str(error)
    return None


def test_round_trip(capsys: pytest.CaptureFixture[str]) -> None:
    statements = list(_accepted())
    problems = [(name, problem, text) for name, text in statements if (problem := _problem(text))]
    share = 1 - len(problems) / len(statements)
    with capsys.disabled():
        print(f"\nround trip: {len(statements) - len(problems)} of {len(statements)} statements, {share:.2%}")
        for name, problem, text in problems:
            print(f"- {name}: {problem}\n  {' '.join(text.split())}")
    assert share >= LEAST


@pytest.mark.parametrize("suite", ["exprs", "exprs_reject"])
def test_expressions_parse(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [str(case["sql"]) for case in _rows(suite)]
    refused = [text for text in texts if _problem(f"SELECT {text} FROM testTable")]
    with capsys.disabled():
        print(f"\n{suite}: {len(texts) - len(refused)} of {len(texts)} parse and come back")
        for text in refused:
            print(f"- {text}")
    assert len(refused) <= (1 - LEAST) * len(texts)
