"""Which component a unit is: each reads itself off, and the first whose lowering says the same again is it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from engine.analyze import Analyzer
from engine.analyze import Diagnostic as Finding
from engine.errors import UserError
from engine.sql.dialect import Option
from engine.types import Schema
from porsche.compiler.diagnostics import Path
from porsche.compiler.environment import Environment
from porsche.compiler.graph import Connected
from porsche.compiler.lowering import columns_of
from porsche.compiler.recognise.normal import fingerprint, normal, printed, settled, skeleton
from porsche.compiler.recognise.script import Unit
from porsche.compiler.shape import INSIDE
from porsche.compiler.statements import Statement, statements_of
from porsche.compiler.subpipelines import renamed
from porsche.components import catalogue
from porsche.components.base import Component, PropertyError, Site
from porsche.components.properties import InvalidValue, Property, TimeColumn
from porsche.components.reading import Reading, Said, bare
from porsche.components.table import Table, column, identifier

TAG = "said"
"""In the `meta` of a tree that a property holds: the property, and the path inside its value."""


class Word(str):
    """A word of a property's value, most of them names. It stays itself in the trees that are made with it.
    `tag`: the property, and the path inside its value."""

    __slots__ = ("tag",)
    tag: Tag

    @classmethod
    def of(cls, text: str, name: str, *path: str | int) -> Word:
        made = cls(text)
        made.tag = (name, path)
        return made

    def __str__(self) -> str:
        return self


Tag = tuple[str, tuple[str | int, ...]]
Prints = tuple[tuple[str, str, str], ...]
"""What statements have in common with those that mean the same: kind, name and fingerprint of each."""


@dataclass(frozen=True)
class Edit:
    """A node of a definition of the document (at `path` in it, called `node`) that has other properties now."""

    path: Path
    node: str
    old: Mapping[str, Any]
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """A node, its properties as documents write them; `bones`: what it lowers to, its expressions tagged; `edits`: what
    changes in the definition of its component, and in those that this one uses."""

    id: str
    component: str
    properties: Mapping[str, Any]
    inputs: Mapping[str, tuple[str, ...]]
    kind: type[Component] = field(repr=False, compare=False)
    bones: tuple[exp.Expr, ...] = field(default=(), repr=False, compare=False)
    edits: tuple[Edit, ...] = ()


def prints_of(unit: Unit) -> Prints:
    """The prints of a unit in normal form."""
    return tuple(sorted([
        *(("table", name, fingerprint(tree)) for name, tree in unit.tables.items()),
        *(("view", name, fingerprint(tree)) for name, tree in unit.views.items()),
        *(("load", tree.this.name, fingerprint(tree)) for tree in unit.loads),
        *(("insert", tree.this.name, fingerprint(tree)) for tree in unit.inserts)]))


def prints_of_statements(statements: Iterable[Statement]) -> Prints:
    """The same of what a component lowered to."""
    return tuple(sorted((s.kind, s.name, printed(skeleton(normal(body_of(s))))) for s in statements))


def body_of(statement: Statement) -> exp.Expr:
    """The part of a statement that counts: of a view its query."""
    return statement.tree.expression if statement.kind == "view" else statement.tree


class Matcher:
    """Knows the tables that nodes gave so far, and lowers components over them. `why`: why a component that would have
    fitted the last unit refused it."""

    def __init__(self, analyzer: Analyzer, environment: Environment, state: str,
                 components: Mapping[str, type[Component]]) -> None:
        self._analyzer = analyzer
        self._components = components
        self._environment = environment
        self._state = state
        self.tables: dict[str, Table] = {}
        self.gives: dict[str, str] = {}
        self.why: UserError | None = None

    # ---- trying ------------------------------------------------------------------------------------------------------

    def found(self, unit: Unit, inner: Connected | None = None) -> Iterator[Found]:
        """The components that a unit in normal form is, the first choice first; never custom SQL. `inner`: the node of
        a definition that it is."""
        prints = prints_of(unit)
        said = self._said(unit, inner.prefix if inner is not None else "")
        self.why = None
        for name, component in _specific_first():
            for reading in component.read(said):
                made = self.tried(unit.name, name, _meant(component, reading), reading.inputs, prints, component, inner)
                if made is not None:
                    yield made

    def tried(self, node: str, name: str, properties: Mapping[str, Any], inputs: Mapping[str, tuple[str, ...]],
              prints: Prints, component: type[Component] | None = None, inner: Connected | None = None) -> Found | None:
        """The node, if a component with these properties (without references in them) says just this. `inner`: the
        node of a definition that it is."""
        declared = component or self._components[name]
        values = _values(declared, properties)
        tables = self._inputs(declared, inputs)
        if values is None or tables is None or not _columns_exist(declared, values, tables):
            return None
        if inner is not None:
            values = dict(renamed(values, inner))
        site = self._site(node, inner.prefix if inner is not None else "")
        try:
            statements = list(statements_of(declared(values, site).lower(**tables), node))
        except (PropertyError, UserError) as error:
            self.why = UserError(error.code, error.message, hint=error.hint)
            return None
        bones = [(s.kind, s.name, skeleton(settled(body_of(s)))) for s in statements]
        if tuple(sorted((kind, made, printed(tree)) for kind, made, tree in bones)) != prints:
            return None
        return Found(node, name, properties, inputs, declared, tuple(tree for _, _, tree in bones))

    def learn(self, node: str, kind: type[Component]) -> None:
        """What a node gives is known to those after it."""
        if kind.gives:
            info = self._analyzer.relation(node)
            self.gives[node] = kind.gives
            self.tables[node] = Table.of(node, info.schema, info.keys[0] if info.keys else (), info.changelog)

    def wrong(self, unit: Unit) -> list[Finding]:
        """Analyse the statements of a unit as they were written; what is wrong with them has its place."""
        return [finding for statement in unit.analysable() for finding in self._analyzer.add_statement(statement)
                if finding.severity == "error"]

    def _said(self, unit: Unit, prefix: str) -> Said:
        def own(name: str) -> str:
            return unit.name + name[len(prefix):] if prefix and name.startswith(prefix + INSIDE) else name

        def options(use: str, said: Mapping[str, str]) -> Iterator[dict[str, str]]:
            return self._options(unit.name, use, said)

        def names(relation: str) -> tuple[str, ...]:
            table = self.tables.get(relation)
            return table.names if table is not None else ()

        tables = {own(name): tree for name, tree in unit.tables.items()}
        views = {own(name): tree for name, tree in unit.views.items()}
        return Said(unit.name, tables, tuple(unit.loads), views, tuple(unit.inserts), options,
                    self._aggregates, names)

    def _aggregates(self, query: exp.Query, source: str) -> bool:
        """Whether a SELECT over a relation aggregates: then a column beside what it selects is wrong, and else not."""
        table = self.tables.get(source)
        if table is None or self._wrong(query.copy()):
            return False
        beside = query.copy()
        beside.append("expressions", exp.Alias(this=column(table.names[0]), alias=identifier("__beside")))
        return self._wrong(beside)

    def _wrong(self, query: exp.Query) -> bool:
        return any(finding.severity == "error" for finding in self._analyzer.add_statement(query))

    def _options(self, node: str, use: str, said: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """What a document may have said for these options: nothing, what differs from the environment's, all."""
        supplied = self._environment.options(node, use, {}, self._state)
        if supplied == said:
            yield {}
        elif supplied and supplied.keys() <= said.keys():
            yield {name: value for name, value in said.items() if supplied.get(name) != value}
        yield dict(said)

    def _site(self, node: str, prefix: str) -> Site:
        def options(use: str, given: Mapping[str, str]) -> dict[str, str]:
            words = {name: name for name in given}
            filled = self._environment.options(node, use, given, self._state)
            return {words.get(name, name): text for name, text in filled.items()}

        return Site(node, self._describe, options, prefix)

    def _describe(self, query: exp.Query) -> Schema:
        for finding in self._analyzer.add_statement(query):
            if finding.severity == "error":
                raise UserError(finding.code, finding.message, hint=finding.hint, place=finding.place)
        return self._analyzer.relation("query").schema

    def _inputs(self, component: type[Component], inputs: Mapping[str, tuple[str, ...]]) -> dict[str, Any] | None:
        """The tables at the ports; None where one is not there or no such input."""
        found: dict[str, Any] = {}
        for port in component.inputs:
            names = inputs.get(port.name, ())
            if any(self.gives.get(name) != port.relation for name in names) or not (names or port.optional):
                return None
            tables = tuple(self.tables[name] for name in names)
            found[port.name] = tables if port.many else (tables[0] if tables else None)
        return found


def _specific_first() -> list[tuple[str, type[Component]]]:
    return sorted(catalogue().items(), key=lambda item: item[1].general)


def _meant(component: type[Component], reading: Reading) -> dict[str, Any]:
    """The properties of a reading without those that say their default."""
    declared = component.properties()
    return {name: value for name, value in reading.properties.items()
            if value not in ("", [], {}) and not same(declared[name], value, declared[name].default)}


def same(property: Property, one: Any, other: Any) -> bool:
    """Whether two values of a property mean the same."""
    if one is None or other is None:
        return one is other
    try:
        return bool(_comparable(property.parse(one)) == _comparable(property.parse(other)))
    except (InvalidValue, PropertyError):
        return bool(one == other)


def _comparable(value: Any) -> Any:
    if isinstance(value, exp.Expr):
        return fingerprint(value)
    if isinstance(value, tuple | list):
        return tuple(_comparable(each) for each in value)
    return tuple((key, _comparable(each)) for key, each in value.items()) if isinstance(value, dict) else value


def _values(component: type[Component], properties: Mapping[str, Any]) -> dict[str, Any] | None:
    """The checked values, expressions tagged; None where one is wrong or missing."""
    values: dict[str, Any] = {}
    for name, property in component.properties().items():
        given = properties.get(name)
        if given is None and property.required:
            return None
        given = property.default if given is None else given
        try:
            values[name] = None if given is None else property.parse(given)
        except InvalidValue:
            return None
        whole = [((), values[name])] if isinstance(values[name], exp.Expr) else []
        for path, tree in (*whole, *property.trees(values[name])):
            bare(tree).meta[TAG] = (name, path)
        values[name] = _worded(name, values[name])
    return values


def _worded(name: str, value: Any) -> Any:
    """A checked value that knows which of its words is where: a name, names, or what names have."""
    if isinstance(value, str):
        return Word.of(value, name)
    if isinstance(value, dict):
        return {Word.of(key, name, key): text for key, text in value.items()}
    return tuple(_entry(name, i, each) for i, each in enumerate(value)) if isinstance(value, tuple) else value


def _entry(name: str, at: int, entry: Any) -> Any:
    if isinstance(entry, str):
        return Word.of(entry, name, at)
    key, value = entry
    if isinstance(value, exp.DataType):
        value.meta[TAG] = (name, (key,))
    elif isinstance(value, tuple):
        value = tuple(Word.of(part, name, key, i) if isinstance(part, str) else part for i, part in enumerate(value))
    return Word.of(key, name, key), value


def _columns_exist(component: type[Component], values: Mapping[str, Any], tables: Mapping[str, Any]) -> bool:
    for name, property in component.properties().items():
        table = tables.get(property.port)
        if isinstance(table, Table):
            known = columns_of(table, nested=property.port == "dimension")
            for _, column in property.columns(values[name]):
                if column not in known or (isinstance(property, TimeColumn) and column not in table.times()):
                    return False
    return True


def tagged(found: Found, unit: Unit) -> Iterator[tuple[str, tuple[str | int, ...], exp.Expr]]:
    """Which part of a unit (in normal form) is which property's: the property, the path inside its value, the tree."""
    said = {printed(bones): bones for bones in (skeleton(tree.copy()) for tree in unit.statements())}
    for ours in found.bones:
        theirs = said.get(printed(ours))
        for there, here in zip(theirs.walk() if theirs is not None else (), ours.walk(), strict=False):
            word = here.args.get("this")
            tag = word.tag if isinstance(word, Word) else here.meta.get(TAG)
            if tag is not None:
                yield tag[0], tag[1], there.parent if isinstance(there.parent, Option) else there
