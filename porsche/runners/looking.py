"""Looking into state apart from whoever asks, within limits of time and memory: a state may be large, and who serves
many must not wait for it.

`ask` starts a process, which ends when it has answered; `python -m porsche.runners.looking SOCKET LEASH REPORT` is it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.workers import Busy, Limits, Lost, Pool

LIMITS = Limits(timeout=30, memory=3 << 30)
PATIENCE = 20.0
PROCESSES = 2
LARGEST = 256 << 20
"""Bytes of a state that is looked into."""
State = tuple[Path, int | None]
Json = dict[str, Any]
_pool = Pool("porsche.runners.looking", limits=LIMITS, size=PROCESSES)


def inspect(state: State, operator: str | None, sample: int) -> Json:
    """`porsche.runners.savepoints.inspect`; UserErrors "busy" and "state_too_large" besides its own."""
    return _ask([state], operator, sample)


def diff(before: State, after: State, operator: str | None, sample: int) -> Json:
    """`porsche.runners.savepoints.diff`, likewise."""
    return _ask([before, after], operator, sample)


def _ask(states: Sequence[State], operator: str | None, sample: int) -> Json:
    question = {"states": [[str(folder), epoch] for folder, epoch in states], "operator": operator, "sample": sample}
    try:
        with _pool.process(PATIENCE) as process:
            answer, _ = process.ask(question)
    except Busy:
        raise UserError("busy", "other states are being looked into", hint="ask again") from None
    except Lost as lost:
        raise UserError("state_too_large", f"looking into the state {_WHY[lost.why]}", hint=_ELSEWHERE) from None
    finally:
        _pool.close()
    if "error" in answer:
        raise UserError(answer["error"]["code"], answer["error"]["message"], hint=answer["error"]["hint"])
    found: Json = answer["found"]
    return found


_WHY = {"hung": f"did not come to an end within {LIMITS.timeout:g} s", "died": "broke down",
        "grew": f"needed more memory than {LIMITS.memory >> 20} MB"}
_ELSEWHERE = "`porsche state inspect FOLDER` on the platform's machine looks into any"


# ---- in the process --------------------------------------------------------------------------------------------------


def _answer(question: Any, buffers: Sequence[bytearray]) -> tuple[Json, Sequence[bytes]]:
    try:
        return {"found": _found(question)}, ()
    except UserError as error:
        return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}, ()


def _found(question: Any) -> Json:
    from porsche.runners import savepoints

    states: list[State] = [(Path(folder), epoch) for folder, epoch in question["states"]]
    for folder, epoch in states:
        size = savepoints.size_of(folder, epoch)
        if size > LARGEST:
            raise UserError("state_too_large", f"the state has {size >> 20} MB; the platform looks into "
                            f"{LARGEST >> 20} MB", hint=_ELSEWHERE)
    operator, sample = question["operator"], question["sample"]
    if len(states) == 1:
        return savepoints.inspect(states[0][0], epoch=states[0][1], operator=operator, sample=sample)
    return savepoints.diff(states[0], states[1], operator=operator, sample=sample)


if __name__ == "__main__":
    from engine.workers.served import serve

    serve(sys.argv[1:4], _answer)
