"""Requests for predictions, answered apart from whoever serves them: the expressions of a pipeline run over what people
send, and neither may hold up or break down a process that has other things to do.

`Asked(...).predict(rows)` asks a process, of which some are kept with the models that were asked last;
`python -m porsche.runners.asking SOCKET LEASH REPORT` is one.
"""

from __future__ import annotations

import sys
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import UserError
from engine.workers import Busy, Limits, Lost, Pool
from engine.workers.messages import error_json, error_of

if TYPE_CHECKING:
    from porsche.runners.serve import Serving

__all__ = ["Asked", "Busy", "forget"]

LIMITS = Limits(timeout=10, memory=2 << 30)
"""Of one request; making a model ready may take longer."""
PATIENCE = 10.0
"""Seconds to wait for a process that is not busy with another request."""
PROCESSES, KEPT = 2, 16
"""Of the platform; models that each holds ready."""

_pool = Pool("porsche.runners.asking", limits=LIMITS, size=PROCESSES)


@dataclass(frozen=True)
class Asked:
    """A model that a node of a run trains. `folder`: of the run; `home`: of the platform."""

    document: str
    parameters: Mapping[str, str]
    environment: str
    folder: str
    state: str
    home: str
    model: str

    def inputs(self) -> list[dict[str, Any]]:
        """What a request may give: `name`, `type`, `used`, `kept_by`, `entity`. UserError "not_servable"."""
        found: list[dict[str, Any]] = self._ask({"ask": "inputs"})["inputs"]
        return found

    def predict(self, rows: Sequence[Mapping[str, Any]], version: int | None = None) -> dict[str, Any]:
        """`version` and `predictions` (`p`, `features_at` as text, `looked_up`, `missing`) in the order of the rows.
        UserErrors of `porsche.runners.serve`, "too_expensive"; Busy."""
        return self._ask({"ask": "predict", "rows": [dict(row) for row in rows], "version": version})

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        spec = asdict(self)
        try:
            with _pool.process(PATIENCE) as process:
                if (name := f"{self.state} {self.model}") not in process.loaded:
                    self._checked(process.ask({"ask": "ready", "spec": spec}, timeout=LIMITS.loading))
                    process.loaded.add(name)
                return self._checked(process.ask({**question, "spec": spec}))
        except Lost as lost:
            raise UserError("too_expensive", f"model '{self.model}': a request {_WHY[lost.why]}",
                            hint="ask for fewer rows, and look at the pipeline's expressions") from lost

    @staticmethod
    def _checked(answer: tuple[Any, Any]) -> dict[str, Any]:
        found: dict[str, Any] = answer[0]
        if "error" in found:
            raise error_of(found["error"])
        return found


_WHY = {"hung": "did not come to an end in time", "died": "broke its process down", "grew": "needed too much memory"}


def forget() -> None:
    """End the processes, and with them all that they hold ready."""
    _pool.close()


# ---- in the process --------------------------------------------------------------------------------------------------


class Ready:
    """The models that were asked last."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._held: OrderedDict[tuple[str, str], Serving] = OrderedDict()

    def answer(self, question: Any, buffers: Sequence[bytearray]) -> tuple[Any, Sequence[bytes]]:
        try:
            serving = self._serving(Asked(**question["spec"]))
            if question["ask"] == "predict":
                return _plain(serving.predict(question["rows"], question["version"]).as_json()), ()
            return {"inputs": [asdict(i) for i in serving.inputs] if question["ask"] == "inputs" else []}, ()
        except Exception as error:
            trace = traceback.format_exc()
            if not isinstance(error, UserError):
                sys.stderr.write(trace)
            return {"error": error_json(error, trace)}, ()

    def _serving(self, asked: Asked) -> Serving:
        key = asked.state, asked.model
        if key not in self._held:
            self._held[key] = _made(asked)
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)[1].close()
        return self._held[key]


def _made(asked: Asked) -> Serving:
    from porsche.compiler import compile_text, environment
    from porsche.runners.access import access_of
    from porsche.runners.serve import Serving

    where = environment(asked.environment)
    compiled = compile_text(asked.document, parameters=asked.parameters, state=asked.state, environment=where)
    return Serving(compiled, asked.model, Path(asked.state), access_of(where.allowed(asked.folder, asked.home)))


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    for prediction in answer["predictions"]:
        at = prediction["features_at"]
        prediction["features_at"] = None if at is None else at.isoformat()
    return answer


if __name__ == "__main__":
    from engine.workers.served import serve

    serve(sys.argv[1:4], Ready().answer)
