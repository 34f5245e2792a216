"""State made anew: a changed job reads its sources from the start to where they stood, and nothing leaves it.

Its sinks take no rows, the models that it trains are nobody's; what is kept of it is the state of some operators, as
full parts of a checkpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import Any

from engine.changes import MAX_WATERMARK, Barrier, Batch, Watermark
from engine.connectors.base import Json, Sink
from engine.errors import UserError
from engine.operators.source import SourceReader
from engine.planner import Graph
from engine.runtime.rounds import Rounds
from engine.state.protocol import StatePart

logger = logging.getLogger(__name__)
States = dict[tuple[str, str], list[Sequence[StatePart]]]
BATCH_ROWS = 20_000
PATIENCE = 60.0
"""Seconds without a row after which a source is taken not to have its rows any more."""


class Nowhere(Sink):
    """Takes rows and forgets them."""

    def write(self, batch: Batch) -> None:
        pass

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        pass


def replay(graph: Graph, targets: Mapping[str, Mapping[str, Any]], wanted: Collection[str],
           check_stop: Callable[[], None],
           told: Callable[[int, int], None] = lambda rows, total: None) -> States:
    """Run a graph until each source has given as many rows as its target says (`rows`); sources without one are not
    read; `told` hears how many rows were, of how many. The state of the `wanted` operators, by id and name, one chain
    for each shard."""
    rounds = Rounds(graph.exchanges, graph.shards)
    started = monotonic()
    try:
        for writer in graph.sinks:
            writer.sink.close()
            writer.sink = Nowhere()
        for operator in graph.operators:
            operator.open()
        readers = [(source, targets[source.uid]) for source in graph.sources if source.uid in targets]
        _read(readers, rounds, check_stop, told)
        return _states(graph, rounds, wanted)
    finally:
        rounds.close()
        for operator in graph.operators:
            operator.close()
        logger.info("state of %s was made anew in %.1f s", ", ".join(sorted(wanted)), monotonic() - started)


def _read(readers: Sequence[tuple[SourceReader, Mapping[str, Any]]], rounds: Rounds,
          check_stop: Callable[[], None], told: Callable[[int, int], None]) -> None:
    total = sum(int(target["rows"]) for _, target in readers)
    left = [(source, target) for source, target in readers if int(target["rows"]) > 0]
    heard = dict.fromkeys((source.uid for source, _ in left), monotonic())
    while left:
        for source, target in tuple(left):
            check_stop()
            before = source.state.values["rows"]
            batch = source.poll(min(BATCH_ROWS, int(target["rows"]) - before))
            if batch is not None:
                rounds.push(source.consumers, batch)
            if source.state.values["rows"] > before:
                heard[source.uid] = monotonic()
                told(sum(s.state.values["rows"] for s, _ in readers), total)
            if source.state.values["rows"] >= int(target["rows"]):
                left.remove((source, target))
                if target.get("ended"):
                    rounds.push(source.consumers, Watermark(MAX_WATERMARK))
            elif source.ended or monotonic() - heard[source.uid] > PATIENCE:
                raise UserError("replay_short", f"{source.name} gave {source.state.values['rows']:,} rows, and not the "
                                f"{int(target['rows']):,} that it gave before",
                                hint="its rows are not there any more: --allow lost goes on without them")


def _states(graph: Graph, rounds: Rounds, wanted: Collection[str]) -> States:
    for source in graph.sources:
        rounds.push(source.consumers, Barrier(0))  # what operators hold back belongs to their state now
    found: States = {}
    for operator in graph.operators:
        if operator.uid in wanted:
            for name, state in operator.states().items():
                found.setdefault((operator.uid, name), []).append([state.snapshot(full=True)])
    return found
