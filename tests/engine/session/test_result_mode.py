"""The changes of a SELECT in the modes of Flink's client."""

from __future__ import annotations

from typing import Any

import pytest

from engine.types import INT, Schema
from tests.engine.properties.support import Change, Input, run

ROWS = [("+I", (1, 5, 1)), ("+I", (1, 7, 2)), ("+I", (2, 1, 3)), ("+I", (1, 7, 1))]
BEST = "SELECT v, k FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY {}) AS place FROM t) WHERE place {}"
RAW = "SET 'sql-client.execution.result-mode' = 'changelog';"


def changes(order: str, places: str = "= 1", setup: str = RAW) -> list[Change]:
    table: dict[str, Any] = {"t": Input(Schema.of(k=INT, v=INT, n=INT), ROWS)}
    return run(table, BEST.format(order, places), setup=setup)


def test_the_best_row_by_several_columns_is_shown_as_upserts() -> None:
    """As Flink 2.3 sends it."""
    assert changes("v DESC, n") == [("+I", (5, 1)), ("+U", (7, 1)), ("+I", (1, 2)), ("+U", (7, 1))]


@pytest.mark.parametrize(("order", "places", "setup"), [
    ("v DESC", "= 1", RAW),
    ("v DESC, n", "= 1", ""),
    ("v DESC, n", "= 1", "SET 'sql-client.execution.result-mode' = 'table';"),
    ("v DESC, n", "= 1", RAW + "SET 'table.exec.mini-batch.enabled' = 'true';"),
])
def test_else_each_update_takes_the_row_before_it_back(order: str, places: str, setup: str) -> None:
    made = changes(order, places, setup)
    taken = [values for kind, values in made if kind in ("-U", "-D")]
    given = [values for kind, values in made if kind in ("+I", "+U")]
    assert len(given) - len(taken) == 2
    assert all(kind != "+U" or made[i - 1][0] == "-U" for i, (kind, _) in enumerate(made))


def test_several_best_rows_enter_and_leave() -> None:
    assert ("-D", (5, 1)) in changes("v DESC, n", "<= 2")
