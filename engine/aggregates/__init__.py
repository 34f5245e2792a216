"""Aggregate functions: the catalogue is `AGGREGATES`, what an aggregate is `engine.aggregates.base`."""

from __future__ import annotations

from engine.aggregates.catalogue import AGGREGATES

__all__ = ["AGGREGATES"]
