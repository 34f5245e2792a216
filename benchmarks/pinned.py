"""One core for everything: the process and the thread pools of all libraries. Pin before those are imported."""

from __future__ import annotations

import os

_POOLS = ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def pin() -> int:
    """Run on one core from now on, the last of those allowed; returns its number."""
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    for name in _POOLS:
        os.environ[name] = "1"
    return core


def pin_arrow() -> None:
    """Arrow sizes its pools when it is imported."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
