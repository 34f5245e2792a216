"""Tokens of programs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from porsche.ide.errors import Refused
from porsche.ide.models import Project, Role, Token, User
from porsche.ide.services import secrets

PREFIX = "psk_"
SHOWN = 12
"""Characters of a secret that are kept, so that a person tells tokens apart: the prefix and 48 of 256 bits."""
PAUSE = timedelta(minutes=1)
"""How often, at most, the time of a token's last use is written."""
MOST = 50


def create_token(*, user: User, name: str, role: Role, project: Project | None = None,
                 expires_at: datetime | None = None) -> tuple[Token, str]:
    """A token and its secret, which is nowhere kept."""
    if expires_at is not None and expires_at <= timezone.now():
        raise Refused("expired", "the token would have expired already", field="expires_at")
    if user.tokens.count() >= MOST:
        raise Refused("too_many_tokens", f"a user has at most {MOST} tokens", field="name", hint="delete one first")
    secret = secrets.new(PREFIX)
    token = Token.objects.create(user=user, project=project, name=name, role=role, expires_at=expires_at,
                                 prefix=secret[:SHOWN], digest=secrets.digest(secret))
    return token, secret


def delete_token(*, token: Token) -> None:
    token.delete()


def token_of(secret: str) -> Token | None:
    """The token with a secret, if it is valid now; notes its use."""
    if not secret.startswith(PREFIX) or not secret.isascii():
        return None
    token = Token.objects.select_related("user", "project").filter(digest=secrets.digest(secret)).first()
    if token is None or not secrets.fits(secret, token.digest):
        return None
    now = timezone.now()
    if not token.user.is_active or (token.expires_at is not None and token.expires_at <= now):
        return None
    if token.used_at is None or token.used_at <= now - PAUSE:
        old = Q(used_at=None) | Q(used_at__lte=now - PAUSE)
        Token.objects.filter(old, pk=token.pk).update(used_at=now)
    return token
