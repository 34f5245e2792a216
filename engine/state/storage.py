"""Where checkpoints lie: a local folder, or what fsspec knows (object stores, HDFS, memory), behind one interface.

What a storage must keep for a checkpoint to be safe, whatever it is:

- `write` returns when the file is there to stay (`LocalFolder`: fsynced). A file is written once and never changed;
  one that failed half way may remain: nothing names it, so it is rubbish.
- `put` replaces a small file: readers find the old one, the new one, or one that fails its own checksum. It is the
  decision of a checkpoint. `LocalFolder`: temporary file, fsync, rename, fsync of the folder. Object stores have
  neither rename nor fsync: there one request puts the whole object, and it returns when the object is there to stay.
- what was written is found by the next `names` and `read` (object stores promise this since 2020; a store that
  lists late is not fit).
- `rename` and `remove` may be done in several steps: they only tidy.

One process writes to a place at a time: the lock of the run's folder sees to it for a folder of its own.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import numpy as np

from engine.changes import Array
from engine.durable import sync
from engine.errors import UserError

_LOCAL = ("", "file", "local")


class Storage(Protocol):
    """Named files in one place; every method raises OSError (FileNotFoundError where there is no such file)."""

    where: str

    def names(self) -> list[str]:
        """All names."""
        ...

    def size(self, name: str) -> int:
        """Bytes of a file."""
        ...

    def read(self, name: str, start: int, out: Array) -> int:
        """Fill a uint8 array with the bytes of a file from `start` on; how many there were. Threads may call it."""
        ...

    def map(self, name: str) -> Array | None:
        """The bytes of a file (uint8, writable, changes stay private) without reading them now; None where they cannot
        be mapped. What was never read fails where it is touched, if its disk does: `read` it before."""
        ...

    def write(self, name: str, pieces: Iterable[memoryview | bytes]) -> int:
        """Make a new file of these pieces; returns its length."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Make or replace a small file."""
        ...

    def rename(self, name: str, to: str) -> None: ...

    def remove(self, name: str) -> None:
        """Remove a file, if there is one."""
        ...


class LocalFolder:
    """A folder of this machine. `durable=False` leaves out fsync (benchmarks)."""

    def __init__(self, folder: str | Path, *, durable: bool = True) -> None:
        self.folder = Path(folder)
        self.where = str(folder)
        self._durable = durable
        self.folder.mkdir(parents=True, exist_ok=True)

    def names(self) -> list[str]:
        return os.listdir(self.folder)

    def size(self, name: str) -> int:
        return (self.folder / name).stat().st_size

    def read(self, name: str, start: int, out: Array) -> int:
        view, done = out.data, 0
        with (self.folder / name).open("rb", buffering=0) as file:
            while done < len(view) and (count := os.preadv(file.fileno(), [view[done:]], start + done)):
                done += count
        return done

    def map(self, name: str) -> Array | None:
        with (self.folder / name).open("rb") as file:
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), np.uint8)

    def write(self, name: str, pieces: Iterable[memoryview | bytes]) -> int:
        with (self.folder / name).open("xb") as file:
            for piece in pieces:
                file.write(piece)
            self._flush(file)
            return file.tell()

    def put(self, name: str, content: bytes) -> None:
        temporary = self.folder / f"{name}.{secrets.token_hex(4)}.tmp"
        try:
            with temporary.open("xb") as file:
                file.write(content)
                self._flush(file)
            temporary.replace(self.folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        if self._durable:
            sync(self.folder)

    def _flush(self, file: Any) -> None:
        file.flush()
        if self._durable:
            os.fsync(file.fileno())

    def rename(self, name: str, to: str) -> None:
        (self.folder / name).rename(self.folder / to)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)


class RemoteFolder:
    """A folder of a file system that fsspec knows."""

    def __init__(self, url: str) -> None:
        self.where = url
        try:
            from fsspec.core import url_to_fs

            self._fs, self._root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise UserError("bad_option", f"there is no storage for {url}: {error}",
                            hint="file:, memory: and what fsspec has a package for, such as s3: by s3fs") from error
        with _as_os_error():
            self._fs.makedirs(self._root, exist_ok=True)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def names(self) -> list[str]:
        with _as_os_error():
            self._fs.invalidate_cache()
            try:
                return [path.rsplit("/", 1)[-1] for path in self._fs.ls(self._root, detail=False)]
            except FileNotFoundError:
                return []

    def size(self, name: str) -> int:
        with _as_os_error():
            self._fs.invalidate_cache()
            return int(self._fs.size(self._path(name)))

    def read(self, name: str, start: int, out: Array) -> int:
        if not len(out):
            return 0
        with _as_os_error():
            content = self._fs.cat_file(self._path(name), start=start, end=start + len(out))
        out[:len(content)] = np.frombuffer(content, np.uint8)
        return len(content)

    def map(self, name: str) -> Array | None:
        return None

    def write(self, name: str, pieces: Iterable[memoryview | bytes]) -> int:
        length = 0
        with _as_os_error(), self._fs.open(self._path(name), "wb") as file:
            for piece in pieces:
                file.write(piece)
                length += len(piece)
        return length

    def put(self, name: str, content: bytes) -> None:
        with _as_os_error():
            self._fs.pipe_file(self._path(name), content)

    def rename(self, name: str, to: str) -> None:
        with _as_os_error():
            self._fs.mv(self._path(name), self._path(to))

    def remove(self, name: str) -> None:
        with _as_os_error(), contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self._path(name))


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """Clients of object stores have errors of their own."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        text = str(error).partition("\n")[0][:200]
        raise OSError(errno.EREMOTEIO, f"{type(error).__name__}: {text}") from error


def read_all(storage: Storage, name: str) -> Array:
    """The bytes of a file (uint8)."""
    content = np.empty(storage.size(name), np.uint8)
    return content[:storage.read(name, 0, content)]


def is_remote(url: str) -> bool:
    """Whether a place is none of this machine's folders; UserError "bad_option" for what is no place."""
    parts = urlsplit(url)
    if "::" in url or "@" in parts.netloc:
        raise UserError("bad_option", "the address of a checkpoint storage is one URL without a password",
                        hint="keys of an object store come from its client's environment variables or files")
    return parts.scheme not in _LOCAL


def local_path(url: str) -> Path:
    """The folder that a path or a `file:` URL names."""
    parts = urlsplit(url)
    return Path(unquote(parts.path) if parts.scheme in _LOCAL[1:] else url)


def open_storage(place: str | Path) -> Storage:
    """The storage at a path or URL."""
    url = str(place)
    return RemoteFolder(url) if "://" in url and is_remote(url) else LocalFolder(local_path(url))
