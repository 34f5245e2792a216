"""The monitor's part of the API."""

from __future__ import annotations

from django.urls import path

from porsche.monitor.api import MetricsView
from porsche.monitor.stream.views import PipelineStream, ProjectStream, RunStream
from porsche.monitor.support import SupportView

urlpatterns = [
    path("runs/<int:pk>/metrics", MetricsView.as_view(), name="run-metrics"),
    path("runs/<int:pk>/support", SupportView.as_view(), name="run-support"),
    path("runs/<int:pk>/stream", RunStream.as_view(), name="run-stream"),
    path("pipelines/<int:pk>/stream", PipelineStream.as_view(), name="pipeline-stream"),
    path("stream", ProjectStream.as_view(), name="project-stream"),
]
