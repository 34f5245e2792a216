"""From a model back to the columns its features are computed of: the part of a pipeline that a request runs through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from engine.aggregates import AGGREGATES
from engine.errors import UserError
from engine.sql.dialect import CreateView, parse_one
from engine.types import Field
from porsche.compiler import Compiled

_STATEFUL = ("joins", "group", "having", "windows", "qualify", "distinct", "order", "limit", "laterals", "match")
Views = Mapping[str, exp.Select]


@dataclass(frozen=True)
class Path:
    """`entry`: the node whose rows a request stands for; `fields`: its columns; `needed`: those the vector is made of;
    `views`: those behind the entry up to the one that has the vector, in order; `vector`: (view, column)."""

    entry: str
    fields: tuple[Field, ...]
    needed: tuple[str, ...]
    views: tuple[tuple[str, exp.Select], ...]
    vector: tuple[str, str]


def path_to(compiled: Compiled, model: str) -> Path:
    """The path of the model that a node trains. UserError where the node trains none, or not on a FEATURES vector."""
    views = {s.name: tree for s in compiled.statements if s.kind == "view" and (tree := _select(s.sql)) is not None}
    vector = _vector(compiled, views, model)
    chain = _chain(views, vector[0])
    entry = _source(views[chain[-1]])
    if entry not in compiled.schemas:
        raise UserError("not_servable", f"the columns in front of '{chain[-1]}' have no name of their own",
                        hint="put a select in front of the feature vector")
    needed = _needed(compiled, chain, entry, vector[1])
    fields = compiled.schemas[entry].columns
    shown = tuple((name, _unfiltered(views[name])) for name in reversed(chain))
    return Path(entry, fields, tuple(f.name for f in fields if f.name in needed), shown, vector)


def _select(sql: str) -> exp.Select | None:
    tree = parse_one(sql)
    query = tree.expression if isinstance(tree, CreateView) else None
    return query if isinstance(query, exp.Select) else None


def _vector(compiled: Compiled, views: Views, model: str) -> tuple[str, str]:
    """(view, column) of the FEATURES call that the model learns from: back along the lineage of the model's column."""
    lineage = compiled.lineage()
    waiting = [source for sources in lineage.get(model, {}).values() for source in sources]
    seen = set()
    while waiting:
        node, column = place = waiting.pop(0)
        if place in seen:
            continue
        seen.add(place)
        if _calls_features(views.get(node), column):
            return place
        waiting.extend(lineage.get(node, {}).get(column, ()))
    raise UserError("not_servable", f"node '{model}' trains no model on a feature vector of this pipeline")


def _calls_features(view: exp.Select | None, column: str) -> bool:
    named = (item for item in (view.expressions if view is not None else ()) if item.alias_or_name == column)
    return any(isinstance(call, exp.Anonymous) and str(call.this).upper() == "FEATURES"
               for item in named for call in item.find_all(exp.Anonymous))


def _chain(views: Views, name: str) -> list[str]:
    """The view and those in front of it that treat each row by itself, up to the first that does not."""
    chain = [name]
    while (source := _source(views[chain[-1]])) in views and _is_row_wise(views[source]):
        chain.append(source)
    return chain


def _source(query: exp.Select) -> str:
    table = query.args["from_"].this
    if not isinstance(table, exp.Table):
        raise UserError("not_servable", "the feature vector is computed of a query without a name",
                        hint="put a select in front of the feature vector")
    return table.name


def _is_row_wise(query: exp.Select) -> bool:
    if any(query.args.get(part) for part in _STATEFUL) or not isinstance(query.args["from_"].this, exp.Table):
        return False
    calls = {str(call.this).upper() for call in query.find_all(exp.Anonymous)}
    return not calls & AGGREGATES.keys() and query.find(exp.Window, exp.Subquery) is None


def _needed(compiled: Compiled, chain: list[str], entry: str, column: str) -> set[str]:
    """The entry's columns that a column of the last view is made of."""
    lineage = compiled.lineage()
    wanted = {(chain[0], column)}
    found: set[str] = set()
    while wanted:
        node, name = wanted.pop()
        if node == entry:
            found.add(name)
        else:
            wanted.update(lineage[node][name])
    return found


def _unfiltered(query: exp.Select) -> exp.Select:
    """Filters decide what a model learns from; whoever asks for a prediction gets one."""
    copy = query.copy()
    copy.set("where", None)
    return copy
