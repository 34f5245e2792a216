"""Property kinds of components: each checks a document's value, describes itself as JSON Schema and to a form.

A property is a descriptor: `keys = Columns(label="Key columns")` on the class, the checked value on an instance.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from sqlglot import exp

from engine.errors import UserError
from engine.sql.dialect import parse_expression, parse_type
from porsche.components.options import Known, described


class InvalidValue(Exception):
    """A property's value is wrong: what is wrong, and what to write instead. `path`: where inside the value."""

    def __init__(self, message: str, hint: str = "", path: tuple[str | int, ...] = (), code: str = "bad_value") -> None:
        super().__init__(message)
        self.message, self.hint, self.path, self.code = message, hint, path, code


class Property(ABC):
    """What all kinds share. `port` names the input whose columns the value refers to ("" = none)."""

    kind: ClassVar[str] = ""

    def __init__(self, *, label: str, about: str = "", default: Any = None, required: bool | None = None,
                 port: str = "rows") -> None:
        self.label, self.about, self.default, self.port = label, about, default, port
        self.required = default is None if required is None else required
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance.values[self.name]

    @abstractmethod
    def parse(self, value: Any) -> Any:
        """The checked value; InvalidValue where it is wrong."""

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value."""
        described = {**self.json_type(), "title": self.label}
        if self.about:
            described["description"] = self.about
        if self.default is not None and self.default != ():
            described["default"] = self.default
        return described

    def json_type(self) -> dict[str, Any]:
        return {"type": "string"}

    def trees(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], exp.Expr]]:
        """The SQL expressions of a checked value, each with its path inside the value."""
        return iter(())

    def columns(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Names of columns that the checked value refers to, each with its path inside the value."""
        for path, tree in self.trees(value):
            for column in tree.find_all(exp.Column):
                if not isinstance(column.this, exp.Star):
                    yield path, column.parts[0].name


def text_of(value: Any, what: str) -> str:
    """A text, or a number or truth value written without quotes."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidValue(f"{what} is a text", "put it in quotes")


LONGEST = 20_000
LONGEST_QUERY = 100_000
"""Characters of an expression, and of a query."""
_SPLIT = "compute a part of it in a node before"


def sql(value: Any) -> exp.Expr:
    """An SQL expression."""
    text = text_of(value, "an expression")
    if len(text) > LONGEST:
        raise InvalidValue(f"the expression has more than {LONGEST:,} characters", _SPLIT)
    try:
        return parse_expression(text)
    except RecursionError:
        raise InvalidValue("parts of the expression lie too deep in each other", _SPLIT, code="too_deep") from None
    except UserError as error:
        raise InvalidValue(f"{error.message} (at {error.place})" if error.place else error.message, error.hint or "",
                           code=error.code) from None


class Text(Property):
    """Any text."""

    kind = "text"

    def parse(self, value: Any) -> str:
        return text_of(value, "the value")


class Path(Text):
    """A file or folder; relative ones start where the command was run."""

    kind = "path"


class Choice(Property):
    """One of a few words."""

    kind = "choice"

    def __init__(self, *options: str, label: str, about: str = "", default: str | None = None) -> None:
        super().__init__(label=label, about=about, default=options[0] if default is None else default, port="")
        self.options = options

    def parse(self, value: Any) -> str:
        if value not in self.options:
            raise InvalidValue(f"{value!r} is not one of the choices", f"choose {' or '.join(self.options)}")
        return str(value)

    def json_type(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


class Flag(Property):
    """Yes or no."""

    kind = "flag"

    def parse(self, value: Any) -> bool:
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise InvalidValue("the value is true or false")
        return value

    def json_type(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Number(Property):
    """A number within limits, both allowed."""

    kind = "number"

    def __init__(self, *, label: str, low: float, high: float, whole: bool = False, about: str = "",
                 default: float | None = None, required: bool | None = None) -> None:
        super().__init__(label=label, about=about, default=default, required=required, port="")
        self.low, self.high, self.whole = low, high, whole

    def parse(self, value: Any) -> float | int:
        number = self._number(value)
        if not self.low <= number <= self.high:
            raise InvalidValue(f"{number:g} is out of range", f"choose {self.low:g} to {self.high:g}")
        return number

    def _number(self, value: Any) -> float | int:
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise InvalidValue(f"{value!r} is not a number") from None
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise InvalidValue("the value is a number")
        if not self.whole:
            return float(value)
        if value != int(value):
            raise InvalidValue(f"{value:g} is not a whole number")
        return int(value)

    def json_type(self) -> dict[str, Any]:
        number = {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high}
        return {"anyOf": [number, {"type": "string", "pattern": r"^\$\{.+\}$|^[-+0-9.eE]+$"}]}


UNITS = {"second": "SECOND", "minute": "MINUTE", "hour": "HOUR", "day": "DAY"}
_DURATION = re.compile(r"\s*(\d+)\s*(second|minute|hour|day)s?\s*", re.IGNORECASE)


class Duration(Property):
    """A length of time, as "10 minutes"; the value is an INTERVAL."""

    kind = "duration"

    def __init__(
        self, *, label: str, about: str = "", default: str | None = None, required: bool | None = None
    ) -> None:
        super().__init__(label=label, about=about, default=default, required=required, port="")

    def parse(self, value: Any) -> exp.Interval:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise InvalidValue(f"{value!r} is not a length of time", "write for example 10 minutes, 1 hour, 30 seconds")
        return exp.Interval(this=exp.Literal.string(match[1]), unit=exp.Var(this=UNITS[match[2].lower()]))

    def json_type(self) -> dict[str, Any]:
        return {"type": "string", "examples": ["10 minutes", "1 hour"]}


class Column(Property):
    """The name of a column of an input."""

    kind = "column"

    def parse(self, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise InvalidValue("the value is the name of a column")
        return value

    def columns(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if value:
            yield (), value


class TimeColumn(Column):
    """The name of a column that is a time attribute."""

    kind = "time"


class Columns(Property):
    """Names of columns of an input."""

    kind = "columns"

    def parse(self, value: Any) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, Sequence) or not all(isinstance(name, str) and name for name in names):
            raise InvalidValue("the value is a list of names of columns", "write [a, b]")
        if len(set(names)) < len(names):
            raise InvalidValue("a column is named twice")
        if self.required and not names:
            raise InvalidValue("at least one column is needed")
        return tuple(names)

    def columns(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
        return (((i,), name) for i, name in enumerate(value or ()))

    def json_type(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "array", "items": {"type": "string"}, "uniqueItems": True}, {"type": "string"}]}


class Written(Property):
    """SQL over columns of an input. `mode`: what stands there: a value for each row (`scalar`), a `condition`, an
    `aggregate` of many rows, or one `over` the rows up to each."""

    def __init__(self, *, mode: str = "scalar", **rest: Any) -> None:
        super().__init__(**rest)
        self.mode = mode


class Expression(Written):
    """An SQL expression over columns of an input."""

    kind = "expression"

    def parse(self, value: Any) -> exp.Expr:
        return sql(value)

    def trees(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], exp.Expr]]:
        if value is not None:
            yield (), value

    def json_type(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


class Expressions(Written):
    """New columns: {name: SQL expression}, in order."""

    kind = "expressions"

    def parse(self, value: Any) -> tuple[tuple[str, exp.Expr], ...]:
        if not isinstance(value, Mapping):
            raise InvalidValue("the value gives each new column its expression", "write {total: price * amount}")
        if self.required and not value:
            raise InvalidValue("at least one column is needed")
        return tuple((name, self._expression(name, text)) for name, text in value.items())

    def _expression(self, name: str, text: Any) -> exp.Expr:
        try:
            return sql(text)
        except InvalidValue as error:
            raise InvalidValue(error.message, error.hint, (name,), error.code) from None

    def trees(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], exp.Expr]]:
        return (((name,), tree) for name, tree in value or ())

    def json_type(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}


class Lists(Property):
    """{name: [..]}, in order."""

    what: ClassVar[str] = ""

    def parse(self, value: Any) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        if not isinstance(value, Mapping):
            raise InvalidValue(f"the value gives each name {self.what}", "write {name: [..]}")
        return tuple((name, self.items(name, items)) for name, items in value.items())

    @abstractmethod
    def items(self, name: str, items: Any) -> tuple[Any, ...]:
        """The checked list of a name."""


class ColumnLists(Lists):
    """{name: [column, column]}."""

    kind, what = "column_lists", "a list of columns"

    def items(self, name: str, items: Any) -> tuple[str, ...]:
        if not isinstance(items, list) or len(items) < 2 or not all(isinstance(i, str) for i in items):
            raise InvalidValue("two columns or more are named", "write {name: [a, b]}", (name,))
        return tuple(items)

    def columns(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
        return (((name, i), part) for name, parts in value or () for i, part in enumerate(parts))

    def json_type(self) -> dict[str, Any]:
        names = {"type": "array", "items": {"type": "string"}, "minItems": 2}
        return {"type": "object", "additionalProperties": names}


class NumberLists(Lists):
    """{column: [number, ...]}; `length`: how many numbers (0: one or more)."""

    kind, what = "number_lists", "a list of numbers"

    def __init__(self, *, length: int = 0, **rest: Any) -> None:
        super().__init__(**rest)
        self.length = length

    def items(self, name: str, items: Any) -> tuple[float, ...]:
        numbers = isinstance(items, list) and all(isinstance(i, int | float) and not isinstance(i, bool) for i in items)
        if not numbers or not items or self.length not in (0, len(items)):
            raise InvalidValue(
                f"{self.length or 'one or more'} numbers are needed", f"write {{{name}: [1, 2]}}", (name,)
            )
        return tuple(float(i) for i in items)

    def columns(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
        return (((name,), name) for name, _ in value or ())

    def json_type(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}, "minItems": 1}}


class Fields(Property):
    """Columns of a table: {name: SQL type}, in order."""

    kind = "fields"

    def __init__(self, *, label: str, about: str = "", default: Any = None, required: bool | None = None) -> None:
        super().__init__(label=label, about=about, default=default, required=required, port="")

    def parse(self, value: Any) -> tuple[tuple[str, exp.DataType], ...]:
        if not isinstance(value, Mapping):
            raise InvalidValue("the value gives each column its type", "write {user: BIGINT, price: DOUBLE}")
        if self.required and not value:
            raise InvalidValue("at least one column is needed")
        return tuple((name, self._type(name, text)) for name, text in value.items())

    def _type(self, name: str, text: Any) -> exp.DataType:
        try:
            tree = parse_type(text_of(text, "a type"))
        except UserError as error:
            raise InvalidValue(
                f"{text!r} is not a type: {error.message}", error.hint or "write for example BIGINT", (name,)
            ) from None
        assert isinstance(tree, exp.DataType)
        return tree

    def trees(self, value: Any) -> Iterator[tuple[tuple[str | int, ...], exp.Expr]]:
        return (((name,), exp.Cast(this=exp.Null(), to=kind)) for name, kind in value or ())

    def json_type(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": "string"}}


class Options(Property):
    """Options of a connector: {name: text}. `known`: those that are offered, by what `by` says: another property, or
    the option "connector"."""

    kind = "options"

    def __init__(self, *, label: str, about: str = "", default: Any = None, required: bool | None = None,
                 known: Known | None = None, by: str = "connector") -> None:
        super().__init__(label=label, about=about, default=default, required=required, port="")
        self.known, self.by = described(known or {}), by

    def parse(self, value: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise InvalidValue("the value gives each option its text", "write {connector: filesystem, path: data}")
        return {name: self._text(name, text) for name, text in value.items()}

    def _text(self, name: str, value: Any) -> str:
        try:
            text = text_of(value, "an option")
        except InvalidValue as error:
            raise InvalidValue(error.message, error.hint, (name,)) from None
        return text.lower() if isinstance(value, bool) else text

    def json_type(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}


class Query(Property):
    """A SELECT over the names of the inputs."""

    kind = "query"

    def __init__(self, *, label: str, about: str = "") -> None:
        super().__init__(label=label, about=about, port="")

    def parse(self, value: Any) -> exp.Query:
        from engine.sql.dialect import parse_one

        text = text_of(value, "a query")
        if len(text) > LONGEST_QUERY:
            raise InvalidValue(f"the query has more than {LONGEST_QUERY:,} characters", "make it several nodes")
        try:
            tree = parse_one(text)
        except UserError as error:
            raise InvalidValue(str(error), error.hint or "", code=error.code) from None
        if not isinstance(tree, exp.Query):
            raise InvalidValue("the value is a SELECT", "other statements are made by other components")
        return tree
