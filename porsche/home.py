"""The home folder of a platform on one machine: its database, keys, broker, logs and runs. Knows no Django.

    home = Home.default()          # $PORSCHE_HOME, else .porsche
    home.run(7)                    # the state folder of run 7
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UserError

VARIABLE = "PORSCHE_HOME"
PRIVATE = 0o077
"""The umask of the platform's processes: files are their owner's only, whatever folder it was given."""


@dataclass(frozen=True)
class Home:
    """Where things live. Folders are made when first asked for, readable by their owner only."""

    path: Path

    @classmethod
    def default(cls) -> Home:
        return cls(Path(os.environ.get(VARIABLE) or ".porsche").absolute())

    @property
    def database(self) -> Path:
        return self.folder() / "db.sqlite3"

    @property
    def broker(self) -> Path:
        return self.folder("broker")

    @property
    def logs(self) -> Path:
        return self.folder("logs")

    @property
    def processes(self) -> Path:
        """Notes of the platform's own processes: web, supervisor, worker."""
        return self.folder("processes")

    @property
    def runs(self) -> Path:
        return self.folder("runs")

    def run(self, number: int) -> Path:
        """The state folder of a run (not made: the job's first act makes it)."""
        return self.runs / str(number)

    def savepoint(self, key: object) -> Path:
        """The folder of a savepoint (not made: making it is one rename)."""
        return self.folder("savepoints") / str(key)

    def secret_key(self) -> str:
        """The key that signs sessions: made at the first call, kept in a file that only its owner reads."""
        place = self.folder() / "secret.key"
        if not place.exists():
            draft = place.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(64))
            try:
                os.link(draft, place)  # of two processes that start together one wins
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return place.read_text(encoding="ascii")

    def folder(self, name: str = "") -> Path:
        """A folder in it, made where it is missing."""
        place = self.path / name
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UserError("home_folder", f"cannot use the folder {place}: {error.strerror}",
                            hint=f"name a writable one with {VARIABLE}") from error
        return place
