"""Runs: starting, stopping, and what they say."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import authoring_shapes, bodies, shapes
from porsche.ide.api.base import View, who
from porsche.ide.api.filters import RunFilter
from porsche.ide.api.pagination import Pages
from porsche.ide.api.pipelines import revision_of
from porsche.ide.models import Pipeline, Role, Run, RunEvent
from porsche.ide.selectors import files
from porsche.ide.selectors import pipelines as pipeline_rows
from porsche.ide.selectors import runs as selectors
from porsche.ide.selectors.compiled import compiled
from porsche.ide.services import runs as services
from porsche.ide.services import upgrades


class RunsView(View):
    roles = {"GET": Role.VIEWER, "POST": Role.OPERATOR}
    refusals = {"POST": (409, 422)}
    pagination_class = Pages
    filterset_class = RunFilter
    queryset = Run.objects.none()

    @extend_schema(responses=shapes.Run(many=True))
    def get(self, request: Request) -> Response:
        """Runs, newest first."""
        return self.pages(selectors.rows(), selectors.summaries)

    @extend_schema(request=bodies.NewRun, responses={201: shapes.RunDetail}, examples=[
        OpenApiExample("at most 1,000 rows a second", request_only=True, value={
            "pipeline": 1, "parameters": {"seed": "2"}, "options": {"rate": 1000}})])
    def post(self, request: Request) -> Response:
        """Run a pipeline, from the beginning of its input.

        A document that cannot be compiled with these parameters is refused (422) with every diagnostic.
        """
        given = self.body(bodies.NewRun)
        pipeline: Pipeline = self.find(pipeline_rows.rows(), pk=given["pipeline"])
        number = given.get("revision")
        revision = revision_of(pipeline, number) if number else pipeline_rows.head_of(pipeline)
        run = services.create_run(pipeline=pipeline, revision=revision, parameters=given.get("parameters"),
                                  options=given.get("options"), by=who(request))
        return Response(selectors.detail(run), status=201)


class RunView(View):
    roles = {"GET": Role.VIEWER, "DELETE": Role.OPERATOR}
    refusals = {"DELETE": (409,)}

    @extend_schema(responses=shapes.RunDetail)
    def get(self, request: Request, pk: int) -> Response:
        """A run, with the status that its job last published."""
        return Response(selectors.detail(self.find(selectors.rows(), pk=pk)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete a run that is over, with its checkpoints, models and results."""
        services.delete_run(run=self.find(selectors.rows(), pk=pk))
        return Response(status=204)


class RunStartView(View):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409, 422)}

    @extend_schema(request=bodies.StartRun, responses=shapes.RunDetail, examples=[
        OpenApiExample("as it was", value={}, request_only=True),
        OpenApiExample("with another revision", value={"revision": 3, "allow": ["recomputed"]}, request_only=True)])
    def post(self, request: Request, pk: int) -> Response:
        """Let a run that was stopped, or failed, go on from its last checkpoint.

        With another revision its state is taken over as far as upgrade-check says; what would be recomputed or lost
        takes consent (409 without).
        """
        run = self.find(selectors.rows(), pk=pk)
        given = self.body(bodies.StartRun)
        if "revision" in given:
            revision = revision_of(run.pipeline, given["revision"])
            run = upgrades.upgrade_run(run=run, revision=revision, allow=given.get("allow", ()), by=who(request))
        else:
            run = services.start_run(run=run, by=who(request))
        return Response(selectors.detail(run))


class RunStopView(View):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409,)}

    @extend_schema(request=None, responses=shapes.RunDetail)
    def post(self, request: Request, pk: int) -> Response:
        """Stop a run after a checkpoint. Asking again changes nothing."""
        run = services.stop_run(run=self.find(selectors.rows(), pk=pk), by=who(request))
        return Response(selectors.detail(run))


class RunEventsView(View):
    roles = {"GET": Role.VIEWER}
    pagination_class = Pages

    @extend_schema(responses=shapes.RunEvent(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """What happened to a run, newest first: changes of status, restarts, exceptions, requests."""
        run = self.find(selectors.rows(), pk=pk)
        rows = RunEvent.objects.filter(run=run).select_related("user").order_by("-id")
        return self.pages(rows, selectors.events)


class LogQuery(serializers.Serializer[Any]):
    after = serializers.RegexField(r"^[0-9]{1,20}\.[0-9]{1,15}$", required=False, default="",
                                   help_text="`next` of an earlier answer: only what came since.")
    level = serializers.ChoiceField(files.LEVELS, required=False, default="DEBUG", help_text="At least this.")
    limit = serializers.IntegerField(min_value=1, max_value=1000, required=False, default=200)


class RunLogsView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(parameters=[LogQuery], responses=shapes.Log)
    def get(self, request: Request, pk: int) -> Response:
        """Lines of a run's log, oldest first: the last ones, or those after a place."""
        run = self.find(selectors.rows(), pk=pk)
        return Response(files.log(run, **query(request, LogQuery)))


class LetterQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=2**53, required=False, default=0,
                                     help_text="`next` of an earlier answer.")
    limit = serializers.IntegerField(min_value=1, max_value=1000, required=False, default=100)


class RunDeadLettersView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(parameters=[LetterQuery], responses=shapes.DeadLetters)
    def get(self, request: Request, pk: int) -> Response:
        """Records of a run's input that could not be read, oldest first."""
        run = self.find(selectors.rows(), pk=pk)
        return Response(files.dead_letters(run, **query(request, LetterQuery)))


class RunCompiledView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=authoring_shapes.Compiled)
    def get(self, request: Request, pk: int) -> Response:
        """What a run runs: its revision compiled with its parameters, as by POST /api/compile."""
        run = self.find(selectors.rows(), pk=pk)
        state = str(files.folder(run).state)
        return Response(compiled(run.revision.document, selectors.parameters(run), run.environment, state))


def query(request: Request, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The query of a request's address, checked; 400 where it does not fit."""
    checked = shape(data=request.query_params)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)
