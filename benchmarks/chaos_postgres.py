"""A Postgres that the runs of `chaos` write to beside everything else: windows, appended, and counters, by key.

All of it is in a database of its own, which goes with its `Server`.
"""

from __future__ import annotations

import uuid
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from porsche.runners.secrets import VARIABLE as SECRET

SINKS = ("postgres_windows", "postgres_counters")
NODES = """\
  - {{id: postgres_windows, component: table_sink, properties: {{
     columns: [category_id, events, users, dearest], options: {{{options}, table-name: "${{tables}}_windows"}}}}}}
  - {{id: postgres_counters, component: table_sink, properties: {{
     key: [category_id], options: {{{options}, table-name: "${{tables}}_counters"}}}}}}
"""
OPTIONS = """\
connector: jdbc, url: "jdbc:postgresql://{host}:{port}/{base}", username: "{user}",
     password: "${{secret:CHAOS}}"\
"""
EDGES = """\
  - {from: hours, to: postgres_windows}
  - {from: counted, to: postgres_counters}
"""
TABLES = (
    "CREATE TABLE {} (category_id BIGINT, events BIGINT, users BIGINT, dearest DOUBLE PRECISION)",
    "CREATE TABLE {} (category_id BIGINT PRIMARY KEY, events BIGINT, spent BIGINT)",
)
CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND application_name = 'porsche'
"""


class Server:
    """A context: a new database of the Postgres at a URL. `variables`: what the platform's processes need for it."""

    def __init__(self, url: str) -> None:
        self._url, self._base = url, f"chaos_{uuid.uuid4().hex[:12]}"
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "localhost", parts.port or 5432
        self._user = unquote(parts.username or "")
        self.secret = {f"{SECRET}CHAOS": unquote(parts.password or "")}

    def __enter__(self) -> Self:
        self._run("CREATE DATABASE {}", self._base)
        return self

    def __exit__(self, *_: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", self._base)

    def document(self, document: str) -> str:
        """A document with tables of this server as sinks, too; `${tables}` begins their names."""
        options = OPTIONS.format(host=self._host, port=self._port, base=self._base, user=self._user)
        nodes = NODES.format(options=options)
        return document.replace("edges:\n", f"{nodes}edges:\n").replace("base: {},", "base: {}, tables: {},") + EDGES

    def environment(self, path: Path) -> dict[str, str]:
        """Variables of a platform whose jobs may reach this server: an environment in a file, and the password."""
        dev = files("porsche.compiler").joinpath("environments/dev.yaml").read_text("utf-8")
        path.write_text(dev.replace("hosts: []", f"hosts: ['{self._host}:{self._port}']"), "utf-8")
        return {"PORSCHE_ENVIRONMENT": str(path), **self.secret}

    def make(self, tables: str) -> None:
        """The tables of a run."""
        for name, statement in zip(SINKS, TABLES, strict=True):
            self._run(statement, _table(tables, name), base=self._base)

    def written(self, tables: str) -> dict[str, Counter[str]]:
        """How often each row is in each of a run's tables."""
        return {name: Counter(map(str, self._run("SELECT * FROM {}", _table(tables, name), base=self._base)))
                for name in SINKS}

    def cut(self) -> int:
        """End the connections that jobs have; how many there were."""
        with self._connect() as connection:
            found = connection.execute(CUT, (self._base,)).fetchone()
            return int(found[0]) if found else 0

    def _run(self, statement: Any, name: str, base: str = "") -> list[Any]:
        with self._connect(base) as connection:
            cursor = connection.execute(SQL(statement).format(Identifier(name)))
            return cursor.fetchall() if cursor.description else []

    def _connect(self, base: str = "") -> psycopg.Connection[Any]:
        more = {"dbname": base} if base else {}
        return psycopg.connect(make_conninfo(self._url, **more), autocommit=True)


def _table(tables: str, sink: str) -> str:
    return f"{tables}_{sink.removeprefix('postgres_')}"
