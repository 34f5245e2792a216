"""What a person at a shell is told: one clear line on standard error and exit status 1, never a traceback."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROWS = "CREATE TABLE t (k INT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = 'in.csv', 'format' = 'csv');\n"
OUT = "CREATE TABLE o (k INT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');\n"


def run(folder: Path, script: str, *, limit: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    (folder / "job.sql").write_text(script, encoding="utf-8")
    command = [sys.executable, "-m", "engine", "run", "job.sql", "--state", "state"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=110,
                          env=environment, preexec_fn=limit)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why."""
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("job.sql: ")
    return lines[0]


def test_a_script_that_only_asks_is_answered(tmp_path: Path) -> None:
    done = run(tmp_path, ROWS + "SHOW TABLES;")
    assert (done.returncode, done.stderr) == (0, "")
    assert "t" in done.stdout.split()


def written(folder: Path) -> list[dict[str, object]]:
    parts = sorted((folder / "out").glob("part-*"))
    return [json.loads(line) for part in parts for line in part.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("script", "words"), [
    ("INSERT INTO o SELECT k, w FROM t", ["line 3, column 25", "'w'"]),
    ("INSERT INTO o SELECT k, v AND 1 FROM t", ["line 3", "AND"]),
    ("INSERT INTO o SELECT k, 'a' * v FROM t", ["CHAR(1)", "BIGINT"]),
    ("INSERT INTO o SELECT k, CAST(v AS STRING) FROM t", ["STRING"]),
    ("INSERT INTO o SELECT k FROM t", ["1", "2"]),
    ("INSERT INTO o SELECT k, v FROM nowhere", ["nowhere"]),
    ("INSERT INTO o SELECT k, v FROM", ["line 3"]),
    ("INSERT INTO o SELECT k, SUM(v) FROM t GROUP BY k", ["'o'", "update"]),
    ("SET 'parallelism.default' = 'many'; INSERT INTO o SELECT k, v FROM t", ["parallelism.default", "many"]),
    ("SELECT 1 / 0 FROM t", ["zero"]),
    ("SET 'parallelism.default' = '1'", ["INSERT"]),
], ids=["column", "types", "cast", "sink type", "sink width", "table", "syntax", "updates", "setting",
        "runtime", "nothing"])
def test_statements(tmp_path: Path, script: str, words: list[str]) -> None:
    (tmp_path / "in.csv").write_text("1,2\n", encoding="utf-8")
    message = refused(run(tmp_path, ROWS + OUT + script + ";"))
    assert all(word in message for word in words), message


@pytest.mark.parametrize(("table", "words"), [
    ("'connector' = 'filesystem', 'path' = 'none.csv', 'format' = 'csv'", ["none.csv"]),
    ("'connector' = 'filesystem', 'path' = 'in.csv', 'format' = 'cvs'", ["cvs"]),
    ("'connector' = 'filesystem', 'path' = 'in.csv', 'format' = 'csv', 'pth' = 'x'", ["pth"]),
    ("'connector' = 'filesystem', 'format' = 'csv'", ["path"]),
    ("'connector' = 'flesystem'", ["flesystem"]),
    ("'path' = 'in.csv'", ["connector"]),
    ("'connector' = 'blackhole'", ["source"]),
], ids=["file", "format", "option", "path", "connector", "no connector", "not a source"])
def test_tables(tmp_path: Path, table: str, words: list[str]) -> None:
    (tmp_path / "in.csv").write_text("1,2\n", encoding="utf-8")
    message = refused(run(tmp_path, f"CREATE TABLE t (k INT, v BIGINT) WITH ({table});\nSELECT k FROM t;"))
    assert all(word in message for word in words), message


def test_missing_script(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine", "run", "none.sql"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, check=False, cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "none.sql: there is no such script\n"


def test_stopped_it_says_that_it_can_be_resumed(tmp_path: Path) -> None:
    script = tmp_path / "endless.sql"
    script.write_text("CREATE TABLE t (k INT) WITH ('connector' = 'datagen', 'rows-per-second' = '500');\n"
                      "CREATE TABLE o (k INT) WITH ('connector' = 'blackhole');\n"
                      "INSERT INTO o SELECT k FROM t;", encoding="utf-8")
    state = tmp_path / "state"
    command = [sys.executable, "-m", "engine", "run", str(script), "--state", str(state)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not (state / "status.json").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.endswith("; stopped: the same command resumes it\n")
    assert list((state / "checkpoints").glob("*.json")) and not (state / "finished.json").exists()


@pytest.mark.parametrize("place", ["out", "state"])
def test_a_file_where_a_folder_should_be(tmp_path: Path, place: str) -> None:
    (tmp_path / "in.csv").write_text("1,2\n", encoding="utf-8")
    (tmp_path / place).write_text("in the way", encoding="utf-8")
    assert place in refused(run(tmp_path, ROWS + OUT + "INSERT INTO o SELECT k, v FROM t;"))


@pytest.mark.parametrize("place", ["out", "state"])
def test_unwritable_folder(tmp_path: Path, place: str) -> None:
    """/proc takes no files, whoever asks."""
    (tmp_path / "in.csv").write_text("1,2\n", encoding="utf-8")
    (tmp_path / place).symlink_to("/proc/fs")
    assert place in refused(run(tmp_path, ROWS + OUT + "INSERT INTO o SELECT k, v FROM t;"))


def little_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))


def test_full_disk_then_room_again(tmp_path: Path) -> None:
    """No file may grow beyond 64 kB (a full disk, as it were): one line says so; with room the job ends well."""
    (tmp_path / "in.csv").write_text("".join(f"{i},{i}\n" for i in range(20_000)), encoding="utf-8")
    script = ROWS + OUT + "INSERT INTO o SELECT k, v FROM t;"
    message = refused(run(tmp_path, script, limit=little_room))
    assert "out" in message and "File too large" in message
    assert written(tmp_path) == []
    assert run(tmp_path, script).returncode == 0
    assert written(tmp_path) == [{"k": i, "v": i} for i in range(20_000)]


def test_malformed_rows_are_dead_letters(tmp_path: Path) -> None:
    """With file, line, text and reason; counted; the others pass."""
    (tmp_path / "in.csv").write_text('1,2\nx,3\n4\n5,6,7\n"8,9\n10,11\n', encoding="utf-8")
    done = run(tmp_path, ROWS + OUT + "INSERT INTO o SELECT k, v FROM t;")
    assert done.returncode == 0, done.stderr
    letters = [json.loads(line) for part in (tmp_path / "state" / "dead_letters").glob("part-*")
               for line in part.read_text(encoding="utf-8").splitlines()]
    assert f"{len(letters)} dead letters" in done.stderr
    assert {letter["place"].rsplit(":", 1)[-1] for letter in letters} >= {"2"}
    assert all(letter["place"].startswith("in.csv") and letter["text"] and letter["reason"] for letter in letters)
    assert written(tmp_path)[0] == {"k": 1, "v": 2}
