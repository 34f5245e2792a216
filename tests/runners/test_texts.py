"""What processes write for people: without secrets, within bounds; and what their failures mean."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import RuntimeFault, Unavailable, UserError
from porsche.compiler import Diagnostic, DocumentError
from porsche.output import shift
from porsche.redaction import redact, secrets_of
from porsche.runners import logs
from porsche.runners.failures import Failure, failure
from porsche.runners.launch import THRIFTY, passed

SECRET = "hunter2-and-more"


@pytest.mark.parametrize("text", [
    f"password={SECRET}",
    f"'password' = '{SECRET}'",
    f"'properties.sasl.jaas.config' = 'org.x username=\"me\" password=\"{SECRET}\"'",
    f'{{"db_password": "{SECRET}", "host": "h"}}',
    f"PASSWORD: {SECRET}",
    f"api-key={SECRET}&x=1",
    f"s3.access-key: {SECRET}",
    f"client_secret={SECRET}",
    f"postgresql://me:{SECRET}@host:5432/db",
    f"Authorization: Bearer {SECRET}",
    f"psk_{SECRET}",
    f"GET /sign-in/{SECRET} 200",
])
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    shown = redact(text)
    assert SECRET not in shown
    assert "***" in shown


@pytest.mark.parametrize("text", [
    "42 rows in, 40 out", "column 'price' of 'tokens' is missing", "http://localhost:8000/api", "key = value",
    "the sign-in page", "passwords are kept as hashes",
])
def test_other_texts_stay(text: str) -> None:
    assert redact(text) == text


def test_values_known_to_be_secrets_are_hidden_anywhere() -> None:
    values = secrets_of({"db_password": SECRET, "rows": "20000", "token": "abc", "API_KEY": "longer-" + SECRET})
    assert values == ("longer-" + SECRET, SECRET), "longest first; what is shorter than four is not looked for"
    assert redact(f"cannot reach {SECRET} (longer-{SECRET})", values) == "cannot reach *** (***)"


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before = root.handlers, root.level, sys.excepthook
    logs.start(tmp_path / "log.jsonl", 3, (SECRET,))
    yield tmp_path / "log.jsonl"
    for handler in root.handlers:
        handler.close()
    root.handlers, sys.excepthook = before[0], before[2]
    root.setLevel(before[1])
    logging.captureWarnings(False)


def test_a_log_is_lines_of_json_without_secrets(logged: Path) -> None:
    logger = logging.getLogger("engine.somewhere")
    logger.warning("%s is hidden, and token=%s", SECRET, "abcdef", extra={"node": "model"})
    try:
        raise ValueError(f"with {SECRET}")
    except ValueError:
        logger.exception("two\nlines")
    first, second = (json.loads(line) for line in logged.read_text("utf-8").splitlines())
    assert first["at"] > 1e9
    assert {name: value for name, value in first.items() if name != "at"} == {
        "level": "WARNING", "logger": "engine.somewhere", "message": "*** is hidden, and token=***", "attempt": 3,
        "node": "model"}
    assert second["message"] == "two\nlines"
    assert "ValueError: with ***" in second["trace"]
    assert SECRET not in logged.read_text("utf-8")


def test_logs_stay_within_bounds(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / "web.log").write_text(str(number), encoding="utf-8")
        shift(tmp_path / "web.log", kept=3)
    assert {p.name: p.read_text("utf-8") for p in tmp_path.iterdir()} == {
        "web.log.1": "7", "web.log.2": "6", "web.log.3": "5"}


def test_output_of_a_process_moves_to_a_new_file_when_one_is_full(tmp_path: Path) -> None:
    """What C code writes moves too."""
    program = ("import os, sys\nfrom pathlib import Path\nfrom porsche.output import Redirected\n"
               f"output = Redirected(Path({str(tmp_path / 'o.log')!r}), limit=100, kept=2)\n"
               "for i in range(5):\n    os.write(2, b'%d' % i * 60)\n    print('x' * 30, flush=True)\n"
               "    output.check()\n")
    subprocess.run([sys.executable, "-c", program], check=True)
    sizes = {p.name: p.stat().st_size for p in tmp_path.iterdir()}
    assert set(sizes) == {"o.log", "o.log.1", "o.log.2"}
    assert sizes == {"o.log": 91, "o.log.1": 182, "o.log.2": 182}
    assert (tmp_path / "o.log").read_text("utf-8").startswith("4" * 60)


DIAGNOSTICS = [Diagnostic("warning", "unused", "w"),
               Diagnostic("error", "unknown_column", "no", "did you", "n", "p", 3, 5),
               Diagnostic("error", "other", "o")]


@pytest.mark.parametrize(("error", "expected"), [
    (DocumentError(DIAGNOSTICS), Failure("unknown_column", "no (and 1 more)", "did you", "n", "p", 3, 5)),
    (UserError("missing_file", "m", hint="h", node="n"), Failure("missing_file", "m", "h", "n")),
    (UserError("checkpoint_io", "m"), Failure("checkpoint_io", "m", retryable=True)),
    (UserError("store_unavailable", "m"), Failure("store_unavailable", "m", retryable=True)),
    (Unavailable("away", "m", hint="h"), Failure("away", "m", "h", retryable=True)),
    (RuntimeFault("by zero", code="division_by_zero", node="n"), Failure("division_by_zero", "by zero", node="n")),
    (OSError(28, "No space left", "x"), Failure("input_output", "x: No space left", retryable=True)),
    (ConnectionRefusedError(111, "refused"), Failure("input_output", "refused", retryable=True)),
    (PermissionError(13, "denied", "x"), Failure("input_output", "x: denied")),
])
def test_what_a_failure_means(error: Exception, expected: Failure) -> None:
    assert failure(error) == expected


def test_out_of_memory_and_bugs_may_be_tried_again() -> None:
    assert failure(MemoryError()).retryable and failure(MemoryError()).code == "out_of_memory"
    found = failure(AssertionError("that"))
    assert found.retryable and found.code == "internal_error" and "this is a bug" in found.message
    assert found.trace is not None and "AssertionError: that" in found.trace


def test_a_job_sees_none_of_the_platforms_secrets() -> None:
    given = {"PATH": "p", "LC_ALL": "C", "PYTHONPATH": "x", "PORSCHE_SECRET_KEY": "s", "PORSCHE_DATABASE": "d",
             "PORSCHE_BROKER": "b", "AWS_SECRET_ACCESS_KEY": "a", "DJANGO_SETTINGS_MODULE": "m"}
    assert passed(given) == THRIFTY | {"PATH": "p", "LC_ALL": "C", "PYTHONPATH": "x"}
    assert "HOME" in passed(os.environ)
