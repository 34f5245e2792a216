"""The allow-list of what SQL may touch, checked where a connector opens things."""

from __future__ import annotations

import os
from pathlib import Path

from engine.connectors.base import Access
from engine.errors import Place, UserError


def allow_connector(access: Access, name: str, place: Place | None = None) -> None:
    """Errors: `connector_not_allowed`."""
    if access.connectors is not None and name not in access.connectors:
        raise UserError("connector_not_allowed", f"connector '{name}' is not allowed here", place=place,
                        hint=f"allowed are: {', '.join(access.connectors) or 'none'}")


def allow_path(access: Access, path: str | os.PathLike[str]) -> Path:
    """The path with `..` and links resolved, if it lies in an allowed folder; to be called again on whatever a folder
    or a pattern turns out to hold, since each entry may be a link.

    Errors: `path_not_allowed`.
    """
    real = Path(os.path.realpath(path))
    if access.paths is None:
        return real
    for folder in access.paths:
        if real.is_relative_to(os.path.realpath(folder)):
            return real
    raise UserError("path_not_allowed", f"path {path} is outside the folders that are allowed here",
                    hint="links and '..' are resolved first")


def allow_host(access: Access, host: str, port: int | None = None) -> None:
    """To be called for each address that is connected to, that of a redirect included.

    Errors: `host_not_allowed`.
    """
    if access.hosts is None:
        return
    name = host.strip("[]").lower()
    if any(allowed.lower() in (name, f"{name}:{port}") for allowed in access.hosts):
        return
    raise UserError("host_not_allowed", f"host {host}{'' if port is None else f':{port}'} is not allowed here",
                    hint=f"allowed are: {', '.join(access.hosts) or 'none'}")
