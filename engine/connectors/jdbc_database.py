"""The databases of the `jdbc` connector: SQLite files and Postgres, by their JDBC URLs.

    database = open_database("jdbc:postgresql://host:5432/shop", "name", "password", Access())
    with database.transaction() as connection:
        connection.execute(sql, parameters)

Errors that may pass (a server that is away, a lost connection, a lock) are `Unavailable`; what the database refuses is
the user's. Neither holds a password: it stands in no URL.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from engine.connectors.access import allow_host, allow_path
from engine.connectors.base import Access
from engine.errors import Unavailable, UserError

SQLITE, POSTGRES = "jdbc:sqlite:", "jdbc:postgresql:"
PASSING_SQLITE = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
})  # fmt: skip
WAIT_FOR_LOCK = 5.0
"""Seconds that SQLite waits for another writer; then it is tried again like all that passes."""
CONNECT, ANSWER = 10, 60_000
"""Seconds until a connection has to be there, milliseconds until sent data has to be acknowledged."""
NO_FILE = "/nonexistent"  # passwords are given, never taken from the account's own file
_REFUSED = ("authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied")
_POSTGRES_URL = re.compile(r"jdbc:postgresql://(?P<host>\[[0-9a-fA-F:.]+\]|[^/?:,@\s]+)(:(?P<port>\d+))?/"
                           r"(?P<name>[^?/\s]+)(\?(?P<more>.*))?")
_PROPERTIES = {"sslmode": "sslmode", "ApplicationName": "application_name"}
"""Properties of the URL that are taken, by Postgres' own names."""

Row = tuple[Any, ...]


class Database(ABC):
    """Connections to one database, used again, each by one thread at a time. `local`: it answers at once."""

    local = False
    dialect = ""
    begin = "BEGIN"
    errors: tuple[type[Exception], ...] = ()

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self._free: list[Any] = []
        self._lock = threading.Lock()
        self._closed = False

    @abstractmethod
    def _connect(self) -> Any:
        """A new connection, which commits each statement by itself."""

    @abstractmethod
    def _passes(self, error: Exception) -> bool:
        """Whether an error may go away."""

    def _cursor(self, connection: Any) -> Any:
        """A cursor that gives rows as they are fetched."""
        return connection.cursor()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection, which is dropped where something fails. UserError `database_refused`, Unavailable
        `database_unavailable`."""
        found = None
        try:
            with self._lock:
                found = self._free.pop() if self._free else None
            if found is None:
                found = self._connect()
            yield found
        except BaseException as error:
            self._drop(found)
            if isinstance(error, self.errors):
                raise self._failure(error) from error
            raise
        with self._lock:
            if not self._closed:
                self._free.append(found)
                return
        self._drop(found)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A connection inside a transaction, committed at the end; where something fails nothing is done."""
        with self.connection() as connection:
            connection.execute(self.begin)
            yield connection
            connection.execute("COMMIT")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self.connection() as connection:
            found: list[Row] = connection.execute(sql, parameters).fetchall()
            return found

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """The rows of a query, so many at a time."""
        with self.transaction() as connection:
            cursor = self._cursor(connection)
            cursor.execute(sql, parameters)
            while found := cursor.fetchmany(size):
                yield found
            cursor.close()

    def _failure(self, error: Exception) -> UserError:
        text = " ".join(str(error).split())
        if self._passes(error):
            return Unavailable("database_unavailable", f"{self.shown}: {text}", hint="does it run, and can it be had?")
        return UserError("database_refused", f"{self.shown}: {text}")

    def _drop(self, connection: Any) -> None:
        if connection is not None:
            with suppress(*self.errors):
                connection.close()

    def open(self) -> None:
        """Keep connections (again, after `close`)."""
        with self._lock:
            self._closed = False

    def close(self) -> None:
        """Close what is free now, and what is in use once it is free."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        for connection in free:
            self._drop(connection)


class Sqlite(Database):
    """A file."""

    local = True
    dialect = "sqlite"
    begin = "BEGIN IMMEDIATE"
    errors = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        super().__init__(f"SQLite's {path}")
        self._path = path

    def _connect(self) -> sqlite3.Connection:
        if not self._path.is_file():
            raise UserError("missing_file", f"there is no database {self._path}", hint="make it, with its tables")
        connection = sqlite3.connect(self._path, timeout=WAIT_FOR_LOCK, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[Row]]:
        with self.connection() as connection:  # not in a transaction that keeps writers away
            cursor = connection.execute(sql, parameters)
            while found := cursor.fetchmany(size):
                yield found

    def _passes(self, error: Exception) -> bool:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in PASSING_SQLITE


class Postgres(Database):
    """A server."""

    dialect = "postgres"

    def __init__(self, host: str, port: int, name: str, username: str | None, password: str | None,
                 properties: dict[str, str]) -> None:
        import psycopg

        super().__init__(f"Postgres at {host}:{port}/{name}")
        self.errors = (psycopg.Error,)
        self._given: dict[str, Any] = {
            "host": host.strip("[]"), "port": port, "dbname": name, "user": username, "password": password,
            "application_name": "porsche", "connect_timeout": CONNECT, "tcp_user_timeout": ANSWER,
            "passfile": NO_FILE, **properties,
        }

    def _connect(self) -> Any:
        import psycopg

        return psycopg.connect(**self._given, autocommit=True)

    def _cursor(self, connection: Any) -> Any:
        return connection.cursor(name="scan")

    def _passes(self, error: Exception) -> bool:
        import psycopg

        refused = any(word in str(error) for word in _REFUSED) and getattr(error, "sqlstate", None) is None
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not refused


def open_database(url: str, username: str | None, password: str | None, access: Access) -> Database:
    """The database of a URL; connects nothing yet.

    Errors: `wrong_option` for a URL that is none of ours, `path_not_allowed`, `host_not_allowed`.
    """
    if url.startswith(SQLITE):
        path = url.removeprefix(SQLITE)
        if not path or path.startswith((":", "file:")):
            raise UserError("wrong_option", f"'{url}' names no file", hint="write jdbc:sqlite:PATH")
        return Sqlite(allow_path(access, path))
    if not url.startswith(POSTGRES):
        raise UserError("wrong_option", f"there is no database for the URL '{url.partition('?')[0]}'",
                        hint="there are jdbc:sqlite:PATH and jdbc:postgresql://HOST:PORT/DATABASE")
    match = _POSTGRES_URL.fullmatch(url)
    if match is None:
        raise UserError("wrong_option", "the option 'url' is no URL of a Postgres database",
                        hint="write jdbc:postgresql://HOST:PORT/DATABASE; name and password are options")
    host, port = match["host"], int(match["port"] or 5432)
    allow_host(access, host, port)
    return Postgres(host, port, unquote(match["name"]), username, password, _properties(match["more"] or ""))


def _properties(text: str) -> dict[str, str]:
    found = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name not in _PROPERTIES:
            raise UserError("wrong_option", f"the option 'url' has a property '{name}' that is not known here",
                            hint=f"known are {', '.join(_PROPERTIES)}; name and password are options")
        found[_PROPERTIES[name]] = value
    return found
