"""With a rule or without it, with all or with none: the same rows, which are DuckDB's; in batches of any size, in one
or more shards. And no rule loses a node of the pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.connectors.base import Environment, TableOptions
from engine.connectors.memory import MemoryTable
from engine.optimizer import RULES, Rule, applied, optimize
from engine.plan.nodes import Program, Relation
from engine.plan.tree import expressions_of, walk
from engine.session import SELECTED, Phase, RunOptions, Session
from engine.sql import ddl
from engine.sql.binder import Binder
from engine.sql.dialect import parse
from tests import profiles
from tests.engine.properties import strategies, timed
from tests.engine.properties.strategies import Case
from tests.engine.properties.support import Config, Given, Input, fold, oracle
from tests.engine.sql.binding import TABLES, catalogue, program

ON = {
    "split_distinct": "SET 'table.optimizer.distinct-agg.split.enabled' = 'true';"
                      "SET 'table.optimizer.distinct-agg.split.bucket-num' = '3';",
    "split_phases": "SET 'table.exec.mini-batch.enabled' = 'true';",
    "reorder_joins": "SET 'table.optimizer.join-reorder-enabled' = 'true';",
}  # fmt: skip
"""What switches rules on that are off by default."""
_MEAN = "(sign(sum({d}v){f}) * (abs(sum({d}v){f}) // count({d}v){f}))::BIGINT"  # Flink drops the fraction
EXACT = (
    ("COUNT(*){f}",), ("COUNT(DISTINCT s){f}",), ("COUNT(DISTINCT k){f}",), ("SUM(DISTINCT v){f}",), ("SUM(v){f}",),
    ("SUM(d){f}",), ("MIN(v){f}",), ("MAX(d){f}",), ("MAX(DISTINCT k){f}",), ("AVG(v){f}", _MEAN.replace("{d}", "")),
    ("AVG(DISTINCT v){f}", _MEAN.replace("{d}", "DISTINCT ")),
)  # fmt: skip
"""Aggregates whose parts add up exactly, for Flink and, where it differs, for DuckDB; f: a FILTER."""


@st.composite
def exact_aggregations(draw: st.DrawFn) -> Case:
    """Aggregates that may be split, over rows that are added only or that change."""
    added = st.lists(strategies.rows.map(lambda row: ("+I", row)), min_size=3, max_size=24)
    given = draw(added.map(lambda changes: Input(strategies.TABLE, changes)) | strategies.tables(24))
    filters = st.sampled_from(["", "", " FILTER (WHERE v > 0)", " FILTER (WHERE b)", " FILTER (WHERE v IS NULL)"])
    calls = draw(st.lists(st.tuples(st.sampled_from(EXACT), filters), min_size=1, max_size=4))
    flink = ", ".join(call[0].replace("{f}", f) for call, f in calls)
    duck = ", ".join(call[-1].replace("{f}", f) for call, f in calls)
    key = draw(st.sampled_from(["", "k", "s", "k, b"]))
    if not key:
        whole = f"SELECT {duck} FROM t"  # of no rows a stream gives none, a batch one
        return Case({"t": given}, f"SELECT {flink} FROM t", f"{whole} HAVING COUNT(*) > 0", batch_oracle=whole)
    return Case({"t": given}, f"SELECT {key}, {flink} FROM t GROUP BY {key}",
                f"SELECT {key}, {duck} FROM t GROUP BY {key}")


@st.composite
def chains_of_joins(draw: st.DrawFn) -> Case:
    """Three or four changing tables of very different sizes, joined by equal columns."""
    given = {name: draw(strategies.tables(size)) for name, size in zip("tuwz", draw(st.permutations([3, 6, 10, 14])))}
    second = draw(st.sampled_from(["u.k = t.k", "u.k = t.k AND u.v < t.v", "t.s = u.s AND u.b"]))
    third = draw(st.sampled_from(["w.k = u.k", "w.s = t.s", "w.k IS NOT DISTINCT FROM u.k AND w.v = t.v"]))
    query = f"SELECT t.k, u.v, w.s, t.d FROM t JOIN u ON {second} JOIN w ON {third}"
    if draw(st.booleans()):
        query = f"SELECT q.k, q.v, z.x FROM ({query}) AS q JOIN z ON q.s = z.s WHERE z.v > 0"
    return Case(given, query, query)


CASES = {
    "chains_of_joins": chains_of_joins(),
    "exact_aggregations": exact_aggregations(),
    "compositions": strategies.compositions(), "aggregations": strategies.aggregations(),
    "window_aggregates": timed.window_aggregates(), "top_rows": timed.top_rows(),
    "deduplications": timed.deduplications(), "interval_joins": timed.interval_joins(),
}  # fmt: skip
NAMES = list(dict.fromkeys(rule.__name__ for rule in RULES))


class Sized(Given):
    """A table in memory that knows how many rows it has."""

    def __init__(self, table: MemoryTable) -> None:
        super().__init__(table)
        self._length = sum(batch.length for batch in table.batches)

    def rows(self, table: TableOptions, environment: Environment) -> int | None:
        return self._length


class Ruled(Session):
    """A session whose plans see these rules only."""

    rules: Sequence[Rule] = RULES

    def program(self, phase: Phase) -> Program:
        return optimize(self._bound(phase), tuple(self.rules))


def rows(case: Case, rules: Sequence[Rule], config: Config, setup: str) -> Counter[tuple[Any, ...]]:
    """The rows that a query leaves when only these rules are applied."""
    result = MemoryTable()
    tables = {name: given.table() for name, given in case.inputs.items()}
    connectors = {name: Sized(table) for name, table in (tables | {SELECTED: result}).items()}
    session = Ruled(folder=Path("never-written"), connectors=lambda table: connectors[table.name])
    session.rules = rules
    text = "".join(given.ddl(name) for name, given in case.inputs.items()) + case.setup + setup
    for _ in session.script(f"{text}\n{case.query};"):
        pass
    session.run(RunOptions(batch_rows=config.batch_rows, shards=config.shards, durable=False))
    return fold(result.rows)


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
@profiles.examples(12)
@given(case=st.sampled_from(list(CASES)).flatmap(CASES.__getitem__), batch=st.sampled_from([1, 7, 1000]),
       shards=st.sampled_from([1, 2]))
def test_with_and_without_a_rule(name: str, case: Case, batch: int, shards: int) -> None:
    others = [rule for rule in RULES if rule.__name__ != name]
    setup, config = ON.get(name, ""), Config(batch, shards)
    wanted = oracle(case.inputs, case.oracle)
    assert rows(case, RULES, config, setup) == wanted
    assert rows(case, others, config, setup) == wanted


@pytest.mark.soak
@pytest.mark.parametrize("chosen", [("split_distinct",), ("split_phases",), ("split_distinct", "split_phases")])
@profiles.examples(25)
@given(case=CASES["exact_aggregations"], batch=st.sampled_from([1, 7, 1000]), shards=st.sampled_from([1, 2, 3]))
def test_aggregates_in_parts(chosen: tuple[str, ...], case: Case, batch: int, shards: int) -> None:
    setup = "".join(ON[name] for name in chosen)
    assert rows(case, RULES, Config(batch, shards), setup) == oracle(case.inputs, case.oracle)
    final = rows(case, RULES, Config(batch, shards), setup + "SET 'execution.runtime-mode' = 'batch';")
    assert final == oracle(case.inputs, case.batch_oracle or case.oracle)


@pytest.mark.soak
@profiles.examples(25)
@given(case=CASES["chains_of_joins"], batch=st.sampled_from([1, 7, 1000]), shards=st.sampled_from([1, 2]))
def test_joins_in_another_order(case: Case, batch: int, shards: int) -> None:
    assert rows(case, RULES, Config(batch, shards), ON["reorder_joins"]) == oracle(case.inputs, case.oracle)


@pytest.mark.soak
@profiles.examples(40)
@given(case=st.sampled_from(list(CASES)).flatmap(CASES.__getitem__), batch=st.sampled_from([1, 7, 1000]),
       shards=st.sampled_from([1, 2]), chosen=st.sets(st.sampled_from(sorted(ON))))
def test_with_all_rules_and_without_any(case: Case, batch: int, shards: int, chosen: set[str]) -> None:
    setup, config = "".join(ON[name] for name in sorted(chosen)), Config(batch, shards)
    assert rows(case, RULES, config, setup) == rows(case, (), config, setup) == oracle(case.inputs, case.oracle)


# ---- provenance -----------------------------------------------------------------------------------------------------

PIPELINE = """
CREATE VIEW picked AS SELECT item, n + 1 AS m, price, ts FROM orders;
CREATE VIEW bigger AS SELECT * FROM picked WHERE m > 3 AND item IN ('a', 'b');
CREATE VIEW top AS SELECT item, m FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY m DESC) AS r FROM bigger) WHERE r <= 3;
CREATE VIEW counted AS SELECT item, COUNT(DISTINCT m) AS c, SUM(m) AS s FROM bigger GROUP BY item;
CREATE VIEW windowed AS SELECT window_end, item, COUNT(*) AS c
  FROM TUMBLE(TABLE picked, DESCRIPTOR(ts), INTERVAL '1' HOUR) GROUP BY window_start, window_end, item;
CREATE VIEW joined AS SELECT t.item, t.m, c.s, c.c FROM top AS t JOIN counted AS c ON t.item = c.item AND c.s > 2;
SELECT * FROM joined WHERE m > 5;
SELECT * FROM windowed;
"""


def nodes_of(sinks: tuple[Relation, ...]) -> frozenset[str]:
    """The pipeline nodes that a plan, its relations or expressions, knows of."""
    found = [r.nodes for r in walk(sinks)]
    found += [part.nodes for r in walk(sinks) for e in expressions_of(r) for part in e.walk()]
    return frozenset().union(*found)


def test_no_rule_loses_a_node_of_the_pipeline() -> None:
    names = ("picked", "bigger", "top", "counted", "windowed", "joined")
    settings = {"table.optimizer.distinct-agg.split.enabled": "true", "table.exec.mini-batch.enabled": "true",
                "table.optimizer.join-reorder-enabled": "true"}
    made = Binder(catalogue(), settings, {name: f"node-{name}" for name in names})
    relations = []
    for statement in [*parse(TABLES), *parse(PIPELINE)]:
        if ddl.is_ddl(statement):
            ddl.apply(statement, made)
        else:
            relations.append(made.query(statement))
    sinks: tuple[Relation, ...] = program(*relations).sinks
    wanted = {f"node-{name}" for name in names}
    assert wanted <= nodes_of(sinks)
    for rule in RULES:
        sinks = applied(rule, sinks, settings)
        assert wanted <= nodes_of(sinks), f"{rule.__name__} loses {wanted - nodes_of(sinks)}"
