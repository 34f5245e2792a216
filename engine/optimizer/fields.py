"""Fields of ROW columns that nobody looks at are not read from sources (nested projection). A column keeps its type:
what was not read of it is NULL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.expressions.nodes import Call, Expression, InputRef, Literal
from engine.plan.nodes import AssignWatermark, Filter, Project, Relation, Scan
from engine.plan.tree import walk, with_inputs
from engine.types import Kind

Looks = dict[int, set[int] | None]
"""Of columns that are looked at: which fields of a ROW, or None for all of it."""


def push_fields(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Tell scans which fields of their ROW columns are looked at."""
    every = list(walk(sinks))
    looks: dict[int, Looks] = {id(r): {} for r in every}
    for relation in reversed(every):
        for below in relation.inputs:
            for column, fields in _looks_below(relation, below, looks[id(relation)]).items():
                _add(looks[id(below)], column, fields)
    done: dict[int, Relation] = {}
    for relation in every:
        rebuilt = with_inputs(relation, tuple(done[id(r)] for r in relation.inputs))
        done[id(relation)] = _told(rebuilt, looks[id(relation)]) if isinstance(rebuilt, Scan) else rebuilt
    return tuple(done[id(sink)] for sink in sinks)


def _looks_below(relation: Relation, below: Relation, above: Looks) -> Looks:
    """What a relation looks at of an input, given what is looked at of itself."""
    match relation:
        case Project():
            return _through(relation, above)
        case Filter():
            return _both(above, _of_expressions([relation.condition]))
        case AssignWatermark():
            return _both(above, _of_expressions([relation.expression]))
        case _:
            return dict.fromkeys(range(len(below.schema)))


def _through(relation: Project, above: Looks) -> Looks:
    """Columns that are only passed on are looked at as they are above."""
    found = _of_expressions([e for e in relation.expressions if not isinstance(e, InputRef)])
    for i, e in enumerate(relation.expressions):
        if isinstance(e, InputRef) and i in above:
            _add(found, e.index, above[i])
    return found


def _of_expressions(expressions: Iterable[Expression]) -> Looks:
    found: Looks = {}
    waiting = list(expressions)
    while waiting:
        one = waiting.pop()
        if isinstance(one, InputRef):
            _add(found, one.index, None)
        elif (field := _field(one)) is not None:
            _add(found, field[0], {field[1]})
        else:
            waiting += one.children
    return found


def _field(expression: Expression) -> tuple[int, int] | None:
    """Column and position of a ROW's field."""
    if not isinstance(expression, Call) or expression.function != "FIELD":
        return None
    row, position = expression.args
    if isinstance(row, InputRef) and isinstance(position, Literal) and isinstance(position.value, int):
        return row.index, position.value
    return None


def _both(first: Looks, second: Looks) -> Looks:
    merged = {column: None if fields is None else set(fields) for column, fields in first.items()}
    for column, fields in second.items():
        _add(merged, column, fields)
    return merged


def _add(looks: Looks, column: int, fields: set[int] | None) -> None:
    known = looks.get(column, set())
    looks[column] = None if known is None or fields is None else known | fields


def _told(scan: Scan, looks: Mapping[int, set[int] | None]) -> Scan:
    if "fields" not in scan.table.abilities:
        return scan
    parts = []
    for i, column in enumerate(scan.columns):
        type, fields = scan.schema[i].type, looks.get(i)
        if type.kind is Kind.ROW and fields and len(fields) < len(type.fields):
            parts.append((column, tuple(sorted(fields))))
    return replace(scan, parts=tuple(parts)) if parts else scan
