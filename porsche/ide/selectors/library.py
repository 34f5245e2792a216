"""What is in the library of a project."""

from __future__ import annotations

from typing import Any

from porsche.ide.models import LibraryComponent, Project


def newest(project: Project) -> list[LibraryComponent]:
    """The newest version of each component, by name."""
    found: dict[str, LibraryComponent] = {}
    for row in project.library.select_related("author").order_by("name", "-version"):
        found.setdefault(row.name, row)
    return list(found.values())


def component(row: LibraryComponent) -> dict[str, Any]:
    return {"name": row.name, "version": row.version, "author": row.author.username if row.author else None,
            "created_at": row.created_at, "declaration": row.declaration, "components": row.components}
