"""What a job's state says of itself, without reading any of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.savepoints.inspect import place_of
from engine.savepoints.manifest import MANIFEST, open_savepoint
from engine.state.checkpoints import epochs_in, manifest_name
from engine.state.storage import open_storage, read_all


def meta_of(folder: Path) -> dict[str, Any]:
    """What the newest checkpoint in a state folder, or a savepoint, says of its job: `operators` and `sources` among
    it. UserError "no_state" where there is neither."""
    if (folder / MANIFEST).exists():
        return dict(open_savepoint(folder).manifest["meta"])
    if (folder / "checkpoints").is_dir():
        storage = open_storage(place_of(folder))
        for epoch in epochs_in(storage):
            try:
                body = json.loads(read_all(storage, manifest_name(epoch)).tobytes())["body"]
                return dict(body["meta"])
            except (OSError, ValueError, KeyError, TypeError):
                continue  # damaged, or gone meanwhile: a job would go on from the one before it
    raise UserError("no_state", f"there is no checkpoint in {folder}", hint="name a state folder, or a savepoint's")
