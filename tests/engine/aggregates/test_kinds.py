"""Aggregates that keep values: strings, lists, distinct ones, under retraction too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.aggregates import AGGREGATES
from engine.aggregates.base import AggregateArguments, AggregateSpec
from engine.aggregates.calls import BoundCall, open_accumulator
from engine.aggregates.inference import MODEL_ROW, SAMPLE_FEATURES
from engine.errors import NotSupported, RuntimeFault, UserError
from engine.operators.base import Operator, Settings
from engine.operators.over import OverAggregate
from engine.types import ARRAY, BIGINT, BOOLEAN, DECIMAL, DOUBLE, INT, MULTISET, STRING, TIMESTAMP, DataType, Schema
from tests.engine.operators.harness import END, Item, every_cut, feed, fold
from tests.engine.operators.test_group import ROWS, call, group

NOT_NULL = BIGINT.as_nullable(False)


def options(bound: BoundCall, *values: object) -> BoundCall:
    return replace(bound, spec=replace(bound.spec, options=values))


def final(calls: dict[str, BoundCall], rows: list[str], *, retract: bool = False) -> str:
    """What is left of the changelog of group a."""
    output = every_cut(group(calls, retract=retract), ROWS, rows, append=not retract)
    kept = fold(feed(group(calls, retract=retract), ROWS, rows, append=not retract, every_change=False))
    assert kept == fold(output)
    return kept[0]


STRINGS = ["+ k=a", "+ k=b-long-enough-to-be-kept", "+ k=aa", "+ k=b-long-enough-to-be-kept", "+ k=NULL"]


@pytest.mark.parametrize("retract", [False, True])
def test_strings(retract: bool) -> None:
    names = ("MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "LISTAGG")
    calls = {n.lower(): call(n, 0, STRING, retract=retract) for n in names}
    output = every_cut(group(calls, keys=(), retract=retract), ROWS, STRINGS, append=not retract)
    long = "b-long-enough-to-be-kept"
    assert output[-1] == f"+U min=a max={long} first_value=a last_value={long} listagg=a,{long},aa,{long}"
    if retract:
        rows = [*STRINGS, "- k=a", f"- k={long}"]
        assert every_cut(group(calls, keys=(), retract=True), ROWS, rows)[-1] == (
            f"+U min=aa max={long} first_value=aa last_value={long} listagg=aa,{long}")


def test_extremes_under_retraction() -> None:
    calls = {"low": call("MIN", 1, INT, retract=True), "high": call("MAX", 5, DECIMAL(30, 3), retract=True)}
    rows = ["+ k=a v=3 w=1.5", "+ k=a v=1 w=123456789012345678901234567.125", "+ k=a",
            "- k=a v=1 w=123456789012345678901234567.125"]
    output = every_cut(group(calls, retract=True), ROWS, rows)
    assert output[2] == "+U k=a low=1 high=123456789012345678901234567.125"
    assert output[-1] == "+U k=a low=3 high=1.500"


def test_distinct() -> None:
    rows = ["+ k=a v=1 x=0.5", "+ k=a v=1 x=0.5", "+ k=a v=2 x=1.5", "+ k=a x=0.5"]
    calls = {"n": call("COUNT", 1, NOT_NULL, distinct=True), "s": call("SUM", 2, DOUBLE, distinct=True),
             "f": call("COUNT", 1, NOT_NULL, distinct=True, filter=4)}
    assert every_cut(group(calls), ROWS, rows, append=True) == [
        "+I k=a n=1 s=0.5 f=0", "-U k=a n=1 s=0.5 f=0", "+U k=a n=2 s=2 f=0"]
    two = {n: replace(c, spec=replace(c.spec, retract=True)) for n, c in calls.items()}
    back = [*rows, "- k=a v=1 x=0.5", "- k=a v=2 x=1.5", "- k=a v=1 x=0.5"]
    assert final(two, back, retract=True) == "k=a n=0 s=0.5 f=0"


def test_lists() -> None:
    rows = ["+ k=a v=3", "+ k=a", "+ k=a v=1", "+ k=a v=3"]
    calls = {"all": call("ARRAY_AGG", 1, ARRAY(INT)), "some": options(call("ARRAY_AGG", 1, ARRAY(INT)), "IGNORE NULLS"),
             "bag": call("COLLECT", 1, MULTISET(INT).as_nullable(False)),
             "json": options(call("JSON_ARRAYAGG", 1, STRING.as_nullable(False)), "ABSENT"),
             "text": options(call("LISTAGG", 0, STRING), "<>")}
    assert final(calls, rows) == "k=a all=[3,None,1,3] some=[3,1,3] bag={1:1,3:2} json=[3,1,3] text=a<>a<>a<>a"
    two = {n: replace(c, spec=replace(c.spec, retract=True)) for n, c in calls.items()}
    assert final(two, [*rows, "- k=a v=3", "- k=a"],
                 retract=True) == "k=a all=[1,3] some=[1,3] bag={1:1,3:1} json=[1,3] text=a<>a"


def test_json_object() -> None:
    schema = Schema.of(k=STRING, v=DOUBLE)
    bound = call("JSON_OBJECTAGG", 0, STRING.as_nullable(False), schema=schema)
    bound = BoundCall(replace(bound.spec, arguments=(STRING, DOUBLE), options=("NULL",)), (0, 1))
    rows = ["+ k=b v=1.5", "+ k=a", '+ k="q" v=2']
    assert every_cut(group({"o": bound}, keys=(), schema=schema), schema, rows, append=True)[-1] == (
        '+U o={"\\"q\\"":2.0,"a":null,"b":1.5}')


@pytest.mark.parametrize(("rows", "code"), [
    (["+ k=a v=1", "+ k=a v=2"], "duplicate_key"), (["+ k=a v=1", "+ k=a"], "duplicate_key"),
    (["+ v=1"], "null_key"),
])  # fmt: skip
def test_a_json_object_has_each_key_once(rows: list[str], code: str) -> None:
    """Flink's documentation: "keys must be unique. If a key occurs multiple times, an error will be thrown"."""
    schema = Schema.of(k=STRING, v=DOUBLE)
    bound = call("JSON_OBJECTAGG", 0, STRING.as_nullable(False), schema=schema)
    every, some = (BoundCall(replace(bound.spec, arguments=(STRING, DOUBLE), options=(nulls,)), (0, 1))
                   for nulls in ("NULL", "ABSENT"))
    with pytest.raises(UserError) as caught:
        every_cut(group({"o": every}, keys=(), schema=schema), schema, rows, append=True)
    assert caught.value.code == code
    assert every_cut(group({"o": some}, keys=(), schema=schema), schema, ["+ k=a v=1", "+ k=a"], append=True)[-1] == (
        '+I o={"a":1.0}')


def over(calls: dict[str, BoundCall], preceding: int | None) -> Any:
    schema = Schema.of(k=STRING, v=INT, ts=TIMESTAMP(3).as_nullable(False))
    output = Schema.of(**{f.name: f.type for f in schema}, **{n: c.spec.result for n, c in calls.items()})

    def make(settings: Settings) -> Operator:
        return OverAggregate("over", output, settings, keys=(0,), time=2, calls=list(calls.values()),
                             input_types=schema.types, rows=True, preceding=preceding)

    return schema, make


def test_lag_and_row_number() -> None:
    lag = call("LAG", 1, INT)
    calls = {"before": lag, "two": options(lag, 2, 99), "n": call("ROW_NUMBER", None, NOT_NULL)}
    schema, make = over(calls, None)
    rows: list[Item] = [f"+ k={k} v={v} ts={t}" for t, (k, v) in enumerate((("a", 1), ("a", 2), ("b", 3), ("a", 4)))]
    output = every_cut(make, schema, [*rows, END], append=True)
    assert [line.split("ts=")[1].split(" ", 1)[1] for line in output] == [
        "before=NULL two=99 n=1", "before=1 two=99 n=2", "before=NULL two=99 n=1", "before=2 two=1 n=3"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.one_of(st.none(), st.integers(0, 9))), max_size=20), st.integers(0,
                                                                                                                     3),
       st.integers(1, 9))
def test_edges_of_bounded_frames(values: list[tuple[str, int | None]], preceding: int, size: int) -> None:
    calls = {"first": call("FIRST_VALUE", 1, INT), "last": call("LAST_VALUE", 1, INT)}
    schema, make = over(calls, preceding)
    rows: list[Item] = [f"+ k={k} v={'NULL' if v is None else v} ts={t}" for t, (k, v) in enumerate(values)]
    output = feed(make, schema, [*rows, END], size, append=True)
    for i, (k, _) in enumerate(values):
        frame = [v for key, v in values[:i + 1] if key == k][-preceding - 1:]
        there = [v for v in frame if v is not None] or ["NULL"]
        assert output[i].endswith(f"first={there[0]} last={there[-1]}")


@pytest.mark.parametrize(("name", "types", "result"), [
    ("COUNT", (INT,), NOT_NULL), ("SUM", (INT,), INT), ("SUM", (DECIMAL(10, 2),), DECIMAL(38, 2)),
    ("AVG", (DECIMAL(10, 2),), DECIMAL(38, 6)), ("AVG", (DECIMAL(38, 9),), DECIMAL(38, 9)), ("AVG", (INT,), INT),
    ("MAX", (STRING,), STRING), ("COLLECT", (INT,), MULTISET(INT).as_nullable(False)), ("AUC", (BOOLEAN, DOUBLE),
                                                                                        DOUBLE),
])  # fmt: skip
def test_result_types(name: str, types: tuple[DataType, ...], result: DataType) -> None:
    assert AGGREGATES[name].infer(AggregateArguments(name, types, {}), {}) == result


def test_a_single_value() -> None:
    calls = {"one": call("SINGLE_VALUE", 1, INT)}
    assert every_cut(group(calls, keys=(), retract=True), ROWS, ["+ v=1", "- v=1", "+ v=2"]) == [
        "+I one=1", "-D one=1", "+I one=2"]
    with pytest.raises(RuntimeFault, match="more than one row"):
        feed(group(calls, keys=()), ROWS, ["+ v=1", "+ v=2"], append=True)


def test_learners_take_no_retractions() -> None:
    spec = AggregateSpec("FTRL", (INT, SAMPLE_FEATURES), MODEL_ROW, retract=True)
    with pytest.raises(NotSupported, match="FTRL over a changing table"):
        open_accumulator(spec)
