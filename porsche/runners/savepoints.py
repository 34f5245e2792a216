"""The port to the engine's savepoints: of a run's folder, for those who know no engine. The engine is imported where it
is needed: who only lists or restores loads none of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.errors import UserError
from porsche import processes
from porsche.runners.asked import fresh_checkpoint
from porsche.runners.folder import RunFolder, read

Json = dict[str, Any]


def save(folder: RunFolder, target: Path, *, name: str, facts: Mapping[str, Any] | None = None,
         progress: Callable[[float, str], None] = lambda part, word: None) -> Json:
    """Make a savepoint of a run: of a fresh checkpoint while its process works, else of its last one. What `told` says
    of it. Made before, it is left as it is."""
    if not target.exists():
        _make(folder, folder.state, target, name, facts or {}, progress)
    return told(target)


def save_state(state: Path, target: Path, *, name: str) -> Json:
    """The same of the state folder of a run of this machine, as `porsche run` and the platform make them."""
    worker = next((path for path in (state, state.parent) if processes.running(path) is not None), state)
    _make(RunFolder(worker), state, target, name, {}, lambda part, word: None)
    return told(target)


def _make(folder: RunFolder, state: Path, target: Path, name: str, facts: Mapping[str, Any],
          progress: Callable[[float, str], None]) -> None:
    """`folder`: where the run's process is noted."""
    from engine.savepoints.make import make

    epoch = _freshest(folder, progress)
    try:
        make(state, target, name=name, epoch=epoch, facts=facts, progress=progress)
    except UserError as error:
        if error.code != "no_checkpoint" or epoch is None:
            raise
        make(state, target, name=name, facts=facts, progress=progress)  # newer ones have taken its place


def _freshest(folder: RunFolder, progress: Callable[[float, str], None]) -> int | None:
    """The epoch of a fresh checkpoint, if the run's process works; None: its last one is as good."""
    if processes.running(folder.path) is None:
        return None
    progress(0.0, "waits for a checkpoint")
    try:
        return fresh_checkpoint(folder)
    except UserError as error:
        if error.code == "not_running":
            return None
        raise


def told(folder: Path) -> Json:
    """What a savepoint's manifest says, but the engine's own facts: name, epoch, made_at, bytes, operators, sources,
    models, job, facts."""
    from engine.savepoints.manifest import open_savepoint

    manifest = open_savepoint(folder).manifest
    names = ("name", "epoch", "made_at", "operators", "sources", "models", "job", "facts")
    return {**{name: manifest[name] for name in names}, "bytes": sum(file["bytes"] for file in manifest["files"])}


def is_savepoint(folder: Path) -> bool:
    """Whether a folder is a savepoint's."""
    return (folder / "manifest.json").is_file()


def checkpoints(folder: RunFolder) -> list[Json]:
    """A run's checkpoints, newest first: epoch, at, shards, bytes, files."""
    return checkpoints_in(folder.state)


def checkpoints_in(state: Path) -> list[Json]:
    """The same of a state folder."""
    from engine.savepoints.inspect import checkpoints

    return checkpoints(state)


def has_checkpoint(folder: RunFolder) -> bool:
    """Whether a run has a checkpoint of its own."""
    return (folder.state / "checkpoints").is_dir() and bool(checkpoints(folder))


def restored(folder: RunFolder) -> Json | None:
    """What was found when the run's state, restored from a savepoint, was compared with it; None before."""
    return read(folder.state / "restored.json")


def inspect(folder: Path, *, epoch: int | None = None, operator: str | None = None, sample: int = 5) -> Json:
    """What the state in a folder holds (`engine.savepoints.inspect`)."""
    from engine.savepoints.inspect import inspect

    return inspect(folder, epoch=epoch, operator=operator, sample=sample)


def diff(before: tuple[Path, int | None], after: tuple[Path, int | None], *, operator: str | None = None,
         sample: int = 5) -> Json:
    """What became of the keys from one state to another; each is a folder and an epoch."""
    from engine.savepoints.inspect import diff

    return diff(before[0], after[0], epochs=(before[1], after[1]), operator=operator, sample=sample)


def size_of(folder: Path, epoch: int | None) -> int:
    """Bytes of a state; 0 where there is none."""
    if is_savepoint(folder):
        return int(told(folder)["bytes"])
    return next((int(c["bytes"]) for c in checkpoints_in(folder) if epoch in (None, c["epoch"])), 0)


def delete(folder: Path) -> None:
    """Remove a savepoint; nothing else is. UserError "no_savepoint" where the folder is none."""
    if not is_savepoint(folder):
        raise UserError("no_savepoint", f"there is no savepoint in {folder}")
    (folder / "manifest.json").unlink()  # without it nothing takes the rest for one
    shutil.rmtree(folder, ignore_errors=True)
