"""Verifications over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api.base import View, who
from porsche.ide.api.pagination import Pages
from porsche.ide.api.shapes import Anything
from porsche.ide.models import Role, Work
from porsche.ide.selectors import runs
from porsche.verification import selectors, services
from porsche.verification.models import Verification as Row


class StreamDifference(s.Serializer[Any]):
    """A row that one side alone has, the other null, or one whose values differ."""

    stream = Anything(allow_null=True)
    batch = Anything(allow_null=True)


class OracleDifference(s.Serializer[Any]):
    batch = Anything(allow_null=True)
    duckdb = Anything(allow_null=True)


class Oracle(s.Serializer[Any]):
    """The bounded run's rows against DuckDB's. `why`: it could not be asked; `given`: tables it had from the engine."""

    equal = s.BooleanField(allow_null=True)
    why = s.CharField(allow_null=True)
    rows = s.IntegerField(allow_null=True)
    given = s.ListField(child=s.CharField())
    different = s.IntegerField()
    differences = OracleDifference(many=True)


class VerifiedTable(s.Serializer[Any]):
    """What the stream wrote to a table against what one bounded run writes. `why`: it could not be compared."""

    table = s.CharField()
    node = s.CharField()
    equal = s.BooleanField(allow_null=True)
    why = s.CharField(allow_null=True)
    rows_stream = s.IntegerField(allow_null=True)
    rows_batch = s.IntegerField(allow_null=True)
    different = s.IntegerField()
    differences = StreamDifference(many=True)
    duckdb = Oracle()


class Report(s.Serializer[Any]):
    rows_in = s.IntegerField(allow_null=True, help_text="rows that the bounded run read")
    seconds = s.FloatField(allow_null=True)
    tables = VerifiedTable(many=True)


class VerificationError(s.Serializer[Any]):
    code = s.CharField()
    message = s.CharField()
    hint = s.CharField(allow_null=True)


class VerificationWork(s.Serializer[Any]):
    """How far it is."""

    id = s.IntegerField()
    kind = s.CharField()
    subject = s.CharField()
    state = s.ChoiceField(Work.State.choices)
    progress = s.FloatField(allow_null=True)
    message = s.CharField(allow_blank=True)
    result = Anything(allow_null=True)
    error = VerificationError(allow_null=True)
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    ended_at = s.DateTimeField(allow_null=True)


class Verification(s.Serializer[Any]):
    """`equal` is null while it lasts, and where nothing could be compared."""

    id = s.IntegerField()
    run = s.IntegerField()
    equal = s.BooleanField(allow_null=True)
    created_at = s.DateTimeField()
    work = VerificationWork()
    report = Report()


class VerificationsView(View):
    roles = {"GET": Role.VIEWER, "POST": Role.OPERATOR}
    refusals = {"POST": (409,)}
    pagination_class = Pages
    queryset = Row.objects.none()

    @extend_schema(responses=Verification(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Verifications of a run, newest first."""
        run = self.find(runs.rows(), pk=pk)
        return self.pages(selectors.rows().filter(run=run), selectors.shown)

    @extend_schema(request=None, responses={201: Verification})
    def post(self, request: Request, pk: int) -> Response:
        """Check a run that has ended: the same SQL over the same input in one bounded run, and in DuckDB where it can
        say it."""
        made = services.start_verification(run=self.find(runs.rows(), pk=pk), by=who(request))
        return Response(selectors.verification(selectors.rows().get(pk=made.pk)), status=201)


class VerificationView(View):
    roles = {"GET": Role.VIEWER}
    queryset = Row.objects.none()

    @extend_schema(responses=Verification)
    def get(self, request: Request, pk: int) -> Response:
        """A verification, with the rows that differ."""
        return Response(selectors.verification(self.find(selectors.rows(), pk=pk)))
