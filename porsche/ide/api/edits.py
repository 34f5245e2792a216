"""Working copies: what a pipeline says while people edit it, entry by entry, and revisions made of it."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers as s
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import bodies, errors, shapes
from porsche.ide.api.base import View, who
from porsche.ide.api.pipelines import MissingBase
from porsche.ide.models import Role
from porsche.ide.selectors import pipelines as pipeline_rows
from porsche.ide.selectors.compiled import LARGEST, diagnostics
from porsche.ide.selectors.edits import working_copy
from porsche.ide.services import edits as services
from porsche.ide.services.edits import Behind, Entry
from porsche.ide.services.pipelines import save_working_copy

NEWEST = 2**31 - 1
MOST_ENTRIES, MOST_EDITS, MOST_COMMAND = 200, 10_000, 256 << 10
VERSION = OpenApiParameter(
    "If-Match", {"type": "string", "pattern": r'^"[0-9]{1,10}"$'}, OpenApiParameter.HEADER, required=True,
    description="The version of the working copy that was edited, in quotes, as its ETag has it.",
    examples=[OpenApiExample("version", '"12"')])
SINCE = OpenApiParameter("since", {"type": "integer", "minimum": 0, "maximum": NEWEST},
                         description="Tell the entries after this version; those since its revision, if left out.")
PLACE = {"type": "array", "items": {"type": "number", "minimum": -1e9, "maximum": 1e9}, "minItems": 2, "maxItems": 4}


class TextEdit(bodies.Body):
    """`[from, to)` of the text becomes `insert`. Offsets are UTF-16 units of the text before the entry."""

    to = s.IntegerField(min_value=0, max_value=NEWEST)
    insert = s.CharField(max_length=LARGEST, allow_blank=True, trim_whitespace=False)

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        return {"from": s.IntegerField(min_value=0, max_value=NEWEST), **super().get_fields()}


@extend_schema_field({"type": "object", "additionalProperties": {"oneOf": [PLACE, {"type": "null"}]}})
class Places(s.DictField):
    """Node -> [x, y] or, of a given size, [x, y, width, height]; null where it has no place any more."""

    child = bodies.Place(allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        for name in data if isinstance(data, dict) else ():
            s.CharField(max_length=200).run_validation(name)
        return super().to_internal_value(data)


@extend_schema_field({"type": ["object", "null"], "additionalProperties": {}})
class CommandField(s.JSONField):
    """What was done, as the page says it; for the log's readers. It has no effect: `edits` and `layout` do."""

    def to_internal_value(self, data: Any) -> Any:
        text = json.dumps(data, ensure_ascii=False)
        if not isinstance(data, dict) or len(text) > MOST_COMMAND:
            raise s.ValidationError(f"a command is an object of at most {MOST_COMMAND >> 10} KiB")
        if "\\u0000" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise s.ValidationError("a command has neither null characters nor halves of characters")
        return super().to_internal_value(data)


class NewEdit(bodies.Body):
    key = s.UUIDField(help_text="Made for this entry: sent again, it does nothing.")
    label = s.CharField(  # type: ignore[assignment]
        max_length=200, allow_blank=True, default="", validators=[bodies.ONE_LINE],
        help_text="What was done, for people.")
    edits = TextEdit(many=True, required=False, default=list)
    layout = Places(required=False, default=dict)
    command = CommandField(required=False, allow_null=True, default=None)
    base = s.IntegerField(min_value=1, max_value=NEWEST, required=False, allow_null=True, default=None,
                          help_text="The revision that the text rests on from here on.")

    def validate_edits(self, edits: list[Any]) -> list[Any]:
        if len(edits) > MOST_EDITS:
            raise s.ValidationError(f"an entry has at most {MOST_EDITS:,} edits of the text")
        return edits


class NewEdits(bodies.Body):
    edits = s.ListField(child=NewEdit(), min_length=1, max_length=MOST_ENTRIES)


class SaveOrder(bodies.Body):
    message = s.CharField(max_length=500, allow_blank=True, default="", validators=[bodies.LINES])


class TextEditShape(s.Serializer[Any]):
    to = s.IntegerField()
    insert = s.CharField()

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        return {"from": s.IntegerField(), **super().get_fields()}


class EditShape(s.Serializer[Any]):
    """An entry of the log."""

    version = s.IntegerField(help_text="The working copy's with it.")
    key = s.UUIDField()
    label = s.CharField()  # type: ignore[assignment]
    edits = TextEditShape(many=True)
    layout = Places()
    command = CommandField(allow_null=True)
    base = s.IntegerField(allow_null=True)
    at = s.DateTimeField()
    author = s.CharField(allow_null=True)


class WorkingCopyShape(s.Serializer[Any]):
    """What a pipeline says now. Before anybody edits it is the newest revision, in version 0."""

    version = s.IntegerField()
    text = s.CharField()
    layout = Places()
    revision = s.IntegerField(help_text="The revision that the text rests on.")
    saved = s.CharField(help_text="That revision's document.")
    head = s.IntegerField(help_text="The newest revision: another one, where one came from elsewhere meanwhile.")
    edits = EditShape(many=True, allow_null=True, help_text="null: the log does not reach back so far.")


class StaleShape(shapes.Error):
    """Refused, since others edited meanwhile; with what they made of it."""

    working_copy = WorkingCopyShape()


class Appended(s.Serializer[Any]):
    version = s.IntegerField()


class SavedCopy(shapes.Saved):
    version = s.IntegerField()


BEHIND = {(412, "application/json"): OpenApiResponse(StaleShape, "A newer version, or revision, was made meanwhile.")}


class WorkingCopyView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=WorkingCopyShape, parameters=[SINCE])
    def get(self, request: Request, pk: int) -> Response:
        """What a pipeline says now, saved as a revision or not. The ETag is its version, for If-Match."""
        found = working_copy(self.find(pipeline_rows.rows(), pk=pk), _since(request))
        return Response(found, headers={"ETag": f'"{found["version"]}"'})


class EditsView(View):
    roles = {"POST": Role.EDITOR}
    refusals = {"POST": (409, 428)}

    @extend_schema(request=NewEdits, parameters=[VERSION], responses={200: Appended, **BEHIND})
    def post(self, request: Request, pk: int) -> Response:
        """Edit a pipeline's working copy: entries for the end of its log, in order.

        Each is made once: sending entries again, after an answer was lost, does nothing more. Where others edited
        since the version that If-Match names, nothing is done, and the answer has what they made of it.
        """
        pipeline = self.find(pipeline_rows.rows(), pk=pk)
        entries = [Entry(**given) for given in self.body(NewEdits)["edits"]]
        try:
            version = services.append(pipeline=pipeline, version=_version(request), entries=entries, by=who(request))
        except Behind as error:
            return _behind(error)
        return Response({"version": version}, headers={"ETag": f'"{version}"'})


class WorkingCopySaveView(View):
    roles = {"POST": Role.EDITOR}
    refusals = {"POST": (428,)}

    @extend_schema(request=SaveOrder, parameters=[VERSION], responses={200: SavedCopy, **BEHIND})
    def post(self, request: Request, pk: int) -> Response:
        """Keep a version of the working copy as a revision; the same document as the newest makes no new one."""
        pipeline = self.find(pipeline_rows.rows(), pk=pk)
        message = self.body(SaveOrder)["message"]
        try:
            revision, version = save_working_copy(pipeline=pipeline, version=_version(request), message=message,
                                                  by=who(request))
        except Behind as error:
            return _behind(error)
        return Response({"revision": revision.number, "version": version, **diagnostics(revision.document)},
                        headers={"ETag": f'"{version}"'})


def _behind(error: Behind) -> Response:
    return Response({**errors.of_user_error(error), "working_copy": error.copy}, status=412)


def _version(request: Request) -> int:
    text = request.headers.get("If-Match", "").strip()
    if not text:
        raise MissingBase
    number = text.removeprefix("W/").strip('"')
    if not number.isascii() or not number.isdigit() or len(number) > 10:
        raise ValidationError({"If-Match": ['a version of the working copy in quotes, such as "12"']})
    return min(int(number), NEWEST)


def _since(request: Request) -> int | None:
    text = request.query_params.get("since")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise ValidationError({"since": ["a version is a whole number from 0"]})
    return min(int(text), NEWEST)
