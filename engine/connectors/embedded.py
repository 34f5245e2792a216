"""The embedded row store: a folder with one SQLite database (write-ahead log), shared by the processes of one
machine.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from engine.connectors.rowstore import Cells, Put, RowStore
from engine.errors import Unavailable, UserError

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS families (
    store TEXT NOT NULL, family BLOB NOT NULL, versions INTEGER NOT NULL, PRIMARY KEY (store, family)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cells (
    store TEXT NOT NULL, row BLOB NOT NULL, col BLOB NOT NULL, stamp INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (store, row, col, stamp)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deletions (
    store TEXT NOT NULL, row BLOB NOT NULL, stamp INTEGER NOT NULL, PRIMARY KEY (store, row)) WITHOUT ROWID;
"""
PUT = """
INSERT INTO cells (store, row, col, stamp, value) SELECT ?1, ?2, ?3, ?4, ?5
WHERE NOT EXISTS (SELECT 1 FROM deletions WHERE store = ?1 AND row = ?2 AND stamp >= ?4)
ON CONFLICT (store, row, col, stamp) DO UPDATE SET value = excluded.value
"""
TRIM = """
DELETE FROM cells WHERE store = ?1 AND row = ?2 AND col = ?3 AND stamp <= (
    SELECT stamp FROM cells WHERE store = ?1 AND row = ?2 AND col = ?3 ORDER BY stamp DESC LIMIT 1 OFFSET ?4)
"""
GET = """
SELECT cells.row, cells.col, cells.value, max(cells.stamp) FROM wanted_rows CROSS JOIN cells
ON cells.store = ?1 AND cells.row = wanted_rows.row WHERE cells.stamp <= ?2 GROUP BY cells.row, cells.col
"""
SCAN = """
SELECT row, col, value, max(stamp) FROM cells WHERE store = ?1 AND row IN (
    SELECT DISTINCT row FROM cells WHERE store = ?1 AND row >= ?2 AND (?3 IS NULL OR row < ?3) AND stamp <= ?4
    ORDER BY row LIMIT ?5)
AND stamp <= ?4 GROUP BY row, col ORDER BY row, col
"""
DELETE = "DELETE FROM cells WHERE store = ? AND row = ? AND stamp <= ?"
MARK = """
INSERT INTO deletions (store, row, stamp) VALUES (?1, ?2, ?3)
ON CONFLICT (store, row) DO UPDATE SET stamp = max(stamp, excluded.stamp)
"""
LAST = 2**63 - 1
BUSY = 30.0  # seconds to wait for another process's write
CHUNK = 1000


class EmbeddedStore(RowStore):
    """A row store in a folder. Of a value grouped by `max(stamp)`, SQLite gives the row of that maximum (documented
    so).
    """

    local = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError("unwritable_folder",
                            f"cannot make the store's folder {folder}: {error.strerror}") from error
        self._guard(lambda c: c.executescript(SCHEMA))

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._folder / "rows.sqlite", timeout=BUSY, isolation_level=None,
                                         check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("CREATE TEMP TABLE wanted_rows (row BLOB PRIMARY KEY) WITHOUT ROWID")
            self._own.connection = connection
            with self._lock:
                self._all.append(connection)
        return connection

    def _guard(self, action: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return action(self._connection())
        except sqlite3.OperationalError as error:  # locked, full, unreadable for now
            raise Unavailable("store_unavailable", f"the embedded store in {self._folder}: {error}") from error
        except sqlite3.Error as error:
            raise UserError("store_damaged", f"the embedded store in {self._folder}: {error}",
                            hint="restore the folder from a backup") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def create_table(self, table: str, families: Sequence[str], versions: int = 3) -> None:
        rows = [(table, family.encode(), versions) for family in families]
        self._guard(lambda c: c.executemany("INSERT OR IGNORE INTO families VALUES (?, ?, ?)", rows))

    def drop_table(self, table: str) -> None:
        def drop(_: sqlite3.Connection) -> None:
            with self._transaction() as c:
                for statement in ("DELETE FROM cells WHERE store = ?", "DELETE FROM deletions WHERE store = ?",
                                  "DELETE FROM families WHERE store = ?"):
                    c.execute(statement, (table,))

        self._guard(drop)

    def _families(self, connection: sqlite3.Connection, table: str) -> dict[bytes, int]:
        found = dict(connection.execute("SELECT family, versions FROM families WHERE store = ?", (table,)).fetchall())
        if not found:
            raise UserError("missing_table", f"there is no table '{table}' in the embedded store in {self._folder}")
        return found

    def get_many(self, table: str, rows: Sequence[bytes], columns: Sequence[bytes],
                 at: int | None = None) -> list[Cells | None]:
        wanted = set(columns)

        def get(c: sqlite3.Connection) -> dict[bytes, dict[bytes, bytes]]:
            self._families(c, table)
            c.execute("DELETE FROM wanted_rows")
            c.executemany("INSERT OR IGNORE INTO wanted_rows VALUES (?)", [(row,) for row in rows])
            found: dict[bytes, dict[bytes, bytes]] = {}
            for row, column, value, _ in c.execute(GET, (table, LAST if at is None else at)):
                if column in wanted:
                    found.setdefault(row, {})[column] = value
            return found

        found = self._guard(get)
        return [found.get(row) for row in rows]

    def put_many(self, table: str, puts: Sequence[Put]) -> None:
        now = int(time.time() * 1000)
        cells = [(table, p.row, column, now if p.timestamp is None else p.timestamp, value)
                 for p in puts for column, value in p.cells.items()]

        def put(connection: sqlite3.Connection) -> None:
            families = self._families(connection, table)
            limits = {column: families.get(column.partition(b":")[0]) for column in {cell[2] for cell in cells}}
            for column, versions in limits.items():
                if versions is None:
                    raise UserError("missing_family", f"table '{table}' has no column family for '{column.decode()}'")
            with self._transaction() as c:
                c.executemany(PUT, cells)
                c.executemany(TRIM, [(*cell[:3], limits[cell[2]]) for cell in cells])

        self._guard(put)

    def delete_many(self, table: str, rows: Sequence[bytes], timestamp: int | None = None) -> None:
        stamp = int(time.time() * 1000) if timestamp is None else timestamp
        marks = [(table, row, stamp) for row in rows]

        def delete(connection: sqlite3.Connection) -> None:
            self._families(connection, table)
            with self._transaction() as c:
                c.executemany(DELETE, marks)
                c.executemany(MARK, marks)

        self._guard(delete)

    def scan(self, table: str, columns: Sequence[bytes], start: bytes = b"", stop: bytes | None = None,
             at: int | None = None,
             batch: int = CHUNK) -> Iterator[tuple[bytes, Cells]]:
        wanted, last = set(columns), LAST if at is None else at
        self._guard(lambda c: self._families(c, table))
        while True:
            chosen = (table, start, stop, last, batch)
            chunk = self._guard(lambda c, chosen=chosen: c.execute(SCAN, chosen).fetchall())  # type: ignore[misc]
            rows: dict[bytes, dict[bytes, bytes]] = {}
            for row, column, value, _ in chunk:
                cells = rows.setdefault(row, {})
                if column in wanted:
                    cells[column] = value
            yield from ((row, cells) for row, cells in rows.items() if cells)
            if len(rows) < batch:
                return
            start = next(reversed(rows)) + b"\0"

    def close(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all = []
            self._own = threading.local()
