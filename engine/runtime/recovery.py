"""Bringing operators' state back, also at another number of shards: a filter on key groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from engine.operators.base import Operator
from engine.operators.source import SourceReader
from engine.state.checkpoints import Checkpoint
from engine.state.hashing import KEY_GROUPS
from engine.state.protocol import StatePart


def key_group_range(shard: int, shards: int) -> tuple[int, int]:
    """The key groups [low, high) that a shard owns: those with group * shards // 128 == shard."""
    return -(-shard * KEY_GROUPS // shards), -(-(shard + 1) * KEY_GROUPS // shards)


class Interrupted(Exception):
    """The job was asked to stop before it was restored: nothing was done, nothing is lost."""


def restore_operators(operators: Sequence[Operator], checkpoint: Checkpoint, check: Callable[[], None]) -> None:
    """Load each operator's state objects from the chains that their former shards left; `check` may raise, to give
    up. Checkpoints that do not describe their operators found them by name."""
    described = "operators" in checkpoint.meta
    chains: dict[tuple[str, str], list[Sequence[StatePart]]] = defaultdict(list)
    for key, chain in sorted(checkpoint.chains().items()):
        uid, name, _ = key.rsplit("/", 2)
        chains[uid, name].append(chain)
    width: dict[str, int] = defaultdict(int)
    for operator in operators:
        width[operator.uid] += 1
    for operator in operators:
        shards = width[operator.uid]
        groups = None if shards == 1 else key_group_range(operator.settings.shard, shards)
        states = operator.saved() if isinstance(operator, SourceReader) else operator.states()
        for name, state in states.items():
            check()
            held = (operator.uid if described else operator.name, name)
            if held in chains:
                state.restore(chains[held], groups)
