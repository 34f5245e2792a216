"""Access to platforms: `porsche login | logout | token`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from engine.errors import UserError
from porsche.cli.options import Target, as_json_option, on_platform
from porsche.cli.output import Output, ago, clean, table

if TYPE_CHECKING:
    from porsche.cli.client import Api

ROLES = ("viewer", "operator", "editor", "admin")


@click.command()
@click.argument("url", metavar="URL")
@as_json_option
def login(url: str, as_json: bool) -> None:
    """Keep a token for a platform elsewhere, and ask that platform from now on.

    The token is asked for (or read from standard input, or PORSCHE_TOKEN), tried, and kept in a file that only you can
    read. The platform's page makes tokens, as does `porsche token create` on its machine.

    \b
    porsche login https://porsche.example.org
    """
    from porsche.cli import servers

    with Target(None, None, None, as_json).answering() as out:
        place = servers.checked_url(url)
        secret = os.environ.get(servers.TOKEN) or _asked_for()
        with servers.connect(servers.Asked(server=place, token=secret)) as api:
            session = api.get("session")
        if session["user"] is None:
            raise UserError("no_user", f"{place} does not know this token")
        known = servers.kept().get("servers", {})
        servers.keep({**known, place: {"token": secret}}, default=place)
        told = {"server": place, "user": session["user"]["username"],
                "projects": {p["slug"]: p["role"] for p in session["projects"]}}
        out.answer(told, lambda: click.echo(clean(f"{told['user']} at {place}: commands ask there from now on "
                                                  "(--server local: this machine)")))


def _asked_for() -> str:
    """A token from a person, who does not see it, or from a pipe."""
    text = click.prompt("Token", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    return str(text).strip()


@click.command()
@click.argument("url", metavar="[URL]", required=False)
@as_json_option
def logout(url: str | None, as_json: bool) -> None:
    """Forget a platform's token; the one that commands ask, if none is named. The token itself stays good."""
    from porsche.cli import servers

    with Target(None, None, None, as_json).answering() as out:
        kept = servers.kept()
        place = servers.checked_url(url) if url else kept.get("default")
        known = dict(kept.get("servers", {}))
        if place is None or known.pop(place, None) is None:
            raise UserError("not_logged_in", f"no token is kept for {place}" if place else "no token is kept")
        default = kept.get("default")
        servers.keep(known, default=None if default == place else default)
        out.answer({"server": place}, lambda: click.echo(f"the token for {place} is forgotten"))


@click.group()
def token() -> None:
    """Tokens, with which programs act for you."""


@token.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What it may do at most.")
@click.option("--project", metavar="SLUG", help="Where it is good; in all your projects, if left out.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it is good; for ever, if left out.")
@on_platform
def create(api: Api, out: Output, name: str, role: str, project: str | None, days: int | None) -> None:
    """Make a token. Its secret is printed, this once, and kept nowhere.

    \b
    porsche token create ci --role editor --project shop --days 90
    """
    until = datetime.now(UTC) + timedelta(days=days) if days else None
    made = api.post("tokens", {"name": name, "role": role, "project": project,
                               "expires_at": until.isoformat() if until else None})
    out.say(f"token {made['id']} '{name}', for a {role}: this is its secret, shown this once")
    out.answer(made, lambda: click.echo(made["token"]))


@token.command(name="list")
@on_platform
def list_command(api: Api, out: Output) -> None:
    """List your tokens, without their secrets."""
    found = list(api.all("tokens"))
    out.answer(found, lambda: table(("ID", "NAME", "SECRET", "ROLE", "PROJECT", "USED", "EXPIRES"), [
        [t["id"], t["name"], f"{t['prefix']}...", t["role"], t["project"], f"{ago(t['used_at']) or 'never'}",
         (t["expires_at"] or "never")[:10]] for t in found]))


@token.command()
@click.argument("number", metavar="ID", type=click.IntRange(1))
@on_platform
def revoke(api: Api, out: Output, number: int) -> None:
    """Delete a token: it is good for nothing from now on."""
    api.delete(f"tokens/{number}")
    out.answer({"id": number, "revoked": True}, lambda: click.echo(f"token {number} is good for nothing now"))


COMMANDS = (login, logout, token)
