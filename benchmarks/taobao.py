"""`taobao`: the example pipeline on real shop events, from the file to the model and its scores, on one core.

The events are not part of the project: they are read from the folder `data` of $SHARED, by default `../shared`.
References are a logistic regression of the same features, frozen and online. Quick or not, it is the whole file.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from engine.errors import UserError
from porsche.compiler import compile_text, environment
from porsche.runners.bundled import Options
from porsche.runners.bundled import run as run_pipeline

PROJECT = Path(__file__).parent.parent
REFERENCES = {"frozen": {"auc": 0.676, "logloss": 0.481}, "online": {"auc": 0.680, "logloss": 0.479}}


def run(quick: bool = False) -> dict[str, Any]:
    """The figures of the second run, kernels loaded."""
    events = Path(os.environ.get("SHARED", PROJECT.parent / "shared")) / "data" / "taobao_users.csv.gz"
    if not events.exists():
        raise UserError("missing_file", f"there is no file {events}", hint="SHARED names the folder that has data/")
    document = (PROJECT / "examples" / "taobao.yaml").read_text(encoding="utf-8")
    for _ in range(2):
        with tempfile.TemporaryDirectory() as state:
            compiled = compile_text(document, parameters={"events": str(events)}, state=state,
                                    environment=environment("dev"))
            outcome = run_pipeline(compiled, Path(state), Options())
    figures = outcome.as_json()
    wanted = ("events_per_s", "auc", "logloss", "seconds", "rows_in", "rows_out", "model_hash")
    return {**{name: figures[name] for name in wanted}, "references": REFERENCES}
