"""HBase as a row store, through its Thrift server and happybase: batched, several requests in flight, retried with
back-off.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import happybase  # its import makes the module Hbase_thrift
from Hbase_thrift import AlreadyExists, IllegalArgument
from Hbase_thrift import IOError as HBaseError
from thriftpy2.thrift import TException

from engine.connectors.rowstore import Cells, Put, RowStore
from engine.errors import Unavailable, UserError

T = TypeVar("T")

CHUNK = 500
"""Rows of one request."""

TRIES = 6
BACK_OFF = 0.1  # seconds before the second try, doubled for each further one


class ThriftStore(RowStore):
    """A row store in HBase. Reads with a timestamp are exclusive there, so T + 1 ms is asked for."""

    def __init__(self, host: str, port: int, *, threads: int = 4, timeout: float = 20.0, tries: int = TRIES) -> None:
        self._address = f"{host}:{port}"
        self._tries = tries
        self._make = partial(happybase.ConnectionPool, threads, host=host, port=port, timeout=int(timeout * 1000))
        self._lock = threading.Lock()
        self._pool: Any = None
        self._threads = ThreadPoolExecutor(threads, "hbase")

    def _connections(self) -> Any:
        """The pool; making it connects."""
        with self._lock:
            if self._pool is None:
                self._pool = self._make()
            return self._pool

    def _call(self, table: str, action: Callable[[Any], T]) -> T:
        """Do something over a connection; every request here may be repeated without another effect."""
        for left in reversed(range(self._tries)):
            try:
                with self._connections().connection() as connection:
                    return action(connection)
            except IllegalArgument as error:
                raise UserError("missing_family", f"HBase table '{table}': {_text(error)}") from error
            except (TException, OSError) as error:
                text = _text(error)
                if "NoSuchColumnFamily" in text:
                    raise UserError("missing_family", f"HBase table '{table}' lacks a column family") from error
                if "TableNotFound" in text or text.strip("' ") == table:
                    raise UserError("missing_table",
                                    f"there is no table '{table}' in HBase at {self._address}") from error
                if left == 0:
                    raise Unavailable("store_unavailable",
                                      f"HBase's Thrift server at {self._address} fails: {text or error!r}",
                                      hint="is it running?") from error
            time.sleep(BACK_OFF * 2 ** (self._tries - 1 - left))
        raise AssertionError("unreachable")

    def create_table(self, table: str, families: Sequence[str], versions: int = 3) -> None:
        def create(connection: Any) -> None:
            if table.encode() not in connection.tables():
                connection.create_table(table, {family: {"max_versions": versions} for family in families})

        try:
            self._call(table, create)
        except AlreadyExists:
            return

    def drop_table(self, table: str) -> None:
        def drop(connection: Any) -> None:
            if table.encode() in connection.tables():
                connection.delete_table(table, disable=True)

        self._call(table, drop)

    def get_many(self, table: str, rows: Sequence[bytes], columns: Sequence[bytes],
                 at: int | None = None) -> list[Cells | None]:
        def get(chunk: Sequence[bytes]) -> dict[bytes, Cells]:
            found = self._call(table, lambda c: c.table(table).rows(chunk, columns, None if at is None else at + 1))
            return dict(found)

        distinct = list(dict.fromkeys(rows))
        chunks = [distinct[i:i + CHUNK] for i in range(0, len(distinct), CHUNK)]
        found: dict[bytes, Cells] = {}
        for part in self._threads.map(get, chunks):
            found.update(part)
        return [found.get(row) or None for row in rows]

    def put_many(self, table: str, puts: Sequence[Put]) -> None:
        by_time: dict[int | None, dict[bytes, dict[bytes, bytes]]] = defaultdict(dict)
        for put in puts:  # cells of one row and time in one mutation: requests in flight may overtake each other
            by_time[put.timestamp].setdefault(put.row, {}).update(put.cells)
        for timestamp, rows in by_time.items():
            keys = list(rows)
            chunks = [{key: rows[key] for key in keys[i:i + CHUNK]} for i in range(0, len(keys), CHUNK)]
            list(self._threads.map(partial(self._put, table, timestamp), chunks))

    def _put(self, table: str, timestamp: int | None, rows: dict[bytes, dict[bytes, bytes]]) -> None:
        def put(connection: Any) -> None:
            batch = connection.table(table).batch(timestamp=timestamp)
            for row, cells in rows.items():
                batch.put(row, cells)
            batch.send()

        self._call(table, put)

    def delete_many(self, table: str, rows: Sequence[bytes], timestamp: int | None = None) -> None:
        def delete(chunk: Sequence[bytes]) -> None:
            def send(connection: Any) -> None:
                batch = connection.table(table).batch(timestamp=timestamp)
                for row in chunk:
                    batch.delete(row)
                batch.send()

            self._call(table, send)

        list(self._threads.map(delete, [rows[i:i + CHUNK] for i in range(0, len(rows), CHUNK)]))

    def scan(self, table: str, columns: Sequence[bytes], start: bytes = b"", stop: bytes | None = None,
             at: int | None = None,
             batch: int = 1000) -> Iterator[tuple[bytes, Cells]]:
        def scan(connection: Any, start: bytes) -> list[tuple[bytes, Cells]]:
            return list(connection.table(table).scan(row_start=start, row_stop=stop, columns=columns, limit=batch,
                                                     timestamp=None if at is None else at + 1, batch_size=batch))

        while True:
            chunk = self._call(table, lambda c, start=start: scan(c, start))  # type: ignore[misc]
            yield from chunk
            if len(chunk) < batch:
                return
            start = chunk[-1][0] + b"\0"

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        with self._lock:
            while self._pool is not None and not self._pool._queue.empty():
                self._pool._queue.get_nowait().close()
            self._pool = None


def _text(error: BaseException) -> str:
    message = error.message if isinstance(error, (HBaseError, IllegalArgument)) else str(error)
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
    return text.splitlines()[0] if text else ""
