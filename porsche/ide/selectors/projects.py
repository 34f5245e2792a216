"""Projects, their members, a user's tokens."""

from __future__ import annotations

from typing import Any

from porsche.ide.models import Membership, Project, Role, Token


def project(row: Project, role: Role | None) -> dict[str, Any]:
    """A project as one sees it whose role there is `role`."""
    return {"slug": row.slug, "title": row.title, "role": role, "created_at": row.created_at}


def listed(row: Project, role: Role | None) -> dict[str, Any]:
    """A project as the session lists it."""
    return {"slug": row.slug, "title": row.title, "role": role}


def member(row: Membership) -> dict[str, Any]:
    return {"username": row.user.username, "role": row.role}


def token(row: Token) -> dict[str, Any]:
    """A token without its secret."""
    return {"id": row.pk, "name": row.name, "prefix": row.prefix, "role": row.role,
            "project": row.project.slug if row.project else None, "created_at": row.created_at,
            "expires_at": row.expires_at, "used_at": row.used_at}
