"""The streams' addresses: who may listen to what.

Under ASGI `app.Streams` takes over and keeps the stream open; by any other server a client is told what stands now, and
asks again after a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from porsche.ide.api.base import View, who
from porsche.ide.models import Pipeline, Role, Run
from porsche.monitor.stream.hub import Frame, Mark, Topic
from porsche.monitor.stream.watch import Watcher

KIND = "text/event-stream"
RETRY = b"retry: 1000\n\n"

EVENTS = """Server-sent events: `run` (a run's summary), `snapshot` ({"id", "snapshot"}: the job's last status),
`points` ([{"node", "name", "value", "at"}]), `happened` (an event of a run), `log` ({"lines", "fresh"?}: fresh ones
replace all before), `model` ({"name", "node", "version", "facts"}), `deleted` ({"id"}), `edited` ({"pipeline",
"version", "revision", "head"}: a working copy, told by the streams of its pipeline and runs). With `Last-Event-ID` what
was missed is told again, or what stands now."""
LAST = OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER, description="the last event that was received")


class Stream(StreamingHttpResponse):
    """An answer that goes on with a topic's events."""

    def __init__(self, topic: Topic, user: int) -> None:
        super().__init__(_once(topic), content_type=KIND)
        self.topic = topic
        self.user = user
        self["Cache-Control"] = "no-store"
        self["X-Accel-Buffering"] = "no"  # a proxy passes events on as they come


def _once(topic: Topic) -> Iterator[bytes]:
    """What stands now."""
    yield RETRY
    for n, message in enumerate(Watcher().poll([topic])):
        yield Frame.of(Mark(0, n), message).data


class StreamView(View):
    """A view whose answer is a stream; its errors are JSON, whatever the client accepts."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        return JSONRenderer(), "application/json"


class RunStream(StreamView):
    """What happens to a run."""

    roles: ClassVar[dict[str, Any]] = {"GET": Role.VIEWER}

    @extend_schema(operation_id="runs_stream", description=EVENTS, parameters=[LAST],
                   responses={(200, KIND): OpenApiTypes.STR})
    def get(self, request: Request, pk: int) -> Stream:
        run = self.find(Run.objects.select_related("pipeline__project"), pk=pk)
        return Stream(Topic("run", run.pk), who(request).pk)


class PipelineStream(StreamView):
    """What happens to a pipeline's working copy: `edited` events."""

    roles: ClassVar[dict[str, Any]] = {"GET": Role.VIEWER}

    @extend_schema(operation_id="pipelines_stream", description=EVENTS, parameters=[LAST],
                   responses={(200, KIND): OpenApiTypes.STR})
    def get(self, request: Request, pk: int) -> Stream:
        pipeline = self.find(Pipeline.objects.select_related("project"), pk=pk)
        return Stream(Topic("pipeline", pipeline.pk), who(request).pk)


class ProjectStream(StreamView):
    """What happens to the runs of a project: `run`, `happened` and `deleted` events."""

    roles: ClassVar[dict[str, Any]] = {"GET": Role.VIEWER}

    @extend_schema(operation_id="stream", description=EVENTS, responses={(200, KIND): OpenApiTypes.STR}, parameters=[
        OpenApiParameter("project", str, OpenApiParameter.QUERY, required=True), LAST])
    def get(self, request: Request) -> Stream:
        slug = request.query_params.get("project")
        if not slug:
            raise ValidationError({"project": "say which: ?project=name"})
        return Stream(Topic("project", self.project(slug, Role.VIEWER).pk), who(request).pk)
