"""How trees are run: shared parts, constants, folding, what is imported when."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from engine.changes import Batch, Column
from engine.expressions.binding import fold
from engine.expressions.evaluate import Predicate, Projection, Selection
from engine.expressions.functions.base import Context, Function
from engine.expressions.nodes import Call, Literal
from engine.expressions.values import column_from_python, column_to_python
from engine.types import ARRAY, BOOLEAN, DOUBLE, INT, MAP, STRING, DataType
from tests.engine.expressions.support import Columns, batch_of, bind, context, evaluate, type_of

COLUMNS: Columns = {"i": (INT, [1, None, 3]), "s": (STRING, ["a", "b", None])}


def test_random_parts_are_not_shared() -> None:
    projection = Projection(bind(["RAND() + 1", "RAND() + 1", "RAND()"], COLUMNS))
    columns = projection(batch_of(COLUMNS), context()).columns
    assert columns[0].values.tolist() != columns[1].values.tolist()


def test_equal_parts_are_evaluated_once() -> None:
    projection = Projection(bind(["i * 2", "i * 2 + 1", "i * 2"], COLUMNS))
    columns = projection(batch_of(COLUMNS), context()).columns
    assert columns[0] is columns[2]
    assert column_to_python(columns[1]) == [3, None, 7]


def test_what_a_condition_has_computed_is_taken_along() -> None:
    seen: list[list[object]] = []

    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        seen.append(column_to_python(args[0]))
        return column_from_python(INT, [None if v is None else v * 10 for v in seen[-1]])

    (ref,) = bind(["i"], COLUMNS)
    tenfold = Call(INT, function="TENFOLD", args=(ref,), implementation=Function(lambda a: INT, evaluate, strict=False))
    above = Call(BOOLEAN, function=">", args=(tenfold, Literal(INT, 10)))
    either = Call(BOOLEAN, function="OR", args=(above, Call(BOOLEAN, function="IS NULL", args=(ref,))))
    chosen = Selection(either, [tenfold, ref, Call(INT, function="+", args=(tenfold, ref))])
    columns = chosen(batch_of(COLUMNS), context()).columns
    assert [column_to_python(c) for c in columns] == [[None, 30], [None, 3], [None, 33]]
    assert seen == [[1, None, 3]], "computed once, for all rows"


def test_what_a_condition_has_computed_for_some_rows_is_computed_for_those_that_are_left() -> None:
    condition, lower = bind(["i IS NULL OR 6 / (i - 1) > 2", "6 / (i - 1)"], COLUMNS | {"i": (INT, [2, None, 3])})
    columns = Selection(condition, [lower])(batch_of(COLUMNS | {"i": (INT, [2, None, 3])}), context()).columns
    assert column_to_python(columns[0]) == [6, None, 3]


def test_folding() -> None:
    def folded(sql: str) -> object:
        expression = fold(bind([sql], COLUMNS)[0])
        return expression.value if isinstance(expression, Literal) else expression

    assert folded("1 + 2 * 3") == 7
    assert folded("UPPER('a') || 'b'") == "Ab"
    assert folded("CAST(NULL AS INT) + 1") is None
    assert isinstance(folded("1 / 0"), Call)
    assert isinstance(folded("CURRENT_DATE"), Call)
    assert isinstance(folded("RAND()"), Call)
    assert isinstance(folded("i + (1 + 1)"), Call)
    assert type_of("TYPEOF(i)", COLUMNS) == "STRING NOT NULL"
    assert folded("TYPEOF(i)") == "INT"


def test_a_predicate_keeps_what_is_true() -> None:
    mask = Predicate(bind(["i > 0"], COLUMNS)[0])(batch_of(COLUMNS), context())
    assert mask.tolist() == [True, False, True]


def test_kinds_travel_along() -> None:
    batch = batch_of(COLUMNS).with_kinds(np.array([0, 1, 2], np.uint8))
    result = Projection(bind(["1", "s"], COLUMNS))(batch, context())
    assert isinstance(result, Batch)
    assert result.kinds is batch.kinds
    assert column_to_python(result.columns[0]) == [1, 1, 1]


def test_python_values_there_and_back() -> None:
    for type, values in [
        (STRING, ["", "twelve bytes", "thirteen byte", "ü", None]), (DOUBLE, [0.5, None]),
        (ARRAY(ARRAY(STRING)), [[["a"], None], []]),
        (MAP(STRING, ARRAY(INT)), [{"a": [1, None]}, None, {}]),
    ]:
        assert column_to_python(column_from_python(type, values)) == values


def test_binding_loads_no_compiler() -> None:
    program = ("import sys, engine.expressions.functions as f, engine.expressions.binding; f.catalogue();"
               "print([m for m in ('numba', 'polars', 'pyarrow') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_long_chains() -> None:
    for sql, expected in [
        (" OR ".join(f"i = {n}" for n in range(2, 3000)), [False, None, True]),
        (" AND ".join(f"i <> {n}" for n in range(2, 3000)), [True, None, False]),
        (f"i IN ({', '.join(map(str, range(2, 3000)))})", [False, None, True]),
        (" || ".join(["s"] * 100), ["a" * 100, "b" * 100, None]),
    ]:
        assert evaluate(sql, COLUMNS) == expected
