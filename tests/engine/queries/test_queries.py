"""Every query of the folders beside this file gives its result straight, through crash and resume, with one shard and
four, and as a batch."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.session import RunOptions
from tests import profiles
from tests.engine.queries.support import Query, World, faults, fold, load, places, run

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/query.sql"))
QUERIES = {folder.name: folder for folder in FOLDERS}
CUTS = 25 if profiles.SOAK else 1
"""How many pairs of barriers are tried."""
STRIDE = 1 if profiles.SOAK else 5


@pytest.fixture(params=sorted(QUERIES))
def query(request: pytest.FixtureRequest) -> Query:
    return load(QUERIES[request.param])


def assert_result(query: Query, world: World, ordered: bool) -> None:
    """Each change where the query says them, in order; always the rows that are left."""
    wanted = fold(query.result, query.key)
    assert fold(world.changes, query.key) == wanted
    if ordered and query.ordered:
        assert world.changes == query.result


def test_straight(query: Query, tmp_path: Path) -> None:
    assert_result(query, run(query, tmp_path, RunOptions(batch_rows=1)), ordered=True)
    assert_result(query, run(query, tmp_path / "more", RunOptions(batch_rows=1000)), ordered=True)


def test_four_shards(query: Query, tmp_path: Path) -> None:
    assert_result(query, run(query, tmp_path, RunOptions(batch_rows=2, shards=4)), ordered=False)


@pytest.mark.soak
@pytest.mark.parametrize("shards", [1, 4])
def test_crash_and_resume_at_two_barriers(query: Query, tmp_path: Path, shards: int) -> None:
    for number in range(CUTS):
        dice = random.Random(f"{query.name} {number}")
        world = World(query, faults(query, dice))
        options = RunOptions(batch_rows=dice.choice([1, 2]), shards=shards)
        assert_result(query, run(query, tmp_path / str(number), options, world), ordered=shards == 1)
        assert world.happened, "no fault came"


@pytest.mark.soak
@pytest.mark.parametrize("shards", [1, 4])
def test_crash_at_every_barrier(query: Query, tmp_path: Path, shards: int) -> None:
    """In CI every fifth place has its barrier, in a soak run each."""
    for number, place in enumerate(places(query)[::STRIDE]):
        world = World(query, place)
        assert_result(query, run(query, tmp_path / str(number), RunOptions(batch_rows=1, shards=shards), world),
                      ordered=shards == 1)
        assert len(world.happened) == len(place), "a fault did not come"


def test_as_a_batch_only_the_final_table_comes(query: Query, tmp_path: Path) -> None:
    """Nothing is late there: queries whose name begins with `late_` lose rows only as streams."""
    if query.name.startswith("late_"):
        return
    changes = run(query, tmp_path, RunOptions(batch_rows=2), batch=True).changes
    assert {kind for kind, _ in changes} <= {"+I"}
    assert fold(changes, None) == fold(query.result, query.key)


def test_there_are_queries() -> None:
    assert len(QUERIES) >= 20
