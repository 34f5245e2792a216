"""Where users' code runs: what it is given, called, and what it returned, checked. In the job's process or in a
worker's alike; of the engine only arrays and types are known here.

A request names the function's object and how it is called; its arrays come in groups, as does the answer:

| how | arrays given | arrays returned |
|---|---|---|
| scalar | (arguments) | (result) |
| table | (arguments) | (origins), (columns) |
| accumulate, retract | (state, new), (groups, arguments) | (state) |
| merge | (state, new), (groups), (state, new) | (state) |
| value | (state, new) | (result) |

State has one array a column, then `new`: the groups whose state is still to be set to its first values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.changes import Array
from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.user_values import WRONG, is_plain, python_values, returned
from engine.expressions.modules import described
from engine.types import DataType

if TYPE_CHECKING:
    from engine.expressions.functions.user_values import Values

    Group = Sequence[Values]
    """Arrays of one length."""


@dataclass(frozen=True)
class Request:
    """A call of a user's function. `target`: the object; `how`: see the module; `length`: rows; `state`: the columns of
    an aggregate's state; `results`: the types of what is returned."""

    name: str
    target: str
    how: str
    length: int
    results: tuple[DataType, ...]
    state: tuple[tuple[str, DataType], ...] = ()


def run(found: Any, request: Request, given: Sequence[Group]) -> list[Group]:
    """Call a loaded object; RuntimeFault "user_function" where it raises or returns what does not fit."""
    return _WAYS.get(request.how, _change)(found, request, given)


def _scalar(found: Any, request: Request, given: Sequence[Group]) -> list[Group]:
    result = call(request.name, found, *given[0])
    return [[returned(request.name, result, request.results[0], request.length)]]


def _table(found: Any, request: Request, given: Sequence[Group]) -> list[Group]:
    made = call(request.name, found, *(given[0] or [request.length]))
    if not isinstance(made, tuple | list) or len(made) != 2 or not isinstance(made[1], tuple | list):
        raise _fault(request, "returned no pair of positions and columns")
    positions, columns = made
    origins = _origins(request, positions)
    if len(columns) != len(request.results):
        raise _fault(request, f"returned {len(columns)} columns, not {len(request.results)}")
    return [[origins], [returned(request.name, c, type, len(origins))
                        for c, type in zip(columns, request.results, strict=True)]]


def _origins(request: Request, positions: Any) -> Array:
    given = np.asarray(positions)
    if given.ndim != 1 or (given.dtype.kind not in "iu" and len(given)):
        raise _fault(request, "returned positions that are no whole numbers")
    origins: Array = given.astype(np.int64)
    if len(origins) and not 0 <= origins.min() <= origins.max() < request.length:
        raise _fault(request, f"returned positions outside of 0 to {request.length - 1}")
    return origins


# ---- aggregates ------------------------------------------------------------------------------------------------------


def _change(found: Any, request: Request, given: Sequence[Group]) -> list[Group]:
    state = _opened(found, request, given[0])
    groups, *arguments = given[1]
    if request.how == "merge":
        arguments = [_opened(found, request, given[2])]
    call(request.name, getattr(found, request.how), state, groups, *arguments)
    if set(state) != {name for name, _ in request.state}:
        raise _fault(request, "added state that it does not declare")
    length = len(given[0][-1])
    return [[_kept(request, name, state[name], type, length) for name, type in request.state]]


def _kept(request: Request, name: str, values: Any, type: DataType, length: int) -> Values:
    made = returned(request.name, values, type, length)
    if is_plain(type) and not isinstance(made, np.ndarray):
        raise _fault(request, f"left no number in state '{name}'")
    return made


def _value(found: Any, request: Request, given: Sequence[Group]) -> list[Group]:
    result = call(request.name, found.value, _opened(found, request, given[0]))
    return [[returned(request.name, result, request.results[0], request.length)]]


def _opened(found: Any, request: Request, arrays: Group) -> dict[str, Array]:
    """State as users' code gets it: arrays of numbers or of Python values, which it may write."""
    *columns, new = arrays
    fresh = np.flatnonzero(new)
    initial = getattr(found, "initial", {})
    state: dict[str, Array] = {}
    for (name, type), array in zip(request.state, columns, strict=True):
        if is_plain(type):
            values = np.array(array)
            values[fresh] = initial.get(name, 0)
        else:
            values = np.fromiter(python_values(array, type), object, len(array))
            for i in fresh:
                values[i] = initial.get(name)
        state[name] = values
    return state


def check_initial(found: Any, state: Mapping[str, DataType]) -> None:
    """UserError "bad_function" where an aggregate's first values are not of its state's types."""
    for name, value in getattr(found, "initial", {}).items():
        try:
            returned("", [value], state[name], 1)
        except (UserError, *WRONG):
            raise UserError("bad_function", f".initial of '{name}' is no {state[name]}: {value!r}") from None


# ---- calls -----------------------------------------------------------------------------------------------------------


def call(name: str, target: Callable[..., Any], *args: Any) -> Any:
    """Calls a user's code; RuntimeFault "user_function" where it raises."""
    try:
        return target(*args)
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # whatever a user's code raises is the user's to mend
        raise RuntimeFault(f"function {name} raised {described(error)}", code="user_function") from error


def _fault(request: Request, what: str) -> RuntimeFault:
    return RuntimeFault(f"function {request.name} {what}", code="user_function")


_WAYS: dict[str, Callable[[Any, Request, Sequence[Group]], list[Group]]] = {
    "scalar": _scalar, "table": _table, "value": _value,
}
