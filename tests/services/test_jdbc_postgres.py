"""The `jdbc` connector on Postgres: the suite that SQLite passes, too, and what only a server can do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from engine.connectors.base import TableOptions
from engine.connectors.retries import is_passing
from engine.errors import UserError
from engine.types import ARRAY, BIGINT, INT, STRING, Schema
from tests.engine.connectors.jdbc_suite import Base, JdbcSuite, all_of, batch, opened, sink_of


@pytest.fixture
def base(postgres):
    parts = urlsplit(postgres)

    def run(sql: str):
        with psycopg.connect(postgres, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    options = {"url": f"jdbc:postgresql://{parts.hostname}:{parts.port}{parts.path}", "username": parts.username,
               "password": parts.password}
    return Base(options, "postgres", run)


class TestPostgres(JdbcSuite):
    """All of the suite."""

    def test_arrays_and_other_types(self, base: Base) -> None:
        name = base.make("a INTEGER PRIMARY KEY, b INTEGER[], j JSONB, u UUID")
        base.run(f"INSERT INTO {name} VALUES (1, '{{1,NULL,3}}', '{{\"x\": [1]}}', "
                 "'00000000-0000-0000-0000-000000000001')")
        schema = Schema.of(a=INT, b=ARRAY(INT), j=STRING, u=STRING)
        assert all_of(opened(base.table(name, schema, (0,)), (0, 1, 2, 3))) == [
            (1, [1, None, 3], '{"x": [1]}', "00000000-0000-0000-0000-000000000001")]

    def test_a_wrong_password_does_not_pass(self, base: Base) -> None:
        options = {"connector": "jdbc", **base.options, "password": "wrong-secret", "table-name": "t"}
        with pytest.raises(UserError) as caught:
            all_of(opened(TableOptions("t", Schema.of(a=INT), options), (0,)))
        assert caught.value.code == "database_refused" and not is_passing(caught.value)
        assert "wrong-secret" not in str(caught.value)

    def test_a_connection_that_is_cut_may_pass(self, base: Base, tmp_path: Path) -> None:
        name = base.make("a BIGINT PRIMARY KEY", [(i,) for i in range(9)])
        table = base.table(name, Schema.of(a=BIGINT), (0,))
        source = opened(table, (0,))
        source.poll(2)
        base.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'porsche'")
        with pytest.raises(UserError) as caught:
            source.poll(2)
        assert is_passing(caught.value)
        assert len(all_of(source)) == 7, "the next connection goes on where it was"
        sink = sink_of(table, tmp_path)
        sink.write(batch(Schema.of(a=BIGINT), [(100,)]))
        sink.apply(sink.seal(1))
        base.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'porsche'")
        sink.write(batch(Schema.of(a=BIGINT), [(101,)]))
        sealed = sink.seal(2)
        with pytest.raises(UserError):
            sink.apply(sealed)
        sink.apply(sealed)
        assert base.rows(name)[-2:] == [(100,), (101,)]


@pytest.mark.parametrize("home", ["Plain", "ByKey"])
def test_the_process_ends_at_any_line(postgres, tmp_path: Path, home: str) -> None:
    """The suite of the sink protocol: processes end in the middle of writing, sealing and applying."""
    name = f"tests.services.postgres_homes:{home}"
    done = subprocess.run([sys.executable, "-m", "tests.engine.connectors.sink_faults", name, str(tmp_path), "12"],
                          cwd=Path(__file__).parents[2], env={**os.environ, "TEST_POSTGRES": postgres},
                          capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == {} and found["tried"] > 20
