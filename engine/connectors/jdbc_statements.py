"""The SQL that the `jdbc` connector sends: made of trees, in the database's dialect; values are always parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from engine.connectors.base import Term

_COMPARISONS: dict[str, type[exp.Binary]] = {"<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
MARKERS = "porsche_epochs"
"""The table in which sinks note what they applied, made on first use."""


@dataclass(frozen=True)
class Statements:
    """Statements about one table. `table` may begin with its schema: "public.orders"."""

    table: str
    dialect: str

    def select(self, columns: Sequence[str], conditions: Iterable[exp.Expr] = (), order: Sequence[str] = (),
               limit: int | None = None, offset: int = 0) -> str:
        """Rows that meet all conditions."""
        query = exp.select(*map(self.column, columns)).from_(self._table())
        for condition in conditions:
            query = query.where(condition, copy=False)
        query = query.order_by(*map(self.column, order)) if order else query
        query = query.limit(limit) if limit is not None else query
        return self._text(query.offset(offset) if offset else query)

    def insert(self, columns: Sequence[str]) -> str:
        """One row."""
        return self._text(self._insert(columns))

    def upsert(self, columns: Sequence[str], keys: Sequence[str]) -> str:
        """One row, in the place of the one with its key."""
        others = [name for name in columns if name not in keys]
        taken = [exp.EQ(this=exp.Column(this=self._name(name)), expression=exp.Column(
            this=self._name(name), table=exp.to_identifier("excluded"))) for name in others]
        conflict = exp.OnConflict(conflict_keys=[self._name(name) for name in keys],
                                  action=exp.var("DO UPDATE" if taken else "DO NOTHING"), expressions=taken)
        return self._text(self._insert(columns, conflict=conflict))

    def delete(self, keys: Sequence[str]) -> str:
        """The row with a key."""
        query = exp.delete(self._table())
        for name in keys:
            query = query.where(exp.EQ(this=self.column(name), expression=exp.Placeholder()), copy=False)
        return self._text(query)

    # ---- conditions; each takes parameters in the order of its placeholders ------------------------------------------

    def among(self, columns: Sequence[str], count: int) -> exp.Expr:
        """The columns are one of so many rows of values."""
        if len(columns) == 1:
            return exp.In(this=self.column(columns[0]), expressions=[exp.Placeholder() for _ in range(count)])
        rows: list[exp.Expr] = [_values(len(columns)) for _ in range(count)]
        if self.dialect == "sqlite":
            rows = [exp.Values(expressions=rows)]
        return exp.In(this=self._tuple(columns), expressions=rows)

    def after(self, columns: Sequence[str]) -> exp.Expr:
        """The columns come after a row of values, in their order."""
        if len(columns) == 1:
            return exp.GT(this=self.column(columns[0]), expression=exp.Placeholder())
        return exp.GT(this=self._tuple(columns), expression=_values(len(columns)))

    def between(self, column: str) -> exp.Expr:
        """A column lies between two values, both included."""
        return exp.Between(this=self.column(column), low=exp.Placeholder(), high=exp.Placeholder())

    def meets(self, column: str, term: Term) -> exp.Expr:
        """A column meets a term."""
        this = self.column(column)
        if term.op in ("IS NULL", "IS NOT NULL"):
            is_null = exp.Is(this=this, expression=exp.null())
            return is_null if term.op == "IS NULL" else exp.Not(this=is_null)
        if term.op in _COMPARISONS:
            return _COMPARISONS[term.op](this=this, expression=exp.Placeholder())
        among = self.among([column], len(term.values))
        return among if term.op == "IN" else exp.Not(this=among)

    # ---- parts -------------------------------------------------------------------------------------------------------

    def column(self, name: str) -> exp.Column:
        """A column by its table's name as well: SQLite takes a quoted name of no column for a text."""
        return exp.Column(this=self._name(name), table=self._name(self.table.rpartition(".")[2]))

    def _name(self, name: str) -> exp.Identifier:
        # psycopg takes a single % for the beginning of a placeholder
        return exp.to_identifier(name.replace("%", "%%") if self.dialect == "postgres" else name, quoted=True)

    def _table(self) -> exp.Table:
        schema, _, name = self.table.rpartition(".")
        return exp.Table(this=self._name(name), db=self._name(schema) if schema else None)

    def _tuple(self, columns: Sequence[str]) -> exp.Tuple:
        return exp.Tuple(expressions=[self.column(name) for name in columns])

    def _insert(self, columns: Sequence[str], **more: exp.Expr) -> exp.Insert:
        into = exp.Schema(this=self._table(), expressions=[self._name(name) for name in columns])
        return exp.Insert(this=into, expression=exp.Values(expressions=[_values(len(columns))]), **more)

    def _text(self, tree: exp.Expr) -> str:
        return tree.sql(dialect=self.dialect)


def _values(count: int) -> exp.Tuple:
    return exp.Tuple(expressions=[exp.Placeholder() for _ in range(count)])


def make_markers(dialect: str) -> str:
    """The table of markers: a row for each sink of each run, with the last epoch that it applied."""
    types = {"run": "TEXT", "epoch": "BIGINT", "seal": "TEXT", "job": "TEXT", "sink": "TEXT"}
    columns = [exp.ColumnDef(this=exp.to_identifier(name), kind=exp.DataType.build(kind, dialect=dialect),
                             constraints=[exp.ColumnConstraint(kind=exp.PrimaryKeyColumnConstraint())]
                             if name == "run" else []) for name, kind in types.items()]
    schema = exp.Schema(this=exp.to_table(MARKERS), expressions=columns)
    return exp.Create(this=schema, kind="TABLE", exists=True).sql(dialect=dialect)
