"""Working copies and the logs that made them."""

from __future__ import annotations

from typing import Any

from porsche.ide.models import Edit, Pipeline, WorkingCopy
from porsche.ide.selectors.pipelines import head_of

MOST = 500
"""Entries that are told at once."""


def working_copy(pipeline: Pipeline, since: int | None = None) -> dict[str, Any]:
    """What a pipeline says now, with the entries that came after a version, or else since its revision; `edits` is None
    where the log does not reach back so far. Before anybody edits, it is the newest revision in version 0."""
    copy = WorkingCopy.objects.filter(pipeline=pipeline).select_related("base").first()
    if copy is None:
        copy = WorkingCopy(pipeline=pipeline, text=head_of(pipeline).document, base=head_of(pipeline))
    first = copy.based_at if since is None else since
    found = list(Edit.objects.filter(pipeline=pipeline, version__gt=first).select_related("author")[:MOST + 1])
    whole = len(found) <= MOST and len(found) == copy.version - first
    return {"version": copy.version, "text": copy.text, "layout": pipeline.layout, "revision": copy.base.number,
            "saved": copy.base.document, "head": head_of(pipeline).number,
            "edits": [_edit(one) for one in found] if whole else None}


def _edit(found: Edit) -> dict[str, Any]:
    return {"version": found.version, "key": found.key, "label": found.label, "edits": found.edits,
            "layout": found.layout, "command": found.command, "base": found.base, "at": found.at,
            "author": found.author.username if found.author else None}
