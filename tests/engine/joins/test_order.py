"""Joins by hand: which changes come in which order; and shards that give what one would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from engine.types import INT, STRING, TIMESTAMP, Schema
from tests.engine.properties.support import Change, Config, Input, run

SIDE = Schema.of(id=INT, k=INT)
TIMED = Schema.of(id=INT, k=INT, ts=TIMESTAMP(3))
CLAUSES = ", WATERMARK FOR ts AS ts - INTERVAL '1' SECOND"


def side(*changes: str) -> Input:
    """Changes such as "+I 1 7": kind, id, key (- is NULL)."""
    rows = []
    for change in changes:
        kind, number, key = change.split()
        rows.append((kind, (int(number), None if key == "-" else int(key))))
    return Input(SIDE, rows, "I,UB,UA,D")


def timed(*rows: tuple[int, int | None, float]) -> Input:
    """Rows of id, key, second."""
    at = [datetime(2024, 1, 1, 0, 0, int(s), round(s % 1 * 1e6)) for _, _, s in rows]
    return Input(TIMED, [("+I", (n, k, t)) for (n, k, _), t in zip(rows, at, strict=True)], clauses=CLAUSES)


def shown(changes: Sequence[Change]) -> list[str]:
    return [kind + "".join(f" {'-' if v is None else v}" for v in values) for kind, values in changes]


def joined(kind: str, left: Input, right: Input, on: str = "l.k = r.k", columns: str = "l.id, r.id") -> list[str]:
    """The changes where l's rows come first, then r's: each source gives all it has in one poll."""
    return shown(run({"l": left, "r": right}, f"SELECT {columns} FROM l {kind} r ON {on}", Config(1000)))


@pytest.mark.parametrize(("kind", "changes"), [
    ("JOIN", ["+I 1 10", "+I 2 10", "-D 1 10", "-D 2 10"]),
    ("LEFT JOIN", ["+I 1 -", "+I 2 -", "+I 3 -", "-D 1 -", "-D 2 -", "+I 1 10", "+I 2 10", "-D 1 10", "-D 2 10",
                   "+I 1 -", "+I 2 -"]),
    ("RIGHT JOIN", ["+I 1 10", "+I 2 10", "+I - 11", "-D 1 10", "-D 2 10"]),
    ("FULL JOIN", ["+I 1 -", "+I 2 -", "+I 3 -", "-D 1 -", "-D 2 -", "+I 1 10", "+I 2 10", "+I - 11",
                   "-D 1 10", "-D 2 10", "+I 1 -", "+I 2 -"]),
])
def test_changes_of_a_join(kind: str, changes: list[str]) -> None:
    """A row that finds its first match loses its NULLs, and gets them back with the last match gone. NULL matches
    nothing."""
    left, right = side("+I 1 7", "+I 2 7", "+I 3 -"), side("+I 10 7", "+I 11 -", "-D 10 7")
    assert joined(kind, left, right) == changes


def test_an_update_keeps_its_kinds_through_an_inner_join() -> None:
    left, right = side("+I 1 7"), side("+I 10 7", "-U 10 7", "+U 11 7")
    assert joined("JOIN", left, right) == ["+I 1 10", "-U 1 10", "+U 1 11"]


def test_null_equals_null_where_asked() -> None:
    assert joined("JOIN", side("+I 1 -"), side("+I 10 -"), "l.k IS NOT DISTINCT FROM r.k") == ["+I 1 10"]


def test_equal_rows_are_joined_as_often_as_they_are_there() -> None:
    left, right = side("+I 1 7", "+I 1 7"), side("+I 10 7", "+I 10 7", "-D 10 7")
    assert sorted(joined("JOIN", left, right)) == ["+I 1 10"] * 4 + ["-D 1 10"] * 2


@pytest.mark.parametrize(("kind", "changes"), [
    ("EXISTS", ["+I 1", "-D 1", "+I 1"]),
    ("NOT EXISTS", ["+I 1", "+I 2", "-D 1", "+I 1", "-D 1"]),
])
def test_changes_of_exists(kind: str, changes: list[str]) -> None:
    """The second match changes nothing, the last one's end does."""
    inputs = {"l": side("+I 1 7", "+I 2 8"),
              "r": side("+I 10 7", "+I 11 7", "-D 10 7", "-D 11 7", "+I 12 7")}
    query = f"SELECT id FROM l WHERE {kind} (SELECT 1 FROM r WHERE r.k = l.k)"
    assert shown(run(inputs, query)) == changes


# ---- windows ---------------------------------------------------------------------------------------------------------

WINDOWS = "TABLE(TUMBLE(TABLE {}, DESCRIPTOR(ts), INTERVAL '10' SECOND))"


@pytest.mark.parametrize(("kind", "rows"), [
    ("JOIN", ["+I 1 11", "+I 3 13"]),
    ("LEFT JOIN", ["+I 1 11", "+I 2 -", "+I 3 13"]),
    ("RIGHT JOIN", ["+I - 12", "+I 1 11", "+I 3 13"]),
    ("FULL JOIN", ["+I - 12", "+I 1 11", "+I 2 -", "+I 3 13"]),
])
def test_window_join(kind: str, rows: list[str]) -> None:
    """Rows 2 and 12 have the same key in windows next to each other."""
    inputs = {"l": timed((1, 7, 1), (2, 8, 9.999), (3, 7, 11)), "r": timed((11, 7, 8), (12, 8, 10), (13, 7, 19))}
    query = (f"SELECT a.id, b.id FROM {WINDOWS.format('l')} a {kind} {WINDOWS.format('r')} b "
             "ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end")
    assert sorted(shown(run(inputs, query))) == rows


# ---- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "rows"), [
    ("JOIN", ["+I 1 11", "+I 1 12"]),
    ("LEFT JOIN", ["+I 1 11", "+I 1 12", "+I 2 -", "+I 3 -"]),
    ("RIGHT JOIN", ["+I - 10", "+I - 13", "+I 1 11", "+I 1 12"]),
])
def test_interval_join(kind: str, rows: list[str]) -> None:
    """Both bounds belong to the interval."""
    inputs = {"l": timed((1, 7, 10), (2, None, 10), (3, 7, 30)),
              "r": timed((10, 7, 7.999), (11, 7, 8), (12, 7, 13), (13, 7, 13.001))}
    on = "l.k = r.k AND r.ts BETWEEN l.ts - INTERVAL '2' SECOND AND l.ts + INTERVAL '3' SECOND"
    assert sorted(joined(kind, inputs["l"], inputs["r"], on)) == rows


VERSIONS = Schema.of(k=INT.as_nullable(False), name=STRING, ts=TIMESTAMP(3))


def versions(*changes: tuple[str, int, str, float]) -> Input:
    rows: list[tuple[str, tuple[Any, ...]]] = [
        (kind, (k, name, datetime(2024, 1, 1, 0, 0, int(s)))) for kind, k, name, s in changes]
    return Input(VERSIONS, rows, "I,UA,D", f", PRIMARY KEY (k) NOT ENFORCED{CLAUSES}")


@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
def test_temporal_join(batch_rows: int) -> None:
    """A version is valid from its time on, until the next one or the deletion; it came too late for id 1."""
    inputs = {"l": timed((1, 7, 4), (2, 7, 5), (3, 7, 9), (4, 7, 10), (5, 7, 20), (6, 7, 25), (7, None, 26)),
              "v": versions(("+I", 7, "a", 5), ("+U", 7, "b", 10), ("-D", 7, "b", 20), ("+I", 7, "c", 25))}
    query = "SELECT l.id, v.name FROM l LEFT JOIN v FOR SYSTEM_TIME AS OF l.ts ON l.k = v.k"
    assert shown(run(inputs, query, Config(batch_rows))) == [
        "+I 1 -", "+I 2 a", "+I 3 a", "+I 4 b", "+I 5 -", "+I 6 c", "+I 7 -"]


# ---- shards ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_rows", [1, 3, 1000])
def test_shards_give_the_order_of_one(batch_rows: int) -> None:
    """What an order-sensitive query sees behind an exchange is what one shard would have shown it."""
    rows = timed(*((n, n * 7 % 5, n // 2) for n in range(40)))
    query = ("SELECT id, k, SUM(id) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), "
             "ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) FROM l")
    one, two = (run({"l": rows}, query, Config(batch_rows, shards)) for shards in (1, 2))
    assert one == two
    assert [values[0] for _, values in one] == sorted(range(40), key=lambda n: (n // 2, n))
