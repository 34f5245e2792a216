"""The library of a project: components that its pipelines copy."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers as s
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import authoring_shapes, bodies, shapes
from porsche.ide.api.base import View, who
from porsche.ide.models import Project, Role
from porsche.ide.selectors import library as selectors
from porsche.ide.services import library as services

LARGEST = 500_000
"""Characters of a definition, as JSON."""
EXAMPLE = {"components": {"cheap": {
    "title": "Cheap ones", "inputs": {"rows": "kept"}, "output": "kept", "properties": {"limit": {"kind": "number"}},
    "nodes": [{"id": "kept", "component": "filter", "properties": {"condition": "price < ${limit}"}}]}}}


class ComponentOrder(bodies.Body):
    """Its definition, as documents have it, under its name, and those of the components inside it."""

    components = s.DictField(child=shapes.Anything())

    def validate_components(self, value: Any) -> Any:
        if len(json.dumps(value)) > LARGEST:
            raise s.ValidationError(f"there are at most {LARGEST:,} characters")
        return value


class LibraryComponent(s.Serializer[Any]):
    """A version of a component. `components`: what a document that uses it has among its own."""

    name = s.CharField()
    version = s.IntegerField()
    author = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    declaration = authoring_shapes.Component()
    components = s.DictField(child=shapes.Anything())


class LibraryView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=LibraryComponent(many=True), filters=False)
    def get(self, request: Request, slug: str) -> Response:
        """The newest version of every component in a project's library."""
        project = self.find(Project.objects.all(), slug=slug)
        return Response([selectors.component(row) for row in selectors.newest(project)])


class LibraryComponentView(View):
    roles = {"PUT": Role.EDITOR, "DELETE": Role.EDITOR}
    refusals = {"PUT": (409,)}

    @extend_schema(request=ComponentOrder, responses=LibraryComponent, examples=[
        OpenApiExample("one", EXAMPLE, request_only=True)])
    def put(self, request: Request, slug: str, name: str) -> Response:
        """Save a component: the next version of it, if it says something else than the newest.

        Pipelines that have copied it stay as they are, until they take the new version.
        """
        project = self.find(Project.objects.all(), slug=slug)
        row = services.save_component(project=project, name=name, by=who(request), **self.body(ComponentOrder))
        return Response(selectors.component(row))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, name: str) -> Response:
        """Delete a component with all its versions. Pipelines that have copied it stay as they are."""
        project = self.find(Project.objects.all(), slug=slug)
        if not services.delete_component(project=project, name=name):
            raise NotFound
        return Response(status=204)
