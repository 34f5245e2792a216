"""Group aggregation, with and without retraction."""

from __future__ import annotations

from collections.abc import Sequence

from engine.aggregates.base import AggregateSpec
from engine.aggregates.calls import BoundCall
from engine.operators.base import Settings
from engine.operators.group import GroupAggregate
from engine.types import BIGINT, BOOLEAN, DECIMAL, DOUBLE, FLOAT, INT, STRING, TINYINT, DataType, Schema
from tests.engine.operators.harness import TICK, Make, every_cut, feed, fold

ROWS = Schema.of(k=STRING, v=INT, x=DOUBLE, d=DECIMAL(10, 2), ok=BOOLEAN, w=DECIMAL(30, 3))


def call(function: str, arg: int | None, result: DataType, *, schema: Schema = ROWS, filter: int | None = None,
         distinct: bool = False, retract: bool = False) -> BoundCall:
    args = () if arg is None else (arg,)
    spec = AggregateSpec(function, tuple(schema[a].type for a in args), result, distinct=distinct, retract=retract)
    return BoundCall(spec, args, filter)


def group(output: dict[str, BoundCall], *, keys: Sequence[int] = (0,), schema: Schema = ROWS, retract: bool = False,
          update_before: bool = True) -> Make:
    types = {schema[k].name: schema[k].type for k in keys} | {n: c.spec.result for n, c in output.items()}

    def make(settings: Settings) -> GroupAggregate:
        return GroupAggregate("group", Schema.of(**types), settings, keys=keys, calls=list(output.values()),
                              input_types=schema.types, retract=retract, update_before=update_before)

    return make


SUM = {"total": call("SUM", 1, INT), "n": call("COUNT", None, BIGINT.as_nullable(False))}


def test_every_change_is_emitted() -> None:
    rows = ["+ k=a v=1", "+ k=b v=5", "+ k=a v=2", "+ k=a", "+ v=7"]
    assert every_cut(group(SUM), ROWS, rows, append=True) == [
        "+I k=a total=1 n=1", "+I k=b total=5 n=1",
        "-U k=a total=1 n=1", "+U k=a total=3 n=2",
        "-U k=a total=3 n=2", "+U k=a total=3 n=3",
        "+I k=NULL total=7 n=1",
    ]  # fmt: skip


def test_mini_batch_consolidates() -> None:
    rows = ["+ k=a v=1", "+ k=b v=5", "+ k=a v=2"]
    assert feed(group(SUM), ROWS, rows, append=True, every_change=False) == ["+I k=a total=3 n=2", "+I k=b total=5 n=1"]
    every_cut(group(SUM), ROWS, rows, append=True, every_change=False, folded=True)


def test_unchanged_results_are_not_emitted() -> None:
    rows = ["+ k=a v=3", "+ k=a v=5", "+ k=a v=1"]
    low = {"low": call("MIN", 1, INT)}
    assert every_cut(group(low, update_before=False), ROWS, rows, append=True) == ["+I k=a low=3", "+U k=a low=1"]


def test_global_group() -> None:
    rows = ["+ k=a v=1", "+ k=b v=5"]
    assert every_cut(group(SUM, keys=()), ROWS, rows, append=True) == [
        "+I total=1 n=1", "-U total=1 n=1", "+U total=6 n=2"]


def test_retraction_deletes_empty_groups() -> None:
    rows = ["+ k=a v=1", "+ k=a v=2", "- k=a v=1", "- k=zz v=9", "- k=a v=2", "- k=a v=2", "+ k=a v=4"]
    assert every_cut(group(SUM, retract=True), ROWS, rows) == [
        "+I k=a total=1 n=1", "-U k=a total=1 n=1", "+U k=a total=3 n=2", "-U k=a total=3 n=2", "+U k=a total=2 n=1",
        "-D k=a total=2 n=1", "+I k=a total=4 n=1"]


def test_retracted_group_leaves_no_rounding() -> None:
    rows = ["+ k=a x=0.1", "+ k=a x=0.2", "- k=a x=0.1", "- k=a x=0.2", "+ k=a x=0.3"]
    output = every_cut(group({"x": call("SUM", 2, DOUBLE)}, retract=True), ROWS, rows)
    assert output[-1] == "+I k=a x=0.3"
    assert feed(group({"x": call("SUM", 2, DOUBLE)}, retract=True), ROWS, rows, every_change=False) == ["+I k=a x=0.3"]


def test_filters_and_decimals() -> None:
    calls = {
        "n": call("COUNT", None, BIGINT.as_nullable(False), filter=4),
        "d": call("SUM", 3, DECIMAL(38, 2)), "a": call("AVG", 3, DECIMAL(38, 6)), "w": call("SUM", 5, DECIMAL(38, 3)),
        "most": call("MAX", 5, DECIMAL(30, 3), filter=4), "mean": call("AVG", 1, INT),
    }  # fmt: skip
    rows = ["+ k=a v=-7 d=1.00 ok=true w=123456789012345678901234567.125", "+ k=a v=0 d=0.01 ok=NULL w=1",
            "+ k=a v=0 d=-2.02 ok=false w=-200000000000000000000000000"]
    assert every_cut(group(calls), ROWS, rows, append=True)[-1] == (
        "+U k=a n=1 d=-1.01 a=-0.336667 w=-76543210987654321098765431.875 most=123456789012345678901234567.125 mean=-2")


def test_results_keep_narrow_types_and_wrap() -> None:
    schema = Schema.of(k=INT, t=TINYINT, f=FLOAT)
    calls = {"t": call("SUM", 1, TINYINT, schema=schema), "f": call("SUM", 2, FLOAT, schema=schema),
             "m": call("AVG", 2, FLOAT, schema=schema)}
    rows = ["+ k=1 t=100 f=0.1", "+ k=1 t=100 f=0.2"]
    assert every_cut(group(calls, schema=schema), schema, rows, append=True)[-1] == "+U k=1 t=-56 f=0.3 m=0.15"


def test_variance() -> None:
    calls = {f.lower(): call(f, 2, DOUBLE) for f in ("VAR_POP", "VAR_SAMP", "STDDEV_POP", "STDDEV_SAMP")}
    rows = [f"+ k=a x={x}" for x in (2, 4, 4, 4, 5, 5, 7, 9)]
    output = every_cut(group(calls), ROWS, rows, append=True)
    assert output[0] == "+I k=a var_pop=0 var_samp=NULL stddev_pop=0 stddev_samp=NULL"
    assert output[-1] == "+U k=a var_pop=4 var_samp=4.57143 stddev_pop=2 stddev_samp=2.13809"
    back = [*rows, "- k=a x=9", "- k=a x=2"]
    assert fold(every_cut(group(calls, retract=True), ROWS, back))[0].startswith("k=a var_pop=1.13889 var_samp=1.36667")


def test_ttl_forgets_groups() -> None:
    rows = ["+ k=a v=1", TICK(5), "+ k=a v=1", TICK(14), "+ k=a v=1", TICK(30), "+ k=a v=1"]
    output = feed(group(SUM, update_before=False), ROWS, rows, append=True, ttl=10_000_000)
    assert output == ["+I k=a total=1 n=1", "+U k=a total=2 n=2", "+U k=a total=3 n=3", "+I k=a total=1 n=1"]
