"""Window table-valued functions: TUMBLE, HOP, CUMULATE and SESSION in FROM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.expressions.nodes import Literal
from engine.plan.nodes import Relation, WindowKind, WindowSpec, WindowTable
from engine.sql import dialect as ast
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.names import near_or_all
from engine.sql.places import place_of
from engine.sql.scope import Scope, Source
from engine.types import TIMESTAMP, Field, Kind, Schema, TimeKind

if TYPE_CHECKING:
    from engine.sql.binder.sources import FromBinder

WINDOWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # name -> required durations, optional one
    "TUMBLE": (("SIZE",), ("OFFSET",)), "HOP": (("SLIDE", "SIZE"), ("OFFSET",)),
    "CUMULATE": (("STEP", "SIZE"), ("OFFSET",)), "SESSION": (("GAP",), ()),
}


@dataclass(frozen=True)
class _Arguments:
    """The arguments of a window function by parameter."""

    table: exp.Expr
    time: exp.Expr
    durations: dict[str, exp.Expr]


def window_table(binder: FromBinder, node: exp.Anonymous) -> Relation:
    """TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), size...)): the input's columns, then window_start, _end and _time."""
    name = node.this.upper()
    arguments = _arguments(node, name)
    relation, source = _input(binder, arguments.table)
    time = _time_column(relation, arguments.time)
    scope = Scope([Source("", relation.schema.fields, 0)])
    durations = {key: _duration(ExpressionBinder(binder.session, scope, name), e, key)
                 for key, e in arguments.durations.items()}
    spec = _spec(name, relation, time, durations, _partition(binder, source, relation, node), node)
    marks = _marks(relation.schema[time])
    schema = Schema(relation.schema.fields + marks)
    return WindowTable(schema, relation, spec, nodes=binder.session.nodes)


def _marks(time: Field) -> tuple[Field, ...]:
    plain = TIMESTAMP(3).as_nullable(False)
    return (Field("window_start", plain), Field("window_end", plain),
            Field("window_time", time.type.as_nullable(False), time.time))


def _arguments(node: exp.Anonymous, name: str) -> _Arguments:
    required, optional = WINDOWS[name]
    parameters = ("DATA", "TIMECOL", *required, *optional)
    found: dict[str, exp.Expr] = {}
    for position, argument in enumerate(node.expressions):
        if isinstance(argument, exp.Kwarg):
            key = argument.this.name.upper()
            if key not in parameters:
                raise UserError("bad_window", f"{name} has no parameter {key}", place=place_of(argument),
                                hint=near_or_all(key, parameters, "parameters"))
            found[key] = argument.expression
        elif position < len(parameters):
            found[parameters[position]] = argument
        else:
            raise UserError("bad_window", f"{name} takes at most {len(parameters)} arguments", place=place_of(argument))
    missing = [p for p in ("DATA", "TIMECOL", *required) if p not in found]
    if missing:
        raise UserError("bad_window", f"{name} lacks {', '.join(missing)}", place=place_of(node),
                        hint=f"{name}(TABLE t, DESCRIPTOR(time), {', '.join(p.lower() for p in required)})")
    durations = {key: found[key] for key in (*required, *optional) if key in found}
    return _Arguments(found["DATA"], found["TIMECOL"], durations)


def _input(binder: FromBinder, node: exp.Expr) -> tuple[Relation, ast.TableArgument | None]:
    argument = node if isinstance(node, ast.TableArgument) else None
    inner = argument.this if argument is not None else node
    if isinstance(inner, exp.Table):
        return binder.relation_of(inner)[0], argument
    if isinstance(inner, exp.Subquery):
        bound = binder.item(inner, None)
        return bound.relation(binder.session), argument
    raise UserError("bad_window", "the first argument must be TABLE name or a query", place=place_of(node))


def _time_column(relation: Relation, node: exp.Expr) -> int:
    if not isinstance(node, ast.Descriptor) or len(node.expressions) != 1:
        raise UserError("bad_window", "the time attribute is given as DESCRIPTOR(column)", place=place_of(node))
    name = node.expressions[0].name
    position = relation.schema.index(name)
    if position < 0:
        raise UserError("unknown_column", f"Column '{name}' not found in the window function's table",
                        place=place_of(node), hint=near_or_all(name, relation.schema.names, "columns"))
    if relation.schema[position].time is None:
        raise UserError(
            "bad_window",
            f"The window function requires the timecol is a time attribute type, but '{name}' is "
            f"{relation.schema[position].type}",
            place=place_of(node),
            hint="declare a WATERMARK for it, or use PROCTIME()",
        )
    return position


def _duration(binder: ExpressionBinder, node: exp.Expr, parameter: str) -> int:
    bound = binder.bind(node)
    if not isinstance(bound, Literal) or bound.type.kind is not Kind.INTERVAL_TIME or not isinstance(bound.value, int):
        raise UserError("bad_window", f"{parameter} must be an interval of days to seconds", place=place_of(node))
    if parameter != "OFFSET" and bound.value <= 0:
        raise UserError("bad_window", f"{parameter} must be positive", place=place_of(node))
    return bound.value


def _partition(binder: FromBinder, argument: ast.TableArgument | None, relation: Relation,
               node: exp.Anonymous) -> tuple[int, ...]:
    keys = (argument.args.get("partition_by") or []) if argument is not None else []
    positions = []
    for key in keys:
        position = relation.schema.index(key.name)
        if position < 0:
            raise UserError("unknown_column", f"Column '{key.name}' not found", place=place_of(key),
                            hint=near_or_all(key.name, relation.schema.names, "columns"))
        positions.append(position)
    if positions and node.this.upper() != "SESSION":
        raise NotSupported(f"PARTITION BY in {node.this.upper()}", place=place_of(node))
    return tuple(positions)


def _spec(name: str, relation: Relation, time: int, durations: dict[str, int], partition: tuple[int, ...],
          node: exp.Anonymous) -> WindowSpec:
    field = relation.schema[time]
    size = durations.get("SIZE", durations.get("GAP", 0))
    step = durations.get("SLIDE", durations.get("STEP", 0))
    offset = durations.get("OFFSET", 0)
    if name == "CUMULATE" and size % step:
        raise UserError("bad_window", "CUMULATE's size must be a multiple of its step", place=place_of(node))
    period = step if name == "HOP" else size
    if offset and abs(offset) >= period:
        raise UserError(
            "bad_window",
            f"{name}'s offset must be smaller than its {'slide' if name == 'HOP' else 'size'}",
            place=place_of(node),
        )
    assert field.time is not None
    zone = field.type.kind is Kind.TIMESTAMP_LTZ or field.time is TimeKind.PROCTIME
    return WindowSpec(WindowKind[name], time, size, step, offset, partition, field.time, zone)
