"""FOR SYSTEM_TIME AS OF: lookups as of now, and joins with the version of a table valid at a row's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.expressions.binding import resolve_call
from engine.expressions.nodes import Call, Expression, InputRef, input_refs
from engine.plan.nodes import JoinKind, LookupJoin, Relation, TemporalJoin
from engine.sql.binder.build import conjunction, conjuncts, is_proctime, nullable, project, refs, widen
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.binder.hints import Hints, hinted_lookup, hints
from engine.sql.binder.joins import EquiTerm, join_schema, split_terms
from engine.sql.binder.placeholders import SubqueryRef, contains, rewrite, shift
from engine.sql.binder.sources import From, FromBinder, Leaf, combined
from engine.sql.binder.tables import HintedOptions, table_columns
from engine.sql.catalog import Table
from engine.sql.places import place_of
from engine.sql.scope import Scope, Source
from engine.types import Schema, TimeKind

if TYPE_CHECKING:
    from engine.sql.binder.tables import TableColumns


def temporal_join(binder: FromBinder, left: From, node: exp.Table, kind: JoinKind, on: exp.Expr | None) -> From:
    """left JOIN table FOR SYSTEM_TIME AS OF left.time ON ..."""
    if kind not in (JoinKind.INNER, JoinKind.LEFT):
        raise NotSupported(f"a {kind.value} JOIN with FOR SYSTEM_TIME AS OF", place=place_of(node),
                           hint="only INNER and LEFT joins are")
    relation = left.relation(binder.session)
    version = node.args["version"].expression
    time = ExpressionBinder(binder.session, left.scope, "FOR SYSTEM_TIME AS OF").bind(version)
    time_kind = _time_kind(relation, time, version)
    if time_kind is TimeKind.PROCTIME:
        return _lookup(binder, left, relation, node, kind, on)
    assert isinstance(time, InputRef)
    return _versioned(binder, left, relation, node, kind, on, time.index)


def _time_kind(relation: Relation, time: Expression, node: exp.Expr) -> TimeKind:
    if is_proctime(time):
        return TimeKind.PROCTIME
    kind = relation.schema[time.index].time if isinstance(time, InputRef) else None
    if kind is None:
        raise UserError("bad_temporal_join", "Temporal table join currently only supports 'FOR SYSTEM_TIME AS OF' left "
                        "table's time attribute field", place=place_of(node),
                        hint="name a column with a WATERMARK, or one that is PROCTIME()")
    return kind


def _terms(binder: FromBinder, scope: Scope, on: exp.Expr | None) -> list[Expression]:
    if on is None:
        return []
    terms = conjuncts(ExpressionBinder(binder.session, scope, "ON").condition(on))
    if any(contains(term, SubqueryRef) for term in terms):
        raise NotSupported("a subquery in the condition of a temporal join", place=place_of(on))
    return terms


def _sides(left: From, node: exp.Table, right: Schema, kind: JoinKind, width: int) -> tuple[Scope, Scope]:
    """The names in ON, and those above the join."""
    alias = node.args.get("alias")
    columns = [c.name for c in alias.args.get("columns") or []] if alias is not None else []
    fields = tuple(replace(f, name=n) for f, n in zip(right, columns)) if columns else right.fields
    source = Source(alias.name if alias is not None else node.name, fields, 0)
    inside = combined(left.scope, Scope([source]), width)
    above = fields if kind is JoinKind.INNER else nullable(Schema(fields)).fields
    outside = combined(left.scope, Scope([replace(source, fields=above)]), width)
    return inside, outside


# ---- as of now -------------------------------------------------------------------------------------------------------


def _lookup(binder: FromBinder, left: From, relation: Relation, node: exp.Table, kind: JoinKind,
            on: exp.Expr | None) -> From:
    session = binder.session
    entry = binder.entry_of(node)
    if not isinstance(entry, Table):
        raise NotSupported("a processing-time temporal join with a view", place=place_of(node),
                           hint="join a table whose connector answers lookups")
    options = HintedOptions(node.args.get("hints"))
    columns = table_columns(session, entry, options)
    if not session.catalog.describe(columns.spec).lookup:
        raise NotSupported(f"a processing-time temporal join with '{entry.name}', whose connector has no lookups,",
                           place=place_of(node))
    right = Schema(tuple(replace(f, time=None) for f in session.table(entry, options).schema))
    width = len(relation.schema)
    inside, outside = _sides(left, node, right, kind, width)
    terms = [_over_physical(t, columns, width) for t in _terms(binder, inside, on)]
    keys, rest = _lookup_keys(terms, width)
    if not keys:
        raise UserError("bad_temporal_join", "Temporal table join requires an equality condition on fields of table "
                        f"'{entry.name}'", place=place_of(node), hint="compare a column of it with = in ON")
    made = _lookup_node(relation, columns, kind, keys, rest, node, session.nodes)
    joined = hinted_lookup(made, session.hints, _named(node))
    outputs = [*refs(joined)[:width], *(_computed(e, joined, width, kind) for e in columns.expressions)]
    result = project(joined, outputs, [*relation.schema.names, *right.names], session.nodes)
    return From(Leaf(result), outside)


def _lookup_node(relation: Relation, columns: TableColumns, kind: JoinKind, keys: Sequence[tuple[int, Expression]],
                 rest: Sequence[Expression], node: exp.Table, nodes: frozenset[str]) -> LookupJoin:
    physical = columns.spec.physical
    given = physical if kind is JoinKind.INNER else nullable(physical)
    schema = Schema(relation.schema.fields + given.fields)
    return LookupJoin(schema, relation, kind, columns.spec, tuple(range(len(physical))), tuple(keys), conjunction(rest),
                      nodes=nodes, hints=hints_of(node))


def _named(node: exp.Table) -> tuple[str, ...]:
    """What a hint calls the table."""
    alias = node.args.get("alias")
    return (alias.name,) if alias is not None else tuple(p.name for p in node.parts)


def hints_of(node: exp.Table) -> Hints:
    """The hints of a table, OPTIONS apart."""
    return hints(node.args.get("hints") or [], leave_out=("OPTIONS",))


def _over_physical(term: Expression, columns: TableColumns, width: int) -> Expression:
    """The term with computed columns of the table written out over its physical ones."""

    def change(e: Expression) -> Expression:
        if isinstance(e, InputRef) and e.index >= width:
            return shift(columns.expressions[e.index - width], width)
        return e

    return rewrite(term, change)


def _computed(expression: Expression, joined: Relation, width: int, kind: JoinKind) -> Expression:
    """A declared column above the lookup, NULL where nothing was found."""
    moved = rewrite(shift(expression, width), lambda e: replace(e, type=joined.schema[e.index].type)
                    if isinstance(e, InputRef) else e)
    if kind is JoinKind.LEFT and not isinstance(moved, InputRef):
        moved = replace(moved, type=moved.type.as_nullable())
    return moved


def _lookup_keys(terms: Sequence[Expression], width: int) -> tuple[list[tuple[int, Expression]], list[Expression]]:
    """Columns of the table set equal to something known before, and the other terms."""
    keys: list[tuple[int, Expression]] = []
    rest: list[Expression] = []
    for term in terms:
        key = _lookup_key(term, width)
        if key is not None and key[0] not in [k for k, _ in keys]:
            keys.append(key)
        else:
            rest.append(term)
    return keys, rest


def _lookup_key(term: Expression, width: int) -> tuple[int, Expression] | None:
    if getattr(term, "function", "") != "=":
        return None
    for side, value in (term.children, term.children[::-1]):
        column = _same_text(side)
        if isinstance(column, InputRef) and column.index >= width and all(i < width for i in input_refs(value)):
            return column.index - width, value
    return None


def _same_text(expression: Expression) -> Expression:
    """The operand of a cast from one kind of character string to another: the same text."""
    if isinstance(expression, Call) and expression.function == "CAST" and expression.type.is_string:
        if expression.args[0].type.is_string:
            return expression.args[0]
    return expression


# ---- as of the row's time --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Versioned:
    """The versioned side and where its time attribute is."""

    relation: Relation
    time: int


def _versioned(binder: FromBinder, left: From, relation: Relation, node: exp.Table, kind: JoinKind, on: exp.Expr | None,
               time: int) -> From:
    session = binder.session
    right = _versioned_side(binder, node)
    ours, theirs = relation.schema[time].type, right.relation.schema[right.time].type
    if ours.kind is not theirs.kind:
        raise UserError(
            "bad_temporal_join",
            "Event-Time Temporal Table Join requires same rowtime type in left table and "
            f"versioned table, but the rowtime types are {ours} and {theirs}.",
            place=place_of(node),
        )
    width = len(relation.schema)
    inside, outside = _sides(left, node, right.relation.schema, kind, width)
    equal, others = split_terms(_terms(binder, inside, on), width)
    kept = _check_key(binder, right.relation, equal, node)
    wide, left_keys = widen(relation, [t.left for t in kept], session.nodes)
    right_keys = tuple(t.right.index for t in kept if isinstance(t.right, InputRef))
    offset = len(wide.schema) - width
    terms = [_shifted(t, width, offset) for t in [*others, *(_as_term(t, width) for t in equal if t not in kept)]]
    schema = join_schema(kind, wide.schema, right.relation.schema)
    result: Relation = TemporalJoin(schema, wide, right.relation, kind, left_keys, right_keys, conjunction(terms),
                                    left_time=time, right_time=right.time, nodes=session.nodes)
    if offset:
        kept_columns = [*refs(result)[:width], *refs(result)[width + offset:]]
        result = project(result, kept_columns, [result.schema[e.index].name for e in kept_columns], session.nodes)
    return From(Leaf(result), outside)


def _versioned_side(binder: FromBinder, node: exp.Table) -> _Versioned:
    relation, _ = binder.relation_of(node)
    time = next((i for i, f in enumerate(relation.schema) if f.time is TimeKind.ROWTIME), -1)
    if time < 0:
        raise UserError("bad_temporal_join", "Event-Time Temporal Table Join requires both primary key and row time "
                        f"attribute in versioned table, but no row time attribute can be found in '{node.name}'",
                        place=place_of(node), hint="declare a WATERMARK for it")
    return _Versioned(relation, time)


def _check_key(binder: FromBinder, right: Relation, equal: Sequence[EquiTerm], node: exp.Table) -> list[EquiTerm]:
    """The equalities with the versioned table's key."""
    plain = [t for t in equal if isinstance(t.right, InputRef) and not t.null_safe]
    if not plain:
        raise UserError("bad_temporal_join", "Currently the join key in Temporal Table Join can not be empty",
                        place=place_of(node), hint="compare its primary key with = in ON")
    keys = binder.session.facts.keys(right)
    if not keys:
        raise UserError(
            "bad_temporal_join",
            "Temporal Table Join requires primary key in versioned table, but no primary "
            f"key can be found in '{node.name}'",
            place=place_of(node),
            hint="declare PRIMARY KEY (...) NOT ENFORCED, or deduplicate by ROW_NUMBER() in a view",
        )
    compared = {t.right.index for t in plain if isinstance(t.right, InputRef)}
    key = next((k for k in sorted(keys, key=sorted) if k <= compared), None)
    if key is None:
        raise UserError(
            "bad_temporal_join",
            "Temporal table's primary key must be included in the equivalence condition of temporal join",
            place=place_of(node),
            hint="its key: " + ", ".join(right.schema[i].name for i in sorted(next(iter(keys)))),
        )
    chosen: dict[int, EquiTerm] = {}
    for term in plain:
        assert isinstance(term.right, InputRef)
        if term.right.index in key:
            chosen.setdefault(term.right.index, term)
    return list(chosen.values())


def _as_term(term: EquiTerm, width: int) -> Expression:
    name = "IS NOT DISTINCT FROM" if term.null_safe else "="
    return resolve_call(name, (term.left, shift(term.right, width)))


def _shifted(term: Expression, width: int, offset: int) -> Expression:
    return rewrite(
        term, lambda e: replace(e, index=e.index + offset) if isinstance(e, InputRef) and e.index >= width else e
    )
