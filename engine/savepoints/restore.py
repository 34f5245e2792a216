"""Starting a job from a savepoint, and proving that what runs is what was saved.

A job that has no checkpoint of its own goes on from its origin: the savepoint's files are verified, models and tables
laid into the job's folder, operators restored. It then takes a checkpoint before it reads a row, which is read back and
compared with the savepoint's digests: `restored.json` says what was found. From there on the savepoint is not needed.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.learners.store import ModelStore
from engine.savepoints.describe import contents_of, states_of
from engine.savepoints.make import link
from engine.savepoints.manifest import MODELS, TABLES, Savepoint
from engine.state.checkpoints import Checkpoint

RESTORED = "restored.json"


class Origin:
    """The savepoint that a job in a state folder begins with. `fingerprint`: of the job's query."""

    def __init__(self, savepoint: Savepoint, folder: Path, fingerprint: str) -> None:
        self.savepoint = savepoint
        self._folder = folder
        self._same_query = savepoint.manifest["job"]["fingerprint"] == fingerprint
        self._began = time.monotonic()

    def checkpoint(self, check: Callable[[], None]) -> Checkpoint:
        """The state to restore; models and tables are in the job's folder when it returns."""
        self._began = time.monotonic()
        self.savepoint.verify(check)
        for part, target in ((MODELS, self._folder / "models"), (TABLES, self._folder)):
            for path in self.savepoint.files(part):
                check()
                lay(self.savepoint.folder / part / path, target / path)
        return self.savepoint.checkpoint(check)

    def confirm(self, made: Checkpoint, shards: int) -> None:
        """Compare the job's first checkpoint, as it was read back, with what was saved, and note it.

        UserError "restore_differs" where the same query in the same number of shards does not hold the same: that is
        never so, and nothing was processed yet.
        """
        contents = contents_of(states_of(made))
        found = {f"{uid}/{name}": content.digest for uid, named in contents.items() for name, content in named.items()}
        wanted = self.savepoint.digests
        differ = sorted(different(wanted, found))
        models = self._models()
        wrong = sorted(n for n, known in self.savepoint.manifest["models"].items() if models.get(n) != known["sha256"])
        comparable = self._same_query and shards == self.savepoint.shards
        self._note({
            "savepoint": self.savepoint.name, "epoch": self.savepoint.epoch, "at": round(time.time(), 3),
            "seconds": round(time.monotonic() - self._began, 3), "states": len(wanted), "differ": differ,
            "models": len(self.savepoint.manifest["models"]), "models_differ": wrong,
            "keys": sum(content.keys for named in contents.values() for content in named.values()),
            "verified": not differ and not wrong, "same_query": self._same_query, "shards": shards,
        })  # fmt: skip
        if wrong or (comparable and differ):
            raise UserError("restore_differs", f"what was restored from {self.savepoint.name} is not what was saved: "
                            f"{', '.join([*wrong, *differ][:5])}", hint="nothing was processed; report this with the "
                            "savepoint's manifest")

    def _models(self) -> dict[str, str]:
        """The hash of each model at the version that the savepoint has."""
        store = ModelStore(self._folder / "models")
        return {name: store.hash(name) for name in self.savepoint.manifest["models"] if store.newest(name)}

    def _note(self, value: Mapping[str, Any]) -> None:
        draft = self._folder / f".{RESTORED}"
        draft.write_text(json.dumps(value), encoding="utf-8")
        os.replace(draft, self._folder / RESTORED)


def different(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """The states of which no equal one is found: under its name, or, of operators that are named otherwise now, under
    a name that was not known."""
    others = Counter(digest for name, digest in found.items() if name not in wanted)
    missing = [name for name, digest in wanted.items() if found.get(name) != digest]
    differ = []
    for name in missing:
        if name not in found and others[wanted[name]]:
            others[wanted[name]] -= 1
        else:
            differ.append(name)
    return differ


def lay(source: Path, target: Path) -> None:
    """A savepoint's file in the job's folder: the same one, or a copy of one that is written in place."""
    if source.suffix != ".sqlite":
        link(source, target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_bytes(source.read_bytes())
    draft.replace(target)
    for rest in ("-wal", "-shm"):
        target.with_name(target.name + rest).unlink(missing_ok=True)
