"""The tour in the README shows what the script that makes it says."""

from __future__ import annotations

import re
import struct

import pytest

from scripts.tour import FOLDER, ROOT, STOPS, Stop

LARGEST = 300_000


def test_each_stop_has_its_picture_and_no_picture_is_left_over() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(f"{stop.name}.png" for stop in STOPS)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_picture(stop: Stop) -> None:
    data = (FOLDER / f"{stop.name}.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n") and len(data) <= LARGEST
    assert struct.unpack(">II", data[16:24]) == stop.size


def test_the_readme_shows_them_with_what_is_said_of_them() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^(.+)\n\n!\[(.+?)\]\(docs/tour/(\w+)\.png\)$", text, re.MULTILINE)
    assert shown == [(stop.says, stop.name, stop.name) for stop in STOPS]
