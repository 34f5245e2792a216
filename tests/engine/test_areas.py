"""State beyond its budget: moved into files where it is, unnoticed by whoever holds its address."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from engine import areas
from engine.areas import Area, Keeper
from engine.changes import Column
from engine.connectors.arrow import column_of, python_values
from engine.memory import Reservation, address
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, STRING

LONG = BIGINT.as_nullable(False)


@pytest.fixture(autouse=True)
def _small_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()  # areas of other tests
    monkeypatch.setattr(areas, "SLAB", 1 << 20)


def _anonymous(of: int) -> bool:
    """Whether an address is of memory behind which there is no file."""
    with open("/proc/self/maps", encoding="ascii") as file:
        for line in file:
            low, high = (int(end, 16) for end in line.split()[0].split("-"))
            if low <= of < high:
                return line.split()[4] == "0"
    raise AssertionError(of)


def test_a_slab_stays_where_it_is(tmp_path: Path) -> None:
    area = Area(5 << 20)
    array = np.frombuffer(area, np.int64)
    array[:] = np.arange(len(array))
    at = address(array) + (1 << 20)
    assert _anonymous(at)
    area.move_out(1 << 20, 1 << 20, tmp_path)
    assert not _anonymous(at)
    assert _anonymous(at + (1 << 20))
    assert (array == np.arange(len(array))).all()
    array[150_000] = 7
    assert array[150_000] == 7
    assert area.moved == 1 << 20
    assert list(tmp_path.iterdir()) == []
    assert [start for start, _, _ in area.slabs()] == [0, 2 << 20, 3 << 20, 4 << 20]


def test_files_go_with_their_areas(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    array = np.frombuffer(Area(2 << 20), np.uint8)
    array[:] = 1
    area = array.base.obj  # type: ignore[union-attr]
    area.move_out(0, 1 << 20, tmp_path)
    area.move_out(1 << 20, 1 << 20, tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before
    assert _mapped(tmp_path) == 2
    del array, area
    gc.collect()
    assert _mapped(tmp_path) == 0


def _mapped(folder: Path) -> int:
    """Files of a folder that are mapped, under whatever name."""
    with open("/proc/self/maps", encoding="ascii") as file:
        return sum(str(folder) in line for line in file)


def test_only_parts_in_use_are_looked_at() -> None:
    space = Reservation([(np.int64, 1), (np.uint8, 1)])
    space.arrays[0][:200_000] = 1
    space.arrays[1][:10] = 1
    found = [(start, held) for start, _, held in space._area.slabs()]
    assert [start for start, _ in found] == [0, 1 << 20, 8 * space.rows]
    assert sum(held for _, held in found) >= 200_000 * 8


def test_a_table_beyond_its_budget(tmp_path: Path) -> None:
    keeper = Keeper(8 << 20, tmp_path)
    table = StateTable([LONG], [StateField("n", LONG), StateField("text", STRING)])
    count = 400_000
    for start in range(0, count, 50_000):
        keys = np.arange(start, start + 50_000)
        slots = table.slots([Column(LONG, keys)], len(keys))
        table.column("n")[slots] = keys * 2
        table.put("text", slots, column_of(STRING, [f"a text of some length: {k}" for k in keys]))
        keeper.keep_all()
    held = sum(held for area in list(areas._AREAS) for _, _, held in area.slabs())
    assert held <= 8 << 20
    assert keeper.moved > 16 << 20
    some = np.array([0, 7, 123_456, 399_999])
    slots = table.lookup([Column(LONG, some)], len(some))
    table.column("n")[slots] += 1
    table.put("text", slots[:1], column_of(STRING, ["changed, and longer than it was before"]))
    assert table.column("n")[slots].tolist() == (some * 2 + 1).tolist()
    assert python_values(table.take("text", slots)) == [
        "changed, and longer than it was before", *(f"a text of some length: {k}" for k in some[1:])]
    other = StateTable([LONG], table.fields)
    other.restore([[table.snapshot(full=False)]], None)
    assert len(other) == count
    assert (other.column("n")[:count] == table.column("n")[:count]).all()


def test_a_folder_without_room(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper(1 << 20, tmp_path / "nowhere")
    array = np.frombuffer(Area(8 << 20), np.uint8)
    array[:] = 1
    keeper.keep_all()
    keeper.keep_all()
    assert keeper.moved == 0
    assert (array == 1).all()
    assert [r.message for r in caplog.records] == ["state stays in memory beyond its budget: No such file or directory"]
