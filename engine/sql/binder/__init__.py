"""The binder: parsed statements and a catalogue to a typed logical plan. There is one; analysis and sessions use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from engine.errors import UserError
from engine.plan.facts import Facts
from engine.plan.nodes import Program, Relation, Sink
from engine.sql import dialect as st
from engine.sql.binder.build import project, refs
from engine.sql.binder.inserts import insert
from engine.sql.binder.queries import QueryBinder
from engine.sql.binder.session import Session
from engine.sql.catalog import Catalog, Table, View
from engine.sql.names import unique

__all__ = ["Binder"]


class Binder:
    """Binds queries and INSERTs over one state of a catalogue: what is bound twice is one relation.

    `settings` are the job's options; `nodes` maps the name of a view or table to the id
    of the pipeline node it was made for.
    """

    def __init__(self, catalog: Catalog, settings: Mapping[str, str] | None = None,
                 nodes: Mapping[str, str] | None = None) -> None:
        self.catalog = catalog
        self.settings = dict(settings or {})
        self._session = Session(catalog, self.settings, {} if nodes is None else nodes)  # more may be added to them
        self._version = catalog.version

    @property
    def facts(self) -> Facts:
        """Keys and windows of the bound relations."""
        return self._session.facts

    def query(self, node: exp.Expr) -> Relation:
        """The relation of a query."""
        self._refresh()
        relation = QueryBinder(self._session).query(node)
        names: list[str] = []
        for name in relation.schema.names:
            names.append(unique(name, set(names)))
        return project(relation, refs(relation), names)

    def view(self, view: View) -> Relation:
        """The relation of a view: always the same one."""
        self._refresh()
        return self._session.view(view)

    def table(self, name: str) -> Relation:
        """The relation of a table or view, by name."""
        self._refresh()
        entry = self.catalog.relation(name.split("."))
        return self._session.view(entry) if isinstance(entry, View) else self._session.table(entry)

    def named(self) -> dict[Relation, str]:
        """The relations of tables and views bound so far, by the name they have."""
        return self._session.named()

    def check(self, entry: Table | View) -> Relation:
        """The relation of a table or view, in the catalogue or about to be; UserError where it cannot be bound."""
        self._refresh()
        return self._session.view(entry) if isinstance(entry, View) else self._session.table(entry)

    def take(self, entry: Table | View, relation: Relation) -> None:
        """Put a table or view into the catalogue, as another binder bound it over what was taken from that, too."""
        self.catalog.add(entry)
        self._refresh()
        self._session.take(entry, relation)

    def insert(self, node: exp.Expr, label: str = "") -> Sink:
        """The sink of an INSERT."""
        if not isinstance(node, st.InsertInto):
            raise UserError("bad_statement", "an INSERT is expected here")
        self._refresh()
        return insert(self._session, node, label)

    def program(self, statements: Iterable[exp.Expr]) -> Program:
        """The sinks of INSERTs and statement sets, sharing what they have in common."""
        sinks: list[Sink] = []
        for statement in statements:
            inner = statement.expressions if isinstance(statement, st.StatementSet) else [statement]
            sinks += [self.insert(i) for i in inner]
        return Program(tuple(sinks), tuple(sorted(self.settings.items())))

    def _refresh(self) -> None:
        """Forget what was bound when a name has come to mean something else."""
        if self.catalog.version != self._version:
            self._session = Session(self.catalog, self.settings, self._session.node_of)
            self._version = self.catalog.version
