"""Where a run's sources stood: a sample may be what the run read from there on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.savepoints.describe import sources_of
from engine.savepoints.inspect import checkpoints, find

_SOURCE = re.compile(r"Source\[(\w+)")


def position_of(state: Path, node: str) -> dict[str, Any]:
    """The position of a node's source at the oldest checkpoint that is there: what comes after it has been read.

    Errors: `no_state`, `not_recorded` where no source of that name has one.
    """
    known = checkpoints(state)
    found = find(state, known[-1]["epoch"] if known else None)
    for source in sources_of(found.checkpoint):
        match = _SOURCE.match(source["uid"])
        if match is not None and match[1] == node and source["shard"] == 0 and source["position"] is not None:
            position: dict[str, Any] = source["position"]
            return position
    raise UserError("not_recorded", f"the run has not noted where its source '{node}' stood",
                    hint="wait for its first checkpoint, or read the source itself")
