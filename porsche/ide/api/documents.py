"""The catalogue of components, and compiling a document that is not saved."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import authoring_shapes, bodies
from porsche.ide.api.base import View
from porsche.ide.api.permissions import Access
from porsche.ide.selectors.catalogue import components
from porsche.ide.selectors.compiled import compiled

EXAMPLE = """\
version: 1
name: answer
nodes:
  - {id: clicks, component: event_source, properties: {columns: {item: BIGINT}, options: {connector: datagen}}}
  - {id: kept, component: table_sink}
edges:
  - {from: clicks, to: kept}
"""


class ComponentsView(View):
    roles = {"GET": Access.SIGNED_IN}

    @extend_schema(responses=authoring_shapes.Component(many=True), filters=False)
    def get(self, request: Request) -> Response:
        """Every component: its ports, and its properties with what a form needs."""
        return Response(components())


class CompileView(View):
    roles = {"POST": Access.SIGNED_IN}

    @extend_schema(request=bodies.CompileOrder, responses=authoring_shapes.Compiled, examples=[
        OpenApiExample("two nodes", {"document": EXAMPLE, "parameters": {}}, request_only=True)])
    def post(self, request: Request) -> Response:
        """Compile a document; nothing is saved.

        The answer is 200 for a broken document too: `sql` is then null, `diagnostics` has every error at its node,
        property, line and column, and `graph` as much as can be read.
        """
        given = self.body(bodies.CompileOrder)
        return Response(compiled(given["document"], given.get("parameters"), given["environment"]))
