"""`python manage.py sign_in_link [NAME] [--create]`: an address that signs somebody in, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from engine.errors import UserError
from porsche.ide.models import User
from porsche.ide.services.people import create_sign_in_link, create_user, ensure_first_user


class Command(BaseCommand):
    help = "Print an address that signs a user in, once, within 15 minutes. Without a name: the first superuser."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?")
        parser.add_argument("--create", action="store_true", help="make the user, without a password, if missing")
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the platform is")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = self._user(options["username"], create=options["create"])
        except UserError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(options["url"].rstrip("/") + create_sign_in_link(user=user))

    def _user(self, name: str | None, *, create: bool) -> User:
        if name is None:
            return ensure_first_user()
        found = User.objects.filter(username=name, is_active=True).first()
        if found is None and not create:
            raise CommandError(f"there is no user '{name}': --create makes one")
        return found or create_user(username=name)
