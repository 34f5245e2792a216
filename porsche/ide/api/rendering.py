"""Writing answers: JSON as the standard has it, which knows neither NaN nor infinity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer


class JsonRenderer(JSONRenderer):
    """JSON; numbers that it cannot say are null, as a column's values may be any."""

    def render(self, data: Any, accepted_media_type: str | None = None,
               renderer_context: Mapping[str, Any] | None = None) -> bytes:
        try:
            return super().render(data, accepted_media_type, renderer_context)
        except ValueError:
            return super().render(finite(data), accepted_media_type, renderer_context)


def finite(value: Any) -> Any:
    """The value with null for what is no finite number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value
