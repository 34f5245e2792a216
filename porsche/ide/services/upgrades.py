"""A run goes on with another revision: what becomes of its state is known first, and agreed to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from porsche.compiler.environment import BUNDLED, environment
from porsche.ide.errors import Conflict
from porsche.ide.models import Revision, Run, Savepoint, User
from porsche.ide.selectors import files
from porsche.ide.selectors.compiled import require_valid
from porsche.ide.services.runs import go_on
from porsche.runners.upgrade import Question, check_apart


def upgrade_check(*, run: Run, document: str) -> dict[str, Any]:
    """What becomes of a run's state under a document. Nothing is started or changed. Conflict "no_state" where it has
    none yet, DocumentError where the document cannot be compiled."""
    folder = files.folder(run)
    state = folder.state
    if not (state / "checkpoints").is_dir():
        if run.restored_from is None:
            raise Conflict("no_state", f"run {run.pk} has no checkpoint", hint="start a new run")
        state = settings.HOME.savepoint(run.restored_from.key)
    return _checked(document, run.parameters, run.environment, folder.path, state)


def savepoint_check(*, savepoint: Savepoint, document: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The same of the state in a savepoint."""
    folder = settings.HOME.savepoint(savepoint.key)
    return _checked(document, parameters, savepoint.environment, folder, folder)


def _checked(document: str, parameters: Mapping[str, str], name: str, folder: Path, state: Path) -> dict[str, Any]:
    require_valid(document, parameters, name, str(state))
    where = name if name in BUNDLED else str(Path(name).absolute())
    access = environment(where).allowed(str(folder), str(settings.HOME.path))
    return check_apart(Question(document, str(state), parameters, where, access))


def require_consent(report: Mapping[str, Any], allow: Collection[str], words: str) -> None:
    """Conflict "upgrade_refused", with the report's table, where that takes consent which was not given. `words`: the
    beginning of the sentence."""
    missing = sorted(set(report["needs"]) - set(allow))
    if missing:
        raise Conflict("upgrade_refused", f"{words} {' and '.join(missing)}:\n{report['table']}",
                       hint=f"agree to that with allow: {', '.join(missing)}")


def upgrade_run(*, run: Run, revision: Revision, allow: Collection[str] = (), by: User | None) -> Run:
    """A run that is over goes on with another revision of its pipeline. Conflict "upgrade_refused", with what becomes
    of its state, where some of it would be recomputed or lost and that was not agreed to."""
    if revision.pk != run.revision_id:
        report = upgrade_check(run=run, document=revision.document)
        require_consent(report, allow,
                        f"under revision {revision.number} some of the state of run {run.pk} would be")
    return _upgraded(run, revision, allow, by)


@transaction.atomic
def _upgraded(run: Run, revision: Revision, allow: Collection[str], by: User | None) -> Run:
    agreed = f", agreeing that state may be {' and '.join(sorted(allow))}" if allow else ""
    run = go_on(run=run, message=f"it is to go on with revision {revision.number}{agreed}", by=by)
    run.revision = revision
    kept = {name: value for name, value in run.options.items() if name != "allow"}
    run.options = {**kept, "allow": sorted(allow)} if allow else kept
    run.save(update_fields=["revision", "options"])
    return run
