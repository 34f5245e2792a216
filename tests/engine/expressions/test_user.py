"""Scalar functions that users bring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.errors import RuntimeFault, UserError
from engine.expressions.binding import literal, resolve_call
from engine.expressions.evaluate import compile_expression
from engine.expressions.functions.base import Function
from engine.expressions.functions.user import scalar
from engine.expressions.functions.user_hosts import Here
from engine.expressions.nodes import InputRef
from engine.expressions.values import column_from_python, column_to_python
from engine.sql import dialect
from engine.sql.types import to_data_type
from engine.types import BIGINT, DOUBLE, INT, STRING, DataType
from tests.engine.expressions.support import context

MODULE = "tests.engine.expressions.user_code"


def loaded(name: str, target: str) -> Function:
    host = Here()
    return scalar(name, target, host, host.declared(name, target),
                  lambda text: to_data_type(dialect.parse_type(text))).as_function()


def run(name: str, *columns: tuple[DataType, list[Any]]) -> list[Any]:
    function = loaded(name, f"{MODULE}.{name}")
    args = [InputRef(type, index=i) for i, (type, _) in enumerate(columns)]
    call = resolve_call(name, args, functions={name.upper(): function})
    inputs = [column_from_python(type, values) for type, values in columns]
    return column_to_python(compile_expression(call)(inputs, len(inputs[0]), context()))


def test_numbers_are_numpy_arrays() -> None:
    assert run("plus_tax", (DOUBLE, [100.0, 50.0]), (DOUBLE, [0.5, 0.0])) == [150.0, 50.0]
    assert run("plus_tax", (INT, [100]), (DOUBLE, [0.25])) == [125.0]


def test_text_is_a_pyarrow_array() -> None:
    assert run("Initials", (STRING, ["anna", None, "ömer"])) == ["a", None, "ö"]


@pytest.mark.parametrize("name", ["too_few", "wrong_type", "raises"])
def test_wrong_results(name: str) -> None:
    with pytest.raises(RuntimeFault) as caught:
        run(name, (BIGINT, [1, 2]))
    assert caught.value.code == "user_function"
    assert name in caught.value.message


@pytest.mark.parametrize(("target", "code"), [
    (f"{MODULE}.none", "unknown_function"), ("no_module.f", "unknown_function"), (f"{MODULE}.untyped", "bad_function"),
])
def test_loading(target: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        loaded("f", target)
    assert caught.value.code == code


def test_wrong_arguments() -> None:
    function = loaded("f", f"{MODULE}.plus_tax")
    with pytest.raises(UserError):
        resolve_call("f", [literal(1)], functions={"F": function})


def test_values_come_with_their_types() -> None:
    """Also where a batch holds nothing but NULLs, and of rows, maps and decimals."""
    from datetime import date
    from decimal import Decimal

    import pyarrow as pa

    from engine.expressions.functions.user_values import argument_of
    from engine.expressions.values import column_from_python
    from engine.types import ARRAY, DATE, DECIMAL, MAP, ROW, STRING

    cases = [
        (STRING, None, pa.string()), (DECIMAL(10, 2), Decimal("1.5"), pa.decimal128(10, 2)),
        (ROW(("a", INT), ("b", STRING)), (1, "x"), pa.struct([("a", pa.int32()), ("b", pa.string())])),
        (MAP(STRING, DATE), {"d": date(2024, 1, 2)}, pa.map_(pa.string(), pa.date32())),
        (ARRAY(STRING), [None], pa.list_(pa.string())),
    ]
    for type, value, wanted in cases:
        given = argument_of(column_from_python(type, [value, None]))
        assert not isinstance(given, np.ndarray)
        assert (given.type, given.null_count) == (wanted, 1 + (value is None))
