"""Dimensions that are loaded from a file: the same statement, over the file's first rows and those of the keys that the
sample asks for, into memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlglot import exp

from engine.changes import Batch, concat
from engine.connectors import connector
from engine.connectors.base import Connector, TableOptions
from engine.plan.nodes import TableSpec
from engine.session import RunOptions, Session
from engine.sql.dialect import generate
from porsche.compiler.statements import Statement
from porsche.runners.preview.question import Question
from porsche.runners.preview.sampling import Sample, Samples, Wanted
from porsche.runners.preview.sought import MOST_KEYS, Sought, search
from porsche.runners.preview.tables import Rows, Stand, Taken, Turns, empty

LOADED_ROWS = 50_000
"""Rows of a file that a dimension is made of at first."""


@dataclass(frozen=True)
class Loading:
    """How a dimension gets its rows. `name`: its table; `column`: of the file, with the key; None: it is computed."""

    question: Question
    name: str
    trees: tuple[exp.Expr, ...]
    column: str | None

    @classmethod
    def of(cls, question: Question, statements: Iterable[Statement], load: Statement) -> Loading:
        tables = [s for s in statements if s.kind == "table" and s.node == load.node]
        file = next(s for s in tables if s.name != load.name)
        definition = next(s for s in tables if s.name == load.name)
        key = load.tree.expression.expressions[0]
        column = key.name if isinstance(key, exp.Column) else None
        return cls(question, load.name, (file.tree, definition.tree, load.tree), column)

    @property
    def key(self) -> str:
        """Of whatever decides what is loaded."""
        limits = repr((self.question.access, LOADED_ROWS))
        return hashlib.sha256("\n".join([limits, *map(generate, self.trees)]).encode()).hexdigest()

    def rows(self, table: TableOptions, samples: Samples, anew: bool) -> Sample:
        """The dimension: the first rows of the file, and behind them those of the keys that were looked for. UserError
        where the file cannot be read."""
        first = samples.made(self.key, lambda: self._first(table, samples, anew), anew)
        sought = samples.sought(self.key, anew)
        sought.needed = first.more
        if sought.batch is None:
            return first
        whole = concat([first.batch, sought.batch]) if sought.batch.length else first.batch
        return replace(first, batch=whole, more=sought.more, looked=sought.looked)

    def seek(self, table: TableOptions, samples: Samples, keys: set[object]) -> bool:
        """Look for the rows of further keys; whether there were any to look for. UserError as above."""
        sought = samples.sought(self.key)
        fresh = keys - sought.keys
        if not fresh or not sought.needed or self.column is None or len(keys | sought.keys) > MOST_KEYS:
            return False
        batch = self._load(table, lambda file: self._searched(file, samples, sought, fresh))
        sought.batch = batch if sought.batch is None else concat([sought.batch, batch])
        sought.keys |= fresh
        return True

    def _searched(self, file: TableOptions, samples: Samples, sought: Sought, keys: set[object]) -> Batch:
        at = file.schema.index(self.column or "")
        if at < 0:
            return empty(file)
        batch, sought.looked, sought.more = search(file, samples.source(file, self.question.access), at, keys)
        return batch

    def _first(self, table: TableOptions, samples: Samples, anew: bool) -> Sample:
        found: list[Sample] = []

        def rows(file: TableOptions) -> Batch:
            found.append(samples.of(file, Wanted(limit=LOADED_ROWS, anew=anew), self.question.access))
            return found[-1].batch

        batch = self._load(table, rows)
        return replace(found[-1], batch=batch, kind="read") if found else Sample(empty(table))

    def _load(self, table: TableOptions, read: Callable[[TableOptions], Batch]) -> Batch:
        """What the pipeline's own statement makes of rows of the file."""
        taken, turns = Taken(most=LOADED_ROWS), Turns()

        def choose(spec: TableSpec) -> Connector:
            behind = connector(spec.option("connector"), self.question.access)
            if spec.name == self.name:
                return Stand(behind, turns, taken=taken)
            return Stand(behind, turns, rows=lambda file: Rows(read(file)))

        session = Session(
            folder=Path(self.question.state), access=self.question.access, python=False, connectors=choose)
        for tree in self.trees:
            for _ in session.statement(tree):
                pass
        session.run(RunOptions(durable=False, shards=1))
        return concat(taken.batches) if taken.batches else empty(table)
