"""Documents between files and a platform: `porsche push | pull`.

A file rests on the revision it was last pulled from or pushed as. That is kept beside the user's other state, not in
the file, so that files are the documents and nothing else; `push` is refused where the platform has a newer revision.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import UserError
from porsche.cli.client import Refused, told
from porsche.cli.options import FAILED, complete_pipeline, on_platform, pipeline_named
from porsche.cli.output import Output, clean
from porsche.local import write_private

if TYPE_CHECKING:
    from porsche.cli.client import Api

STALE = 412
MAY_EDIT = ("editor", "admin")


@dataclass(frozen=True)
class Base:
    """What a file rests on: a pipeline's revision, and the digest of its document."""

    pipeline: int
    revision: int
    digest: str


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--as", "name", metavar="[PROJECT/]SLUG", shell_complete=complete_pipeline,
              help="The pipeline; that of the document's name, if left out.")
@click.option("-m", "--message", default="", help="What was changed.")
@click.option("--base", type=click.IntRange(1), help="The revision that the file rests on, if not the one pulled.")
@click.option("--force", is_flag=True, help="Whatever the newest revision is: the file is the truth, as in CI.")
@click.option("--draft", is_flag=True, help="Also a document that is not valid yet.")
@on_platform
def push(api: Api, out: Output, file: Path, name: str | None, message: str, base: int | None, force: bool,
         draft: bool) -> None:
    """Save a file as the newest revision of its pipeline.

    The pipeline is made where there is none. Refused where somebody saved another revision since the file was pulled.
    Runs go on with the revision they have.

    \b
    porsche push pipelines/shop.yaml -m "longer windows"
    porsche push pipelines/shop.yaml --force        # in CI: what is in git counts
    """
    from porsche.cli.documents import read

    text = read(file)
    checked = api.post("compile", {"document": text})
    if not checked["valid"] and not draft:
        return _invalid(out, file, checked)
    slug = name or checked["name"] or file.stem
    pipeline = _perhaps(api, slug)
    if pipeline is None:
        project, _, own = slug.rpartition("/")
        made = api.post("pipelines", {"project": project or _project(api), "slug": own, "document": text})
        result = {"pipeline": made["id"], "project": made["project"], "slug": own, "revision": made["revision"],
                  "created": True, "changed": True, "valid": checked["valid"], "diagnostics": checked["diagnostics"]}
    else:
        result = _saved(api, file, pipeline, {"document": text, "message": message}, base, force)
    remember(api.where, file, Base(result["pipeline"], result["revision"], digest(text)))
    out.answer(result, lambda: _show(file, result))
    return None


def _perhaps(api: Api, name: str) -> dict[str, Any] | None:
    try:
        return dict(api.get(f"pipelines/{pipeline_named(api, name)['id']}"))
    except UserError as error:
        if error.code != "no_pipeline":
            raise
        return None


def _project(api: Api) -> str:
    """The one project that new pipelines may go to."""
    found = [project["slug"] for project in api.get("session")["projects"] if project["role"] in MAY_EDIT]
    if len(found) != 1:
        raise UserError("which_project", "there is no project that you may change" if not found else
                        f"there are several projects: {', '.join(found)}", hint="name one: --as PROJECT/SLUG")
    return str(found[0])


def _saved(api: Api, file: Path, pipeline: Mapping[str, Any], body: Mapping[str, str], base: int | None,
           force: bool) -> dict[str, Any]:
    """Save as a new revision, if the pipeline is where the file left it."""
    newest, own = pipeline["revision"], f"{pipeline['project']}/{pipeline['slug']}"
    result = {"pipeline": pipeline["id"], "project": pipeline["project"], "slug": pipeline["slug"], "created": False}
    known = remembered(api.where, file)
    if base is None and known is not None and known.pipeline == pipeline["id"]:
        base = known.revision
    if base is None and not force and pipeline["digest"] != digest(body["document"]):
        raise UserError("unknown_base", f"{own} is at revision {newest}, and {file} was not pulled from it here",
                        hint=f"--base {newest} if it rests on that one; --force if the file is the truth")
    match = "*" if force or base is None else f'"{base}"'
    try:
        saved = api.put(f"pipelines/{pipeline['id']}/document", body, {"If-Match": match})
    except Refused as refused:
        if refused.status != STALE:
            raise
        raise UserError("stale", f"{own} is at revision {newest}, and {file} rests on {base}",
                        hint=f"porsche pull {own} -o - shows it; --base {newest} once the file has its changes"
                        ) from None
    return {**result, "changed": saved["revision"] != newest, **saved}


def _invalid(out: Output, file: Path, checked: Mapping[str, Any]) -> None:
    out.answer({"valid": False, "diagnostics": checked["diagnostics"]}, lambda: _diagnostics(file, checked))
    out.say("not saved: --draft saves it as it is")
    sys.exit(FAILED)


def _diagnostics(file: Path, checked: Mapping[str, Any]) -> None:
    for diagnostic in checked["diagnostics"]:
        click.echo(clean(f"{file}: {told(diagnostic)}"), err=True)


def _show(file: Path, result: Mapping[str, Any]) -> None:
    _diagnostics(file, result)
    verb = "was made, at" if result["created"] else "is now at" if result["changed"] else "has it already, as"
    click.echo(clean(f"{result['project']}/{result['slug']} {verb} revision {result['revision']}"))


@click.command()
@click.argument("name", metavar="PIPELINE", shell_complete=complete_pipeline)
@click.option("-o", "--output", metavar="FILE", help="Where to; -: standard output. SLUG.yaml, if left out.")
@click.option("--revision", type=click.IntRange(1), help="This one, not the newest.")
@click.option("--force", is_flag=True, help="Also over a file that was changed.")
@on_platform
def pull(api: Api, out: Output, name: str, output: str | None, revision: int | None, force: bool) -> None:
    """Write a pipeline's document to a file, which then rests on this revision.

    \b
    porsche pull shop
    porsche pull shop --revision 3 -o - | diff - shop.yaml
    """
    pipeline = api.get(f"pipelines/{pipeline_named(api, name)['id']}")
    found = pipeline if revision is None else api.get(f"pipelines/{pipeline['id']}/revisions/{revision}")
    text, number = found["document"], found["number"] if revision else found["revision"]
    if output == "-":
        click.echo(text, nl=False)
        return
    file = Path(output or f"{pipeline['slug']}.yaml")
    if file.exists() and not force:
        _refuse_changed(api, file, text)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError("unwritable", f"cannot write {file}: {error.strerror}") from None
    remember(api.where, file, Base(pipeline["id"], number, digest(text)))
    result = {"pipeline": pipeline["id"], "project": pipeline["project"], "slug": pipeline["slug"],
              "revision": number, "file": str(file)}
    out.answer(result, lambda: click.echo(clean(f"{file} is revision {number} of {pipeline['project']}/{name}")))


def _refuse_changed(api: Api, file: Path, text: str) -> None:
    """UserError where a file has what neither its base nor the document has."""
    from porsche.cli.documents import read

    known = remembered(api.where, file)
    if digest(read(file)) not in (digest(text), known.digest if known else None):
        raise UserError("changed", f"{file} has changes of its own", hint="--force writes over them; -o names another")


# ---- what files rest on ----------------------------------------------------------------------------------------------


def digest(text: str) -> str:
    """A document's SHA-256, as the platform has it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _place() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "porsche" / "documents.json"


def _all() -> dict[str, dict[str, Any]]:
    try:
        value = json.loads(_place().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def remembered(where: str, file: Path) -> Base | None:
    """What a file rests on, on one platform."""
    facts = _all().get(str(file.resolve()), {}).get(where)
    return None if facts is None else Base(**facts)


def remember(where: str, file: Path, base: Base) -> None:
    """Keep what a file rests on."""
    known = _all()
    known.setdefault(str(file.resolve()), {})[where] = asdict(base)
    place = _place()
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(place, json.dumps(known, indent=2, sort_keys=True) + "\n")
    except OSError as error:
        click.echo(f"what {file} rests on cannot be kept in {place}: {error.strerror}", err=True)


COMMANDS = (push, pull)
