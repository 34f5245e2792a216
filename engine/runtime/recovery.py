"""Bringing operators' state back, also at another number of shards (a filter on key groups), also under another query:
what becomes of each operator's state then is told by `engine.upgrade` and done only with the consent it takes.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UserError
from engine.faults import reached
from engine.operators.base import Operator
from engine.operators.source import SourceReader
from engine.planner import Graph
from engine.state.checkpoints import Checkpoint
from engine.state.hashing import KEY_GROUPS
from engine.state.protocol import StatePart
from engine.upgrade import Report, Verdict, check, renamed
from engine.upgrade.moves import moved

logger = logging.getLogger(__name__)
Chains = dict[tuple[str, str], list[Sequence[StatePart]]]


def key_group_range(shard: int, shards: int) -> tuple[int, int]:
    """The key groups [low, high) that a shard owns: those with group * shards // 128 == shard."""
    return -(-shard * KEY_GROUPS // shards), -(-(shard + 1) * KEY_GROUPS // shards)


class Interrupted(Exception):
    """The job was asked to stop before it was restored: nothing was done, nothing is lost."""


@dataclass(frozen=True)
class Upgrade:
    """How a job takes over state of another query. `fingerprint`: of its own; `allow`: verdicts that were agreed to;
    `again`: its graph once more, for sources to be read again; `where`: the state is, for people."""

    fingerprint: str = ""
    allow: frozenset[str] = frozenset()
    again: Callable[[], Graph] | None = None
    where: str = ""


def report_on(meta: Mapping[str, Any], graph: Graph) -> Report:
    """What becomes of the state of a checkpoint with this `meta` in a graph."""
    names = renamed(meta, graph.described)
    return check(meta, graph.describe(names) if names else graph.described)


def restore(graph: Graph, checkpoint: Checkpoint, upgrade: Upgrade, check_stop: Callable[[], None],
            told: Callable[[int, int], None] = lambda rows, total: None) -> Report | None:
    """Bring a checkpoint's state into a graph; `check_stop` may raise, to give up; `told` hears how many rows were read
    again, of how many. What became of the state, where the
    checkpoint describes it; UserError where it belongs to another query and that was not agreed to."""
    if "operators" not in checkpoint.meta:
        if checkpoint.meta["fingerprint"] != upgrade.fingerprint:
            raise UserError("state_of_another_query", f"the state in {upgrade.where} belongs to another query",
                            hint="choose another folder with --state, or delete this one to start anew")
        restore_operators(graph.operators, checkpoint, check_stop)
        return None
    report = report_on(checkpoint.meta, graph)
    refused = report.refusal(upgrade.allow, upgrade.where)
    if refused is not None:
        raise refused
    chains = chains_of(checkpoint)
    if not report.plain:
        _tell(report)
        chains = _carried_over(report, chains)
        if report.of(Verdict.RECOMPUTED):
            chains |= _made_anew(report, checkpoint, upgrade, check_stop, told)
    load(graph.operators, chains, check_stop)
    return report


def _tell(report: Report) -> None:
    """What became of the state of another query, in the job's log."""
    for entry in report.entries:
        if entry.verdict is not Verdict.KEPT:
            level = logging.WARNING if entry.verdict is Verdict.LOST else logging.INFO
            logger.log(level, "state of %s: %s: %s", entry.name, entry.verdict.value, "; ".join(entry.reasons))


def restore_operators(operators: Sequence[Operator], checkpoint: Checkpoint, check_stop: Callable[[], None]) -> None:
    """Load a checkpoint of the same query; those that do not describe their operators found them by name."""
    chains = chains_of(checkpoint)
    if "operators" not in checkpoint.meta:
        ids = {operator.name: operator.uid for operator in operators}
        chains = {(ids.get(uid, uid), name): held for (uid, name), held in chains.items()}
    load(operators, chains, check_stop)


def chains_of(checkpoint: Checkpoint) -> Chains:
    """The chains of a checkpoint by operator and state object, one for each former shard."""
    chains: Chains = defaultdict(list)
    for key, chain in sorted(checkpoint.chains().items(), key=lambda held: int(held[0].rpartition("/")[2])):
        uid, name, _ = key.rsplit("/", 2)
        chains[uid, name].append(chain)
    return dict(chains)


def load(operators: Sequence[Operator], chains: Chains, check_stop: Callable[[], None]) -> None:
    """Load each operator's state objects from the chains that their former shards left: as many as now, each takes its
    own."""
    width: dict[str, int] = defaultdict(int)
    for operator in operators:
        width[operator.uid] += 1
    for operator in operators:
        shards = width[operator.uid]
        groups = None if shards == 1 else key_group_range(operator.settings.shard, shards)
        states = operator.saved() if isinstance(operator, SourceReader) else operator.states()
        for name, state in states.items():
            check_stop()
            reached("restore")
            held = chains.get((operator.uid, name))
            if held is not None and len(held) == shards:
                state.restore([held[operator.settings.shard]], None)
            elif held is not None:
                state.restore(held, groups)


def _carried_over(report: Report, chains: Chains) -> Chains:
    """Old state under its new names, in its new form."""
    found: Chains = {}
    for entry in report.entries:
        if entry.move is None or entry.verdict is Verdict.RECOMPUTED:
            continue
        for name, move in entry.move.states.items():
            held = chains.get((entry.move.uid, move.name))
            if held is not None:
                found[entry.uid, name] = [[moved(part, move) for part in chain] for chain in held]
    return found


def _made_anew(report: Report, checkpoint: Checkpoint, upgrade: Upgrade, check_stop: Callable[[], None],
               told: Callable[[int, int], None]) -> Chains:
    """State of operators that is made of what the sources give once more."""
    from engine.runtime.replay import replay

    assert upgrade.again is not None
    before = checkpoint.meta["sources"]
    targets = {entry.uid: before[entry.before] for entry in report.entries
               if entry.before in before and entry.kind == "SourceReader"}
    wanted = {entry.uid for entry in report.of(Verdict.RECOMPUTED)}
    return replay(upgrade.again(), targets, wanted, check_stop, told)


def sealed_by_now(meta: Mapping[str, Any], graph: Graph) -> dict[str, Any]:
    """What sinks sealed at a checkpoint, by their ids now: a sink is the one that writes the same table."""
    sealed: dict[str, Any] = dict(meta["sinks"])
    tables: Mapping[str, str] = meta.get("tables", {})
    for writer in graph.sinks:
        if writer.uid not in sealed:
            same = [uid for uid, table in tables.items() if table == writer.table and uid in sealed]
            others = [w for w in graph.sinks if w.table == writer.table]
            if len(same) == len(others) == 1:
                sealed[writer.uid] = sealed.pop(same[0])
    return sealed
