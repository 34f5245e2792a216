"""Table functions that users bring: of columns they make rows.

The target says what it makes by the attribute `columns`, names with their types, beside the `arguments` of every user's
function. Called with the argument columns of a batch (with the number of rows where it takes none), it returns for each
row made the position of the row it stems from, and the made columns:

    class Words:
        arguments, columns = ["STRING"], {"word": "STRING"}

        def __call__(self, texts):
            words = pc.split_pattern(texts, " ")
            return pc.list_parent_indices(words), [pc.list_flatten(words)]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.changes import Array, Column
from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.base import Context
from engine.expressions.functions.user import ParseType, call, declared_arguments, named
from engine.expressions.functions.user_values import argument_of, result_column
from engine.types import DataType, Field


@dataclass(frozen=True, eq=False)
class UserTable:
    """A user's table function: what is called, the types it takes (None: any), the columns it makes."""

    name: str
    target: Callable[..., Any]
    arguments: tuple[DataType, ...] | None
    fields: tuple[Field, ...]

    def expand(self, args: Sequence[Column], length: int, context: Context) -> tuple[Array, tuple[Column, ...]]:
        """As `engine.operators.correlate.Expand`."""
        given = [argument_of(a) for a in args] or [length]
        made = call(self.name, self.target, *given)
        if not isinstance(made, tuple | list) or len(made) != 2 or not isinstance(made[1], tuple | list):
            raise self._fault("returned no pair of positions and columns")
        positions, columns = made
        origins = self._origins(positions, length)
        if len(columns) != len(self.fields):
            raise self._fault(f"returned {len(columns)} columns, not {len(self.fields)}")
        made_columns = [result_column(self.name, c, f.type, len(origins))
                        for c, f in zip(columns, self.fields, strict=True)]
        if (origins[1:] >= origins[:-1]).all():
            return origins, tuple(made_columns)
        order = np.argsort(origins, kind="stable")
        return origins[order], tuple(c.take(order) for c in made_columns)

    def _origins(self, positions: Any, length: int) -> Array:
        given = np.asarray(positions)
        if given.ndim != 1 or (given.dtype.kind not in "iu" and len(given)):
            raise self._fault("returned positions that are no whole numbers")
        origins: Array = given.astype(np.int64)
        if len(origins) and not 0 <= origins.min() <= origins.max() < length:
            raise self._fault(f"returned positions outside of 0 to {length - 1}")
        return origins

    def _fault(self, what: str) -> RuntimeFault:
        return RuntimeFault(f"function {self.name} {what}", code="user_function")


def is_table(found: object) -> bool:
    """Whether a loaded object is a table function."""
    return hasattr(found, "columns")


def table(name: str, found: Any, parse_type: ParseType) -> UserTable:
    """A loaded object as a table function; UserError "bad_function"."""
    with named(name):
        if not isinstance(found.columns, Mapping) or not found.columns or not callable(found):
            raise UserError("bad_function", "it does not say its columns",
                            hint="set .columns to names and types such as {'word': 'STRING'}")
        fields = tuple(Field(str(column), parse_type(type)) for column, type in found.columns.items())
        return UserTable(name, found, declared_arguments(found, parse_type), fields)
