"""Savepoints, restore points, and what the state of runs holds. States are named by numbers, never by paths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import shapes
from porsche.ide.api.base import View, who
from porsche.ide.api.bodies import CONSENTS, Body, Parameters, RunOptions, Slug
from porsche.ide.api.pagination import Pages
from porsche.ide.api.pipelines import revision_of
from porsche.ide.api.runs import query
from porsche.ide.models import Role, Run, Savepoint
from porsche.ide.selectors import runs as run_rows
from porsche.ide.selectors import savepoints as selectors
from porsche.ide.services import savepoints as services

Place = tuple[Path, int | None]
NUMBER: dict[str, Any] = {"min_value": 1, "max_value": 2**63 - 1}


class SavepointPipeline(s.Serializer[Any]):
    id = s.IntegerField()
    slug = s.CharField()
    project = s.CharField()


class SavepointError(s.Serializer[Any]):
    code = s.CharField()
    message = s.CharField()
    hint = s.CharField(allow_null=True)


class SavepointShape(s.Serializer[Any]):
    """The state of a run, kept."""

    id = s.IntegerField()
    name = s.CharField()
    pipeline = SavepointPipeline()
    revision = s.IntegerField()
    run = s.IntegerField(allow_null=True, help_text="The run it was made of; null where that was deleted.")
    restore_point = s.BooleanField(help_text="A person means to come back to it.")
    state = s.ChoiceField(Savepoint.State.choices)
    epoch = s.IntegerField(allow_null=True)
    bytes = s.IntegerField(allow_null=True)
    keys = s.IntegerField(help_text="Of all operators.")
    models = s.DictField(child=s.IntegerField(), help_text="Model -> version.")
    made_at = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()
    user = s.CharField(allow_null=True)
    error = SavepointError(allow_null=True)


class SavepointDetail(SavepointShape):
    """A savepoint with its configuration and what is in it."""

    parameters = s.DictField(child=s.CharField())
    options = shapes.Anything()
    environment = s.CharField()
    operators = s.ListField(child=shapes.Anything(), help_text="uid, kind, nodes, what, keys, rows, bytes, states.")
    sources = s.ListField(child=shapes.Anything(), help_text="uid, shard, rows, position.")


class CheckpointShape(s.Serializer[Any]):
    epoch = s.IntegerField()
    at = s.DateTimeField(allow_null=True)
    shards = s.IntegerField(allow_null=True)
    bytes = s.IntegerField()
    files = s.IntegerField()


class RunState(s.Serializer[Any]):
    """The states that a run can go on from, or that others can begin with."""

    checkpoints = CheckpointShape(many=True)
    savepoints = SavepointShape(many=True)
    restored_from = SavepointShape(allow_null=True)
    restored = shapes.Anything(allow_null=True, help_text="What was found when what it began with was read back.")


class StateContents(s.Serializer[Any]):
    """What a state holds."""

    name = s.CharField(allow_null=True)
    epoch = s.IntegerField()
    at = s.DateTimeField(allow_null=True)
    operators = s.ListField(child=shapes.Anything(), help_text="uid, kind, nodes, what, keys, rows, bytes, states: "
                                                               "each with columns and some rows.")
    sources = s.ListField(child=shapes.Anything())
    models = s.DictField(child=shapes.Anything())


class StateDiff(s.Serializer[Any]):
    """What became of the keys from one state to another."""

    before = shapes.Anything()
    after = shapes.Anything()
    equal = s.BooleanField()
    operators = s.ListField(child=shapes.Anything(), help_text="uid, nodes, states: added, removed, changed, rows.")


class NewSavepoint(Body):
    name = Slug(required=False, default="", allow_blank=True, help_text="Free in its pipeline; made up, if left out.")
    restore_point = s.BooleanField(default=False, help_text="It is meant to be rolled back to.")
    stop = s.BooleanField(default=False, help_text="Stop the run, and keep the state with which it ended.")


class Restoration(Body):
    revision = s.IntegerField(min_value=1, max_value=2**31 - 1, required=False, help_text="By default the savepoint's.")
    parameters = Parameters(help_text="Instead of the savepoint's, those that are given.")
    options = RunOptions(required=False)
    allow = s.ListField(child=s.ChoiceField(CONSENTS), required=False,
                        help_text="What may become of state that another revision cannot take over as it is.")


class Rescale(Body):
    shards = s.IntegerField(min_value=1, max_value=128)


class SavepointFilter(filters.FilterSet):
    project = filters.CharFilter(field_name="pipeline__project__slug", help_text="The project's slug.")
    pipeline = filters.NumberFilter(field_name="pipeline", help_text="The pipeline's number.")
    run = filters.NumberFilter(field_name="run", help_text="The run's number.")
    name = filters.CharFilter()
    restore_point = filters.BooleanFilter()

    class Meta:
        model = Savepoint
        fields: tuple[str, ...] = ()


class SavepointsView(View):
    roles = {"GET": Role.VIEWER}
    pagination_class = Pages
    filterset_class = SavepointFilter
    queryset = Savepoint.objects.none()

    @extend_schema(responses=SavepointShape(many=True))
    def get(self, request: Request) -> Response:
        """Savepoints, newest first."""
        return self.pages(selectors.rows(), selectors.summaries)


class SavepointView(View):
    roles = {"GET": Role.VIEWER, "DELETE": Role.OPERATOR}
    refusals = {"DELETE": (409,)}

    @extend_schema(responses=SavepointDetail)
    def get(self, request: Request, pk: int) -> Response:
        """A savepoint with what is in it, by operator."""
        return Response(selectors.detail(self.find(selectors.rows(), pk=pk)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete a savepoint; not while a run needs it to begin."""
        services.delete_savepoint(savepoint=self.find(selectors.rows(), pk=pk))
        return Response(status=204)


class SavepointRestoreView(View):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409, 422)}

    @extend_schema(request=Restoration, responses={201: shapes.RunDetail})
    def post(self, request: Request, pk: int) -> Response:
        """Start a run that begins with a savepoint, beside whatever runs."""
        savepoint: Savepoint = self.find(selectors.rows(), pk=pk)
        given = self.body(Restoration)
        number = given.get("revision")
        revision = revision_of(savepoint.pipeline, number) if number else None
        run = services.restore_savepoint(savepoint=savepoint, revision=revision, parameters=given.get("parameters"),
                                         options=given.get("options"), allow=given.get("allow") or (),
                                         by=who(request))
        return Response(run_rows.detail(run), status=201)


class SavepointRollbackView(View):
    roles = {"POST": Role.EDITOR}
    refusals = {"POST": (409, 422)}

    @extend_schema(request=None, responses={201: shapes.RunDetail})
    def post(self, request: Request, pk: int) -> Response:
        """Bring the pipeline back to a savepoint: document, state, models and configuration as they were.

        What runs of the pipeline is stopped; the new run starts when it has ended, and compares what it restored with
        what was saved before it reads a row.
        """
        run = services.roll_back(savepoint=self.find(selectors.rows(), pk=pk), by=who(request))
        return Response(run_rows.detail(run), status=201)


class RunSavepointsView(View):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409,)}

    @extend_schema(request=NewSavepoint, responses={201: SavepointShape})
    def post(self, request: Request, pk: int) -> Response:
        """Keep the state of a run as it is now: of a fresh checkpoint while it runs, else of its last one."""
        given = self.body(NewSavepoint)
        run = self.find(run_rows.rows(), pk=pk)
        made = services.create_savepoint(run=run, by=who(request), **given)
        return Response(selectors.summary(made), status=201)


class RunRescaleView(View):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409,)}

    @extend_schema(request=Rescale, responses=shapes.RunDetail)
    def post(self, request: Request, pk: int) -> Response:
        """Let a run go on in another number of shards, from a fresh checkpoint."""
        given = self.body(Rescale)
        run = services.rescale_run(run=self.find(run_rows.rows(), pk=pk), shards=given["shards"], by=who(request))
        return Response(run_rows.detail(run))


# ---- what states hold ------------------------------------------------------------------------------------------------


class RunStateView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=RunState)
    def get(self, request: Request, pk: int) -> Response:
        """The checkpoints and savepoints of a run, and what it began with."""
        return Response(selectors.of_run(self.find(run_rows.rows().select_related("restored_from"), pk=pk)))


class SampleQuery(s.Serializer[Any]):
    operator = s.CharField(max_length=300, required=False, default=None, allow_null=True,
                           help_text="Only this node, or the operator of this uid.")
    sample = s.IntegerField(min_value=0, max_value=100, required=False, default=5, help_text="Rows of each state.")


class EpochQuery(SampleQuery):
    epoch = s.IntegerField(**NUMBER, required=False, default=None, allow_null=True,
                           help_text="The checkpoint of this epoch; by default the newest.")


class DiffQuery(SampleQuery):
    to_epoch = s.IntegerField(**NUMBER, required=False, default=None, allow_null=True,
                              help_text="The later state is a checkpoint of this epoch...")
    to_run = s.IntegerField(**NUMBER, required=False, default=None, allow_null=True, help_text="...of this run...")
    to_savepoint = s.IntegerField(**NUMBER, required=False, default=None, allow_null=True, help_text="...or this one.")


class RunDiffQuery(EpochQuery, DiffQuery):
    pass


class RunStateContentsView(View):
    roles = {"GET": Role.OPERATOR}

    @extend_schema(parameters=[EpochQuery], responses=StateContents)
    def get(self, request: Request, pk: int) -> Response:
        """What a run's checkpoint holds: operators with keys, rows, bytes, age, and some rows as SQL values."""
        run: Run = self.find(run_rows.rows(), pk=pk)
        given = query(request, EpochQuery)
        place = selectors.place_of(run, None, given["epoch"])
        return Response(selectors.inspected(place, given["operator"], given["sample"]))


class RunStateDiffView(View):
    roles = {"GET": Role.OPERATOR}

    @extend_schema(parameters=[RunDiffQuery], responses=StateDiff)
    def get(self, request: Request, pk: int) -> Response:
        """What became of the keys since a run's checkpoint, until another state; by default its newest checkpoint."""
        run: Run = self.find(run_rows.rows(), pk=pk)
        given = query(request, RunDiffQuery)
        before = selectors.place_of(run, None, given["epoch"])
        return Response(_differences(self, before, given, run))


class SavepointContentsView(View):
    roles = {"GET": Role.OPERATOR}

    @extend_schema(parameters=[SampleQuery], responses=StateContents)
    def get(self, request: Request, pk: int) -> Response:
        """What a savepoint holds: operators with keys, rows, bytes, age, and some rows as SQL values."""
        savepoint: Savepoint = self.find(selectors.rows(), pk=pk)
        given = query(request, SampleQuery)
        place = selectors.place_of(None, savepoint, None)
        return Response(selectors.inspected(place, given["operator"], given["sample"]))


class SavepointDiffView(View):
    roles = {"GET": Role.OPERATOR}

    @extend_schema(parameters=[DiffQuery], responses=StateDiff)
    def get(self, request: Request, pk: int) -> Response:
        """What became of the keys since a savepoint, until another state; by default its run's newest checkpoint."""
        savepoint: Savepoint = self.find(selectors.rows(), pk=pk)
        given = query(request, DiffQuery)
        before = selectors.place_of(None, savepoint, None)
        return Response(_differences(self, before, given, savepoint.run))


def _differences(view: View, before: Place, given: Mapping[str, Any], run: Run | None) -> dict[str, Any]:
    """From a state to the one that a query names."""
    if given["to_savepoint"] is not None:
        after = selectors.place_of(None, view.find(selectors.rows(), pk=given["to_savepoint"]), None)
    else:
        if given["to_run"] is not None:
            run = view.find(run_rows.rows(), pk=given["to_run"])
        after = selectors.place_of(run, None, given["to_epoch"])
    return selectors.differences(before, after, given["operator"], given["sample"])
