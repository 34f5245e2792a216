"""Writing to a database exactly once: an epoch's rows are staged in the job's folder, and written together with a
marker in one transaction. The marker, a row of the table `porsche_epochs`, says which epoch was the last.

A table with a primary key is written by key: what came last counts. One without takes insertions.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.changes import DELETE, UPDATE_BEFORE, Batch
from engine.connectors.arrow import from_arrow, to_arrow
from engine.connectors.base import Environment, Json, Sink
from engine.connectors.jdbc import Table
from engine.connectors.jdbc_statements import MARKERS, Statements, make_markers
from engine.connectors.jdbc_values import parameters
from engine.connectors.retries import io_error
from engine.durable import sync
from engine.errors import UserError

Changes = list[tuple[bool, tuple[Any, ...]]]
"""Whether a row is deleted, and the row."""


class JdbcSink(Sink):
    """Inserts, upserts and deletes rows."""

    slow = True

    def __init__(self, table: Table, environment: Environment) -> None:
        self._table = table
        self._job = environment.job
        numbers = environment.resources.setdefault("jdbc.sinks", {})  # a table may be written by several statements
        number = numbers[table.options.name] = numbers.get(table.options.name, -1) + 1
        self._name = f"{table.options.name}-{number}"
        self._folder = Path(environment.folder) / "staged" / re.sub(r"[^A-Za-z0-9_-]", "_", self._name)
        self._run = uuid.uuid4().hex
        self._batches: list[Batch] = []
        self._checked = False

    def write(self, batch: Batch) -> None:
        self._batches.append(batch if batch.kinds is None else batch.take(batch.kinds != UPDATE_BEFORE))

    def seal(self, epoch: int) -> Json:
        batches = [batch for batch in self._batches if batch.length]
        if not batches:
            return {"run": self._run, "epoch": epoch}
        path = self._folder / f"{self._run}-{epoch}.arrow"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _stage(path, self._table.options.schema.names, batches)
        except OSError as error:
            raise io_error("unwritable_folder", f"cannot stage rows in {self._folder}: {error.strerror}",
                           error) from error
        self._batches = []
        return {"run": self._run, "epoch": epoch, "staged": path.name, "seal": uuid.uuid4().hex}

    def apply(self, sealed: Json) -> None:
        path = self._folder / sealed.get("staged", "none")
        if not path.is_file():
            return
        changes = self._read(path)
        if not self._checked:
            with self._table.database.connection() as connection:
                connection.execute(make_markers(self._table.database.dialect))
            self._checked = True
        with self._table.database.transaction() as connection:
            if self._is_new(connection, sealed):
                self._write(connection, changes)
        path.unlink()

    def _is_new(self, connection: Any, sealed: Json) -> bool:
        """Note in the transaction that the epoch is applied; False where it was before."""
        markers = Statements(MARKERS, self._table.database.dialect)
        run = f"{sealed['run']}/{self._name}"
        found = connection.execute(markers.select(["epoch", "seal"], [markers.among(["run"], 1)]), (run,)).fetchone()
        if found is not None and tuple(found) == (sealed["epoch"], sealed["seal"]):
            return False
        if found is not None and found[0] >= sealed["epoch"] and not self._table.options.primary_key:
            raise UserError("sink_is_ahead", f"table {self._table.options.name} holds what this job wrote up to epoch "
                            f"{found[0]}, but it goes on from an older checkpoint: rows would be doubled",
                            hint="delete the newer rows and the marker in porsche_epochs, or give the table a key")
        row = {"run": run, "epoch": sealed["epoch"], "seal": sealed["seal"], "job": self._job,
               "sink": self._table.options.name}
        connection.execute(markers.upsert(list(row), ["run"]), tuple(row.values()))
        return True

    def _write(self, connection: Any, changes: Changes) -> None:
        options, statements = self._table.options, self._table.statements
        names, keys = list(options.schema.names), options.primary_key
        cursor = connection.cursor()
        if not keys:
            cursor.executemany(statements.insert(names), [row for _, row in changes])
            return
        last: dict[tuple[Any, ...], tuple[bool, tuple[Any, ...]]] = {}
        for deleted, row in changes:
            last[tuple(row[k] for k in keys)] = (deleted, row)
        gone = [key for key, (deleted, _) in last.items() if deleted]
        kept = [row for deleted, row in last.values() if not deleted]
        key_names = self._table.names(keys)
        if gone:
            cursor.executemany(statements.delete(key_names), gone)
        if kept:
            cursor.executemany(statements.upsert(names, key_names), kept)

    def _read(self, path: Path) -> Changes:
        with path.open("rb") as file, pa.ipc.open_file(file) as staged:
            data = staged.read_all()
        deleted = data.column(0).to_pylist()
        columns = [from_arrow(data.column(i + 1), f.type) for i, f in enumerate(self._table.options.schema)]
        return list(zip(deleted, parameters(columns, self._table.database.dialect), strict=True))

    def discard(self, keep: Json | None) -> None:
        self._run = (keep or {}).get("run", self._run)
        for path in self._folder.glob("*.arrow"):
            if path.name != (keep or {}).get("staged"):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        self._table.database.close()


def _stage(path: Path, names: tuple[str, ...], batches: list[Batch]) -> None:
    """Write batches as an Arrow file: whether a row is a deletion, then the columns."""
    with path.open("wb") as out:
        writer = None
        for batch in batches:
            kinds = pa.array([False] * batch.length if batch.kinds is None else batch.kinds == DELETE)
            record = pa.RecordBatch.from_arrays([kinds, *map(to_arrow, batch.columns)], names=["deleted", *names])
            writer = writer or pa.ipc.new_file(out, record.schema)
            writer.write_batch(record)
        if writer is not None:
            writer.close()
        out.flush()
    sync(path)
    sync(path.parent)
