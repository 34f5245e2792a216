"""Work in the background: what there is, how far it is, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters as filters
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide import tasks
from porsche.ide.api import shapes
from porsche.ide.api.base import View, who
from porsche.ide.api.bodies import Body
from porsche.ide.api.pagination import Pages
from porsche.ide.models import Project, Role, User, Work

Start = Callable[..., Work]
KINDS: dict[str, Start] = {tasks.EXPORT: tasks.start_export, tasks.CHECK: tasks.start_check}
"""What a request may ask for by itself."""


class WorkError(serializers.Serializer[Any]):
    """Why it failed."""

    code = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField(allow_null=True)


class WorkShape(serializers.Serializer[Any]):
    """Something done in the background."""

    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="export, check, verification...")
    subject = serializers.CharField(allow_blank=True, help_text='What it is about, such as "run:7".')
    project = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(Work.State.choices)
    progress = serializers.FloatField(allow_null=True, help_text="From 0 to 1, where it is known.")
    message = serializers.CharField(allow_blank=True)
    result = shapes.Anything(allow_null=True)
    error = WorkError(allow_null=True)
    attempts = serializers.IntegerField()
    user = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    file = serializers.CharField(allow_null=True, help_text="Where its file can be fetched.")


class NewWork(Body):
    """What is asked for: `export` (a zip file of a project's pipelines) or `check` (whether they compile)."""

    kind = serializers.ChoiceField(list(KINDS))
    project = serializers.CharField(max_length=63)


class WorkFilter(filters.FilterSet):
    project = filters.CharFilter(field_name="project__slug", help_text="The project's slug.")
    subject = filters.CharFilter(help_text='What it is about, such as "run:7".')
    kind = filters.CharFilter()
    state = filters.MultipleChoiceFilter(choices=Work.State.choices, help_text="One of these.")

    class Meta:
        model = Work
        fields: tuple[str, ...] = ()


def shown(rows: list[Work]) -> list[dict[str, Any]]:
    """Work as the API tells of it."""
    return [{
        "id": row.pk, "kind": row.kind, "subject": row.subject, "project": row.project and row.project.slug,
        "state": row.state, "progress": row.progress, "message": row.message, "result": row.result,
        "error": row.error, "attempts": row.attempts, "user": _name(row.created_by), "created_at": row.created_at,
        "started_at": row.started_at, "ended_at": row.ended_at,
        "file": f"/api/work/{row.pk}/file" if has_file(row) else None,
    } for row in rows]


def has_file(row: Work) -> bool:
    return row.kind == tasks.EXPORT and row.state == Work.State.DONE and tasks.export_file(row).exists()


def _name(user: User | None) -> str | None:
    return user.username if user else None


def rows() -> Any:
    return Work.objects.select_related("project", "created_by").order_by("-id")


class WorksView(View):
    roles = {"GET": Role.VIEWER, "POST": Role.EDITOR}
    pagination_class = Pages
    filterset_class = WorkFilter
    queryset = Work.objects.none()

    @extend_schema(responses=WorkShape(many=True))
    def get(self, request: Request) -> Response:
        """Work in the background, newest first."""
        return self.pages(rows(), shown)

    @extend_schema(request=NewWork, responses={201: WorkShape})
    def post(self, request: Request) -> Response:
        """Have something done in the background."""
        given = self.body(NewWork)
        project: Project = self.project(given["project"], Role.EDITOR)
        work = KINDS[given["kind"]](project=project, user=who(request))
        return Response(shown([work])[0], status=201)


class WorkView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=WorkShape)
    def get(self, request: Request, pk: int) -> Response:
        """How far it is, and what came of it."""
        return Response(shown([self.find(rows(), pk=pk)])[0])


class WorkFileView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The file that was made."""
        work = self.find(rows(), pk=pk)
        if not has_file(work):
            raise NotFound("it has no file, or has it no more")
        name = f"{work.project and work.project.slug}.zip"
        return HttpResponse(tasks.export_file(work).read_bytes(), content_type="application/zip",
                            headers={"Content-Disposition": f'attachment; filename="{name}"'})
