"""Addresses under /api/."""

from __future__ import annotations

from django.urls import path

from porsche.ide.api import documents, pipelines, projects, resources, runs, savepoints, session, upgrades, work

urlpatterns = [
    path("session", session.SessionView.as_view(), name="session"),
    path("projects", projects.ProjectsView.as_view(), name="projects"),
    path("projects/<slug:slug>", projects.ProjectView.as_view(), name="project"),
    path("projects/<slug:slug>/members", projects.MembersView.as_view(), name="members"),
    path("projects/<slug:slug>/members/<str:username>", projects.MemberView.as_view(), name="member"),
    path("projects/<slug:slug>/quota", resources.QuotaView.as_view(), name="quota"),
    path("resources", resources.ResourcesView.as_view(), name="resources"),
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
    path("pipelines/<int:pk>/upgrade-check", upgrades.PipelineUpgradeView.as_view(), name="pipeline-upgrade-check"),
    path("runs", runs.RunsView.as_view(), name="runs"),
    path("runs/<int:pk>", runs.RunView.as_view(), name="run"),
    path("runs/<int:pk>/start", runs.RunStartView.as_view(), name="run-start"),
    path("runs/<int:pk>/stop", runs.RunStopView.as_view(), name="run-stop"),
    path("runs/<int:pk>/upgrade-check", upgrades.RunUpgradeView.as_view(), name="run-upgrade-check"),
    path("runs/<int:pk>/events", runs.RunEventsView.as_view(), name="run-events"),
    path("runs/<int:pk>/logs", runs.RunLogsView.as_view(), name="run-logs"),
    path("runs/<int:pk>/dead-letters", runs.RunDeadLettersView.as_view(), name="run-dead-letters"),
    path("runs/<int:pk>/compiled", runs.RunCompiledView.as_view(), name="run-compiled"),
    path("runs/<int:pk>/state", savepoints.RunStateView.as_view(), name="run-state"),
    path("runs/<int:pk>/state/contents", savepoints.RunStateContentsView.as_view(), name="run-state-contents"),
    path("runs/<int:pk>/state/diff", savepoints.RunStateDiffView.as_view(), name="run-state-diff"),
    path("runs/<int:pk>/savepoints", savepoints.RunSavepointsView.as_view(), name="run-savepoints"),
    path("runs/<int:pk>/rescale", savepoints.RunRescaleView.as_view(), name="run-rescale"),
    path("savepoints", savepoints.SavepointsView.as_view(), name="savepoints"),
    path("savepoints/<int:pk>", savepoints.SavepointView.as_view(), name="savepoint"),
    path("savepoints/<int:pk>/restore", savepoints.SavepointRestoreView.as_view(), name="savepoint-restore"),
    path("savepoints/<int:pk>/rollback", savepoints.SavepointRollbackView.as_view(), name="savepoint-rollback"),
    path("savepoints/<int:pk>/contents", savepoints.SavepointContentsView.as_view(), name="savepoint-contents"),
    path("savepoints/<int:pk>/diff", savepoints.SavepointDiffView.as_view(), name="savepoint-diff"),
    path("work", work.WorksView.as_view(), name="works"),
    path("work/<int:pk>", work.WorkView.as_view(), name="work"),
    path("work/<int:pk>/file", work.WorkFileView.as_view(), name="work-file"),
]
