"""The platform of this machine for its owner's command line: a token of their own, and the application in this process.

The token lies in the home folder as `local.token`, which its owner alone reads, as the key that signs sessions does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import UserError
from porsche.home import VARIABLE, Home

TOKEN = "local.token"


def noted_token(home: Home) -> str | None:
    """The token that was made before."""
    try:
        return (home.path / TOKEN).read_text(encoding="ascii").strip() or None
    except OSError:
        return None


def new_token(home: Home) -> str:
    """A token with which the owner of a home folder acts as its first user; takes the place of the one before."""
    _django(home)
    from porsche.ide.models import Role
    from porsche.ide.services.people import ensure_first_user
    from porsche.ide.services.tokens import create_token

    _, secret = create_token(user=ensure_first_user(), name="command line of this machine", role=Role.ADMIN)
    write_private(home.path / TOKEN, secret)
    return secret


def application(home: Home) -> tuple[Callable[..., Any], str]:
    """The platform's WSGI application in this process, and a host it is known by."""
    _django(home)
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application(), "localhost"


def write_private(place: Path, text: str) -> None:
    """Write a file that its owner alone reads, all of it or nothing."""
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(place)


def _django(home: Home) -> None:
    """Django, with the database of a home folder that `porsche up` has made ready."""
    if not os.environ.get("PORSCHE_DATABASE") and not (home.path / "db.sqlite3").exists():
        raise UserError("no_platform", f"there is no platform in {home.path}",
                        hint="porsche up starts one here; --home names another folder, --server a platform elsewhere")
    os.environ[VARIABLE] = str(home.path)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")
    import django

    django.setup()
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise UserError("no_database", f"the platform's database does not answer: {error}") from None
    if waiting:
        raise UserError("not_ready", f"the database of {home.path} is not that of this version",
                        hint="porsche up brings it up to date")
