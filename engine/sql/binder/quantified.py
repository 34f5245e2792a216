"""Comparisons with ANY or ALL of a query's rows, written as comparisons with the least and the greatest of them."""

from __future__ import annotations

from sqlglot import exp

# What is compared with: of `x > ANY (query)` the least row, of `x > ALL (query)` the greatest, of the others both.
_LEAST, _GREATEST, _ROWS, _PRESENT = range(4)
_ANY: dict[type[exp.Expr], tuple[int, ...]] = {
    exp.GT: (_LEAST,), exp.GTE: (_LEAST,), exp.LT: (_GREATEST,), exp.LTE: (_GREATEST,), exp.NEQ: (_LEAST, _GREATEST)}
_ALL: dict[type[exp.Expr], tuple[int, ...]] = {
    exp.GT: (_GREATEST,), exp.GTE: (_GREATEST,), exp.LT: (_LEAST,), exp.LTE: (_LEAST,), exp.EQ: (_LEAST, _GREATEST)}
_VALUE = "$value"


def over_extremes(node: exp.Expr, query: exp.Subquery, every: bool) -> exp.Expr:
    """`node` (a comparison with ANY, or ALL if `every`, of `query`) in other words: one row tells the least and the
    greatest value and how many there are, with and without NULLs.

    No row: FALSE for ANY, TRUE for ALL. A comparison that decides, does. Else, a NULL on either side makes it unknown.
    """
    row = _summary(query)
    left = node.this
    compared = [type(node)(this=left.copy(), expression=_part(row, e)) for e in (_ALL if every else _ANY)[type(node)]]
    decided = _joined(compared, every)
    if every:
        decided = exp.Not(this=decided)
    unknown = exp.Or(this=exp.Is(this=left.copy(), expression=exp.Null()),
                     expression=exp.LT(this=_part(row, _PRESENT), expression=_part(row, _ROWS)))
    count = exp.Anonymous(this="COALESCE", expressions=[_part(row, _ROWS), exp.Literal.number(0)])
    none = exp.EQ(this=count, expression=exp.Literal.number(0))
    branches = [exp.If(this=none, true=_truth(every)), exp.If(this=decided, true=_truth(not every)),
                exp.If(this=unknown, true=exp.Cast(this=exp.Null(), to=exp.DataType(this=exp.DType.BOOLEAN)))]
    return exp.Case(ifs=branches, default=_truth(every))


def _summary(query: exp.Subquery) -> exp.Subquery:
    """(SELECT ROW(MIN(v), MAX(v), COUNT(*), COUNT(v)) FROM (query) AS q (v))."""
    from engine.sql.dialect import RowValue

    value = exp.Column(this=exp.to_identifier(_VALUE))
    calls = [exp.Anonymous(this=name, expressions=[argument]) for name, argument in (
        ("MIN", value), ("MAX", value.copy()), ("COUNT", exp.Star()), ("COUNT", value.copy()))]
    alias = exp.TableAlias(this=exp.to_identifier("$rows"), columns=[exp.to_identifier(_VALUE)])
    source = exp.Subquery(this=query.this.copy(), alias=alias)
    return exp.Subquery(this=exp.Select(expressions=[RowValue(expressions=calls)], from_=exp.From(this=source)))


def _part(row: exp.Subquery, position: int) -> exp.Expr:
    return exp.Bracket(this=row.copy(), expressions=[exp.Literal.number(position + 1)])


def _joined(terms: list[exp.Expr], every: bool) -> exp.Expr:
    result = terms[0]
    for term in terms[1:]:
        result = exp.And(this=result, expression=term) if every else exp.Or(this=result, expression=term)
    return result


def _truth(value: bool) -> exp.Expr:
    return exp.Boolean(this=value)
