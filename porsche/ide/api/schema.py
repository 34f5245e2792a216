"""The description of the API: how requests prove who they are, and which errors each operation can answer with."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as Base
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from porsche.ide.api.permissions import Access, needs_of
from porsche.ide.api.shapes import Error

REASONS = {
    "400": "The request does not fit: `errors` names each field.",
    "401": "Nobody is signed in, or the token is not good.",
    "403": "The role is not enough, or the CSRF token is missing.",
    "404": "It is not there, or lies in a project that one has no role in.",
    "406": "Answers are JSON.",
    "409": "It makes no sense as things are.",
    "412": "A newer revision was saved meanwhile.",
    "415": "Requests are JSON.",
    "422": "The document cannot be compiled: `errors` has every diagnostic.",
    "428": "If-Match is missing.",
    "429": "Too many requests: ask again after Retry-After seconds.",
    "503": "The database is busy: ask again.",
}
BODIES = ("POST", "PUT", "PATCH")
NUMBER = {"type": "integer", "minimum": 1}
PATHS: dict[str, tuple[dict[str, Any], str]] = {
    "id": (NUMBER, "A number."),
    "number": (NUMBER, "A revision's number."),
    "slug": ({"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,62}$"}, "A project's name."),
    "username": ({"type": "string", "maxLength": 150}, "A user's name."),
}
"""What addresses hold."""


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "porsche.ide.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid",
                "description": "What writes sends X-CSRFToken as well: `csrf_token` of GET /api/session."}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "porsche.ide.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A token made at /api/tokens."}


class AutoSchema(Base):
    """drf-spectacular's description, with our errors. A view adds its own by `refusals = {"PUT": (412,)}`."""

    def get_override_parameters(self) -> list[Any]:
        named = [part for part in PATHS if f"{{{part}}}" in self.path]
        return [OpenApiParameter(name, PATHS[name][0], OpenApiParameter.PATH, required=True, description=PATHS[name][1])
                for name in named]

    def get_auth(self) -> list[dict[str, Any]]:
        return [] if needs_of(self.view, self.method) is Access.ANYONE else super().get_auth()

    def get_summary(self) -> str | None:
        """The first sentence of the method's docstring."""
        text = self.get_description()
        return text.partition("\n")[0].rstrip(".") or None

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/").partition("/")[0]]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status in self._refusals():
            if status not in bodies:
                answer: Any = OpenApiResponse(Error, REASONS[status])
                bodies[status] = self._get_response_for_code(answer, status)  # type: ignore[no-untyped-call]
        return dict(sorted(bodies.items()))

    def _refusals(self) -> set[str]:
        found = {"406", "429", "503", *map(str, getattr(self.view, "refusals", {}).get(self.method, ()))}
        if needs_of(self.view, self.method) is not Access.ANYONE:
            found |= {"401", "403"}
        if "{" in self.path or self._is_list_view():
            found |= {"404"}
        if self.method in BODIES:
            found |= {"400", "403", "404", "415"}
        if self._get_parameters():
            found |= {"400"}
        return found
