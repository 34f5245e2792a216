"""SQL hints as plan hints: name and its options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from engine.plan.nodes import Aggregate, Join, LookupJoin, Project, Relation
from engine.plan.tree import with_inputs
from engine.sql import dialect as ast
from engine.sql.binder.hint_options import check_hint
from engine.sql.places import place_of

Hints = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def hints(nodes: Sequence[ast.HintCall], leave_out: tuple[str, ...] = ()) -> Hints:
    """`/*+ NAME('k'='v', x) */` as ("NAME", (("k", "v"), ("x", "")))."""
    found = []
    for node in nodes:
        name = str(node.this).upper()
        options = tuple(_item(i) for i in node.expressions)
        check_hint(name, dict(options), place_of(node))
        if name not in leave_out:
            found.append((name, options))
    return tuple(found)


def hinted(relation: Relation, given: Hints) -> Relation:
    """The relation with the hints of its SELECT on the join, lookup or aggregation on top of it."""
    if not given:
        return relation
    if isinstance(relation, Join | LookupJoin | Aggregate):
        return replace(relation, hints=relation.hints + given)
    if isinstance(relation, Project):
        return with_inputs(relation, (hinted(relation.input, given),))
    return relation


def _item(node: exp.Expr) -> tuple[str, str]:
    if isinstance(node, ast.Option):
        return node.this.name, node.expression.name
    if isinstance(node, exp.Dot):
        return ".".join(p.name for p in node.parts), ""
    return node.name, ""
