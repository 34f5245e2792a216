"""Hints: on which join, aggregate and lookup they end, that no rule of the optimizer loses them, what EXPLAIN shows."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from engine.optimizer import optimize
from engine.plan.explain import explain
from engine.plan.hints import LookupHint, lifetimes, lookup_hint
from engine.plan.nodes import Aggregate, Join, LookupJoin, Program, Relation
from engine.plan.properties import relations
from engine.sql.dialect import parse_one
from tests.engine.sql.binding import binder, program, query

HOUR, DAY = 3600_000_000, 86_400_000_000
LOOKUP = "SELECT /*+ LOOKUP({}) */ o.id FROM orders o JOIN dim FOR SYSTEM_TIME AS OF o.p AS d ON o.item = d.item"


def lives(sql: str, *statements: str) -> list[tuple[int, ...]]:
    """How long the state of joins and aggregates lives, from the bottom up, where the job says a minute."""
    return _lives(program(query(sql, *statements)))


def _lives(given: Program) -> list[tuple[int, ...]]:
    return [lifetimes(r, 60_000_000) for r in relations(given) if type(r) in (Join, Aggregate)]


MINUTE = 60_000_000
CASES = [  # Flink's own examples (State TTL Hints): names, aliases, views, cascades
    ("SELECT /*+ STATE_TTL('a' = '1d', 'b' = '2d') */ a.z FROM a JOIN b ON a.x = b.x", [(DAY, 2 * DAY)]),
    ("SELECT /*+ STATE_TTL('s' = '1d', 't' = '2d') */ s.z FROM a s LEFT JOIN b t ON s.x = t.x", [(DAY, 2 * DAY)]),
    ("SELECT /*+ STATE_TTL('b' = '2d') */ a.z FROM a JOIN b ON a.x = b.x", [(MINUTE, 2 * DAY)]),
    ("SELECT /*+ STATE_TTL('v' = '1h') */ v.z FROM v JOIN b ON v.x = b.x", [(HOUR, MINUTE)]),
    ("SELECT /*+ STATE_TTL('q' = '1h') */ q.z FROM (SELECT x, z FROM a) q JOIN b ON q.x = b.x", [(HOUR, MINUTE)]),
    ("WITH q AS (SELECT x, z FROM a) SELECT /*+ STATE_TTL('q' = '1h') */ q.z FROM q JOIN b ON q.x = b.x",
     [(HOUR, MINUTE)]),
    # the left side of the upper join is no table: it lives as the job says
    (("SELECT /*+ STATE_TTL('a' = '3d', 'b' = '1d', 'c' = '10d') */ a.z FROM a LEFT JOIN b ON a.x = b.x "
      "LEFT JOIN b AS c ON b.y = c.y"), [(3 * DAY, DAY), (MINUTE, 10 * DAY)]),
    ("SELECT /*+ STATE_TTL('a' = '1d') */ x, SUM(z) FROM a GROUP BY x", [(DAY,)]),
    ("SELECT /*+ STATE_TTL('s' = '0s') */ x, SUM(z) FROM a AS s WHERE z > 1 GROUP BY x HAVING SUM(z) > 3", [(0,)]),
    ("SELECT /*+ STATE_TTL('a' = '1d') */ DISTINCT x FROM a", [(DAY,)]),
    # a block of its own: only what stands in it; the grouping of a join reads no table
    ("SELECT /*+ STATE_TTL('a' = '1d', 'b' = '2d') */ a.x, COUNT(*) FROM a JOIN b ON a.x = b.x GROUP BY a.x",
     [(DAY, 2 * DAY), (MINUTE,)]),
    ("SELECT /*+ STATE_TTL('q' = '1d') */ x, COUNT(*) FROM (SELECT a.x FROM a JOIN b ON a.x = b.x) q GROUP BY x",
     [(MINUTE, MINUTE), (DAY,)]),
    # of two values for a table the first counts
    ("SELECT /*+ STATE_TTL('a' = '1d', 'b' = '4d'), STATE_TTL('b' = '8d') */ a.z FROM a JOIN b ON a.x = b.x",
     [(DAY, 4 * DAY)]),
    ("SELECT /*+ STATE_TTL('default_catalog.default_database.a' = '1d') */ a.z FROM a JOIN b ON a.x = b.x",
     [(DAY, MINUTE)]),
]  # fmt: skip
VIEW = "CREATE VIEW v AS SELECT x, z FROM a WHERE z > 0"


@pytest.mark.parametrize(("sql", "wanted"), CASES, ids=[c[0][:70] for c in CASES])
def test_which_state_lives_how_long(sql: str, wanted: list[tuple[int, ...]]) -> None:
    given = program(query(sql, VIEW))
    assert _lives(given) == wanted
    assert _lives(optimize(given)) == wanted


@pytest.mark.parametrize("settings", [
    {"table.optimizer.join-reorder-enabled": "true"},
    {"table.optimizer.distinct-agg.split.enabled": "true", "table.exec.mini-batch.enabled": "true",
     "table.exec.mini-batch.allow-latency": "1 s", "table.exec.mini-batch.size": "10"},
])
def test_no_rule_loses_a_time_to_live(settings: dict[str, str]) -> None:
    made = binder("CREATE TABLE big (x INT, y STRING, z BIGINT) WITH ('rows' = '100000')",
                  "CREATE TABLE small (x INT, y STRING) WITH ('rows' = '10')", settings=settings)
    texts = [
        ("SELECT /*+ STATE_TTL('b' = '1d', 's' = '2d', 't' = '3d') */ s.x FROM big b JOIN small s ON b.x = s.x "
         "JOIN small t ON b.y = t.y WHERE b.z > 3 AND t.x < 5"),
        "SELECT /*+ STATE_TTL('big' = '1d') */ x, COUNT(DISTINCT y), COUNT(DISTINCT z), SUM(z) FROM big GROUP BY x"]
    for text in texts:
        sinks = program(made.query(parse_one(text))).sinks
        left = {life for r in relations(optimize(Program(sinks, tuple(sorted(settings.items())))))
                if type(r) in (Join, Aggregate) for life in lifetimes(r, 0)}
        assert left == ({0, DAY, 2 * DAY, 3 * DAY} if "JOIN" in text else {DAY})


@pytest.mark.parametrize(("sql", "hint"), [
    ("SELECT /*+ STATE_TTL('c' = '1d') */ a.z FROM a JOIN b ON a.x = b.x", "a"),
    ("SELECT /*+ STATE_TTL('a' = '1d') */ s.x, COUNT(*) FROM a s GROUP BY s.x", "s"),
    ("SELECT /*+ STATE_TTL('a' = '1d') */ z FROM db.a JOIN a ON TRUE", "aliases"),
    (LOOKUP.format("'table' = 'e'"), "d"),
    ("SELECT /*+ BROADCAST(c) */ a.z FROM a JOIN b ON a.x = b.x", "a"),
])
def test_names_that_mean_no_table_or_two(sql: str, hint: str) -> None:
    with pytest.raises(UserError) as error:
        query(sql, "CREATE DATABASE db", "CREATE TABLE db.a (u INT)")
    assert error.value.code == "bad_hint"
    assert hint in (error.value.hint or "")


def test_what_nothing_in_the_block_could_take_says_nothing() -> None:
    assert lives("SELECT /*+ STATE_TTL('nobody' = '1d') */ x FROM a") == []


def found(relation: Relation) -> LookupJoin:
    return next(r for r in relations(program(relation)) if isinstance(r, LookupJoin))


def test_what_a_lookup_hint_means() -> None:
    retry = ("'retry-predicate' = 'lookup_miss', 'retry-strategy' = 'fixed_delay', 'fixed-delay' = '10s', "
             "'max-attempts' = '3'")
    options = ("'table' = 'd', 'async' = 'true', 'output-mode' = 'allow_unordered', 'capacity' = '7', "
               f"'timeout' = '300s', 'shuffle' = 'true', {retry}")
    relation = found(query(LOOKUP.format(options)))
    wanted = LookupHint(True, True, 7, 300_000_000, 3, 10_000_000, True)
    assert lookup_hint(relation) == wanted
    assert lookup_hint(found(optimize(program(query(LOOKUP.format(options)))).sinks[0])) == wanted
    text = explain(program(relation))
    assert "async=[UNORDERED, 300000ms, 7], retry=[lookup_miss, FIXED_DELAY, 10000ms, 3], shuffle=[true]" in text


def test_a_lookup_hint_goes_before_the_settings() -> None:
    relation = found(query(LOOKUP.format("'table' = 'd', 'capacity' = '7'")))
    settings = {"table.exec.async-lookup.buffer-capacity": "9", "table.exec.async-lookup.timeout": "5 s",
                "table.exec.async-lookup.output-mode": "ALLOW_UNORDERED"}
    assert lookup_hint(relation, settings) == LookupHint(None, True, 7, 5_000_000)
    other = found(query(LOOKUP.format("'table' = 'd'").replace("/*+ LOOKUP('table' = 'd') */", "")))
    assert lookup_hint(other, settings) == LookupHint(None, True, 9, 5_000_000)
    assert lookup_hint(other, {}) is None


def test_explain_shows_what_lives_how_long() -> None:
    text = explain(program(query(CASES[0][0])))
    assert "stateTtlHints=[[[STATE_TTL options:{LEFT=1d, RIGHT=2d}]]]" in text
    assert "TTL" not in explain(program(query(CASES[0][0])), hints=False)
