"""Help with a run: `porsche support`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.errors import UserError
from porsche.cli.options import complete_run, on_platform, run_named, title
from porsche.cli.output import Output

if TYPE_CHECKING:
    from porsche.cli.client import Api


@click.command()
@click.argument("name", metavar="PIPELINE|RUN", shell_complete=complete_run)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where to (default: <pipeline>-<run>-support.zip here).")
@on_platform
def support(api: Api, out: Output, name: str, output: Path | None) -> None:
    """Pack what somebody needs who helps with a run: plan, metrics, log, manifests of checkpoints.

    No rows, and no secrets: dead letters, results and the data of checkpoints stay where they are.

    \b
    porsche support shop
    porsche support 7 -o /tmp/run-7.zip
    """
    run = run_named(api, name)
    path = output or Path(f"{run['pipeline']['slug']}-{run['id']}-support.zip")
    try:
        with path.open("xb") as file:
            size = api.download(f"runs/{run['id']}/support", file)
    except FileExistsError:
        raise UserError("file_exists", f"{path} exists already", hint="name another file with -o") from None
    except OSError as error:
        raise UserError("unwritable_file", f"cannot write {path}: {error.strerror}") from error
    except UserError:
        path.unlink(missing_ok=True)
        raise
    told = {"run": run["id"], "file": str(path), "bytes": size}
    out.answer(told, lambda: click.echo(f"{title(run)}: {size / 1024:,.0f} KB in {path}"))


COMMANDS = (support,)
