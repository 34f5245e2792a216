"""What a new platform holds: examples."""

from __future__ import annotations

import re
from pathlib import Path

from django.db import transaction

from engine.errors import UserError
from porsche.ide.models import Membership, Pipeline, Project, Role
from porsche.ide.services.people import ensure_first_user
from porsche.ide.services.pipelines import create_pipeline

EXAMPLES = "examples"


@transaction.atomic
def seed_example(path: Path) -> Pipeline:
    """The pipeline of a YAML file in the project `examples`, by the file's name. What is there already stays so."""
    try:
        document = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("unreadable", f"cannot read the example {path}", hint="name a pipeline's YAML file") from error
    user = ensure_first_user()
    project, made = Project.objects.get_or_create(slug=EXAMPLES, defaults={"title": "Examples"})
    if made:
        Membership.objects.create(project=project, user=user, role=Role.ADMIN)
    slug = _slug(path.stem)
    found = Pipeline.objects.filter(project=project, slug=slug).first()
    if found is not None:
        return found
    return create_pipeline(project=project, slug=slug, title=path.stem.capitalize(), document=document, by=user)


def _slug(stem: str) -> str:
    """A file's name as a pipeline's."""
    return re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-0123456789_")[:63] or "example"
