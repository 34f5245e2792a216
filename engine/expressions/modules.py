"""Where users' Python code is imported from: named folders and the installed packages, never the current directory."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from threading import Lock
from types import ModuleType, TracebackType

from engine.errors import UserError

_LOCK = Lock()
_IMPORTED: dict[str, str] = {}
"""Modules imported from users' folders, and where each lies."""


def import_user_module(name: str, folders: Sequence[Path]) -> ModuleType:
    """The module `name` out of one of the `folders`, or else an installed one; UserError "unknown_function",
    "bad_function".

    A module is imported once a process. It may import its neighbours while it is imported itself, not later.
    """
    with _LOCK:
        try:
            return _imported(name, [str(f.resolve()) for f in folders])
        except UserError:
            raise
        except ModuleNotFoundError as error:
            places = " and ".join([*(str(f) for f in folders), "the installed packages"])
            raise UserError("unknown_function", f"cannot import {name}: {error}",
                            hint=f"modules are looked for in {places}") from error
        except Exception as error:  # a module's own code may raise anything, and it is its author's to mend
            raise UserError("bad_function", f"importing {name} raised {described(error)}") from error


def _imported(name: str, folders: Sequence[str]) -> ModuleType:
    here = Path.cwd().resolve()
    installed = [p for p in sys.path if p and Path(p).resolve() != here and p not in folders]
    for module, place in list(_IMPORTED.items()):
        if not _lies_in(place, folders):  # another session's, which keeps what it holds
            sys.modules.pop(module, None)
            del _IMPORTED[module]
    _refuse_namesake(name.partition(".")[0], folders, installed)
    importlib.invalidate_caches()
    known, before = set(sys.modules), sys.path
    sys.path = [*installed, *folders]
    try:
        return importlib.import_module(name)
    finally:
        sys.path = before
        for module in set(sys.modules) - known:
            if _lies_in(place := _place(getattr(sys.modules[module], "__spec__", None)), folders):
                _IMPORTED[module] = place


def _refuse_namesake(top: str, folders: Sequence[str], installed: Sequence[str]) -> None:
    """A user's file must not have the name of a module that others import."""
    found = PathFinder.find_spec(top, list(folders))
    if found is None:
        return
    present = sys.modules.get(top)
    other = present.__spec__ if present is not None else PathFinder.find_spec(top, list(installed))
    if top in sys.stdlib_module_names or (other is not None and _place(other) != _place(found)):
        raise UserError("bad_function", f"{_place(found)} has the name of an installed module",
                        hint="give the file another name")


def _place(spec: ModuleSpec | None) -> str:
    """Where a module lies: its file, or the folder of a package without one."""
    if spec is None:
        return ""
    return spec.origin or next(iter(spec.submodule_search_locations or ()), "")


def _lies_in(place: str, folders: Sequence[str]) -> bool:
    return bool(place) and any(Path(place).is_relative_to(f) for f in folders)


def described(error: BaseException) -> str:
    """An exception in one line: its class, its message, and the line of the user's code that it came through last (of
    other code, where it never was in a user's)."""
    places = [(f.tb_frame.f_code.co_filename, f.tb_lineno) for f in _frames(error)]
    users = [place for place in places if place[0] in _IMPORTED.values()]
    file, line = (users or places or [("", 0)])[-1]
    return f"{type(error).__name__}: {error}" + (f" at {Path(file).name}:{line}" if file else "")


def _frames(error: BaseException) -> Iterator[TracebackType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace
        trace = trace.tb_next
