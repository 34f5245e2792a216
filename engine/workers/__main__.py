"""`python -m engine.workers SOCKET LEASH REPORT [FOLDER...]`: a worker process. The first are descriptors' numbers;
modules are looked for in the folders."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.expressions.functions.user_hosts import Here
from engine.expressions.functions.user_running import run
from engine.workers import messages
from engine.workers.arrays import pack, unpack
from engine.workers.channel import Buffer
from engine.workers.served import serve


class _Worker:
    """Loads users' objects and calls them."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._host = Here(tuple(map(Path, folders)))

    def answer(self, question: Any, buffers: Sequence[bytearray]) -> tuple[Any, Sequence[Buffer]]:
        """The answer to a question, or the error that it ended in."""
        try:
            return getattr(self, "_" + question["ask"])(question, buffers)
        except Exception as error:
            trace = traceback.format_exc()
            if not isinstance(error, UserError):
                sys.stderr.write(trace)
            return {"error": messages.error_json(error, trace)}, ()

    def _declared(self, question: Any, buffers: Sequence[bytearray]) -> tuple[Any, Sequence[Buffer]]:
        return messages.declared_json(self._host.declared(question["name"], question["target"])), ()

    def _result_type(self, question: Any, buffers: Sequence[bytearray]) -> tuple[Any, Sequence[Buffer]]:
        return {"type": self._host.result_type(question["name"], question["target"], question["types"])}, ()

    def _check_initial(self, question: Any, buffers: Sequence[bytearray]) -> tuple[Any, Sequence[Buffer]]:
        state = {name: messages.type_of(type) for name, type in question["state"]}
        self._host.check_initial(question["name"], question["target"], state)
        return {}, ()

    def _run(self, question: Any, buffers: Sequence[bytearray]) -> tuple[Any, Sequence[Buffer]]:
        request = messages.request_of(question)
        return {}, pack(run(self._host.load(request.target), request, unpack(buffers)))


if __name__ == "__main__":
    serve(sys.argv[1:4], _Worker(sys.argv[4:]).answer)
