"""A run's folder: what lies in it, by name, and how it is written so that others may read at any time.

    job.json         what to run (`Spec`), written before a process starts
    process.json     the process that works here: pid, when it started in the kernel's ticks, generation, attempt
    lock             held by that process for its life: no run is ever doubled
    stop.json        a person asked this generation to end
    asked.json       a fresh checkpoint is asked for; answered.json: it was taken (`porsche.runners.asked`)
    attempts.json    the processes that were started here, for the restart policy
    state/           the engine's: status.json, checkpoints, tables; `${state}` of a document
    log.jsonl        the process's log; output.log: what it wrote without a logger
    stuck.json       where the job stands while it does not get on
    failure.json     why the last attempt could not go on; outcome.json: how it ended
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import UserError
from porsche.redaction import redact


@dataclass(frozen=True)
class Spec:
    """What a process is to run. `run` and `key`: the run's number and its UUID; `options`: shards, batch_rows, rate,
    checkpoint_interval; `access`: the allow-list of paths, hosts and connectors; `caps`: `memory` in bytes, `cpu` in
    cores, and the control `group` that keeps them; `restore`: the folder of the savepoint that it begins with, while it
    has no checkpoint of its own; `attempt` counts processes; `launched`: when this one was started, in unix seconds."""

    run: int
    key: str
    generation: int
    attempt: int
    document: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: str = "dev"
    access: Mapping[str, Any] = field(default_factory=dict)
    caps: Mapping[str, Any] = field(default_factory=dict)
    restore: str = ""
    launched: float = 0.0

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Spec:
        """From JSON values; what is unknown is left aside."""
        return cls(**{name: value[name] for name in cls.__dataclass_fields__ if name in value})


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run."""

    path: Path

    @property
    def state(self) -> Path:
        return self.path / "state"

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def output(self) -> Path:
        return self.path / "output.log"

    def read(self, name: str) -> dict[str, Any] | None:
        """A JSON object of the folder, such as "failure"; None where there is none that can be read."""
        return read(self.path / f"{name}.json")

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON object: readers see the old one or the new one."""
        write(make(self.path) / f"{name}.json", value)

    def remove(self, *names: str) -> None:
        """Take JSON objects away."""
        for name in names:
            (self.path / f"{name}.json").unlink(missing_ok=True)

    def spec(self) -> Spec | None:
        """What is to run here."""
        value = self.read("job")
        try:
            return Spec.of(value) if value else None
        except TypeError:
            return None

    def prepare(self, spec: Spec) -> None:
        """Write what is to run, after what its last process left about itself is taken away."""
        make(self.path)
        self.remove("stuck")
        self.write("job", {**asdict(spec), "launched": time.time()})

    def opened_output(self) -> int:
        """A descriptor of the file for what a process writes without a logger; it is closed in programs it runs."""
        return os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def last_output(self, most: int = 2_000) -> str:
        """The end of what the process wrote without a logger: where it crashed, often why. Without secrets."""
        try:
            with self.output.open("rb") as file:
                file.seek(max(0, self.output.stat().st_size - most))
                return redact(file.read(most).decode("utf-8", "replace"))
        except OSError:
            return ""

    def lock(self) -> int | None:
        """Take the lock for the life of this process: its file descriptor, or None where another process has it."""
        descriptor = os.open(make(self.path) / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor

    def held(self) -> bool:
        """Whether a process has the lock."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False


def make(folder: Path) -> Path:
    """A folder that only its owner reads, made where it is missing."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UserError("state_folder", f"cannot use the folder {folder}: {error.strerror}") from error
    return folder


def read(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file; None where there is none that can be read. What is no number is null: a metric may be
    NaN, which databases take for no JSON."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda word: None)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def write(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object at once: readers see the old one or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.write_text(json.dumps(value, default=str), encoding="utf-8")
    draft.replace(path)
