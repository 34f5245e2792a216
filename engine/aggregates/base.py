"""What an aggregate function is: how a call is typed, and how it keeps its accumulators in columns of a state table.

`AGGREGATES` in `aggregates/__init__.py` is the catalogue; learners register there too (an aggregate that learns). This
module and the typing side import neither numba nor polars at the top; `open` of a definition imports the kernels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.changes import Array, Column
from engine.errors import Place
from engine.types import DataType

if TYPE_CHECKING:
    from engine.state.protocol import StateObject
    from engine.state.table import StateField, StateTable


@dataclass(frozen=True)
class AggregateArguments:
    """A call being typed: argument types, literal options (values of literal arguments by position), whether DISTINCT.
    """

    name: str
    types: tuple[DataType, ...]
    literals: Mapping[int, Any]
    distinct: bool = False
    grouped: bool = True  # False for a global aggregate, whose result over no rows is NULL (COUNT: 0)
    places: Mapping[int, Place] = field(default_factory=dict)  # of literal arguments, in the SQL text


@dataclass(frozen=True)
class AggregateFunction:
    """An aggregate of the catalogue.

    `infer` checks the arguments and returns the result's type, putting wanted argument types into the dict it is given.
    `open(call, label)` makes the accumulator (kernels and all). `retractable`: can take retractions; `mergeable`:
    accumulators of parts can be merged; `ordered`: result depends on the order of rows (never split or reordered).
    """

    infer: Callable[[AggregateArguments, dict[int, DataType]], DataType]
    open: Callable[[AggregateSpec], Accumulator]
    retractable: bool = True
    mergeable: bool = True
    ordered: bool = False


@dataclass(frozen=True)
class AggregateSpec:
    """One call to be run: the function's name, its argument and result types, literal options, whether retractions may
    come, a label unique and stable in the job (models and state are named by it)."""

    function: str
    arguments: tuple[DataType, ...]
    result: DataType
    options: tuple[object, ...] = ()
    distinct: bool = False
    retract: bool = False
    label: str = ""


class Accumulator(ABC):
    """The accumulators of one call, for all groups: one entry a group slot.

    Arrays of n rows: `slots` int32/int64 group slots, `args` one column an argument, `signs` int8 (+1, -1) or None
    where all accumulate. Rows come in arrival order; rows filtered out have been removed before.
    """

    def fields(self, prefix: str) -> list[StateField]:
        """Columns that the operator's table keeps for this accumulator, named from `prefix` on. New slots are zero."""
        return []

    def bind(self, table: StateTable, prefix: str) -> None:
        """Called once, before anything else: the table whose slots are the groups. State may be attached to it."""

    def use(self, resources: Mapping[str, object]) -> None:
        """What the job lends (`Settings.context.resources`); called when the operator opens, after a restore."""

    @abstractmethod
    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        """Take rows in (or, at sign -1, out)."""

    def running(self, slots: Array, args: Sequence[Column], signs: Array | None) -> Column | None:
        """`accumulate`, returning the result after each row; None (and nothing done) where this accumulator cannot."""
        return None

    @abstractmethod
    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        """Add the accumulators of `other` at `other_slots` to those at `slots` (pairwise)."""

    @abstractmethod
    def value(self, slots: Array) -> Column:
        """The results of these groups."""

    @abstractmethod
    def reset(self, slots: Array) -> None:
        """Empty these groups (their slots will be used again)."""

    def forget(self, slots: Array) -> None:
        """The keys of these groups are being released, and with them what hangs on the table; drop anything else."""

    def states(self) -> Mapping[str, StateObject]:
        """What to snapshot besides what hangs on the table, by name."""
        return {}
