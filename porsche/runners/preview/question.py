"""What a preview is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.connectors.base import Access
from porsche.compiler import Environment
from porsche.runners.preview.limits import ROWS


@dataclass(frozen=True)
class Question:
    """What is to be previewed. `only`: what feeds these nodes (None: every node), unless there are no more than `few`
    nodes; `samples`: by source, see `sampling.wanted_of`; `state`: the folder that stands for the run's; `secrets`:
    variables of the environment; `clock`: seconds since the epoch; `faithful`: learners publish, and models answer, as
    in a run."""

    document: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    environment: Environment | None = None
    access: Access | None = None
    only: frozenset[str] | None = None
    few: int = 0
    samples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    limit: int = ROWS
    state: str = "state"
    secrets: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    faithful: bool = False

    def settled(self) -> Question:
        """The same, over the samples that are there by now: none is read once more."""
        kept = {node: {name: value for name, value in spec.items() if name != "anew"}
                for node, spec in self.samples.items()}
        return replace(self, samples=kept)
