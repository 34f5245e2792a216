"""GROUP BY: from grouping expressions and aggregate calls over FROM to one Aggregate or WindowAggregate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engine.errors import NotSupported, Place, UserError
from engine.expressions.binding import resolve_call
from engine.expressions.nodes import NO_NODES, Expression, InputRef, Literal
from engine.plan.nodes import (
    Aggregate,
    AggregateCall,
    Project,
    Relation,
    SetKind,
    SetOperation,
    WindowAggregate,
    WindowProperty,
    WindowSpec,
)
from engine.plan.windows import WindowColumns
from engine.sql.binder.build import columns_for, project, ref, refs, whole
from engine.sql.binder.placeholders import AggregateRef, GroupWindow, GroupWindowProperty, find, rewrite_top
from engine.sql.names import unique
from engine.types import BIGINT, Field, Schema, TimeKind

WindowsOf = Callable[[Relation], WindowColumns | None]
GROUPING = frozenset({"GROUPING", "GROUPING_ID"})


@dataclass
class Grouping:
    """GROUP BY, bound: distinct keys, the sets of keys (positions; none = one set of all), a legacy window."""

    keys: list[Expression] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sets: list[tuple[int, ...]] = field(default_factory=list)
    window: GroupWindow | None = None
    places: dict[Expression, int] = field(default_factory=dict)

    def place(self, key: Expression, name: str | None) -> int:
        """The position of a key, which is added where it is new."""
        if key not in self.places:
            self.places[key] = len(self.keys)
            self.names.append(unique(name or f"$k{len(self.keys)}", set(self.names)))
            self.keys.append(key)
        return self.places[key]

    @property
    def is_global(self) -> bool:
        """No keys at all, or an empty set among the sets: results over no rows may be asked for."""
        return (not self.keys and self.window is None) or () in self.sets


@dataclass(frozen=True)
class Grouped:
    """The aggregated relation, and what each key, call and window property has become."""

    relation: Relation
    columns: dict[Expression, Expression]

    def over(self, expression: Expression, names: Callable[[Expression], str]) -> Expression:
        """An expression over FROM as one over the groups; UserError "not_grouped" where it reads a single row's
        column."""

        def change(e: Expression) -> Expression | None:
            found = self.columns.get(e)
            if found is not None:
                return replace(found, place=e.place) if isinstance(found, InputRef) else found
            if isinstance(e, InputRef):
                raise UserError("not_grouped", f"Expression '{names(e)}' is not being grouped", place=e.place,
                                hint="put it into GROUP BY or into an aggregate function")
            if isinstance(e, GroupWindow | GroupWindowProperty):
                raise UserError("bad_window", "there is no such window in GROUP BY", place=e.place,
                                hint="its arguments must be those of the window in GROUP BY")
            return None

        return rewrite_top(expression, change)


def aggregate(relation: Relation, grouping: Grouping, used: Sequence[Expression], windows: WindowsOf,
              nodes: frozenset[str] = NO_NODES) -> Grouped:
    """Group a relation; `used` are the expressions whose aggregate calls are to be computed."""
    calls = list(dict.fromkeys(c for c in find(tuple(used), AggregateRef) if isinstance(c, AggregateRef)))
    markers = [c for c in calls if c.function in GROUPING]
    calls = [c for c in calls if c.function not in GROUPING]
    _check_markers(markers, grouping)
    if grouping.window is not None:
        if grouping.sets:
            raise NotSupported("a group window with grouping sets")
        result = _group_window(relation, grouping, calls, used, nodes)
    elif grouping.sets:
        return _grouping_sets(relation, grouping, calls, markers, windows, nodes)
    else:
        result = _group(relation, grouping, calls, windows, nodes)
    for marker in markers:
        result.columns[marker] = Literal(marker.type, 0)
    return result


def _check_markers(markers: Sequence[AggregateRef], grouping: Grouping) -> None:
    for arg in (a for m in markers for a in m.args):
        if arg not in grouping.keys:
            raise UserError("bad_arguments", "an argument of GROUPING must be a grouping expression", place=arg.place)


# ---- calls -----------------------------------------------------------------------------------------------------------


def _inputs(calls: Sequence[AggregateRef]) -> list[Expression]:
    return [e for c in calls for e in c.children]


def _call(call: AggregateRef, positions: dict[Expression, int], name: str, nodes: frozenset[str]) -> AggregateCall:
    return AggregateCall(
        call.function, tuple(positions[a] for a in call.args), Field(name, call.type), call.distinct,
        positions[call.filter] if call.filter is not None else None,
        tuple((positions[o.expression], o.descending, o.nulls_first) for o in call.order), call.options, nodes)


def _call_names(calls: Sequence[AggregateRef], taken: set[str]) -> list[str]:
    names = []
    for call in calls:
        name = unique(f"${call.function.lower()}", taken)
        taken.add(name)
        names.append(name)
    return names


@dataclass(frozen=True)
class _Prepared:
    """The input with keys and arguments as columns."""

    relation: Relation
    positions: dict[Expression, int]
    calls: tuple[AggregateCall, ...]


def _prepare(relation: Relation, keys: Sequence[Expression], key_names: Sequence[str], calls: Sequence[AggregateRef],
             nodes: frozenset[str]) -> _Prepared:
    taken = set(key_names)
    call_names = _call_names(calls, taken)
    inputs = _inputs(calls)
    labels = [*key_names, *(_label(relation, e, i) for i, e in enumerate(inputs))]
    base, positions = columns_for(relation, [*keys, *inputs], labels, nodes)
    at = dict(zip([*keys, *inputs], positions))
    return _Prepared(base, at, tuple(_call(c, at, n, nodes) for c, n in zip(calls, call_names)))


def _label(relation: Relation, expression: Expression, i: int) -> str:
    return relation.schema[expression.index].name if isinstance(expression, InputRef) else f"$f{i}"


# ---- GROUP BY keys ---------------------------------------------------------------------------------------------------


def _group(relation: Relation, grouping: Grouping, calls: Sequence[AggregateRef], windows: WindowsOf,
           nodes: frozenset[str]) -> Grouped:
    prepared = _prepare(relation, grouping.keys, grouping.names, calls, nodes)
    keys = [prepared.positions[k] for k in grouping.keys]
    window = windows(prepared.relation)
    if window is not None and window.start & set(keys) and window.end & set(keys):
        return _window_group(prepared, window, grouping, calls, keys, nodes)
    fields = tuple(Field(n, k.type) for n, k in zip(grouping.names, grouping.keys))
    schema = Schema(fields + tuple(c.field for c in prepared.calls))
    result = Aggregate(schema, prepared.relation, tuple(keys), prepared.calls, nodes=nodes,
                       place=whole(grouping.keys) or whole(calls))
    return Grouped(result, dict(zip([*grouping.keys, *calls], refs(result))))


def _window_group(prepared: _Prepared, window: WindowColumns, grouping: Grouping, calls: Sequence[AggregateRef],
                  keys: Sequence[int], nodes: frozenset[str]) -> Grouped:
    """Keys that hold a window's start and end: one result a window, when it has passed."""
    schema = prepared.relation.schema
    plain = [i for i, k in enumerate(keys) if k not in window.all]
    marks = [i for i, k in enumerate(keys) if k in window.all]
    properties = tuple(_mark(window, keys[i]) for i in marks)
    fields = [Field(grouping.names[i], grouping.keys[i].type) for i in plain]
    fields += [c.field for c in prepared.calls]
    fields += [replace(schema[keys[i]], name=grouping.names[i]) for i in marks]
    attached = min(window.start & set(keys)), min(window.end & set(keys))
    result = WindowAggregate(Schema(tuple(fields)), prepared.relation, window.spec, tuple(keys[i] for i in plain),
                             prepared.calls, properties, attached, nodes=nodes)
    expressions = [*(grouping.keys[i] for i in plain), *calls, *(grouping.keys[i] for i in marks)]
    return Grouped(result, dict(zip(expressions, refs(result))))


def _mark(window: WindowColumns, position: int) -> WindowProperty:
    if position in window.start:
        return WindowProperty.START
    return WindowProperty.END if position in window.end else WindowProperty.ROWTIME


# ---- TUMBLE(...) in GROUP BY -----------------------------------------------------------------------------------------


def _group_window(relation: Relation, grouping: Grouping, calls: Sequence[AggregateRef], used: Sequence[Expression],
                  nodes: frozenset[str]) -> Grouped:
    window = grouping.window
    assert window is not None
    assert isinstance(window.time, InputRef)
    time_kind = relation.schema[window.time.index].time
    if time_kind is None:
        raise UserError("bad_window", "Window can only be defined over a time attribute column", place=window.place)
    prepared = _prepare(
        relation,
        [window.time, *grouping.keys],
        [relation.schema[window.time.index].name, *grouping.names],
        calls,
        nodes,
    )
    found = [
        p for p in find(tuple(used), GroupWindowProperty) if isinstance(p, GroupWindowProperty) and p.window == window
    ]
    properties = list(dict.fromkeys(found))
    _check_properties(properties, time_kind)
    fields = [Field(n, k.type) for n, k in zip(grouping.names, grouping.keys)]
    fields += [c.field for c in prepared.calls]
    fields += [_property_field(p, i) for i, p in enumerate(properties)]
    time = prepared.positions[window.time]
    zone = "LTZ" in window.time.type.kind.name and time_kind is TimeKind.ROWTIME
    spec = WindowSpec(window.kind, time, window.size, window.step, time_kind=time_kind, rows=window.rows,
                      zone=zone or time_kind is TimeKind.PROCTIME)
    result = WindowAggregate(
        Schema(tuple(fields)),
        prepared.relation,
        spec,
        tuple(prepared.positions[k] for k in grouping.keys),
        prepared.calls,
        tuple(p.property for p in properties),
        legacy=True,
        nodes=nodes,
    )
    return Grouped(result, dict(zip([*grouping.keys, *calls, *properties], refs(result))))


def _check_properties(properties: Sequence[GroupWindowProperty], time: TimeKind) -> None:
    for p in properties:
        if p.property is WindowProperty.ROWTIME and time is TimeKind.PROCTIME:
            raise UserError("bad_window", "A proctime window cannot provide a rowtime attribute", place=p.place)


def _property_field(p: GroupWindowProperty, i: int) -> Field:
    kinds = {WindowProperty.ROWTIME: TimeKind.ROWTIME, WindowProperty.PROCTIME: TimeKind.PROCTIME}
    return Field(f"$w{i}${p.property.value}", p.type, kinds.get(p.property))


# ---- GROUPING SETS ---------------------------------------------------------------------------------------------------


def _grouping_sets(
    relation: Relation,
    grouping: Grouping,
    calls: Sequence[AggregateRef],
    markers: Sequence[AggregateRef],
    windows: WindowsOf,
    nodes: frozenset[str],
) -> Grouped:
    """Every row once for each set, the keys not in it NULL and the set's number as one more key."""
    expanded, keys, inputs = _expand(relation, grouping, _inputs(calls), nodes)
    moved = [_moved_call(c, inputs) for c in calls]
    number = ref(expanded, len(keys))
    names = [*grouping.names, unique("$set", set(grouping.names))]
    inner = Grouping([*keys, number], names)
    grouped = _group(expanded, inner, moved, windows, nodes)
    columns = {k: grouped.columns[e] for k, e in zip(grouping.keys, keys)}
    columns |= {c: grouped.columns[m] for c, m in zip(calls, moved)}
    columns |= {m: _marker(m, grouping, grouped.columns[number]) for m in markers}
    return Grouped(grouped.relation, columns)


def _expand(relation: Relation, grouping: Grouping, inputs: Sequence[Expression],
            nodes: frozenset[str]) -> tuple[Relation, list[Expression], dict[Expression, Expression]]:
    """The expanded input; its keys; what the calls' inputs have become."""
    arguments = list(dict.fromkeys(inputs))
    in_all = set(range(len(grouping.keys))).intersection(*(set(s) for s in grouping.sets))
    key_fields = [Field(n, k.type if i in in_all else k.type.as_nullable())
                  for i, (n, k) in enumerate(zip(grouping.names, grouping.keys))]
    time = {k.index: relation.schema[k.index].time for k in grouping.keys if isinstance(k, InputRef)}
    key_fields = [replace(f, time=time.get(k.index)) if isinstance(k, InputRef) and i in in_all else f
                  for i, (f, k) in enumerate(zip(key_fields, grouping.keys))]
    fields = [*key_fields, Field("$set", BIGINT.as_nullable(False)),
              *(Field(f"$a{i}", a.type) for i, a in enumerate(arguments))]
    schema = Schema(tuple(fields))
    branches = []
    for number, present in enumerate(grouping.sets):
        kept = [k if i in present else Literal(k.type.as_nullable(), None) for i, k in enumerate(grouping.keys)]
        expressions = (*kept, Literal(BIGINT.as_nullable(False), number), *arguments)
        branches.append(Project(schema, relation, expressions, nodes=nodes))
    expanded = (
        branches[0] if len(branches) == 1 else SetOperation(schema, SetKind.UNION_ALL, tuple(branches), nodes=nodes)
    )
    keys = [ref(expanded, i) for i in range(len(grouping.keys))]
    first = len(keys) + 1
    return expanded, list(keys), {a: ref(expanded, first + i) for i, a in enumerate(arguments)}


def _moved_call(call: AggregateRef, inputs: dict[Expression, Expression]) -> AggregateRef:
    return call.with_children(tuple(inputs[c] for c in call.children))


def _marker(marker: AggregateRef, grouping: Grouping, number: Expression) -> Expression:
    """GROUPING(a, b): a bit an argument, set where the argument is not in the group's set."""
    values = []
    for present in grouping.sets:
        bits = 0
        for arg in marker.args:
            bits = bits * 2 + (grouping.keys.index(arg) not in present)
        values.append(bits)
    args: list[Expression] = []
    for i, value in enumerate(values[:-1]):
        args += [resolve_call("=", [number, Literal(BIGINT.as_nullable(False), i)]), Literal(marker.type, value)]
    last = Literal(marker.type, values[-1])
    return resolve_call("CASE", [*args, last]) if args else last


def distinct(relation: Relation, windows: WindowsOf, nodes: frozenset[str] = NO_NODES,
             place: Place | None = None) -> Relation:
    """SELECT DISTINCT: every row once."""
    keys: list[Expression] = [replace(r, place=place) for r in refs(relation)]
    grouping = Grouping(keys, list(relation.schema.names))
    grouped = _group(relation, grouping, [], windows, nodes)
    columns = [grouped.columns[k] for k in refs(relation)]
    return project(grouped.relation, columns, relation.schema.names, nodes)


