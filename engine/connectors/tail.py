"""Where the last rows of files begin."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CHUNK = 1 << 20
COUNTED = 256 << 20
"""Bytes of a file up to which lines are counted; behind that they are numbered from where reading begins."""
NEWLINE = 10


def last_lines(path: Path, count: int, quote: int = -1) -> tuple[int, int]:
    """Where the last lines of a file begin, and how many these are: `count`, or all that it has. `quote`: the character
    between two of which a newline ends no line (-1: there is none)."""
    size = end = path.stat().st_size
    left, odd = count, 0
    with path.open("rb") as file:
        while end > 0:
            begin = max(0, end - CHUNK)
            file.seek(begin)
            data = np.frombuffer(file.read(end - begin), np.uint8)
            quoted = (np.cumsum((data == quote)[::-1])[::-1] + odd) % 2 == 1
            starts = np.flatnonzero((data == NEWLINE) & ~quoted) + begin + 1
            starts = starts[starts < size]
            if starts.size >= left:
                return int(starts[-left]), count
            left -= starts.size
            odd, end = int(quoted[0]), begin
    return 0, min(count, count - left + 1) if size else 0


def line_at(path: Path, offset: int) -> int:
    """The number of the line that begins there."""
    if offset > COUNTED:
        return 2
    lines, left = 1, offset
    with path.open("rb") as file:
        while left > 0 and (data := file.read(min(CHUNK, left))):
            lines += data.count(b"\n")
            left -= len(data)
    return lines
