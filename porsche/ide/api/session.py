"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.middleware.csrf import get_token
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import bodies, permissions, shapes
from porsche.ide.api.authentication import SessionAuthentication
from porsche.ide.api.base import View
from porsche.ide.api.permissions import Access
from porsche.ide.selectors import projects
from porsche.ide.selectors.platform import VERSION, supervisor

SHOWN = 200
"""Projects that a session lists."""


class SessionView(View):
    roles = {"GET": Access.ANYONE, "POST": Access.ANYONE, "DELETE": Access.SIGNED_IN}
    refusals = {"POST": (401,)}
    throttle_scope = "sign_in"

    @extend_schema(responses=shapes.Session)
    def get(self, request: Request) -> Response:
        """Who asks, and the CSRF token.

        Without a session `user` is null. The CSRF token is good for this browser's cookie only.
        """
        return Response(self._session())

    @extend_schema(request=bodies.SignIn, responses=shapes.Session,
                   examples=[OpenApiExample("password", {"username": "ada", "password": "..."}, request_only=True)])
    def post(self, request: Request) -> Response:
        """Sign in by name and password.

        Users without a password sign in by a link that works once: `python manage.py sign_in_link NAME` prints one.
        """
        SessionAuthentication().enforce_csrf(request)  # nobody is signed in yet, and still no other site may do this
        given = self.body(bodies.SignIn)
        user = authenticate(request._request, username=given["username"], password=given["password"])
        if user is None:
            raise AuthenticationFailed("no such user with this password")
        login(request._request, user)
        request.user = user
        return Response(self._session())

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out."""
        logout(request._request)
        return Response(status=204)

    def _session(self) -> dict[str, Any]:
        request = self.request
        user = request.user
        found = permissions.projects_of(request)[:SHOWN]
        held = permissions.roles_in(request, found)
        return {
            "user": {"username": user.username, "is_superuser": user.is_superuser} if user.is_authenticated else None,
            "projects": [projects.listed(p, held[p.pk]) for p in found],
            "csrf_token": get_token(request._request),
            "version": VERSION,
            "supervisor": supervisor().as_json(),
        }
