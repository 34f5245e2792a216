"""Reading bodies: JSON as the standard has it, however it was meant to do harm."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer


class JsonParser(BaseParser):
    """JSON in UTF-8, without NaN and numbers beyond all bounds."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: IO[Any], media_type: str | None = None,
              parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            text = codecs.getreader("utf-8")(stream).read()
            return json.loads(text, parse_constant=_refused, parse_float=_finite)
        except RecursionError:
            raise ParseError("the body is no JSON that can be read: values lie too deep in each other") from None
        except ValueError as error:
            raise ParseError(f"the body is no JSON: {error}") from None


def _refused(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number
