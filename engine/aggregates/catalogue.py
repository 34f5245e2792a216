"""The catalogue of aggregate functions: how each is typed, and what opens its accumulator. Kernels are imported on opening."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from engine.aggregates import inference as infer
from engine.aggregates.base import Accumulator, AggregateFunction, AggregateSpec


def _opener(module: str, name: str) -> Callable[[AggregateSpec], Accumulator]:
    """Opens the accumulator class of a module, which is imported then."""

    def open(spec: AggregateSpec) -> Accumulator:
        found = getattr(import_module(f"engine.aggregates.{module}"), name)(spec)
        assert isinstance(found, Accumulator)
        return found

    return open


def _extreme(spec: AggregateSpec) -> Accumulator:
    """MIN and MAX that are more than a number."""
    retracting = _opener("extremes", "ExtremeAccumulator")
    return retracting(spec) if spec.retract else _opener("kept", "KeptValue")(spec)


def _kept(spec: AggregateSpec) -> Accumulator:
    """FIRST_VALUE, LAST_VALUE, SINGLE_VALUE that are more than a number."""
    return _opener("lists", "EdgeAccumulator")(spec) if spec.retract else _opener("kept", "KeptValue")(spec)


_SIMPLE = _opener("alone", "SimpleAccumulator")
_LISTS = _opener("lists", "ListAccumulator")

AGGREGATES: dict[str, AggregateFunction] = {
    "COUNT": AggregateFunction(infer.count, _SIMPLE),
    "SUM": AggregateFunction(infer.total, _SIMPLE),
    "SUM0": AggregateFunction(infer.total0, _SIMPLE),
    "$SUM0": AggregateFunction(infer.total0, _SIMPLE),
    "AVG": AggregateFunction(infer.mean, _SIMPLE),
    "MIN": AggregateFunction(infer.extreme, _extreme),
    "MAX": AggregateFunction(infer.extreme, _extreme),
    "FIRST_VALUE": AggregateFunction(infer.edge, _kept, mergeable=False, ordered=True),
    "LAST_VALUE": AggregateFunction(infer.edge, _kept, mergeable=False, ordered=True),
    "SINGLE_VALUE": AggregateFunction(infer.single, _kept),
    "AUC": AggregateFunction(infer.metric, _opener("metrics", "AucAccumulator")),
    "LOGLOSS": AggregateFunction(infer.metric, _SIMPLE),
    "FTRL": AggregateFunction(infer.model, _opener("learners", "LearnerAccumulator"), False, False, True),
    "GAUSSIAN": AggregateFunction(infer.model, _opener("learners", "LearnerAccumulator"), False, True, True),
    **{name: AggregateFunction(infer.spread, _SIMPLE) for name in ("VAR_POP", "VAR_SAMP", "STDDEV_POP", "STDDEV_SAMP")},
}
