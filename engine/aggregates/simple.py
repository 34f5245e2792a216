"""Aggregates whose accumulator is a few numbers a group: rows of one program (`engine.aggregates.kernels`).

Their state is columns of the operator's table, so a group's new slot (zeroed) is an empty accumulator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine.aggregates import kernels as k
from engine.aggregates.base import AggregateSpec
from engine.changes import DTYPES, Array, Column
from engine.memory import address
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, DECIMAL, DOUBLE, DataType, Kind

_WORD = BIGINT.as_nullable(False)
_REAL = DOUBLE.as_nullable(False)
_WIDE = DECIMAL(38, 0).as_nullable(False)
_STATE: dict[int, tuple[DataType, ...]] = {
    k.COUNT: (), k.ADD_D: (_WIDE,), k.ADD_W: (_WIDE,), k.MIN_W: (_WIDE,), k.MAX_W: (_WIDE,), k.FIRST_W: (_WIDE,),
    k.LAST_W: (_WIDE,), k.ADD_F: (_REAL,), k.ADD_F4: (_REAL,), k.MOMENT: (_REAL, _REAL),
    k.SQUARES: (_WORD, _WORD),
}  # fmt: skip
_BEST = {
    "MIN": (k.MIN_I, k.MIN_F, k.MIN_W), "MAX": (k.MAX_I, k.MAX_F, k.MAX_W),
    "FIRST_VALUE": (k.FIRST, k.FIRST, k.FIRST_W), "LAST_VALUE": (k.LAST, k.LAST, k.LAST_W),
}  # fmt: skip
_SPREAD = {"VAR_POP": k.VAR_POP, "VAR_SAMP": k.VAR_SAMP, "STDDEV_POP": k.STD_POP, "STDDEV_SAMP": k.STD_SAMP}


@dataclass(frozen=True)
class SimpleCall:
    """How one call becomes a row of the program. `input` is the dtype its argument is brought to; `output` that of its
    result as kernels write it; `divisor` divides decimals that are taken as doubles; `prepare` makes
    one argument of several; `always`: the result is never NULL."""

    apply: int
    finish: int
    result: DataType
    input: type[np.generic] | None = None
    output: type[np.generic] = np.int64
    digits: int = 0
    divisor: float = 1.0
    always: bool = False
    prepare: Callable[[Sequence[Column]], Column] | None = None

    @cached_property
    def words(self) -> int:
        """Words of a result as kernels write it: two for a wide decimal."""
        return 2 if self.finish in (k.TAKE_W, k.MEAN_W) else 1

    @cached_property
    def direct(self) -> bool:
        """Whether these words are the result's values as they stand."""
        return self.words == 1 and self.output is np.int64 and DTYPES[self.result.kind] is np.int64

    @cached_property
    def _input(self) -> np.dtype[Any]:
        return np.dtype(self.input)

    def fields(self, prefix: str) -> list[StateField]:
        """The state it needs: a count, and what it adds up or keeps."""
        others = _STATE.get(self.apply, (_WORD,))
        return [StateField(f"{prefix}.{n}", t) for n, t in zip("nab", (_WORD, *others), strict=False)]

    def bind(self, table: StateTable, prefix: str, row: Array) -> None:
        """Write the fixed part of its row of the program."""
        row[k.APPLY], row[k.FINISH], row[k.DIGITS] = self.apply, self.finish, self.digits
        for place, field in zip((k.N, k.A, k.B), self.fields(prefix), strict=False):
            row[place] = address(table.column(field.name))

    def argument(self, column: Column) -> Array:
        """The argument's values as the kernels read them."""
        values = column.values
        if self.divisor != 1.0:
            return _as_double(values) / self.divisor
        if values.dtype is not self._input and values.dtype != self._input:
            return values.astype(self._input)
        return values if values.flags.c_contiguous else np.ascontiguousarray(values)

    def narrow(self, values: Array) -> Array:
        """Results from what the kernels wrote (int64 words) to the result's layout."""
        if self.words == 2:
            return values.reshape(-1, 2)
        if self.output is not np.int64:
            values = values.view(self.output)
        if self.result.is_decimal and self.output is not np.int64:
            return _as_decimal(values, self.result)
        wanted = DTYPES[self.result.kind]
        if values.dtype == wanted:
            return values
        return values != 0 if wanted is np.bool_ else values.astype(wanted)


def _as_double(values: Array) -> Array:
    if values.ndim == 1:
        return values.astype(np.float64)
    return values[:, 1].astype(np.float64) * 2.0**64 + np.ascontiguousarray(values[:, 0]).view(np.uint64)


def _as_decimal(values: Array, type: DataType) -> Array:
    scaled = np.rint(values * 10.0**type.scale)
    if not type.is_wide_decimal:
        return scaled.astype(np.int64)
    high = np.floor(scaled / 2.0**64)
    low = (scaled - high * 2.0**64).astype(np.uint64).view(np.int64)
    return np.stack([low, high.astype(np.int64)], axis=1)


def _sum(spec: AggregateSpec) -> SimpleCall:
    kind, always = spec.arguments[0], spec.function in ("SUM0", "$SUM0")
    if kind.is_decimal:
        op = k.ADD_W if kind.is_wide_decimal else k.ADD_D
        return SimpleCall(op, k.TAKE_W, spec.result, np.int64, always=always)
    if kind.is_approximate:
        op = k.ADD_F if kind.kind is Kind.DOUBLE else k.ADD_F4
        return SimpleCall(op, k.TAKE_A, spec.result, np.float64, np.float64, always=always)
    return SimpleCall(k.ADD_I, k.TAKE_A, spec.result, np.int64, always=always)


def _mean(spec: AggregateSpec) -> SimpleCall:
    kind = spec.arguments[0]
    if kind.is_decimal:
        op = k.ADD_W if kind.is_wide_decimal else k.ADD_D
        return SimpleCall(op, k.MEAN_W, spec.result, np.int64, digits=spec.result.scale - kind.scale)
    if kind.is_approximate:
        return SimpleCall(k.ADD_F, k.MEAN_F, spec.result, np.float64, np.float64)
    return SimpleCall(k.ADD_I, k.MEAN_I, spec.result, np.int64)


def _best(spec: AggregateSpec) -> SimpleCall | None:
    kind = spec.arguments[0]
    if spec.retract or kind.has_views or kind.is_nested or kind.kind is Kind.NULL:
        return None
    small, real, wide = _BEST[spec.function]
    if kind.is_wide_decimal:
        return SimpleCall(wide, k.TAKE_W, spec.result, np.int64)
    if kind.is_approximate:
        return SimpleCall(real, k.TAKE_A, spec.result, np.float64, np.float64)
    return SimpleCall(small, k.TAKE_A, spec.result, np.int64)


def _spread(spec: AggregateSpec) -> SimpleCall:
    kind = spec.arguments[0]
    if kind.is_integer:
        return SimpleCall(k.SQUARES, _SPREAD[spec.function], spec.result, np.int64, np.float64, digits=1)
    return SimpleCall(k.MOMENT, _SPREAD[spec.function], spec.result, np.float64, np.float64,
                      divisor=10.0**kind.scale if kind.is_decimal else 1.0)


def _logloss(spec: AggregateSpec) -> SimpleCall:
    return SimpleCall(k.ADD_F, k.MEAN_F, spec.result, np.float64, np.float64, prepare=log_losses)


def log_losses(args: Sequence[Column]) -> Column:
    """-log of the probability that was given to the label, of (label, probability of TRUE); probabilities of 0 and 1
    count as 1e-15 from there."""
    label, probability = args
    p = np.clip(probability.values, 1e-15, 1 - 1e-15)
    losses = -np.log(np.where(label.values != 0, p, 1 - p))
    return Column(_REAL, losses, label.valid() & probability.valid())


_SIMPLE: dict[str, Callable[[AggregateSpec], SimpleCall | None]] = {
    "COUNT": lambda spec: SimpleCall(k.COUNT, k.TAKE_N, spec.result, always=True),
    "ROW_NUMBER": lambda spec: SimpleCall(k.COUNT, k.TAKE_N, spec.result, always=True),
    "SUM": _sum, "SUM0": _sum, "$SUM0": _sum, "AVG": _mean, "LOGLOSS": _logloss,
    **dict.fromkeys(_BEST, _best), **dict.fromkeys(_SPREAD, _spread),
}  # fmt: skip


def simple_call(spec: AggregateSpec) -> SimpleCall | None:
    """The call as a row of a program; None where its accumulator is more than numbers."""
    make = _SIMPLE.get(spec.function)
    return None if make is None or spec.distinct else make(spec)
