"""How much of what a preview takes."""

from __future__ import annotations

ROWS = 1000
"""Rows of a sample, and of a table that is shown."""
MOST_ROWS = 10_000
"""Rows that a person may give a table."""
