"""What has to be there after a loss of power, and what has to be told although the disk is full."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until the bytes of a file, or the names in a folder, are on the disk; OSError where they cannot be."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tell(path: Path, text: str) -> bool:
    """Replace a file that others read while it changes; whether it could be done. Where the disk has no room for
    another file, the new text takes the place of the old one in it."""
    temporary = path.with_name(f".{path.name}")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
        return True
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    with contextlib.suppress(OSError), path.open("r+b") as file:
        file.write(text.encode())
        file.truncate()
        return True
    return False
