"""Files that others read while they change."""

from __future__ import annotations

from pathlib import Path

from engine.durable import tell


def test_told_by_a_rename(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    assert tell(path, "one")
    held = path.open()
    assert tell(path, "the other")
    assert held.read() == "one", "who reads meanwhile reads the old one"
    assert path.read_text() == "the other"
    assert list(tmp_path.iterdir()) == [path]
    held.close()


def test_told_in_place_where_there_is_no_room_for_another_file(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    assert tell(path, "the first that is told")
    (tmp_path / ".status.json").mkdir()  # so that none can be made
    assert tell(path, "the second")
    assert path.read_text() == "the second"


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    assert not tell(tmp_path / "nowhere" / "status.json", "one")
