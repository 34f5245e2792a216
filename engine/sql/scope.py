"""Which names an expression may use, and what each of them means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine.errors import Place, UserError
from engine.expressions.nodes import Call, Expression, InputRef, Literal
from engine.sql.binder.placeholders import OuterRef
from engine.sql.names import near_or_all
from engine.types import INT, Field, Kind


@dataclass(slots=True)
class Source:
    """A table of FROM: its alias and full name, its columns, and where they begin among the columns of FROM.

    `hidden`: columns that only their qualified name reaches (the right side's of JOIN ... USING).
    """

    alias: str
    fields: tuple[Field, ...]
    offset: int
    path: tuple[str, ...] = ()
    hidden: frozenset[int] = frozenset()
    positions: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.positions = {}
        for i, f in enumerate(self.fields):
            self.positions.setdefault(f.name, []).append(i)

    @property
    def named(self) -> tuple[str, ...]:
        """What a hint calls it: its alias, or its full name where it has none."""
        return self.path or ((self.alias,) if self.alias else ())

    def answers(self, name: Sequence[str]) -> bool:
        """Whether a qualifier of one or more parts means this table."""
        if len(name) == 1:
            return name[0] == self.alias
        return bool(self.path) and tuple(name) == self.path[-len(name):]


@dataclass(slots=True)
class Correlation:
    """The values of the enclosing query that a subquery uses, over the enclosing query's columns."""

    scope: Scope
    outer: list[Expression] = field(default_factory=list)

    def reference(self, expression: Expression) -> OuterRef:
        if expression not in self.outer:
            self.outer.append(expression)
        return OuterRef(expression.type, index=self.outer.index(expression), place=expression.place)


@dataclass(slots=True)
class Scope:
    """The tables of one FROM, and the enclosing query of a subquery."""

    sources: list[Source] = field(default_factory=list)
    correlation: Correlation | None = None
    merged: dict[str, Expression] = field(default_factory=dict)  # columns of USING: one name for both sides

    @property
    def width(self) -> int:
        return max((s.offset + len(s.fields) for s in self.sources), default=0)

    def is_time(self, expression: Expression) -> bool:
        """Whether an expression is a time attribute."""
        if isinstance(expression, Call):
            return expression.function == "PROCTIME"
        return isinstance(expression, InputRef) and any(
            s.fields[expression.index - s.offset].time is not None for s in self.sources
            if 0 <= expression.index - s.offset < len(s.fields))

    def resolve(self, parts: Sequence[str], place: Place | None = None) -> Expression:
        """The column (and field of it) of a name of one or more parts."""
        found = self.lookup(parts, place)
        if found is not None:
            return found
        raise self._unknown(parts, place)

    def lookup(self, parts: Sequence[str], place: Place | None) -> Expression | None:
        """As `resolve`; None where the name is unknown here and in the enclosing queries."""
        expression = self._local(parts, place)
        if expression is None and self.correlation is not None:
            outer = self.correlation.scope.lookup(parts, place)
            return self.correlation.reference(outer) if outer is not None else None
        return expression

    def _local(self, parts: Sequence[str], place: Place | None) -> Expression | None:
        for length in range(len(parts) - 1, 0, -1):
            for source in self.sources:
                if source.answers(parts[:length]):
                    column = _column_of(source, parts[length], place)
                    if column is not None:
                        return nested(column, parts[length + 1:], place)
        column = self._unqualified(parts[0], place)
        return nested(column, parts[1:], place) if column is not None else None

    def _unqualified(self, name: str, place: Place | None) -> Expression | None:
        if name in self.merged:
            return self.merged[name]
        found = None
        for source in self.sources:
            at = source.positions.get(name)
            if at is None or at[0] in source.hidden:
                continue
            if found is not None or len(at) > 1:
                raise ambiguous(name, place)
            found = InputRef(source.fields[at[0]].type, index=source.offset + at[0], place=place)
        return found

    def _unknown(self, parts: Sequence[str], place: Place | None) -> UserError:
        name = ".".join(parts)
        if len(parts) > 1:
            source = next((s for s in self.sources if s.answers(parts[:1])), None)
            if source is None and self._unqualified(parts[0], None) is None:
                aliases = [s.alias for s in self.sources if s.alias]
                return UserError("unknown_table", f"Table '{parts[0]}' not found", place=place,
                                 hint=near_or_all(parts[0], aliases, "tables here"))
            if source is not None:
                return UserError(
                    "unknown_column",
                    f"Column '{parts[1]}' not found in table '{source.alias}'",
                    place=place,
                    hint=near_or_all(parts[1], source.positions, "columns"),
                )
        return UserError("unknown_column", f"Column '{name}' not found in any table", place=place,
                         hint=near_or_all(parts[-1], self.names(), "columns"))

    def names(self) -> Iterator[str]:
        for source in self.sources:
            yield from source.positions
        if self.correlation is not None:
            yield from self.correlation.scope.names()

    def star(self, qualifier: Sequence[str], place: Place | None) -> list[tuple[str, Expression]]:
        """The columns that `*` or `t.*` stands for."""
        if not qualifier:
            merged = [(name, e) for name, e in self.merged.items()]
            return merged + [c for s in self.sources for c in _starred(s, False, place) if c[0] not in self.merged]
        for source in self.sources:
            if source.answers(qualifier):
                return _starred(source, True, place)
        row = self.lookup(qualifier, place)
        if row is None:
            aliases = [s.alias for s in self.sources if s.alias]
            raise UserError("unknown_table", f"Table '{'.'.join(qualifier)}' not found", place=place,
                            hint=near_or_all(qualifier[-1], aliases, "tables here"))
        return row_fields(row, place)


def ambiguous(name: str, place: Place | None) -> UserError:
    return UserError("ambiguous_column", f"Column '{name}' is ambiguous", place=place,
                     hint="put the table's name before it")


def _starred(source: Source, every: bool, place: Place | None) -> list[tuple[str, Expression]]:
    """A source's columns; UserError where two have one name."""
    columns = list(_columns(source, every))
    names = [name for name, _ in columns]
    if len(set(names)) < len(names):
        raise ambiguous(next(n for n in names if names.count(n) > 1), place)
    return columns


def _columns(source: Source, every: bool = False) -> Iterator[tuple[str, Expression]]:
    for i, f in enumerate(source.fields):
        if every or i not in source.hidden:
            yield f.name, InputRef(f.type, index=source.offset + i)


def _column_of(source: Source, name: str, place: Place | None) -> Expression | None:
    at = source.positions.get(name)
    if at is None:
        return None
    if len(at) > 1:
        raise ambiguous(name, place)
    return InputRef(source.fields[at[0]].type, index=source.offset + at[0], place=place)


def nested(expression: Expression, names: Sequence[str], place: Place | None) -> Expression:
    """A field of a row, by the path to it."""
    for name in names:
        kind = expression.type
        if kind.kind is not Kind.ROW:
            raise UserError("unknown_column", f"Column '{name}' not found: {kind} has no fields", place=place)
        position = next((i for i, f in enumerate(kind.fields) if f.name == name), -1)
        if position < 0:
            raise UserError("unknown_column", f"Column '{name}' not found in the row", place=place,
                            hint=near_or_all(name, [f.name for f in kind.fields], "fields"))
        expression = row_field(expression, position, place)
    return expression


def row_field(row: Expression, position: int, place: Place | None = None) -> Expression:
    """The field of a row at a position; NULL where the row is."""
    type = row.type.fields[position].type
    return Call(type.as_nullable(type.nullable or row.type.nullable), function="FIELD",
                args=(row, Literal(INT.as_nullable(False), position)), place=place)


def row_fields(row: Expression, place: Place | None) -> list[tuple[str, Expression]]:
    """What `row.*` stands for."""
    if row.type.kind is not Kind.ROW:
        raise UserError("bad_star", f"{row.type} has no fields for .*", place=place)
    return [(f.name, row_field(row, i, place)) for i, f in enumerate(row.type.fields)]
