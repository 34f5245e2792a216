"""Metric history over HTTP."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api.base import View
from porsche.ide.models import Role, Run
from porsche.monitor.models import RESOLUTIONS
from porsche.monitor.selectors import resolution_for, series

HOUR = 3600.0
LATEST = 253402300799  # the end of the year 9999


class Series(serializers.Serializer[dict[str, Any]]):
    """A series of a run. `node`: "" for the run's own."""

    node = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    resolution = serializers.IntegerField(help_text="seconds each point covers")
    points = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=5, max_length=5),
        help_text="[unix seconds at the span's start, mean, least, most, last]; nothing where nothing was measured",
    )


class Metrics(serializers.Serializer[dict[str, Any]]):
    """The series that were asked for."""

    series = Series(many=True)


class Asked(serializers.Serializer[dict[str, Any]]):
    """What a request for metrics says in its URL (`from` is a word of Python)."""

    to = serializers.FloatField(required=False, min_value=0, max_value=LATEST)
    resolution = serializers.ChoiceField(choices=list(RESOLUTIONS), required=False)

    def get_fields(self) -> dict[str, Any]:
        begin = serializers.FloatField(required=False, min_value=0, max_value=LATEST)
        return {"from": begin, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("from", 0.0) > attrs.get("to", LATEST):
            raise serializers.ValidationError({"from": "it is after `to`"})
        return attrs


def _query(name: str, kind: type | dict[str, Any], text: str, *, many: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=text, many=many)


class MetricsView(View):
    """A run's metric history."""

    roles: ClassVar = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="runs_metrics",
        parameters=[
            _query("node", str, 'only of these nodes; "" for the run\'s own', many=True),
            _query("name", str, "only these names", many=True),
            _query("from", float, "unix seconds; an hour before `to` where it is left out"),
            _query("to", float, "unix seconds; now where it is left out"),
            _query("resolution", {"type": "integer", "enum": list(RESOLUTIONS)},
                   "seconds each point covers; chosen for the span where it is left out"),
        ],
        responses=Metrics,
    )
    def get(self, request: Request, pk: int) -> Response:
        run = self.find(Run.objects.select_related("pipeline__project"), pk=pk)
        asked = Asked(data={name: request.query_params[name] for name in ("from", "to", "resolution")
                            if name in request.query_params})
        asked.is_valid(raise_exception=True)
        now = time.time()
        end = asked.validated_data.get("to", now)
        start = asked.validated_data.get("from", max(0.0, end - HOUR))
        resolution = asked.validated_data.get("resolution") or resolution_for(start, end, now)
        return Response({"series": series(run, start, end, resolution, nodes=_words(request, "node"),
                                          names=_words(request, "name"))})


def _words(request: Request, name: str) -> list[str] | None:
    """The values of a parameter that may be given several times; None where it is not given."""
    return request.query_params.getlist(name)[:200] if name in request.query_params else None
