"""Looking at state from outside: checkpoints there are, what one holds, how two differ. Changes nothing.

    checkpoints(state)                       # of a state folder: epoch, when, bytes
    inspect(state, sample=5)                 # the newest checkpoint, by operator, with some of its rows
    inspect(savepoint, operator="totals")    # a savepoint's folder; one operator, by node or id
    diff(before, after)                      # keys added, removed, changed, by operator
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.changes import Array
from engine.errors import UserError
from engine.savepoints.content import Content, changes, group_of
from engine.savepoints.describe import Json, contents_of, describe, sources_of, states_of
from engine.savepoints.manifest import MANIFEST, open_savepoint
from engine.savepoints.rows import columns_of, counts_of, hanging, rows_of
from engine.state.checkpoints import Checkpoint, epochs_in, manifest_name, read_checkpoint
from engine.state.storage import open_storage, read_all


@dataclass(frozen=True)
class Found:
    """A checkpoint, where it was found; `name`: of a savepoint; `at`: when it was made, in unix seconds."""

    checkpoint: Checkpoint
    name: str | None
    at: float | None
    models: Mapping[str, Any]


def place_of(state: Path) -> str | Path:
    """Where the checkpoints of a state folder are: in it, or where the job noted."""
    noted = None
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads((state / "checkpoints" / "elsewhere.json").read_text(encoding="utf-8"))["place"]
    return state / "checkpoints" if noted is None else str(noted)


def checkpoints(state: Path) -> list[Json]:
    """The checkpoints of a state folder, newest first: epoch, at (unix seconds), bytes, files. Reads no state."""
    if not (state / "checkpoints").is_dir():
        return []
    storage = open_storage(place_of(state))
    found = []
    for epoch in epochs_in(storage):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # gone meanwhile, or damaged
            body = json.loads(read_all(storage, manifest_name(epoch)).tobytes())["body"]
            found.append({"epoch": epoch, "at": body["meta"].get("at"), "shards": body["meta"].get("shards"),
                          "bytes": sum(file["length"] for file in body["files"]), "files": len(body["files"])})
    return found


def find(folder: Path, epoch: int | None = None) -> Found:
    """What a folder holds: a savepoint, or the newest checkpoint (that of `epoch`) of a state folder. UserError
    "no_state" where there is neither."""
    if (folder / MANIFEST).exists():
        savepoint = open_savepoint(folder)
        return Found(savepoint.checkpoint(), savepoint.name, savepoint.manifest["made_at"],
                     savepoint.manifest["models"])
    read = read_checkpoint(place_of(folder), epoch) if (folder / "checkpoints").is_dir() else None
    if read is None:
        what = "checkpoint" if epoch is None else f"checkpoint {epoch}"
        raise UserError("no_state", f"there is no {what} in {folder}", hint="name a state folder, or a savepoint's")
    models = {name: {"version": version} for name, version in (read.meta.get("models") or {}).items()}
    return Found(read, None, read.meta.get("at"), models)


def inspect(folder: Path, *, epoch: int | None = None, operator: str | None = None, sample: int = 5) -> Json:
    """What the state in a folder holds: epoch, operators with their states and at most `sample` rows of each, sources,
    models. `operator`: only those of this node, or of this id."""
    found = find(folder, epoch)
    states = states_of(found.checkpoint, _chosen(found.checkpoint, operator))
    contents = contents_of(states)
    told = describe(found.checkpoint, contents)
    for one in told:
        for state in one["states"]:
            content = contents[one["uid"]][state["name"]]
            state |= _sampled(content, _described(found.checkpoint, one["uid"], state["name"]),
                              np.arange(min(sample, content.keys)), sample)
    return {"name": found.name, "epoch": found.checkpoint.epoch, "at": found.at, "operators": told,
            "sources": sources_of(found.checkpoint), "models": dict(found.models)}


def diff(before: Path, after: Path, *, epochs: tuple[int | None, int | None] = (None, None),
         operator: str | None = None, sample: int = 5) -> Json:
    """What became of the keys of each operator that either has: how many were added, removed, changed, with at most
    `sample` rows of each."""
    old, new = find(before, epochs[0]), find(after, epochs[1])
    was = contents_of(states_of(old.checkpoint, _chosen(old.checkpoint, operator)))
    now = contents_of(states_of(new.checkpoint, _chosen(new.checkpoint, operator)))
    found: list[Json] = []
    for uid in sorted({*was, *now}):
        here: Mapping[str, Any] = ((new if uid in now else old).checkpoint.meta.get("operators") or {}).get(uid) or {}
        states = [_state_diff(name, old, new, uid, (was, now), sample)
                  for name in sorted({*was.get(uid, {}), *now.get(uid, {})})]
        found.append({"uid": uid, "kind": here.get("kind"), "nodes": list(here.get("nodes") or ()),
                      "before": uid in was, "after": uid in now, "states": [s for s in states if s is not None]})
    return {"before": {"name": old.name, "epoch": old.checkpoint.epoch},
            "after": {"name": new.name, "epoch": new.checkpoint.epoch}, "operators": found,
            "equal": all(s["equal"] for one in found for s in one["states"])}


def _state_diff(name: str, old: Found, new: Found, uid: str,
                both: tuple[Mapping[str, Mapping[str, Content]], ...], sample: int) -> Json | None:
    nothing = Content((), np.zeros(0, np.uint64), np.zeros(0, np.uint64), 0, 0, "")
    was, now = (side.get(uid, {}).get(name, nothing) for side in both)
    if not any(part.kind == "table" for content in (was, now) for part in content.parts):
        return {"name": name, "equal": was.digest == now.digest, "added": 0, "removed": 0, "changed": 0}
    found = changes(was, now)
    before, after = (_described(side.checkpoint, uid, name) for side in (old, new))
    sampled = {
        "added": _sampled(now, after, found.added[:sample], sample),
        "removed": _sampled(was, before, found.removed[:sample], sample),
        "changed": {**_sampled(now, after, found.changed[1][:sample], sample),
                    "before": _sampled(was, before, found.changed[0][:sample], sample)["sample"]},
    }  # fmt: skip
    return {"name": name, "equal": was.digest == now.digest, "added": len(found.added), "removed": len(found.removed),
            "changed": len(found.changed[0]), "rows": sampled}


def _chosen(checkpoint: Checkpoint, operator: str | None) -> set[str] | None:
    """The ids of the operators that are meant; None: all."""
    if operator is None:
        return None
    described: Mapping[str, Json] = checkpoint.meta.get("operators") or {}
    uids = {key.rsplit("/", 2)[0] for key in checkpoint.chains()}
    found = {uid for uid in uids if uid == operator or operator in described.get(uid, {}).get("nodes", ())}
    if not found:
        nodes = sorted({node for one in described.values() for node in one.get("nodes", ())})
        raise UserError("no_operator", f"there is no operator '{operator}' with state",
                        hint=f"there are {', '.join(nodes or sorted(uids))}")
    return found


def _described(checkpoint: Checkpoint, uid: str, name: str) -> Mapping[str, Any]:
    described: Mapping[str, Any] = (checkpoint.meta.get("operators") or {}).get(uid) or {}
    found: Mapping[str, Any] = (described.get("states") or {}).get(name) or {}
    return found


def _sampled(content: Content, described: Mapping[str, Any], positions: Array, most: int) -> Json:
    """Rows at positions among all shards' keys, under their columns, how many rows hang on each, and at most so many of
    those."""
    rows: list[Any] = []
    under: dict[str, list[int]] = {}
    stores: dict[str, Json] = {}
    start = 0
    for part in content.parts:
        if part.kind != "table":
            return {"columns": [], "sample": [], "under": {}, "stores": {}, "values": dict(content.parts[0].meta)}
        count = len(group_of(part, "keys").rows)
        mine = positions[(positions >= start) & (positions < start + count)] - start
        rows += rows_of(part, described, mine)
        for name, counts in counts_of(part, mine).items():
            under.setdefault(name, []).extend(counts)
        for name, found in hanging(part, described, mine, most).items():
            stored = stores.setdefault(name, {"columns": found["columns"], "sample": []})
            stored["sample"] += [[len(rows) - len(mine) + key, *row] for key, *row in found["sample"]]
        start += count
    for stored in stores.values():
        del stored["sample"][most:]
    return {"columns": columns_of(described), "sample": rows, "under": under, "stores": stores}
