"""Projects, members, tokens."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import bodies, permissions, shapes
from porsche.ide.api.base import View, who
from porsche.ide.api.pagination import Pages
from porsche.ide.api.permissions import Access
from porsche.ide.errors import Missing
from porsche.ide.models import Membership, Project, Role, Token
from porsche.ide.selectors import projects as selectors
from porsche.ide.services import projects as services
from porsche.ide.services import tokens


class ProjectsView(View):
    roles = {"GET": Access.SIGNED_IN, "POST": Access.OWN}
    refusals = {"POST": (409,)}
    pagination_class = Pages

    @extend_schema(responses=shapes.Project(many=True))
    def get(self, request: Request) -> Response:
        """Your projects."""
        return self.pages(Project.objects.order_by("slug"), self._shown)

    @extend_schema(request=bodies.NewProject, responses={201: shapes.Project})
    def post(self, request: Request) -> Response:
        """Make a project, of which you become the admin."""
        project = services.create_project(**self.body(bodies.NewProject), by=who(request))
        return Response(selectors.project(project, Role.ADMIN), status=201)

    def _shown(self, found: list[Project]) -> list[dict[str, Any]]:
        held = permissions.roles_in(self.request, found)
        return [selectors.project(p, held[p.pk]) for p in found]


class ProjectView(View):
    roles = {"GET": Role.VIEWER, "PATCH": Role.ADMIN, "DELETE": Role.ADMIN}
    refusals = {"DELETE": (409,)}

    @extend_schema(responses=shapes.Project)
    def get(self, request: Request, slug: str) -> Response:
        """A project."""
        return self._answer(self._project(slug))

    @extend_schema(request=bodies.ProjectChange, responses=shapes.Project)
    def patch(self, request: Request, slug: str) -> Response:
        """Change a project's title."""
        project = self._project(slug)
        return self._answer(services.update_project(project=project, **self.body(bodies.ProjectChange)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Delete a project that has no pipelines."""
        services.delete_project(project=self._project(slug))
        return Response(status=204)

    def _project(self, slug: str) -> Project:
        return self.find(Project.objects.all(), slug=slug)

    def _answer(self, project: Project) -> Response:
        return Response(selectors.project(project, permissions.role_in(self.request, project)))


class MembersView(View):
    roles = {"GET": Role.VIEWER}
    pagination_class = Pages

    @extend_schema(responses=shapes.Member(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """A project's members."""
        project = self.find(Project.objects.all(), slug=slug)
        rows = Membership.objects.filter(project=project).select_related("user").order_by("user__username")
        return self.pages(rows, lambda found: [selectors.member(row) for row in found])


class MemberView(View):
    roles = {"PUT": Role.ADMIN, "DELETE": Role.ADMIN}
    refusals = {"PUT": (409,), "DELETE": (409,)}

    @extend_schema(request=bodies.MemberRole, responses=shapes.Member)
    def put(self, request: Request, slug: str, username: str) -> Response:
        """Give a user a role in a project."""
        project = self.find(Project.objects.all(), slug=slug)
        role = Role(self.body(bodies.MemberRole)["role"])
        return Response(selectors.member(services.set_member(project=project, username=username, role=role)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, username: str) -> Response:
        """Take a member out of a project."""
        project = self.find(Project.objects.all(), slug=slug)
        members = Membership.objects.select_related("project", "user")
        services.remove_member(member=self.find(members, project=project, user__username=username))
        return Response(status=204)


class TokensView(View):
    roles = {"GET": Access.OWN, "POST": Access.OWN}
    pagination_class = Pages

    @extend_schema(responses=shapes.Token(many=True))
    def get(self, request: Request) -> Response:
        """Your tokens, without their secrets."""
        page = self.paginate_queryset(_own(request))
        return self.get_paginated_response([selectors.token(row) for row in page or ()])

    @extend_schema(request=bodies.TokenOrder, responses={201: shapes.NewToken}, examples=[
        OpenApiExample("for a dashboard", {"name": "dashboard", "role": "viewer"}, request_only=True)])
    def post(self, request: Request) -> Response:
        """Make a token for a program.

        It acts for you, with at most the role it is given, in one project or in all. The answer shows its secret, once.
        """
        given = self.body(bodies.TokenOrder)
        slug = given.pop("project")
        project = self.project(slug, Role.VIEWER) if slug else None
        token, secret = tokens.create_token(user=who(request), project=project, name=given["name"],
                                            role=Role(given["role"]), expires_at=given["expires_at"])
        return Response({**selectors.token(token), "token": secret}, status=201)


class TokenView(View):
    roles = {"DELETE": Access.OWN}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete a token: it is good for nothing from now on."""
        token = _own(request).filter(pk=pk).first()
        if token is None:
            raise Missing("not_found", "you have no such token")
        tokens.delete_token(token=token)
        return Response(status=204)


def _own(request: Request) -> Any:
    return Token.objects.filter(user=who(request)).select_related("project").order_by("-id")
