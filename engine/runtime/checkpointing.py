"""A job's checkpoints: barriers through the graph, state copied at them, sinks sealed, then applied once it counts.

The job's thread cuts and copies; `CheckpointStore` writes beside it; the manifest's rename decides; then each sink
makes the epoch visible, beside the job where that takes long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from engine.changes import Barrier
from engine.connectors.retries import Budget
from engine.errors import UserError
from engine.operators.base import Operator
from engine.planner import Graph
from engine.runtime.applying import Applying
from engine.runtime.dead_letters import DeadLetters
from engine.runtime.rounds import Rounds
from engine.runtime.status import Completed
from engine.state.checkpoints import Checkpoint, CheckpointStore
from engine.state.protocol import StatePart


class Checkpointing:
    """Takes the checkpoints of a graph. Without `use` there is no store: sinks are sealed and applied, nothing is kept.

    `epoch`: of the last checkpoint begun; `asked`: one is wanted now; `completed`: the last that counts; `failed`: how
    many could not be written; `writing_since`: when the one that is being written was (monotonic clock); `applying`:
    what sinks have to make visible."""

    def __init__(self, graph: Graph, rounds: Rounds, dead_letters: DeadLetters, fingerprint: str,
                 sync: Callable[[], None] | None, clock: Callable[[], float], budget: Budget) -> None:
        self.epoch = 0
        self.asked = False
        self.completed: Completed | None = None
        self.failed = 0
        self.writing_since: float | None = None
        self.applying = Applying(graph.sinks, budget)
        self._graph = graph
        self._rounds = rounds
        self._dead_letters = dead_letters
        self._fingerprint = fingerprint
        self._sync = sync
        self._clock = clock
        self._store: CheckpointStore | None = None
        self._parts: dict[str, StatePart] = {}
        self._writing: tuple[Future[None], dict[str, Any]] | None = None
        self._applied = True  # the last epoch that was written
        self._stall = 0.0
        self._last = time.monotonic()

    # ---- what there is -----------------------------------------------------------------------------------------------

    def use(self, folder: Path) -> None:
        """Keep checkpoints in a folder."""
        self._store = CheckpointStore(folder, sync=self._sync)
        self._folder = folder

    def latest(self, check: Callable[[], None]) -> Checkpoint | None:
        """The checkpoint to go on from; None where there is none."""
        found = None if self._store is None else self._store.latest(check)
        if found is not None:
            self.epoch = found.epoch
            if found.meta["fingerprint"] != self._fingerprint:
                where = self._folder.parent
                raise UserError("state_of_another_query", f"the state in {where} belongs to another query",
                                hint="choose another folder with --state, or delete this one to start anew")
        return found

    @property
    def under_way(self) -> bool:
        """Whether a checkpoint is being written or applied."""
        return self._writing is not None or self.applying.under_way

    def is_due(self, now: float, interval: float | None) -> bool:
        """Whether one should begin; `now` is of the monotonic clock, `interval` in seconds."""
        if self._store is None or self.under_way:
            return False
        return self.asked or interval is not None and now - self._last >= interval

    # ---- taking one --------------------------------------------------------------------------------------------------

    def snapshot(self, operator: Operator, epoch: int) -> None:
        """Copy what changed in an operator's state: its barrier has come."""
        for name, state in operator.states().items():
            self._parts[f"{operator.uid}/{name}/{operator.settings.shard}"] = state.snapshot(full=False)

    def begin(self, totals: Mapping[str, Any]) -> None:
        """Cut: barriers through the graph, sinks sealed; a background thread writes."""
        self._last = started = time.monotonic()
        self.asked = False
        self.epoch += 1
        self._parts = {}
        if self._store is None:
            self.applying.begin({w.uid: w.seal(self.epoch) for w in self._graph.sinks})
            return
        for source in self._graph.sources:
            self.snapshot(source, self.epoch)
            self._rounds.push(source.consumers, Barrier(self.epoch))
        sealed: dict[str, Any] = {w.uid: w.seal(self.epoch) for w in self._graph.sinks}
        sealed["dead_letters"] = self._dead_letters.seal(self.epoch)
        meta = {"fingerprint": self._fingerprint, "totals": dict(totals), "sinks": sealed}
        self.writing_since = started
        self._writing = (self._store.write(self.epoch, self._parts, meta), sealed)
        self._stall = time.monotonic() - started

    def complete(self) -> None:
        """Where the manifest of the checkpoint being written is in place, make its sinks' epoch visible: at once, or
        beside the job where that takes long."""
        if self._writing is not None and self._writing[0].done():
            future, sealed = self._writing
            self._writing = self.writing_since = None
            try:
                future.result()
            except UserError:
                self.failed += 1
                raise
            started = time.monotonic()
            self._dead_letters.apply(sealed["dead_letters"])
            self.applying.begin(sealed)
            self._stall += time.monotonic() - started
            self._applied = False
        if self.applying.under_way:
            self.applying.step()
        if not self._applied and not self.under_way:
            self._applied = True
            self._note_completed()

    def _note_completed(self) -> None:
        assert self._store is not None
        written = self._store.last
        assert written is not None
        stall = self._stall
        self.completed = Completed(written.epoch, self._clock(), round(stall + written.seconds, 6), written.bytes,
                                   written.full, round(stall, 6))

    def close(self) -> None:
        """Finish what is being written."""
        self.applying.close()
        if self._store is not None:
            self._store.close()
