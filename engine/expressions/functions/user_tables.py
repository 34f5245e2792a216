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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.expressions.functions.base import Context
from engine.expressions.functions.user import SUSPECTING, ParseType, declared_arguments, named
from engine.expressions.functions.user_hosts import Declared, Host
from engine.types import DataType, Field

if TYPE_CHECKING:
    from engine.changes import Array, Column


@dataclass(frozen=True, eq=False)
class UserTable:
    """A user's table function: where and what is called, the types it takes (None: any), the columns it makes."""

    name: str
    target: str
    host: Host
    arguments: tuple[DataType, ...] | None
    fields: tuple[Field, ...]

    def expand(self, args: Sequence[Column], length: int, context: Context) -> tuple[Array, tuple[Column, ...]]:
        """As `engine.operators.correlate.Expand`."""
        import numpy as np

        from engine.expressions.functions.user_running import Request
        from engine.expressions.functions.user_values import argument_of, column_of

        types = tuple(f.type for f in self.fields)
        request = Request(self.name, self.target, "table", length, types)
        [[positions], made] = self.host.run(request, [[argument_of(a) for a in args]], SUSPECTING in context.resources)
        origins = np.asarray(positions)
        columns = tuple(column_of(array, type) for array, type in zip(made, types, strict=True))
        if (origins[1:] >= origins[:-1]).all():
            return origins, columns
        order = np.argsort(origins, kind="stable")
        return origins[order], tuple(c.take(order) for c in columns)


def table(name: str, target: str, host: Host, declared: Declared, parse_type: ParseType) -> UserTable:
    """A declared object as a table function; UserError "bad_function"."""
    with named(name):
        if not declared.columns or not declared.callable:
            raise UserError("bad_function", "it does not say its columns",
                            hint="set .columns to names and types such as {'word': 'STRING'}")
        fields = tuple(Field(column, parse_type(type)) for column, type in declared.columns.items())
        return UserTable(name, target, host, declared_arguments(declared, parse_type), fields)
