"""Which platform a command asks: one elsewhere by URL and token, or this machine's.

1. --server URL (or `local`), with --token, $PORSCHE_TOKEN or the token that `porsche login` keeps for this URL
2. --home DIR: the platform of this home folder
3. $PORSCHE_SERVER, then $PORSCHE_HOME, by the same rules
4. where `porsche login` was last said
5. this machine's, in .porsche

This machine's is asked over HTTP while its web process runs, else as an application in this process.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from engine.errors import UserError
from porsche import local, processes
from porsche.cli.client import Api
from porsche.home import VARIABLE, Home

LOCAL = "local"
SERVER, TOKEN, PLAIN = "PORSCHE_SERVER", "PORSCHE_TOKEN", "PORSCHE_PLAIN_HTTP"
TIMEOUT = 30.0


@dataclass(frozen=True)
class Asked:
    """What the options of a command say."""

    server: str | None = None
    token: str | None = None
    home: Path | None = None


def connect(asked: Asked, timeout: float = TIMEOUT, *, in_process: bool = True) -> Api:
    """The API of the platform that is meant. Without `in_process` there has to be a web process (LookupError)."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # where Django is set up, it lets every logger speak
    url = _server(asked)
    token = asked.token or os.environ.get(TOKEN)
    if url is not None:
        return _remote(url, token or kept_token(url), timeout)
    home = Home(asked.home.absolute()) if asked.home else Home.default()
    note = processes.noted(home.path / "processes", "web")
    if note is not None and note.get("url"):
        return _running(home, str(note["url"]), token, timeout)
    if not in_process:
        raise LookupError("no web process runs")
    return _in_process(home, token)


def _server(asked: Asked) -> str | None:
    """The URL of a platform elsewhere; None where this machine's is meant."""
    if asked.server is None and asked.home is not None:
        return None
    url = asked.server or os.environ.get(SERVER)
    if url is None and not os.environ.get(VARIABLE):
        url = kept().get("default")
    return None if url in (None, LOCAL) else checked_url(str(url))


def _remote(url: str, token: str | None, timeout: float) -> Api:
    if token is None:
        raise UserError("no_token", f"there is no token for {url}",
                        hint=f"porsche login {url} keeps one, {TOKEN} names one")
    return Api(httpx.Client(base_url=url, timeout=timeout, headers=_headers(token)), url,
               hint=f"porsche login {url} keeps a token")


def _running(home: Home, url: str, token: str | None, timeout: float) -> Api:
    """The web process of this machine. No proxy stands between."""
    renew = None if token else lambda: local.new_token(home)
    secret = token or local.noted_token(home) or local.new_token(home)
    client = httpx.Client(base_url=url, timeout=timeout, headers=_headers(secret), trust_env=False)
    return Api(client, f"the platform of {home.path}", renew=renew, hint="its log is logs/web.log in that folder")


def _in_process(home: Home, token: str | None) -> Api:
    application, host = local.application(home)
    renew: Callable[[], str] | None = None if token else lambda: local.new_token(home)
    secret = token or local.noted_token(home) or local.new_token(home)
    client = httpx.Client(base_url=f"http://{host}", transport=_Quietly(app=application), headers=_headers(secret))
    return Api(client, f"the platform of {home.path}", renew=renew)


class _Quietly(httpx.WSGITransport):
    """An application in this process: its log is nobody's here, but for its own faults."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        before = logging.root.manager.disable
        logging.disable(max(before, logging.WARNING))
        try:
            return super().handle_request(request)
        finally:
            logging.disable(before)


def _headers(token: str) -> dict[str, str]:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UserError("bad_token", "the token has characters that no token has")
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def checked_url(url: str) -> str:
    """A platform's URL without what does not belong to it. Tokens travel encrypted, or not beyond this machine."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise UserError("bad_server", f"'{url}' is no URL of a platform", hint="such as https://porsche.example.org")
    if parts.scheme == "http" and not _is_loopback(parts.hostname) and os.environ.get(PLAIN) != "1":
        raise UserError("not_encrypted", f"a token would travel to {parts.hostname} unencrypted",
                        hint=f"use https://, or {PLAIN}=1 in a network where that is no harm")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# ---- what `porsche login` keeps --------------------------------------------------------------------------------------


def config_place() -> Path:
    """The file of servers and their tokens."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "porsche" / "servers.json"


def kept() -> dict[str, Any]:
    """{"default": URL, "servers": {URL: {"token"}}}"""
    place = config_place()
    try:
        mode = place.stat().st_mode
        value = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError("bad_config", f"cannot read {place}: {error}", hint="porsche login writes it anew") from None
    if stat.S_IMODE(mode) & 0o077:
        raise UserError("open_config", f"others can read the tokens in {place}", hint=f"chmod 600 {place}")
    return value if isinstance(value, dict) else {}


def kept_token(url: str) -> str | None:
    """The token for a URL, and for no other."""
    facts = kept().get("servers", {}).get(url)
    return str(facts["token"]) if isinstance(facts, Mapping) and facts.get("token") else None


def keep(servers: Mapping[str, Any], default: str | None) -> None:
    """Write the file."""
    place = config_place()
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    local.write_private(place, json.dumps({"default": default, "servers": servers}, indent=2) + "\n")
