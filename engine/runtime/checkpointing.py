"""A job's checkpoints: barriers through the graph, state copied at them, sinks sealed, then applied once it counts.

The job's thread cuts and copies; `CheckpointStore` writes beside it; the manifest's rename decides; then each sink
makes the epoch visible, beside the job where that takes long.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.changes import Barrier
from engine.connectors.retries import Budget
from engine.faults import reached
from engine.operators.base import Operator
from engine.planner import Graph
from engine.runtime.applying import Applying, sealed
from engine.runtime.dead_letters import DeadLetters
from engine.runtime.places import chosen, forget
from engine.runtime.rounds import Rounds
from engine.runtime.status import Completed
from engine.runtime.writing import CheckpointOptions, Failing, Writing
from engine.savepoints.restore import Origin
from engine.state.checkpoints import Checkpoint, CheckpointStore, read_checkpoint
from engine.state.protocol import StatePart
from engine.state.table import VERSION

BEGUN, WAITING = 32 << 20, 64 << 20
"""Bytes of pieces that make a file of a base, and bytes in memory at which the disk is waited for."""
PASSES = 4
"""How often state is gone through before a barrier, where it changes about as fast as it is copied."""


class Checkpointing:
    """Takes the checkpoints of a graph. Without `use` there is no store: sinks are sealed and applied, nothing is kept.

    `epoch`: of the last checkpoint begun; `asked`: one is wanted now; `completed`: the last that counts; `failed`: how
    many could not be written; `writing_since`: when the one that is being written was (monotonic clock); `applying`:
    what sinks have to make visible; `origin`: what a job without a checkpoint begins with, `adopted`: this one did;
    `models`: the newest version of each model."""

    def __init__(self, graph: Graph, rounds: Rounds, dead_letters: DeadLetters, fingerprint: str,
                 sync: Callable[[], None] | None, clock: Callable[[], float], budget: Budget,
                 options: CheckpointOptions | None = None) -> None:
        self.epoch = 0
        self.asked = False
        self.completed: Completed | None = None
        self.applying = Applying(graph.sinks, budget)
        self.origin: Origin | None = None
        self.adopted = False
        self.models: Callable[[], dict[str, int]] = dict
        self._graph = graph
        self._rounds = rounds
        self._dead_letters = dead_letters
        self._fingerprint = fingerprint
        self._sync = sync
        self._clock = clock
        self._options = options or CheckpointOptions()
        self._store: CheckpointStore | None = None
        self._writing: Writing | None = None
        self._parts: dict[str, list[StatePart]] = {}
        self._taken: dict[str, list[StatePart]] = {}  # pieces of state that the next one begins with
        self._taken_bytes = 0
        self._pieces: Iterator[tuple[str, StatePart]] | None = None
        self._sealed: dict[str, Any] = {}
        self._applied = True  # the last epoch that was written
        self._stall = 0.0
        self._last = self._ended = time.monotonic()

    # ---- what there is -----------------------------------------------------------------------------------------------

    def use(self, folder: Path, *, anew: bool) -> None:
        """Keep checkpoints where the options say, else in a folder; `anew`: forget those that are there."""
        if anew:
            forget(folder)
        place = chosen(folder, self._options.place)
        self._store = CheckpointStore(place, keep=self._options.retained, sync=self._sync)
        self._writing = Writing(self._store, self._options, self._clock)
        if anew:
            self._store.clear()

    def latest(self, check: Callable[[], None]) -> Checkpoint | None:
        """The checkpoint to go on from; None where there is none."""
        found = None if self._store is None else self._store.latest(check)
        if found is None and self.origin is not None and self._store is not None:
            found = self.origin.checkpoint(check)
            self.adopted = True
        if found is not None:
            self.epoch = found.epoch
        return found

    @property
    def under_way(self) -> bool:
        """Whether a checkpoint is being written or applied."""
        return self.writing_since is not None or self.applying.under_way

    @property
    def writing_since(self) -> float | None:
        """When the writing of what is not written yet began (monotonic clock)."""
        return None if self._writing is None else self._writing.since

    @property
    def failed(self) -> int:
        """How many attempts to write one failed."""
        return 0 if self._writing is None else self._writing.failed

    @property
    def failing(self) -> Failing | None:
        """Since when and why they fail, while they do."""
        return None if self._writing is None else self._writing.failing

    def is_due(self, now: float, interval: float | None) -> bool:
        """Whether one should begin; `now` is of the monotonic clock, `interval` in seconds."""
        if self._store is None or self.under_way or now - self._ended < self._options.min_pause:
            return False
        return self.asked or interval is not None and now - self._last >= interval

    # ---- taking one --------------------------------------------------------------------------------------------------

    def snapshot(self, operator: Operator, epoch: int) -> None:
        """Copy what changed in an operator's state: its barrier has come."""
        for name, state in operator.states().items():
            self._parts.setdefault(_key(operator, name), []).append(state.snapshot(full=False))

    def copy_ahead(self, seconds: float) -> bool:
        """Copy pieces of much state that was never written, for about so long, while rows go on coming between them;
        whether nothing is left."""
        if self._store is None:
            return True
        end = time.monotonic() + seconds
        self._pieces = self._pieces or self._more_pieces()
        for key, part in self._pieces:
            self._taken.setdefault(key, []).append(part)
            self._taken_bytes += part.nbytes
            if self._taken_bytes >= BEGUN:
                self._store.begin(self.epoch + 1, self._taken)
                self._taken, self._taken_bytes = {}, 0
            if time.monotonic() >= end or (self._store.waiting > WAITING and seconds < math.inf):
                return False
        self._pieces = None
        return True

    def _more_pieces(self) -> Iterator[tuple[str, StatePart]]:
        """All of a base; then what changed while that was copied, if it is much, and so on: else the barrier would have
        to wait for it."""
        for _ in range(PASSES):
            found = False
            for operator in self._graph.operators:
                for name, state in operator.states().items():
                    while (part := state.ahead()) is not None:
                        found = True
                        yield _key(operator, name), part
            if not found:
                break

    def go_on(self, found: Checkpoint) -> None:
        """The graph was restored from a checkpoint of the same query: write changes to its chain, where that can be."""
        assert self._store is not None
        states = {_key(o, name): state for o in self._graph.operators for name, state in o.states().items()}
        if self.adopted or not found.chains().keys() <= states.keys():
            return  # of other shards, say: what they hold would come back
        self._store.resume(found)
        for key in found.chains():
            states[key].go_on()

    def begin(self, totals: Mapping[str, Any]) -> None:
        """Cut: barriers through the graph, sinks sealed; a background thread writes."""
        self._last = started = time.monotonic()
        self.asked = False
        self.epoch += 1
        self.copy_ahead(math.inf)
        self._parts, self._taken, self._taken_bytes = self._taken, {}, 0
        if self._writing is None:
            self.applying.begin(self._seal())
            return
        for source in self._graph.sources:
            self.snapshot(source, self.epoch)
            self._rounds.push(source.consumers, Barrier(self.epoch))
        self._sealed = self._seal()
        self._sealed["dead_letters"] = self._dead_letters.seal(self.epoch)
        meta = {"fingerprint": self._fingerprint, "totals": dict(totals), "sinks": self._sealed,
                "models": self.models(), "at": round(self._clock(), 3), **described(self._graph)}
        self._writing.begin(self.epoch, self._parts, meta)
        self._stall = time.monotonic() - started

    def _seal(self) -> dict[str, Any]:
        return {w.uid: sealed(w, self.epoch, self.applying.budget) for w in self._graph.sinks}

    def complete(self, *, patient: bool = True) -> None:
        """Where the manifest of the checkpoint being written is in place, make its sinks' epoch visible: at once, or
        beside the job where that takes long. `patient`: one that cannot be written is tried again, as long as the
        options have it."""
        if self._writing is not None and self.writing_since is not None and self._writing.step(patient=patient):
            reached("commit")
            started = time.monotonic()
            self._dead_letters.apply(self._sealed["dead_letters"])
            self.applying.begin(self._sealed)
            self._stall += time.monotonic() - started
            self._applied = False
        if self.applying.under_way:
            self.applying.step()
        if not self._applied and not self.under_way:
            self._applied = True
            self._ended = time.monotonic()
            self._note_completed()

    def _note_completed(self) -> None:
        assert self._store is not None
        written = self._store.last
        assert written is not None
        stall = self._stall
        self.completed = Completed(written.epoch, self._clock(), round(stall + written.seconds, 6), written.bytes,
                                   written.full, round(stall, 6))

    def confirm(self) -> None:
        """Read the last checkpoint back and compare it with what the job began with."""
        assert self._store is not None and self.origin is not None
        made = read_checkpoint(self._store.storage, self.epoch)
        assert made is not None
        self.origin.confirm(made, self._graph.shards)

    def end(self) -> None:
        """The next checkpoint is the last."""
        if self._store is not None:
            self._store.end()

    def close(self) -> None:
        """Finish what is being written."""
        self.applying.close()
        if self._store is not None:
            self._store.close()


def _key(operator: Operator, name: str) -> str:
    return f"{operator.uid}/{name}/{operator.settings.shard}"


def described(graph: Graph) -> dict[str, Any]:
    """What a checkpoint says of its job: its operators' state (`engine.planner.described`), how far its sources are."""
    sources = {s.uid: {name: s.state.values[name] for name in ("rows", "position", "ended")} for s in graph.sources}
    return {"operators": dict(graph.described), "format": VERSION, "query": dict(graph.query),
            "job": graph.query.get("name"), "sources": sources, "shards": graph.shards,
            "tables": {writer.uid: writer.table for writer in graph.sinks}}
