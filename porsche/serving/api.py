"""Models over HTTP: versions, weights, predictions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import permissions
from porsche.ide.api.base import View
from porsche.ide.api.pagination import Pages
from porsche.ide.api.runs import query
from porsche.ide.models import Pipeline, Role
from porsche.ide.selectors import pipelines
from porsche.serving import predictions, selectors, shapes

MOST_PIPELINES = 200


class ModelsView(View):
    roles = {"GET": Role.VIEWER}
    pagination_class = Pages
    queryset = Pipeline.objects.none()

    @extend_schema(parameters=[shapes.ModelQuery], responses=shapes.Model(many=True))
    def get(self, request: Request) -> Response:
        """The models that pipelines have trained, by name."""
        asked = query(request, shapes.ModelQuery)
        rows = permissions.visible(request, pipelines.rows()).filter(archived_at=None)
        if "project" in asked:
            rows = rows.filter(project__slug=asked["project"])
        found = selectors.published(rows[:MOST_PIPELINES])
        page = self.paginate_queryset(found)
        return self.get_paginated_response([selectors.shown(model) for model in page or ()])


class ModelBase(View):
    """One model, found by its name in the projects of the request."""

    roles = {"GET": Role.VIEWER}

    def model(self, name: str, project: str | None = None, run: int | None = None, **_: Any) -> selectors.Published:
        rows = permissions.visible(self.request, pipelines.rows())
        if project is not None:
            rows = rows.filter(project__slug=project)
        found = selectors.of_name(rows, name, run)
        if found is None:
            raise NotFound(f"there is no model '{name}'")
        self.check_object_permissions(self.request, found.pipeline)
        return found


class ModelView(ModelBase):
    @extend_schema(parameters=[shapes.ModelQuery], responses=shapes.ModelDetail)
    def get(self, request: Request, name: str) -> Response:
        """A model, with what requests for predictions may give."""
        model = self.model(name, **query(request, shapes.ModelQuery))
        return Response({**selectors.shown(model), "inputs": predictions.inputs(model)})


class ModelVersionsView(ModelBase):
    @extend_schema(operation_id="models_versions_list", parameters=[shapes.VersionsQuery],
                   responses=shapes.ModelVersions)
    def get(self, request: Request, name: str) -> Response:
        """The versions of a model, oldest first."""
        asked = query(request, shapes.VersionsQuery)
        model = self.model(name, **asked)
        found = model.models.versions(model.node, asked["since"], asked["limit"])
        return Response({"versions": [selectors.version(facts) for facts in found]})


class ModelVersionView(ModelBase):
    @extend_schema(parameters=[shapes.ModelQuery], responses=shapes.ModelVersionDetail)
    def get(self, request: Request, name: str, version: int) -> Response:
        """A version, with its calibration."""
        model = self.model(name, **query(request, shapes.ModelQuery))
        facts = model.models.facts(model.node, known(model, version))
        return Response({**selectors.version(facts), "reliability": facts.get("reliability"),
                         "options": facts.get("options")})


class ModelWeightsView(ModelBase):
    @extend_schema(parameters=[shapes.WeightsQuery], responses=shapes.Weights)
    def get(self, request: Request, name: str, version: int) -> Response:
        """The weights of a version that are farthest from 0."""
        asked = query(request, shapes.WeightsQuery)
        model = self.model(name, **asked)
        found = model.models.heaviest(model.node, known(model, version), asked["limit"])
        return Response({"weights": found})


class PredictView(ModelBase):
    roles = {"POST": Role.VIEWER}
    refusals = {"POST": (404,)}

    @extend_schema(
        parameters=[shapes.ModelQuery], request=shapes.PredictRequest, responses=shapes.PredictAnswer,
        examples=[OpenApiExample("features of user and item are looked up", request_only=True, value={
            "keys": [{"user_id": 7, "item_id": 12}], "rows": [{"device": "ios", "hour_of_day": 12}]})])
    def post(self, request: Request, name: str) -> Response:
        """Predict, with raw features or the keys of entities whose features the pipeline keeps."""
        model = self.model(name, **query(request, shapes.ModelQuery))
        given = self.body(shapes.PredictRequest)
        if given["version"] is not None:
            known(model, given["version"])
        return Response(predictions.predict(model, given["rows"], given["version"]))


def known(model: selectors.Published, version: int) -> int:
    """The version, if the model has it or may have had it; else 404."""
    if not 1 <= version <= model.models.newest(model.node):
        raise NotFound(f"model '{model.name}' has no version {version}")
    return version
