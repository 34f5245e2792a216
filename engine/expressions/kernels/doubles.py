"""FLOAT and DOUBLE as text, as Java writes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.expressions.kernels.text import views_of


def java_text(text: str) -> str:
    """A shortest decimal form (Python's repr) in the notation of Java's Double.toString."""
    if text in ("nan", "inf", "-inf"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]
    sign, text = ("-", text[1:]) if text[0] == "-" else ("", text)
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if not digits:
        return sign + "0.0"
    if -3 < point <= 7:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def written(values: Any) -> tuple[Any, Any]:
    """Views of the numbers as text, and the memory behind them."""
    single = values.dtype == np.float32
    texts = [java_text(str(v) if single else repr(v)).encode() for v in (values if single else values.tolist())]
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(t) for t in texts], out=offsets[1:])
    buffer = np.frombuffer(b"".join(texts), np.uint8)
    return views_of(buffer, offsets), buffer
