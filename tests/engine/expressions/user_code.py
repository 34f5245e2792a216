"""Functions as users write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc


def plus_tax(price: Any, rate: Any) -> Any:
    """numpy in, numpy out."""
    return price * (1.0 + rate)


plus_tax.arguments = ["DOUBLE", "DOUBLE"]  # type: ignore[attr-defined]
plus_tax.result = "DOUBLE"  # type: ignore[attr-defined]


class Initials:
    """An object with state of its own; text comes as pyarrow arrays."""

    arguments = ("STRING",)
    result = "STRING"

    def __call__(self, names: Any) -> Any:
        return pc.utf8_slice_codeunits(names, 0, 1)


def too_few(values: Any) -> Any:
    return np.zeros(1)


too_few.arguments = ["BIGINT"]  # type: ignore[attr-defined]
too_few.result = "BIGINT"  # type: ignore[attr-defined]


def wrong_type(values: Any) -> Any:
    return np.full(len(values), 1.5)


wrong_type.arguments = ["BIGINT"]  # type: ignore[attr-defined]
wrong_type.result = "BIGINT"  # type: ignore[attr-defined]


def raises(values: Any) -> Any:
    raise KeyError("boom")


raises.arguments = ["BIGINT"]  # type: ignore[attr-defined]
raises.result = "BIGINT"  # type: ignore[attr-defined]


def untyped(values: Any) -> Any:
    return values
