"""The library of a project: components that pipelines copy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from porsche.ide.errors import Conflict, Refused
from porsche.ide.models import LibraryComponent, Project, User
from porsche.ide.selectors.compiled import compiled

MOST = 500
"""Components of a project."""
NO_PIPELINE = {"no_sink"}
"""Codes of errors that a document of nothing but components has."""


def save_component(*, project: Project, name: str, components: Mapping[str, Any], by: User) -> LibraryComponent:
    """The next version of a component; the newest one, if it says the same. Errors: Refused, `library_full`."""
    if name not in components:
        raise Refused("missing_component", f"'components' has no '{name}'", field="components",
                      hint="send its definition, and those of the components inside it")
    bare = {each: _bare(definition) for each, definition in components.items()}
    declaration = _declaration(name, bare)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        newest = project.library.filter(name=name).first()
        if newest is not None and newest.components == bare:
            return newest
        if newest is None and project.library.values("name").distinct().count() >= MOST:
            raise Conflict("library_full", f"the library of '{project.slug}' has {MOST} components",
                           hint="delete one that nobody needs")
        version = (project.library.filter(name=name).aggregate(Max("version"))["version__max"] or 0) + 1
        return LibraryComponent.objects.create(project=project, name=name, version=version, components=bare,
                                               declaration=declaration, author=by)


def delete_component(*, project: Project, name: str) -> int:
    """Delete every version; documents keep their copies. How many there were."""
    return project.library.filter(name=name).delete()[0]


def _bare(definition: Any) -> Any:
    """A definition without the version that it was copied from."""
    return {k: v for k, v in definition.items() if k != "version"} if isinstance(definition, dict) else definition


def _declaration(name: str, components: Mapping[str, Any]) -> dict[str, Any]:
    """What palette and forms need of a component; Refused with the first thing that is wrong with it."""
    document = {"version": 1, "name": "library", "nodes": [], "components": components}
    found = compiled(json.dumps(document))
    wrong = [d for d in found["diagnostics"] if d["severity"] == "error" and d["code"] not in NO_PIPELINE]
    if wrong:
        raise Refused(wrong[0]["code"], wrong[0]["message"], field="components", hint=wrong[0]["hint"])
    declared: dict[str, Any] = next(each for each in found["components"] if each["name"] == name)
    return declared
