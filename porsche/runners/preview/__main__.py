"""`python -m porsche.runners.preview SOCKET LEASH REPORT`: a process that answers requests for previews."""

from __future__ import annotations

import hashlib
import json
import sys
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from engine.connectors.base import Access
from engine.errors import UserError
from engine.workers.messages import error_json
from porsche.compiler import DocumentError, environment
from porsche.runners.access import access_of
from porsche.runners.preview.describe import answer
from porsche.runners.preview.infer import infer
from porsche.runners.preview.recorded import position_of
from porsche.runners.preview.rerun import Question, Ran, closure, rerun
from porsche.runners.preview.sampling import Samples
from porsche.runners.testing.running import Order, cases, run

FEW = 60
"""Nodes up to which all of them run; of more those only that feed the one that is looked at."""
KEPT = 4
"""Runs that are kept: looking at another node of the same document costs nothing."""


class Previews:
    """Answers questions, and keeps the last runs."""

    def __init__(self) -> None:
        self._samples: dict[str, Samples] = {}
        self._runs: OrderedDict[str, Ran] = OrderedDict()

    def answer(self, question: Any, buffers: Sequence[bytearray]) -> tuple[Any, Sequence[bytes]]:
        """The answer as a buffer, or the error."""
        try:
            return {}, [getattr(self, "_" + question["ask"])(question).encode()]
        except DocumentError as error:
            first = error.diagnostics[0]
            return {"error": error_json(UserError(first.code, first.message, hint=first.hint), "")}, ()
        except Exception as error:
            trace = traceback.format_exc()
            if not isinstance(error, UserError):
                sys.stderr.write(trace)
            return {"error": error_json(error, trace)}, ()

    def _infer(self, question: Mapping[str, Any]) -> str:
        _, access = self._place(question)
        return json.dumps(infer(question["options"], access))

    def _tests(self, question: Mapping[str, Any]) -> str:
        _, access = self._place(question)
        order = Order(question["document"], question["parameters"], environment(question["environment"]), access,
                      question["secrets"])
        results = [run(order, case).as_json() for case in cases(question["document"], question["names"])]
        failed = sum(not result["passed"] for result in results)
        return json.dumps({"passed": len(results) - failed, "failed": failed, "tests": results}, ensure_ascii=False)

    def _preview(self, question: Mapping[str, Any]) -> str:
        key = hashlib.sha256(json.dumps({**question, "node": None, "tab": None}, sort_keys=True).encode()).hexdigest()
        ran = self._runs.get(key)
        if ran is None or not self._fits(ran, question["node"]):
            ran = self._run(question)
            awaits = any(node.sample.awaits for node in ran.nodes.values() if node.sample is not None)
            if not awaits and not any(spec.get("anew") for spec in question["samples"].values()):
                self._keep(key, ran)
        return answer(ran, question["node"], question["limit"], question["secrets"].values())

    @staticmethod
    def _fits(ran: Ran, node: str | None) -> bool:
        return ran.error is None and (node is None or node in ran.nodes or node in ran.broken)

    def _keep(self, key: str, ran: Ran) -> None:
        self._runs[key] = ran
        self._runs.move_to_end(key)
        while len(self._runs) > KEPT:
            self._runs.popitem(last=False)

    def _run(self, question: Mapping[str, Any]) -> Ran:
        """Everything where there is little; where something else is wrong, what feeds the node alone."""
        state, access = self._place(question)
        node = question["node"]
        made = Question(
            question["document"], question["parameters"], environment(question["environment"]), access,
            None if node is None else frozenset([node]), FEW, _samples(question), question["limit"], str(state),
            question["secrets"])
        samples = self._samples.setdefault(str(state), Samples(state / "samples"))
        ran = rerun(made, samples)
        inputs = {**ran.broken, **{name: done.inputs for name, done in ran.nodes.items()}}
        if node is not None and ran.error is not None and ran.failed_at not in closure(inputs, [node]):
            return rerun(replace(made, few=0), samples)
        return ran

    @staticmethod
    def _place(question: Mapping[str, Any]) -> tuple[Path, Access]:
        """The folder that stands for a run's, and what may be touched."""
        home = question["home"]
        state = Path(home) / "preview"
        return state, access_of(environment(question["environment"]).allowed(str(state), home))


def _samples(question: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What is wanted of the sources. `state`: of a run, whose source says where to begin."""
    return {node: {"position": position_of(Path(spec["state"]), node), "anew": spec.get("anew")} if "state" in spec
            else spec for node, spec in question["samples"].items()}


def warm(previews: Previews, home: str) -> None:
    """Preview a document that has some of everything, so that its kernels are loaded."""
    text = resources.files(__package__).joinpath("warm.yaml").read_text(encoding="utf-8")
    previews.answer({"ask": "preview", "document": text, "home": home, "node": "kept", "tab": "", "parameters": {},
                     "environment": "dev", "samples": {}, "limit": 1000, "secrets": {}}, ())


if __name__ == "__main__":
    import gc
    import tempfile

    from engine.workers.served import serve

    previews = Previews()
    with tempfile.TemporaryDirectory() as folder:
        warm(previews, folder)
    gc.collect()
    gc.freeze()  # what was loaded stays: a collection need not look at it
    serve(sys.argv[1:4], previews.answer)
