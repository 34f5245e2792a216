"""Small facts of a window operator: how far it is."""

from __future__ import annotations

from typing import Any

from engine.state.scalars import Scalars


class Progress(Scalars):
    """Numbers that only grow (watermark fired, rows seen, next free number): of several former shards the largest."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._restored = False

    def merge(self, values: dict[str, Any]) -> None:
        if self._restored:
            values = {name: max(value, self.values[name]) for name, value in values.items()}
        self._restored = True
        super().merge(values)
