"""The catalogue of aggregate functions: how each is typed, and what opens its accumulator. Kernels are imported on
opening."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

from engine.aggregates import inference as infer
from engine.aggregates.base import Accumulator, AggregateFunction, AggregateSpec
from engine.errors import InternalError


def _opener(module: str, name: str) -> Callable[[AggregateSpec], Accumulator]:
    """Opens the accumulator class of a module, which is imported then."""

    def make(spec: AggregateSpec) -> Accumulator:
        found = getattr(import_module(f"engine.aggregates.{module}"), name)(spec)
        assert isinstance(found, Accumulator)
        return found

    return make


def _extreme(spec: AggregateSpec) -> Accumulator:
    """MIN and MAX that are more than a number."""
    retracting = _opener("extremes", "ExtremeAccumulator")
    return retracting(spec) if spec.retract else _opener("kept", "KeptValue")(spec)


def _kept(spec: AggregateSpec) -> Accumulator:
    """FIRST_VALUE, LAST_VALUE that are more than a number."""
    return _opener("arrivals", "EdgeAccumulator")(spec) if spec.retract else _opener("kept", "KeptValue")(spec)


def _simple(spec: AggregateSpec) -> Accumulator:
    """Simple calls are rows of a program (`engine.aggregates.simple`), never opened."""
    raise InternalError(f"{spec.function} has no accumulator of its own")


def _distinct_count(spec: AggregateSpec) -> Accumulator:
    """APPROX_COUNT_DISTINCT is exact here."""
    return _opener("distinct", "DistinctAccumulator")(replace(spec, function="COUNT"))


_BITMAP = AggregateFunction(infer.bitmap, _opener("bitmaps", "BitmapAccumulator"))
_BITMAP_OF = replace(_BITMAP, infer=infer.bitmap_of_bitmaps)
_JSON = AggregateFunction(infer.json_array, _opener("lists", "JsonAccumulator"), ordered=True)

AGGREGATES: dict[str, AggregateFunction] = {
    "COUNT": AggregateFunction(infer.count, _simple),
    "SUM": AggregateFunction(infer.total, _simple),
    "SUM0": AggregateFunction(infer.total0, _simple),
    "$SUM0": AggregateFunction(infer.total0, _simple),
    "AVG": AggregateFunction(infer.mean, _simple),
    "MIN": AggregateFunction(infer.extreme, _extreme),
    "MAX": AggregateFunction(infer.extreme, _extreme),
    "FIRST_VALUE": AggregateFunction(infer.edge, _kept, mergeable=False, ordered=True),
    "LAST_VALUE": AggregateFunction(infer.edge, _kept, mergeable=False, ordered=True),
    "SINGLE_VALUE": AggregateFunction(infer.single, _opener("arrivals", "SingleValue")),
    "LISTAGG": AggregateFunction(infer.listing, _opener("lists", "ListAgg"), ordered=True),
    "ARRAY_AGG": AggregateFunction(infer.array, _opener("lists", "ArrayAgg"), ordered=True),
    "COLLECT": AggregateFunction(infer.multiset, _opener("lists", "CollectAccumulator")),
    "JSON_ARRAYAGG": _JSON,
    "BITMAP_BUILD_AGG": _BITMAP,
    "BITMAP_BUILD_CARDINALITY_AGG": _BITMAP,
    **{f"BITMAP_{what}{size}_AGG": _BITMAP_OF for what in ("AND", "OR", "XOR") for size in ("", "_CARDINALITY")},
    "JSON_OBJECTAGG": replace(_JSON, infer=infer.json_object),
    "APPROX_COUNT_DISTINCT": AggregateFunction(infer.approximate_count, _distinct_count),
    "PERCENTILE": AggregateFunction(infer.percentile, _opener("percentile", "PercentileAccumulator")),
    "AUC": AggregateFunction(infer.metric, _opener("metrics", "AucAccumulator")),
    "LOGLOSS": AggregateFunction(infer.metric, _simple),
    "FTRL": AggregateFunction(infer.model, _opener("learners", "LearnerAccumulator"), False, False, True),
    "GAUSSIAN": AggregateFunction(infer.model, _opener("learners", "LearnerAccumulator"), False, True, True),
    **{name: AggregateFunction(infer.spread, _simple) for name in ("VAR_POP", "VAR_SAMP", "STDDEV_POP", "STDDEV_SAMP")},
}

# Functions that only OVER has; the binder types them. RANK, DENSE_RANK and their like need a Top-N.
OVER_FUNCTIONS: dict[str, Callable[[AggregateSpec], Accumulator]] = {
    "ROW_NUMBER": _simple,
    "LAG": _opener("lag", "LagAccumulator"),
}
