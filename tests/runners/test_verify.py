"""Batch verification: real runs, checked; then spoilt, and found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from porsche.compiler import Compiled, compile_text
from porsche.runners.bundled import Options, Outcome, run
from porsche.runners.verify import rows_read, verify

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop.yaml"
ORDERS = """
version: 1
name: orders
nodes:
  - id: orders
    component: event_source
    properties:
      columns: {shop: STRING, amount: BIGINT, price: DOUBLE, at: TIMESTAMP(3)}
      time: at
      delay: 1 second
      options: {connector: filesystem, path: "${path}", format: json}
  - {id: paid, component: filter, properties: {condition: amount > 0}}
  - id: minutes
    component: window_aggregate
    properties:
      keys: shop
      time: at
      size: 1 minute
      aggregates: {orders: COUNT(*), items: SUM(amount), revenue: SUM(price * amount)}
  - id: each
    component: table_sink
    properties: {options: {connector: filesystem, path: "${state}/each", format: json}}
  - {id: by_minute, component: table_sink, properties: {columns: [shop, orders, items, revenue, window_end]}}
edges:
  - {from: orders, to: paid}
  - {from: paid, to: minutes}
  - {from: paid, to: each}
  - {from: minutes, to: by_minute}
parameters: {path: {}}
"""


def orders(folder: Path) -> Callable[[Path], Compiled]:
    """A pipeline over 3,000 orders in five shops, some of them out of order by less than the delay."""
    lines = [json.dumps({"shop": None if i % 50 == 0 else f"shop {i % 5}", "amount": i % 4 - 1, "price": i / 7,
                         "at": f"2024-05-01 00:{i // 60 % 60:02d}:{(i - i % 3) % 60:02d}"}) for i in range(3000)]
    path = folder / "orders.json"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lambda state: compile_text(ORDERS, parameters={"path": str(path)}, state=str(state))


def shop(state: Path) -> Compiled:
    return compile_text(SHOP.read_text(encoding="utf-8"), state=str(state),
                        parameters={"impressions": "6000", "judge_from": "4000"})


def checked(made: Callable[[Path], Compiled], folder: Path, **more: Any) -> dict[str, Any]:
    report = verify(made, state=folder / "state", work=folder / "work", **more).as_json()
    assert not (folder / "work").exists()
    return {table["table"]: table for table in report["tables"]} | {"equal": report["equal"]}


def run_a_while(compiled: Compiled, state: Path, options: Options, *, above: int) -> Outcome:
    """Run until more than some rows were read."""
    jobs: list[Any] = []

    def stop_soon(status: dict[str, Any]) -> None:
        if status["rows_in"] > above:
            jobs[0].stop()

    return run(compiled, state, replace(options, on_job=jobs.append, on_status=stop_soon))


def test_a_finished_run_with_a_model_is_what_one_bounded_run_gives(tmp_path: Path) -> None:
    run(shop(tmp_path / "state"), tmp_path / "state", Options(batch_rows=97))
    found = checked(shop, tmp_path)
    assert found["equal"] is True
    assert found["predictions"]["rows_stream"] == found["predictions"]["rows_batch"] == 6000
    assert found["at_the_end"]["equal"] is True and found["hourly"]["equal"] is True
    assert found["predictions"]["duckdb"] == {
        "equal": True, "rows": 6000, "given": ["predicted"], "different": 0, "differences": []}
    assert "AUC" in found["hourly"]["duckdb"]["why"]


def test_duckdb_computes_filters_and_windows_itself(tmp_path: Path) -> None:
    made = orders(tmp_path)
    run(made(tmp_path / "state"), tmp_path / "state", Options(batch_rows=64))
    found = checked(made, tmp_path)
    assert found["equal"] is True
    for table in ("each", "by_minute"):
        assert found[table]["duckdb"]["equal"] is True
        assert found[table]["duckdb"]["given"] == ["orders"]
    assert found["each"]["rows_stream"] == 1500  # two of each four have an amount above 0
    assert found["by_minute"]["duckdb"]["rows"] == found["by_minute"]["rows_stream"] > 200


def test_rows_that_were_lost_doubled_or_changed_are_shown(tmp_path: Path) -> None:
    made = orders(tmp_path)
    run(made(tmp_path / "state"), tmp_path / "state", Options())
    part = next(p for p in (tmp_path / "state" / "each").iterdir() if p.is_file() and not p.name.startswith("."))
    lines = part.read_text(encoding="utf-8").splitlines()
    changed = json.loads(lines[2]) | {"price": -1.0}
    part.write_text("\n".join([lines[1], lines[1], json.dumps(changed), *lines[3:]]) + "\n", encoding="utf-8")
    each = checked(made, tmp_path)["each"]
    lost, doubled, was = (json.loads(line) for line in lines[:3])
    assert each["equal"] is False
    assert {d["right"]["price"] for d in each["differences"] if d["left"] is None} == {lost["price"]}
    assert {d["left"]["price"] for d in each["differences"] if d["right"] is None} == {doubled["price"]}
    assert [(d["left"]["price"], d["right"]["price"]) for d in each["differences"] if d["left"] and d["right"]] == [
        (-1.0, was["price"])]
    assert each["different"] == 3
    assert each["duckdb"]["equal"] is True  # the bounded run is right


def test_a_stopped_run_is_checked_as_far_as_it_had_read(tmp_path: Path) -> None:
    state = tmp_path / "state"
    outcome = run_a_while(shop(state), state, Options(batch_rows=100, rate=2000), above=300)
    assert outcome.stopped and 300 < outcome.rows_in < 7900
    rows = rows_read(json.loads((state / "status.json").read_text(encoding="utf-8")))
    assert rows == {"shop": [outcome.rows_in]}
    found = checked(shop, tmp_path, rows=rows)
    assert found["equal"] is True
    assert 0 < found["predictions"]["rows_stream"] < 6000


def test_a_stopped_run_whose_source_left_rows_out_is_checked_over_the_same_records(tmp_path: Path) -> None:
    made, state = orders(tmp_path), tmp_path / "state"
    run_a_while(made(state), state, Options(batch_rows=50, rate=1000), above=300)
    status = json.loads((state / "status.json").read_text(encoding="utf-8"))
    assert status["stopped"] and 0 < status["rows_in"] < 3000
    found = checked(made, tmp_path, rows=rows_read(status))
    assert found["equal"] is True
    assert found["each"]["duckdb"]["equal"] is True
    assert found["by_minute"]["duckdb"]["given"] == ["minutes"]  # windows that are open are the engine's to know


def test_what_cannot_be_read_again_says_so(tmp_path: Path) -> None:
    text = ORDERS.replace('options: {connector: filesystem, path: "${state}/each", format: json}',
                          "options: {connector: blackhole}")
    orders(tmp_path)

    def made(state: Path) -> Compiled:
        return compile_text(text, parameters={"path": str(tmp_path / "orders.json")}, state=str(state))

    run(made(tmp_path / "state"), tmp_path / "state", Options())
    each = checked(made, tmp_path)["each"]
    assert each["equal"] is None and "blackhole" in each["why"]
    assert each["duckdb"]["equal"] is True


@pytest.mark.parametrize("name", ["shop", "orders"])
def test_the_report_is_json(tmp_path: Path, name: str) -> None:
    made = orders(tmp_path) if name == "orders" else shop
    run(made(tmp_path / "state"), tmp_path / "state", Options())
    report = verify(made, state=tmp_path / "state", work=tmp_path / "work")
    assert json.loads(json.dumps(report.as_json())) == report.as_json()
