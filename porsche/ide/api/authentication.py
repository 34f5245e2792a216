"""Who asks: a browser by its session (with CSRF), a program by a bearer token."""

from __future__ import annotations

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from porsche.ide.models import Token, User
from porsche.ide.services.tokens import token_of

SCHEME = "bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The session's cookie. What writes must also send the CSRF token, in X-CSRFToken."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            refused = exceptions.PermissionDenied(str(error.detail), code="csrf_failed")
            refused.hint = "send X-CSRFToken with csrf_token of GET /api/session"  # type: ignore[attr-defined]
            raise refused from None


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer psk_...`; the token is `request.auth`."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if scheme.lower() != SCHEME:
            return None
        token = token_of(secret.strip())
        if token is None:
            raise exceptions.AuthenticationFailed("the token is not known, or has expired")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
