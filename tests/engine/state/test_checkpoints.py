"""The place of checkpoints: chains, compaction, retention, damage, crashes; in a folder, and where fsspec writes."""

from __future__ import annotations

import errno
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.checkpoint import of_table
from engine.changes import Column
from engine.errors import UserError
from engine.state import checkpoints, files, parts
from engine.state import table as tables
from engine.state.checkpoints import Checkpoint, CheckpointStore, read_checkpoint
from engine.state.files import Entry, write_file
from engine.state.protocol import StatePart
from engine.state.storage import LocalFolder, RemoteFolder, Storage, open_storage, read_all
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


STORAGES: dict[str, Callable[[Path], Storage]] = {
    "a folder": lambda path: LocalFolder(path / "state"),
    "a file system of fsspec": lambda path: RemoteFolder(f"file://{path}/state"),
    "fsspec's memory": lambda path: open_storage(f"memory://{secrets.token_hex(8)}"),
}


@pytest.fixture(params=STORAGES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return STORAGES[request.param](tmp_path)


@pytest.fixture
def store(storage: Storage) -> Iterator[CheckpointStore]:
    made = CheckpointStore(storage, floor=0)
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
    found = CheckpointStore(store.storage).latest()
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
    assert len(_data(store.storage)) < 12
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
    told = f"checkpoints in {store.storage.where} could not be merged: a fault in merging"
    assert [r.message for r in caplog.records] == [told] * 5  # with 2, 4, 8, 16 and 32 files
    assert _restored(store.latest()) == expected
    monkeypatch.undo()
    for epoch in range(41, 82):
        _add(table, [epoch, 100])
        expected = _write(store, table, epoch)
        store.wait()
    assert len(_data(store.storage)) < 45
    assert _restored(store.latest()) == expected


def test_nobody_waits_for_a_compaction_at_the_end(store: CheckpointStore, monkeypatch: pytest.MonkeyPatch,
                                                   caplog: pytest.LogCaptureFixture) -> None:
    """One that is under way is given up, none is begun; the next process goes on with the chain, and merges it."""
    merge, held = checkpoints.merge_chain, threading.Event()

    def slowly(chain: Any) -> Any:
        assert held.wait(60)
        return merge(chain)

    table = _table()
    monkeypatch.setattr(checkpoints, "merge_chain", slowly)
    for epoch in range(1, 5):
        _add(table, [epoch, 100])
        _write(store, table, epoch)
    store.end()
    held.set()
    _add(table, [5])
    expected = _write(store, table, 5)
    store.close()
    names = _data(store.storage)
    assert len(names) == 5 and not any(name.startswith("base") for name in names)
    assert caplog.records == []
    again = CheckpointStore(store.storage, floor=0)
    found = again.latest()
    assert _restored(found) == expected
    assert found is not None
    again.resume(found)
    _add(table, [6])
    expected = _write(again, table, 6)
    again.wait()
    assert any(name.startswith("base") for name in _data(again.storage))
    _add(table, [7])
    expected = _write(again, table, 7)
    assert _restored(again.latest()) == expected
    again.close()


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


def _data(storage: Storage) -> list[str]:
    return [name for name in storage.names() if name.endswith(".data")]


def _replace(storage: Storage, name: str, change: Callable[[bytes], bytes]) -> None:
    content = change(read_all(storage, name).tobytes())
    storage.remove(name)
    storage.write(name, [content])


def _flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1:]


def _array_flipped(raw: bytes) -> bytes:
    header = int.from_bytes(raw[8:16], "little")
    return _flipped(raw, -(-(24 + header) // 64) * 64 + 1)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a bit of an array": _array_flipped,
    "a bit of the header": lambda raw: _flipped(raw, 40),
    "a bit of the header's length": lambda raw: _flipped(raw, 9),
    "a bit of the magic word": lambda raw: _flipped(raw, 0),
    "the end cut off": lambda raw: raw[:-5],
    "cut in the header": lambda raw: raw[:30],
    "more at the end": lambda raw: raw + b"more",
    "emptied": lambda raw: b"",
}


def _damage(storage: Storage, name: str, what: str) -> None:
    if what == "missing":
        storage.remove(name)
    else:
        _replace(storage, name, DAMAGE[what])


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("what", [*DAMAGE, "missing"])
def test_damaged_data_is_found_and_the_one_before_used(store: CheckpointStore, what: str, mapped: bool,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MAPPED", 0 if mapped else 1 << 40)
    table = _table()
    _add(table, list(range(10_000)))  # many, so that the small changes after it are not merged into it
    _write(store, table, 1)
    _add(table, list(range(50, 70)))
    expected = _write(store, table, 2)
    _add(table, [7])
    _write(store, table, 3)
    newest = next(name for name in _data(store.storage) if "-0000000003-" in name)
    _damage(store.storage, newest, what)
    seen = read_checkpoint(store.storage)
    assert seen is not None
    assert (seen.epoch, [epoch for epoch, _ in seen.skipped]) == (2, [3])
    with pytest.raises(UserError, match=newest):
        read_checkpoint(store.storage, 3)
    again = CheckpointStore(store.storage)
    found = again.latest()
    assert found is not None
    assert found.epoch == 2
    assert [epoch for epoch, _ in found.skipped] == [3]
    assert newest in found.skipped[0][1]
    assert _restored(found) == expected
    assert again.latest() is not None  # the damaged one was set aside
    other = _table()
    other.restore([found.chains()[KEY]], None)
    _add(other, [1_000])
    expected = _write(again, other, 3)
    assert _restored(CheckpointStore(store.storage).latest()) == expected


MANIFEST = "epoch-0000000002.json"


@pytest.mark.parametrize("damage", [
    lambda raw: _flipped(raw, 30), lambda raw: b"{", lambda raw: b"[]", lambda raw: b"", lambda raw: raw[:-10],
    lambda raw: b"\xff" + raw])
def test_damaged_manifest(store: CheckpointStore, damage: Callable[[bytes], bytes]) -> None:
    table = _table()
    for epoch in (1, 2):
        _add(table, [epoch])
        _write(store, table, epoch)
    _replace(store.storage, MANIFEST, damage)
    found = CheckpointStore(store.storage).latest()
    assert found is not None
    assert found.epoch == 1
    assert sorted(n for n in store.storage.names() if n.startswith("epoch")) == [
        "epoch-0000000001.json", "epoch-0000000002.damaged"]


def test_all_damaged_is_an_error(store: CheckpointStore) -> None:
    table = _table()
    for epoch in (1, 2):
        _add(table, [epoch])
        _write(store, table, epoch)
    store.wait()
    for name in _data(store.storage):
        _replace(store.storage, name, _array_flipped)
    with pytest.raises(UserError) as caught:
        CheckpointStore(store.storage).latest()
    assert caught.value.code == "checkpoint_corrupt"
    assert store.epochs() == [2, 1]  # nothing was set aside: it may be a matter of the program


def test_a_crash_before_the_rename_leaves_nothing(store: CheckpointStore) -> None:
    table = _table()
    _add(table, [1])
    expected = _write(store, table, 1)
    _add(table, [2])
    write_file(store.storage, "delta-0000000002-00000000.data", [Entry(KEY, table.snapshot(full=False))])
    store.storage.write("epoch-0000000002.json.00000000.tmp", [b"{"])
    again = CheckpointStore(store.storage)
    assert _restored(read_checkpoint(store.storage)) == expected
    assert _restored(again.latest()) == expected
    assert sorted(name.rpartition(".")[2] for name in store.storage.names()) == ["data", "json"]


class Failing:
    """A storage some of whose steps fail, once what they do was done."""

    def __init__(self, storage: Storage, failing: str, error: OSError) -> None:
        self._storage, self._failing, self._error = storage, failing, error

    def __getattr__(self, name: str) -> Any:
        step = getattr(self._storage, name)
        if name != self._failing:
            return step

        def fail(*arguments: Any) -> None:
            step(*arguments)
            raise self._error

        return fail


@pytest.mark.parametrize("step", ["write", "put"])
def test_a_failed_write_loses_nothing(store: CheckpointStore, step: str) -> None:
    table = _table()
    _add(table, [1, 2])
    before = _write(store, table, 1)
    storage = store.storage
    _add(table, [2, 3])
    content, part = _content(table), table.snapshot(full=False)
    store.storage = Failing(storage, step, OSError(errno.ENOSPC, "no"))
    for _ in range(2):
        with pytest.raises(UserError, match="disk is full") as caught:
            store.write(2, {KEY: part}, {}).result()
        assert caught.value.code == "checkpoint_io"
        assert _restored(read_checkpoint(storage)) == before
    store.storage = storage
    _add(table, [3, 4])
    store.write(2, {KEY: part}, {}).result()
    assert _restored(read_checkpoint(storage)) == content == {1: 1, 2: 2, 3: 1}
    assert _write(store, table, 3) == {1: 1, 2: 2, 3: 2, 4: 1} == _restored(read_checkpoint(storage))


def test_a_storage_that_cannot_be_reached_damages_nothing(store: CheckpointStore) -> None:
    """What a connection's end kept from being read is not set aside as damaged."""
    table = _table()
    for epoch in (1, 2):
        _add(table, [epoch])
        expected = _write(store, table, epoch)
    storage, store.storage = store.storage, Failing(store.storage, "read", OSError(errno.ECONNRESET, "reset by peer"))
    with pytest.raises(UserError, match="cannot be read: reset by peer"):
        store.latest()
    assert store.epochs() == [2, 1]
    store.storage = storage
    assert _restored(store.latest()) == expected


def test_others_read_while_the_job_writes(store: CheckpointStore) -> None:
    table = _table()
    for epoch in range(1, 6):
        _add(table, [epoch])
        _write(store, table, epoch)
    old = read_checkpoint(store.storage, 4)
    for epoch in range(6, 12):
        _add(table, [epoch])
        expected = _write(store, table, epoch)
        store.wait()
    assert _restored(old) == {1: 1, 2: 1, 3: 1, 4: 1}
    assert read_checkpoint(store.storage, 4) is None
    assert _restored(read_checkpoint(store.storage)) == expected


def test_a_new_process_goes_on_with_the_chain(store: CheckpointStore) -> None:
    table = _table()
    _add(table, [1, 2])
    _write(store, table, 1)
    again = CheckpointStore(store.storage)
    found = again.latest()
    assert found is not None
    again.resume(found)
    _add(table, [2, 3])
    expected = _write(again, table, 2)
    assert again.last is not None
    assert not again.last.full
    assert _restored(read_checkpoint(store.storage)) == expected == {1: 1, 2: 2, 3: 1}
    again.close()


def test_a_base_that_is_written_in_pieces(store: CheckpointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are begun belong to the next checkpoint, whether they could be written at once or not."""
    monkeypatch.setattr(tables, "AHEAD_FROM", 0)
    monkeypatch.setattr(parts, "PIECE", 100)
    table, storage = _table(), store.storage
    _add(table, list(range(50)))
    for number in range(100):
        piece = table.ahead()
        if piece is None:
            break
        full = number in (2, 3)
        store.storage = Failing(storage, "write", OSError(errno.ENOSPC, "no")) if full else storage
        store.begin(1, {KEY: [piece]})
        store.wait()
        assert store.waiting == 0
        assert read_checkpoint(storage) is None
        _add(table, [number, 100])
    expected = _write(store, table, 1)
    assert number > 5
    assert store.last is not None
    assert (store.last.files, store.last.full) == (number + 1, True)
    assert _restored(read_checkpoint(storage)) == expected
    for epoch in range(2, 12):
        _add(table, [epoch, 200])
        expected = _write(store, table, epoch)
        store.wait()
    assert len(_data(storage)) < number
    assert _restored(read_checkpoint(storage)) == expected


def test_what_was_begun_and_never_ended_is_rubbish(store: CheckpointStore) -> None:
    table = _table()
    _add(table, [1])
    expected = _write(store, table, 1)
    other = _table()
    _add(other, [2])
    store.begin(2, {KEY: [other.snapshot(full=True)]})
    store.wait()
    assert len(_data(store.storage)) == 2
    assert _restored(CheckpointStore(store.storage).latest()) == expected
    assert len(_data(store.storage)) == 1


def test_cleared(store: CheckpointStore) -> None:
    table = _table()
    _add(table, [1, 2])
    _write(store, table, 1)
    store.clear()
    assert store.storage.names() == []
    assert CheckpointStore(store.storage).latest() is None


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as caught:
        CheckpointStore(tmp_path / "file" / "state")
    assert caught.value.code == "checkpoint_io"


def test_one_percent_dirty_costs_at_most_two() -> None:
    figures = of_table(100_000)
    assert figures["dirty_bytes"] <= 0.02 * figures["full_bytes"]
