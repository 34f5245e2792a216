"""Named points at which tests and benchmarks end a process as if it had been killed: `benchmarks/chaos.py` does.

Only where the variable PORSCHE_FAULTS is set is anything looked at: a file `fault-<point>` in the working folder is an
order to end there, once.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

VARIABLE = "PORSCHE_FAULTS"
POINTS = ("seal", "checkpoint", "commit", "apply", "applied", "compaction", "restore")
"""Before a sink seals; state is written and does not count yet; it counts, and no sink has applied it; before and after
a sink applies; chains are merged and the merged file does not count yet; before an operator's state is restored."""
_ordered = VARIABLE in os.environ


def reached(point: str) -> None:
    """This point is reached: end here, if that was ordered."""
    if not _ordered:
        return
    try:
        Path(f"fault-{point}").unlink()
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
