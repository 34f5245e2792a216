"""Previews: what nodes give for rows that are given, worked out by hand or by DuckDB."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from engine.connectors.base import Access
from engine.errors import UserError
from engine.session import RunOptions, Session
from porsche.compiler import compile_text
from porsche.runners.preview import sampling
from porsche.runners.preview.describe import answer
from porsche.runners.preview.recorded import position_of
from porsche.runners.preview.rerun import Question, Ran, rerun
from porsche.runners.preview.sampling import Samples
from porsche.runners.preview.shown import changes

COLUMNS = {"id": "BIGINT", "user": "STRING", "price": "DOUBLE", "at": "TIMESTAMP(3)"}
SOURCE = {"columns": COLUMNS, "time": "at", "delay": "5 seconds", "options": {"connector": "datagen"}}
ORDERS = [
    {"id": 1, "user": "ann", "price": 3.0, "at": "2024-05-01 10:00:01"},
    {"id": 2, "user": "bob", "price": 5.0, "at": "2024-05-01 10:00:30"},
    {"id": 3, "user": "ann", "price": 7.0, "at": "2024-05-01 10:00:28"},  # out of order, within the delay
    {"id": 4, "user": "ann", "price": None, "at": "2024-05-01 10:01:10"},
    {"id": 5, "user": "bob", "price": 9.0, "at": "2024-05-01 10:00:02"},  # its minute is over: late
]


def document(*nodes: dict[str, Any], edges: list[tuple[str, str]], source: dict[str, Any] = SOURCE, **more: Any) -> str:
    every = [{"id": "orders", "component": "event_source", "properties": source}, *nodes]
    made = [{"from": start, "to": end} for start, end in edges]
    return yaml.safe_dump({"version": 1, "name": "preview", "nodes": every, "edges": made, **more}, sort_keys=False)


def node(name: str, component: str, **properties: Any) -> dict[str, Any]:
    return {"id": name, "component": component, "properties": properties}


def run(text: str, tmp_path: Path, rows: list[dict[str, Any]] | None = None, **more: Any) -> Ran:
    samples = {"orders": {"rows": ORDERS if rows is None else rows}, **more.pop("samples", {})}
    return rerun(Question(text, state=str(tmp_path), samples=samples, **more), Samples())


def rows(ran: Ran, name: str) -> list[dict[str, Any]]:
    return [row for _, row in changes(ran.nodes[name])]


def ids(ran: Ran, name: str) -> list[int]:
    return [row["id"] for row in rows(ran, name)]


def test_each_node_of_a_chain_gives_its_rows(tmp_path: Path) -> None:
    text = document(
        node("dear", "filter", condition="price > 4"),
        node("cents", "select", keep=["id", "at"], compute={"cents": "CAST(price * 100 AS BIGINT)"}),
        node("kept", "table_sink",
             options={"connector": "filesystem", "path": str(tmp_path / "out"), "format": "json"}),
        edges=[("orders", "dear"), ("dear", "cents"), ("cents", "kept")])
    ran = run(text, tmp_path)
    assert ran.error is None
    assert ids(ran, "orders") == [1, 2, 3, 4, 5]
    assert ids(ran, "dear") == [2, 3, 5]
    expected = [{"id": 2, "at": "2024-05-01 10:00:30", "cents": 500},
                {"id": 3, "at": "2024-05-01 10:00:28", "cents": 700},
                {"id": 5, "at": "2024-05-01 10:00:02", "cents": 900}]
    assert rows(ran, "cents") == expected
    assert rows(ran, "kept") == expected  # what it would receive
    assert not (tmp_path / "out").exists()
    assert ran.nodes["orders"].watermark == 1714557665000000  # 10:01:05


def test_windows_tell_what_waits_and_what_came_late(tmp_path: Path) -> None:
    text = document(
        node("minutes", "window_aggregate", time="at", size="1 minute",
             aggregates={"n": "COUNT(*)", "total": "SUM(price)"}),
        node("kept", "table_sink"), edges=[("orders", "minutes"), ("minutes", "kept")])
    ran = run(text, tmp_path)
    done = ran.nodes["minutes"]
    assert [(row["window_start"], row["n"], row["total"]) for row in rows(ran, "minutes")] == [
        ("2024-05-01 10:00:00", 3, 15.0), ("2024-05-01 10:01:00", 1, None)]
    assert (done.given.rows, done.given.before_end, done.late) == (2, 1, 1)


def test_changes_fold_to_what_duckdb_answers(tmp_path: Path) -> None:
    query = "SELECT `user`, COUNT(*) AS n, MAX(price) AS most FROM orders GROUP BY `user`"
    text = document(node("users", "custom_sql", query=query), node("kept", "table_sink", key=["user"],
                    options={"connector": "print"}), edges=[("orders", "users"), ("users", "kept")])
    ran = run(text, tmp_path)
    found = list(changes(ran.nodes["users"]))
    assert [kind for kind, row in found if row["user"] == "ann"] == ["+I", "-U", "+U", "-U", "+U"]
    left: dict[str, tuple[int, float]] = {}
    for kind, row in found:
        if kind in ("+I", "+U"):
            left[row["user"]] = (row["n"], row["most"])
    given = ", ".join(f"('{o['user']}', {'NULL' if o['price'] is None else o['price']})" for o in ORDERS)
    answered = duckdb.sql(f"SELECT u, COUNT(*), MAX(p) FROM (VALUES {given}) AS t(u, p) GROUP BY u").fetchall()
    assert left == {user: (n, most) for user, n, most in answered}


def test_sources_advance_together_in_event_time(tmp_path: Path) -> None:
    """Of two sources the rows are matched as they would be, had they come beside each other."""
    text = document(
        node("clicks", "event_source", **SOURCE),
        node("labelled", "label_join", match=["id"], time="at", outcome_time="at", within="30 seconds"),
        node("kept", "table_sink"),
        edges=[("orders", "labelled.events"), ("clicks", "labelled.outcomes"), ("labelled", "kept")])
    clicks = [{"id": 1, "at": "2024-05-01 10:00:09"}, {"id": 3, "at": "2024-05-01 10:01:30"}]
    ran = run(text, tmp_path, ORDERS[:4], samples={"clicks": {"rows": clicks}})
    assert {row["id"]: row["label"] for row in rows(ran, "labelled")} == {1: 1, 2: 0, 3: 0, 4: 0}
    assert ran.nodes["labelled"].late == 0


def looked_up(users: Path) -> str:
    """Orders with the country of their user, from a file."""
    return document(
        node("users", "dimension_table", columns={"user": "STRING", "country": "STRING"}, key="user", path=str(users)),
        node("known", "dimension_join", key="user", columns=["country"]),
        node("kept", "table_sink"),
        edges=[("orders", "known.rows"), ("users", "known.dimension"), ("known", "kept")],
        source={**SOURCE, "clock": "now"})


def test_a_dimension_is_looked_up_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("ann,NL\ncid,FR\nann,DE\n")
    text = looked_up(tmp_path / "users.csv")
    ran = run(text, tmp_path)
    assert ran.error is None
    assert [row["country"] for row in rows(ran, "known")] == ["DE", None, "DE", "DE", None]
    told = json.loads(answer(ran, "known", 100))
    assert told["nodes"]["known"]["unmatched"] == 2
    assert (told["samples"]["users"]["rows"], told["samples"]["users"]["more"]) == (3, False)
    assert [table["node"] for table in told["inputs"]] == ["orders", "users"]


def test_a_learner_predicts_with_what_it_learnt(tmp_path: Path) -> None:
    """No version is known at the time of the rows: they are predicted with the one at the end, and it is said."""
    text = document(
        node("vectors", "feature_vector", features={"user": "user"}, keep=["id", "at"]),
        node("labelled", "label_join", match=["id"], time="at", outcome_time="at", within="1 hour"),
        node("model", "train_online_model"),
        node("predicted", "predict"),
        node("kept", "table_sink", columns=["id", "p"]),
        edges=[("orders", "vectors"), ("vectors", "labelled.events"), ("orders", "labelled.outcomes"),
               ("labelled", "model"), ("vectors", "predicted.rows"), ("model", "predicted.model"),
               ("predicted", "kept")])
    many = [{"id": i, "user": "ann", "price": 1.0, "at": f"2024-05-01 10:00:{i:02}"} for i in range(60)]
    ran = run(text, tmp_path, many)
    assert ran.error is None
    assert ran.preset == ("predicted",)
    given = [row["p"] for row in rows(ran, "predicted")]
    assert len(given) == 60 and all(0 < p < 0.5 for p in given)  # nobody clicked
    told = json.loads(answer(ran, "kept", 10))
    assert told["nodes"]["model"]["model"]["samples"] >= 50
    assert {"code": "predicted_with_last_version", "node": "predicted"} in told["notes"]
    assert len(told["output"]["rows"]) == 10 and told["output"]["total"] == 60


def test_what_is_right_in_a_broken_document_runs(tmp_path: Path) -> None:
    text = document(node("dear", "filter", condition="price > 4"), node("wrong", "filter", condition="nothing > 4"),
                    node("kept", "table_sink"), edges=[("orders", "dear"), ("dear", "wrong"), ("wrong", "kept")])
    ran = run(text, tmp_path)
    assert ids(ran, "dear") == [2, 3, 5] and "wrong" not in ran.nodes
    told = json.loads(answer(ran, "wrong", 100))
    assert (told["output"], [each["node"] for each in told["inputs"]]) == (None, ["dear"])
    assert {d["node"] for d in told["diagnostics"]} == {"wrong"}


def test_an_error_is_at_its_node(tmp_path: Path) -> None:
    text = document(node("numbers", "select", keep=["at"], compute={"n": "CAST(`user` AS BIGINT)"}),
                    node("kept", "table_sink"), edges=[("orders", "numbers"), ("numbers", "kept")])
    told = json.loads(answer(run(text, tmp_path), "numbers", 100))
    assert told["error"]["node"] == "numbers" and "ann" in told["error"]["message"]


@pytest.mark.parametrize(("row", "said"), [
    ({"id": "many"}, "row 2"), ({"idd": 1}, "'idd'"), ({"at": "yesterday"}, "row 2")])
def test_a_pinned_row_that_does_not_fit_is_named(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")])
    told = json.loads(answer(run(text, tmp_path, [ORDERS[0], row]), "orders", 100))
    assert (told["error"]["code"], told["error"]["node"]) == ("bad_row", "orders")
    assert said in told["error"]["message"]


def test_rows_that_the_document_keeps_are_read(tmp_path: Path) -> None:
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")], samples={"orders": {"rows": ORDERS[:2]}})
    ran = rerun(Question(text, state=str(tmp_path)), Samples())
    assert ids(ran, "orders") == [1, 2]
    sample = ran.nodes["orders"].sample
    assert sample is not None and sample.kind == "pinned"


def test_a_sample_stays_until_it_is_read_again(tmp_path: Path) -> None:
    events = tmp_path / "events.json"
    events.write_text("".join(json.dumps(order) + "\n" for order in ORDERS[:2]) + "broken\n")
    source = {**SOURCE, "options": {"connector": "filesystem", "path": str(events), "format": "json"}}
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")], source=source)
    access = Access((str(tmp_path),), (), ("filesystem",))

    def read(samples: Samples, **wanted: Any) -> Ran:
        return rerun(Question(text, state=str(tmp_path), access=access, samples={"orders": wanted}), samples)

    first = read(Samples(tmp_path / "samples"))
    sample = first.nodes["orders"].sample
    assert ids(first, "orders") == [1, 2] and sample is not None
    assert (sample.unreadable, sample.dead[0].text, sample.more) == (1, "broken", False)
    events.write_text(json.dumps(ORDERS[4]) + "\n")
    assert ids(read(Samples(tmp_path / "samples")), "orders") == [1, 2]  # out of the file that was kept
    assert ids(read(Samples(tmp_path / "samples"), anew=True), "orders") == [5]


def test_only_what_is_allowed_is_read(tmp_path: Path) -> None:
    source = {**SOURCE, "options": {"connector": "filesystem", "path": "/etc/hostname", "format": "json"}}
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")], source=source)
    access = Access((str(tmp_path),), (), ("filesystem",))
    ran = rerun(Question(text, state=str(tmp_path), access=access), Samples())
    assert ran.error is not None and ran.error.code == "path_not_allowed"
    assert ran.failed_at == "orders"


def test_what_columns_are_like(tmp_path: Path) -> None:
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")])
    told = json.loads(answer(run(text, tmp_path), "orders", 2))
    output = told["output"]
    by_name = {c["name"]: p for c, p in zip(output["columns"], output["profile"], strict=True)}
    assert by_name["id"] | {"bars": []} == {
        "nulls": 0, "distinct": 5, "min": 1, "max": 5, "mean": 3, "top": by_name["id"]["top"], "bars": []}
    assert (by_name["price"]["nulls"], by_name["price"]["distinct"], by_name["price"]["mean"]) == (1, 4, 6)
    assert by_name["user"] == {"nulls": 0, "distinct": 2, "top": [["ann", 3], ["bob", 2]], "min": "ann", "max": "bob"}
    assert output["time"] == {
        "column": "at", "first": "2024-05-01 10:00:01", "last": "2024-05-01 10:01:10", "out_of_order": 2,
        "most_behind": 68_000, "behind": [0, 0]}
    assert (len(output["rows"]), output["total"]) == (2, 5)


def test_a_sample_begins_where_a_run_stood(tmp_path: Path) -> None:
    events = tmp_path / "events.json"
    events.write_text("".join(json.dumps(order) + "\n" for order in ORDERS))
    source = {**SOURCE, "options": {"connector": "filesystem", "path": str(events), "format": "json"}}
    text = document(node("kept", "table_sink", options={"connector": "blackhole"}), edges=[("orders", "kept")],
                    source=source)
    state = tmp_path / "state"
    compiled = compile_text(text, state=str(state))
    session = Session(folder=state, nodes=compiled.nodes)
    list(session.script(compiled.text))

    def stop_soon(job: Any) -> None:
        reader = job.graph.sources[0]
        poll = reader.poll
        reader.poll = lambda limit: [job.stop(), poll(limit)][1]

    session.run(RunOptions(batch_rows=3, on_job=stop_soon))
    wanted = {"orders": {"position": position_of(state, "orders")}}
    ran = rerun(Question(text, state=str(tmp_path), samples=wanted), Samples())
    sample = ran.nodes["orders"].sample
    assert sample is not None and sample.kind == "recorded"
    assert ids(ran, "orders") == [4, 5]
    with pytest.raises(UserError, match="other"):
        position_of(state, "other")
    strange = rerun(Question(text, state=str(tmp_path), samples={"orders": {"position": {"row": 3}}}), Samples())
    assert strange.error is not None and strange.error.code == "other_source"


def test_keys_are_found_wherever_they_stand_in_a_dimensions_file(tmp_path: Path) -> None:
    """`ann` is told anew in the last of 90,000 rows, `bob` stands behind the first 50,000 only, `cid` in them."""
    lines = [f"k{i},XX" for i in range(90_000)]
    lines[0], lines[45_000], lines[70_000], lines[89_999] = "ann,NL", "cid,FR", "bob,DE", "ann,BE"
    (tmp_path / "users.csv").write_text("\n".join(lines) + "\n")
    text = looked_up(tmp_path / "users.csv")
    orders = [{**ORDERS[0], "user": user} for user in ("ann", "bob", "cid", "nobody", None)]
    samples = Samples(tmp_path / "samples")

    def countries(given: list[dict[str, Any]], **users: Any) -> list[str | None]:
        ran = rerun(Question(text, state=str(tmp_path), samples={"orders": {"rows": given}, "users": users}), samples)
        assert ran.error is None
        told = json.loads(answer(ran, "known", 100))
        assert told["samples"]["users"]["looked"] == 90_000 and not told["samples"]["users"]["more"]
        return [row["country"] for row in rows(ran, "known")]

    assert countries(orders) == ["BE", "DE", "FR", None, None]
    assert countries([orders[1], {**orders[0], "user": "k80000"}]) == ["DE", "XX"]
    (tmp_path / "users.csv").write_text("\n".join([*lines[:-1], "ann,LU"]) + "\n")
    assert countries(orders[:1]) == ["BE"]  # what is known stays
    assert countries(orders[:1], anew=True) == ["LU"]


def test_a_dimension_that_fits_is_not_looked_through(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("ann,NL\n")
    text = document(
        node("users", "dimension_table", columns={"user": "STRING", "country": "STRING"}, key="user",
             path=str(tmp_path / "users.csv")),
        node("known", "dimension_join", key="user", columns=["country"]), node("kept", "table_sink"),
        edges=[("orders", "known.rows"), ("users", "known.dimension"), ("known", "kept")],
        source={**SOURCE, "clock": "now"})
    sample = run(text, tmp_path).nodes["users"].sample
    assert sample is not None and (sample.looked, sample.more) == (None, False)


def test_of_a_source_without_an_end_the_newest_rows(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    many = [{**ORDERS[0], "id": i} for i in range(5000)]
    (folder / "a.json").write_text("".join(json.dumps(order) + "\n" for order in many))
    live = {"connector": "filesystem", "path": str(folder), "format": "json", "source.monitor-interval": "1 s"}
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")], source={**SOURCE, "options": live})

    def sampled(source: dict[str, Any], document: str = text) -> tuple[list[int], dict[str, Any]]:
        samples = Samples(tmp_path / "samples")
        ran = rerun(Question(document, state=str(tmp_path), samples={"orders": source}, limit=100), samples)
        return ids(ran, "orders"), json.loads(answer(ran, "orders", 5))["samples"]["orders"]

    found, told = sampled({})
    assert found == list(range(4900, 5000))
    assert (told["kind"], told["endless"], told["missed"]) == ("newest", True, False)
    assert sampled({}) == (found, told)  # as it was kept
    found, told = sampled({"newest": False})
    assert found == list(range(100)) and told["kind"] == "read"
    ends = text.replace("source.monitor-interval: 1 s", "")
    assert sampled({}, ends)[0] == list(range(100))
    assert sampled({"newest": True}, ends)[0] == list(range(4900, 5000))


def test_a_source_that_cannot_begin_at_its_end_says_so(tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, user TEXT, price REAL, at TEXT)")
        connection.executemany("INSERT INTO orders VALUES (?, 'ann', 1.0, '2024-05-01 10:00:00')",
                               [(i,) for i in range(9)])
    table = {"connector": "jdbc", "url": f"jdbc:sqlite:{database}", "table-name": "orders"}
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")], source={**SOURCE, "options": table})
    ran = rerun(Question(text, state=str(tmp_path), samples={"orders": {"newest": True}}, limit=5), Samples())
    sample = ran.nodes["orders"].sample
    assert ran.error is None and sample is not None and (sample.kind, sample.missed) == ("read", True)
    assert ids(ran, "orders") == [0, 1, 2, 3, 4]


def test_a_connector_that_only_another_engine_has(tmp_path: Path) -> None:
    events = tmp_path / "events.json"
    events.write_text("".join(json.dumps(order) + "\n" for order in ORDERS))
    elsewhere = {"connector": "kafka", "topic": "orders", "format": "json"}
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")], source={**SOURCE, "options": elsewhere})
    error = rerun(Question(text, state=str(tmp_path)), Samples()).error
    assert isinstance(error, UserError) and (error.code, error.node) == ("not_a_source", "orders")
    assert "'kafka'" in error.message and "from a file" in (error.hint or "")
    assert ids(run(text, tmp_path), "orders") == [1, 2, 3, 4, 5]
    file = document(node("kept", "table_sink"), edges=[("orders", "kept")], source={**SOURCE, "options": elsewhere},
                    samples={"orders": {"file": {"path": str(events), "format": "json"}}})
    assert ids(rerun(Question(file, state=str(tmp_path)), Samples()), "orders") == [1, 2, 3, 4, 5]


def test_a_live_source_that_had_nothing_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SECONDS", 0.05)
    folder = tmp_path / "events"
    folder.mkdir()
    live = {"connector": "filesystem", "path": str(folder), "format": "json", "source.monitor-interval": "1 s"}
    text = document(node("kept", "table_sink"), edges=[("orders", "kept")], source={**SOURCE, "options": live})
    samples = Samples(tmp_path / "samples")

    def asked() -> list[int]:
        return ids(rerun(Question(text, state=str(tmp_path)), samples), "orders")

    assert asked() == []
    (folder / "a.json").write_text("".join(json.dumps(order) + "\n" for order in ORDERS))
    assert asked() == []  # not with each edit
    monkeypatch.setattr(sampling, "EMPTY_FOR", 0.0)
    assert asked() == [1, 2, 3, 4, 5]
