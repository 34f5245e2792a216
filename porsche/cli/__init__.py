"""The command line: `porsche COMMAND`. Commands on documents work in this process, the others on a platform."""

from __future__ import annotations

import sys

import click

from engine.errors import UserError
from porsche.cli import documents, platform
from porsche.cli.documents import INTERRUPTED
from porsche.compiler import Diagnostic, DocumentError

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="porsche")
def cli() -> None:
    """Real-time machine learning: a pipeline document becomes Flink SQL, and runs."""


for command in (*documents.COMMANDS, *platform.COMMANDS):
    cli.add_command(command)


def main() -> None:
    """The console script."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except DocumentError as error:
        _say(error.diagnostics, "porsche")
        sys.exit(1)
    except UserError as error:
        click.echo(f"porsche: {error}", err=True)
        sys.exit(1)


def _say(diagnostics: tuple[Diagnostic, ...], file: str) -> None:
    for diagnostic in diagnostics:
        click.echo(f"{file}: {diagnostic}", err=True)
