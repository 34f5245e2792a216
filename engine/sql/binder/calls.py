"""Calls: scalar functions with their odd syntax, aggregates, OVER functions, group windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, Place, UserError
from engine.expressions.binding import implicit_cast, literal
from engine.expressions.functions import symbol
from engine.expressions.nodes import Expression, InputRef, Literal
from engine.plan.nodes import Frame, WindowKind, WindowProperty
from engine.sql import dialect as ast
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.binder.functions import (
    ALIASES,
    OPTIONS_FROM,
    SORTING,
    is_aggregate,
    is_over_only,
    type_of_aggregate,
    type_of_over,
)
from engine.sql.binder.nulls import typed
from engine.sql.binder.placeholders import (
    AggregateRef,
    GroupWindow,
    GroupWindowProperty,
    OrderBy,
    OverRef,
    OverWindow,
)
from engine.sql.places import own_place, place_of
from engine.sql.types import to_data_type
from engine.types import BIGINT, BOOLEAN, STRING, TIMESTAMP, TIMESTAMP_LTZ, DataType, Kind

if TYPE_CHECKING:
    from engine.aggregates.user import UserAggregate

_GROUP_WINDOWS = {"TUMBLE": WindowKind.TUMBLE, "HOP": WindowKind.HOP, "SESSION": WindowKind.SESSION}
_WINDOW_PROPERTIES = {
    "START": WindowProperty.START, "END": WindowProperty.END, "ROWTIME": WindowProperty.ROWTIME,
    "PROCTIME": WindowProperty.PROCTIME,
}
_UNIT_FIRST = frozenset({"TIMESTAMPADD", "TIMESTAMPDIFF"})
# Functions of standard SQL that Flink does not have: without parentheses such a word is a column.
_OWN_COLUMNS = frozenset({"USER", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "CURRENT_ROLE", "CURRENT_PATH",
                          "CURRENT_CATALOG", "CURRENT_SCHEMA"})
_MATCH_ONLY = frozenset({"MATCH_ROWTIME", "MATCH_PROCTIME", "CLASSIFIER", "PREV", "NEXT", "FIRST", "LAST"})


def parts_of(node: exp.Anonymous) -> tuple[str, ...]:
    """The name of a function as written: one to three parts."""
    name = node.this
    if isinstance(name, str):
        return (name,)
    parts: list[str] = []
    while isinstance(name, exp.Dot):  # whose own `parts` leave the first name out
        parts.append(name.expression.name)
        name = name.this
    return (name.name, *reversed(parts))


def function(binder: ExpressionBinder, node: exp.Anonymous) -> Expression:
    """Any call `name(arguments)`."""
    parts = parts_of(node)
    name = parts[-1].upper()
    place = own_place(node) or place_of(node)
    user = binder.session.user_function(parts)
    if user is not None:
        return binder.session.call_user(binder, user, node, place)
    if name in _OWN_COLUMNS and not node.expressions:
        return binder.scope.resolve(parts, place)
    if len(parts) > 1:
        raise UserError("unknown_function", f"there is no function '{'.'.join(parts)}'", place=place)
    name = ALIASES.get(name, name)
    if is_aggregate(name):
        return aggregate_call(binder, node, name, place)
    if is_over_only(name):
        raise UserError("bad_over", f"{name} needs an OVER clause", place=place)
    if (windowed := _group_window(binder, node, name, place)) is not None:
        return windowed
    if name == "GROUP_ID" and not node.expressions:
        return Literal(BIGINT.as_nullable(False), 0, place=place)  # sets given twice are one set
    if name in ("GROUPING", "GROUPING_ID"):
        return _grouping(binder, node, name, place)
    if name in _UNIT_FIRST and isinstance(node.expressions[0], exp.Var):
        unit = symbol(node.expressions[0].name.upper().removeprefix("SQL_TSI_"))
        return binder.call(name, [unit, *binder.all(node.expressions[1:])], place)
    if name in _MATCH_ONLY:
        raise NotSupported(f"{name} outside MATCH_RECOGNIZE", place=place)
    return binder.call(name, [_argument(binder, a) for a in node.expressions], place)


def _argument(binder: ExpressionBinder, node: exp.Expr) -> Expression:
    if isinstance(node, exp.Kwarg):
        raise NotSupported("a named argument of this function", place=place_of(node))
    if isinstance(node, exp.Star | exp.Distinct):
        raise UserError("bad_arguments", "* and DISTINCT are for aggregate functions", place=place_of(node))
    return binder.bind(node)


# ---- functions with a syntax of their own ---------------------------------------------------------------------------


def extract(binder: ExpressionBinder, node: exp.Extract) -> Expression:
    return binder.call("EXTRACT", [symbol(node.this.name.upper()), binder.bind(node.expression)], place_of(node))


def round_to_unit(binder: ExpressionBinder, node: ast.RoundToUnit) -> Expression:
    unit = symbol(node.args["unit"].name.upper())
    return binder.call(node.args["kind"], [binder.bind(node.this), unit], place_of(node))


def trim(binder: ExpressionBinder, node: exp.Trim) -> Expression:
    characters = binder.bind(node.expression) if node.expression else literal(" ")
    side = symbol(node.args.get("position") or "BOTH")
    return binder.call("TRIM", [side, characters, binder.bind(node.this)], place_of(node))


def position(binder: ExpressionBinder, node: exp.StrPosition) -> Expression:
    parts = [node.args["substr"], node.this, node.args.get("position")]
    return binder.call("POSITION", binder.all([p for p in parts if p is not None]), place_of(node))


def overlay(binder: ExpressionBinder, node: exp.Overlay) -> Expression:
    parts = [node.this, node.expression, node.args["from_"], node.args.get("for_")]
    return binder.call("OVERLAY", binder.all([p for p in parts if p is not None]), place_of(node))


def json_test(binder: ExpressionBinder, node: ast.JsonTest) -> Expression:
    return binder.call("IS JSON", [binder.bind(node.this), symbol(node.args["kind"])])


def json_call(binder: ExpressionBinder, node: ast.JsonCall) -> Expression:
    """The JSON functions, as `engine.expressions.functions` describes their arguments."""
    name = node.this
    place = place_of(node)
    if name.endswith("AGG"):
        return _json_aggregate(binder, node, place)
    if name in ("JSON_OBJECT", "JSON_ARRAY"):
        default = "NULL" if name == "JSON_OBJECT" else "ABSENT"
        return binder.call(name, [symbol(node.args.get("on_null") or default), *_json_parts(binder, node)], place)
    args = _json_parts(binder, node)
    returning = node.args.get("returning")
    target = Literal(to_data_type(returning) if returning is not None else STRING, None)
    empty, error = node.args.get("on_empty"), node.args.get("on_error")
    if name == "JSON_EXISTS":
        return binder.call(name, [*args, *([symbol(error.this)] if error else [])], place)
    if name == "JSON_VALUE":
        behaviours = [part for b in (empty, error) for part in _json_behaviour(binder, b)]
        return binder.call(name, [*args, target, *behaviours], place)
    wrapper = symbol(node.args.get("wrapper") or "WITHOUT")
    modes = [symbol((b.this if b else "NULL").replace(" ", "_")) for b in (empty, error)]
    return binder.call(name, [*args, target, wrapper, *modes], place)


def _json_parts(binder: ExpressionBinder, node: ast.JsonCall) -> list[Expression]:
    parts: list[Expression] = []
    for item in node.expressions:
        parts += binder.all([item.this, item.expression] if isinstance(item, exp.JSONKeyValue) else [item])
    return parts


def _json_behaviour(binder: ExpressionBinder, node: ast.JsonBehavior | None) -> tuple[Expression, Expression]:
    if node is None:
        return symbol("NULL"), literal(None)
    return symbol(node.this), binder.bind(node.expression) if node.expression else literal(None)


# ---- aggregates ------------------------------------------------------------------------------------------------------


def _refuse(binder: ExpressionBinder, what: str, place: Place | None) -> None:
    raise UserError("bad_aggregate", f"{what} is not possible in {binder.clause}", place=place)


def aggregate_call(binder: ExpressionBinder, node: exp.Anonymous, name: str, place: Place | None,
                   user: UserAggregate | None = None) -> AggregateRef:
    """A call of an aggregate function, a user's perhaps, typed."""
    if not binder.aggregates:
        _refuse(binder, f"an aggregate function ({name})", place)
    arguments, distinct = list(node.expressions), False
    if len(arguments) == 1 and isinstance(arguments[0], exp.Distinct):
        arguments, distinct = list(arguments[0].expressions), True
    if len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        if name != "COUNT":
            raise UserError("bad_arguments", f"{name}(*) is not possible", place=place)
        arguments = []
    elif name == "COUNT" and not arguments:
        raise UserError("bad_arguments", "COUNT() counts nothing", place=place, hint="COUNT(*) counts rows")
    inner = binder.inner(f"the arguments of {name}")
    args = [_argument(inner, a) for a in arguments]
    args = [typed(a, place) for a in args]
    return make_aggregate(binder, name, args, distinct, place, user=user)


def make_aggregate(binder: ExpressionBinder, name: str, args: list[Expression], distinct: bool, place: Place | None,
                   order: Sequence[OrderBy] = (), user: UserAggregate | None = None) -> AggregateRef:
    """An aggregate over bound arguments: typed, arguments cast, constant options split off."""
    type, wanted = type_of_aggregate(name, args, distinct, binder.grouped, place, user)
    args = [implicit_cast(a, wanted[i]) if i in wanted else a for i, a in enumerate(args)]
    columns, options = split_options(name, args) if user is None else (tuple(args), (user,))
    return AggregateRef(type, function=name, args=columns, distinct=distinct, options=options, order=tuple(order),
                        place=place)


def split_options(name: str, args: Sequence[Expression]) -> tuple[tuple[Expression, ...], tuple[object, ...]]:
    """The arguments that are columns, and the values of the constants behind them."""
    first = len(args)
    while first > OPTIONS_FROM.get(name, 2) and isinstance(args[first - 1], Literal):
        first -= 1
    return tuple(args[:first]), tuple(a.value for a in args[first:] if isinstance(a, Literal))


def _json_aggregate(binder: ExpressionBinder, node: ast.JsonCall, place: Place | None) -> Expression:
    if not binder.aggregates:
        _refuse(binder, f"an aggregate function ({node.this})", place)
    inner = binder.inner(f"the arguments of {node.this}")
    default = "NULL" if node.this == "JSON_OBJECTAGG" else "ABSENT"
    args = [*_json_parts(inner, node), literal(node.args.get("on_null") or default)]
    order = order_terms(inner, node.args["order"].expressions) if node.args.get("order") else ()
    return make_aggregate(binder, node.this, args, False, place, order)


def filtered(binder: ExpressionBinder, node: exp.Filter) -> Expression:
    """aggregate FILTER (WHERE condition)."""
    condition = binder.inner("FILTER").condition(node.expression.this)
    grouped, binder.grouped = binder.grouped, False  # where the filter lets nothing through, the result is NULL
    try:
        call = binder.bind(node.this)
    finally:
        binder.grouped = grouped
    if not isinstance(call, AggregateRef):
        raise UserError("bad_filter", "FILTER belongs to an aggregate function", place=place_of(node))
    return replace(call, filter=condition)


def within_group(binder: ExpressionBinder, node: exp.WithinGroup) -> Expression:
    """aggregate WITHIN GROUP (ORDER BY ...)."""
    call = binder.bind(node.this)
    if not isinstance(call, AggregateRef):
        raise UserError("bad_order", "WITHIN GROUP belongs to an aggregate function", place=place_of(node))
    if call.function not in SORTING:
        raise UserError("bad_order", f"{call.function} takes no ORDER BY", place=call.place or place_of(node))
    return replace(call, order=order_terms(binder.inner("WITHIN GROUP"), node.expression.expressions))


def nulls(binder: ExpressionBinder, node: exp.Expr) -> Expression:
    """IGNORE NULLS and RESPECT NULLS."""
    call = binder.bind(node.this)
    if isinstance(node, exp.RespectNulls):
        return call
    if not isinstance(call, AggregateRef):
        raise UserError("bad_arguments", "IGNORE NULLS belongs to an aggregate function", place=place_of(node))
    return replace(call, options=(*call.options, "IGNORE NULLS"))


def order_terms(binder: ExpressionBinder, nodes: Sequence[exp.Ordered]) -> tuple[OrderBy, ...]:
    """The terms of ORDER BY; NULLs come first when ascending, last when descending, unless said otherwise."""
    return tuple(ordered_term(binder.bind(node.this), node) for node in nodes)


def ordered_term(expression: Expression, node: exp.Ordered) -> OrderBy:
    if expression.type.kind in (Kind.MAP, Kind.MULTISET):
        raise UserError("bad_order", f"{expression.type} has no order", place=expression.place or place_of(node))
    descending = bool(node.args.get("desc"))
    first = node.args.get("nulls_first")
    return OrderBy(expression, descending, (not descending) if first is None else bool(first))


def _grouping(binder: ExpressionBinder, node: exp.Anonymous, name: str, place: Place | None) -> Expression:
    if not binder.aggregates:
        _refuse(binder, name, place)
    args = binder.inner(f"the arguments of {name}").all(node.expressions)
    if not args:
        raise UserError("bad_arguments", f"{name} takes at least one argument", place=place)
    return AggregateRef(BIGINT.as_nullable(False), function=name, args=tuple(args), place=place)


# ---- OVER ------------------------------------------------------------------------------------------------------------


def over(binder: ExpressionBinder, node: exp.Window) -> Expression:
    """function OVER (...) or OVER name."""
    place = place_of(node)
    if not binder.over:
        _refuse(binder, "an OVER function", place)
    spec = _named_window(binder, node)
    inner = ExpressionBinder(binder.session, binder.scope, "OVER", aggregates=binder.aggregates, grouped=binder.grouped)
    call, own_frame = _over_call(inner, node.this, place)
    partition = tuple(inner.all(spec.args.get("partition_by") or []))
    order = order_terms(inner, spec.args["order"].expressions) if spec.args.get("order") else ()
    frame = own_frame or _frame(inner, spec.args.get("spec"), ordered=bool(order))
    return OverRef(call.type, call=call, window=OverWindow(partition, order, frame), place=place)


def _named_window(binder: ExpressionBinder, node: exp.Window) -> exp.Window:
    """The window with what it takes from a named one."""
    alias = node.args.get("alias")
    if alias is None:
        return node
    named = binder.windows.get(alias.name)
    if named is None:
        raise UserError("unknown_window", f"Window '{alias.name}' not found", place=place_of(alias))
    base = _named_window(binder, named)
    merged = exp.Window(this=node.this)
    for part in ("partition_by", "order", "spec"):
        merged.set(part, node.args.get(part) or base.args.get(part))
    return merged


def _over_call(binder: ExpressionBinder, node: exp.Expr, place: Place | None) -> tuple[AggregateRef, Frame | None]:
    """The function called, and the frame it fixes itself."""
    ignored = isinstance(node, exp.IgnoreNulls)
    while isinstance(node, exp.IgnoreNulls | exp.RespectNulls):
        node = node.this
    if isinstance(node, exp.Anonymous) and is_over_only(name := parts_of(node)[-1].upper()):
        args = [binder.inner(f"the arguments of {name}").bind(a) for a in node.expressions]
        columns, options = split_options(name, args)
        type = type_of_over(name, args, place)
        if ignored:
            options = (*options, "IGNORE NULLS")
        by_row = name not in ("LAG", "LEAD")  # which see the last row of those at one time, as Flink's plans have it
        return AggregateRef(type, function=name, args=columns, options=options, place=place), Frame(by_row, None)
    inner = ExpressionBinder(binder.session, binder.scope, "OVER", aggregates=True)
    call = inner.bind(node)
    if not isinstance(call, AggregateRef):
        raise UserError("bad_over", "OVER belongs to an aggregate or ranking function", place=place)
    if ignored:
        call = replace(call, options=(*call.options, "IGNORE NULLS"))
    return call, None


def _frame(binder: ExpressionBinder, spec: exp.WindowSpec | None, ordered: bool) -> Frame:
    if spec is None:
        return Frame(False, None, 0 if ordered else None)
    rows = str(spec.args["kind"]).upper() == "ROWS"
    start = _bound(binder, spec.args.get("start"), spec.args.get("start_side"), rows)
    end = _bound(binder, spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side"), rows)
    if start is not None and end is not None and start > end:
        raise UserError("bad_frame", "the frame ends before it begins", place=place_of(spec))
    if end != 0 or spec.args.get("start_side") == "FOLLOWING":
        raise NotSupported("an OVER frame that does not end at the current row", place=place_of(spec),
                           hint="as in Flink's streams: BETWEEN ... PRECEDING AND CURRENT ROW")
    return Frame(rows, None if start is None else -start, end)


def _bound(binder: ExpressionBinder, value: object, side: str | None, rows: bool) -> int | None:
    """Distance from the current row, negative before it; None = unbounded."""
    if value == "CURRENT ROW":
        return 0
    if value == "UNBOUNDED":
        return None
    assert isinstance(value, exp.Expr)
    bound = binder.bind(value)
    fits = bound.type.is_integer if rows else bound.type.kind is Kind.INTERVAL_TIME
    if not isinstance(bound, Literal) or not isinstance(bound.value, int) or not fits:
        wanted = "an integer constant" if rows else "an interval of days to seconds"
        raise UserError("bad_frame", f"a bound of this frame must be {wanted}", place=place_of(value))
    return -bound.value if side == "PRECEDING" else bound.value


# ---- group windows ---------------------------------------------------------------------------------------------------


def _group_window(binder: ExpressionBinder, node: exp.Anonymous, name: str, place: Place | None) -> Expression | None:
    """TUMBLE(...) of GROUP BY, or TUMBLE_START(...) and its like; None for any other function."""
    kind, _, property = name.partition("_")
    if kind not in _GROUP_WINDOWS or (property and property not in _WINDOW_PROPERTIES):
        return None
    window = _window_of(binder, node, _GROUP_WINDOWS[kind], place)
    if not property:
        if binder.clause != "GROUP BY":
            raise UserError("bad_window", "a group window belongs into GROUP BY only", place=place)
        return window
    if not binder.aggregates:
        _refuse(binder, name, place)
    wanted = _WINDOW_PROPERTIES[property]
    return GroupWindowProperty(property_type(window, wanted), window=window, property=wanted, place=place)


def property_type(window: GroupWindow, wanted: WindowProperty) -> DataType:
    """Start and end are local times; the rowtime is of the time attribute's type."""
    if wanted is WindowProperty.PROCTIME:
        return TIMESTAMP_LTZ(3).as_nullable(False)
    assert window.time is not None
    if wanted is WindowProperty.ROWTIME:
        return window.time.type.as_nullable(False)
    return TIMESTAMP(3).as_nullable(False)


def _window_of(binder: ExpressionBinder, node: exp.Anonymous, kind: WindowKind, place: Place | None) -> GroupWindow:
    args = binder.all(node.expressions)
    durations = 2 if kind is WindowKind.HOP else 1
    if len(args) == durations + 2:
        raise UserError("bad_window", f"{kind.value} window with alignment is not supported yet.", place=place)
    if len(args) != durations + 1:
        raise UserError(
            "bad_arguments", f"{kind.value} takes a time attribute and {durations} interval(s)", place=place
        )
    if not isinstance(args[0], InputRef):
        raise UserError("bad_window", "Window can only be defined over a time attribute column", place=place)
    sizes = [_duration(a, place) for a in args[1:]]
    rows = args[1].type.is_integer
    size, step = (sizes[1], sizes[0]) if kind is WindowKind.HOP else (sizes[0], 0)
    return GroupWindow(BOOLEAN, kind=kind, time=args[0], size=size, step=step, rows=rows, place=place)


def _duration(expression: Expression, place: Place | None) -> int:
    if not isinstance(expression, Literal) or not isinstance(expression.value, int):
        raise UserError("bad_window", "Only constant window intervals are supported", place=expression.place or place)
    if expression.type.kind is Kind.INTERVAL_MONTHS:
        raise UserError("bad_window", "Window intervals of months or years are not possible", place=place)
    if expression.value <= 0:
        raise UserError("bad_window", "Window intervals must be positive", place=expression.place or place)
    return expression.value


