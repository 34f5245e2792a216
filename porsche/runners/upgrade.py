"""What becomes of a run's state under a changed pipeline, known before anything happens.

    check(compiled, state, access)                    # in this process: a person at a shell
    check_apart(question)                             # in a process of its own: what a server does

`python -m porsche.runners.upgrade` answers a question on standard input: document, parameters, environment, state,
access. It plans the pipeline as a job would, which may load users' code, and starts nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InternalError, UserError

if TYPE_CHECKING:
    from engine.connectors.base import Access
    from engine.upgrade import Report
    from porsche.compiler import Compiled

VERDICTS = ("kept", "migrated", "recomputed", "lost", "new", "removed")
CONSENTS = ("lost", "recomputed")
"""What may become of state only where a person agreed to it."""
PATIENCE = 60.0
"""Seconds for a check; it takes about two, most of them to load the engine."""


@dataclass(frozen=True)
class Question:
    """Which document is to go on with which state. `state`: a run's state folder, or a savepoint's; `access`: what the
    job may touch."""

    document: str
    state: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    environment: str = "dev"
    access: Mapping[str, Any] = field(default_factory=dict)


def check(compiled: Compiled, state: Path, access: Access | None = None) -> Report:
    """What becomes of the state in a folder under a pipeline. UserErrors: "no_state", "state_not_described"."""
    from engine.runtime.standing import meta_of
    from porsche.runners.bundled import prepare
    from porsche.runners.secrets import resolved

    return prepare(compiled, state, access, resolved(compiled.text)).upgrade(meta_of(state))


def check_apart(question: Question, patience: float = PATIENCE) -> dict[str, Any]:
    """The same in another process, as JSON values. UserErrors as `check`, and "check_failed"."""
    command = [sys.executable, "-m", "porsche.runners.upgrade"]
    try:
        done = subprocess.run(command, input=json.dumps(asdict(question)), capture_output=True, text=True,
                              timeout=patience, check=False)
        answer: dict[str, Any] = json.loads(done.stdout.rpartition("\n")[2])
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise UserError("check_failed", "what becomes of the state could not be found out: the check did not end well",
                        hint="try it on the machine itself: porsche upgrade-check FILE --from FOLDER") from error
    if "error" in answer:
        told = answer["error"]
        raise UserError(told["code"], told["message"], hint=told.get("hint"), node=told.get("node"))
    return answer


def answered(question: Question) -> dict[str, Any]:
    """The answer to a question: a report as JSON values with its `table`, or `error`."""
    from porsche.compiler import DocumentError, compile_text, environment
    from porsche.runners.access import access_of

    try:
        compiled = compile_text(question.document, parameters=question.parameters, state=question.state,
                                environment=environment(question.environment))
        report = check(compiled, Path(question.state), access_of(question.access))
    except DocumentError as error:
        return {"error": {"code": "invalid_document", "message": str(error)}}
    except UserError as error:
        return {"error": error.as_dict()}
    except InternalError as error:
        return {"error": {"code": "check_failed", "message": str(error)}}
    return {**report.as_json(), "table": report.table()}


def main() -> int:
    """Answer the question on standard input."""
    sys.stdout.write("\n" + json.dumps(answered(Question(**json.load(sys.stdin)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
