"""A logical plan as text, in the way of Flink's EXPLAIN: a node a line, inputs below, shared relations written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from engine.expressions.nodes import Call, Expression, InputRef, Literal
from engine.plan.hints import lookup_hint
from engine.plan.nodes import (
    Aggregate,
    AggregateCall,
    AssignWatermark,
    Correlate,
    Deduplicate,
    Filter,
    IntervalJoin,
    Join,
    LookupJoin,
    Over,
    Program,
    Project,
    Rank,
    Relation,
    Scan,
    SetOperation,
    Sink,
    Sort,
    SortKey,
    TemporalJoin,
    Values,
    WindowAggregate,
    WindowKind,
    WindowSpec,
    WindowTable,
)
from engine.plan.properties import Properties
from engine.types import Kind, Schema, TimeKind

_INFIX = frozenset({"AND", "OR", "=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "||", "LIKE",
                    "IS DISTINCT FROM", "IS NOT DISTINCT FROM"})
_POSTFIX = frozenset({"IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN",
                      "IS NOT UNKNOWN"})


def explain(program: Program, changelog: bool = False, hints: bool = True,
            note: Callable[[Relation], str] | None = None) -> str:
    """The plan of each sink; `changelog` adds the kinds of change and the keys of each node; without `hints` it tells
    what is computed, not how; `note`: what comes after each node."""
    properties = Properties(program)
    writer = _Writer(properties, changelog, hints, note or (lambda _: ""))
    for sink in program.sinks:
        writer.relation(sink, "", "")
    return "\n".join(writer.lines)


class _Writer:
    """Lines so far, and the relations already written."""

    def __init__(self, properties: Properties, changelog: bool, hints: bool,
                 note: Callable[[Relation], str]) -> None:
        self.properties = properties
        self.changelog = changelog
        self.hints = hints
        self.note = note
        self.lines: list[str] = []
        self._numbers: dict[int, int] = {}

    def relation(self, relation: Relation, first: str, rest: str) -> None:
        shared = self.properties.uses(relation) > 1
        if shared and id(relation) in self._numbers:
            self.lines.append(f"{first}Reused(reference_id=[{self._numbers[id(relation)]}])")
            return
        text = describe(relation if self.hints or not relation.hints else replace(relation, hints=()))
        if self.changelog:
            text = text[:-1] + (", " if not text.endswith("(") else "") + self._traits(relation) + ")"
        if shared:
            self._numbers[id(relation)] = len(self._numbers) + 1
            text += f"(reuse_id=[{self._numbers[id(relation)]}])"
        self.lines.append(first + text + self.note(relation))
        for i, source in enumerate(relation.inputs):
            last = i == len(relation.inputs) - 1
            self.relation(source, f"{rest}+- " if last else f"{rest}:- ", f"{rest}   " if last else f"{rest}:  ")

    def _traits(self, relation: Relation) -> str:
        mode = "NONE" if isinstance(relation, Sink) else self.properties.changelog(relation)
        keys = sorted(self.properties.keys(relation), key=sorted)
        shown = [f"({', '.join(relation.schema[i].name for i in sorted(k))})" for k in keys]
        return f"changelogMode=[{mode}]" + (f", uniqueKeys=[{', '.join(shown)}]" if shown else "")


def describe(relation: Relation) -> str:
    """One node without its inputs."""
    for kind, rule in _RULES:
        if isinstance(relation, kind):
            name, attributes = rule(relation)
            return f"{name}({', '.join(f'{key}=[{value}]' for key, value in attributes if value != '')})"
    return f"{type(relation).__name__}(fields=[{', '.join(relation.schema.names)}])"


Attributes = Sequence[tuple[str, str]]


def render(expression: Expression, names: Sequence[str]) -> str:
    """An expression with the names of the columns it reads."""
    match expression:
        case InputRef():
            return names[expression.index] if expression.index < len(names) else f"${expression.index}"
        case Literal():
            return _literal(expression)
        case Call(function="CASE"):
            return f"CASE({', '.join(render(a, names) for a in expression.args)})"
        case Call(function="CAST" | "TRY_CAST"):
            return f"{expression.function}({render(expression.args[0], names)} AS {expression.type.as_nullable()})"
        case Call(function="FIELD"):
            return f"{render(expression.args[0], names)}.{_field_name(expression)}"
        case Call() if expression.function in _INFIX and len(expression.args) == 2:
            left, right = (render(a, names) for a in expression.args)
            return f"({left} {expression.function} {right})"
        case Call() if expression.function in _POSTFIX:
            return f"{render(expression.args[0], names)} {expression.function}"
        case Call():
            return f"{expression.function}({', '.join(render(a, names) for a in expression.args)})"
        case _:
            return str(expression)


def _field_name(call: Call) -> str:
    position = call.args[1]
    assert isinstance(position, Literal)
    assert isinstance(position.value, int)
    return call.args[0].type.fields[position.value].name


def _literal(literal: Literal) -> str:
    if literal.value is None:
        return f"null:{literal.type.as_nullable()}"
    if isinstance(literal.value, str):
        return literal.value if literal.type.kind is Kind.SYMBOL else f"'{literal.value}'"
    if isinstance(literal.value, bytes):
        return f"x'{literal.value.hex()}'"
    if literal.type.is_interval or literal.type.is_timestamp:
        return f"{literal.value}:{literal.type.as_nullable()}"
    return str(literal.value)


def _columns(indices: Iterable[int], schema: Schema) -> str:
    return ", ".join(schema[i].name for i in indices)


def _call(call: AggregateCall, schema: Schema) -> str:
    distinct = "DISTINCT " if call.distinct else ""
    args = [schema[a].name for a in call.args] + [repr(o) for o in call.options]
    text = f"{call.function}({distinct}{', '.join(args) or ('*' if call.function == 'COUNT' else '')})"
    if call.filter is not None:
        text += f" FILTER {schema[call.filter].name}"
    return f"{text} AS {call.field.name}"


def _order(keys: Sequence[SortKey], schema: Schema) -> str:
    return ", ".join(f"{schema[k.index].name} {'DESC' if k.descending else 'ASC'}" for k in keys)


def _window(spec: WindowSpec, schema: Schema) -> str:
    parts = [f"time_col=[{schema[spec.time].name}]"]
    named = {
        WindowKind.TUMBLE: ("size", ""),
        WindowKind.HOP: ("size", "slide"),
        WindowKind.CUMULATE: ("max_size", "step"),
        WindowKind.SESSION: ("gap", ""),
    }
    size, step = named[spec.kind]
    parts.append(f"{size}=[{spec.size if spec.rows else duration(spec.size)}]")
    if step:
        parts.append(f"{step}=[{duration(spec.step)}]")
    if spec.offset:
        parts.append(f"offset=[{duration(spec.offset)}]")
    if spec.partition:
        parts.append(f"partition keys=[{_columns(spec.partition, schema)}]")
    return f"{spec.kind.value}({', '.join(parts)})"


def duration(micros: int) -> str:
    """Microseconds as Flink writes durations."""
    for unit, size in (
        ("d", 86_400_000_000),
        ("h", 3_600_000_000),
        ("min", 60_000_000),
        ("s", 1_000_000),
        ("ms", 1_000),
    ):
        if micros % size == 0 and micros:
            return f"{micros // size} {unit}"
    return f"{micros} us" if micros else "0 ms"


# ---- one rule a node -------------------------------------------------------------------------------------------------


def _scan(r: Scan) -> tuple[str, Attributes]:
    names = r.table.physical.names
    return "TableSourceScan", [
        ("table", ".".join(r.table.path)), ("filter", " AND ".join(render(e, names) for e in r.filter)),
        ("limit", "" if r.limit is None else str(r.limit)), ("fields", ", ".join(_read(r))), _hints(r)]


def _read(r: Scan) -> list[str]:
    """The columns of a scan; of a ROW that is read in part, its fields."""
    parts, names = dict(r.parts), []
    for column, field in zip(r.columns, r.schema, strict=True):
        inner = [f".{field.type.fields[i].name}" for i in parts[column]] if column in parts else [""]
        names += [field.name + name for name in inner]
    return names


def _hints(r: Relation) -> tuple[str, str]:
    return "hints", ", ".join(
        f"{name}({', '.join(f'{k}={v}' if v else k for k, v in items)})" for name, items in r.hints
    )


def _ttl_hints(r: Relation) -> tuple[str, str]:
    given = [", ".join(f"{k}={v}" for k, v in items) for name, items in r.hints if name == "STATE_TTL"]
    return "stateTtlHints", ", ".join(f"[[STATE_TTL options:{{{text}}}]]" for text in given)


def _values(r: Values) -> tuple[str, Attributes]:
    rows = ", ".join(f"{{ {', '.join(render(e, ()) for e in row)} }}" for row in r.rows)
    return "Values", [("tuples", rows), ("fields", ", ".join(r.schema.names))]


def _watermark(r: AssignWatermark) -> tuple[str, Attributes]:
    return "WatermarkAssigner", [("rowtime", r.schema[r.column].name),
                                 ("watermark", render(r.expression, r.input.schema.names))]


def _project(r: Project) -> tuple[str, Attributes]:
    names = r.input.schema.names
    items = []
    for field, expression in zip(r.schema, r.expressions):
        text = render(expression, names)
        items.append(text if text == field.name else f"{text} AS {field.name}")
    return "Calc", [("select", ", ".join(items))]


def _filter(r: Filter) -> tuple[str, Attributes]:
    return "Calc", [("where", render(r.condition, r.input.schema.names))]


def _set(r: SetOperation) -> tuple[str, Attributes]:
    return r.kind.value.title().replace(" ", ""), [("fields", ", ".join(r.schema.names))]


def _aggregate(r: Aggregate) -> tuple[str, Attributes]:
    schema = r.input.schema
    return "TwoPhaseAggregate" if r.two_phase else "GroupAggregate", [
        ("groupBy", _columns(r.keys, schema)),
        ("select", ", ".join([*(schema[k].name for k in r.keys), *(_call(c, schema) for c in r.calls)])),
        _ttl_hints(r),
    ]


def _window_aggregate(r: WindowAggregate) -> tuple[str, Attributes]:
    schema = r.input.schema
    if r.attached is not None:
        window = (
            f"{r.spec.kind.value}(win_start=[{schema[r.attached[0]].name}], win_end=[{schema[r.attached[1]].name}])"
        )
    else:
        window = _window(r.spec, schema)
    items = [*(schema[k].name for k in r.keys), *(_call(c, schema) for c in r.calls), *(p.value for p in r.properties)]
    name = "GroupWindowAggregate" if r.legacy else "WindowAggregate"
    return name, [("groupBy", _columns(r.keys, schema)), ("window", window), ("select", ", ".join(items))]


def _window_table(r: WindowTable) -> tuple[str, Attributes]:
    return "WindowTableFunction", [("window", _window(r.spec, r.input.schema))]


def _join_condition(r: Join) -> str:
    left, right = r.left.schema, r.right.schema
    terms = []
    for i, (a, b) in enumerate(zip(r.left_keys, r.right_keys)):
        terms.append(f"{left[a].name} {'IS NOT DISTINCT FROM' if i in r.null_safe else '='} {right[b].name}")
    if r.condition is not None:
        terms.append(render(r.condition, [*left.names, *right.names]))
    return " AND ".join(terms) or "true"


def _join(r: Join) -> tuple[str, Attributes]:
    attributes = [("joinType", f"{r.kind.value.title()}Join"), ("where", _join_condition(r))]
    if isinstance(r, IntervalJoin):
        bounds = (f"isRowTime={str(r.time_kind is TimeKind.ROWTIME).lower()}, leftLowerBound={-r.upper // 1000}, "
                  f"leftUpperBound={-r.lower // 1000}, leftTimeIndex={r.left_time}, rightTimeIndex={r.right_time}")
        attributes.insert(1, ("windowBounds", bounds))
    if isinstance(r, TemporalJoin):
        attributes.append(("versionedBy", f"{r.left.schema[r.left_time].name}, {r.right.schema[r.right_time].name}"))
    return type(r).__name__, [*attributes, ("select", ", ".join(r.schema.names)), _ttl_hints(r)]


def _lookup(r: LookupJoin) -> tuple[str, Attributes]:
    names = [*r.input.schema.names, *(r.table.physical[c].name for c in r.columns)]
    keys = ", ".join(f"{r.table.physical[p].name}={render(e, r.input.schema.names)}" for p, e in r.keys)
    where = render(r.condition, names) if r.condition is not None else ""
    return "LookupJoin", [
        ("table", ".".join(r.table.path)),
        ("joinType", f"{r.kind.value.title()}Join"),
        ("lookup", keys),
        ("where", where),
        ("select", ", ".join(r.schema.names)),
        *_lookup_hints(r),
    ]


def _lookup_hints(r: LookupJoin) -> Attributes:
    hint = lookup_hint(r)
    if hint is None:
        return ()
    mode = "UNORDERED" if hint.unordered else "ORDERED"
    asked = f"{mode}, {hint.timeout // 1000}ms, {hint.capacity or 100}" if hint.asynchronous else ""
    retry = f"lookup_miss, FIXED_DELAY, {hint.delay // 1000}ms, {hint.attempts}" if hint.attempts else ""
    return [("async", asked), ("retry", retry), ("shuffle", "true" if hint.shuffle else "")]


def _over(r: Over) -> tuple[str, Attributes]:
    schema = r.input.schema
    unit = "ROWS" if r.frame.rows else "RANGE"
    amount = str if r.frame.rows else duration
    start = "UNBOUNDED" if r.frame.preceding is None else amount(r.frame.preceding)
    end = "CURRENT ROW" if r.frame.following == 0 else (
        "UNBOUNDED FOLLOWING" if r.frame.following is None else f"{amount(r.frame.following)} FOLLOWING")
    return "OverAggregate", [("partitionBy", _columns(r.partition, schema)), ("orderBy", _order(r.order, schema)),
                             ("window", f"{unit} BETWEEN {start} PRECEDING AND {end}"),
                             ("select", ", ".join(["*", *(_call(c, schema) for c in r.calls)]))]


def _rank(r: Rank) -> tuple[str, Attributes]:
    schema = r.input.schema
    end = schema[r.end_column].name if r.end_column is not None else str(r.end)
    return type(r).__name__, [
        ("rankType", r.function), ("rankRange", f"rankStart={r.start}, rankEnd={end}"),
        ("partitionBy", _columns(r.partition, schema)), ("orderBy", _order(r.order, schema)),
        ("select", ", ".join(r.schema.names))]


def _deduplicate(r: Deduplicate) -> tuple[str, Attributes]:
    return "Deduplicate", [("keep", "LastRow" if r.keep_last else "FirstRow"), ("key", _columns(r.partition, r.schema)),
                           ("order", r.order[1].value)]


def _sort(r: Sort) -> tuple[str, Attributes]:
    limit = "" if r.limit is None else str(r.limit)
    name = "Limit" if not r.order else ("SortLimit" if limit or r.offset else "Sort")
    return name, [("orderBy", _order(r.order, r.schema)), ("offset", str(r.offset) if r.offset or limit else ""),
                  ("fetch", limit)]


def _correlate(r: Correlate) -> tuple[str, Attributes]:
    names = r.input.schema.names
    return "Correlate", [("invocation", f"{r.function}({', '.join(render(a, names) for a in r.args)})"),
                         ("joinType", "LEFT" if r.left else "INNER"),
                         ("condition", render(r.condition, r.schema.names) if r.condition is not None else ""),
                         ("select", ", ".join(r.schema.names))]


def _sink(r: Sink) -> tuple[str, Attributes]:
    return "Sink", [("table", ".".join(r.table.path)), ("fields", ", ".join(r.schema.names)),
                    ("conflictStrategy", r.on_conflict or "")]


_RULES: tuple[tuple[type[Relation], Callable[..., tuple[str, Attributes]]], ...] = (
    (Scan, _scan), (Values, _values), (AssignWatermark, _watermark), (Project, _project), (Filter, _filter),
    (SetOperation, _set), (Aggregate, _aggregate), (WindowAggregate, _window_aggregate), (WindowTable, _window_table),
    (Join, _join), (LookupJoin, _lookup), (Over, _over), (Rank, _rank), (Deduplicate, _deduplicate), (Sort, _sort),
    (Correlate, _correlate), (Sink, _sink),
)
