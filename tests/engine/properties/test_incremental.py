"""Incremental equals batch: folding a stream's output gives what the same query gives over the folded input, in
DuckDB and
in this engine fed once; however the input is cut into batches, however many shards work, consolidated or not."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import given

from tests import profiles
from tests.engine.properties import mixed, strategies, timed
from tests.engine.properties.strategies import Case
from tests.engine.properties.support import Config, fold, oracle, run

Rows = Counter[tuple[Any, ...]]
EVERY = [Config(*c, watched=c[0] == 7) for c in product((1, 7, 1000), (1, 2), (False, True))]
CONFIGS = EVERY if profiles.SOAK else [EVERY[i] for i in (0, 3, 4, 6, 8, 11)]
MIXED = EVERY if profiles.SOAK else [Config(1, 1, False), Config(7, 2, True, watched=True)]
"""Rows a batch, shards, mini-batch: all of them in a soak run, else each value of each with several of the others."""


def check_batch(case: Case, wanted: Rows) -> None:
    """As a batch nothing but the final table comes."""
    final = run(case.inputs, case.query, setup=case.setup + "SET 'execution.runtime-mode' = 'batch';")
    assert {kind for kind, _ in final} <= {"+I"}
    assert fold(final) == (oracle(case.inputs, case.batch_oracle) if case.batch_oracle else wanted), "batch"


def check(case: Case) -> Rows:
    """DuckDB's rows: all ways of running the query give them; all ways that show each change show the same ones."""
    wanted = oracle(case.inputs, case.oracle)
    changes = {config: run(case.inputs, case.query, config, setup=case.setup) for config in CONFIGS}
    for config, found in changes.items():
        assert fold(found) == wanted, config
    if case.ordered:
        plain = [found for config, found in changes.items() if not config.mini_batch and config.shards == 1]
        assert all(found == plain[0] for found in plain), "changes depend on where batches end"
    return wanted


@pytest.mark.soak
@profiles.examples(35)
@given(strategies.compositions())
def test_compositions(case: Case) -> None:
    check(case)


@pytest.mark.soak
@profiles.examples(80)
@given(mixed.mixtures())
def test_mixtures(case: Case) -> None:
    wanted = oracle(case.inputs, case.oracle)
    for config in MIXED:
        assert fold(run(case.inputs, case.query, config, setup=case.setup)) == wanted, config
    check_batch(case, wanted)


@pytest.mark.soak
@profiles.examples(35)
@given(strategies.aggregations())
def test_aggregations(case: Case) -> None:
    check_batch(case, check(case))


@pytest.mark.soak
@profiles.examples(20)
@given(timed.window_aggregates())
def test_window_aggregates(case: Case) -> None:
    check(case)


@pytest.mark.soak
@profiles.examples(20)
@given(timed.over_windows())
def test_over_windows(case: Case) -> None:
    check(case)


@pytest.mark.soak
@profiles.examples(20)
@given(timed.interval_joins())
def test_interval_joins(case: Case) -> None:
    check(case)


@pytest.mark.soak
@profiles.examples(20)
@given(timed.window_joins())
def test_window_joins(case: Case) -> None:
    check(case)


@pytest.mark.soak
@profiles.examples(20)
@given(timed.temporal_joins())
def test_temporal_joins(case: Case) -> None:
    check(case)


@pytest.mark.soak
@profiles.examples(20)
@given(timed.deduplications())
def test_deduplications(case: Case) -> None:
    check(case)


@pytest.mark.soak
@profiles.examples(20)
@given(timed.top_rows())
def test_top_rows(case: Case) -> None:
    check(case)


@pytest.mark.soak
@profiles.examples(20)
@given(timed.after_time())
def test_after_time(case: Case) -> None:
    check(case)
