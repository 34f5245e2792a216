"""The mark by which compiled code is known to be up to date covers all that a kernel uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PART = """
from engine.kernels import inlined
FACTOR = {factor}

@inlined
def part(x):
    return x * FACTOR + {addend}
"""
WHOLE = """
from numba.core import event
from engine.kernels import kernel
from part import part{also}

@kernel
def inner(x):
    return part(x)

@kernel
def whole(x):
    return inner(x){more}

with event.install_recorder("numba:compile") as recorder:
    print(whole(10), len(recorder.buffer) > 0)
"""


def run(folder: Path) -> str:
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    environment = {**os.environ, "PYTHONPATH": path, "NUMBA_CACHE_DIR": str(folder / "cache"),
                   "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, str(folder / "whole.py")], env=environment, check=True, capture_output=True,
                          text=True, timeout=120).stdout.strip()


@pytest.mark.slow
def test_code_of_other_files_is_never_out_of_date(tmp_path: Path) -> None:
    def write(factor: int, addend: int, whole: str = WHOLE.format(also="", more="")) -> None:
        (tmp_path / "part.py").write_text(PART.format(factor=factor, addend=addend))
        (tmp_path / "whole.py").write_text(whole)

    write(2, 1)
    assert run(tmp_path) == "21 True"
    write(2, 7)  # another body of an inlined part, of the same length
    assert run(tmp_path) == "27 True"
    os.utime(tmp_path / "part.py")
    os.utime(tmp_path / "whole.py")
    assert run(tmp_path) == "27 False"
    with_constant = WHOLE.format(also=", FACTOR", more=" + FACTOR")
    write(3, 7, with_constant)
    assert run(tmp_path) == "40 True"
    write(4, 7, with_constant)
    assert run(tmp_path) == "51 True"
