"""How calls of aggregate functions are typed, as Flink does it. No kernels here: binding must start fast."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.aggregates.base import AggregateArguments
from engine.errors import UserError
from engine.learners.options import parse_options
from engine.types import (
    ARRAY,
    BIGINT,
    BITMAP,
    BOOLEAN,
    DECIMAL,
    DOUBLE,
    FLOAT,
    INT,
    INTERVALS,
    MULTISET,
    ROW,
    STRING,
    VARCHAR,
    DataType,
    Kind,
)

Infer = Callable[[AggregateArguments, dict[int, DataType]], DataType]
SAMPLE_FEATURES = ROW(("index", ARRAY(INT)), ("value", ARRAY(FLOAT)))
MODEL_ROW = ROW(("model", STRING), ("version", BIGINT), ("samples", BIGINT), ("logloss", DOUBLE), ("auc", DOUBLE))


def bad(call: AggregateArguments, wanted: str) -> UserError:
    """The error of a call whose arguments do not fit."""
    given = ", ".join(str(t.as_nullable()) for t in call.types)
    return UserError("bad_arguments", f"{call.name}({given}) is not possible", hint=f"{call.name} takes {wanted}")


def exactly(call: AggregateArguments, low: int, high: int | None = None) -> None:
    """Checks the number of arguments."""
    high = low if high is None else high
    if not low <= len(call.types) <= high:
        wanted = f"{low} argument{'s' * (low != 1)}" if low == high else f"{low} to {high} arguments"
        raise bad(call, wanted)


def if_any(call: AggregateArguments, type: DataType) -> DataType:
    """NULL over no rows: nullable for a global aggregate, else as the argument is."""
    return type.as_nullable(not call.grouped or call.types[0].nullable)


def count(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """Any arguments; rows in which all are present."""
    return BIGINT.as_nullable(False)


def total(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """Integers and approximate numbers keep their type; DECIMAL(p, s) becomes DECIMAL(38, s)."""
    exactly(call, 1)
    kind = call.types[0]
    if not kind.is_numeric and kind.kind not in INTERVALS:
        raise bad(call, "a number")
    return if_any(call, DECIMAL(38, kind.scale) if kind.is_decimal else kind)


def total0(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    return total(call, wanted).as_nullable(False)


def mean(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """The argument's own type (integers are truncated); DECIMAL(38, max(6, s)) for decimals."""
    exactly(call, 1)
    kind = call.types[0]
    if not kind.is_numeric:
        raise bad(call, "a number")
    return if_any(call, DECIMAL(38, max(6, kind.scale)) if kind.is_decimal else kind)


def spread(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """Variance and standard deviation: the argument's own type as for AVG."""
    return mean(call, wanted).as_nullable()


def percentile(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """PERCENTILE(number, share or array of shares, how often the number counts)."""
    exactly(call, 2, 3)
    value, share = call.types[:2]
    inner = share.element if share.kind is Kind.ARRAY else share
    if not value.is_numeric or inner is None or not inner.is_numeric or not all(t.is_integer for t in call.types[2:]):
        raise bad(call, "a number, a share between 0.0 and 1.0 or an array of such, and how often the number counts")
    if isinstance(call.literals.get(1), int | float | Decimal) and not 0 <= call.literals[1] <= 1:
        raise bad(call, "a share between 0.0 and 1.0")
    wanted[0] = DOUBLE.as_nullable(value.nullable)
    shares = DOUBLE if inner is share else ARRAY(DOUBLE)
    wanted[1] = shares.as_nullable(share.nullable)
    if len(call.types) == 3:
        wanted[2] = BIGINT.as_nullable(call.types[2].nullable)
    return shares if inner is share else ARRAY(DOUBLE.as_nullable(False))


def extreme(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 1)
    if call.types[0].is_nested or call.types[0].is_bytes or call.types[0].kind in INTERVALS:
        raise bad(call, "a number, a string, a BOOLEAN, a date or a time")
    return if_any(call, call.types[0])


def edge(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """FIRST_VALUE, LAST_VALUE: of the argument's type."""
    exactly(call, 1)
    return if_any(call, call.types[0])


def single(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 1)
    return call.types[0].as_nullable()


def listing(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 1, 2)
    for position, kind in enumerate(call.types):
        if kind.kind is Kind.NULL:
            wanted[position] = STRING
        elif not kind.is_string:
            raise bad(call, "a string and a separator")
    return if_any(call, STRING)


def multiset(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 1)
    return MULTISET(call.types[0]).as_nullable(False)


def bitmap(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """The set of numbers, or its size."""
    exactly(call, 1)
    if call.types[0].kind not in (Kind.TINYINT, Kind.SMALLINT, Kind.INT):
        raise bad(call, "an integer of 32 bits at most")
    wanted[0] = INT.as_nullable(call.types[0].nullable)
    return BIGINT if "_CARDINALITY_" in call.name else BITMAP


def bitmap_of_bitmaps(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """What sets give together, or its size."""
    exactly(call, 1)
    if call.types[0].kind is not Kind.BITMAP:
        raise bad(call, "a BITMAP")
    return BIGINT if "_CARDINALITY_" in call.name else BITMAP


def array(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 1)
    return ARRAY(call.types[0])


def approximate_count(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 1)
    return BIGINT.as_nullable(False)


def every(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 1)
    if call.types[0].kind is not Kind.BOOLEAN:
        raise bad(call, "a condition")
    return if_any(call, BOOLEAN)


def json_object(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 2, 3)
    return VARCHAR(2000).as_nullable(False)


def json_array(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    exactly(call, 1, 2)
    return VARCHAR(2000).as_nullable(False)


def metric(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """AUC and LOGLOSS of (label, probability): label a condition or 0 and 1."""
    exactly(call, 2)
    label, probability = call.types
    if not (label.kind is Kind.BOOLEAN or label.is_integer) or not probability.is_numeric:
        raise bad(call, "a label (BOOLEAN, or 0 and 1) and a probability")
    wanted[0] = INT.as_nullable(label.nullable)
    wanted[1] = DOUBLE.as_nullable(probability.nullable)
    return DOUBLE


def model(call: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
    """A learner of (label, features, options): label a condition or 0 and 1, features as FEATURES(...) makes them."""
    exactly(call, 2, 3)
    label, features = call.types[:2]
    if not (label.kind is Kind.BOOLEAN or label.is_integer):
        raise bad(call, "a label (BOOLEAN, or 0 and 1), features and options")
    kinds = [f.type.element.kind for f in features.fields if f.type.kind is Kind.ARRAY and f.type.element]
    if features.kind is not Kind.ROW or kinds != [Kind.INT, Kind.FLOAT]:
        raise bad(call, "features of type ROW<index ARRAY<INT>, value ARRAY<FLOAT>>")
    options = call.literals.get(2, "" if len(call.types) == 2 else None)
    if not isinstance(options, str):
        raise bad(call, "a constant string of options as its third argument")
    try:
        parse_options(call.name.lower(), options)
    except UserError as error:
        error.place = call.places.get(2)
        raise
    wanted[0] = INT.as_nullable(label.nullable)
    return MODEL_ROW
