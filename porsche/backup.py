"""Backups of a home folder: one file with its database, keys, data and runs, each member under its checksum.

    create(home, Path("porsche.tar.gz"), steps)      # of a platform that is down
    verify(Path("porsche.tar.gz"))                   # reads it all
    restore(Path("porsche.tar.gz"), other, steps)    # into a folder that is not there yet; `porsche up` goes on with it

A backup is taken while nothing runs, as database and runs have to be of one moment: `porsche down` has every job take a
checkpoint, the next `porsche up` lets them go on. SQLite is copied through its backup API. A Postgres
(`PORSCHE_DATABASE`) is not in it: `pg_dump` belongs to the same pause. Left out is what a start makes anew: logs, notes
of processes, locks, and background work that waits.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import IO, Any

from engine.errors import UserError
from porsche import processes
from porsche.children import NAMES
from porsche.home import Home
from porsche.steps import Steps

VERSION = 1
MANIFEST = "porsche-backup.json"
DATABASE = "db.sqlite3"
LEFT_OUT = frozenset({
    "broker", "logs", "processes", "static", "up.lock", DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm",
})  # fmt: skip
"""What is at the top of a home and not in its backup; the database is copied by other means."""
OF_PROCESSES = frozenset({"lock", "process.json"})
CHUNK = 1 << 20


@dataclass(frozen=True)
class Backup:
    """What a file holds. `database`: whether the platform's database is in it; `taken`: unix seconds."""

    file: Path
    files: int
    bytes: int
    taken: float
    version: str
    database: bool


def create(home: Home, file: Path, steps: Steps) -> Backup:
    """Write a backup of a home whose platform is down."""
    refuse_running(home)
    if not home.path.is_dir():
        raise UserError("no_home", f"there is no home folder {home.path}", hint="--home names one")
    if file.exists():
        raise UserError("file_exists", f"{file} exists already", hint="name another file")
    own = not os.environ.get("PORSCHE_DATABASE") and (home.path / DATABASE).exists()
    found = list(_files(home.path, {file.absolute(), _draft(file).absolute()}))
    try:
        with _writing(file) as archive, steps.bar("backup", len(found) + own) as tick:
            members = {}
            for path in found:
                members[path.relative_to(home.path).as_posix()] = _add(archive, path, path.relative_to(home.path))
                tick()
            if own:
                members[DATABASE] = _add_database(archive, home.path / DATABASE)
                tick()
            taken, version = time.time(), metadata.version("porsche")
            _add_manifest(archive, {"version": VERSION, "taken": taken, "porsche": version, "database": own,
                                    "files": members})
    except OSError as error:
        raise UserError("unwritable_file", f"cannot write the backup {file}: {error.strerror or error}",
                        hint="choose a folder with room") from error
    return Backup(file, len(members), sum(m["bytes"] for m in members.values()), taken, version, own)


def verify(file: Path) -> Backup:
    """Read a backup wholly; UserError "backup_damaged" where it is not what was written."""
    with _reading(file) as archive:
        seen: dict[str, dict[str, Any]] = {}
        manifest: dict[str, Any] | None = None
        for member in archive:
            content = archive.extractfile(member)
            if content is None:
                raise _damaged(file, f"{member.name} is no file")
            if member.name == MANIFEST:
                manifest = json.loads(content.read())
            else:
                seen[member.name] = _digest(content)
    return _checked(file, manifest, seen)


def restore(file: Path, home: Home, steps: Steps) -> Backup:
    """Bring a backup back as a home folder that is not there yet. It appears as a whole, or not at all."""
    if home.path.exists() and any(home.path.iterdir()):
        raise UserError("home_exists", f"{home.path} exists and is not empty", hint="restore into another folder")
    found = verify(file)
    parent = home.path.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix=f".{home.path.name}.") as draft:
            place = Path(draft) / "home"
            place.mkdir(mode=0o700)
            with _reading(file) as archive, steps.bar("restore", found.files) as tick:
                for member in archive:
                    if member.name != MANIFEST:
                        archive.extract(member, place, filter="data")
                        tick()
            if home.path.exists():
                home.path.rmdir()
            place.rename(home.path)
    except OSError as error:
        raise UserError("home_folder", f"cannot write to {home.path}: {error.strerror or error}",
                        hint="choose a folder with room") from error
    return found


def refuse_running(home: Home) -> None:
    """UserError where anything of a home runs."""
    from porsche.up import jobs

    running = [name for name in ("up", *NAMES) if processes.running(home.path / "processes", name) is not None]
    running += [f"the job of run {name}" for name in jobs(home)] if (home.path / "runs").is_dir() else []
    if running:
        raise UserError("platform_running", f"{home.path} is in use by {', '.join(running)}",
                        hint="porsche down has every job take a checkpoint; the next porsche up lets them go on")


# ---- the archive -----------------------------------------------------------------------------------------------------


def _files(root: Path, others: set[Path]) -> Iterator[Path]:
    """The regular files that belong into a backup, in order. Links are not followed, and not kept."""
    for folder, names, files in os.walk(root):
        here = Path(folder)
        if here == root:
            names[:] = [name for name in names if name not in LEFT_OUT]
        names.sort()
        for name in sorted(set(files) - OF_PROCESSES - (LEFT_OUT if here == root else set())):
            path = here / name
            if path not in others and path.is_file() and not path.is_symlink():
                yield path


def _draft(file: Path) -> Path:
    return file.with_name(f".{file.name}.part")


@contextlib.contextmanager
def _writing(file: Path) -> Iterator[tarfile.TarFile]:
    """An archive that only its owner reads (it holds keys), in place once it is whole."""
    draft = _draft(file)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as archive:
                yield archive
            raw.flush()
            os.fsync(raw.fileno())
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:gz") as archive:
            yield archive
    except FileNotFoundError:
        raise UserError("no_backup", f"there is no backup {file}") from None
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise _damaged(file, str(error)) from error
    except OSError as error:  # gzip's own, too: a checksum that fails
        raise _damaged(file, error.strerror or str(error)) from error


class _Hashing(io.RawIOBase):
    """Reads through, and knows what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


def _add(archive: tarfile.TarFile, path: Path, name: Path | PurePosixPath) -> dict[str, Any]:
    with path.open("rb") as file:
        info = archive.gettarinfo(arcname=str(name), fileobj=file)
        through = _Hashing(file)
        archive.addfile(info, through)
    return {"bytes": info.size, "sha256": through.sha256.hexdigest()}


def _add_database(archive: tarfile.TarFile, path: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / DATABASE
        with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        copy.chmod(0o600)
        return _add(archive, copy, PurePosixPath(DATABASE))


def _add_manifest(archive: tarfile.TarFile, manifest: dict[str, Any]) -> None:
    content = json.dumps(manifest, indent=1).encode()
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.mode, info.mtime = len(content), 0o600, int(manifest["taken"])
    archive.addfile(info, io.BytesIO(content))


def _digest(content: IO[bytes]) -> dict[str, Any]:
    through, size = _Hashing(content), 0
    while data := through.read(CHUNK):
        size += len(data)
    return {"bytes": size, "sha256": through.sha256.hexdigest()}


def _checked(file: Path, manifest: dict[str, Any] | None, seen: dict[str, dict[str, Any]]) -> Backup:
    if manifest is None:
        raise _damaged(file, "it ends before its list of files")
    if manifest.get("version") != VERSION:
        raise UserError("backup_version", f"{file} has version {manifest.get('version')}, this program reads {VERSION}",
                        hint="use the program that wrote it, or a newer one")
    for name in sorted(manifest["files"].keys() | seen.keys()):
        if manifest["files"].get(name) != seen.get(name):
            raise _damaged(file, f"{name} is not what was written")
    return Backup(file, len(seen), sum(s["bytes"] for s in seen.values()), manifest["taken"], manifest["porsche"],
                  manifest["database"])


def _damaged(file: Path, why: str) -> UserError:
    return UserError("backup_damaged", f"the backup {file} is damaged: {why}", hint="restore another one")
