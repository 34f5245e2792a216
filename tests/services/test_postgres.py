"""The platform on Postgres: the same migrations, the same tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
TESTS = ("tests/ide", "tests/monitor/test_rollups.py")


def python(database: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PORSCHE_DATABASE": database, **variables}
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True,
                          check=False, timeout=540)


def test_migrations_make_the_tables_that_models_declare(postgres, tmp_path):
    home = {"PORSCHE_HOME": str(tmp_path)}
    done = python(postgres, "manage.py", "migrate", "--verbosity", "0", **home)
    assert done.returncode == 0, done.stderr
    assert python(postgres, "manage.py", "makemigrations", "--check", "--dry-run", **home).returncode == 0
    assert python(postgres, "manage.py", "check", "--database", "default", **home).returncode == 0
    with psycopg.connect(postgres) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert {"ide_run", "ide_work", "monitor_rollup"} <= {name for (name,) in rows}


@pytest.mark.parametrize("tests", TESTS)
def test_the_same_tests_pass(postgres, tests):
    done = python(postgres, "-m", "pytest", tests, "-q", "-p", "no:cacheprovider", "-m", "not slow")
    assert done.returncode == 0, done.stdout[-8000:]
    assert " passed" in done.stdout
