"""Addresses under /api/. Numbers in them have at most 18 digits, as the database's have."""

from __future__ import annotations

from django.urls import path, register_converter

from porsche.ide.api import documents, pipelines, projects, runs, session


class Number:
    """A row's number."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Number, "number")

urlpatterns = [
    path("session", session.SessionView.as_view(), name="session"),
    path("projects", projects.ProjectsView.as_view(), name="projects"),
    path("projects/<slug:slug>", projects.ProjectView.as_view(), name="project"),
    path("projects/<slug:slug>/members", projects.MembersView.as_view(), name="members"),
    path("projects/<slug:slug>/members/<str:username>", projects.MemberView.as_view(), name="member"),
    path("tokens", projects.TokensView.as_view(), name="tokens"),
    path("tokens/<number:id>", projects.TokenView.as_view(), name="token"),
    path("components", documents.ComponentsView.as_view(), name="components"),
    path("compile", documents.CompileView.as_view(), name="compile"),
    path("pipelines", pipelines.PipelinesView.as_view(), name="pipelines"),
    path("pipelines/<number:id>", pipelines.PipelineView.as_view(), name="pipeline"),
    path("pipelines/<number:id>/document", pipelines.DocumentView.as_view(), name="pipeline-document"),
    path("pipelines/<number:id>/layout", pipelines.LayoutView.as_view(), name="pipeline-layout"),
    path("pipelines/<number:id>/revisions", pipelines.RevisionsView.as_view(), name="pipeline-revisions"),
    path("pipelines/<number:id>/revisions/<number:number>", pipelines.RevisionView.as_view(), name="pipeline-revision"),
    path("pipelines/<number:id>/compiled", pipelines.PipelineCompiledView.as_view(), name="pipeline-compiled"),
    path("runs", runs.RunsView.as_view(), name="runs"),
    path("runs/<number:id>", runs.RunView.as_view(), name="run"),
    path("runs/<number:id>/start", runs.RunStartView.as_view(), name="run-start"),
    path("runs/<number:id>/stop", runs.RunStopView.as_view(), name="run-stop"),
    path("runs/<number:id>/events", runs.RunEventsView.as_view(), name="run-events"),
    path("runs/<number:id>/logs", runs.RunLogsView.as_view(), name="run-logs"),
    path("runs/<number:id>/dead-letters", runs.RunDeadLettersView.as_view(), name="run-dead-letters"),
    path("runs/<number:id>/compiled", runs.RunCompiledView.as_view(), name="run-compiled"),
]
