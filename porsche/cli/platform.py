"""Commands on the platform of this machine: `porsche up | down | supervise`."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from porsche.cli.documents import pairs
from porsche.home import VARIABLE, Home

if TYPE_CHECKING:
    from porsche.steps import Steps

LOOPBACK = "127.0.0.1"
home_option = click.option("--home", type=click.Path(path_type=Path, file_okay=False),
                           help=f"The folder of database, logs and runs (default: ${VARIABLE}, else .porsche).")
_json = click.option("--json", "as_json", is_flag=True, help="Say what programs need, as lines of JSON.")


@click.command()
@home_option
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
              help="Where to listen; the next free port if it is taken. 0: any.")
@click.option("--host", default=LOOPBACK, show_default=True, metavar="ADDRESS",
              help="Another address than loopback lets other machines reach the platform, without TLS: put a proxy "
                   "that speaks it in front (PORSCHE_HTTPS=1), and name the addresses people use in PORSCHE_HOSTS.")
@click.option("--example", "examples", multiple=True, metavar="FILE",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Have the pipeline of a YAML file, and a run of it. May be given several times.")
@click.option("--rate", type=click.FloatRange(0, min_open=True),
              help="Rows a second of the examples' sources, at most.")
@click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the examples' runs.")
@click.option("--browser/--no-browser", default=False, help="Open the sign-in page in a browser.")
@_json
def up(home: Path | None, port: int, host: str, examples: tuple[Path, ...], rate: float | None,
       parameters: tuple[str, ...], browser: bool, as_json: bool) -> None:
    """Start the platform: web page and API, jobs, background work.

    It stays in the foreground. Ctrl-C stops everything that it started: jobs take a checkpoint first, and go on from
    there at the next `porsche up`.
    """
    from porsche.up import Platform, Wishes

    options = {} if rate is None else {"rate": rate}
    wishes = Wishes(host, port, tuple(path.absolute() for path in examples), pairs(parameters), options, browser)
    if host != LOOPBACK:
        _reachable_as(host)
        click.echo(f"The platform listens at {host}: other machines can reach it, and what they send is not encrypted.",
                   err=True)
    sys.exit(Platform(chosen(home), wishes, _steps(as_json)).run())


@click.command()
@home_option
@_json
def down(home: Path | None, as_json: bool) -> None:
    """Stop the platform, from any terminal: what `porsche up` started, and what a killed one left behind.

    Jobs take a checkpoint first and go on at the next `porsche up`. Lists what remains, and fails if anything does.
    """
    from porsche.up import down as end

    sys.exit(1 if end(chosen(home), _steps(as_json)) else 0)


@click.command()
@home_option
def supervise(home: Path | None) -> None:
    """Supervise the runs only, in the foreground (`porsche up` does it for you)."""
    from porsche.supervise import main

    chosen(home)
    sys.exit(main([]))


def chosen(home: Path | None) -> Home:
    """The home folder, also for the processes that are started."""
    if home is not None:
        os.environ[VARIABLE] = str(home.absolute())
    return Home.default()


def _reachable_as(host: str) -> None:
    """Requests that name the host are answered, unless PORSCHE_HOSTS says which are."""
    names = [socket.gethostname(), f"[{host}]" if ":" in host else host]
    os.environ.setdefault("PORSCHE_HOSTS", ",".join(names))


def _steps(as_json: bool) -> Steps:
    from porsche.steps import JsonSteps, Steps

    return JsonSteps() if as_json else Steps()


COMMANDS = (up, down, supervise)
