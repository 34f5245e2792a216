"""People: the first one, signing in by a link that works once."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import get_script_prefix
from django.utils import timezone

from engine.errors import UserError
from porsche.ide.models import SignInLink, User
from porsche.ide.services import secrets

FIRST = "admin"
VALID = timedelta(minutes=15)
SIGN_IN = "sign-in/<str:secret>"
"""The path of the page that signs in, as `porsche.urls` has it: it is made here without loading all pages."""


@transaction.atomic
def ensure_first_user() -> User:
    """A superuser: the first there is, else `admin`, made without a password (a link signs them in)."""
    found = User.objects.filter(is_superuser=True, is_active=True).order_by("id").first()
    if found is not None:
        return found
    user, made = User.objects.get_or_create(username=FIRST, defaults={"is_staff": True, "is_superuser": True})
    if made:
        user.set_unusable_password()
    user.is_superuser = user.is_staff = user.is_active = True
    user.save()
    return user


def create_user(*, username: str) -> User:
    """A user without a password, and without a role anywhere yet."""
    user = User(username=username)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise UserError("bad_user", f"'{username}' cannot be a user's name: {error.messages[0]}") from None
    user.save()
    return user


@transaction.atomic
def create_sign_in_link(*, user: User) -> str:
    """The path of a page that signs a user in, once, within 15 minutes. Links that have expired are forgotten."""
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now - VALID).delete()
    secret = secrets.new()
    SignInLink.objects.create(user=user, digest=secrets.digest(secret), expires_at=now + VALID)
    return get_script_prefix() + SIGN_IN.replace("<str:secret>", secret)


def redeem_sign_in_link(*, secret: str) -> User | None:
    """The user whom a link signs in; None where it is unknown, was used, or has expired."""
    now = timezone.now()
    link = SignInLink.objects.select_related("user").filter(digest=secrets.digest(secret)).first()
    if link is None or not secrets.fits(secret, link.digest) or not link.user.is_active:
        return None
    unused = SignInLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now)
    return link.user if unused.update(used_at=now) else None  # of two at once, one finds it unused
