"""Requests for predictions are answered in processes of their own, which one request cannot hold up for ever."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from engine.workers import Busy, Limits, Pool
from porsche.compiler import compile_text
from porsche.runners import asking
from porsche.runners.asking import Asked
from porsche.runners.bundled import Options, run
from porsche.runners.serve import Serving
from tests.runners.test_serve import DOCUMENT

pytestmark = pytest.mark.slow
PATTERN = "\"seen > 3 AND NOT REGEXP(`user`, '^(a+)+$')\""
ENDLESS = "a" * 50 + "b"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A model of a pipeline that matches what it is given against a pattern which goes back again and again."""
    folder = tmp_path_factory.mktemp("asked")
    lines = []
    for i in range(1200):
        at = f"2024-03-01 00:{i // 60:02d}:{i % 60:02d}"
        visit = {"visit": i, "user": f"user {i % 5}", "item": i % 3, "price": float(i % 11)}
        lines.append({**visit, "kind": "view", "at": at})
        if i % 2:
            lines.append({**visit, "kind": "buy", "at": f"{at}.500"})
    (folder / "events.json").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    document = DOCUMENT.replace("seen > 3}", f"{PATTERN}}}")
    assert document != DOCUMENT
    made = Asked(document, {"path": str(folder / "events.json")}, "dev", str(folder), str(folder / "state"),
                 str(folder), "model")
    compiled = compile_text(document, parameters=made.parameters, state=made.state)
    run(compiled, Path(made.state), Options())
    return made


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    usual, asking._pool = asking._pool, Pool("porsche.runners.asking", limits=Limits(timeout=2.0))
    yield asking._pool
    asking._pool.close()
    asking._pool = usual


def row(user: str) -> dict[str, Any]:
    return {"user": user, "item": 1, "price": 2.5, "seen": 7}


def test_answers_are_those_of_this_process(asked: Asked, pool: Pool) -> None:
    compiled = compile_text(asked.document, parameters=asked.parameters, state=asked.state)
    here = Serving(compiled, "model", Path(asked.state))
    expected = here.predict([row("user 1"), {"user": "user 2"}])
    found = asked.predict([row("user 1"), {"user": "user 2"}])
    assert found["version"] == expected.version
    assert [p["p"] for p in found["predictions"]] == [p.p for p in expected.predictions]
    at = expected.predictions[1].features_at
    assert at is not None
    assert [p["features_at"] for p in found["predictions"]] == [None, at.isoformat()]
    assert [i["name"] for i in asked.inputs()] == [i.name for i in here.inputs]
    here.close()


def test_errors_are_the_same(asked: Asked, pool: Pool) -> None:
    for rows, code in (([{"nothing": 1}], "unknown_column"), ([{"item": "x"}], "bad_value")):
        with pytest.raises(UserError) as caught:
            asked.predict(rows)
        assert caught.value.code == code


def test_a_request_without_an_end_is_ended(asked: Asked, pool: Pool) -> None:
    assert asked.predict([row("aaa")])["version"] >= 1
    with pool.process() as process:
        first = process.pid
    with pytest.raises(UserError) as caught:
        asked.predict([row(ENDLESS)])
    assert caught.value.code == "too_expensive"
    assert "did not come to an end" in caught.value.message
    assert asked.predict([row("aaa")])["version"] >= 1
    with pool.process() as process:
        assert process.pid not in (first, os.getpid())


def test_one_waits_only_so_long(asked: Asked, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.01)
    monkeypatch.setattr(pool, "size", 0)
    pool.close()
    with pytest.raises(Busy):
        asked.predict([row("aaa")])
