"""Values as CAST(... AS STRING) writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.changes import Column
from engine.expressions.decimals import integers
from engine.expressions.functions.base import Context
from engine.types import STRING, Kind

DAY = 86_400_000_000


def rendered(column: Column, context: Context) -> Column:
    """A column as STRING; NULL stays NULL."""
    type = STRING.as_nullable(column.type.nullable)
    written = _by_kernel(column, context)
    if written is not None:
        views, memory = written
        return Column(type, views, column.validity, (memory,))
    from engine.expressions.values import column_from_python

    return column_from_python(type, texts_of(column, context))


def _by_kernel(column: Column, context: Context) -> Any:
    """Views and memory for the types that a kernel writes."""
    from engine.expressions.kernels import formats

    values, type = column.values, column.type
    match type.kind:
        case Kind.TINYINT | Kind.SMALLINT | Kind.INT | Kind.BIGINT:
            return formats.integers(values)
        case Kind.DECIMAL if type.precision <= 18:
            return formats.decimals(values, type.scale)
        case Kind.DATE:
            return formats.dates(values)
        case Kind.TIME:
            return formats.times(values, type.precision)
        case Kind.TIMESTAMP:
            return formats.timestamps(values, type.precision)
        case Kind.TIMESTAMP_LTZ:
            from engine.expressions.zones import zone

            return formats.timestamps(zone(context.zone).to_local(values), type.precision)
        case Kind.FLOAT | Kind.DOUBLE:
            from engine.expressions.kernels import doubles

            return doubles.written(values)
        case Kind.BOOLEAN:
            from engine.expressions.kernels import strings

            return strings.chosen(values, b"FALSE", b"TRUE")
    return None


def texts_of(column: Column, context: Context) -> list[str | None]:
    """A column's values as text, None for NULL."""
    kind = column.type.kind
    if kind in _LISTS:
        values: list[Any] = _LISTS[kind](column, context)
    elif kind is Kind.ROW:
        parts = [_named(c, context) for c in column.children]
        if column.type.name:
            parts = [[f"{f.name}={text}" for text in part] for f, part in zip(column.type.fields, parts, strict=True)]
        values = [f"({', '.join(row)})" for row in zip(*parts, strict=True)] if parts else ["()"] * len(column)
    else:
        values = _flat(column, context)
    if column.validity is None:
        return values
    return [v if present else None for v, present in zip(values, column.validity.tolist(), strict=True)]


def _flat(column: Column, context: Context) -> list[Any]:
    from engine.expressions.values import texts, unscaled

    match column.type.kind:
        case Kind.INTERVAL_MONTHS:
            return [interval_months(v) for v in column.values.tolist()]
        case Kind.INTERVAL_TIME:
            return [interval_time(v) for v in column.values.tolist()]
        case Kind.DECIMAL if column.type.is_wide_decimal:
            return [format(unscaled(v, column.type.scale), "f") for v in integers(column).tolist()]
        case Kind.BITMAP:
            from engine import bitmaps
            from engine.expressions.values import blobs

            return [bitmaps.text_of(data) if data else "" for data in blobs(column)]
    if column.type.has_views:
        return texts(column)
    plain = Column(column.type, column.values)
    return texts(rendered(plain, context)) if len(column) else []


def _named(column: Column, context: Context) -> list[str]:
    """Texts inside a list, map or row, where NULL is a word."""
    return ["NULL" if t is None else t for t in texts_of(column, context)]


def _array(column: Column, context: Context) -> list[str]:
    inner, offsets = _named(column.children[0], context), column.values.tolist()
    return [f"[{', '.join(inner[a:b])}]" for a, b in zip(offsets, offsets[1:], strict=False)]


def _map(column: Column, context: Context) -> list[str]:
    keys, values = (_named(c, context) for c in column.children)
    pairs = [f"{k}={v}" for k, v in zip(keys, values, strict=True)]
    offsets = column.values.tolist()
    return [f"{{{', '.join(pairs[a:b])}}}" for a, b in zip(offsets, offsets[1:], strict=False)]


_LISTS: dict[Kind, Callable[[Column, Context], list[str]]] = {Kind.ARRAY: _array, Kind.MAP: _map, Kind.MULTISET: _map}


def interval_months(months: int) -> str:
    """+years-months."""
    years, rest = divmod(abs(months), 12)
    return f"{'-' if months < 0 else '+'}{years}-{rest:02d}"


def interval_time(micros: int) -> str:
    """+days hours:minutes:seconds.milliseconds."""
    days, rest = divmod(abs(micros), DAY)
    seconds, rest = divmod(rest, 1_000_000)
    return (f"{'-' if micros < 0 else '+'}{days} {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
            f".{rest // 1000:03d}")


