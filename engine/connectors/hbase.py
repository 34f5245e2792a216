"""The `hbase-2.2` connector, with the shape and the options of Flink's: a row key column and a ROW a column family.

    CREATE TABLE dim (rowkey STRING, cf ROW<category BIGINT>, PRIMARY KEY (rowkey) NOT ENFORCED)
    WITH ('connector' = 'hbase-2.2', 'table-name' = 'dim', 'zookeeper.quorum' = 'localhost:2181')

HBase is reached through its Thrift server: on the quorum's first host at port 9090, unless
'properties.hbase.regionserver.thrift.ipaddress' and 'properties.hbase.regionserver.thrift.port' say otherwise (Flink
hands such properties to HBase). With 'zookeeper.quorum' = 'embedded:FOLDER' the embedded store in that folder is used;
its tables are made on first use. A writable metadata column 'timestamp' gives each row's version.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.changes import DELETE, DTYPES, UPDATE_BEFORE, Array, Batch, Column
from engine.connectors.access import allow_host, allow_path
from engine.connectors.base import Connector, Environment, Json, Lookup, Poll, Sink, Source, TableOptions
from engine.connectors.hbase_bytes import check_type, decode, encode
from engine.connectors.options import TableConfig
from engine.connectors.retries import io_error
from engine.connectors.rowstore import Cells, Put, RowStore
from engine.durable import sync
from engine.errors import UserError
from engine.types import DataType, Kind

OPTIONS = frozenset({
    "table-name", "zookeeper.quorum", "zookeeper.znode.parent", "null-string-literal", "sink.buffer-flush.max-size",
    "sink.buffer-flush.max-rows", "sink.buffer-flush.interval", "sink.ignore-null-value", "sink.parallelism",
    "lookup.async",
    "lookup.cache", "lookup.max-retries", "lookup.partial-cache.max-rows", "lookup.partial-cache.expire-after-write",
    "lookup.partial-cache.expire-after-access", "lookup.partial-cache.cache-missing-key", "lookup.cache.max-rows",
    "lookup.cache.ttl", "embedded.versions",
})
EMBEDDED = "embedded:"
VERSIONS = 1000
"""Versions that tables of the embedded store keep of a cell, unless 'embedded.versions' says otherwise."""

_open: dict[str, tuple[RowStore, int]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Mapping:
    """How a table's columns stand in HBase: position of the row key, of the version (-1: none), and for each family's
    position its qualified columns and their types.
    """

    key: int
    version: int
    families: dict[int, tuple[tuple[bytes, DataType], ...]]
    names: tuple[str, ...]

    @staticmethod
    def of(table: TableOptions) -> Mapping:
        """Errors: `wrong_schema` where the table has not the shape."""
        families: dict[int, tuple[tuple[bytes, DataType], ...]] = {}
        keys = []
        for i, field in enumerate(table.schema):
            if i in table.metadata:
                if table.metadata[i] != "timestamp":
                    raise UserError("unknown_metadata",
                                    f"table {table.name}: HBase has no metadata '{table.metadata[i]}'",
                                    hint="known is: timestamp")
            elif field.type.kind is Kind.ROW:
                columns = tuple((f"{field.name}:{f.name}".encode(), f.type) for f in field.type.fields)
                for name, type in columns:
                    check_type(name.decode(), type)
                families[i] = columns
            else:
                check_type(field.name, field.type)
                keys.append(i)
        if len(keys) != 1 or (table.primary_key and table.primary_key != (keys[0],)):
            raise UserError("wrong_schema",
                            f"table {table.name}: an HBase table has one column for the row key, which is its "
                            "primary key, and a ROW for each column family")
        names = tuple(table.schema[i].name for i in families)
        return Mapping(keys[0], next(iter(table.metadata), -1), families, names)

    def columns(self, wanted: Sequence[int]) -> list[bytes]:
        """The qualified columns of some of the table's columns; those of all where none is a family."""
        chosen = [name for i in wanted for name, _ in self.families.get(i, ())]
        return chosen or [name for columns in self.families.values() for name, _ in columns]


class Table:
    """A table of a row store, as columns."""

    def __init__(self, table: TableOptions, environment: Environment) -> None:
        config = TableConfig(table)
        config.check(OPTIONS, ("properties.",))
        self.options = table
        self.mapping = Mapping.of(table)
        self.name = config.text("table-name")
        self.null_text = config.text("null-string-literal", "null").encode()
        self.keep_null = not config.flag("sink.ignore-null-value", False)
        self._config = config
        self._environment = environment
        self._store: RowStore | None = None
        quorum = config.text("zookeeper.quorum")
        self._target = self._embedded(quorum) if quorum.startswith(EMBEDDED) else self._remote(quorum)

    def _embedded(self, quorum: str) -> str:
        folder = quorum.removeprefix(EMBEDDED) or os.path.join(self._environment.folder, "store")
        return f"{EMBEDDED}{allow_path(self._environment.access, folder)}"

    def _remote(self, quorum: str) -> str:
        first = quorum.split(",")[0].strip()
        host = self._config.text("properties.hbase.regionserver.thrift.ipaddress", first.partition(":")[0])
        port = self._config.integer("properties.hbase.regionserver.thrift.port", 9090)
        for address in quorum.split(","):
            name, _, zookeeper = address.strip().partition(":")
            allow_host(self._environment.access, name, int(zookeeper) if zookeeper.isdigit() else 2181)
        allow_host(self._environment.access, host, port)
        return f"{host}:{port}"

    @property
    def local(self) -> bool:
        return self._target.startswith(EMBEDDED)

    def store(self) -> RowStore:
        """The store, shared by all tables of this process that live in it."""
        if self._store is None:
            self._store = _acquire(self._target)
            if self.local:
                versions = self._config.integer("embedded.versions", VERSIONS)
                self._store.create_table(self.name, self.mapping.names, versions)
        return self._store

    def close(self) -> None:
        if self._store is not None:
            self._store = None
            _release(self._target)

    def decode(self, keys: Sequence[bytes], rows: Sequence[Cells], wanted: Sequence[int]) -> tuple[Column, ...]:
        """Columns of found rows."""
        return tuple([self._decode(i, keys, rows) for i in wanted])

    def _decode(self, i: int, keys: Sequence[bytes], rows: Sequence[Cells]) -> Column:
        type = self.options.schema[i].type
        if i == self.mapping.key:
            return decode(type, keys, b"\0")
        if i == self.mapping.version:
            return Column(type, np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_))
        parts = [decode(inner, [row.get(name) for row in rows],
                        self.null_text) for name, inner in self.mapping.families[i]]
        return Column(type, np.zeros(len(rows), np.int8), None, (), tuple(parts))

    def newest(self, batch: Batch) -> Batch:
        """Of each key the last row only, where that one replaces all cells of those before."""
        keys = batch.columns[self.mapping.key]
        if self.mapping.version >= 0 or not self.keep_null or not keys.valid().all():
            return batch
        last = dict(zip(encode(keys, b""), range(batch.length), strict=True))
        if len(last) == batch.length:
            return batch
        return batch.take(np.sort(np.fromiter(last.values(), np.int64, len(last))))

    def puts(self, batch: Batch) -> list[tuple[bytes, dict[bytes, bytes] | None, int]]:
        """The changes of a batch in order: row key, cells (None = delete), version (-1: that of the epoch)."""
        mapping, columns = self.mapping, batch.columns
        keys = encode(columns[mapping.key], b"")
        if columns[mapping.key].validity is not None and not columns[mapping.key].valid().all():
            raise UserError("null_key", f"table {self.options.name}: a row key is NULL")
        versions = [-1] * batch.length
        if mapping.version >= 0:
            moments = columns[mapping.version]
            versions = np.where(moments.valid(), moments.values // 1000, -1).tolist()
        cells: list[dict[bytes, bytes] | None] = [{} for _ in keys]
        for i, family in mapping.families.items():
            for (name, _), part in zip(family, columns[i].children, strict=True):
                whole = part.with_validity(part.valid() & columns[i].valid())
                texts = encode(whole, self.null_text)
                for row, cell, present in zip(cells, texts, whole.valid().tolist(), strict=True):
                    if (present or self.keep_null) and row is not None:
                        row[name] = cell
        if batch.kinds is not None:
            cells = [None if kind == DELETE else row for kind, row in zip(batch.kinds.tolist(), cells, strict=True)]
        return list(zip(keys, cells, versions, strict=True))


def _acquire(target: str) -> RowStore:
    """A store by its address, opened once a process."""
    with _lock:
        store, users = _open.get(target, (None, 0))
        if store is None:
            if target.startswith(EMBEDDED):
                from engine.connectors.embedded import EmbeddedStore

                store = EmbeddedStore(Path(target.removeprefix(EMBEDDED)))
            else:
                from engine.connectors.thrift import ThriftStore

                host, _, port = target.rpartition(":")
                store = ThriftStore(host, int(port))
        _open[target] = (store, users + 1)
        return store


def _release(target: str) -> None:
    with _lock:
        store, users = _open[target]
        if users > 1:
            _open[target] = (store, users - 1)
            return
        del _open[target]
    store.close()


class HBaseLookup(Lookup):
    """Rows by key."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.local = table.local

    def open(self, keys: Sequence[int], columns: Sequence[int]) -> None:
        if list(keys) != [self._table.mapping.key]:
            raise UserError("not_supported", f"table {self._table.options.name} can only be looked up by its row key")
        self._columns = tuple(columns)
        self._wanted = self._table.mapping.columns(columns)
        self._store = self._table.store()

    def get(self, keys: Sequence[Column], length: int) -> tuple[Array, tuple[Column, ...]]:
        return self.get_as_of(keys, length, None)

    def get_as_of(self, keys: Sequence[Column], length: int, at: int | None) -> tuple[Array, tuple[Column, ...]]:
        """As `get`, of the rows as they were at a time (milliseconds)."""
        probe, type = keys[0], self._table.options.schema[self._table.mapping.key].type
        asked = encode(_as_key(probe, type), b"")
        known = np.flatnonzero(probe.valid())
        found = self._store.get_many(self._table.name, [asked[i] for i in known.tolist()], self._wanted, at)
        hits = [i for i, row in enumerate(found) if row is not None]
        positions = known[np.array(hits, np.int64)]
        rows = [row for row in found if row is not None]
        return positions, self._table.decode([asked[i] for i in positions.tolist()], rows, self._columns)

    def close(self) -> None:
        self._table.close()


def _as_key(probe: Column, type: DataType) -> Column:
    """Probe values as the row key's type; comparable types of another width are widened."""
    if probe.type.kind is type.kind or (probe.type.is_string and type.is_string):
        return probe
    if probe.type.is_integer and type.is_integer:
        return Column(type, probe.values.astype(DTYPES[type.kind]), probe.validity)
    raise UserError("type_mismatch", f"a row key of type {type} cannot be compared with {probe.type}")


class HBaseSource(Source):
    """Scans a table once, in the order of the row keys."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.blocking = not table.local
        self._next = b""
        self._rows: Iterator[tuple[bytes, Cells]] | None = None

    def open(self, columns: Sequence[int]) -> None:
        self._columns = tuple(columns)
        self._rows = self._table.store().scan(self._table.name, self._table.mapping.columns(columns), self._next)

    def poll(self, limit: int) -> Poll:
        assert self._rows is not None
        found = list(islice(self._rows, min(limit, 10_000)))
        if not found:
            return Poll(None, ended=True)
        keys = [key for key, _ in found]
        self._next = keys[-1] + b"\0"
        columns = self._table.decode(keys, [cells for _, cells in found], self._columns)
        return Poll(Batch(columns, len(found)), rows=len(found))

    def position(self) -> Json:
        return {"next": self._next.hex()}

    def restore(self, position: Json) -> None:
        self._next = bytes.fromhex(position["next"])

    def close(self) -> None:
        self._rows = None
        self._table.close()


class HBaseSink(Sink):
    """Upserts and deletes by row key. An epoch's changes, the last of each key, are staged with their versions in a
    file of the job's folder, so that applying them again writes the same cells.
    """

    slow = True

    def __init__(self, table: Table, environment: Environment) -> None:
        self._table = table
        self._folder = Path(environment.folder) / "staged" / table.name.replace(":", "_")
        self._run = uuid.uuid4().hex[:8]
        self._now = 0
        self._changes: dict[tuple[bytes, int], dict[bytes, bytes] | None] = {}

    def open(self) -> None:
        self._table.store()

    def write(self, batch: Batch) -> None:
        if batch.kinds is not None:
            batch = batch.take(batch.kinds != UPDATE_BEFORE)
        for key, cells, at in self._table.puts(self._table.newest(batch)):
            known = self._changes.get((key, at))
            self._changes[key, at] = {**known, **cells} if known and cells else cells

    def seal(self, epoch: int) -> Json:
        if not self._changes:
            return {"run": self._run, "now": self._now}
        path = self._folder / f"{self._run}-{epoch}.arrow"
        names = self._table.mapping.columns(())
        cells = list(self._changes.values())
        data: dict[str, Any] = {
            "row": pa.array([key for key, _ in self._changes], pa.binary()),
            "version": pa.array([version for _, version in self._changes], pa.int64()),
            "delete": pa.array([row is None for row in cells], pa.bool_()),
            **{name.decode(): pa.array([(row or {}).get(name) for row in cells], pa.binary()) for name in names},
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as out, pa.ipc.new_file(out, pa.table(data).schema) as writer:
                writer.write_table(pa.table(data))
                out.flush()
            sync(path)
        except OSError as error:
            raise io_error("unwritable_folder", f"cannot stage rows in {self._folder}: {error.strerror}",
                           error) from error
        self._changes = {}
        self._now = max(int(time.time() * 1000), self._now + 1)  # a deletion must not hide what the next epoch writes
        return {"run": self._run, "staged": path.name, "now": self._now}

    def apply(self, sealed: Json) -> None:
        path = self._folder / sealed.get("staged", "none")
        if not path.is_file():
            return
        with path.open("rb") as source, pa.ipc.open_file(source) as staged:
            data = staged.read_all()
        names = [(name.encode(), data.column(name).to_pylist()) for name in data.column_names[3:]]
        deletes: dict[int, list[bytes]] = {}
        puts = []
        for i, (row, version, delete) in enumerate(zip(*(data.column(c).to_pylist() for c in range(3)), strict=True)):
            at = sealed["now"] if version < 0 else version
            if delete:
                deletes.setdefault(at, []).append(row)
            else:
                puts.append(Put(row, {name: values[i] for name, values in names if values[i] is not None}, at))
        store = self._table.store()
        for at, rows in deletes.items():
            store.delete_many(self._table.name, rows, at)
        store.put_many(self._table.name, puts)
        path.unlink()

    def discard(self, keep: Json | None) -> None:
        self._run = (keep or {}).get("run", self._run)
        self._now = (keep or {}).get("now", 0)
        for path in self._folder.glob(f"{self._run}-*"):
            if path.name != (keep or {}).get("staged"):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        self._table.close()


class HBase(Connector):
    """Tables of HBase or of the embedded row store."""

    def accepts(self, table: TableOptions) -> str:
        return "I,UB,UA,D"  # like Flink's, whatever the query gives: rows that are only added need no key of the query

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return HBaseSource(Table(table, environment))

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return HBaseSink(Table(table, environment), environment)

    def lookup(self, table: TableOptions, environment: Environment) -> Lookup:
        return HBaseLookup(Table(table, environment))
