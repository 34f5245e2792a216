"""SQL hints as plan hints: what a query says of its tables, put on the joins, lookups and aggregates that read them.

As in Flink: a hint counts in its own query block only; a table is named by its alias where it has one, else by its name
(or the end of its full name); of two values for one table the first counts; a name that is no table of the block is
refused. `STATE_TTL` becomes LEFT and RIGHT on a join, so an input that is itself a join keeps what the job's settings
say; `LOOKUP` goes to the lookup of its table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from engine.errors import UserError
from engine.plan.nodes import Aggregate, Join, LookupJoin, Project, Relation
from engine.plan.tree import with_inputs
from engine.sql import dialect as ast
from engine.sql.binder.hint_options import check_hint
from engine.sql.names import near_or_all
from engine.sql.places import place_of

Options = tuple[tuple[str, str], ...]
Hints = tuple[tuple[str, Options], ...]
Name = tuple[str, ...]
"""A table's alias, or the parts of its full name; empty for what has neither."""

STRATEGIES = frozenset(("BROADCAST", "SHUFFLE_HASH", "SHUFFLE_MERGE", "NEST_LOOP", "MULTI_JOIN"))
"""How a batch join is done: checked, without effect here."""


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


def check_tables(clause: exp.Hint | None, given: Hints, names: Sequence[Name], joined: bool, grouped: bool) -> None:
    """UserError "bad_hint" for tables that are not among those of the block. Hints that nothing in the block could take
    say nothing."""
    for name, options in given:
        tables = _tables(name, options) if joined or (grouped and name == "STATE_TTL") else []
        for table in tables:
            if not any(_matches(table, n) for n in names):
                known = [".".join(n) for n in names if n]
                raise UserError("bad_hint", f"'{table}' in {name} is no table of this query", place=place_of(clause),
                                hint=near_or_all(table, known, "tables") or "name a table of FROM, or its alias")


def _tables(name: str, options: Options) -> list[str]:
    if name == "LOOKUP":
        return [dict(options)["table"]]
    return [table for table, _ in options] if name == "STATE_TTL" or name in STRATEGIES else []


def _matches(option: str, name: Name) -> bool:
    """Whether a hint's name means a table: one is the end of the other."""
    parts = option.split(".")
    length = min(len(parts), len(name))
    return length > 0 and tuple(parts[-length:]) == name[-length:]


def hinted_join(relation: Relation, given: Hints, left: Name, right: Name) -> Relation:
    """A join with the time its sides' rows live, by the names of its sides."""
    if not isinstance(relation, Join) or not given:
        return relation
    sides: dict[str, str] = {}
    for table, value in _ttl(given):
        ours, theirs = _matches(table, left), _matches(table, right)
        if ours and theirs:
            raise UserError("bad_hint", f"'{table}' in STATE_TTL means both sides of a join",
                            hint="give the tables aliases and name those")
        if ours or theirs:
            sides.setdefault("LEFT" if ours else "RIGHT", value)
    others = tuple(h for h in given if h[0] in STRATEGIES)
    lives = (("STATE_TTL", tuple(sorted(sides.items()))),) if sides else ()
    return replace(relation, hints=relation.hints + lives + others)


def hinted_aggregate(relation: Relation, given: Hints, name: Name) -> Relation:
    """An aggregation, below projections or not, with the time its groups live, by the name of what it reads."""
    found = next((item for item in _ttl(given) if _matches(item[0], name)), None)
    if found is None:
        return relation
    if isinstance(relation, Aggregate):
        return replace(relation, hints=(*relation.hints, ("STATE_TTL", (found,))))
    if isinstance(relation, Project):
        return with_inputs(relation, (hinted_aggregate(relation.input, given, name),))
    return relation


def hinted_lookup(relation: LookupJoin, given: Hints, name: Name) -> LookupJoin:
    """A lookup with the first LOOKUP that names its table."""
    for hint, options in given:
        if hint == "LOOKUP" and _matches(dict(options)["table"], name):
            return replace(relation, hints=(*relation.hints, (hint, options)))
    return relation


def _ttl(given: Hints) -> list[tuple[str, str]]:
    return [item for name, options in given if name == "STATE_TTL" for item in options]


def _item(node: exp.Expr) -> tuple[str, str]:
    if isinstance(node, ast.Option):
        return node.this.name, node.expression.name
    if isinstance(node, exp.Dot):
        return ".".join(p.name for p in node.parts), ""
    return node.name, ""
