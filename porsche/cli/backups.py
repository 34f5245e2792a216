"""Backups of this machine's platform: `porsche backup create | verify | restore`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from porsche.cli.options import Target, as_json_option
from porsche.cli.platform import chosen, home_option
from porsche.steps import Steps

if TYPE_CHECKING:
    from porsche.backup import Backup

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def backup() -> None:
    """Backups of this machine's platform, in one file."""


@backup.command()
@_file
@home_option
@as_json_option
def create(file: Path, home: Path | None, as_json: bool) -> None:
    """Write database, keys, data and runs of a home folder into a file that only you can read.

    The platform has to be down: `porsche down` has every job take a checkpoint, `porsche up` lets them go on.

    \b
    porsche down && porsche backup create porsche.tar.gz && porsche up
    """
    from porsche import backup as backups

    with Target(None, None, home, as_json).answering() as out:
        made = backups.create(chosen(home), file, Steps())
        out.answer(_told(made), lambda: click.echo(_line(made)))
        if not made.database:
            out.say("the database is not in it, as it is another server's: pg_dump belongs to the same pause")


@backup.command()
@_file
@as_json_option
def verify(file: Path, as_json: bool) -> None:
    """Read a backup wholly, and say whether it is what was written."""
    from porsche import backup as backups

    with Target(None, None, None, as_json).answering() as out:
        found = backups.verify(file)
        out.answer(_told(found), lambda: click.echo(_line(found)))


@backup.command()
@_file
@home_option
@as_json_option
def restore(file: Path, home: Path | None, as_json: bool) -> None:
    """Bring a backup back as a home folder that is not there yet; `porsche up` goes on with it.

    \b
    porsche backup restore porsche.tar.gz --home /srv/porsche && porsche up --home /srv/porsche
    """
    from porsche import backup as backups

    with Target(None, None, home, as_json).answering() as out:
        found = backups.restore(file, chosen(home), Steps())
        out.answer(_told(found), lambda: click.echo(_line(found)))


def _told(one: Backup) -> dict[str, object]:
    return {**asdict(one), "file": str(one.file)}


def _line(one: Backup) -> str:
    taken = datetime.fromtimestamp(one.taken, UTC).astimezone().isoformat(" ", "seconds")
    return f"{one.file}: {one.files:,} files, {one.bytes / 1e6:,.1f} MB, taken {taken}, by porsche {one.version}"


COMMANDS = (backup,)
