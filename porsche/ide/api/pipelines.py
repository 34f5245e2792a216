"""Pipelines, their documents and revisions."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import authoring_shapes, bodies, shapes
from porsche.ide.api.base import View, who
from porsche.ide.api.documents import EXAMPLE
from porsche.ide.api.filters import PipelineFilter
from porsche.ide.api.pagination import Pages
from porsche.ide.errors import Missing
from porsche.ide.models import Pipeline, Revision, Role
from porsche.ide.selectors import pipelines as selectors
from porsche.ide.selectors.compiled import compiled, diagnostics
from porsche.ide.services import pipelines as services

LARGEST = 2**31 - 1
IF_MATCH = OpenApiParameter(
    "If-Match", {"type": "string", "pattern": r'^("[0-9]{1,10}"|\*)$'}, OpenApiParameter.HEADER, required=True,
    description="The revision that was changed, in quotes, as the pipeline's ETag has it; * for whatever is newest.",
    examples=[OpenApiExample("revision", '"3"')])


class MissingBase(APIException):
    """A write without saying on which revision it rests."""

    status_code = 428
    default_code = "precondition_required"
    default_detail = "the request does not say which revision was changed"
    hint = 'send If-Match: "NUMBER" with the number of the revision that was changed'


class PipelinesView(View):
    roles = {"GET": Role.VIEWER, "POST": Role.EDITOR}
    refusals = {"POST": (409,)}
    pagination_class = Pages
    filterset_class = PipelineFilter
    queryset = Pipeline.objects.none()

    @extend_schema(responses=shapes.Pipeline(many=True))
    def get(self, request: Request) -> Response:
        """Pipelines, each with its newest run, by name."""
        return self.pages(selectors.rows(), selectors.pipelines)

    @extend_schema(request=bodies.NewPipeline, responses={201: shapes.PipelineDetail}, examples=[
        OpenApiExample("two nodes", {"project": "examples", "slug": "answer", "document": EXAMPLE}, request_only=True)])
    def post(self, request: Request) -> Response:
        """Make a pipeline. Its document may be a draft that is not valid yet."""
        given = self.body(bodies.NewPipeline)
        project = self.project(given.pop("project"), Role.EDITOR)
        return _answer(services.create_pipeline(project=project, **given, by=who(request)), 201)


class PipelineView(View):
    roles = {"GET": Role.VIEWER, "PATCH": Role.EDITOR, "DELETE": Role.ADMIN}
    refusals = {"PATCH": (409,), "DELETE": (409,)}

    @extend_schema(responses=shapes.PipelineDetail)
    def get(self, request: Request, pk: int) -> Response:
        """A pipeline with its newest document. The ETag is the revision's number, for If-Match."""
        return _answer(self.find(selectors.rows(), pk=pk))

    @extend_schema(request=bodies.PipelineChange, responses=shapes.PipelineDetail)
    def patch(self, request: Request, pk: int) -> Response:
        """Change a pipeline's title, put it into the archive, or take it out."""
        pipeline = self.find(selectors.rows(), pk=pk)
        changes = self.body(bodies.PipelineChange, partial=True)
        return _answer(services.update_pipeline(pipeline=pipeline, changes=changes))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete a pipeline with its revisions and runs. None of these may be active."""
        services.delete_pipeline(pipeline=self.find(selectors.rows(), pk=pk))
        return Response(status=204)


class DocumentView(View):
    roles = {"PUT": Role.EDITOR}
    refusals = {"PUT": (412, 428)}

    @extend_schema(request=bodies.NewDocument, responses=shapes.Saved, parameters=[IF_MATCH])
    def put(self, request: Request, pk: int) -> Response:
        """Save a document as a new revision, if nobody saved one meanwhile.

        A document that is not valid is saved as well: `valid` and `diagnostics` say so. A document that is the same as
        the newest makes no new revision.
        """
        pipeline = self.find(selectors.rows(), pk=pk)
        given = self.body(bodies.NewDocument)
        revision = services.save_document(pipeline=pipeline, base=_base(request), by=who(request), **given)
        answer = {"revision": revision.number, **diagnostics(revision.document)}
        return Response(answer, headers={"ETag": f'"{revision.number}"'})


class LayoutView(View):
    roles = {"PUT": Role.EDITOR}

    @extend_schema(request={"application/json": bodies.LAYOUT}, responses={(200, "application/json"): bodies.LAYOUT},
                   examples=[OpenApiExample("two nodes", {"clicks": [0, 0], "kept": [240, 0]})])
    def put(self, request: Request, pk: int) -> Response:
        """Save where nodes are drawn: node -> its place. This makes no revision."""
        pipeline = self.find(selectors.rows(), pk=pk)
        layout = bodies.Layout().run_validation(request.data)
        return Response(services.save_layout(pipeline=pipeline, layout=layout, by=who(request)).layout)


class RevisionsView(View):
    roles = {"GET": Role.VIEWER}
    pagination_class = Pages

    @extend_schema(responses=shapes.Revision(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """A pipeline's revisions, newest first."""
        pipeline = self.find(selectors.rows(), pk=pk)
        rows = Revision.objects.filter(pipeline=pipeline).select_related("author").order_by("-number")
        return self.pages(rows, selectors.revisions)


class RevisionView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=shapes.RevisionDetail)
    def get(self, request: Request, pk: int, number: int) -> Response:
        """A revision with its document."""
        return Response(selectors.revision(revision_of(self.find(selectors.rows(), pk=pk), number)))


class PipelineCompiledView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=authoring_shapes.Compiled, parameters=[
        OpenApiParameter("revision", bodies.REVISION, description="A revision's number; the newest, if left out.")])
    def get(self, request: Request, pk: int) -> Response:
        """A pipeline's document compiled, as by POST /api/compile."""
        pipeline = self.find(selectors.rows(), pk=pk)
        asked = request.query_params.get("revision")
        revision = revision_of(pipeline, _number(asked)) if asked is not None else selectors.head_of(pipeline)
        return Response(compiled(revision.document, where=settings.ENVIRONMENT))


def revision_of(pipeline: Pipeline, number: int) -> Revision:
    """A pipeline's revision by its number."""
    found = Revision.objects.filter(pipeline=pipeline, number=min(number, LARGEST)).select_related("author").first()
    if found is None:
        raise Missing("not_found", f"the pipeline has no revision {number}")
    return found


def _answer(pipeline: Pipeline, status: int = 200) -> Response:
    body = selectors.pipeline(pipeline)
    return Response(body, status=status, headers={"ETag": f'"{body["revision"]}"'})


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:11]) <= LARGEST:
        raise ValidationError({"revision": ["a revision's number is a whole number from 1"]})
    return int(text)


def _base(request: Request) -> int | None:
    """The revision that If-Match names; None where any will do."""
    text = request.headers.get("If-Match", "").strip()
    if not text:
        raise MissingBase
    if text == "*":
        return None
    number = text.removeprefix("W/").strip('"')
    if not number.isascii() or not number.isdigit() or len(number) > 10:
        raise ValidationError({"If-Match": ['a revision\'s number in quotes, such as "3"']})
    return int(number)
