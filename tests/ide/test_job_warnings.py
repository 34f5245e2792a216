"""What a job warns of in its status becomes an event of its run: once for each process."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from porsche.home import Home
from porsche.ide.keeping import Keeper
from porsche.ide.models import Run
from porsche.runners.observe import Observation, State

GROWS = {"node": "by-key", "operator": "Aggregate[by-key]", "code": "growing_state", "message": "its state grows",
         "hint": "let it expire", "rows_per_hour": 9}


def seen(pid: int, *warnings: dict[str, Any]) -> Observation:
    return Observation(State.RUNNING, 0.0, pid=pid, snapshot={"warnings": list(warnings)})


def test_a_warning_is_told_once_for_a_process(tmp_path: Path) -> None:
    keeper, run = Keeper(Home(tmp_path)), cast(Run, SimpleNamespace(pk=7))
    told = [keeper.warnings(run, observation) for observation in (
        seen(1), seen(1, GROWS), seen(1, GROWS), seen(1, GROWS, GROWS | {"operator": "Join"}), seen(2, GROWS))]
    grows = "Aggregate[by-key]: its state grows"
    assert [[w["message"] for w in each] for each in told] == [[], [grows], [], ["Join: its state grows"], [grows]]
    assert told[1][0]["node"] == "by-key"
    assert told[1][0]["code"] == "growing_state"
