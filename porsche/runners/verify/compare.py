"""Two tables as collections of rows, compared in DuckDB: which rows has only one side?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import duckdb
import pyarrow as pa
from sqlglot import exp

from porsche.runners.verify.collect import KIND

SHOWN = 100
"""Differences that a report shows."""
TOLERANCE = 1e-9
"""Relative: sums of DOUBLE depend on their order, which is another engine's own."""
AT, RANK, TIMES, NUMBER = "__at", "__rank", "__times", "__number"


@dataclass(frozen=True)
class Difference:
    """A row that one side alone has, or one whose numbers differ between the sides."""

    left: dict[str, Any] | None
    right: dict[str, Any] | None


def fold(changes: pa.Table, key: Sequence[str]) -> pa.Table:
    """The rows that remain after all changes: by key the last one; without a key each as often as it was added and not
    taken back."""
    names = [name for name in changes.column_names if name != KIND]
    if not changes.num_rows or (not key and not max(changes[KIND].unique().to_pylist())):
        return changes.select(names)
    numbered = changes.append_column(AT, pa.array(range(changes.num_rows), pa.int64()))
    return _ask(_last(names, key) if key else _remaining(names), changes=numbered)


def differences(left: pa.Table, right: pa.Table, tolerance: float = 0.0) -> tuple[int, list[Difference]]:
    """How many rows differ, and the first of them. Columns go by their order; those of `left` give the names. DOUBLE
    and FLOAT may differ by `tolerance`, relatively."""
    names = left.column_names
    right = right.rename_columns(names)
    floats = [name for name in names if pa.types.is_floating(left.schema.field(name).type)]
    others = [name for name in names if name not in floats]
    joined = _joined(others, floats, tolerance)
    found = _ask(joined.limit(SHOWN), left=left, right=right)
    shown = [_difference(row, names) for row in found.to_pylist()]
    if len(shown) < SHOWN:
        return len(shown), shown
    count = _ask(exp.select(exp.Count(this=exp.Star())).from_(joined.subquery("d")), left=left, right=right)
    return count[0][0].as_py(), shown


def _last(names: Sequence[str], key: Sequence[str]) -> exp.Select:
    newest_first = exp.Order(expressions=[exp.Ordered(this=column(AT), desc=True)])
    rank = exp.Window(this=exp.RowNumber(), partition_by=[column(k) for k in key], order=newest_first)
    ranked = _select([*names, KIND]).select(exp.alias_(rank, RANK)).from_("changes").where(
        exp.NEQ(this=column(KIND), expression=number(1)))
    return _select(names).from_(ranked.subquery("ranked")).where(
        exp.EQ(this=column(RANK), expression=number(1)), exp.NEQ(this=column(KIND), expression=number(3)))


def _remaining(names: Sequence[str]) -> exp.Select:
    added = exp.In(this=column(KIND), expressions=[number(0), number(2)])
    sign = exp.Case(ifs=[exp.If(this=added, true=number(1))], default=exp.Neg(this=number(1)))
    counted = _select(names).select(exp.alias_(exp.Sum(this=sign), TIMES)).from_("changes").group_by(
        *map(column, names))
    repeated = exp.Anonymous(this="unnest", expressions=[exp.Anonymous(this="range", expressions=[
        exp.cast(column(TIMES), "BIGINT")])])
    rows = _select(names).select(exp.alias_(repeated, AT)).from_(counted.subquery("counted"))
    return _select(names).from_(rows.subquery("rows"))


def _joined(others: Sequence[str], floats: Sequence[str], tolerance: float) -> exp.Select:
    same: list[exp.Expression] = [exp.NullSafeEQ(this=column(name, "l"), expression=column(name, "r"))
                                  for name in (*others, NUMBER)]
    sides = [exp.Is(this=column(NUMBER, side), expression=exp.Null()) for side in ("l", "r")]
    far = [exp.Not(this=exp.Paren(this=_close(name, tolerance))) for name in floats]
    return exp.select(*(exp.alias_(column(name, side), f"{side}_{name}")
                        for side in ("l", "r") for name in (*others, *floats, NUMBER))).from_(
        _numbered("left", others, floats).subquery("l")).join(
        _numbered("right", others, floats).subquery("r"), on=exp.and_(*same), join_type="full").where(
        exp.or_(*sides, *far)).order_by(*(exp.Ordered(this=exp.Coalesce(
            this=column(name, "l"), expressions=[column(name, "r")])) for name in (others or floats)[:3]))


def _numbered(table: str, others: Sequence[str], floats: Sequence[str]) -> exp.Select:
    """Rows with a number among those that agree in all but their DOUBLE columns, in the order of these."""
    order = exp.Order(expressions=[exp.Ordered(this=column(name)) for name in floats or others[:1]])
    place = exp.Window(this=exp.RowNumber(), partition_by=[column(name) for name in others], order=order)
    return _select([*others, *floats]).select(exp.alias_(place, NUMBER)).from_(
        exp.Table(this=exp.to_identifier(table, quoted=True)))


def _close(name: str, tolerance: float) -> exp.Expression:
    left, right = column(name, "l"), column(name, "r")
    apart = exp.Abs(this=exp.Sub(this=left, expression=right))
    size = exp.Greatest(this=exp.Abs(this=left), expressions=[exp.Abs(this=right)])
    near = exp.LTE(this=apart, expression=exp.Mul(this=exp.Literal.number(repr(tolerance)), expression=size))
    same = exp.NullSafeEQ(this=left, expression=right)
    if not tolerance:
        return same
    return cast(exp.Expression, exp.or_(same, exp.Coalesce(this=near, expressions=[exp.false()])))


def _difference(row: dict[str, Any], names: Iterable[str]) -> Difference:
    left, right = ({name: row[f"{side}_{name}"] for name in names} if row[f"{side}_{NUMBER}"] is not None else None
                   for side in ("l", "r"))
    return Difference(left, right)


def column(name: str, table: str = "") -> exp.Column:
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=exp.to_identifier(table) if table else None)


def number(value: int) -> exp.Literal:
    return exp.Literal(this=str(value), is_string=False)


def _select(names: Iterable[str]) -> exp.Select:
    return exp.select(*map(column, names))


def _ask(query: exp.Query, **tables: pa.Table) -> pa.Table:
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(query.sql("duckdb")).to_arrow_table()
