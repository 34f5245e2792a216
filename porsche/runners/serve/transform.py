"""A pipeline's row by row part as a function: rows in, feature vectors out, by the engine's own operators."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from sqlglot import exp

from engine.changes import Batch, Column, concat
from engine.connectors.base import Connector, Environment, Json, Poll, Sink, Source, TableOptions
from engine.runtime.rounds import Rounds
from engine.session import RunOptions, Session
from engine.sql.dialect import CreateView
from porsche.components.base import insert
from porsche.components.table import create_table, table_name, type_tree
from porsche.runners.serve.path import Path

ANSWER = "answer__"
"""The table that vectors are written to."""


class _Given(Source):
    """Gives the batch of the moment."""

    def __init__(self, ends: _Ends) -> None:
        self._ends = ends
        self._columns: Sequence[int] = ()

    def open(self, columns: Sequence[int]) -> None:
        self._columns = tuple(columns)

    def poll(self, limit: int) -> Poll:
        batch = self._ends.given
        return Poll(batch.with_columns(tuple(batch.columns[i] for i in self._columns)), rows=batch.length)

    def position(self) -> Json:
        return {}

    def restore(self, position: Json) -> None:
        pass


class _Taken(Sink):
    """Takes what comes of it."""

    def __init__(self, ends: _Ends) -> None:
        self._ends = ends

    def write(self, batch: Batch) -> None:
        self._ends.taken.append(batch)

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        pass


class _Ends(Connector):
    """Both ends: tables of one request at a time."""

    given: Batch

    def __init__(self) -> None:
        self.taken: list[Batch] = []

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return _Given(self)

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return _Taken(self)


class Transform:
    """Computes the vectors of a path. May be called from several threads: one request at a time goes through."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._ends = _Ends()
        session = Session(folder=FilePath(), python=False, connectors=lambda table: self._ends)
        for statement in _statements(path):
            for _ in session.statement(statement):
                pass
        program = session.program(session.phases[0])
        self._graph = session.graph(program, FilePath(), RunOptions(durable=False, shards=1))
        self._rounds = Rounds(self._graph.exchanges, 1)
        for operator in self._graph.operators:
            operator.open()

    def __call__(self, columns: Sequence[Column]) -> Column:
        """Columns of the path's entry, all of its fields -> the vector of each row."""
        length = len(columns[0])
        with self._lock:
            self._ends.given = Batch(tuple(columns), length)
            self._ends.taken.clear()
            reader = self._graph.sources[0]
            batch = reader.poll(length)
            assert batch is not None
            self._rounds.push(reader.consumers, batch)
            return concat(self._ends.taken).columns[0]


def _statements(path: Path) -> list[exp.Expr]:
    """The entry as a table, the views behind it, and an INSERT of the vector."""
    fields = [(f.name, type_tree(f.type.as_nullable())) for f in path.fields]
    view, vector = path.vector
    views = dict(path.views)
    whole = next(item for item in views[view].expressions if item.alias_or_name == vector)
    views[view] = views[view].copy()
    views[view].set("expressions", [whole.copy()])
    made: list[exp.Expr] = [create_table(path.entry, fields, {"connector": "request"})]
    made += [CreateView(this=table_name(name), expression=query, temporary=True) for name, query in views.items()]
    kind = exp.DataType.build("ROW<`index` ARRAY<INT>, `value` ARRAY<FLOAT>>", dialect="flink")
    made.append(create_table(ANSWER, [(vector, kind)], {"connector": "request"}))
    query = exp.Select(expressions=[exp.Column(this=exp.to_identifier(vector))], from_=exp.From(this=table_name(view)))
    made.append(insert(ANSWER, query))
    return made


def nullable(path: Path) -> Path:
    """The same with columns that a request may leave out."""
    return replace(path, fields=tuple(replace(f, type=f.type.as_nullable(), time=None) for f in path.fields))
