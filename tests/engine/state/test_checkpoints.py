"""The folder of checkpoints: chains, compaction, retention, damage, crashes, full disks."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.checkpoint import run
from engine.changes import Column
from engine.errors import UserError
from engine.state import checkpoints
from engine.state.checkpoints import Checkpoint, CheckpointStore
from engine.state.files import Entry, write_file
from engine.state.protocol import StatePart
from engine.state.table import StateField, StateTable
from tests.engine.state.values import LONG

KEY = "agg/state/0"


def _table() -> StateTable:
    return StateTable([LONG], [StateField("n", LONG)])


def _add(table: StateTable, keys: list[int]) -> None:
    slots = table.slots([Column(LONG, np.array(keys))], len(keys))
    np.add.at(table.column("n"), slots, 1)
    table.touch(slots)


def _content(table: StateTable) -> dict[int, int]:
    slots = table.live_slots()
    return dict(zip(table.keys(slots)[0].values.tolist(), table.column("n")[slots].tolist(), strict=True))


def _restored(found: Checkpoint | None) -> dict[int, int]:
    assert found is not None
    table = _table()
    table.restore([found.chains()[KEY]], None)
    return _content(table)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CheckpointStore]:
    made = CheckpointStore(tmp_path / "state")
    yield made
    made.close()


def _write(store: CheckpointStore, table: StateTable, epoch: int) -> dict[int, int]:
    content = _content(table)
    store.write(epoch, {KEY: table.snapshot(full=False)}, {"offset": epoch}).result()
    return content


def test_nothing_yet(store: CheckpointStore) -> None:
    assert store.latest() is None


def test_latest_of_a_chain(store: CheckpointStore) -> None:
    table = _table()
    for epoch in range(1, 6):
        _add(table, [epoch, epoch + 1, 99])
        table.release(table.lookup([Column(LONG, np.array([epoch]))], 1))
        expected = _write(store, table, epoch)
    assert store.last is not None
    assert store.last.epoch == 5
    found = CheckpointStore(store.folder).latest()
    assert found is not None
    assert (found.epoch, found.meta, found.skipped) == (5, {"offset": 5}, [])
    assert _restored(found) == expected


def test_old_ones_go_and_chains_are_merged(store: CheckpointStore) -> None:
    table = _table()
    for epoch in range(1, 40):
        _add(table, [epoch % 7, 100])
        expected = _write(store, table, epoch)
        store.wait()
    assert store.epochs() == [39, 38, 37]
    assert len(list(store.folder.glob("*.data"))) < 12
    assert _restored(store.latest()) == expected


def test_a_chain_that_cannot_be_merged_goes_on(store: CheckpointStore, monkeypatch: pytest.MonkeyPatch,
                                               caplog: pytest.LogCaptureFixture) -> None:
    """It is told, and not tried again at each checkpoint: each time would read all files."""
    def fail(chain: object) -> None:
        raise ValueError("a fault in merging")

    table = _table()
    monkeypatch.setattr(checkpoints, "merge_chain", fail)
    for epoch in range(1, 41):
        _add(table, [epoch, 100])
        expected = _write(store, table, epoch)
        store.wait()
    told = f"checkpoints in {store.folder} could not be merged: a fault in merging"
    assert [r.message for r in caplog.records] == [told] * 5  # with 2, 4, 8, 16 and 32 files
    assert _restored(store.latest()) == expected
    monkeypatch.undo()
    for epoch in range(41, 82):
        _add(table, [epoch, 100])
        expected = _write(store, table, epoch)
        store.wait()
    assert len(list(store.folder.glob("*.data"))) < 45
    assert _restored(store.latest()) == expected


def test_parts_of_one_epoch(store: CheckpointStore) -> None:
    sealed = StatePart("rows", True, {"x": np.arange(3)})
    store.write(1, {}, {}, once={"sink": sealed}).result()
    found = store.latest()
    assert found is not None
    assert found.once["sink"][0].arrays["x"].tolist() == [0, 1, 2]
    store.write(2, {}, {}).result()
    found = store.latest()
    assert found is not None
    assert found.once == {}


def _flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 4
    path.write_bytes(raw)


def _flip_in_array(path: Path) -> None:
    header = int.from_bytes(path.read_bytes()[8:16], "little")
    _flip(path, -(-(24 + header) // 64) * 64 + 1)


DAMAGE: dict[str, Any] = {
    "a bit of an array": _flip_in_array,
    "a bit of the header": lambda p: _flip(p, 40),
    "a bit of the magic word": lambda p: _flip(p, 0),
    "the end cut off": lambda p: p.write_bytes(p.read_bytes()[:-5]),
    "emptied": lambda p: p.write_bytes(b""),
    "missing": lambda p: p.unlink(),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_data_is_found_and_the_one_before_used(store: CheckpointStore, what: str) -> None:
    table = _table()
    _add(table, list(range(10_000)))  # many, so that the small changes after it are not merged into it
    _write(store, table, 1)
    _add(table, list(range(50, 70)))
    expected = _write(store, table, 2)
    _add(table, [7])
    _write(store, table, 3)
    newest = next(store.folder.glob("*-0000000003-*.data"))
    DAMAGE[what](newest)
    again = CheckpointStore(store.folder)
    found = again.latest()
    assert found is not None
    assert found.epoch == 2
    assert [epoch for epoch, _ in found.skipped] == [3]
    assert newest.name in found.skipped[0][1]
    assert _restored(found) == expected
    assert again.latest() is not None  # the damaged one was set aside
    other = _table()
    other.restore([found.chains()[KEY]], None)
    _add(other, [1_000])
    expected = _write(again, other, 3)
    assert _restored(CheckpointStore(store.folder).latest()) == expected


@pytest.mark.parametrize("damage", [lambda p: _flip(p, 30), lambda p: p.write_text("{"), lambda p: p.write_text("[]")])
def test_damaged_manifest(store: CheckpointStore, damage: Any) -> None:
    table = _table()
    for epoch in (1, 2):
        _add(table, [epoch])
        _write(store, table, epoch)
    damage(store.folder / "epoch-0000000002.json")
    found = CheckpointStore(store.folder).latest()
    assert found is not None
    assert found.epoch == 1


def test_all_damaged_is_an_error(store: CheckpointStore) -> None:
    table = _table()
    for epoch in (1, 2):
        _add(table, [epoch])
        _write(store, table, epoch)
    store.wait()
    for path in store.folder.glob("*.data"):
        _flip_in_array(path)
    with pytest.raises(UserError) as caught:
        CheckpointStore(store.folder).latest()
    assert caught.value.code == "checkpoint_corrupt"
    assert len(list(store.folder.glob("epoch-*.json"))) == 2


def test_a_crash_before_the_rename_leaves_nothing(store: CheckpointStore) -> None:
    table = _table()
    _add(table, [1])
    expected = _write(store, table, 1)
    _add(table, [2])
    write_file(store.folder / "delta-0000000002-00000000.data", [Entry(KEY, table.snapshot(full=False))])
    (store.folder / "epoch-0000000002.00000000.tmp").write_text("{")
    again = CheckpointStore(store.folder)
    found = again.latest()
    assert _restored(found) == expected
    assert sorted(p.suffix for p in store.folder.iterdir()) == [".data", ".json"]


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "not writable")])
@pytest.mark.parametrize("step", ["write_file", "sync"])
def test_a_failed_write_loses_nothing(store: CheckpointStore, monkeypatch: pytest.MonkeyPatch, code: int, words: str,
                                      step: str) -> None:
    table = _table()
    _add(table, [1, 2])
    before = _write(store, table, 1)
    real = checkpoints.write_file

    def fail(*arguments: Any) -> Any:
        if step == "write_file":
            real(*arguments)
        raise OSError(code, "no")

    _add(table, [2, 3])
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, step, fail)
        with pytest.raises(UserError, match=words) as caught:
            _write(store, table, 2)
    assert caught.value.code == "checkpoint_io"
    assert _restored(CheckpointStore(store.folder).latest()) == before
    _add(table, [3, 4])
    expected = _write(store, table, 3)
    assert expected == {1: 1, 2: 2, 3: 2, 4: 1}
    assert _restored(CheckpointStore(store.folder).latest()) == expected


def test_a_checkpoint_given_up_goes_with_the_next(store: CheckpointStore) -> None:
    table = _table()
    _add(table, [1])
    store.carry({KEY: table.snapshot(full=False)})
    _add(table, [1, 2])
    assert _write(store, table, 2) == {1: 2, 2: 1} == _restored(store.latest())


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as caught:
        CheckpointStore(tmp_path / "file" / "state")
    assert caught.value.code == "checkpoint_io"


def test_one_percent_dirty_costs_at_most_two() -> None:
    figures = run(quick=True, keys=100_000)
    assert figures["dirty_bytes"] <= 0.02 * figures["full_bytes"]
