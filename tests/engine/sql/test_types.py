"""Types written in SQL, as trees and as the engine's types."""

from __future__ import annotations

import pytest

from engine import types as t
from engine.errors import UserError
from engine.sql.dialect import generate, parse_type
from engine.sql.types import to_ast, to_data_type
from engine.types import DataType, Kind, RowField

TYPES: list[tuple[str, DataType, str]] = [
    ("BOOLEAN", t.BOOLEAN, "BOOLEAN"),
    ("tinyint", t.TINYINT, "TINYINT"),
    ("INTEGER NOT NULL", t.INT.as_nullable(False), "INT NOT NULL"),
    ("INT NULL", t.INT, "INT"),
    ("REAL", t.FLOAT, "FLOAT"),
    ("DOUBLE PRECISION", t.DOUBLE, "DOUBLE"),
    ("DECIMAL", t.DECIMAL(10, 0), "DECIMAL(10, 0)"),
    ("NUMERIC(38)", t.DECIMAL(38, 0), "DECIMAL(38, 0)"),
    ("DEC(5, 5)", t.DECIMAL(5, 5), "DECIMAL(5, 5)"),
    ("CHAR", t.CHAR(1), "CHAR(1)"),
    ("CHARACTER(3)", t.CHAR(3), "CHAR(3)"),
    ("CHAR VARYING(3)", t.VARCHAR(3), "VARCHAR(3)"),
    ("VARCHAR", t.STRING, "STRING"),
    ("STRING", t.STRING, "STRING"),
    ("BINARY(2)", t.BINARY(2), "BINARY(2)"),
    ("BINARY VARYING(2)", t.VARBINARY(2), "VARBINARY(2)"),
    ("BYTES", t.BYTES, "BYTES"),
    ("DATE", t.DATE, "DATE"),
    ("TIME", t.TIME(0), "TIME(0)"),
    ("TIME(3) WITHOUT TIME ZONE", t.TIME(3), "TIME(3)"),
    ("TIMESTAMP", t.TIMESTAMP(6), "TIMESTAMP(6)"),
    ("TIMESTAMP(3) WITHOUT TIME ZONE", t.TIMESTAMP(3), "TIMESTAMP(3)"),
    ("TIMESTAMP(3) WITH LOCAL TIME ZONE", t.TIMESTAMP_LTZ(3), "TIMESTAMP_LTZ(3)"),
    ("TIMESTAMP_LTZ", t.TIMESTAMP_LTZ(6), "TIMESTAMP_LTZ(6)"),
    ("INTERVAL YEAR", t.INTERVAL_MONTHS, "INTERVAL YEAR TO MONTH"),
    ("INTERVAL DAY(3) TO SECOND(6)", t.INTERVAL_TIME, "INTERVAL DAY TO SECOND"),
    ("ARRAY<INT NOT NULL>", t.ARRAY(t.INT.as_nullable(False)), "ARRAY<INT NOT NULL>"),
    ("INT ARRAY NOT NULL", t.ARRAY(t.INT).as_nullable(False), "ARRAY<INT> NOT NULL"),
    ("INT NOT NULL ARRAY MULTISET", t.MULTISET(t.ARRAY(t.INT.as_nullable(False))), "MULTISET<ARRAY<INT NOT NULL>>"),
    ("MAP<STRING NOT NULL, INT>", t.MAP(t.STRING.as_nullable(False), t.INT), "MAP<STRING NOT NULL, INT>"),
    ("ROW<a INT, `b c` ROW(d DATE NOT NULL)>",
     t.ROW(("a", t.INT), ("b c", t.ROW(("d", t.DATE.as_nullable(False))))), "ROW<a INT, `b c` ROW<d DATE NOT NULL>>"),
    ("ROW<a INT 'x'>", DataType(Kind.ROW, fields=(RowField("a", t.INT, "x"),)), "ROW<a INT 'x'>"),
    ("STRUCTURED<'c.D', a INT>", DataType(Kind.ROW, name="c.D", fields=(RowField("a", t.INT),)),
     "STRUCTURED<'c.D', a INT>"),
    ("VARIANT", DataType(Kind.VARIANT), "VARIANT"),
    ("DESCRIPTOR", DataType(Kind.DESCRIPTOR), "DESCRIPTOR"),
]


@pytest.mark.parametrize(("text", "expected", "printed"), TYPES)
def test_types(text: str, expected: DataType, printed: str) -> None:
    tree = parse_type(text)
    assert to_data_type(tree) == expected
    assert parse_type(generate(tree)) == tree
    assert generate(to_ast(expected), quote=False) == printed
    assert to_data_type(to_ast(expected)) == expected


def test_raw() -> None:
    tree = parse_type("RAW('a.B', 'c')")
    assert to_data_type(tree).name == "a.B"
    assert generate(tree) == "RAW('a.B', 'c')"


@pytest.mark.parametrize(("text", "code"), [
    ("CHAR(0)", "bad_type"), ("DECIMAL(39)", "bad_type"), ("DECIMAL(5, 6)", "bad_type"), ("TIMESTAMP(10)", "bad_type"),
    ("ARRAY<VARCHAR(0)>", "bad_type"), ("ROW<a INT, a INT>", "bad_type"), ("foo.bar", "unknown_type"),
    ("TIMESTAMP WITH TIME ZONE", "not_supported"), ("TIME WITH TIME ZONE", "syntax"), ("MAP<INT>", "syntax"),
    ("INT(3)", "syntax"),
])
def test_refused(text: str, code: str) -> None:
    with pytest.raises(UserError) as refusal:
        to_data_type(parse_type(text))
    assert refusal.value.code == code
    assert refusal.value.place is not None


def test_a_type_that_nearly_is_one() -> None:
    with pytest.raises(UserError) as refusal:
        to_data_type(parse_type("VARCHR"))
    assert "'VARCHAR'" in str(refusal.value.hint)
