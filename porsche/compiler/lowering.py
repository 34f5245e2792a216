"""From a node to its statements: properties checked, the component lowered, the statements analysed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from engine.analyze import Analyzer
from engine.analyze import Diagnostic as Finding
from engine.errors import Place, UserError
from engine.types import Kind, Schema
from porsche.compiler import secrets
from porsche.compiler.bypass import LEFT_OUT, reduced
from porsche.compiler.diagnostics import Collector, near
from porsche.compiler.environment import Environment
from porsche.compiler.graph import Connected
from porsche.compiler.memo import Kept, Memo, key_of, reads_only
from porsche.compiler.parameters import Parameters
from porsche.compiler.statements import Described, Statement, statements_of
from porsche.compiler.subpipelines import Composite, inside, renamed
from porsche.components.base import Lowering, PropertyError, Site
from porsche.components.properties import InvalidValue, Options, Property, TimeColumn
from porsche.components.table import Table, table_name

MAKING = ("table", "view")
"""Kinds of statements that make what others read."""


class Lowerer:
    """Lowers node after node, inputs first; or remembers what they became."""

    def __init__(self, analyzer: Analyzer, environment: Environment, parameters: Parameters, collector: Collector,
                 memo: Memo | None) -> None:
        self._analyzer = analyzer
        self._memo = memo
        self._context = repr((analyzer.settings, environment, parameters.values))
        self._kept: dict[str, Kept] = {}
        self._environment = environment
        self._parameters = parameters
        self._collector = collector
        self._tables: dict[str, Table] = {}
        self.statements: list[Statement] = []
        self.described: dict[str, Described] = {}

    def node(self, place: Connected) -> None:
        """Check and lower a node; nothing comes of it where something is wrong with it or an input."""
        self._analyzer.nodes[place.node.id] = place.node.owner
        key = self._key(place)
        if self._memo is None or key is None:
            self._anew(place)
            return
        kept = self._memo.get(key)
        if kept is not None:
            self._again(place, kept)
            return
        errors, first = self._collector.errors, len(self.statements)
        self._anew(place)
        kept = self._kept_of(place, tuple(self.statements[first:])) if self._collector.errors == errors else None
        if kept is not None:
            self._kept[place.node.id] = kept
            self._memo.put(key, kept)

    def _anew(self, place: Connected) -> None:
        given = _Values(place, self._parameters, self._collector)
        values = given.checked()
        if values is None or not place.whole:
            return
        inputs = self._inputs(place)
        if inputs is None or not self._columns_exist(place, values, inputs):
            return
        if issubclass(place.component, Composite):
            self._composite(place, given.raw)
            return
        component = place.component(renamed(values, place), self._site(place))
        try:
            lowered = component.lower(**inputs)
        except PropertyError as error:
            self._complain(place, error.property, error.code, error.message, error.hint)
            return
        except UserError as error:
            self._blame(place, values, error)
            return
        if self._state(place, values, lowered):
            self._learn(place)

    def _state(self, place: Connected, values: Mapping[str, Any], lowered: Table | Lowering) -> bool:
        """Add a node's statements; whether they were right."""
        owner = place.node.owner
        for statement in statements_of(lowered, place.node.id, owner):
            findings = self._analyzer.add_statement(statement.tree)
            if any(f.severity == "error" for f in findings):
                self._blame(place, values, next(f for f in findings if f.severity == "error"))
                return False
            self._warn(place, findings)
            self.statements.append(statement)
        return True

    def _warn(self, place: Connected, findings: Sequence[Finding]) -> None:
        owner = place.node.owner
        for finding in findings:
            node = finding.node or owner
            if node != owner or finding.code not in place.component.expected:
                path, _, where = place.find()
                self._collector.warning(path, finding.code, where + finding.message, finding.hint or "", node=node)

    # ---- what is known from before -----------------------------------------------------------------------------------

    def _key(self, place: Connected) -> Hashable | None:
        """None of a node that stands for others: each of those has its own."""
        if issubclass(place.component, Composite) or not place.whole:
            return None
        return key_of(place, self._context, self._kept)

    def _kept_of(self, place: Connected, statements: tuple[Statement, ...]) -> Kept | None:
        """What a node became; None where nothing did, or where more than what its key says decides that."""
        node = place.node.id
        reads = frozenset(source for sources in place.inputs.values() for source in sources)
        if node not in self.described or not reads_only(statements, reads):
            return None
        known = {s.name: self._analyzer.known(s.name) for s in statements if s.kind in MAKING}
        return Kept(statements, known, self.described[node], self._tables.get(node))

    def _again(self, place: Connected, kept: Kept) -> None:
        """Let a node be what it became before. INSERTs are analysed anew: what there is to say about several is said
        once."""
        node = place.node.id
        for statement in kept.statements:
            if statement.kind in MAKING:
                self._analyzer.take(kept.known[statement.name])
            else:
                self._warn(place, self._analyzer.add_statement(statement.tree))
        self.statements += kept.statements
        self.described[node], self._kept[node] = kept.described, kept
        if kept.table is not None:
            self._tables[node] = kept.table

    def _composite(self, place: Connected, values: Mapping[str, Any]) -> None:
        """Lower what is inside a node."""
        assert issubclass(place.component, Composite)
        if not place.component.usable:
            self._say(place, "broken_component", f"the component '{place.node.component}' has errors", "mend it first")
            return
        left = reduced(inside(place, values))
        if left.skipped.get(place.node.id) == LEFT_OUT:
            self._say(place, "no_output", "nothing comes out: a node inside is switched off", "switch it on")
            return
        for inner in left.places:
            self.node(inner)

    def table(self, node: str) -> Table | None:
        """What a node gives, if it could be made."""
        return self._tables.get(node)

    def fine(self, query: exp.Query) -> bool:
        """Whether a query over what there is so far has no error."""
        return not any(finding.severity == "error" for finding in self._analyzer.add_statement(query))

    def _site(self, place: Connected) -> Site:
        node = place.node.id
        return Site(node, self._describe,
                    lambda use, given: self._environment.options(node, use, given, self._parameters.values["state"]),
                    place.prefix)

    def _describe(self, query: exp.Query) -> Schema:
        for finding in self._analyzer.add_statement(query):
            if finding.severity == "error":
                raise UserError(finding.code, finding.message, hint=finding.hint, place=finding.place)
        return self._analyzer.relation("query").schema

    def _learn(self, place: Connected) -> None:
        name = place.node.id
        info = self._analyzer.relation(name)
        self.described[name] = Described.of(info)
        if place.component.gives:
            self._tables[name] = Table.of(name, info.schema, info.keys[0] if info.keys else (), info.changelog)

    def _inputs(self, place: Connected) -> dict[str, Any] | None:
        """The tables at the ports; None where one could not be made."""
        if any(source not in self._tables for sources in place.inputs.values() for source in sources):
            return None
        found: dict[str, Any] = {}
        for port in place.component.inputs:
            tables = tuple(self._tables[source] for source in place.inputs.get(port.name, ()))
            found[port.name] = tables if port.many else (tables[0] if tables else None)
        return found

    # ---- columns -----------------------------------------------------------------------------------------------------

    def _columns_exist(self, place: Connected, values: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
        """Whether every column that a property names is there, and times are times."""
        good = True
        for name, property in place.component.properties().items():
            table = inputs.get(property.port)
            if not isinstance(table, Table):
                continue
            known = columns_of(table, nested=property.port == "dimension")
            for path, column in property.columns(values[name]):
                if column not in known:
                    good = False
                    self._complain(place, name, "unknown_column", f"'{table.name}' has no column '{column}'",
                                   near(column, known, "columns"), path)
                elif isinstance(property, TimeColumn) and column not in table.times():
                    good = False
                    times = ", ".join(table.times())
                    self._complain(
                        place,
                        name,
                        "not_event_time",
                        f"'{column}' is not an event time column of '{table.name}'",
                        f"it has {times}" if times else "its source declares none",
                        path,
                    )
        return good

    # ---- what is wrong -----------------------------------------------------------------------------------------------

    def _complain(self, place: Connected, property: str, code: str, message: str, hint: str,
                  inside: tuple[str | int, ...] = (), at: Place | None = None) -> None:
        path, where, begin = place.find(property, inside)
        self._collector.error(path, code, begin + message, hint, **where, calls=place.names,
                              span=(at.start, at.end) if at and property not in place.node.origins else None)

    def _say(self, place: Connected, code: str, message: str, hint: str) -> None:
        path, where, begin = place.find()
        self._collector.error(path, code, begin + message, hint, **where)

    def _blame(self, place: Connected, values: Mapping[str, Any], error: UserError | Finding) -> None:
        """Report an error of the analysis at the property whose expression has it, found by analysing each alone; else
        at the only property with expressions."""
        suspects = []
        for name, property in place.component.properties().items():
            sources = place.inputs.get(property.port, ())
            trees = list(property.trees(values[name]))
            suspects += [name] if trees else []
            for path, tree in trees:
                if not sources and next(tree.find_all(exp.Column), None) is not None:
                    continue  # over columns of the node's own table, which is not there
                query = exp.Select(
                    expressions=[tree.copy()], from_=exp.From(this=table_name(sources[0])) if sources else None
                )
                finding = next((f for f in self._analyzer.add_statement(query) if f.severity == "error"), None)
                if finding is not None:
                    self._complain(place, name, finding.code, finding.message, finding.hint or "", path, finding.place)
                    return
        if len(suspects) == 1:
            self._complain(place, suspects[0], error.code, error.message, error.hint or "")
        else:
            self._say(place, error.code, error.message, error.hint or "")


class _Values:
    """The checked properties of a node."""

    def __init__(self, place: Connected, parameters: Parameters, collector: Collector) -> None:
        self._place, self._node = place, place.node
        self._properties = place.component.properties()
        self._parameters = parameters
        self._collector = collector
        self._good = True
        self.raw: dict[str, Any] = {}
        """Values as the document writes them, parameters replaced, or the defaults."""

    def checked(self) -> dict[str, Any] | None:
        """Values by name; None where one is wrong or missing."""
        for name in self._node.properties:
            if name not in self._properties:
                self._wrong(name, "unknown_property", f"'{self._node.component}' has no property '{name}'",
                            near(name, self._properties, "properties"))
        values = {name: self._value(name, property) for name, property in self._properties.items()}
        return values if self._good else None

    def _value(self, name: str, property: Property) -> Any:
        given = self._node.properties.get(name)
        if given is None:
            if property.required:
                self._wrong(name, "missing_property", f"the property '{name}' is needed", property.about)
                return None
            given = property.default
        else:
            path, where, _ = self._place.find(name)
            given = self._parameters.fill(given, path, where["node"], where["property"])
            for inside in secrets.misplaced(given, options=isinstance(property, Options)):
                self._wrong(name, "misplaced_secret", "a secret may not stand here", secrets.HINT, inside)
        self.raw[name] = given
        try:
            return None if given is None else property.parse(given)
        except InvalidValue as error:
            self._wrong(name, error.code, error.message, error.hint, error.path)
            return None

    def _wrong(self, name: str, code: str, message: str, hint: str, inside: tuple[str | int, ...] = ()) -> None:
        self._good = False
        path, where, begin = self._place.find(name, inside)
        self._collector.error(path, code, begin + message, hint, **where, calls=self._place.names)


def columns_of(table: Table, nested: bool = False) -> list[str]:
    """The names of a table's columns; with those inside its rows, where a dimension keeps them."""
    names = list(table.names)
    if nested:
        names += [f.name for field in table.schema if field.type.kind is Kind.ROW for f in field.type.fields]
    return names
