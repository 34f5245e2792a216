"""Dead letters: what each says, paging through them, and how many are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.connectors.base import DeadLetter
from engine.runtime.dead_letters import MOST_FILES, DeadLetters, Most, read
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
        after = page[-1]["number"]
    assert found == expected


def test_what_a_letter_says(folder: Path) -> None:
    assert read(folder, limit=1) == [{
        "number": 0, "at": 12.5, "node": "e", "source": "Source[e]", "code": "bad_record", "message": "bad",
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


@pytest.fixture
def letters(tmp_path: Path) -> DeadLetters:
    return DeadLetters(tmp_path, most=Most(letters=100, bytes=1 << 20))


def come(letters: DeadLetters, epoch: int, count: int, text: str = "x") -> dict[str, Any]:
    """So many letters and a checkpoint; what it sealed."""
    letters.collect("s", None, [DeadLetter("p", text, "bad") for _ in range(count)])
    sealed = letters.seal(epoch)
    letters.apply(sealed)
    return sealed


def numbers(folder: Path) -> list[int]:
    return [letter["number"] for letter in read(folder, limit=1_000_000)]


def test_the_newest_are_kept(tmp_path: Path, letters: DeadLetters) -> None:
    for epoch in range(1, 30):
        come(letters, epoch, 7)
    assert numbers(tmp_path) == list(range(29 * 7 - 98, 29 * 7)), "14 whole epochs of 7 are the most below 100"
    assert letters.dropped == 29 * 7 - 98
    (warning,) = letters.warnings()
    assert (warning["code"], "the newest 100, in at most 1 MB" in warning["message"]) == ("dead_letters_dropped", True)


def test_nothing_is_dropped_before_it_has_to_be(tmp_path: Path, letters: DeadLetters) -> None:
    come(letters, 1, 60)
    come(letters, 2, 40)
    assert (numbers(tmp_path), letters.dropped, letters.warnings()) == (list(range(100)), 0, [])


def test_an_epoch_of_more_than_are_kept(tmp_path: Path, letters: DeadLetters) -> None:
    for _ in range(3):
        letters.collect("s", None, [DeadLetter("p", "x", "bad")] * 150)
    assert letters.dropped == 350
    come(letters, 1, 0)
    assert (numbers(tmp_path), letters.dropped) == (list(range(350, 450)), 350)


def test_bytes_are_bounded(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path, most=Most(letters=10**6, bytes=40_000))
    for epoch in range(1, 20):
        come(letters, epoch, 10, "ä" * 1000)
    size = sum(part.stat().st_size for part in tmp_path.glob("part-*"))
    assert 20_000 < size <= 40_000
    found = numbers(tmp_path)
    assert found[-1] == 189
    assert letters.dropped == 190 - len(found)


def test_files_stay_few(tmp_path: Path, letters: DeadLetters) -> None:
    for epoch in range(1, 500):
        come(letters, epoch, 1)
        assert len(list(tmp_path.glob("part-*"))) <= MOST_FILES
    found = numbers(tmp_path)
    assert found == list(range(found[0], 499))
    assert 80 < len(found) <= 100
    assert letters.dropped == found[0]


@pytest.mark.parametrize("back", [0, 1, 3])
def test_counted_exactly_once_through_a_crash(tmp_path: Path, letters: DeadLetters, back: int) -> None:
    """From the last checkpoint, or an older one whose followers are damaged: what came after it comes again."""
    sealed = [come(letters, epoch, 7) for epoch in range(1, 30)]
    letters.collect("s", None, [DeadLetter("p", "x", "bad")] * 5)
    again = DeadLetters(tmp_path, most=Most(letters=100, bytes=1 << 20))
    again.recover(sealed[-1 - back])
    assert again.dropped + len(numbers(tmp_path)) == (29 - back) * 7
    for epoch in range(30 - back, 40):
        come(again, epoch, 7)
    assert numbers(tmp_path) == list(range(39 * 7 - 98, 39 * 7))
    assert again.dropped == 39 * 7 - 98


def test_a_crash_before_what_was_sealed_is_there(tmp_path: Path, letters: DeadLetters) -> None:
    for epoch in range(1, 15):
        come(letters, epoch, 7)
    letters.collect("s", None, [DeadLetter("p", "x", "bad")] * 7)
    sealed = letters.seal(15)
    again = DeadLetters(tmp_path, most=Most(letters=100, bytes=1 << 20))
    again.recover(sealed)
    assert (numbers(tmp_path), again.dropped) == (list(range(7, 105)), 7)


def test_a_crash_within_a_merge_doubles_nothing(tmp_path: Path, letters: DeadLetters) -> None:
    sealed = [come(letters, epoch, 2) for epoch in range(1, 6)][-1]
    merged = "".join((tmp_path / f"part-{epoch}.jsonl").read_text() for epoch in (1, 2, 3))
    (tmp_path / "part-3.jsonl").write_text(merged)
    assert numbers(tmp_path) == list(range(10))
    again = DeadLetters(tmp_path)
    again.recover(sealed)
    assert (numbers(tmp_path), again.dropped) == (list(range(10)), 0)
    assert sorted(part.name for part in tmp_path.glob("part-*")) == ["part-3.jsonl", "part-4.jsonl", "part-5.jsonl"]


def test_a_folder_of_an_earlier_version(tmp_path: Path) -> None:
    (tmp_path / "part-2.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')
    letters = DeadLetters(tmp_path)
    letters.recover({"epoch": 2})
    come(letters, 3, 1)
    assert letters.dropped == 0
    assert [letter["text"] for letter in read(tmp_path)] == ["a", "b", "x"]


def test_a_disk_that_takes_none(tmp_path: Path, letters: DeadLetters) -> None:
    come(letters, 1, 3)
    (tmp_path / ".epoch-2").mkdir()
    come(letters, 2, 3)
    assert (numbers(tmp_path), letters.dropped) == ([0, 1, 2], 0), "they wait"
    come(letters, 3, 1)
    assert numbers(tmp_path) == list(range(7))


def test_a_job_says_what_it_drops(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x\n" * 30 + "1\n", encoding="utf-8")
    session = Session(folder=tmp_path / "state", nodes={"e": "events"})
    list(session.script(f"""
        SET 'dead-letters.max-count' = '10';
        CREATE TABLE e (n INT) WITH ('connector' = 'filesystem', 'format' = 'csv', 'path' = '{tmp_path}/in.csv');
        CREATE TABLE o (n INT) WITH ('connector' = 'blackhole');
        INSERT INTO o SELECT n FROM e;
    """))
    statuses: list[dict[str, Any]] = []
    session.run(RunOptions(on_status=statuses.append))
    assert (statuses[-1]["dead_letters"], statuses[-1]["dead_letters_dropped"]) == (30, 20)
    assert [warning["code"] for warning in statuses[-1]["warnings"]] == ["dead_letters_dropped"]
    assert numbers(tmp_path / "state" / "dead_letters") == list(range(20, 30))
