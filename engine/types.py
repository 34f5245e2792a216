"""SQL types with Flink's names and meaning, and the schema of a relation.

A `DataType` is immutable and knows its nullability. The physical layout of each type is described in `engine.changes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

MAX_LENGTH = 2_147_483_647
MAX_DECIMAL = 38


class Kind(Enum):
    """Type roots, named as Flink's LogicalTypeRoot (shortened)."""

    __hash__ = object.__hash__  # Enum's own is Python code, and types are looked up for every batch

    CHAR = "CHAR"
    VARCHAR = "VARCHAR"
    BOOLEAN = "BOOLEAN"
    BINARY = "BINARY"
    VARBINARY = "VARBINARY"
    DECIMAL = "DECIMAL"
    TINYINT = "TINYINT"
    SMALLINT = "SMALLINT"
    INT = "INT"
    BIGINT = "BIGINT"
    FLOAT = "FLOAT"
    DOUBLE = "DOUBLE"
    DATE = "DATE"
    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"
    TIMESTAMP_LTZ = "TIMESTAMP_LTZ"
    INTERVAL_MONTHS = "INTERVAL YEAR TO MONTH"
    INTERVAL_TIME = "INTERVAL DAY TO SECOND"
    ARRAY = "ARRAY"
    MAP = "MAP"
    MULTISET = "MULTISET"
    ROW = "ROW"
    NULL = "NULL"
    RAW = "RAW"
    VARIANT = "VARIANT"
    BITMAP = "BITMAP"
    DESCRIPTOR = "DESCRIPTOR"
    SYMBOL = "SYMBOL"


CHARACTER = frozenset({Kind.CHAR, Kind.VARCHAR})
BYTES_LIKE = frozenset({Kind.BINARY, Kind.VARBINARY})
VIEWED = CHARACTER | BYTES_LIKE | {Kind.RAW, Kind.VARIANT, Kind.BITMAP}
INTEGERS = frozenset({Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT})
APPROXIMATE = frozenset({Kind.FLOAT, Kind.DOUBLE})
EXACT = INTEGERS | {Kind.DECIMAL}
NUMERIC = EXACT | APPROXIMATE
TIMESTAMPS = frozenset({Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ})
DATETIME = TIMESTAMPS | {Kind.DATE, Kind.TIME}
INTERVALS = frozenset({Kind.INTERVAL_MONTHS, Kind.INTERVAL_TIME})
NESTED = frozenset({Kind.ARRAY, Kind.MAP, Kind.MULTISET, Kind.ROW})


@dataclass(frozen=True, slots=True)
class RowField:
    """A field of a ROW type."""

    name: str
    type: DataType
    description: str | None = None


@dataclass(frozen=True, slots=True)
class DataType:
    """A SQL type.

    `length` of CHAR, VARCHAR, BINARY, VARBINARY (`MAX_LENGTH` is STRING, BYTES); `precision` of DECIMAL, TIME and
    timestamps; `scale` of DECIMAL; `element` of ARRAY and MULTISET, value of MAP; `key` of MAP; `fields` of ROW;
    `name` of a RAW, symbol or structured type.
    """

    kind: Kind
    nullable: bool = True
    length: int = 0
    precision: int = 0
    scale: int = 0
    element: DataType | None = None
    key: DataType | None = None
    fields: tuple[RowField, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if self.kind is Kind.DECIMAL and not (1 <= self.precision <= MAX_DECIMAL and 0 <= self.scale <= self.precision):
            raise ValueError(f"DECIMAL({self.precision}, {self.scale}) is out of range")

    def as_nullable(self, nullable: bool = True) -> DataType:
        """The same type with this nullability."""
        return self if self.nullable == nullable else replace(self, nullable=nullable)

    def same_as(self, other: DataType) -> bool:
        """Equal but for (top level) nullability."""
        if self.nullable == other.nullable:
            return self == other
        return self.kind is other.kind and self.as_nullable() == other.as_nullable()

    @property
    def is_string(self) -> bool:
        return self.kind in CHARACTER

    @property
    def is_bytes(self) -> bool:
        return self.kind in BYTES_LIKE

    @property
    def has_views(self) -> bool:
        """Held as 16-byte views into memory elsewhere."""
        return self.kind in VIEWED

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    @property
    def is_integer(self) -> bool:
        return self.kind in INTEGERS

    @property
    def is_approximate(self) -> bool:
        return self.kind in APPROXIMATE

    @property
    def is_decimal(self) -> bool:
        return self.kind is Kind.DECIMAL

    @property
    def is_timestamp(self) -> bool:
        return self.kind in TIMESTAMPS

    @property
    def is_interval(self) -> bool:
        return self.kind in INTERVALS

    @property
    def is_nested(self) -> bool:
        return self.kind in NESTED

    @property
    def is_wide_decimal(self) -> bool:
        """A DECIMAL held in two 64-bit limbs."""
        return self.kind is Kind.DECIMAL and self.precision > 18

    def __str__(self) -> str:
        return _render(self) + ("" if self.nullable else " NOT NULL")


def _render(t: DataType) -> str:
    match t.kind:
        case Kind.CHAR | Kind.BINARY:
            return f"{t.kind.value}({t.length})"
        case Kind.VARCHAR:
            return "STRING" if t.length == MAX_LENGTH else f"VARCHAR({t.length})"
        case Kind.VARBINARY:
            return "BYTES" if t.length == MAX_LENGTH else f"VARBINARY({t.length})"
        case Kind.DECIMAL:
            return f"DECIMAL({t.precision}, {t.scale})"
        case Kind.TIME | Kind.TIMESTAMP | Kind.TIMESTAMP_LTZ:
            return f"{t.kind.value}({t.precision})"
        case Kind.ARRAY | Kind.MULTISET:
            return f"{t.kind.value}<{t.element}>"
        case Kind.MAP:
            return f"MAP<{t.key}, {t.element}>"
        case Kind.ROW if t.name:
            return f"STRUCTURED<{', '.join([repr(t.name), *(f'`{f.name}` {f.type}' for f in t.fields)])}>"
        case Kind.ROW:
            return f"ROW<{', '.join(f'`{f.name}` {f.type}' for f in t.fields)}>"
        case Kind.RAW:
            return f"RAW('{t.name}', '...')"
        case _:
            return t.kind.value


def CHAR(length: int = 1) -> DataType:
    return DataType(Kind.CHAR, length=length)


def VARCHAR(length: int = MAX_LENGTH) -> DataType:
    return DataType(Kind.VARCHAR, length=length)


def BINARY(length: int = 1) -> DataType:
    return DataType(Kind.BINARY, length=length)


def VARBINARY(length: int = MAX_LENGTH) -> DataType:
    return DataType(Kind.VARBINARY, length=length)


def DECIMAL(precision: int = 10, scale: int = 0) -> DataType:
    return DataType(Kind.DECIMAL, precision=precision, scale=scale)


def TIME(precision: int = 0) -> DataType:
    return DataType(Kind.TIME, precision=precision)


def TIMESTAMP(precision: int = 6) -> DataType:
    return DataType(Kind.TIMESTAMP, precision=precision)


def TIMESTAMP_LTZ(precision: int = 6) -> DataType:
    return DataType(Kind.TIMESTAMP_LTZ, precision=precision)


def ARRAY(element: DataType) -> DataType:
    return DataType(Kind.ARRAY, element=element)


def MULTISET(element: DataType) -> DataType:
    return DataType(Kind.MULTISET, element=element)


def MAP(key: DataType, value: DataType) -> DataType:
    return DataType(Kind.MAP, key=key, element=value)


def ROW(*fields: tuple[str, DataType]) -> DataType:
    return DataType(Kind.ROW, fields=tuple(RowField(name, kind) for name, kind in fields))


STRING = VARCHAR()
BYTES = VARBINARY()
BOOLEAN = DataType(Kind.BOOLEAN)
TINYINT = DataType(Kind.TINYINT)
SMALLINT = DataType(Kind.SMALLINT)
INT = DataType(Kind.INT)
BIGINT = DataType(Kind.BIGINT)
FLOAT = DataType(Kind.FLOAT)
DOUBLE = DataType(Kind.DOUBLE)
DATE = DataType(Kind.DATE)
NULL = DataType(Kind.NULL)
BITMAP = DataType(Kind.BITMAP)
INTERVAL_MONTHS = DataType(Kind.INTERVAL_MONTHS)
INTERVAL_TIME = DataType(Kind.INTERVAL_TIME, precision=3)
DESCRIPTOR = DataType(Kind.DESCRIPTOR, nullable=False)


class TimeKind(Enum):
    """What a time attribute means."""

    ROWTIME = "ROWTIME"
    PROCTIME = "PROCTIME"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a relation: name, type, and whether it is a time attribute."""

    name: str
    type: DataType
    time: TimeKind | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.type}" + (f" *{self.time.value}*" if self.time else "")


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a relation, in order."""

    fields: tuple[Field, ...]

    @staticmethod
    def of(**columns: DataType) -> Schema:
        return Schema(tuple(Field(name, kind) for name, kind in columns.items()))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields)

    @property
    def types(self) -> tuple[DataType, ...]:
        return tuple(f.type for f in self.fields)

    def index(self, name: str) -> int:
        """The position of a column; -1 where there is none."""
        return next((i for i, f in enumerate(self.fields) if f.name == name), -1)

    def select(self, indices: tuple[int, ...]) -> Schema:
        return Schema(tuple(self.fields[i] for i in indices))

    def __len__(self) -> int:
        return len(self.fields)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, i: int) -> Field:
        return self.fields[i]


def is_nullable(*types: DataType) -> bool:
    """NULL in, NULL out: whether any of the types may be NULL."""
    return any(t.nullable for t in types)
