"""The tests that are saved with a pipeline."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request

from porsche.ide.api import bodies, shapes
from porsche.ide.api.base import View
from porsche.ide.api.documents import EXAMPLE
from porsche.ide.api.previews import Unavailable
from porsche.ide.models import Role
from porsche.runners.preview import asked

MOST_NAMES = 200


class TestsOrder(bodies.Body):
    project = s.CharField(max_length=63)
    document = bodies.Document()
    names = s.ListField(child=s.CharField(max_length=1000), max_length=MOST_NAMES, required=False,
                        help_text="Which tests; nothing: all.")
    parameters = bodies.Parameters()
    environment = s.ChoiceField(bodies.ENVIRONMENTS, default=settings.ENVIRONMENT)


class TestLine(s.Serializer[Any]):
    """An expected row and the one that was found for it."""

    status = s.ChoiceField(["same", "differs", "missing", "unexpected"])
    expected = shapes.Anything(allow_null=True)
    found = shapes.Anything(allow_null=True)
    cells = s.ListField(child=s.CharField(), help_text="Columns that differ.")


class TestedNode(s.Serializer[Any]):
    node = s.CharField()
    passed = s.BooleanField()
    columns = s.ListField(child=s.CharField(), help_text="Those that count.")
    rows = s.IntegerField(help_text="Rows in all; `lines` has the first, differences before others.")
    lines = TestLine(many=True)


class TestFault(s.Serializer[Any]):
    """Why a test could not be run, or its rows not be compared."""

    code = s.CharField()
    message = s.CharField()
    hint = s.CharField(allow_null=True)
    node = s.CharField(allow_null=True)


class TestResult(s.Serializer[Any]):
    name = s.CharField()
    passed = s.BooleanField()
    seconds = s.FloatField()
    error = TestFault(allow_null=True)
    nodes = TestedNode(many=True)


class TestResults(s.Serializer[Any]):
    passed = s.IntegerField()
    failed = s.IntegerField()
    tests = TestResult(many=True)


class TestsView(View):
    roles = {"POST": Role.EDITOR}
    refusals = {"POST": (404,)}

    @extend_schema(request=TestsOrder, responses=TestResults, examples=[
        OpenApiExample("all", {"project": "default", "document": EXAMPLE}, request_only=True)])
    def post(self, request: Request) -> HttpResponse:
        """Run the tests of a document: its sources give their rows, nothing is written.

        The answer is 200 when tests fail, too.
        """
        given = self.body(TestsOrder)
        self.project(given["project"], Role.EDITOR)
        try:
            answer = asked.tests({
                "document": given["document"], "names": given.get("names", []), "home": str(settings.HOME.path),
                "parameters": given.get("parameters", {}), "environment": given["environment"]})
        except asked.Busy as error:
            raise Unavailable from error
        return HttpResponse(answer, content_type="application/json")
