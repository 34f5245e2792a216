"""Moments written by a pattern: rows that share their text's unit are written once, and read the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.connectors.arrow import python_values
from engine.expressions.functions.moments import formatted
from engine.expressions.values import column_from_python
from engine.types import STRING

START = datetime(1969, 12, 31, 23, 59, 58)
PATTERNS = {"yyyy-MM-dd": "%Y-%m-%d", "HH:mm": "%H:%M", "yyyy-MM-dd HH:mm:ss.SSSSSS": "%Y-%m-%d %H:%M:%S.%f",
            "hh a": "%I %p", "ss": "%S", "'day' DDD": "day %j"}


@pytest.mark.parametrize("pattern", PATTERNS)
@given(st.lists(st.integers(-10**6, 10**6) | st.integers(-10**12, 10**12), min_size=1, max_size=30))
def test_each_row_has_its_own_text(pattern: str, steps: list[int]) -> None:
    micros = np.cumsum(np.array(steps, np.int64)) - 2_000_000
    moments = [START + timedelta(microseconds=int(m) + 2_000_000) for m in micros]
    written = formatted(micros, column_from_python(STRING, [pattern] * len(steps)), STRING)
    assert list(python_values(written)) == [m.strftime(PATTERNS[pattern]) for m in moments]
