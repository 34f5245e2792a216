"""Where users' code is: what a session asks of it, whichever process it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import UserError
from engine.expressions.modules import described, import_user_module
from engine.types import DataType

if TYPE_CHECKING:
    from engine.expressions.functions.user_running import Group, Request

_METHODS = ("accumulate", "retract", "merge", "value")


@dataclass(frozen=True)
class Declared:
    """What an object says of itself, types as texts. `arguments` None: any; `result` None: asked for by the arguments'
    types (or missing, as `typed` says); `columns` make it a table function, `state` and `methods` an aggregate."""

    callable: bool = True
    arguments: tuple[str, ...] | None = None
    result: str | None = None
    typed: bool = False
    columns: Mapping[str, str] | None = None
    state: Mapping[str, str] | None = None
    initial: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    skip_nulls: bool = False
    ordered: bool = False
    deterministic: bool = True

    @staticmethod
    def of(found: Any) -> Declared:
        """What a loaded object declares; UserError "bad_function"."""
        result = getattr(found, "result", None)
        return Declared(
            callable(found), _arguments(found), result if isinstance(result, str) else None,
            isinstance(result, str) or callable(result), _named(found, "columns"), _named(found, "state"),
            tuple(map(str, _mapping(found, "initial") or ())),
            tuple(m for m in _METHODS if callable(getattr(found, m, None))),
            bool(getattr(found, "skip_nulls", False)), bool(getattr(found, "ordered", False)),
            bool(getattr(found, "deterministic", True)))


def _arguments(found: object) -> tuple[str, ...] | None:
    texts = getattr(found, "arguments", None)
    if texts is None:
        return None
    if isinstance(texts, str) or not isinstance(texts, Sequence) or not all(isinstance(t, str) for t in texts):
        raise UserError("bad_function", "its .arguments are no list of types", hint=HINT)
    return tuple(texts)


def _named(found: object, what: str) -> Mapping[str, str] | None:
    """Names with types' texts; empty where they are something else."""
    if not hasattr(found, what):
        return None
    given = _mapping(found, what)
    texts = given is not None and all(isinstance(t, str) for t in given.values())
    return {str(name): type for name, type in given.items()} if given and texts else {}


def _mapping(found: object, what: str) -> Mapping[Any, Any] | None:
    given = getattr(found, what, None)
    return given if isinstance(given, Mapping) else None


HINT = "set .result to a type such as 'DOUBLE', and .arguments to a list of types"


def result_text(found: Any, types: Sequence[str]) -> str:
    """The type of the result for arguments of these types; UserError "bad_function"."""
    try:
        text = found.result(list(types))
    except (Exception, SystemExit) as error:  # a user's code
        raise UserError("bad_function", f"the result's type of {found!r} raised {described(error)}") from error
    if not isinstance(text, str):
        raise UserError("bad_function", f"the result's type of {found!r} is {text!r}", hint=HINT)
    return text


@dataclass
class Work:
    """What a function did: calls, rows given to it, seconds spent on them; `restarts`: of processes that it ended,
    `last`: how it did so the last time."""

    calls: int = 0
    rows: int = 0
    seconds: float = 0.0
    restarts: int = 0
    last: str | None = None


class Tally:
    """The work of each function, noted by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._work: dict[str, Work] = {}

    def called(self, name: str, rows: int, seconds: float) -> None:
        with self._lock:
            work = self._work.setdefault(name, Work())
            work.calls += 1
            work.rows += rows
            work.seconds += seconds

    def restarted(self, name: str, how: str) -> None:
        with self._lock:
            work = self._work.setdefault(name, Work())
            work.restarts += 1
            work.last = how

    def report(self) -> list[dict[str, Any]]:
        """As JSON values, by name."""
        with self._lock:
            return [{"name": name, **asdict(work), "seconds": round(work.seconds, 6)}
                    for name, work in sorted(self._work.items())]


class Host(Protocol):
    """Where users' objects are loaded and called. `name` is the SQL function's, for messages; errors are UserErrors:
    "unknown_function" and "bad_function" of what cannot be loaded, "user_function" and others of calls."""

    @property
    def tally(self) -> Tally:
        """What the functions did so far."""

    def prepare(self, shards: int) -> None:
        """It is going to be asked from so many threads at a time."""

    def close(self) -> None:
        """Give back what it holds; it can be asked again."""

    def declared(self, name: str, target: str) -> Declared:
        """Load an object: what it says of itself."""

    def result_type(self, name: str, target: str, types: Sequence[str]) -> str:
        """The type of its result for arguments of these types, where that depends on them."""

    def check_initial(self, name: str, target: str, state: Mapping[str, DataType]) -> None:
        """Whether its first values fit its state."""

    def run(self, request: Request, given: Sequence[Group], suspect: bool = False) -> Sequence[Group]:
        """Call it. `suspect`: it failed with these rows or others among them, and it is being found out with which."""


@dataclass(frozen=True)
class Here:
    """This very process (`'python.execution-mode' = 'thread'`): the least overhead; what crashes, hangs or leaks takes
    the process along. `folders`: where modules are looked for besides the installed packages."""

    folders: tuple[Path, ...] = ()
    tally: Tally = field(default_factory=Tally, compare=False)
    _objects: dict[str, Any] = field(default_factory=dict, compare=False)

    def prepare(self, shards: int) -> None:
        """Objects are shared."""

    def close(self) -> None:
        """Objects stay: importing a module twice gives the same one anyway."""

    def declared(self, name: str, target: str) -> Declared:
        return Declared.of(self.load(target))

    def result_type(self, name: str, target: str, types: Sequence[str]) -> str:
        return result_text(self.load(target), types)

    def check_initial(self, name: str, target: str, state: Mapping[str, DataType]) -> None:
        from engine.expressions.functions.user_running import check_initial

        check_initial(self.load(target), state)

    def run(self, request: Request, given: Sequence[Group], suspect: bool = False) -> Sequence[Group]:
        from engine.expressions.functions.user_running import run

        started = perf_counter()
        try:
            return run(self.load(request.target), request, given)
        finally:
            self.tally.called(request.name, request.length, perf_counter() - started)

    def load(self, target: str) -> Any:
        """The object, imported on first use."""
        found = self._objects.get(target)
        if found is None:
            found = self._objects[target] = load_object(target, self.folders)
        return found


def load_object(target: str, folders: Sequence[Path]) -> Any:
    """What a user's function names, a class made an object; UserError "unknown_function", "bad_function"."""
    module, _, attribute = target.rpartition(".")
    if not module or not attribute:
        raise UserError("unknown_function", f"'{target}' names no object of a module",
                        hint="CREATE FUNCTION ... AS 'module.object' LANGUAGE PYTHON")
    return _object(import_user_module(module, folders), attribute)


def _object(module: object, attribute: str) -> Any:
    found = getattr(module, attribute, None)
    name = getattr(module, "__name__", "")
    if found is None:
        raise UserError("unknown_function", f"the module {name} has no '{attribute}'")
    try:
        return found() if isinstance(found, type) else found
    except (Exception, SystemExit) as error:  # as in a module's own code
        raise UserError("bad_function", f"making a {attribute} raised {described(error)}") from error
