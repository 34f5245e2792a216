"""From units to nodes, inputs first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import reduce

from sqlglot import exp

from engine.analyze import Analyzer
from engine.errors import UserError
from engine.sql.dialect import CreateTable, InsertInto, generate, place_of
from porsche.compiler.environment import Environment
from porsche.compiler.recognise.matching import Found, Matcher, prints_of
from porsche.compiler.recognise.previous import Previous
from porsche.compiler.recognise.script import Script, Unit, id_like, in_order, is_id, rename
from porsche.components.table import column, table_name

CUSTOM = "custom_sql"
_Fresh = Callable[[str], str]


class Recogniser:
    """Makes nodes of the units of a script. `found` by id; `units`: what each was read off, by id; `problems`."""

    def __init__(self, script: Script, environment: Environment, state: str, previous: Previous) -> None:
        self._script = script
        self._previous = previous
        self._analyzer = Analyzer(settings=dict(script.settings))
        self._matcher = Matcher(self._analyzer, environment, state, previous.components)
        self._broken: set[str] = set()
        self.names: dict[str, str] = {}
        self.found: dict[str, Found] = {}
        self.units: dict[str, Unit] = {}
        self.problems: list[UserError] = list(script.problems)

    def run(self) -> None:
        self._name_well()
        for unit in self._script.units:
            self._unit(unit)

    def _name_well(self) -> None:
        """Names that no node can have are replaced by ones that it can."""
        self._taken = {unit.name for unit in self._script.units}
        for unit in self._script.units:
            if not is_id(unit.name):
                self.names[unit.name] = id_like(unit.name, self._taken.__contains__)
                self._taken.add(self.names[unit.name])
        if self.names:
            self._script.units = [_called(unit, self.names) for unit in self._script.units]

    def _unit(self, unit: Unit) -> None:
        """A unit as one node, or as several where no component says it whole."""
        if not self._readable(unit):
            self._broken.add(unit.name)
            return
        found = self._one(unit)
        if found is not None:
            self._add(unit, found)
            return
        parts = _parted(unit, self._fresh)
        if parts:
            for part in parts:
                self._unit(part)
        else:
            self._broken.add(unit.name)
            self.problems.append(_unsaid(unit, self._matcher))

    def _fresh(self, name: str) -> str:
        made = id_like(name, self._taken.__contains__)
        self._taken.add(made)
        return made

    def _readable(self, unit: Unit) -> bool:
        """Whether all that the unit reads is there; what is not there at all is a problem."""
        good = True
        for name in unit.reads():
            if name not in self._matcher.gives:
                good = False
                if name not in self._broken:
                    self.problems.append(_unknown(unit, name))
        return good

    def _one(self, unit: Unit) -> Found | None:
        """The node that a unit is: as before, in other words than before, renamed, or new."""
        told = unit.normal()
        prints = prints_of(told)
        same = self._previous.same(unit, self._matcher, prints)
        if same is not None:
            return same
        was = self._previous.nodes.get(unit.name)
        if was is None:
            for old in self._gone():
                renamed = self._previous.same(unit, self._matcher, prints, old)
                if renamed is not None:
                    self._previous.rename(old, unit.name)
                    return renamed
        else:
            own = self._custom(unit) if was.component == CUSTOM else self._previous.inside(unit, self._matcher)
            if own is not None:
                return own
        choices = self._matcher.found(told)
        if was is None:
            return next(choices, None) or self._custom(unit)
        every = list(choices)
        likely = [each for each in every if each.component == was.component]
        likely.sort(key=lambda each: len(each.properties.keys() ^ was.properties.keys()))
        best = next(iter(likely or every), None)
        return self._previous.nearest(best, self._matcher, prints) if best is not None else self._custom(unit)

    def _gone(self) -> Iterator[str]:
        """Nodes of the document before that the text no longer names."""
        return (old for old in self._previous.nodes if old not in self._taken and old not in self._previous.renamed)

    def _custom(self, unit: Unit) -> Found | None:
        """A unit that is one view as custom SQL."""
        if unit.tables or list(unit.views) != [unit.name]:
            return None
        query = generate(unit.views[unit.name], pretty=True, quote=False, comments=False)
        prints = prints_of(unit.normal())
        found = self._matcher.tried(unit.name, CUSTOM, {"query": query}, {"rows": tuple(unit.reads())}, prints)
        return found and self._previous.nearest(found, self._matcher, prints)

    def _add(self, unit: Unit, found: Found) -> None:
        self._analyzer.nodes[found.id] = found.id
        wrong = self._matcher.wrong(unit)
        for finding in wrong:
            self.problems.append(UserError(finding.code, finding.message, hint=finding.hint, place=finding.place,
                                           node=found.id))
        self.found[found.id] = found
        self.units[found.id] = unit
        if wrong:
            self._broken.add(found.id)
        else:
            self._matcher.learn(found.id, found.kind)


# ---- a unit as several -----------------------------------------------------------------------------------------------


def _called(unit: Unit, names: Mapping[str, str]) -> Unit:
    """A unit with other names, and so all it speaks of."""
    rename(unit.statements(), names)
    return replace(unit, name=names.get(unit.name, unit.name),
                   tables={names.get(name, name): tree for name, tree in unit.tables.items()},
                   views={names.get(name, name): tree for name, tree in unit.views.items()})


def _parted(unit: Unit, fresh: _Fresh) -> list[Unit]:
    """Helpers as nodes of their own; what a table is filled with as a node of its own. Empty where there is no way."""
    helpers = [name for name in (*unit.tables, *unit.views) if name != unit.name]
    if not helpers:
        return _filled_apart(unit, fresh)
    names = {name: fresh(name) for name in helpers}
    parts = {name: Unit(names.get(name, name)) for name in (unit.name, *helpers)}
    for name, table in unit.tables.items():
        parts[name].tables[parts[name].name] = table
    for name, query in unit.views.items():
        parts[name].views[parts[name].name] = query
    for kind in ("loads", "inserts"):
        for insert in getattr(unit, kind):
            getattr(parts[insert.this.name], kind).append(insert)
    rename(unit.statements(), names)
    return in_order([part for part in parts.values() if part.makes])


def _filled_apart(unit: Unit, fresh: _Fresh) -> list[Unit]:
    table = unit.tables.get(unit.name)
    if table is None or len(unit.tables) > 1 or unit.loads or not unit.inserts or _selects_names(unit):
        return []
    names = [each.name for each in table.args.get("columns") or ()]
    rows = fresh(f"{unit.name}_rows")
    queries = [_as(insert.expression, names) for insert in unit.inserts]
    query = reduce(lambda left, right: exp.Union(this=left, expression=right, distinct=False), queries)
    chosen = exp.Select(expressions=[column(name) for name in names], from_=exp.From(this=table_name(rows)))
    conflict = unit.inserts[0].args.get("conflict")
    insert = InsertInto(this=table_name(unit.name), expression=chosen, conflict=conflict)
    return [Unit(rows, views={rows: query}), replace(unit, inserts=[insert])]


def _selects_names(unit: Unit) -> bool:
    """Whether all that is written are columns by name of one relation, so that there is nothing to take apart."""
    query = unit.inserts[0].expression
    return len(unit.inserts) == 1 and isinstance(query, exp.Select) and not query.args.get("joins") and all(
        isinstance(item, exp.Column) for item in query.expressions) and not any(
        query.args.get(clause) for clause in ("where", "group", "having", "order", "limit", "distinct", "with_"))


def _as(query: exp.Query, names: list[str]) -> exp.Query:
    """A SELECT with these names for its columns, where it has just as many."""
    items = query.expressions if isinstance(query, exp.Select) else []
    if len(items) != len(names) or any(item.is_star for item in items):
        return query
    made = query.copy()
    for item, name in zip(list(made.expressions), names, strict=True):
        inner = item.this if isinstance(item, exp.Alias) else item
        if not (isinstance(inner, exp.Column) and inner.name == name):
            item.replace(exp.Alias(this=inner.copy(), alias=exp.Identifier(this=name, quoted=False)))
    return made


# ---- what cannot be said ---------------------------------------------------------------------------------------------


def _unknown(unit: Unit, name: str) -> UserError:
    table = next((t for query in unit.queries() for t in query.find_all(exp.Table) if t.name == name), None)
    return UserError("unknown_table", f"there is no table or view '{name}'", node=unit.name,
                     hint="create it in the same text", place=place_of(table))


def _unsaid(unit: Unit, matcher: Matcher) -> UserError:
    first, gives = next(unit.statements()), matcher.gives
    table = unit.tables.get(unit.name)
    kinds = {"dimension": "a dimension table, which only a lookup by key reads",
             "model": "a model, which only predictions read"}
    other = next((name for name in unit.reads() if gives.get(name) in kinds), None)
    if other is not None and table is None:
        return UserError("not_recognised", f"'{other}' is {kinds[gives[other]]}", node=unit.name, place=place_of(first),
                         hint="join it FOR SYSTEM_TIME AS OF, as the component does")
    if matcher.why is not None:
        why = matcher.why
        return UserError(why.code, why.message, hint=why.hint, node=unit.name, place=place_of(first))
    if isinstance(table, CreateTable) and unit.inserts:
        return UserError("not_recognised", f"no component writes a table like '{unit.name}'", node=unit.name,
                         hint="its columns have the names and types of what is written, in the same order",
                         place=place_of(first))
    return UserError("not_recognised", f"no component makes a table like '{unit.name}'", node=unit.name,
                     hint="columns, then computed columns, one watermark; or a key and one column family",
                     place=place_of(first))
