"""OBJECT_OF, OBJECT_UPDATE: values, types and refusals as Flink 2.3 gave them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import UserError
from engine.types import INT, STRING
from tests.engine.expressions.support import Columns, evaluate, value

OBJECT = "OBJECT_OF('my.Cls', 'a', 1, 'b', 'x')"
COLUMNS: Columns = {"i": (INT, [1, None]), "s": (STRING, ["p", "q"])}


@pytest.mark.parametrize(("sql", "expected"), [
    (f"CAST({OBJECT} AS STRING)", "(a=1, b=x)"),
    (f"TYPEOF({OBJECT})", "STRUCTURED<'my.Cls', `a` INT NOT NULL, `b` CHAR(1) NOT NULL>"),
    (f"{OBJECT}.a", 1),
    (f"CAST(OBJECT_UPDATE({OBJECT}, 'a', 5) AS STRING)", "(a=5, b=x)"),
    (f"CAST(OBJECT_UPDATE({OBJECT}, 'b', 'q', 'a', 5) AS STRING)", "(a=5, b=q)"),
    (f"TYPEOF(OBJECT_UPDATE({OBJECT}, 'a', 'z'))", "STRUCTURED<'my.Cls', `a` CHAR(1) NOT NULL, `b` CHAR(1) NOT NULL>"),
    ("OBJECT_UPDATE(CAST(NULL AS STRUCTURED<'my.Cls', a INT>), 'a', 5)", None),
    (f"{OBJECT} = {OBJECT}", True),
    ("CAST(OBJECT_OF('my.Cls', 'a', CAST(NULL AS INT)) AS STRING)", "(a=NULL)"),
])
def test_values(sql: str, expected: Any) -> None:
    assert value(sql) == expected


def test_columns() -> None:
    assert evaluate("OBJECT_UPDATE(OBJECT_OF('my.Cls', 'a', i, 'b', s), 'b', UPPER(s))", COLUMNS) == [(1, "P"),
                                                                                                   (None, "Q")]


@pytest.mark.parametrize("sql", [
    "OBJECT_OF('my.Cls', 'a')", "OBJECT_OF('my.Cls', 'a', 1, 'a', 2)", "OBJECT_OF('', 'a', 1)", "OBJECT_OF(1, 'a', 1)",
    "OBJECT_OF('my.Cls', 1, 1)", "OBJECT_OF(CAST(NULL AS STRING), 'a', 1)", f"OBJECT_UPDATE({OBJECT}, 'c', 5)",
    f"OBJECT_UPDATE({OBJECT}, 'a')", f"OBJECT_UPDATE({OBJECT}, 'a', 5, 'a', 6)", "OBJECT_UPDATE(ROW(1), 'a', 5)",
    f"{OBJECT} = OBJECT_OF('my.Other', 'a', 1, 'b', 'x')", "OBJECT_OF('my.Cls', 'a', 1) = ROW(1)",
])
def test_refused(sql: str) -> None:
    with pytest.raises(UserError) as caught:
        value(sql)
    assert caught.value.code == "bad_arguments"
