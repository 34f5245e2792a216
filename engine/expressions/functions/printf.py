"""PRINTF with Java's format strings: %s %d %x %o %c %b %f %e %% %n, flags, width, precision, argument numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.changes import Column
from engine.expressions.functions.base import Context, Function
from engine.expressions.functions.rows import PerRow
from engine.expressions.functions.signatures import signature
from engine.types import STRING, DataType, Kind

_SPEC = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


WIDEST = 1 << 24
"""Characters of a field: beyond that it is a mistake, which would take all memory."""


class _BadFormat(Exception):
    """A format string and its arguments do not fit; Flink gives NULL."""


def java_format(pattern: str, values: Sequence[Any]) -> str | None:
    """String.format; None where Java would throw."""
    turn = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal turn
        number, flags, width, precision, letter = match.groups()
        if letter in "%n":
            return "%" if letter == "%" else "\n"
        place = int(number) - 1 if number else turn
        turn += 0 if number else 1
        if place >= len(values) or max(int(width or 0), int(precision or 0)) > WIDEST:
            raise _BadFormat
        text = _one(letter, flags, None if precision is None else int(precision), values[place])
        return _fit(text.upper() if letter.isupper() else text, flags, int(width or 0))

    try:
        return _SPEC.sub(replace, _checked(pattern))
    except (_BadFormat, ValueError, TypeError):
        return None


def _checked(pattern: str) -> str:
    if "%" in _SPEC.sub("", pattern):
        raise _BadFormat
    return pattern


def _one(letter: str, flags: str, precision: int | None, value: Any) -> str:
    kind = letter.lower()
    if kind in "sb" or value is None:
        text = str(value is not None and value is not False).lower() if kind == "b" else _text(value)
        return text if precision is None else text[:precision]
    if kind == "c":
        return chr(value) if isinstance(value, int) else str(value)
    if kind in "dxo":
        if isinstance(value, bool) or not isinstance(value, int):
            raise _BadFormat
        return _signed(format(value, "," if kind == "d" and "," in flags else kind), flags)
    if kind in "fe":
        if not isinstance(value, (float, Decimal)):
            raise _BadFormat
        exact = value if isinstance(value, Decimal) else Decimal(repr(value))
        digits = 6 if precision is None else precision
        if kind == "e":
            return _signed(re.sub(r"e([+-])(\d)$", r"e\g<1>0\2", format(exact, f".{digits}e")), flags)
        rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        return _signed(format(rounded, ",f" if "," in flags else "f"), flags)
    raise _BadFormat


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        from engine.expressions.kernels.doubles import java_text

        return java_text(repr(value))
    return str(value)


def _signed(text: str, flags: str) -> str:
    if text.startswith("-"):
        return f"({text[1:]})" if "(" in flags else text
    return ("+" if "+" in flags else " " if " " in flags else "") + text


def _fit(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    return text.zfill(width) if "0" in flags else text.rjust(width)


def _arguments(column: Column, context: Context) -> list[Any]:
    """The values as Java's objects print: dates and times as numbers, timestamps in ISO form."""
    from engine.expressions.functions.rendering import texts_of
    from engine.expressions.values import column_to_internal

    if column.type.kind not in (Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ):
        values = column_to_internal(column)
        return [None if v is None else v // 1000 for v in values] if column.type.kind is Kind.TIME else values
    utc = Column(DataType(Kind.TIMESTAMP, precision=6), column.values, column.validity)
    return [None if t is None else _short(t) for t in texts_of(utc, context)]


def _short(text: str) -> str:
    """LocalDateTime.toString: no seconds where they are 0, fractions in groups of three digits."""
    day, time = text.split(" ")
    clock, fraction = time.split(".")
    fraction = fraction.removesuffix("000").removesuffix("000") if fraction != "000000" else ""
    if not fraction and clock.endswith(":00"):
        clock = clock[:-3]
    return f"{day}T{clock}" + (f".{fraction}" if fraction else "")


def _printf(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import column_from_python, column_to_internal

    patterns = column_to_internal(args[0])
    rows = list(zip(*(_arguments(a, context) for a in args[1:]), strict=True)) or [()] * length
    texts = [None if p is None else java_format(p, row) for p, row in zip(patterns, rows, strict=True)]
    return column_from_python(type, texts)


FUNCTIONS: dict[str, Function] = {
    "PRINTF": PerRow(signature(STRING, "string", "any...", nullable=True), _printf, strict=False),
}
