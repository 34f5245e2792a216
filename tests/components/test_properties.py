"""Kinds of properties: what they take, and what they say of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from engine.sql.dialect import generate
from porsche.components import properties as p

LABEL = "x"


@pytest.mark.parametrize(("property", "value", "expected"), [
    (p.Text(label=LABEL), 3, "3"),
    (p.Text(label=LABEL), True, "TRUE"),
    (p.Choice("a", "b", label=LABEL), "b", "b"),
    (p.Flag(label=LABEL), "True", True),
    (p.Number(label=LABEL, low=1, high=5), "2.5", 2.5),
    (p.Number(label=LABEL, low=1, high=5, whole=True), 2.0, 2),
    (p.Columns(label=LABEL), "a", ("a",)),
    (p.Columns(label=LABEL, default=()), [], ()),
    (p.ColumnLists(label=LABEL), {"c": ["a", "b"]}, (("c", ("a", "b")),)),
    (p.NumberLists(label=LABEL), {"a": [1, 2.5]}, (("a", (1.0, 2.5)),)),
    (p.Options(label=LABEL), {"a": 1, "b": True}, {"a": "1", "b": "true"}),
])
def test_values(property: p.Property, value: Any, expected: Any) -> None:
    assert property.parse(value) == expected


@pytest.mark.parametrize(
    ("value", "sql"),
    [
        ("10 minutes", "INTERVAL '10' MINUTE"),
        ("1 hour", "INTERVAL '1' HOUR"),
        (" 2 Days ", "INTERVAL '2' DAY"),
        ("30seconds", "INTERVAL '30' SECOND"),
    ],
)
def test_durations(value: str, sql: str) -> None:
    assert generate(p.Duration(label=LABEL).parse(value)) == sql


def test_expressions_and_types_are_trees() -> None:
    ((name, tree),) = p.Expressions(label=LABEL).parse({"n": "a + 1"})
    assert (name, generate(tree, quote=False)) == ("n", "a + 1")
    ((name, kind),) = p.Fields(label=LABEL).parse({"n": "ARRAY<INT NOT NULL>"})
    assert generate(kind) == "ARRAY<INT NOT NULL>"
    assert list(p.Expression(label=LABEL).columns(p.Expression(label=LABEL).parse("a.b + COUNT(c)"))) == [
        ((), "a"),
        ((), "c"),
    ]


@pytest.mark.parametrize(("property", "value", "path"), [
    (p.Text(label=LABEL), ["x"], ()),
    (p.Choice("a", label=LABEL), "c", ()),
    (p.Flag(label=LABEL), 1, ()),
    (p.Number(label=LABEL, low=1, high=5), "many", ()),
    (p.Number(label=LABEL, low=1, high=5), float("nan"), ()),
    (p.Number(label=LABEL, low=1, high=5), True, ()),
    (p.Number(label=LABEL, low=1, high=5), 6, ()),
    (p.Number(label=LABEL, low=1, high=5, whole=True), 1.5, ()),
    (p.Duration(label=LABEL), 10, ()),
    (p.Duration(label=LABEL), "ten minutes", ()),
    (p.Column(label=LABEL), "", ()),
    (p.Columns(label=LABEL), ["a", "a"], ()),
    (p.Columns(label=LABEL), {"a": 1}, ()),
    (p.Columns(label=LABEL), [1], ()),
    (p.Expression(label=LABEL), "a +", ()),
    (p.Expressions(label=LABEL), "a", ()),
    (p.Expressions(label=LABEL), {}, ()),
    (p.Expressions(label=LABEL), {"x": "1", "y": "("}, ("y",)),
    (p.Fields(label=LABEL), {"x": "INT", "y": "DECIMAL("}, ("y",)),
    (p.Fields(label=LABEL), {}, ()),
    (p.Options(label=LABEL), {"x": []}, ("x",)),
    (p.Options(label=LABEL), "x", ()),
    (p.ColumnLists(label=LABEL), {"x": "ab"}, ("x",)),
    (p.NumberLists(label=LABEL), {"x": []}, ("x",)),
    (p.NumberLists(label=LABEL, length=2), {"x": [1]}, ("x",)),
    (p.Query(label=LABEL), "SELECT", ()),
    (p.Query(label=LABEL), "SHOW TABLES", ()),
])
def test_what_is_refused(property: p.Property, value: Any, path: tuple[str | int, ...]) -> None:
    with pytest.raises(p.InvalidValue) as error:
        property.parse(value)
    assert error.value.path == path
    assert error.value.message
