"""The sink protocol, as every sink keeps it: an epoch is visible once it counts, and once, however often it is applied
and wherever the process ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.connectors import CONNECTORS, connector
from engine.connectors.base import Connector, Environment, Sink, TableOptions
from engine.errors import UserError
from engine.session import RunOptions
from tests.engine.connectors.sinks import APPENDED, AT_ONCE, HOMES, PAIRS, Home
from tests.engine.runtime.faults import BARRIER, CRASH, Script, run_through
from tests.profiles import SOAK

ROOT = Path(__file__).parents[3]
LINES = 10_000 if SOAK else 8
"""At how many lines of each phase a process ends."""
DURABLE = [name for name, home in HOMES.items() if home.durable]


def test_every_sink_is_here() -> None:
    """A connector that has a sink keeps the protocol, or says that it does not."""
    with_sinks = {name for name in CONNECTORS if type(connector(name)).sink is not Connector.sink}
    assert with_sinks == {home.connector for home in HOMES.values()} | set(AT_ONCE)
    for name in AT_ONCE:
        sink = connector(name).sink(TableOptions("t", PAIRS, {"connector": name}), Environment())
        assert sink is not None and not sink.transactional


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    made = HOMES[request.param](tmp_path)
    made.make()
    return made


def started(home: Home, keep: Any = None) -> Sink:
    """A sink of a new attempt, which goes on from what an epoch sealed."""
    sink = home.sink()
    assert sink.transactional
    sink.discard(keep)
    if keep is not None:
        sink.apply(keep)
    sink.open()
    return sink


def written(home: Home, sink: Sink, number: int) -> Any:
    """Write and seal an epoch; what it sealed, as a checkpoint keeps it."""
    for batch in home.epochs()[number]:
        sink.write(batch)
    return json.loads(json.dumps(sink.seal(number + 1)))


@pytest.mark.parametrize("times", [(1, 1, 1, 1, 1), (2, 1, 3, 2, 1), (3, 3, 3, 3, 3)], ids=str)
def test_applied_again_an_epoch_has_one_effect(home: Home, times: Sequence[int]) -> None:
    sink = started(home)
    for number, count in enumerate(times):
        before = home.rows()
        sealed = written(home, sink, number)
        assert home.rows() == before, "what does not count is not visible"
        for _ in range(count):
            sink.apply(sealed)
    assert home.rows() == home.expected()
    sink.close()


@pytest.mark.parametrize("faulty", [0, 1, 2])
@pytest.mark.parametrize("place", ["before seal", "after seal", "before apply", "after apply"])
def test_the_attempt_ends(home: Home, place: str, faulty: int) -> None:
    """In one of the epochs; the next attempt goes on from the last one that counts."""
    sink, counted = started(home), None
    for number in range(faulty):
        counted = written(home, sink, number)
        sink.apply(counted)
    seen = home.rows()
    if place == "before seal":
        for batch in home.epochs()[faulty]:
            sink.write(batch)
    else:
        sealed = written(home, sink, faulty)
        if place in ("before apply", "after apply"):
            counted = sealed
        if place == "after apply":
            sink.apply(sealed)
    sink.close()
    sink = started(home, counted)
    if place in ("before seal", "after seal"):
        assert home.rows() == seen
    for number in range(faulty + (counted is not None and place.endswith("apply")), len(home.epochs())):
        sink.apply(written(home, sink, number))
    assert home.rows() == home.expected()
    sink.close()


def test_what_lies_beyond_the_checkpoint_goes(home: Home) -> None:
    """The newest checkpoint turned out to be damaged, though its epoch was applied: the one before counts."""
    sink, sealed = started(home), []
    for number in range(3):
        sealed.append(written(home, sink, number))
        sink.apply(sealed[-1])
    sink.close()
    sink = started(home, sealed[1])

    def rest() -> None:
        for number in range(2, len(home.epochs())):
            sink.apply(written(home, sink, number))

    if home.ahead:
        rest()
        assert home.rows() == home.expected()
    elif home.durable:
        with pytest.raises(UserError) as caught:
            rest()
        assert caught.value.code == "sink_is_ahead"
        assert home.rows() == sorted(row for rows in APPENDED[:3] for row in rows)
    sink.close()


@pytest.mark.parametrize("applied", [True, False])
def test_another_run_goes_on_from_a_savepoint(home: Home, applied: bool) -> None:
    """What was sealed last counts once, whether the former run came to apply it or not, and nothing of it is lost."""
    former = started(home)
    for number in range(2):
        sealed = written(home, former, number)
        if applied or number == 0:
            former.apply(sealed)
    former.close()
    sink = home.sink()
    sink.apply(sealed)
    sink.adopt(sealed)
    sink.open()
    for number in range(2, len(home.epochs())):
        sink.apply(written(home, sink, number))
    assert home.rows() == home.expected()
    sink.close()


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", DURABLE)
def test_the_process_ends_at_any_line(name: str, tmp_path: Path) -> None:
    """Real processes, which end in the middle of writing, sealing and applying."""
    done = subprocess.run([sys.executable, "-m", "tests.engine.connectors.sink_faults", name, str(tmp_path),
                           str(LINES)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=1000)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == {}
    assert found["tried"] > 12


@pytest.mark.parametrize("name", DURABLE)
def test_another_number_of_shards_after_a_crash(name: str, tmp_path: Path) -> None:
    home = HOMES[name](tmp_path)
    home.make()
    columns = ", ".join(f"{f.name} {f.type}" for f in home.schema)
    key = f", PRIMARY KEY ({home.schema[0].name}) NOT ENFORCED" if home.keyed else ""
    options = ", ".join(f"'{k}' = '{v}'" for k, v in {"connector": home.connector, **home.options()}.items())
    value = "ROW(s)" if home.schema is not PAIRS else "s"
    distinct = "s FROM e GROUP BY n, s"
    text = f"""
    CREATE TABLE e (n BIGINT, s STRING) WITH ('connector' = 'scripted');
    CREATE TABLE t ({columns}{key}) WITH ({options});
    INSERT INTO t SELECT n, {value} FROM (SELECT n, {"MAX(s) AS s FROM e GROUP BY n" if home.keyed else distinct});
    """
    rows = [(n % 40, f"s{n % 40}") for n in range(60)]
    items: list[Any] = [*rows[:20], BARRIER, *rows[20:30], CRASH, *rows[30:45], BARRIER, CRASH, *rows[45:]]
    run_through(text, Script({"e": items}), tmp_path / "state", lambda number: RunOptions(
        batch_rows=7, shards=(2, 1, 3)[number], checkpoint_interval=1e9))
    assert home.rows() == sorted(set(rows))
