"""What comes from a worker is looked at before kernels use it: code that spoilt its process's memory must not spoil the
job's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from engine.changes import DTYPES
from engine.expressions.functions.user_running import Request
from engine.expressions.functions.user_values import is_plain, users_type
from engine.types import DataType, Kind
from engine.workers.arrays import unpack
from engine.workers.process import Spoilt

if TYPE_CHECKING:
    from engine.expressions.functions.user_running import Group


def answered(request: Request, given: Sequence[Group], buffers: Sequence[bytearray]) -> list[Group]:
    """The groups of an answer, checked: how many arrays, of which types and lengths, and each array in itself. Raises
    Spoilt."""
    try:
        groups = unpack(buffers)
        for group in groups:
            for array in group:
                if isinstance(array, pa.Array):
                    array.validate(full=True)
    except (pa.ArrowException, ValueError, TypeError, LookupError, AttributeError) as error:
        raise Spoilt(str(error)) from error
    if request.how == "table":
        _table(request, groups)
    elif request.how in ("scalar", "value"):
        _fits(groups, [[request.results[0]]], request.length)
    else:
        _fits(groups, [[type for _, type in request.state]], len(given[0][-1]))
    return groups


def _table(request: Request, groups: Sequence[Group]) -> None:
    if len(groups) != 2 or len(groups[0]) != 1:
        raise Spoilt("no positions")
    [origins] = groups[0]
    if not isinstance(origins, np.ndarray) or origins.dtype != np.int64:
        raise Spoilt("positions of another type")
    if len(origins) and not 0 <= origins.min() <= origins.max() < request.length:
        raise Spoilt("positions out of range")
    _fits(groups[1:], [request.results], len(origins))


def _fits(groups: Sequence[Group], types: Sequence[Sequence[DataType]], length: int) -> None:
    if [len(g) for g in groups] != [len(t) for t in types]:
        raise Spoilt("another number of arrays")
    for group, wanted in zip(groups, types, strict=True):
        for array, type in zip(group, wanted, strict=True):
            if len(array) != length or not _is_of(array, type):
                raise Spoilt(f"no array of {length} {type}")


def _is_of(array: Any, type: DataType) -> bool:
    if is_plain(type):
        dtype = np.dtype(DTYPES[type.kind])
        return array.dtype == dtype if isinstance(array, np.ndarray) else array.type == pa.from_numpy_dtype(dtype)
    if isinstance(array, np.ndarray):
        return False
    return array.type == users_type(type) or (type.kind is Kind.VARCHAR and pa.types.is_large_string(array.type))
