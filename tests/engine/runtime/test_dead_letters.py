"""Dead letters: what each says, and paging through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.connectors.base import DeadLetter
from engine.runtime.dead_letters import DeadLetters, read
from engine.session import RunOptions, Session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven letters, 0 to 6, of three epochs; an eighth that is not sealed."""
    letters = DeadLetters(tmp_path, clock=lambda: 12.5)
    number = 0
    for epoch, count in ((1, 2), (2, 1), (10, 4)):
        letters.collect("Source[e]", "e", [DeadLetter(f"in.csv:{number + i}", "x", "bad") for i in range(count)])
        letters.apply(letters.seal(epoch))
        number += count
    letters.collect("Source[e]", "e", [DeadLetter("in.csv:7", "x", "bad")])
    letters.seal(11)
    return tmp_path


def places(page: list[dict[str, Any]]) -> list[int]:
    return [int(letter["place"].split(":")[1]) for letter in page]


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages(folder: Path, newest: bool, limit: int) -> None:
    expected = list(range(7))[:: -1 if newest else 1]
    found: list[int] = []
    after = None
    while page := read(folder, after, limit, newest=newest):
        assert len(page) <= limit
        found += places(page)
        after = page[-1]["id"]
    assert found == expected


def test_what_a_letter_says(folder: Path) -> None:
    assert read(folder, limit=1) == [{
        "id": "1-0", "at": 12.5, "node": "e", "source": "Source[e]", "code": "bad_record", "message": "bad",
        "place": "in.csv:0", "text": "x", "reason": "bad"}]


def test_text_is_cut_between_characters(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    letters.collect("s", None, [DeadLetter("p", "a" + "ä" * 5000, "bad")])
    letters.apply(letters.seal(1))
    assert read(tmp_path)[0]["text"] == "a" + "ä" * 1999  # 3,999 bytes: another would be half a character


def test_other_line_ends_within_a_record(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    letters.collect("s", None, [DeadLetter("p", "a\u2028b\rc\nd\x85", "bad")])
    letters.apply(letters.seal(1))
    assert [x["text"] for x in read(tmp_path)] == ["a\u2028b\rc\nd\x85"]


@pytest.mark.parametrize("after", ["", "x", "1-x", "99"])
def test_an_unknown_place_is_no_fault(folder: Path, after: str) -> None:
    assert places(read(folder, after, 3)) == [0, 1, 2]


def test_nothing_yet(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == []


def test_a_job_names_the_node(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("1\nx\n2\n", encoding="utf-8")
    session = Session(folder=tmp_path / "state", nodes={"e": "events"})
    list(session.script(f"""
        CREATE TABLE e (n INT) WITH ('connector' = 'filesystem', 'format' = 'csv', 'path' = '{tmp_path}/in.csv');
        CREATE TABLE o (n INT) WITH ('connector' = 'blackhole');
        INSERT INTO o SELECT n FROM e;
    """))
    statuses: list[dict[str, Any]] = []
    session.run(RunOptions(on_status=statuses.append))
    (letter,) = read(tmp_path / "state" / "dead_letters")
    assert (letter["node"], letter["text"]) == ("events", "x")
    assert letter["place"].endswith(":2")
    assert statuses[-1]["nodes"]["events"]["dead_letters"] == 1
