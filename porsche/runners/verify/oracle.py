"""What DuckDB can say of a pipeline: its statements as DuckDB's, as far as both mean the same by them.

Better no oracle than a wrong one: what is not on the lists below is refused with the reason, and so is what means
something else in DuckDB (division of whole numbers, casts that round, the order of ties).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from engine.sql.dialect import Descriptor, TableArgument

CALLS = frozenset({"COUNT", "SUM", "MIN", "MAX", "LN", "EXP", "SQRT", "POWER", "ABS", "COALESCE", "UPPER", "LOWER",
                   "CHAR_LENGTH", "GREATEST", "LEAST"})
"""Functions that mean the same in both."""
NODES = (
    exp.Select, exp.From, exp.Table, exp.TableAlias, exp.Column, exp.Identifier, exp.Alias, exp.Star, exp.Literal,
    exp.Boolean, exp.Null, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Add,
    exp.Sub, exp.Mul, exp.Neg, exp.Paren, exp.Case, exp.If, exp.In, exp.Between, exp.Is, exp.Like, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Interval, exp.Var, exp.Where, exp.Group, exp.Having, exp.Join, exp.Window, exp.WindowSpec,
    exp.Order, exp.Ordered, exp.Union, exp.Subquery, exp.Distinct, exp.Filter, exp.DPipe,
)
"""Syntax that means the same in both, apart from what `_Checker` looks at more closely."""


@dataclass(frozen=True)
class Refused(Exception):
    """DuckDB cannot say it; `reason` for people."""

    reason: str


def translate(query: exp.Expr, *, ended: bool) -> exp.Expr:
    """A query of Flink's dialect as DuckDB's. `ended`: the stream saw the end of its input; before it, what waits for
    time to pass (windows, outer joins) is not out yet, and DuckDB knows no such waiting. Raises Refused."""
    tree = query.copy()
    _Checker(ended).check(tree)
    for call in list(tree.find_all(exp.TableFromRows)):
        call.replace(_tumbled(call))
    return tree


def tables_of(query: exp.Expr) -> set[str]:
    """The tables and views a query reads."""
    return {table.name for table in query.find_all(exp.Table)}


class _Checker:
    def __init__(self, ended: bool) -> None:
        self._ended = ended

    def check(self, tree: exp.Expr) -> None:
        for node in _outside_windows(tree):
            if isinstance(node, exp.TableFromRows):
                self._waits("a window")
                _tumbled(node)
            elif isinstance(node, exp.Anonymous):
                if str(node.this).upper() not in CALLS:
                    raise Refused(f"DuckDB has no {str(node.this).upper()} of the same meaning")
            elif isinstance(node, exp.Cast):
                _check_cast(node)
            elif isinstance(node, exp.DataType):
                continue
            elif isinstance(node, exp.Div):
                _check_division(node)
            elif not isinstance(node, NODES):
                raise Refused(f"{type(node).__name__} is not compared with DuckDB")
            else:
                self._closer(node)

    def _closer(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Table) and node.args.get("version"):
            raise Refused("DuckDB has no join with a table as it was at a time")
        if isinstance(node, exp.Join) and node.side:
            self._waits("an outer join")
        if isinstance(node, exp.WindowSpec):
            self._waits("a frame of time")
            if node.args.get("kind") != "RANGE":
                raise Refused("the order of rows at the same time is the engine's own")

    def _waits(self, what: str) -> None:
        if not self._ended:
            raise Refused(f"{what} was still open when the stream stopped")


def _outside_windows(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The nodes of a tree, without the insides of window functions over tables."""
    return tree.walk(prune=lambda node: isinstance(node, exp.TableFromRows))


def _check_cast(node: exp.Cast) -> None:
    if node.to.this is exp.DataType.Type.DOUBLE or isinstance(node.this, exp.Literal | exp.Null):
        return
    raise Refused(f"a cast to {node.to.sql()} may round in DuckDB")


def _check_division(node: exp.Div) -> None:
    sides = (node.this, node.expression)
    if not any(_is_double(side) for side in sides):
        raise Refused("a division may be one of whole numbers, which DuckDB does not cut")


def _is_double(node: exp.Expr) -> bool:
    if isinstance(node, exp.Literal):
        return not node.is_string and "e" in node.name.lower()
    return isinstance(node, exp.Cast) and node.to.this is exp.DataType.Type.DOUBLE


def _tumbled(node: exp.TableFromRows) -> exp.Subquery:
    """TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), size)) as a subquery with the columns of the window."""
    call = node.this
    match [str(call.this).upper(), *call.expressions]:
        case ["TUMBLE", TableArgument(this=exp.Table() as table), Descriptor(expressions=[time]),
              exp.Interval() as size]:
            moment = exp.Column(this=time.copy())
        case [name, *_]:
            raise Refused(f"{name} is not compared with DuckDB")
    epoch = exp.cast(exp.Literal.string("1970-01-01"), "TIMESTAMP")
    start = exp.Anonymous(this="time_bucket", expressions=[size.copy(), moment, epoch])
    end = exp.Add(this=start.copy(), expression=size.copy())
    last = exp.Interval(this=exp.Literal.string("1"), unit=exp.Var(this="MILLISECOND"))
    columns = {"window_start": start, "window_end": end, "window_time": exp.Sub(this=end.copy(), expression=last)}
    known = exp.Not(this=exp.Is(this=moment.copy(), expression=exp.Null()))
    query = exp.select(exp.Star(), *(exp.alias_(tree, name) for name, tree in columns.items())).from_(
        table.copy()).where(known)
    return query.subquery("windowed")


def plan(views: Mapping[str, exp.Expr], query: exp.Expr, *, ended: bool) -> tuple[dict[str, exp.Expr], set[str]]:
    """How DuckDB answers a query over views: the views it computes itself, translated and in order, and the tables it
    has to be given (sources, and views that only the engine can say). Raises Refused where the query itself is."""
    made: dict[str, exp.Expr] = {}
    given: set[str] = set()

    def reach(name: str) -> None:
        if name in made or name in given:
            return
        try:
            tree = translate(views[name], ended=ended)
        except (KeyError, Refused):
            given.add(name)
            return
        for read in sorted(tables_of(views[name])):
            reach(read)
        made[name] = tree

    translate(query, ended=ended)
    for read in sorted(tables_of(query)):
        reach(read)
    return made, given
