"""Dimensions that are loaded from a file: the same statement, over the file's first rows, into memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.changes import concat
from engine.connectors import connector
from engine.connectors.base import Connector, TableOptions
from engine.plan.nodes import TableSpec
from engine.session import RunOptions, Session
from engine.sql.dialect import generate
from porsche.compiler.lowering import Statement
from porsche.runners.preview.sampling import Sample, Samples, Wanted
from porsche.runners.preview.tables import Rows, Stand, Taken, Turns, empty

if TYPE_CHECKING:
    from porsche.runners.preview.rerun import Question

LOADED_ROWS = 50_000
"""Rows of a file that a dimension is made of."""


def loaded(question: Question, statements: Sequence[Statement], load: Statement, table: TableOptions,
           samples: Samples) -> Sample:
    """The rows of a dimension. UserError where its file cannot be read."""
    file = next(s for s in statements if s.kind == "table" and s.node == load.node and s.name != load.name)
    definition = next(s for s in statements if s.kind == "table" and s.name == load.name)
    trees = (file.tree, definition.tree, load.tree)
    limits = repr((question.access, LOADED_ROWS))
    key = hashlib.sha256("\n".join([limits, *map(generate, trees)]).encode()).hexdigest()
    return samples.made(key, lambda: _load(question, load.name, trees, table, samples))


def _load(question: Question, name: str, trees: Sequence[exp.Expr], table: TableOptions, samples: Samples) -> Sample:
    taken, turns = Taken(), Turns()
    found: list[Sample] = []

    def rows(options: TableOptions) -> Rows:
        found.append(samples.of(options, Wanted(limit=LOADED_ROWS), question.access))
        return Rows(found[-1].batch)

    def choose(spec: TableSpec) -> Connector:
        behind = connector(spec.option("connector"), question.access)
        return Stand(behind, turns, taken=taken) if spec.name == name else Stand(behind, turns, rows=rows)

    session = Session(folder=Path(question.state), access=question.access, python=False, connectors=choose)
    for tree in trees:
        for _ in session.statement(tree):
            pass
    session.run(RunOptions(durable=False, shards=1))
    batch = concat(taken.batches) if taken.batches else empty(table)
    sample = found[-1] if found else Sample(empty(table))
    return Sample(batch, "read", sample.more, sample.unreadable, sample.dead, sample.taken_at)
