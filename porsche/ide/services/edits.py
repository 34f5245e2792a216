"""Editing a pipeline's working copy: entries that are appended to its log, each once, in one order for everybody.

    append(pipeline=..., version=7, entries=[Entry(...)], by=user)    # Behind, with what came since 7, if anything did

What an entry says is applied here, so that the text is what its log makes of it. Revisions are made of it by
`porsche.ide.services.pipelines`; one that comes from elsewhere is an entry, too, where nothing is unsaved.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from django.db import transaction
from django.utils import timezone

from porsche.ide.errors import Conflict, Refused, Stale
from porsche.ide.models import Edit, Pipeline, Revision, User, WorkingCopy
from porsche.ide.selectors.compiled import LARGEST
from porsche.ide.selectors.edits import working_copy

TextEdit = TypedDict("TextEdit", {"from": int, "to": int, "insert": str})
Place = list[float]

KEPT = 1000
"""Entries that are kept of a pipeline's log; older ones are in the text alone."""
MOST_PLACES = 10_000


@dataclass(frozen=True)
class Entry:
    """What one does to a working copy; see `porsche.ide.models.Edit`."""

    key: uuid.UUID
    label: str = ""
    edits: Sequence[TextEdit] = ()
    layout: Mapping[str, Place | None] = field(default_factory=dict)
    command: Any = None
    base: int | None = None


class Behind(Stale):
    """An edit rests on a version that is not the newest. `copy`: the working copy with what came since."""

    def __init__(self, copy: dict[str, Any], version: int) -> None:
        super().__init__("stale_version", f"the newest version is {copy['version']}, not {version}",
                         hint="take what came since, make the edit there, and send it again")
        self.copy = copy


@transaction.atomic
def append(*, pipeline: Pipeline, version: int, entries: Sequence[Entry], by: User | None) -> int:
    """The version that the working copy has with these entries. Entries that it has already are not made again; the
    others need that nothing came after `version`, and after those."""
    pipeline = locked(pipeline)
    known = _known(pipeline, entries)
    fresh = entries[len(known):]
    if not fresh:
        return known[-1] if known else version
    copy = _copy(pipeline)
    if copy.version != (known[-1] if known else version):
        raise Behind(working_copy(pipeline, since=version), version)
    for at, entry in enumerate(fresh, len(known)):
        _perform(pipeline, copy, entry, f"edits.{at}", by)
    _store(pipeline, copy)
    return copy.version


def applied(text: str, edits: Sequence[TextEdit]) -> str:
    """The text with edits made whose offsets are UTF-16 units, as browsers count. ValueError: why they cannot be."""
    units = text.encode("utf-16-le")
    pieces: list[tuple[bytes, str]] = []
    at = 0
    for edit in sorted(edits, key=lambda each: (each["from"], each["to"])):
        start, end = 2 * edit["from"], 2 * edit["to"]
        if not at <= start <= end <= len(units):
            raise ValueError("edits overlap, or lie outside of the text")
        pieces.append((units[at:start], edit["insert"]))
        at = end
    try:
        made = b"".join(kept + insert.encode("utf-16-le") for kept, insert in pieces)
        return (made + units[at:]).decode("utf-16-le")
    except UnicodeError:
        raise ValueError("an edit cuts a character in two") from None


def locked(pipeline: Pipeline) -> Pipeline:
    """The pipeline as it is now, its row locked until the transaction ends. Its head is read after that: a join would
    look for it as it was when the wait for the lock began, and not find one that was saved meanwhile."""
    return Pipeline.objects.select_for_update(of=("self",)).select_related("project").get(pk=pipeline.pk)


def note_saved(pipeline: Pipeline, revision: Revision, by: User | None) -> int:
    """The working copy's text became a revision: its version."""
    copy = _copy(pipeline)
    label = f"Revision {revision.number}"
    _perform(pipeline, copy, Entry(uuid.uuid4(), label, base=revision.number), "", by, revision)
    _store(pipeline, copy)
    return copy.version


def follow(pipeline: Pipeline, before: Revision, revision: Revision, by: User | None) -> None:
    """A revision came from elsewhere: a working copy in which nothing was unsaved says the same from now on. One with
    unsaved changes stays, resting on its revision: whoever edits it is shown both."""
    copy = _found(pipeline) or WorkingCopy(pipeline=pipeline, text=before.document, base=before)
    if (copy.base_id, copy.text) != (before.pk, before.document):
        return
    edits = replaced(copy.text, revision.document)
    entry = Entry(uuid.uuid4(), f"Revision {revision.number}", edits, base=revision.number)
    _perform(pipeline, copy, entry, "", by, revision)
    _store(pipeline, copy)


def follow_layout(pipeline: Pipeline, before: Mapping[str, Place], by: User | None) -> None:
    """All places were set at once: an entry with those that changed."""
    changed: dict[str, Place | None] = {node: place for node, place in pipeline.layout.items()
                                        if before.get(node) != place}
    changed |= {node: None for node in before if node not in pipeline.layout}
    if changed:
        copy = _copy(pipeline)
        _perform(pipeline, copy, Entry(uuid.uuid4(), "Layout", layout=changed), "", by)
        _store(pipeline, copy)


def replaced(before: str, after: str) -> list[TextEdit]:
    """The one edit that makes a text of another."""
    if before == after:
        return []
    units, end = len(before.encode("utf-16-le")) // 2, _alike(before[::-1], after[::-1])
    start = _alike(before, after)
    end = min(end, len(before) - start, len(after) - start)
    at = len(before[:start].encode("utf-16-le")) // 2
    rest = len(before[len(before) - end:].encode("utf-16-le")) // 2
    return [{"from": at, "to": units - rest, "insert": after[start:len(after) - end]}]


def _alike(a: str, b: str) -> int:
    """How many characters two texts begin with alike."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low


def _known(pipeline: Pipeline, entries: Sequence[Entry]) -> list[int]:
    """The versions of those entries that were made already: the first ones, if any."""
    found = Edit.objects.filter(pipeline=pipeline, key__in=[entry.key for entry in entries])
    versions = dict(found.values_list("key", "version"))
    known = [versions[entry.key] for entry in entries if entry.key in versions]
    first = [versions.get(entry.key) for entry in entries[:len(known)]]
    if known != first or len({entry.key for entry in entries}) != len(entries):
        raise Conflict("edits_out_of_order", "entries that were made already come after new ones, or twice",
                       hint="send entries in the order in which they were made, each with a key of its own")
    return known


def _copy(pipeline: Pipeline) -> WorkingCopy:
    """The working copy, to be changed; begun where nobody edited yet."""
    assert pipeline.head is not None
    return _found(pipeline) or WorkingCopy(pipeline=pipeline, text=pipeline.head.document, base=pipeline.head)


def _found(pipeline: Pipeline) -> WorkingCopy | None:
    return WorkingCopy.objects.filter(pipeline=pipeline).select_related("base").first()


def _perform(pipeline: Pipeline, copy: WorkingCopy, entry: Entry, where: str, by: User | None,
             base: Revision | None = None) -> None:
    """Apply an entry to the copy and the pipeline's layout, and log it. Neither is stored yet."""
    try:
        text = applied(copy.text, entry.edits)
    except ValueError as error:
        raise Refused("invalid_edit", str(error), field=f"{where}.edits",
                      hint="take the working copy anew, and make the edit there") from None
    if len(text) > LARGEST:
        raise Refused("too_long", f"the document would have more than {LARGEST:,} characters", field=f"{where}.edits")
    layout = {**pipeline.layout, **entry.layout}
    if len(layout) > MOST_PLACES:
        raise Refused("too_long", f"the layout would have more than {MOST_PLACES:,} places", field=f"{where}.layout")
    pipeline.layout = {node: place for node, place in layout.items() if place is not None}
    copy.text = text
    copy.version += 1
    if entry.base is not None:
        copy.base = base or _revision(pipeline, entry.base, where)
        copy.based_at = copy.version
    Edit.objects.create(pipeline=pipeline, version=copy.version, key=entry.key, label=entry.label, author=by,
                        edits=list(entry.edits), layout=dict(entry.layout), command=entry.command, base=entry.base)


def _revision(pipeline: Pipeline, number: int, where: str) -> Revision:
    found = Revision.objects.filter(pipeline=pipeline, number=number).first()
    if found is None:
        raise Refused("not_found", f"the pipeline has no revision {number}", field=f"{where}.base")
    return found


def _store(pipeline: Pipeline, copy: WorkingCopy) -> None:
    copy.save()
    Pipeline.objects.filter(pk=pipeline.pk).update(layout=pipeline.layout, updated_at=timezone.now())
    if copy.version > KEPT:
        Edit.objects.filter(pipeline=pipeline, version__lte=copy.version - KEPT).delete()
