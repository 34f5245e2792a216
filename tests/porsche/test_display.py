"""What a run shows: lines, and the live picture in a terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from engine.errors import UserError
from porsche import processes
from porsche.compiler import compile_text
from porsche.display import Lines, shown, summary
from porsche.live import LiveDisplay, event_time
from porsche.runners.bundled import Outcome, by_node
from tests.compiler.pipelines import chain

STATUS = {
    "state": "RUNNING", "epoch": 3, "attempts": 2, "rows_in": 1500, "rows_out": 700, "late": 2, "dead_letters": 1,
    "metrics": {"Sink(scores)": {"auc": 0.6894, "n": 1234567}},
    "operators": [{"nodes": ["events"], "rows_out": 1500, "watermark": 1_512_144_000_000_000},
                  {"nodes": ["cheap"], "rows_out": 700, "watermark": None}],
}


def outcome(**changes) -> Outcome:
    given = {
        "rows_in": 1500,
        "rows_out": 700,
        "seconds": 2.0,
        "events_per_s": 750.0,
        "auc": 0.5,
        "logloss": None,
        "late": 0,
        "dead_letters": 0,
        "model_hash": None,
    }
    return Outcome(**{**given, **changes})


def test_the_live_picture() -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=100)
    display = LiveDisplay(compile_text(chain()), Path("state"), console)
    console.print(display.picture(STATUS, 0.25))
    drawn = screen.getvalue()
    for part in (
        "test  running, state in state",
        "1,500 in, 700 out",
        "2017-12-01 16:00:00",
        "3, attempt 2",
        "2 late, 1 unreadable",
        "scores",
        "auc 0.6894, n 1,234,567",
        "events",
        "25%",
        "Ctrl-C",
    ):
        assert part in drawn, drawn


def test_no_event_time_yet() -> None:
    assert event_time({"operators": [{"watermark": None}]}) == "-"


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(compile_text(chain()), Path("state"))
    lines.interval = 0.0
    lines.update(STATUS)
    lines.finish(outcome(late=2, dead_letters=1, model_hash="ab" * 32, stopped=True, metrics={"scores": {"auc": 0.5}}))
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "test: 2 nodes, state in state",
        "1,500 rows in, 700 out; scores: auc 0.6894, n 1,234,567",
        "stopped: 1,500 rows in, 700 out, 2.0 s, 750 rows/s",
        "scores: auc 0.5000",
        "2 late rows were dropped",
        "1 rows could not be read: see state/dead_letters",
        "model abababababababab",
        "the same command resumes it",
    ]


def test_a_short_summary() -> None:
    assert len(summary(outcome(), Path("s"))) == 1


def test_values_as_people_read_them() -> None:
    assert [shown(v) for v in (0.123456, 1234, True, None, "x")] == ["0.1235", "1,234", "True", "None", "x"]


def test_metrics_by_node() -> None:
    assert by_node({"Sink(a)": {"x": 1}, "Sink(b)#2": {"x": 2}, "c": {}}) == {"a": {"x": 1}, "b": {"x": 2}, "c": {}}


def test_processes_are_known_by_number_and_start(tmp_path: Path) -> None:
    assert processes.running(tmp_path) is None
    processes.note(tmp_path)
    assert processes.running(tmp_path) == os.getpid()
    processes.refuse_second(tmp_path)
    processes.forget(tmp_path)
    assert processes.running(tmp_path) is None


def test_a_process_that_took_the_number_later_is_not_stopped(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        (tmp_path / f"{processes.NOTE}.json").write_text(f'{{"pid": {other.pid}, "started": "1"}}', encoding="utf-8")
        with pytest.raises(UserError, match="nothing runs"):
            processes.stop(tmp_path)
        assert other.poll() is None
    finally:
        other.communicate(b"\n")


@pytest.mark.parametrize("text", ["", "{", "{}", '{"pid": 999999999, "started": "1"}'])
def test_notes_that_say_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / f"{processes.NOTE}.json").write_text(text, encoding="utf-8")
    assert processes.running(tmp_path) is None
