"""Split distinct aggregation ('table.optimizer.distinct-agg.split.enabled'): a key with very many values is counted in
parts, by a hash of the values, and the parts are added up. Spreads the work of a hot key over the shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from engine.errors import UserError
from engine.expressions.binding import cast, resolve_call
from engine.expressions.nodes import Expression, InputRef, Literal
from engine.options import boolean, integer
from engine.plan.nodes import Aggregate, AggregateCall, Project, Relation, SetKind, SetOperation
from engine.plan.tree import rewrite
from engine.types import BIGINT, BOOLEAN, INT, DataType, Field, Schema

ENABLED = "table.optimizer.distinct-agg.split.enabled"
BUCKETS = "table.optimizer.distinct-agg.split.bucket-num"
_NONE: Mapping[str, str] = MappingProxyType({})
_FINAL = {"COUNT": "$SUM0", "SUM": "SUM", "SUM0": "$SUM0", "$SUM0": "$SUM0", "MIN": "MIN", "MAX": "MAX"}
"""What adds up the parts of a call."""
_COUNT = BIGINT.as_nullable(False)
_TRUE = BOOLEAN.as_nullable(False)


def split_distinct(sinks: tuple[Relation, ...], settings: Mapping[str, str] = _NONE) -> tuple[Relation, ...]:
    """Aggregates with DISTINCT over keys and a bucket of the distinct values, and above them those over the keys."""
    if not boolean(settings.get(ENABLED, "false"), ENABLED):
        return sinks
    buckets = integer(settings.get(BUCKETS, "1024"), BUCKETS)
    if buckets < 1:
        raise UserError("bad_option", f"'{BUCKETS}' = '{buckets}' is less than 1")
    return rewrite(sinks, lambda r: _split(r, buckets) if isinstance(r, Aggregate) and _splits(r) else r)


def _splits(relation: Aggregate) -> bool:
    types = relation.input.schema.types
    return any(c.distinct for c in relation.calls) and all(_adds_up(c, types) for c in relation.calls)


def _adds_up(call: AggregateCall, types: Sequence[DataType]) -> bool:
    """Whether the results of parts add up to the result: not sums of DOUBLE, whose rounding depends on the order."""
    if call.order or call.options:
        return False
    if call.function == "AVG":
        return types[call.args[0]].is_integer
    exact = call.function in ("COUNT", "MIN", "MAX") or not types[call.args[0]].is_approximate
    return call.function in _FINAL and exact


def _split(relation: Aggregate, buckets: int) -> Relation:
    parts = [part for call in relation.calls for part in _parts(call, relation)]
    sets = list(dict.fromkeys(part.args for part in parts if part.distinct))
    branches = [_branch(relation, parts, sets, number, buckets) for number in range(len(sets))]
    spread: Relation = branches[0]
    if len(branches) > 1:
        spread = SetOperation(spread.schema, SetKind.UNION_ALL, tuple(branches), nodes=relation.nodes)
    partial = _partial(relation, spread, parts, sets)
    return _final(relation, partial, parts)


def _parts(call: AggregateCall, relation: Aggregate) -> list[AggregateCall]:
    """What is computed of a call in each bucket: itself; of an average, sum and count."""
    if call.function != "AVG":
        return [call]
    total = Field(f"{call.field.name}$sum", relation.input.schema[call.args[0]].type.as_nullable())
    wide = replace(total, type=BIGINT)
    return [replace(call, function="SUM", field=wide),
            replace(call, function="COUNT", field=Field(f"{call.field.name}$count", _COUNT))]


def _columns(relation: Aggregate, parts: Sequence[AggregateCall]) -> list[int]:
    """The input columns that calls take, each once."""
    return list(dict.fromkeys(a for part in parts for a in part.args))


def _branch(relation: Aggregate, parts: Sequence[AggregateCall], sets: Sequence[tuple[int, ...]], number: int,
            buckets: int) -> Project:
    """The input by the bucket of one set of distinct columns: keys, bucket, arguments, and for each part whether it
    takes the row. Parts with other distinct columns do not; those without any take the rows of the first branch."""
    given = relation.input.schema
    own = sets[number]
    refs = [InputRef(f.type, index=i) for i, f in enumerate(given)]
    bucket = resolve_call("$BUCKET", [*(refs[i] for i in own), Literal(INT.as_nullable(False), buckets)])
    takes: list[Expression] = []
    for part in parts:
        mine = part.args == own if part.distinct else number == 0
        takes.append(Literal(_TRUE, mine) if part.filter is None or not mine else refs[part.filter])
    columns = _columns(relation, parts)
    filters = tuple(Field(f"$takes{i}", BOOLEAN) for i in range(len(parts)))
    schema = Schema((*(given[k] for k in relation.keys), Field("$bucket", bucket.type),
                     *(replace(given[c], name=f"$arg{c}", time=None) for c in columns), *filters))
    expressions = (*(refs[k] for k in relation.keys), bucket, *(refs[c] for c in columns), *takes)
    return Project(schema, relation.input, expressions, nodes=relation.nodes)


def _partial(relation: Aggregate, spread: Relation, parts: Sequence[AggregateCall],
             sets: Sequence[tuple[int, ...]]) -> Aggregate:
    """The aggregate by keys and bucket."""
    keys = len(relation.keys) + 1
    columns = _columns(relation, parts)
    at = {column: keys + i for i, column in enumerate(columns)}
    filters = keys + len(columns)
    calls = tuple(
        replace(part, args=tuple(at[a] for a in part.args),
                filter=filters + i if part.filter is not None or len(sets) > 1 else None)
        for i, part in enumerate(parts))
    schema = Schema((*spread.schema.fields[:keys], *(c.field for c in calls)))
    return Aggregate(schema, spread, tuple(range(keys)), calls, nodes=relation.nodes, hints=relation.hints)


def _final(relation: Aggregate, partial: Aggregate, parts: Sequence[AggregateCall]) -> Relation:
    """The aggregate of the parts by the keys alone, and the averages."""
    keys = len(relation.keys)
    calls = tuple(
        AggregateCall(_FINAL[part.function], (keys + 1 + i,), part.field, nodes=part.nodes)
        for i, part in enumerate(parts))
    added = Aggregate(Schema((*relation.schema.fields[:keys], *(c.field for c in calls))), partial,
                      tuple(range(keys)), calls, nodes=relation.nodes, hints=relation.hints)
    refs = [InputRef(f.type, index=i) for i, f in enumerate(added.schema)]
    expressions: list[Expression] = list(refs[:keys])
    rest = iter(refs[keys:])
    for call in relation.calls:
        first = next(rest)
        mean = resolve_call("/", [first, next(rest)]) if call.function == "AVG" else first
        expressions.append(mean if mean.type == call.field.type else cast(mean, call.field.type))
    if added.schema == relation.schema:
        return added
    return Project(relation.schema, added, tuple(expressions), nodes=relation.nodes)
