"""`python manage.py seed_example FILE...`: pipelines of files in the project `examples`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from engine.errors import UserError
from porsche.ide.services.seed import seed_example


class Command(BaseCommand):
    help = "Put pipelines of YAML files into the project 'examples'. Those that are there already stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"]:
            try:
                self.stdout.write(str(seed_example(path)))
            except UserError as error:
                raise CommandError(str(error)) from error
