"""`CheckpointStore`: a folder of checkpoints, written in the background, each decided by one rename.

    store = CheckpointStore(folder, keep=3, sync=models.sync)   # sync: makes durable what checkpoints rely on elsewhere
    found = store.latest()               # Checkpoint | None; UserError where checkpoints exist but all are damaged
    found.epoch, found.meta              # what `write` was given
    found.chains()["agg/0/table"]        # list[StatePart], oldest first: give it to StateObject.restore
    found.once["sink/0"]                 # list[StatePart]: parts of that epoch alone (sealed rows)
    found.skipped                        # [(epoch, why)] of newer ones that were damaged and passed over

    future = store.write(epoch, {"agg/0/table": table.snapshot(full=False)}, meta, once={"sink/0": sealed})
    future.result()                      # None once the manifest is in place, or UserError; `write` returns at once
    store.last                           # Committed | None: epoch, bytes, seconds of the last one written
    store.carry(parts)                   # a checkpoint given up: its parts go with the next one
    store.close()                        # waits for what is being written

The first part of each key in a process must be full (state objects see to it: restoring renumbers their slots), since
a process begins a chain of its own.

*Protocol*: a data file (`engine.state.files`) is written and fsynced; then the manifest `epoch-N.json` (what belongs
to the checkpoint: files with length and checksum, meta, its own checksum) is written as a temporary file, fsynced,
renamed, and the folder fsynced. The rename is the only decision: files without a manifest are rubbish of a crash and
removed at start (`latest`). A checkpoint that cannot be written (code "checkpoint_io") leaves all earlier ones valid;
its parts are kept and go into the next one's file, as changes must not be lost.

*Chain*: a manifest names the data files it needs, a base first. When there are more than `max_deltas` after the base,
or they are larger than half of it, another thread merges them into a new base from the files alone. Retention
keeps the last `keep` manifests and the files they name.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import secrets
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.durable import sync
from engine.errors import UserError
from engine.state.files import CorruptFile, Entry, WrittenFile, read_file, write_file
from engine.state.merge import merge_chain
from engine.state.protocol import StatePart

logger = logging.getLogger(__name__)

VERSION = 1
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "the folder is not writable",
    errno.EPERM: "the folder is not writable",
    errno.EROFS: "the file system is read-only",
}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read back and verified."""

    epoch: int
    meta: dict[str, Any]
    parts: dict[str, list[StatePart]]
    once: dict[str, list[StatePart]]
    skipped: list[tuple[int, str]] = field(default_factory=list)

    def chains(self) -> dict[str, list[StatePart]]:
        """Each key's parts, oldest first, from its last full one on."""
        return self.parts


@dataclass(frozen=True)
class Committed:
    """A checkpoint that counts: its epoch, bytes written, seconds the writer took, data files in its chain, and whether
    it begins the chain: all state was written, not only what had changed."""

    epoch: int
    bytes: int
    seconds: float
    files: int
    full: bool


class CheckpointStore:
    """See the module."""

    def __init__(self, folder: str | Path, *, keep: int = 3, max_deltas: int = 50,
                 sync: Callable[[], None] | None = None) -> None:
        self.folder = Path(folder)
        self._sync = sync
        self.last: Committed | None = None
        self._keep = keep
        self._max_deltas = max_deltas
        self._chain: list[WrittenFile] = []
        self._carried: list[Entry] = []
        self._writer = ThreadPoolExecutor(1, "checkpoints")
        self._merger = ThreadPoolExecutor(1, "compaction")
        self._merging: Future[None] | None = None
        self._patience = 0  # files of a chain that could not be merged: not tried again before there are twice as many
        self._lock = threading.Lock()  # guards the chain and the files that are being made
        self._making: set[str] = set()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _io_error(self.folder, error) from error

    # ---- reading -----------------------------------------------------------------------------------------------

    def epochs(self) -> list[int]:
        """The epochs that have a manifest, newest first."""
        names = [p.name for p in self.folder.glob("epoch-*.json")]
        return sorted((int(name[6:-5]) for name in names if name[6:-5].isdigit()), reverse=True)

    def latest(self, check: Callable[[], None] = lambda: None) -> Checkpoint | None:
        """The newest checkpoint that is whole; None where there never was one. Removes what a crash left behind.
        `check` is called again and again and may raise, to give up."""
        skipped: list[tuple[int, str]] = []
        found = None
        for epoch in self.epochs():
            try:
                found = self._read(epoch, check)
                break
            except CorruptFile as error:
                skipped.append((epoch, str(error)))
        if found is None and skipped:
            raise UserError(
                "checkpoint_corrupt", f"no checkpoint in {self.folder} is whole: {skipped[0][1]}",
                hint="restore the folder from a backup, or remove it to start from the beginning")
        for epoch, _ in skipped:
            self._set_aside(epoch)
        self._clean()
        if found is None:
            return None
        return replace(found, skipped=skipped)

    def _read(self, epoch: int, check: Callable[[], None]) -> Checkpoint:
        manifest = _read_manifest(self._manifest(epoch))
        chains: dict[str, list[StatePart]] = {}
        once: dict[str, list[StatePart]] = {}
        files = [WrittenFile(f["name"], f["length"], f["crc"]) for f in manifest["files"]]
        for number, file in enumerate(files):
            for entry in read_file(self.folder / file.name, file):
                check()
                if entry.once:
                    if number == len(files) - 1:
                        once.setdefault(entry.key, []).append(entry.part)
                elif entry.part.full:
                    chains[entry.key] = [entry.part]
                else:
                    chains.setdefault(entry.key, []).append(entry.part)
        return Checkpoint(epoch, manifest["meta"], chains, once)

    def _manifest(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch:010d}.json"

    def _set_aside(self, epoch: int) -> None:
        path = self._manifest(epoch)
        try:
            path.rename(path.with_suffix(".damaged"))
        except OSError as error:
            raise _io_error(self.folder, error) from error

    # ---- writing -----------------------------------------------------------------------------------------------

    def write(self, epoch: int, parts: Mapping[str, StatePart], meta: dict[str, Any],
              once: Mapping[str, StatePart] | None = None) -> Future[None]:
        """Write a checkpoint in the background. The parts' arrays must not change afterwards; `meta` is JSON."""
        entries = [Entry(key, part) for key, part in parts.items()]
        entries += [Entry(key, part, once=True) for key, part in (once or {}).items()]
        return self._writer.submit(self._write, epoch, entries, meta)

    def carry(self, parts: Mapping[str, StatePart]) -> None:
        """Keep the parts of a checkpoint that is not written for the next one's file."""
        self._writer.submit(self._carried.extend, [Entry(key, part) for key, part in parts.items()])

    def _write(self, epoch: int, new: Sequence[Entry], meta: dict[str, Any]) -> None:
        started = time.perf_counter()
        entries = [*self._carried, *new]
        path = self._new_path("delta" if self._chain else "full", epoch)
        try:
            file = write_file(path, entries)
            with self._lock:
                self._chain.append(file)
                chain = list(self._chain)
            if self._sync is not None:
                self._sync()
            self._publish(epoch, chain, meta)
        except OSError as error:
            self._carried = entries
            with self._lock:
                self._chain = [f for f in self._chain if f.name != path.name]
            self._making.discard(path.name)
            _forget(self._manifest(epoch))  # renamed, but perhaps not on the disk: it must not count
            _forget(path)
            raise _io_error(self.folder, error) from error
        self._carried = []
        self._making.discard(path.name)
        self.last = Committed(epoch, file.length, time.perf_counter() - started, len(chain), len(chain) == 1)
        self._tend(epoch)

    def _new_path(self, kind: str, epoch: int) -> Path:
        path = self.folder / f"{kind}-{epoch:010d}-{secrets.token_hex(4)}.data"
        self._making.add(path.name)
        return path

    def _publish(self, epoch: int, chain: Sequence[WrittenFile], meta: dict[str, Any]) -> None:
        body = {"version": VERSION, "epoch": epoch, "files": [f.as_dict() for f in chain], "meta": meta}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        path = self._manifest(epoch)
        temporary = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
        try:
            with temporary.open("x", encoding="utf-8") as file:
                file.write(json.dumps({"crc": zlib.crc32(text.encode()), "body": body}, sort_keys=True, indent=1))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            _forget(temporary)
            raise
        sync(self.folder)

    def _tend(self, epoch: int) -> None:
        """Start a compaction where one is due, and remove what is no longer needed."""
        with contextlib.suppress(OSError):
            self._clean()
        deltas = self._chain[1:]
        due = len(deltas) > self._max_deltas or 2 * sum(f.length for f in deltas) > self._chain[0].length
        due = due and len(self._chain) >= 2 * self._patience
        if deltas and due and (self._merging is None or self._merging.done()):
            self._merging = self._merger.submit(self._compact, list(self._chain), epoch)

    def _compact(self, merged: Sequence[WrittenFile], epoch: int) -> None:
        """Replace the chain's files so far by one; failing at it costs space, and time when the job is restored."""
        path = self._new_path("base", epoch)
        try:
            chains: dict[str, list[StatePart]] = {}
            for file in merged:
                for entry in read_file(self.folder / file.name, file):
                    if not entry.once:
                        chains.setdefault(entry.key, []).append(entry.part)
            base = write_file(path, [Entry(key, part) for key, chain in chains.items() for part in merge_chain(chain)])
        except Exception as error:  # full disks, damaged files, our own faults: the chain goes on as it is
            logger.warning("checkpoints in %s could not be merged: %s", self.folder, error,
                           exc_info=not isinstance(error, OSError | CorruptFile))
            self._patience = len(merged)
            self._making.discard(path.name)
            _forget(path)
            return
        with self._lock:
            self._chain[:len(merged)] = [base]
        self._patience = 0
        self._making.discard(path.name)

    def _clean(self) -> None:
        """Remove manifests beyond the kept ones, and every file that no manifest and no chain names."""
        epochs = self.epochs()
        for epoch in epochs[self._keep:]:
            self._manifest(epoch).unlink(missing_ok=True)
        with self._lock:
            named = {f.name for f in self._chain} | self._making
        for epoch in epochs[:self._keep]:
            try:
                named.update(f["name"] for f in _read_manifest(self._manifest(epoch))["files"])
            except CorruptFile:
                return  # `latest` will say so; until then nothing is thrown away
        for path in self.folder.iterdir():
            if path.suffix == ".tmp" or (path.suffix == ".data" and path.name not in named):
                path.unlink(missing_ok=True)

    def wait(self) -> None:
        """Return once everything submitted so far, compaction included, is done."""
        self._writer.submit(int).result()
        if self._merging is not None:
            self._merging.result()

    def close(self) -> None:
        """Finish what is being written."""
        self._writer.shutdown()
        self._merger.shutdown()


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        body: dict[str, Any] = content["body"]
        crc = content["crc"]
    except FileNotFoundError as error:
        raise CorruptFile(f"{path.name} is missing") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptFile(f"{path.name} is not a manifest") from error
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    if zlib.crc32(text.encode()) != crc:
        raise CorruptFile(f"{path.name} fails its checksum")
    if body["version"] != VERSION:
        raise CorruptFile(f"{path.name} has format version {body['version']}, this program reads {VERSION}")
    return body


def _forget(path: Path) -> None:
    """Remove what was half written, if that can be done."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _io_error(folder: Path, error: OSError) -> UserError:
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return UserError("checkpoint_io", f"a checkpoint cannot be written to {folder}: {reason}",
                     hint="earlier checkpoints stay valid; free space or choose another folder")
