"""What a component is: a declaration (ports and properties) and `lower`, which says it in SQL."""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlglot import exp

from engine.sql.dialect import InsertInto
from engine.types import Schema
from porsche.components.properties import Property
from porsche.components.reading import Readings, Said
from porsche.components.table import Table, table_name

LETTERS = frozenset({"n", "sql"})
"""Words of names that people write in capitals."""


@dataclass(frozen=True)
class Port:
    """An input. `relation`: it takes a table itself (a dimension, a model), not only its rows; `many`: several
    edges."""

    name: str
    help: str
    optional: bool = False
    relation: str = "rows"
    many: bool = False


@dataclass(frozen=True)
class Site:
    """Where a component is lowered: the node's id, the columns of a query, the options of a table of some use."""

    node: str
    describe: Callable[[exp.Query], Schema]
    options: Callable[[str, Mapping[str, str]], dict[str, str]]
    prefix: str = ""
    """What the names of helpers begin with, where that is not the node's id."""

    def helper(self, suffix: str) -> str:
        """The name of a further table or view of the node."""
        return f"{self.prefix or self.node}__{suffix}"


@dataclass(frozen=True)
class Lowering:
    """What a node becomes: CREATE TABLEs, INSERTs that fill tables before the job starts, views by name, the job's
    INSERTs.

    The node's own table or view has the node's name.
    """

    tables: tuple[exp.Expr, ...] = ()
    loads: tuple[exp.Expr, ...] = ()
    views: tuple[tuple[str, exp.Query], ...] = ()
    inserts: tuple[exp.Expr, ...] = ()


class Component(ABC):
    """A verb of the canvas. Its docstring is its documentation, the first line its summary."""

    family: ClassVar[str] = ""
    inputs: ClassVar[tuple[Port, ...]] = ()
    gives: ClassVar[str] = "rows"
    """What its output is: rows, dimension, model; "" = it has none."""

    example: ClassVar[Mapping[str, Any]] = {}
    """Properties as a document writes them, which show what it is for."""

    expected: ClassVar[frozenset[str]] = frozenset()
    """Codes of warnings that say nothing here."""

    general: ClassVar[bool] = False
    """Whether it can say in its own way what others say in one of theirs: they are tried first on the way back."""

    def __init__(self, values: Mapping[str, Any], site: Site) -> None:
        self.values = values
        self.site = site

    @classmethod
    def name(cls) -> str:
        """The component's name in documents."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """The component's name for people."""
        first, *rest = cls.name().split("_")
        return " ".join([first.capitalize(), *(word.upper() if word in LETTERS else word for word in rest)])

    @classmethod
    def properties(cls) -> dict[str, Property]:
        """Its properties by name, in order of declaration."""
        found = _PROPERTIES.get(cls)
        if found is None:
            found = _PROPERTIES[cls] = {
                n: p for base in reversed(cls.__mro__) for n, p in vars(base).items() if isinstance(p, Property)
            }
        return found

    @classmethod
    def docs(cls) -> str:
        return inspect.getdoc(cls) or ""

    @abstractmethod
    def lower(self, *args: Any, **inputs: Any) -> Table | Lowering:
        """The component in SQL; inputs come by the names of their ports (absent optional ones as None, `many` as
        tuples)."""

    @classmethod
    def read(cls, said: Said) -> Readings:
        """What this component would have to be for a node to say this, the plainest way first: guesses, of which the
        first counts that lowers to the same statements."""
        return iter(())


_PROPERTIES: dict[type[Component], dict[str, Property]] = {}


class PropertyError(Exception):
    """A property does not fit its node's inputs: the property's name, what is wrong, what to do."""

    def __init__(self, property: str, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.property, self.code, self.message, self.hint = property, code, message, hint


def insert(into: str, query: exp.Query, *, last_wins: bool = False) -> InsertInto:
    """INSERT INTO into query; `last_wins`: of rows with the same key, which the query may have, the last one counts."""
    return InsertInto(this=table_name(into), expression=query, conflict="DEDUPLICATE" if last_wins else None)
