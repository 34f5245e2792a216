"""What an expression or a query means, while it is being written: its type, or what is wrong at which characters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from engine.analyze import Analyzer
from engine.errors import Place, UserError
from engine.sql.dialect import parse_expression, parse_one, parse_type
from porsche.compiler.document import REFERENCE
from porsche.components.table import call, column, create_table, identifier, ordered, table_name

Columns = Sequence[Mapping[str, Any]]
CLOCK = "clock__"
"""A column of processing time that every table gets, to order rows by where they have no event time."""


def meaning(question: Mapping[str, Any]) -> dict[str, Any]:
    """`tables`: columns ({name, type, time}) by the name of the table, `text`, `mode` (of `MODES`), `keys` of groups,
    `parameters` for `${name}`. Answers `type` (of a query: null) and `columns` of a query, or `error`."""
    filled = _Filled(question["text"], question["parameters"])
    try:
        analyzer = Analyzer()
        for name, columns in question["tables"].items():
            _check(analyzer, _table(name, columns))
        first = next(iter(question["tables"]), "")
        query = MODES[question["mode"]](filled.text, first, question)
        _check(analyzer, query)
        found = analyzer.relation("query").columns
    except UserError as error:
        return {"type": None, "columns": [], "error": _fault(error, filled)}
    except RecursionError:
        deep = UserError("too_deep", "parts of it lie too deep in each other", hint="compute a part of it before")
        return {"type": None, "columns": [], "error": _fault(deep, filled)}
    if question["mode"] == "query":
        columns = [{"name": f.name, "type": str(f.type), "time": f.time.value if f.time else None} for f in found]
        return {"type": None, "columns": columns, "error": None}
    return {"type": "BOOLEAN" if question["mode"] == "condition" else str(found[0].type), "columns": [], "error": None}


def _check(analyzer: Analyzer, tree: exp.Expr) -> None:
    wrong = next((f for f in analyzer.add_statement(tree) if f.severity == "error"), None)
    if wrong is not None:
        raise UserError(wrong.code, wrong.message, hint=wrong.hint, place=wrong.place)


def _table(name: str, columns: Columns) -> exp.Expr:
    """A table of these columns; the first event time has a watermark, processing time is computed."""
    rowtime = next((c["name"] for c in columns if c["time"] == "ROWTIME"), None)
    clocks = [c["name"] for c in columns if c["time"] == "PROCTIME"]
    return create_table(
        name, [(c["name"], parse_type(c["type"])) for c in columns if c["name"] not in clocks],
        {"connector": "datagen"}, computed=[(clock, call("PROCTIME")) for clock in (*clocks, CLOCK)],
        watermark=(rowtime, column(rowtime)) if rowtime else None)


def _select(tree: exp.Expr, table: str) -> exp.Select:
    return exp.Select(expressions=[tree], from_=exp.From(this=table_name(table)) if table else None)


def _scalar(text: str, table: str, question: Mapping[str, Any]) -> exp.Expr:
    return _select(parse_expression(text), table)


def _condition(text: str, table: str, question: Mapping[str, Any]) -> exp.Expr:
    query = _select(exp.Literal.number(1), table)
    query.set("where", exp.Where(this=parse_expression(text)))
    return query


def _aggregate(text: str, table: str, question: Mapping[str, Any]) -> exp.Expr:
    query = _select(parse_expression(text), table)
    if question["keys"]:
        query.set("group", exp.Group(expressions=[column(key) for key in question["keys"]]))
    return query


def _over(text: str, table: str, question: Mapping[str, Any]) -> exp.Expr:
    times = [c["name"] for c in question["tables"].get(table, ()) if c["time"] == "ROWTIME"]
    order = exp.Order(expressions=[ordered(times[0] if times else CLOCK)])
    window = exp.Window(this=identifier("w"), partition_by=[column(key) for key in question["keys"]], order=order)
    over = exp.Window(this=parse_expression(text), alias=identifier("w"), over="OVER")
    query = _select(over, table)
    query.set("windows", [window])
    return query


def _query(text: str, table: str, question: Mapping[str, Any]) -> exp.Expr:
    tree = parse_one(text)
    if not isinstance(tree, exp.Query):
        raise UserError("bad_statement", "this is no SELECT", hint="other statements are made by other components")
    return tree


MODES: Mapping[str, Callable[[str, str, Mapping[str, Any]], exp.Expr]] = {
    "scalar": _scalar, "condition": _condition, "aggregate": _aggregate, "over": _over, "query": _query,
}


class _Filled:
    """A text with its parameters filled in, which knows where its characters came from."""

    def __init__(self, text: str, parameters: Mapping[str, str]) -> None:
        self._parts: list[tuple[int, int, int, int]] = []  # from-to in the filled text, from-to in the given one
        self.text = ""
        last = 0
        for match in REFERENCE.finditer(text):
            value = parameters.get(match[1])
            if value is not None:
                self._add(text[last:match.start()], last, match.start())
                self._add(value, match.start(), match.end())
                last = match.end()
        self._add(text[last:], last, len(text))

    def _add(self, piece: str, start: int, end: int) -> None:
        self._parts.append((len(self.text), len(self.text) + len(piece), start, end))
        self.text += piece

    def span(self, place: Place | None) -> dict[str, int] | None:
        """A place in the filled text as characters of the given one."""
        if place is None or place.end <= place.start:
            return None
        return {"start": self._given(place.start, 2), "end": self._given(place.end - 1, 3)}

    def _given(self, at: int, side: int) -> int:
        for start, end, begin, finish in self._parts:
            if start <= at < end:
                same = end - start == finish - begin
                return begin + at - start + (side - 2) if same else (begin, finish)[side - 2]
        return self._parts[-1][3]


def _fault(error: UserError, filled: _Filled) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "hint": error.hint, "span": filled.span(error.place)}
