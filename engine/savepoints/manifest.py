"""The manifest of a savepoint, and reading one back.

`manifest.json` of version 1:

    savepoint      1: the version of this format
    name, made_at (unix seconds), epoch (of the checkpoint it was made of), facts (what the maker knows: run, revision)
    job            {name, fingerprint}
    operators      what is in it, by operator and state: keys, rows, bytes, digest (`engine.savepoints.describe`)
    sources        {uid, rows, position} of each source, by shard
    models         {name: {version, sha256}}: of the weights that learning goes on from
    data           [{name, length, crc}]: data files in `state/`, in the order in which they are read
    files          [{path, bytes, sha256}]: all files but this one
    meta           the checkpoint's own facts
    sha256         of all of the above, as JSON with sorted keys and without spaces
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from engine.errors import UserError
from engine.state.checkpoints import Checkpoint
from engine.state.files import CorruptFile, WrittenFile, read_file
from engine.state.protocol import StatePart
from engine.state.storage import LocalFolder

VERSION = 1
MANIFEST = "manifest.json"
STATE, MODELS, TABLES = "state", "models", "tables"
CHUNK = 1 << 20
Json = dict[str, Any]


@dataclass(frozen=True)
class Savepoint:
    """A savepoint's folder and its manifest, of whatever version, in the form of the newest."""

    folder: Path
    manifest: Json

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def epoch(self) -> int:
        return int(self.manifest["epoch"])

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each state, as "operator/state"."""
        return {f"{o['uid']}/{s['name']}": s["digest"] for o in self.manifest["operators"] for s in o["states"]}

    @property
    def shards(self) -> int:
        """The number of shards that it was made with."""
        return max((s["shards"] for o in self.manifest["operators"] for s in o["states"]), default=1)

    def checkpoint(self, check: Callable[[], None] = lambda: None) -> Checkpoint:
        """The state, read and verified. UserError "savepoint_corrupt" where a file is not what was written; `check`
        may raise, to give up."""
        parts: dict[str, list[StatePart]] = {}
        storage = LocalFolder(self.folder / STATE)
        try:
            for data in self.manifest["data"]:
                for entry in read_file(storage, WrittenFile(data["name"], data["length"], data["crc"]), check):
                    parts.setdefault(entry.key, []).append(entry.part)
        except (CorruptFile, OSError, KeyError, TypeError) as error:
            raise _corrupt(self.folder, str(error)) from error
        return Checkpoint(self.epoch, self.manifest["meta"], parts, {})

    def files(self, part: str) -> Iterator[PurePosixPath]:
        """The files below `models` or `tables`, as paths from there."""
        for file in self.manifest["files"]:
            path = PurePosixPath(file["path"])
            if path.parts[0] == part:
                yield path.relative_to(part)

    def verify(self, check: Callable[[], None] = lambda: None) -> None:
        """Compare all files with their checksums. UserError "savepoint_corrupt"."""
        for file in self.manifest["files"]:
            check()
            try:
                found = sha256_of(self.folder / file["path"])
            except OSError as error:
                raise _corrupt(self.folder, f"{file['path']}: {error.strerror}") from error
            if found != file["sha256"]:
                raise _corrupt(self.folder, f"{file['path']} fails its checksum")


def open_savepoint(folder: Path) -> Savepoint:
    """The savepoint in a folder. UserErrors: "no_savepoint", "savepoint_corrupt", "savepoint_version"."""
    try:
        value = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError("no_savepoint", f"there is no savepoint in {folder}",
                        hint=f"a savepoint is a folder with a {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise _corrupt(folder, f"{MANIFEST} cannot be read: {error}") from error
    if not isinstance(value, dict) or not isinstance(value.get("savepoint"), int):
        raise _corrupt(folder, f"{MANIFEST} is no savepoint's manifest")
    reader = _READERS.get(value["savepoint"])
    if reader is None:
        raise UserError("savepoint_version", f"the savepoint in {folder} has the format {value['savepoint']}, this "
                        f"program reads {', '.join(map(str, _READERS))}", hint="restore it with a newer version")
    return Savepoint(folder, reader(folder, value))


def _read_v1(folder: Path, value: Json) -> Json:
    if value.get("sha256") != checksum(value):
        raise _corrupt(folder, f"{MANIFEST} fails its checksum")
    wrong = [name for name, kind in _SHAPE.items() if not isinstance(value.get(name), kind)]
    if wrong or any(_leaves(file) for file in value["files"]):
        raise _corrupt(folder, f"{MANIFEST} is not what this program writes: {', '.join(wrong) or 'files'}")
    return value


_SHAPE: Mapping[str, Any] = {
    "name": str, "made_at": int | float, "epoch": int, "job": dict, "operators": list, "sources": list, "models": dict,
    "data": list, "files": list, "meta": dict, "facts": dict,
}  # fmt: skip


def _leaves(file: Any) -> bool:
    """Whether an entry of `files` is none, or outside the folder."""
    path = file.get("path") if isinstance(file, dict) else None
    return not isinstance(path, str) or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts


_READERS: Mapping[int, Callable[[Path, Json], Json]] = {1: _read_v1}
"""By version: what reads it. A version that was ever written stays."""


def checksum(manifest: Mapping[str, Any]) -> str:
    """The SHA-256 of a manifest without its own."""
    body = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _corrupt(folder: Path, why: str) -> UserError:
    return UserError("savepoint_corrupt", f"the savepoint in {folder} is damaged: {why}",
                     hint="take another one, or a copy of this one; what it was made of is not touched")
