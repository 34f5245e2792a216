"""`CheckpointStore`: a folder of checkpoints, written in the background, each decided by one file.

    store = CheckpointStore(place, keep=3, sync=models.sync)   # sync: makes durable what checkpoints rely on elsewhere
    found = store.latest()               # Checkpoint | None; UserError where checkpoints exist but all are damaged
    found.epoch, found.meta              # what `write` was given
    found.chains()["agg/0/table"]        # list[StatePart], oldest first: give it to StateObject.restore
    found.once["sink/0"]                 # list[StatePart]: parts of that epoch alone (sealed rows)
    found.skipped                        # [(epoch, why)] of newer ones that were damaged and passed over

    future = store.write(epoch, {"agg/0/table": table.snapshot(full=False)}, meta, once={"sink/0": sealed})
    future.result()                      # None once the manifest is in place, or UserError; `write` returns at once
    store.begin({"agg/0/table": [piece, ...]})   # part of the next checkpoint, written now
    store.last                           # Committed | None: epoch, bytes, seconds of the last one written
    store.close()                        # waits for what is being written

    read_checkpoint(place, epoch=None)   # for others than the job: changes nothing, also while the job writes

A place is a path or URL (`engine.state.storage` says what it has to promise), or a `Storage`.

*Protocol*: a data file (`engine.state.files`) is written, to stay; then the manifest `epoch-N.json` is put (what
belongs to the checkpoint: files with length and checksum, meta, its own checksum), which in a local folder is a
rename. The manifest is the only decision: files without one are rubbish of a crash and removed at start (`latest`). A
checkpoint that cannot be written (code "checkpoint_io") leaves all earlier ones valid and the store as it was: write
the same one again before any later one, as its changes must not be lost.

*Chain*: a manifest names the data files it needs, a base first. When there are more than `max_deltas` after the base,
or they are larger than half of it and than `floor` bytes, another thread merges them into a new base from the files
alone. Retention keeps the last `keep` manifests and the files they name.

*Going on*: the first part of each key in a process must be full, since a process begins a chain of its own; unless
`resume` made it go on with the chain of the checkpoint that was restored.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import secrets
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.faults import reached
from engine.state.files import CorruptFile, Entry, WrittenFile, read_file, write_file
from engine.state.merge import merge_chain
from engine.state.protocol import StatePart
from engine.state.storage import Storage, open_storage, read_all

logger = logging.getLogger(__name__)

VERSION = 1
FLOOR = 16 << 20
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than is allowed",
    errno.EACCES: "the folder is not writable",
    errno.EPERM: "the folder is not writable",
    errno.EROFS: "the file system is read-only",
    errno.ENOENT: "the folder is gone",
    errno.EIO: "the disk fails",
}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read back and verified; `files`: its chain of data files."""

    epoch: int
    meta: dict[str, Any]
    parts: dict[str, list[StatePart]]
    once: dict[str, list[StatePart]]
    skipped: list[tuple[int, str]] = field(default_factory=list)
    files: tuple[WrittenFile, ...] = ()

    def chains(self) -> dict[str, list[StatePart]]:
        """Each key's parts, oldest first, from its last full one on."""
        return self.parts


@dataclass
class Begun:
    """Parts that belong to the next checkpoint: in memory, then in a file. `waiting`: bytes that were not tried yet."""

    entries: Sequence[Entry]
    epoch: int
    waiting: int
    file: WrittenFile | None = None


@dataclass(frozen=True)
class Committed:
    """A checkpoint that counts: its epoch, bytes written, seconds the writer took, data files in its chain, and whether
    it begins the chain: all state was written, not only what had changed."""

    epoch: int
    bytes: int
    seconds: float
    files: int
    full: bool


def read_checkpoint(place: str | Path | Storage, epoch: int | None = None) -> Checkpoint | None:
    """The checkpoint of an epoch, or the newest that is whole; None where there is none (of that epoch).

    Changes nothing and holds all it has read, so the place may be that of a running job, which removes old files
    meanwhile. UserError "checkpoint_corrupt" where it is damaged, "checkpoint_io" where it cannot be read."""
    storage = open_storage(place) if isinstance(place, str | Path) else place
    try:
        return _newest(storage, epoch)
    except OSError as error:
        raise _unreadable(storage, error) from error


def _newest(storage: Storage, epoch: int | None) -> Checkpoint | None:
    """Retention may take a checkpoint away while it is read: then there is a newer one."""
    tried: list[tuple[int, str]] = []
    while True:
        known = epochs_in(storage)
        found = next((e for e in known if epoch in (None, e) and e not in dict(tried)), None)
        if found is None:
            break
        try:
            read = _read(storage, found, lambda: None)
            return replace(read, skipped=[(e, why) for e, why in tried if e in known])
        except CorruptFile as error:
            tried.append((found, str(error)))
    damaged = [(e, why) for e, why in tried if e in known]
    if damaged:
        raise _corrupt(storage, damaged)
    return None


def epochs_in(storage: Storage) -> list[int]:
    """The epochs that have a manifest, newest first."""
    found = [name[6:-5] for name in storage.names() if name.startswith("epoch-") and name.endswith(".json")]
    return sorted((int(number) for number in found if number.isdigit()), reverse=True)


def manifest_name(epoch: int) -> str:
    """The name of an epoch's manifest."""
    return f"epoch-{epoch:010d}.json"


class CheckpointStore:
    """See the module."""

    def __init__(self, place: str | Path | Storage, *, keep: int = 3, max_deltas: int = 50, floor: int = FLOOR,
                 sync: Callable[[], None] | None = None) -> None:
        self._sync = sync
        self.last: Committed | None = None
        self._keep = keep
        self._max_deltas = max_deltas
        self._floor = floor
        self._chain: list[WrittenFile] = []
        self._begun: list[Begun] = []
        self._writer = ThreadPoolExecutor(1, "checkpoints")
        self._merger = ThreadPoolExecutor(1, "compaction")
        self._merging: Future[None] | None = None
        self._ending = False
        self._patience = 0  # files of a chain that could not be merged: not tried again before there are twice as many
        self._lock = threading.Lock()  # guards the chain, what was begun, and the files that are being made
        self._making: set[str] = set()
        try:
            self.storage = open_storage(place) if isinstance(place, str | Path) else place
        except OSError as error:
            raise _unwritable(str(place), error) from error

    # ---- reading -----------------------------------------------------------------------------------------------

    def epochs(self) -> list[int]:
        """The epochs that have a manifest, newest first."""
        return epochs_in(self.storage)

    def latest(self, check: Callable[[], None] = lambda: None) -> Checkpoint | None:
        """The newest checkpoint that is whole; None where there never was one. Removes what a crash left behind.
        `check` is called again and again and may raise, to give up."""
        try:
            return self._latest(check)
        except OSError as error:
            raise _unreadable(self.storage, error) from error

    def _latest(self, check: Callable[[], None]) -> Checkpoint | None:
        skipped: list[tuple[int, str]] = []
        found = None
        for epoch in self.epochs():
            try:
                found = _read(self.storage, epoch, check)
                break
            except CorruptFile as error:
                skipped.append((epoch, str(error)))
        if found is None and skipped:
            raise _corrupt(self.storage, skipped)
        for epoch, _ in skipped:
            self.storage.rename(manifest_name(epoch), f"{manifest_name(epoch)[:-5]}.damaged")
        self._clean()
        return None if found is None else replace(found, skipped=skipped)

    def resume(self, found: Checkpoint) -> None:
        """Go on with the chain of a checkpoint: parts need not be full where their objects know what it holds."""
        self._chain = list(found.files)

    # ---- writing -----------------------------------------------------------------------------------------------

    def begin(self, epoch: int, parts: Mapping[str, Sequence[StatePart]]) -> None:
        """Write parts that come before those of `write(epoch, ...)` in the background, so that they need no memory.
        What cannot be written now is written then."""
        entries = _entries(parts)
        begun = Begun(entries, epoch, sum(entry.part.nbytes for entry in entries))
        with self._lock:
            self._begun.append(begun)
        self._writer.submit(self._write_begun, begun)

    @property
    def waiting(self) -> int:
        """Bytes that `begin` was given and that wait for the disk."""
        with self._lock:
            return sum(begun.waiting for begun in self._begun)

    def _write_begun(self, begun: Begun) -> None:
        with contextlib.suppress(OSError):
            self._save(begun)
        begun.waiting = 0

    def _save(self, begun: Begun) -> WrittenFile:
        if begun.file is None:
            full = not self._chain or any(entry.part.full for entry in begun.entries)
            name = self._new_name("full" if full else "delta", begun.epoch)
            try:
                begun.file, begun.entries = write_file(self.storage, name, begun.entries), ()
            except OSError:
                self._making.discard(name)
                self._forget(name)
                raise
        return begun.file

    def write(self, epoch: int, parts: Mapping[str, Sequence[StatePart] | StatePart], meta: dict[str, Any],
              once: Mapping[str, StatePart] | None = None) -> Future[None]:
        """Write a checkpoint in the background. The parts' arrays must not change afterwards; `meta` is JSON. Several
        parts of a key are in the order in which they hold."""
        entries = _entries(parts) + [Entry(key, part, once=True) for key, part in (once or {}).items()]
        return self._writer.submit(self._write, epoch, entries, meta)

    def _write(self, epoch: int, entries: Sequence[Entry], meta: dict[str, Any]) -> None:
        started = time.perf_counter()
        begun, first = list(self._begun), not self._chain
        name = self._new_name("full" if first and not begun else "delta", epoch)
        try:
            files = [self._save(one) for one in begun]
            files.append(write_file(self.storage, name, entries))
            if self._sync is not None:
                self._sync()
            reached("checkpoint")
            with self._lock:
                chain = [*self._chain, *files]
            self.storage.put(manifest_name(epoch), _manifest(epoch, chain, meta))
        except OSError as error:
            self._making.discard(name)
            self._forget(manifest_name(epoch))  # in place, but perhaps not to stay: it must not count
            self._forget(name)
            raise _unwritable(self.storage.where, error) from error
        with self._lock:
            self._chain += files
            self._begun = self._begun[len(begun):]
        self._making.difference_update(file.name for file in files)
        self.last = Committed(epoch, sum(f.length for f in files), time.perf_counter() - started, len(chain), first)
        self._tend()

    def _new_name(self, kind: str, epoch: int) -> str:
        name = f"{kind}-{epoch:010d}-{secrets.token_hex(4)}.data"
        self._making.add(name)
        return name

    def _forget(self, name: str) -> None:
        """Remove what was half written, if that can be done."""
        with contextlib.suppress(OSError):
            self.storage.remove(name)

    def _tend(self) -> None:
        """Start a compaction where one is due, and remove what is no longer needed."""
        with contextlib.suppress(OSError):
            self._clean()
        deltas = [file for file in self._chain if file.name.startswith("delta")]
        size = sum(file.length for file in deltas)
        base = sum(file.length for file in self._chain) - size
        due = len(deltas) > self._max_deltas or size > max(base // 2, self._floor)
        due = due and len(self._chain) >= 2 * self._patience and not self._ending
        if deltas and due and (self._merging is None or self._merging.done()):
            self._merging = self._merger.submit(self._compact, list(self._chain))

    def _compact(self, merged: Sequence[WrittenFile]) -> None:
        """Replace the chain's files so far by one; failing at it costs space, and time when the job is restored."""
        name = self._new_name("base", int(merged[-1].name.split("-")[1]))
        try:
            chains: dict[str, list[StatePart]] = {}
            for file in merged:
                for entry in read_file(self.storage, file, self._go_on):
                    if not entry.once:
                        chains.setdefault(entry.key, []).append(entry.part)
            entries = []
            for key, chain in chains.items():
                self._go_on()
                entries += [Entry(key, part) for part in merge_chain(chain)]
            self._go_on()
            base = write_file(self.storage, name, entries)
            reached("compaction")
        except Exception as error:  # full disks, damaged files, our own faults: the chain goes on as it is
            if not isinstance(error, _GivenUp):
                logger.warning("checkpoints in %s could not be merged: %s", self.storage.where, error,
                               exc_info=not isinstance(error, OSError | CorruptFile))
                self._patience = len(merged)
            self._making.discard(name)
            self._forget(name)
            return
        with self._lock:
            self._chain[:len(merged)] = [base]
        self._patience = 0
        self._making.discard(name)

    def _go_on(self) -> None:
        if self._ending:
            raise _GivenUp

    def _clean(self) -> None:
        """Remove manifests beyond the kept ones, and every file that no manifest and no chain names."""
        epochs = self.epochs()
        for epoch in epochs[self._keep:]:
            self.storage.remove(manifest_name(epoch))
        with self._lock:
            named = {f.name for f in self._chain} | self._making
        for epoch in epochs[:self._keep]:
            try:
                named.update(f["name"] for f in _read_manifest(self.storage, epoch)["files"])
            except CorruptFile:
                return  # `latest` will say so; until then nothing is thrown away
        for name in self.storage.names():
            if name.endswith(".tmp") or (name.endswith(".data") and name not in named):
                self.storage.remove(name)

    def clear(self) -> None:
        """Remove all checkpoints: manifests first, so that what a crash leaves is rubbish."""
        try:
            for name in sorted(self.storage.names(), key=lambda name: name.endswith(".data")):
                if name.startswith(("epoch-", "full-", "delta-", "base-")):
                    self.storage.remove(name)
        except OSError as error:
            raise _unwritable(self.storage.where, error) from error

    def wait(self) -> None:
        """Return once everything submitted so far, compaction included, is done."""
        self._writer.submit(int).result()
        if self._merging is not None:
            self._merging.result()

    def end(self) -> None:
        """No more than one checkpoint will follow: nobody is to wait for a compaction. The next process goes on with
        the chain as it is."""
        self._ending = True

    def close(self) -> None:
        """Finish what is being written."""
        self._writer.shutdown()
        self.end()
        self._merger.shutdown()


class _GivenUp(Exception):
    """A compaction that nobody waits for."""


def _entries(parts: Mapping[str, Sequence[StatePart] | StatePart]) -> list[Entry]:
    return [Entry(key, one) for key, part in parts.items()
            for one in ([part] if isinstance(part, StatePart) else part)]


def _manifest(epoch: int, chain: Sequence[WrittenFile], meta: dict[str, Any]) -> bytes:
    body = {"version": VERSION, "epoch": epoch, "files": [f.as_dict() for f in chain], "meta": meta}
    return json.dumps({"crc": _checksum(body), "body": body}, sort_keys=True, indent=1).encode()


def _checksum(body: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(body, sort_keys=True, separators=(",", ":")).encode())


def _read_manifest(storage: Storage, epoch: int) -> dict[str, Any]:
    name = manifest_name(epoch)
    try:
        content = json.loads(read_all(storage, name).tobytes().decode())
        body: dict[str, Any] = content["body"]
        crc = content["crc"]
    except FileNotFoundError as error:
        raise CorruptFile(f"{name} is missing") from error
    except OSError as error:
        if error.errno == errno.EIO:
            raise CorruptFile(f"{name} cannot be read from the disk") from error
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptFile(f"{name} is not a manifest") from error
    if _checksum(body) != crc:
        raise CorruptFile(f"{name} fails its checksum")
    if body["version"] != VERSION:
        raise CorruptFile(f"{name} has format version {body['version']}, this program reads {VERSION}")
    return body


def _read(storage: Storage, epoch: int, check: Callable[[], None]) -> Checkpoint:
    manifest = _read_manifest(storage, epoch)
    chains: dict[str, list[StatePart]] = {}
    once: dict[str, list[StatePart]] = {}
    files = tuple(WrittenFile(f["name"], f["length"], f["crc"]) for f in manifest["files"])
    for number, file in enumerate(files):
        for entry in read_file(storage, file, check):
            if entry.once:
                if number == len(files) - 1:
                    once.setdefault(entry.key, []).append(entry.part)
            elif entry.part.full:
                chains[entry.key] = [entry.part]
            else:
                chains.setdefault(entry.key, []).append(entry.part)
    return Checkpoint(epoch, manifest["meta"], chains, once, files=files)


def _corrupt(storage: Storage, skipped: Sequence[tuple[int, str]]) -> UserError:
    return UserError("checkpoint_corrupt", f"no checkpoint in {storage.where} is whole: {skipped[0][1]}",
                     hint="restore the folder from a backup, or remove it to start from the beginning")


def _unreadable(storage: Storage, error: OSError) -> UserError:
    return UserError("checkpoint_io", f"the checkpoints in {storage.where} cannot be read: {error.strerror or error}",
                     hint="make the folder readable and writable; nothing was changed")


def _unwritable(where: str, error: OSError) -> UserError:
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return UserError("checkpoint_io", f"a checkpoint cannot be written to {where}: {reason}",
                     hint="earlier checkpoints stay valid; free space or choose another folder")
