"""Tables of a Postgres, for the suite of the sink protocol; its URL is in the variable TEST_POSTGRES."""

from __future__ import annotations

import hashlib
import os
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.engine.connectors.sinks import Home, Keyed, Rows


class Plain(Home):
    connector = "jdbc"
    columns = "n BIGINT, s TEXT"
    ahead = False

    @property
    def name(self) -> str:
        return "t" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]

    def _run(self, sql: str) -> list[Any]:
        with psycopg.connect(os.environ["TEST_POSTGRES"], autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def make(self) -> None:
        self._run(f"CREATE TABLE {self.name} ({self.columns})")

    def options(self) -> dict[str, str]:
        url = urlsplit(os.environ["TEST_POSTGRES"])
        return {"url": f"jdbc:postgresql://{url.hostname}:{url.port}{url.path}", "username": url.username or "",
                "password": url.password or "", "table-name": self.name}

    def rows(self) -> Rows:
        return sorted(self._run(f"SELECT n, s FROM {self.name}"))


class ByKey(Keyed, Plain):
    columns = "n BIGINT PRIMARY KEY, s TEXT"
    ahead = True
