"""Moments from and to text and numbers: DATE_FORMAT, TO_DATE, TO_TIMESTAMP(_LTZ), FROM_UNIXTIME, UNIX_TIMESTAMP,
CONVERT_TZ."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.changes import Array, Column, Mask, concat_columns
from engine.errors import UserError
from engine.expressions.calendar import DAY, SECOND
from engine.expressions.functions.base import Arguments, Constant, Context, Function
from engine.expressions.functions.rows import python_values
from engine.expressions.functions.signatures import PARAMETERS, accept, bad_arguments, signature
from engine.expressions.functions.temporal import local_micros
from engine.types import BIGINT, DATE, DATETIME, NUMERIC, STRING, TIMESTAMP, TIMESTAMP_LTZ, DataType, Kind, is_nullable

DEFAULT = "yyyy-MM-dd HH:mm:ss"
_EARLIEST, _LATEST = -62_167_219_200_000_000, 253_402_300_799_999_999
_FAILED = -(2**63)


@lru_cache(maxsize=256)
def compiled_pattern(pattern: str) -> Array:
    """A pattern of Java's as pairs of code and width; UserError "bad_pattern"."""
    from engine.expressions.kernels import patterns as p

    letters = {"y": p.YEAR, "u": p.YEAR, "M": p.MONTH, "L": p.MONTH, "d": p.DAY, "H": p.HOUR, "m": p.MINUTE,
               "s": p.SECOND, "S": p.FRACTION, "h": p.HOUR12, "a": p.AMPM, "D": p.DAY_OF_YEAR, "E": p.DAY_NAME}
    pairs: list[tuple[int, int]] = []
    i = 0
    while i < len(pattern):
        letter = pattern[i]
        count = len(pattern[i:]) - len(pattern[i:].lstrip(letter))
        if letter == "'":
            end = pattern.find("'", i + 1)
            text = "'" if end == i + 1 else pattern[i + 1:end if end > 0 else None]
            pairs += [(p.LITERAL, b) for b in text.encode()]
            i = end + 1 if end > 0 else len(pattern)
            continue
        if letter.isascii() and letter.isalpha():
            if letter not in letters:
                raise UserError("bad_pattern", f"Unknown pattern letter: {letter} in '{pattern}'")
            code = p.MONTH_NAME if letter in "ML" and count > 2 else letters[letter]
            pairs.append((code, count))
        else:
            pairs += [(p.LITERAL, b) for b in letter.encode() * count]
        i += count
    return np.array(pairs, np.int64).reshape(-1, 2)


def _by_pattern(patterns: Column) -> list[tuple[Array | None, str]]:
    """The distinct patterns of a column with the rows that have them; None where all rows have one."""
    if isinstance(patterns, Constant):
        return [(None, str(patterns.scalar))]
    listed = list(python_values(patterns))
    rows = np.array(listed, object)
    return [(np.flatnonzero(rows == text), text) for text in dict.fromkeys(listed)]


def formatted(micros: Array, patterns: Column, type: DataType) -> Column:
    """Local moments as text, each by its pattern."""
    from engine.expressions.kernels import patterns as kernels

    order, parts = [], []
    for rows, pattern in _by_pattern(patterns):
        views, memory = kernels.written(micros if rows is None else micros[rows], compiled_pattern(pattern))
        parts.append(Column(type, views, None, (memory,)))
        order.append(np.arange(len(micros)) if rows is None else rows)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Column(type, np.zeros((0, 2), np.uint64))
    return concat_columns(parts).take(np.argsort(np.concatenate(order), kind="stable"))


def parsed(texts: Column, patterns: Column | None, loose: bool = False) -> tuple[Array, Mask]:
    """Local moments (microseconds) out of text, and where there is one; without patterns in SQL's own form."""
    from engine.expressions.kernels import parse
    from engine.expressions.kernels import patterns as kernels

    if patterns is None:
        values, _, states = parse.read(texts.values, parse.TIMESTAMP)
        return values, states == 1
    values, valid = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_)
    for rows, pattern in _by_pattern(patterns):
        try:
            compiled = compiled_pattern(pattern)
        except UserError:
            continue
        chosen: Array | slice = slice(None) if rows is None else rows
        values[chosen], valid[chosen] = kernels.read(texts.values[chosen], compiled, loose)
    return values, valid


def _date_format(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    column, patterns = args
    if not column.type.is_string:
        return formatted(local_micros(column, context), patterns, type)
    from engine.expressions.values import constant

    micros, valid = parsed(column, constant(STRING, DEFAULT, length), loose=True)
    return formatted(micros, patterns, type).with_validity(valid)


def _infer_date_format(arguments: Arguments) -> DataType:
    words = "string" if arguments.types and arguments.types[0].is_string else "timestamp"
    return signature(STRING, words, "string", nullable=True)(arguments)


def _to_timestamp(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    micros, valid = parsed(args[0], args[1] if len(args) > 1 else None)
    return Column(type, micros - micros % 1000, valid)


def _to_date(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.kernels import parse

    if len(args) == 1:
        days, _, states = parse.read(args[0].values, parse.DATE)
        return Column(type, days.astype(np.int32), states == 1)
    micros, valid = parsed(args[0], args[1])
    return Column(type, (micros // DAY).astype(np.int32), valid)


def _infer_to_ltz(arguments: Arguments) -> DataType:
    types = arguments.types
    if not 1 <= len(types) <= 3:
        raise bad_arguments(arguments, "it takes 1 to 3 arguments")
    if types[0].kind in NUMERIC and len(types) < 3:
        if len(types) == 2 and types[1].kind is Kind.BIGINT:
            raise bad_arguments(arguments, "the precision is of type INT")
        if len(types) == 2:
            accept(arguments, 1, PARAMETERS["int"])
    else:
        for i in range(len(types)):
            accept(arguments, i, PARAMETERS["string"])
    return TIMESTAMP_LTZ(3)


def _to_ltz(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.zones import zone

    if args[0].type.kind in NUMERIC:
        return _from_number(args, type, length)
    micros, valid = parsed(args[0], args[1] if len(args) > 1 else None)
    micros = micros - micros % 1000
    if len(args) < 3:
        return Column(type, zone(context.zone).to_utc(micros), valid)
    for rows, name in _by_pattern(args[2]):
        chosen: Array | slice = slice(None) if rows is None else rows
        try:
            micros[chosen] = zone(name).to_utc(micros[chosen])
        except UserError as error:
            if isinstance(args[2], Constant):
                raise UserError(error.code, f"Invalid timezone for parsing TIMESTAMP_LTZ: {error.message}") from None
            valid[chosen] = False
    return Column(type, micros, valid)


def _from_number(args: Sequence[Column], type: DataType, length: int) -> Column:
    """Seconds (precision 0) or milliseconds (3); outside the years 0 to 9999 NULL."""
    from engine.expressions.decimals import integers

    precision = args[1].values if len(args) > 1 else np.full(length, 3)
    if not np.isin(precision, (0, 3)).all():
        raise UserError("bad_arguments", "the precision of TO_TIMESTAMP_LTZ must be 0 (seconds) or 3 (milliseconds)")
    factor = np.where(precision == 0, 1000, 1)
    with np.errstate(over="ignore"):
        if args[0].type.kind is Kind.DECIMAL:
            numbers = integers(args[0]).astype(np.float64) / 10.0**args[0].type.scale * factor
        else:
            numbers = args[0].values.astype(np.float64) * factor
    valid = np.isfinite(numbers) & (numbers * 1000 >= _EARLIEST) & (numbers * 1000 <= _LATEST)
    exact = args[0].type.is_integer
    millis = np.where(valid, args[0].values * factor if exact else np.trunc(numbers), 0).astype(np.int64)
    return Column(type, millis * 1000, valid)


def _from_unixtime(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import constant
    from engine.expressions.zones import zone

    micros = zone(context.zone).to_local(args[0].values.astype(np.int64) * SECOND)
    return formatted(micros, args[1] if len(args) > 1 else constant(STRING, DEFAULT, length), type)


def _unix_timestamp(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import constant
    from engine.expressions.zones import zone

    if not args:
        return constant(type, (context.query_start or context.now()) // SECOND, length)
    if args[0].type.kind in DATETIME:
        return Column(type, zone(context.zone).to_utc(local_micros(args[0], context)) // SECOND)
    patterns = args[1] if len(args) > 1 else constant(STRING, DEFAULT, length)
    micros, valid = parsed(args[0], patterns, loose=True)
    return Column(type, np.where(valid, zone(context.zone).to_utc(micros) // SECOND, _FAILED))


def _convert_tz(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import constant
    from engine.expressions.zones import zone

    micros, valid = parsed(args[0], constant(STRING, DEFAULT, length), loose=True)
    for column, local in ((args[1], False), (args[2], True)):
        for rows, name in _by_pattern(column):
            chosen: Array | slice = slice(None) if rows is None else rows
            found = zone(name)
            micros[chosen] = found.to_local(micros[chosen]) if local else found.to_utc(micros[chosen])
    return formatted(micros, constant(STRING, DEFAULT, length), type).with_validity(valid)


def _infer_unix(arguments: Arguments) -> DataType:
    types = arguments.types
    if len(types) == 1 and types[0].kind in DATETIME:
        return BIGINT.as_nullable(is_nullable(*types))
    return signature(BIGINT, "string?", "string?")(arguments)


FUNCTIONS: dict[str, Function] = {
    "DATE_FORMAT": Function(_infer_date_format, _date_format, dense=True),
    "TO_TIMESTAMP": Function(signature(TIMESTAMP(3), "string", "string?", nullable=True), _to_timestamp, dense=True),
    "TO_DATE": Function(signature(DATE, "string", "string?", nullable=True), _to_date, dense=True),
    "TO_TIMESTAMP_LTZ": Function(_infer_to_ltz, _to_ltz, fallible=True),
    "FROM_UNIXTIME": Function(signature(STRING, "bigint", "string?", nullable=True), _from_unixtime, dense=True),
    "UNIX_TIMESTAMP": Function(_infer_unix, _unix_timestamp, dense=True, folds=False),
    "CONVERT_TZ": Function(signature(STRING, "string", "string", "string", nullable=True), _convert_tz, fallible=True),
}
