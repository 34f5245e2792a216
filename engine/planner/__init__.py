"""The planner: logical plan -> operators and their wiring."""

from engine.planner.core import Graph, Options, Planner

__all__ = ["Graph", "Options", "Planner"]
