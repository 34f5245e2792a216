"""Where a job keeps its checkpoints: in its folder, or elsewhere ('execution.checkpointing.dir').

Elsewhere each job has a folder with a name of its own, noted in the job's folder when it first starts. So two jobs of
one name never meet; and who has lost the job's folder restores from the other place by its address.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from urllib.parse import quote

from engine.connectors.access import allow_path
from engine.connectors.base import Access
from engine.errors import UserError
from engine.options import JobProperties
from engine.runtime.writing import CheckpointOptions
from engine.state.checkpoints import CheckpointStore
from engine.state.storage import is_remote, local_path

NOTE = "elsewhere.json"


def checkpoint_options(properties: JobProperties, access: Access | None, job: str) -> CheckpointOptions:
    """What a job's settings say of its checkpoints; UserError where the place is not allowed."""
    place = None
    if properties.checkpoint_dir is not None:
        place = f"{allowed(access or Access(), properties.checkpoint_dir)}/{quote(job, safe='')}"
    return CheckpointOptions(place, properties.tolerable_failures, properties.checkpoint_timeout / 1e6,
                             properties.checkpoint_pause / 1e6, properties.checkpoints_retained)


def allowed(access: Access, place: str) -> str:
    """A path or URL without a slash at its end, if the environment allows it: folders by `Access.paths`, other storage
    by the URLs among them ("s3://bucket/folder" allows what lies under it)."""
    if not is_remote(place):
        return str(allow_path(access, local_path(place)))
    url = place.rstrip("/")
    if ".." in url.split("/"):
        raise UserError("path_not_allowed", f"{place} is not a plain address", hint="leave out '..'")
    known = [entry.rstrip("/") for entry in access.paths or () if "://" in entry]
    if access.paths is None or any(url == entry or url.startswith(f"{entry}/") for entry in known):
        return url
    raise UserError("path_not_allowed", f"{place} is outside the folders and addresses that are allowed here",
                    hint=f"allowed addresses are: {', '.join(known) or 'none'}")


def chosen(folder: Path, base: str | None) -> str | Path:
    """The place of a job's checkpoints: `folder`, or one of its own below `base`, chosen once."""
    noted = _noted(folder)
    if noted is None and (base is None or any(folder.glob("epoch-*.json"))):
        if base is not None:
            raise _moved(str(folder), base)
        return folder
    if noted is not None:
        if base is None or noted.rpartition("-")[0] != base:
            raise _moved(noted, "in the job's folder" if base is None else base)
        return noted
    place = f"{base}-{secrets.token_hex(8)}"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{NOTE}.tmp"
    temporary.write_text(json.dumps({"place": place}), encoding="utf-8")
    temporary.replace(folder / NOTE)
    return place


def forget(folder: Path) -> None:
    """Remove what a job that starts anew has kept elsewhere."""
    noted = _noted(folder)
    if noted is not None:
        store = CheckpointStore(noted)
        store.clear()
        store.close()
        (folder / NOTE).unlink()


def _noted(folder: Path) -> str | None:
    try:
        place = json.loads((folder / NOTE).read_text(encoding="utf-8"))["place"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError("checkpoint_place", f"{folder / NOTE} does not say where the checkpoints are",
                        hint="write {\"place\": \"...\"} with their address into it") from error
    return str(place)


def _moved(where: str, wanted: str) -> UserError:
    return UserError("checkpoint_place", f"the job's checkpoints are in {where}, its settings now say {wanted}",
                     hint="set 'execution.checkpointing.dir' as it was, or take a savepoint and start from that")
