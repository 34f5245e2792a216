"""How states are named on the command line.

    7, shop            the newest checkpoint of run 7, of the newest run of a pipeline
    7@12, shop@12      its checkpoint 12
    shop@NAME          a savepoint of the pipeline
    FOLDER, FOLDER@12  of this machine: a state folder, a run's folder, or a savepoint's
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import UserError
from porsche.cli.options import Target, by_number, pipeline_named, run_named

if TYPE_CHECKING:
    from porsche.cli.client import Api


@dataclass(frozen=True)
class Named:
    """A name in two: what is before and behind the last @."""

    base: str
    which: str

    @property
    def epoch(self) -> int | None:
        return int(self.which) if by_number(self.which) else None

    @property
    def folder(self) -> Path | None:
        """The state folder or savepoint of this machine that is meant; None: one on a platform."""
        path = Path(self.base)
        found = next((p for p in (path, path / "state") if (p / "checkpoints").is_dir() or (
            p / "manifest.json").is_file()), None)
        if found is None and (self.base.startswith((".", "/")) or path.is_absolute()):
            raise UserError("no_state", f"there is no state in {self.base}",
                            hint="name a state folder, a run's folder, or a savepoint's")
        return found


def named(text: str) -> Named:
    base, at, which = text.rpartition("@")
    return Named(base, which) if at and not Path(text).exists() else Named(text, "")


def folder_of(target: Target, text: str) -> Path | None:
    """`Named.folder`, for a command: what is wrong with it is told as the command tells errors."""
    with target.answering():
        return named(text).folder


def savepoint_named(api: Api, text: str) -> dict[str, Any]:
    """The savepoint PIPELINE@NAME of a platform."""
    name = named(text)
    if not name.which or name.epoch is not None:
        raise UserError("no_savepoint", f"'{text}' names no savepoint", hint="savepoints are named PIPELINE@NAME")
    pipeline = pipeline_named(api, name.base)
    found = list(api.all("savepoints", pipeline=pipeline["id"], name=name.which))
    if not found:
        known = [s["name"] for s in api.all("savepoints", most=20, pipeline=pipeline["id"])]
        raise UserError("no_savepoint", f"there is no savepoint '{name.which}' of '{name.base}'",
                        hint=f"there are {', '.join(known)}" if known else f"porsche state save {name.base} makes one")
    return found[0]


def address(api: Api, text: str) -> tuple[str, dict[str, Any]]:
    """Where the API tells of a state: a path, and the query that it needs."""
    name = named(text)
    if name.which and name.epoch is None:
        return f"savepoints/{savepoint_named(api, text)['id']}", {}
    run = run_named(api, name.base)
    return f"runs/{run['id']}/state", {"epoch": name.epoch}
