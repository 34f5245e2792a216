"""Predictions on request are those that the stream itself makes of the same features."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from porsche.compiler import compile_text
from porsche.runners.bundled import Options, run
from porsche.runners.serve import Serving

DOCUMENT = """
version: 1
name: visits
parameters: {path: {}}
nodes:
  - id: events
    component: event_source
    properties:
      columns: {visit: BIGINT, kind: STRING, user: STRING, item: BIGINT, price: DOUBLE, at: TIMESTAMP(3)}
      time: at
      delay: 1 second
      options: {connector: filesystem, path: "${path}", format: json}
  - {id: views, component: filter, properties: {condition: kind = 'view'}}
  - {id: buys, component: filter, properties: {condition: kind = 'buy'}}
  - id: counted
    component: rolling_feature
    properties: {keys: user, time: at, within: 1 hour, features: {seen: COUNT(*)}}
  - {id: dear, component: filter, properties: {condition: price >= 0}}
  - id: computed
    component: select
    properties: {keep: [visit, user, item, at, seen], compute: {logged: LN(price + 1E0), often: seen > 3}}
  - id: vectors
    component: feature_vector
    properties: {categories: [user, item], features: {logged: logged, often: CASE WHEN often THEN 1 ELSE 0 END}}
  - {id: labelled, component: label_join, properties: {match: visit, time: at, outcome_time: at, within: 5 minutes}}
  - {id: model, component: train_online_model, properties: {learner: ftrl, publish_every: 400}}
  - {id: predicted, component: predict}
  - {id: answers, component: table_sink, properties: {columns: [visit, user, item, logged, seen, p]}}
  - {id: user_state, component: feature_table, properties: {key: user, features: [seen]}}
edges:
  - {from: events, to: views}
  - {from: events, to: buys}
  - {from: views, to: counted}
  - {from: counted, to: dear}
  - {from: dear, to: computed}
  - {from: computed, to: vectors}
  - {from: vectors, to: labelled.events}
  - {from: buys, to: labelled.outcomes}
  - {from: labelled, to: model}
  - {from: vectors, to: predicted.rows}
  - {from: model, to: predicted.model}
  - {from: predicted, to: answers}
  - {from: counted, to: user_state}
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a run over 2,000 visits of ten users, each third followed by a purchase."""
    folder = tmp_path_factory.mktemp("serve")
    lines = []
    for i in range(2000):
        seconds = i * 7
        at = f"2024-03-01 {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        visit = {"visit": i, "user": f"user {i % 10}", "item": i % 7, "price": float(i % 11)}
        lines.append({**visit, "kind": "view", "at": at})
        if i % 3 == 0:
            lines.append({**visit, "kind": "buy", "at": f"{at}.500"})
    (folder / "events.json").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    run(compiled(folder / "state"), folder / "state", Options())
    return folder / "state"


def compiled(state: Path) -> Any:
    return compile_text(DOCUMENT, parameters={"path": str(state.parent / "events.json")}, state=str(state))


@pytest.fixture(scope="module")
def serving(state: Path) -> Any:
    made = Serving(compiled(state), "model", state)
    yield made
    made.close()


def written(state: Path) -> list[dict[str, Any]]:
    """What the stream predicted, in order."""
    files = [p for p in (state / "answers").iterdir() if p.is_file() and not p.name.startswith(".")]
    rows = [json.loads(line) for p in files for line in p.read_text(encoding="utf-8").splitlines()]
    return sorted(rows, key=lambda row: int(row["visit"]))


def test_a_request_says_what_it_may_give(serving: Serving) -> None:
    assert {i.name: (i.type, i.used, i.kept_by, i.entity) for i in serving.inputs} == {
        "user": ("STRING", True, None, None), "item": ("BIGINT", True, None, None),
        "price": ("DOUBLE", True, None, None), "seen": ("BIGINT", True, "user_state", "user")}


def test_the_same_features_get_the_stream_s_own_prediction(serving: Serving, state: Path) -> None:
    rows = written(state)
    assert len(rows) == 2000 and serving.newest >= 4
    for version in range(1, serving.newest + 1):
        given = [{"user": r["user"], "item": r["item"], "price": float(r["visit"] % 11), "seen": r["seen"]}
                 for r in rows[::200]]
        made = [p.p for p in serving.predict(given, version).predictions]
        for row, p in zip(rows[::200], made, strict=True):
            row.setdefault("made", []).append(p)
    late = [row for row in rows[::200] if row["p"] not in (None, 0.5)]  # before the first version nothing is learnt
    assert len(late) > 5
    assert all(row["p"] in row["made"] for row in late)
    assert len({tuple(row["made"]) for row in late}) > 3  # versions differ, and so do rows


def test_an_entity_s_features_are_looked_up(serving: Serving, state: Path) -> None:
    last = [r for r in written(state) if r["user"] == "user 4"][-1]
    asked = {"user": "user 4", "item": 3, "price": 2.0}
    found, given, unknown = serving.predict(
        [asked, {**asked, "seen": last["seen"]}, {**asked, "user": "nobody"}]).predictions
    assert found.p == given.p
    assert found.looked_up == {"seen": "user_state"} and given.looked_up == {}
    assert found.features_at is not None and given.features_at is None
    seconds = last["visit"] * 7
    assert found.features_at.isoformat() == (
        f"2024-03-01T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}+00:00")
    assert unknown.missing == ("seen",)


@pytest.mark.parametrize(("row", "code", "words"), [
    ({"usr": "a"}, "unknown_column", "did you mean 'user'"),
    ({"item": "3"}, "bad_value", "write a whole number"),
    ({"item": 2**70}, "bad_value", "out of range"),
    ({"price": True}, "bad_value", "write a number"),
    ({"user": 3}, "bad_value", "write a text"),
])
def test_rows_that_cannot_be_read(serving: Serving, row: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        serving.predict([{}, row])
    assert caught.value.code == code and words in str(caught.value)


def test_no_such_version(serving: Serving) -> None:
    with pytest.raises(UserError) as caught:
        serving.predict([{"user": "user 1"}], version=999)
    assert caught.value.code == "unknown_model"


def test_too_many_rows(serving: Serving) -> None:
    with pytest.raises(UserError) as caught:
        serving.predict([{}] * 1001)
    assert caught.value.code == "bad_request"


def test_a_node_that_trains_nothing(state: Path) -> None:
    with pytest.raises(UserError) as caught:
        Serving(compiled(state), "answers_of_nobody", state)
    assert caught.value.code == "not_servable"
