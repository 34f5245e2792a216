"""The command line: `porsche COMMAND`. Commands on documents work in this process, the others ask a platform.

Exit statuses: 0 done, or yes; 1 refused, failed, or no (not valid, different, a run that failed); 2 wrong usage;
3 no platform answers; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from engine.errors import UserError
from porsche.cli.options import INTERRUPTED, status_of

__all__ = ["cli", "main"]

SECTIONS = {
    "Documents, in this process": {
        "run": "documents", "validate": "documents", "compile": "documents", "explain": "documents", "test": "testing",
        "upgrade-check": "upgrade"},
    "The platform of this machine": {
        "up": "platform", "down": "platform", "supervise": "platform", "backup": "backups"},
    "On a platform, here or elsewhere": {
        "list": "runs", "start": "runs", "stop": "runs", "status": "watching", "logs": "watching", "models": "models",
        "state": "savepoints", "restore-point": "savepoints", "rescale": "savepoints",
        "predict": "models", "verify": "verifying", "support": "support", "resources": "resources",
        "quota": "resources", "push": "files", "pull": "files"},
    "Access": {"login": "accounts", "logout": "accounts", "token": "accounts", "completion": "completion"},
}
"""Where each command is. A module is loaded when one of its commands is: what only asks loads no compiler."""
PLACES = {name: module for commands in SECTIONS.values() for name, module in commands.items()}


class Commands(click.Group):
    """The commands of SECTIONS; each module lists its own in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PLACES:
            return None
        module = importlib.import_module(f"porsche.cli.{PLACES[cmd_name]}")
        return next(command for command in module.COMMANDS if command.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, names in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(heading):
                formatter.write_dl([(name, command.get_short_help_str(90)) for name, command in commands if command])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="porsche")
def cli() -> None:
    """Real-time machine learning: a pipeline document becomes Flink SQL, and runs."""


def main() -> None:
    """The console script."""
    try:
        cli(prog_name="porsche", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # whoever read has read enough; Python must not fail once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except UserError as error:
        click.echo(f"porsche: {error}", err=True)
        sys.exit(status_of(error))
