"""What the machine has, who takes it, and what projects may."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import bodies, permissions, shapes
from porsche.ide.api.base import View
from porsche.ide.api.permissions import Access
from porsche.ide.models import Project, Quota, Role
from porsche.ide.selectors import resources as selectors
from porsche.ide.services import resources as services


class ResourcesView(View):
    roles = {"GET": Access.SIGNED_IN}

    @extend_schema(responses=shapes.Resources)
    def get(self, request: Request) -> Response:
        """What the machine has for runs, what is taken of it, and which runs wait for room."""
        return Response(selectors.resources(permissions.projects_of(request)))


class QuotaView(View):
    roles = {"GET": Role.VIEWER, "PUT": Access.PLATFORM}

    @extend_schema(responses=shapes.Quota)
    def get(self, request: Request, slug: str) -> Response:
        """What the runs of a project may take."""
        project = self.find(Project.objects.all(), slug=slug)
        return Response(selectors.quota(Quota.objects.filter(project=project).first()))

    @extend_schema(request=bodies.QuotaChange, responses=shapes.Quota)
    def put(self, request: Request, slug: str) -> Response:
        """Change what the runs of a project may take: the limits that are named. Only a superuser may."""
        project = self.find(Project.objects.all(), slug=slug)
        return Response(selectors.quota(services.set_quota(project=project, **self.body(bodies.QuotaChange))))
