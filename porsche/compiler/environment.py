"""What a table physically is, by environment: the options of its connector, by its use or by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from porsche.compiler.diagnostics import Diagnostic, DocumentError, near
from porsche.compiler.document import REFERENCE
from porsche.compiler.places import read

BUNDLED = ("dev", "flink")
FIELDS = ("uses", "connectors", "tables")


@dataclass(frozen=True)
class Environment:
    """Options of tables. `uses`: defaults by use (events, dimension, model, table, metrics); `connectors`: what
    stands in for
    a connector that is not there; `tables`: options of a node's table, whatever the document says."""

    uses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    connectors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def options(self, node: str, use: str, given: Mapping[str, str], state: str) -> dict[str, str]:
        """The options of a node's table: the environment's for this table, else the document's, else the use's."""
        if node in self.tables:
            chosen = self.tables[node]
        elif "connector" in given:
            chosen = self.connectors.get(given["connector"], given)
        else:
            chosen = {**self.uses.get(use, {}), **given}
        values = {"state": state, "table": node}
        return {name: REFERENCE.sub(lambda m: values.get(m[1], m[0]), text) for name, text in chosen.items()}


def environment(name: str) -> Environment:
    """A bundled environment by name, or one from a file's path."""
    if name in BUNDLED:
        text = resources.files(__package__).joinpath("environments", f"{name}.yaml").read_text(encoding="utf-8")
    else:
        try:
            with open(name, encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            message = f"cannot read the environment '{name}': {error.strerror}"
            raise DocumentError(
                [Diagnostic("error", "unknown_environment", message, f"bundled are {', '.join(BUNDLED)}")]
            ) from None
    value, _ = read(text)
    return _made(value, name)


def _made(value: Any, name: str) -> Environment:
    parts: dict[str, dict[str, dict[str, str]]] = {}
    for part, tables in (value or {}).items():
        if part not in FIELDS or not isinstance(tables, dict):
            raise DocumentError([Diagnostic("error", "bad_environment", f"environment '{name}' has no '{part}'",
                                            near(part, FIELDS, "parts"))])
        parts[part] = {table: {k: str(v) for k, v in (options or {}).items()} for table, options in tables.items()}
    return Environment(**parts)
