"""The API's description, made once in the life of a process: making it takes a second, and anybody may ask for it."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response


@cache
def description() -> dict[str, Any]:
    """OpenAPI 3.1."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


class DescriptionView(SpectacularAPIView):
    """As YAML, or as JSON for whoever accepts that."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(description())
