"""What commands on a platform share: which one, JSON for programs, names of pipelines and runs."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.errors import UserError
from porsche.cli.output import Output, clean

if TYPE_CHECKING:
    from porsche.cli.client import Api

FAILED, UNREACHABLE, INTERRUPTED = 1, 3, 130
"""Exit statuses; INTERRUPTED also of a run that was asked to end before its input did."""
F = TypeVar("F", bound=Callable[..., Any])
ASKED = (
    click.option("--server", metavar="URL", help="A platform elsewhere; local: this machine's. [env: PORSCHE_SERVER]"),
    click.option("--token", metavar="TOKEN", help="Who asks; others on this machine can read arguments, so rather "
                                                  "use `porsche login` or the environment. [env: PORSCHE_TOKEN]"),
    click.option("--home", type=click.Path(path_type=Path, file_okay=False),
                 help="The home folder of this machine's platform. [env: PORSCHE_HOME]"),
)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value, for programs.")


@dataclass(frozen=True)
class Target:
    """What a command's options say of the platform it is meant for, and of how it answers."""

    server: str | None
    token: str | None
    home: Path | None
    as_json: bool

    @contextmanager
    def open(self) -> Iterator[tuple[Api, Output]]:
        """The platform's API, and where the answer goes."""
        from porsche.cli.servers import Asked, connect

        with self.answering() as out, connect(Asked(self.server, self.token, self.home)) as api:
            yield api, out

    @contextmanager
    def answering(self) -> Iterator[Output]:
        """Where the answer goes. Errors of users are a line of JSON on standard error, if answers are JSON."""
        try:
            yield Output(as_json=self.as_json)
        except UserError as error:
            if not self.as_json:
                raise
            click.echo(json.dumps(error.as_dict()), err=True)
            sys.exit(status_of(error))


def perhaps_on_platform(command: F) -> F:
    """Options that say which platform is meant, and --json. The command gets them as its `target`."""

    @functools.wraps(command)
    def wrapped(server: str | None, token: str | None, home: Path | None, as_json: bool, **rest: Any) -> Any:
        return command(Target(server, token, home, as_json), **rest)

    for option in (as_json_option, *reversed(ASKED)):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def on_platform(command: F) -> F:
    """The same for what is only done on a platform. The command gets its `api` and an `out`."""

    @functools.wraps(command)
    def wrapped(target: Target, **rest: Any) -> Any:
        with target.open() as (api, out):
            return command(api, out, **rest)

    return perhaps_on_platform(wrapped)  # type: ignore[return-value]


def status_of(error: UserError) -> int:
    """The exit status for an error."""
    from porsche.cli.client import Unreachable

    return UNREACHABLE if isinstance(error, Unreachable) else FAILED


# ---- names -----------------------------------------------------------------------------------------------------------


def pipeline_named(api: Api, name: str) -> dict[str, Any]:
    """The pipeline that SLUG or PROJECT/SLUG names, also an archived one."""
    project, _, slug = name.rpartition("/")
    for archived in (None, "true"):
        listed = api.all("pipelines", search=slug, project=project or None, archived=archived)
        found = [pipeline for pipeline in listed if pipeline["slug"] == slug]
        if len(found) > 1:
            words = ", ".join(f"{p['project']}/{p['slug']}" for p in found)
            raise UserError("ambiguous", f"there are several pipelines '{slug}': {words}", hint="name its project, too")
        if found:
            return found[0]
    known = [pipeline["slug"] for pipeline in api.all("pipelines", most=1000)]
    close = get_close_matches(slug, known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else "porsche list shows what there is"
    raise UserError("no_pipeline", f"there is no pipeline '{name}'", hint=hint)


def run_named(api: Api, name: str) -> dict[str, Any]:
    """The run of a number, or the newest of a pipeline."""
    if by_number(name):
        return dict(api.get(f"runs/{name}"))
    pipeline = pipeline_named(api, name)
    if pipeline["run"] is None:
        raise UserError("no_run", f"the pipeline '{name}' has never run", hint=f"porsche start {name} starts it")
    return dict(api.get(f"runs/{pipeline['run']['id']}"))


def by_number(name: str) -> bool:
    """Whether a name is a run's number."""
    return name.isascii() and name.isdigit()


def title(run: dict[str, Any]) -> str:
    """A run in words."""
    return clean(f"{run['pipeline']['project']}/{run['pipeline']['slug']}: run {run['id']}")


# ---- completion ------------------------------------------------------------------------------------------------------


def _complete(offers: Callable[[Api], list[str]]) -> Callable[..., list[str]]:
    """Completes from a platform that answers at once; else offers nothing, and never fails."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from porsche.cli.servers import Asked, connect

        given = context.params
        try:
            asked = Asked(given.get("server"), given.get("token"), given.get("home"))
            with connect(asked, 1.0, in_process=False) as api:
                return [word for word in offers(api) if word.startswith(incomplete)]
        except (UserError, LookupError, OSError):
            return []

    return complete


def _pipelines(api: Api) -> list[str]:
    return [pipeline["slug"] for pipeline in api.get("pipelines", page_size=200)["results"]]


def _runs(api: Api) -> list[str]:
    return [str(run["id"]) for run in api.get("runs", page_size=50)["results"]] + _pipelines(api)


def _models(api: Api) -> list[str]:
    return [model["name"] for model in api.get("models", page_size=200)["results"]]


complete_pipeline, complete_run, complete_model = _complete(_pipelines), _complete(_runs), _complete(_models)
