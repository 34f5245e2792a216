"""The master loop of one job: poll sources, run rounds, take checkpoints, apply sinks, publish status, recover.

A job lives in a folder: `checkpoints/`, `dead_letters/`, `status.json`, and `finished.json` once all input was
processed. A job that is not durable (a preview, a SELECT at the prompt) leaves nothing there and starts from nothing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.areas import Keeper
from engine.changes import MAX_WATERMARK, MIN_WATERMARK, Batch, Watermark
from engine.connectors.retries import Budget, Retries
from engine.durable import tell
from engine.errors import InternalError, UserError
from engine.operators.base import Meter
from engine.operators.source import SourceReader
from engine.planner import Graph
from engine.runtime.checkpointing import Checkpointing
from engine.runtime.dead_letters import DeadLetters, Most
from engine.runtime.pace import Pace
from engine.runtime.progress import Progress
from engine.runtime.recovery import Interrupted, Upgrade, restore, sealed_by_now
from engine.runtime.rounds import Rounds
from engine.runtime.status import Status
from engine.runtime.writing import CheckpointOptions
from engine.savepoints.restore import Origin
from engine.upgrade import Report

logger = logging.getLogger(__name__)
IDLE_WAIT = 0.005  # seconds to sleep when no source has anything, longer each time that nothing has come
LONGEST_WAITS = 4  # so many times as long, where no answers are waited for: most jobs are idle most of the time
COPYING = 0.004  # seconds in a round for copying state ahead of its first checkpoint
PACE = 0.05  # a limited source gives rows of so many seconds at once: fewer cost as much, and there is other work


@dataclass(frozen=True)
class JobOptions:
    """How a job runs: rows a batch, seconds between checkpoints (None: only one at the end), a limit on rows per second
    and source, seconds after which a silent source is idle (0 = never), how long a source or sink that fails passingly
    is tried again."""

    batch_rows: int = 20_000
    checkpoint_interval: float | None = 10.0
    rate_limit: float | None = None
    idle_timeout: float = 0.0
    status_interval: float = 1.0
    durable: bool = True
    cpu: float | None = None  # cores that it may use, on average
    retry: Budget = field(default_factory=Budget)
    state_memory: int = 0
    checkpoints: CheckpointOptions = field(default_factory=CheckpointOptions)
    dead_letters: Most = field(default_factory=Most)


@dataclass
class Totals:
    """What counts over all attempts of a run; kept in each checkpoint."""

    seconds: float = 0.0
    late: dict[str, int] = field(default_factory=dict)
    rows_out: dict[str, int] = field(default_factory=dict)
    attempts: int = 0


@dataclass(frozen=True)
class JobResult:
    """What a run did, over all its attempts. `stopped`: it ended by request, before its input did; `metrics`: the
    latest row of each table that keeps one (connector `metrics`), by the table's name."""

    rows_in: int
    rows_out: int
    seconds: float
    late: int
    dead_letters: int
    attempts: int
    stopped: bool
    metrics: dict[str, dict[str, Any]]


class Job:
    """Runs a graph to the end of its input, or until `stop`."""

    def __init__(self, graph: Graph, folder: Path, options: JobOptions, *, fingerprint: str = "",
                 sync: Callable[[], None] | None = None, clock: Callable[[], float] = time.time,
                 on_status: Callable[[dict[str, Any]], None] | None = None, origin: Origin | None = None,
                 models: Callable[[], dict[str, int]] = dict, upgrade: Upgrade | None = None) -> None:
        self.graph = graph
        self.folder = folder
        self.options = options
        self.dead_letters = DeadLetters(folder / "dead_letters", clock, options.dead_letters)
        self._clock = clock
        self._on_status = on_status
        self._meter = graph.operators[0].settings.meter if graph.operators else Meter()
        self._rounds = Rounds(graph.exchanges, graph.shards, self._meter)
        self._checkpoints = Checkpointing(graph, self._rounds, self.dead_letters, fingerprint, sync, clock,
                                          options.retry, options.checkpoints)
        self._progress = Progress(graph, self._checkpoints, options.checkpoint_interval, clock)
        self._checkpoints.origin, self._checkpoints.models = origin, models
        self._upgrade = upgrade or Upgrade(fingerprint, where=str(folder))
        self.upgraded: Report | None = None
        self._recomputing: dict[str, int] | None = None
        self._teller = ThreadPoolExecutor(1, "status")
        self._telling: Future[bool] = Future()
        self._telling.set_result(True)
        self._keeper = Keeper(options.state_memory, folder)
        self._ticking = graph.ticking
        self._totals = Totals()
        self._base = Totals()
        self._stop = False
        self._status = Status(graph, options.rate_limit, clock)
        self._began = clock()
        self._started = self._last_status = time.monotonic()
        self._last_rows: dict[int, float] = {}
        self._silent: set[int] = set()

    def stop(self) -> None:
        """Ask the loop to take a checkpoint and end (safe from a signal handler or another thread)."""
        self._stop = True

    def checkpoint(self) -> None:
        """Ask the loop to take a checkpoint now."""
        self._checkpoints.asked = True

    @property
    def epochs(self) -> tuple[int, int]:
        """The checkpoint that was begun last, and the one that was completed last (0: none by this process)."""
        completed = self._checkpoints.completed
        return self._checkpoints.epoch, 0 if completed is None else completed.epoch

    @property
    def checkpointing(self) -> bool:
        """Whether a checkpoint was asked for or is being written."""
        return self._checkpoints.asked or self._checkpoints.under_way

    def run(self) -> JobResult:
        """Recover, process, finish. Raises UserError where the job cannot go on; what was checkpointed stays."""
        self._prepare_folder()
        try:
            self._publish("STARTING")
            self._recover()
            self._publish("RUNNING")
            self._loop()
            self._finish()
        except Interrupted:
            self._publish("STOPPED")
        except Exception:
            with contextlib.suppress(OSError, UserError, InternalError):
                self._publish("FAILED")
            raise
        finally:
            self._close()
        return self.result()

    # ---- start and recovery ------------------------------------------------------------------------------------------

    def _prepare_folder(self) -> None:
        """A finished run starts anew; an unfinished one goes on."""
        if not self.options.durable:
            return
        try:
            finished = (self.folder / "finished.json").exists()
            self.folder.mkdir(parents=True, exist_ok=True)
            self._checkpoints.use(self.folder / "checkpoints", anew=finished)
            if finished:
                shutil.rmtree(self.folder / "dead_letters", ignore_errors=True)
                (self.folder / "finished.json").unlink()
        except OSError as error:
            raise UserError("state_folder", f"cannot use the state folder {self.folder}: {error.strerror}",
                            hint="choose a writable folder with --state") from error

    def _recover(self) -> None:
        checkpoint = self._checkpoints.latest(self._check_stop)
        sealed: dict[str, Any] = {}
        if checkpoint is not None:
            self.upgraded = restore(self.graph, checkpoint, self._upgrade, self._check_stop, self._read_again)
            self._keeper.keep_all()
            if self.upgraded is None or self.upgraded.plain:
                self._checkpoints.go_on(checkpoint)
            self._base = Totals(**checkpoint.meta["totals"])
            sealed = sealed_by_now(checkpoint.meta, self.graph)
            for epoch, why in checkpoint.skipped:
                logger.warning("checkpoint %d is damaged (%s): going on from checkpoint %d", epoch, why,
                               checkpoint.epoch)
        self._totals.attempts = self._base.attempts + 1
        self.dead_letters.recover(sealed.get("dead_letters"))
        self._recover_sinks(sealed)
        for source in self.graph.sources:
            source.dead_letters = self.dead_letters.collect
            source.retries = Retries(self.options.retry)
        for operator in self.graph.operators:
            operator.on_snapshot = self._checkpoints.snapshot
            operator.open()
        self._status.opened = True
        if self._checkpoints.adopted:
            self._secure()
        if checkpoint is not None:
            self._resume_watermarks()

    def _recover_sinks(self, sealed: dict[str, Any]) -> None:
        adopted = self._checkpoints.adopted
        for writer in self.graph.sinks if not adopted else ():
            writer.sink.discard(sealed.get(writer.uid))
        self._checkpoints.applying.begin(sealed)
        self._checkpoints.applying.finish(self._check_stop)
        for writer in self.graph.sinks:
            if adopted:
                writer.sink.adopt(sealed.get(writer.uid))
            writer.sink.open()

    def _secure(self) -> None:
        """What was restored from a savepoint becomes a checkpoint of this job's own, and is compared with it."""
        self._checkpoints.begin(vars(self._now()))
        self._complete()
        self._checkpoints.confirm()

    def _resume_watermarks(self) -> None:
        """Operators judge lateness and completeness by the watermarks that were in force at the checkpoint."""
        for operator in self.graph.operators:
            if (mark := operator.resumed()) != MIN_WATERMARK:
                operator.send(Watermark(mark))
                self._rounds.settle()

    def _check_stop(self) -> None:
        if self._stop:
            raise Interrupted

    def _read_again(self, rows: int, total: int) -> None:
        """State is made anew: tell how far that is."""
        self._recomputing = {"rows": rows, "of": total}
        if time.monotonic() - self._last_status >= self.options.status_interval:
            self._last_status = time.monotonic()
            self._publish("STARTING")

    # ---- the loop ----------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        sources = list(self.graph.sources)
        pace = None if self.options.cpu is None else Pace(self.options.cpu)
        longest = 1 if any(operator.asks for operator in self.graph.operators) else LONGEST_WAITS
        idle = 0
        while sources and not self._stop:
            busy = False
            for source in list(sources) if pace is None or pace.allows() else ():
                busy |= self._poll(source)
                if source.ended:
                    sources.remove(source)
                    self._rounds.push(source.consumers, Watermark(MAX_WATERMARK))
            self._maintain()
            idle = 0 if busy else min(idle + 1, longest)
            if idle and sources:
                time.sleep(IDLE_WAIT * idle)

    def _poll(self, source: SourceReader) -> bool:
        limit = self._allowance(source)
        if limit == 0:
            return False
        batch = source.poll(limit)
        now = time.monotonic()
        if batch is None:
            if source.retries.failing:
                self._last_rows[id(source)] = now  # it is not idle: its rows are still to come
            silent = now - self._last_rows.setdefault(id(source), now)
            if self.options.idle_timeout and silent > self.options.idle_timeout and id(source) not in self._silent:
                self._silent.add(id(source))
                self._rounds.push(source.consumers, Watermark(MIN_WATERMARK, idle=True))
            return not source.pausing
        self._last_rows[id(source)] = self._meter.began = now
        self._silent.discard(id(source))
        self._push(source, batch)
        return True

    def _push(self, source: SourceReader, batch: Batch) -> None:
        try:
            self._rounds.push(source.consumers, batch)
        except UserError as error:
            emitted = source.state.values["emitted"]
            if error.record is not None and error.node is not None:  # an expression: those after the first pass it on
                named = error.node.split(", ")
                error.node = next((n for n in self.graph.flow if n in named), error.node)
            rows = {"source": source.name, "first": emitted - batch.length + 1, "last": emitted}
            error.record = rows | (error.record or {})
            raise

    def _allowance(self, source: SourceReader) -> int:
        """How many rows the source may give now, as the rate limit has it."""
        rate = self.options.rate_limit
        if rate is None:
            return self.options.batch_rows
        most = self.options.batch_rows
        due = int(rate * (time.monotonic() - self._started)) - source.counters.rows_in
        return min(most, due) if due >= max(1, min(most, int(rate * PACE))) else 0

    def _maintain(self) -> None:
        now = time.monotonic()
        self._checkpoints.complete()
        self._keeper.keep()
        due = self._checkpoints.is_due(now, self.options.checkpoint_interval)
        if due and self._checkpoints.copy_ahead(COPYING):
            self._checkpoints.begin(vars(self._now()))
        self._publish_in_turn("RUNNING")
        self._tick()

    def _tick(self) -> None:
        now = int(self._clock() * 1e6)
        self._meter.began = time.monotonic()
        for operator in self._ticking:
            self._meter.weight, started = 1, time.perf_counter_ns()
            operator.tick(now)
            operator.counters.busy_ns += time.perf_counter_ns() - started
            self._meter.weight = 0
        if self._ticking and self.graph.exchanges:
            self._rounds.settle()

    def _finish(self) -> None:
        if self._stop:
            self._publish("STOPPING")
        self._checkpoints.end()
        self._complete()
        self._checkpoints.begin(vars(self._now()))
        self._complete()
        self._publish("STOPPED" if self._stop else "FINISHED")
        if not self._stop:
            self._write_json("finished.json", {"epoch": self._checkpoints.epoch}, needed=True)

    def _complete(self) -> None:
        """Wait for the checkpoint that is under way; people are told where it stands meanwhile."""
        state = "STOPPING" if self._stop else "RUNNING"
        self._checkpoints.complete(patient=not self._stop)
        while self._checkpoints.under_way:
            time.sleep(IDLE_WAIT)
            self._checkpoints.complete(patient=not self._stop)
            self._publish_in_turn(state)

    def _publish_in_turn(self, state: str) -> None:
        now = time.monotonic()
        if now - self._last_status >= self.options.status_interval:
            self._last_status = now
            self._publish(state)

    def _close(self) -> None:
        self._rounds.close()
        self._checkpoints.close()
        self._teller.shutdown()
        for operator in self.graph.operators:
            operator.close()
            operator.on_snapshot = None  # it refers to the job: without the cycle, state is given back at once

    # ---- counts and status -------------------------------------------------------------------------------------------

    def _now(self) -> Totals:
        late = dict(self._base.late)
        rows_out = dict(self._base.rows_out)
        for operator in self.graph.operators:
            if operator.counters.late:
                late[operator.uid] = late.get(operator.uid, 0) + operator.counters.late
        for writer in self.graph.sinks:
            rows_out[writer.uid] = self._base.rows_out.get(writer.uid, 0) + writer.counters.rows_out
        seconds = self._base.seconds + time.monotonic() - self._started
        return Totals(seconds, late, rows_out, self._totals.attempts)

    def progress(self) -> float | None:
        """The part of the input that was read, 0 to 1: the least of the sources that have an end; None where none has,
        or before the job runs."""
        return self._status.progress()

    def result(self) -> JobResult:
        """Totals so far."""
        now = self._now()
        values = [s.state.values for s in self.graph.sources]
        metrics = {w.table: m for w in self.graph.sinks if (m := getattr(w.sink, "latest", None))}
        return JobResult(
            sum(v["rows"] for v in values),
            sum(now.rows_out.values()),
            now.seconds,
            sum(now.late.values()),
            sum(v["dead"] for v in values),
            now.attempts,
            self._stop,
            metrics,
        )

    def _publish(self, state: str) -> None:
        result = self.result()
        epoch, completed = self._checkpoints.epoch, self._checkpoints.completed
        status = {"state": state, "epoch": epoch, "pid": os.getpid(), "at": self._clock(), **vars(result)}
        status["started"] = self._began
        status["checkpoint"] = None if completed is None else asdict(completed)
        status["checkpoints_failed"] = self._checkpoints.failed
        failing = self._checkpoints.failing
        status["checkpoints_failing"] = None if failing is None else asdict(failing)
        status["state_in_files"] = self._keeper.moved
        status["stuck"] = self._progress.stuck()
        status["recomputing"] = self._recomputing if state == "STARTING" else None
        status["sinks"] = self._sinks()
        status["dead_letters_dropped"] = self.dead_letters.dropped
        status |= self._status.describe(None if completed is None else completed.epoch)
        status["warnings"] += self.dead_letters.warnings()
        self._write_json("status.json", status, wait=state != "RUNNING")
        if self._on_status is not None:
            self._on_status(status)

    def _sinks(self) -> list[dict[str, Any]]:
        rows, under_way = self._now().rows_out, self._checkpoints.applying.describe(self._clock())
        at_rest = {"applying_since": None, "retrying": None}
        return [{"name": w.name, "table": w.table, "nodes": sorted(w.nodes), "rows": rows[w.uid],
                 **under_way.get(w.uid, at_rest)} for w in self.graph.sinks]

    def _write_json(self, name: str, value: dict[str, Any], *, wait: bool = True, needed: bool = False) -> None:
        """What a job tells is written by a thread beside it, as far as the disk lets it. Without `wait` rows go on
        while the disk is slow, and what would be told then is left out."""
        if not self.options.durable or not (wait or self._telling.done()):
            return
        self._telling = self._teller.submit(tell, self.folder / name, json.dumps(value))
        if wait and not self._telling.result() and needed:
            raise UserError("state_folder", f"{name} cannot be written to {self.folder}",
                            hint="make room there, and start the job again: it ends at once")
