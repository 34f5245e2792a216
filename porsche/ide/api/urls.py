"""Addresses under /api/."""

from __future__ import annotations

from django.urls import path

from porsche.ide.api import documents, pipelines, projects, runs, session, work

urlpatterns = [
    path("session", session.SessionView.as_view(), name="session"),
    path("projects", projects.ProjectsView.as_view(), name="projects"),
    path("projects/<slug:slug>", projects.ProjectView.as_view(), name="project"),
    path("projects/<slug:slug>/members", projects.MembersView.as_view(), name="members"),
    path("projects/<slug:slug>/members/<str:username>", projects.MemberView.as_view(), name="member"),
    path("tokens", projects.TokensView.as_view(), name="tokens"),
    path("tokens/<int:pk>", projects.TokenView.as_view(), name="token"),
    path("components", documents.ComponentsView.as_view(), name="components"),
    path("compile", documents.CompileView.as_view(), name="compile"),
    path("pipelines", pipelines.PipelinesView.as_view(), name="pipelines"),
    path("pipelines/<int:pk>", pipelines.PipelineView.as_view(), name="pipeline"),
    path("pipelines/<int:pk>/document", pipelines.DocumentView.as_view(), name="pipeline-document"),
    path("pipelines/<int:pk>/layout", pipelines.LayoutView.as_view(), name="pipeline-layout"),
    path("pipelines/<int:pk>/revisions", pipelines.RevisionsView.as_view(), name="pipeline-revisions"),
    path("pipelines/<int:pk>/revisions/<int:number>", pipelines.RevisionView.as_view(), name="pipeline-revision"),
    path("pipelines/<int:pk>/compiled", pipelines.PipelineCompiledView.as_view(), name="pipeline-compiled"),
    path("runs", runs.RunsView.as_view(), name="runs"),
    path("runs/<int:pk>", runs.RunView.as_view(), name="run"),
    path("runs/<int:pk>/start", runs.RunStartView.as_view(), name="run-start"),
    path("runs/<int:pk>/stop", runs.RunStopView.as_view(), name="run-stop"),
    path("runs/<int:pk>/events", runs.RunEventsView.as_view(), name="run-events"),
    path("runs/<int:pk>/logs", runs.RunLogsView.as_view(), name="run-logs"),
    path("runs/<int:pk>/dead-letters", runs.RunDeadLettersView.as_view(), name="run-dead-letters"),
    path("runs/<int:pk>/compiled", runs.RunCompiledView.as_view(), name="run-compiled"),
    path("work", work.WorksView.as_view(), name="works"),
    path("work/<int:pk>", work.WorkView.as_view(), name="work"),
    path("work/<int:pk>/file", work.WorkFileView.as_view(), name="work-file"),
]
