"""Making a savepoint of a state folder's checkpoint, also while a job goes on writing there: what it needs is read, or
linked, before it is used, and a file that is gone meanwhile was replaced by a newer one.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from engine.durable import sync
from engine.errors import UserError
from engine.learners.store import ModelStore
from engine.savepoints.describe import contents_of, describe, sources_of, states_of
from engine.savepoints.inspect import place_of
from engine.savepoints.manifest import (
    MANIFEST,
    MODELS,
    STATE,
    TABLES,
    VERSION,
    Json,
    Savepoint,
    checksum,
    open_savepoint,
    sha256_of,
)
from engine.state.checkpoints import Checkpoint, read_checkpoint
from engine.state.files import Entry, write_file
from engine.state.storage import LocalFolder

LINES = re.compile(r"part-(\d+)\.jsonl")
PARTS = re.compile(r"part-([0-9a-f]{8})-(\d{8})\.\w+")
MODEL_FILE = re.compile(r"(\d{9})\.(?:change|base)")
TRIES = 20
OTHERS = frozenset({"checkpoints", "models"})
"""Folders in a state folder in which no table is."""


def make(state: Path, target: Path, *, name: str = "", epoch: int | None = None,
         facts: Mapping[str, Any] | None = None, progress: Callable[[float, str], None] = lambda part, word: None,
         ) -> Savepoint:
    """Write the savepoint `target`, a folder that is not there yet, from the newest checkpoint (or that of `epoch`) of
    the state folder `state`.

    Either it is there whole in the end, or it is not there. UserErrors: "no_checkpoint", "savepoint_exists",
    "savepoint_io", and those of a damaged checkpoint.
    """
    if target.exists():
        raise UserError("savepoint_exists", f"there is something at {target} already", hint="choose another name")
    checkpoint = read_checkpoint(place_of(state), epoch) if (state / "checkpoints").is_dir() else None
    if checkpoint is None:
        which = "no checkpoint" if epoch is None else f"no checkpoint {epoch}"
        raise UserError("no_checkpoint", f"there is {which} in {state}", hint="a run has one once it has taken it")
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        _fill(draft, state, checkpoint, {"name": name or target.name, "facts": dict(facts or {})}, progress)
        draft.rename(target)
        sync(target.parent)
    except OSError as error:
        raise UserError("savepoint_io", f"the savepoint {target} cannot be written: {error.strerror or error}",
                        hint="free space, or choose another place; nothing else was changed") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return open_savepoint(target)


def _fill(draft: Path, state: Path, checkpoint: Checkpoint, head: Json, progress: Callable[[float, str], None]) -> None:
    draft.mkdir(mode=0o700, parents=True)
    _copy_tables(state, draft / TABLES, checkpoint)
    models = _copy_models(state / "models", draft / MODELS, checkpoint.meta.get("models"))
    progress(0.1, "models and tables are copied")
    states = states_of(checkpoint)
    storage = LocalFolder(draft / STATE)
    data = []
    for number, (uid, named) in enumerate(states.items()):
        entries = [Entry(f"{uid}/{name}/{shard}", part)
                   for name, parts in named.items() for shard, part in parts.items()]
        data.append(write_file(storage, f"{number:04d}.data", entries).as_dict())
        progress(0.1 + 0.6 * (number + 1) / len(states), f"{number + 1} of {len(states)} operators are written")
    manifest = {
        "savepoint": VERSION, **head, "made_at": round(time.time(), 3), "epoch": checkpoint.epoch,
        "job": {"name": checkpoint.meta.get("job"), "fingerprint": checkpoint.meta.get("fingerprint")},
        "operators": describe(checkpoint, contents_of(states)), "sources": sources_of(checkpoint), "models": models,
        "data": data, "meta": checkpoint.meta,
        "files": [{"path": str(path.relative_to(draft)), "bytes": path.stat().st_size, "sha256": sha256_of(path)}
                  for path in _files(draft)],
    }  # fmt: skip
    with (draft / MANIFEST).open("x", encoding="utf-8") as file:
        json.dump({**manifest, "sha256": checksum(manifest)}, file, indent=1)
    for path in (*_files(draft), *(p for p in draft.rglob("*") if p.is_dir()), draft):
        sync(path)
    progress(1.0, "done")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


# ---- models ----------------------------------------------------------------------------------------------------------


def _copy_models(source: Path, target: Path, newest: Mapping[str, int] | None) -> Json:
    """The versions that the state may refer to: all up to those that were newest at the checkpoint (`newest`, or, where
    it did not say, all)."""
    for folder in sorted(source.iterdir()) if source.is_dir() else ():
        last = None if newest is None else newest.get(unquote(folder.name), 0)
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            match = MODEL_FILE.fullmatch(file.name)
            if file.name == "names.json" or (match and (last is None or int(match[1]) <= last)):
                with contextlib.suppress(FileNotFoundError):  # too old to be kept
                    link(file, target / folder.name / file.name)
    store = ModelStore(target)
    return {name: {"version": store.newest(name), "sha256": store.hash(name)} for name in store.names()}


# ---- tables in the run's own folder ----------------------------------------------------------------------------------


def _copy_tables(state: Path, target: Path, checkpoint: Checkpoint) -> None:
    """What the run's sinks keep in its folder, as of the checkpoint: lines and files of its epochs, and the embedded
    store, which may be a little ahead: what comes again is written by key."""
    for _ in range(TRIES):
        try:
            _link_tables(state, target, checkpoint)
            break
        except FileNotFoundError:  # it was applied, or merged with others, meanwhile: they are listed once more
            shutil.rmtree(target, ignore_errors=True)
    else:
        raise UserError("savepoint_io", f"the files in {state} change too fast to be copied", hint="try again")
    rows = state / "store" / "rows.sqlite"
    if rows.exists():
        _copy_database(rows, target / "store" / rows.name)


def _link_tables(state: Path, target: Path, checkpoint: Checkpoint) -> None:
    sealed = checkpoint.meta.get("sinks") or {}
    runs = {part["run"] for part in sealed.values() if isinstance(part, dict) and "run" in part}
    staged = set(_staged(sealed))
    for path in _below(state):
        relative = path.relative_to(state)
        if path.name in staged or _belongs(relative, runs, checkpoint.epoch):
            link(path, target / relative)


def _below(state: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(state):
        if Path(folder) == state:
            folders[:] = [name for name in folders if name not in OTHERS and not name.startswith("phase-")]
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names))


def _belongs(path: Path, runs: set[str], epoch: int) -> bool:
    """Whether a file is of the job's own sinks, and no later than the checkpoint."""
    if path.parts[0] in ("metrics", "dead_letters") and (match := LINES.fullmatch(path.name)):
        return int(match[1]) <= epoch
    match = PARTS.fullmatch(path.name)
    return match is not None and match[1] in runs and int(match[2]) <= epoch


def _staged(value: Any) -> Iterator[str]:
    """The names of files that sealed data speaks of: they are applied where they are found."""
    if isinstance(value, dict):
        yield from (text for name, text in value.items() if name == "staged" and isinstance(text, str))
        for name, part in value.items():
            if name == "files" and isinstance(part, list):
                yield from (file[0] for file in part if isinstance(file, list) and file)
            else:
                yield from _staged(part)


def _copy_database(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30.0)) as before, \
                contextlib.closing(sqlite3.connect(target)) as copy:
            before.backup(copy)
    except sqlite3.Error as error:
        raise UserError("store_unavailable",
                        f"the embedded store in {source.parent} cannot be read: {error}") from error


def link(source: Path, target: Path) -> None:
    """The same file under another name: it never changes. A copy where there are two disks."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except FileNotFoundError:
        raise
    except OSError:
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(source, draft)
        draft.replace(target)
