"""SQL as a pipeline again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import shapes
from porsche.ide.api.base import View
from porsche.ide.api.bodies import ENVIRONMENTS, Body, Document, Parameters
from porsche.ide.api.permissions import Access
from porsche.ide.selectors.compiled import LARGEST, STATE
from porsche.runners.compiling import recognised

EXAMPLE = """\
CREATE TABLE clicks (item BIGINT) WITH ('connector' = 'datagen');
CREATE TABLE kept (item BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO kept SELECT item FROM clicks;
"""


class RecogniseOrder(Body):
    sql = s.CharField(max_length=LARGEST, allow_blank=True, trim_whitespace=False, help_text="The whole SQL.")
    document = Document(required=False, allow_null=True, default=None,
                        help_text="The pipeline before, of which as much as possible stays; null: there is none.")
    parameters = Parameters()
    environment = s.ChoiceField(ENVIRONMENTS, default=settings.ENVIRONMENT,
                                help_text="What tables physically are: what it supplies is left out of the pipeline.")


class NodeChange(s.Serializer[Any]):
    """What becomes of a node."""

    node = s.CharField()
    change = s.ChoiceField(
        ["added", "changed", "removed", "renamed", "replaced", "redefined", "dissolved"],
        help_text="redefined: the definition of its component changes, which nothing else uses; dissolved: it becomes "
                  "the nodes inside it.")
    component = s.CharField()
    properties = s.ListField(child=s.CharField(), help_text="Those that change; of a definition as `node.property`.")
    before = s.CharField(required=False, help_text="The name or the component that it had.")


class PropertySpan(s.Serializer[Any]):
    """Where a node, or the expression of one of its properties, stands in the SQL."""

    node = s.CharField()
    property = s.CharField(allow_blank=True, help_text='"": the span is that of a statement.')
    path = s.ListField(child=shapes.Value(), help_text="Where inside the property's value: names and indexes.")
    span = shapes.Span(help_text="Where it begins and ends, in characters.")


class Recognised(s.Serializer[Any]):
    """SQL as a pipeline. What cannot be said as one has no document, but diagnostics with places in the SQL."""

    valid = s.BooleanField()
    document = s.CharField(allow_null=True, help_text="The whole pipeline as YAML, without what its text had besides.")
    commands = s.ListField(child=shapes.Anything(), help_text="What makes it of the pipeline before.")
    changes = NodeChange(many=True)
    spans = PropertySpan(many=True)
    diagnostics = shapes.Diagnostic(many=True)


class RecogniseView(View):
    roles = {"POST": Access.SIGNED_IN}

    @extend_schema(request=RecogniseOrder, responses=Recognised, examples=[
        OpenApiExample("two nodes", {"sql": EXAMPLE}, request_only=True)])
    def post(self, request: Request) -> Response:
        """Read SQL as a pipeline; nothing is saved.

        Each view and table becomes the component whose SQL says the same, whatever the words, or custom SQL. The
        answer is 200 for SQL that cannot be read too: `diagnostics` then say why, and where.
        """
        given = self.body(RecogniseOrder)
        return Response(recognised(given["sql"], given["document"], given.get("parameters") or {},
                                   given["environment"], STATE))
