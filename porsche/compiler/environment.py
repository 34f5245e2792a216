"""What a table physically is, by environment: the options of its connector, by its use or by its name; and what the
SQL of pipelines may touch where the platform runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from porsche.compiler.diagnostics import Diagnostic, DocumentError, near
from porsche.compiler.document import REFERENCE
from porsche.compiler.places import read

BUNDLED = ("dev", "flink")
TABLES = ("uses", "connectors", "tables")
ACCESS = ("paths", "hosts", "connectors")
FIELDS = (*TABLES, "access")


@dataclass(frozen=True)
class Environment:
    """Options of tables. `uses`: defaults by use (events, dimension, model, table, metrics); `connectors`: what
    stands in for a connector that is not there; `tables`: options of a node's table, whatever the document says.

    `access`: what a job that the platform runs may touch: `paths` (folders; ${run} and ${home} are the run's and the
    platform's), `hosts` ("name" or "name:port"), `connectors`. What it leaves out is not allowed; a job that a person
    starts at a shell has no such limits.
    """

    uses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    connectors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    access: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def allowed(self, run: str, home: str) -> dict[str, list[str]]:
        """The allow-list of a run: its folder, and what `access` adds."""
        values = {"run": run, "home": home}
        listed = {part: [filled(text, values) for text in self.access.get(part, ())] for part in ACCESS}
        return {**listed, "paths": [run, *(path for path in listed["paths"] if path != run)]}

    def options(self, node: str, use: str, given: Mapping[str, str], state: str) -> dict[str, str]:
        """The options of a node's table: the environment's for this table, else the document's, else the use's."""
        if node in self.tables:
            chosen = self.tables[node]
        elif "connector" in given:
            chosen = self.connectors.get(given["connector"], given)
        else:
            chosen = {**self.uses.get(use, {}), **given}
        values = {"state": state, "table": node}
        return {name: filled(text, values) for name, text in chosen.items()}


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with the references that are known replaced by their values."""
    return REFERENCE.sub(lambda match: values.get(match[1], match[0]), text)


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
    return _read(text, name)


@lru_cache(maxsize=16)
def _read(text: str, name: str) -> Environment:
    return _made(read(text)[0], name)


def _made(value: Any, name: str) -> Environment:
    value = value or {}
    if not isinstance(value, dict):
        raise _bad(name, "is not a table of parts", f"parts are {', '.join(FIELDS)}")
    parts: dict[str, dict[str, dict[str, str]]] = {}
    access: dict[str, tuple[str, ...]] = {}
    for part, content in value.items():
        if part not in FIELDS or not isinstance(content, dict):
            raise _bad(name, f"has no '{part}'", near(str(part), FIELDS, "parts"))
        if part == "access":
            access = _access(content, name)
        else:
            parts[part] = {table: {k: str(v) for k, v in (options or {}).items()} for table, options in content.items()}
    return Environment(**parts, access=access)


def _access(content: Mapping[str, Any], name: str) -> dict[str, tuple[str, ...]]:
    for part, listed in content.items():
        if part not in ACCESS:
            raise _bad(name, f"has no 'access.{part}'", near(str(part), ACCESS, "parts of access"))
        if not isinstance(listed, list) or not all(isinstance(entry, str) for entry in listed):
            raise _bad(name, f"has an 'access.{part}' that is not a list of texts", "write [one, two], or [] for none")
    return {part: tuple(listed) for part, listed in content.items()}


def _bad(name: str, what: str, hint: str) -> DocumentError:
    return DocumentError([Diagnostic("error", "bad_environment", f"environment '{name}' {what}", hint)])
