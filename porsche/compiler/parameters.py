"""Values for ${name} in properties and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from porsche.compiler.diagnostics import Collector, Path, near
from porsche.compiler.document import IDENTIFIER, REFERENCE, STATE, Document
from porsche.compiler.secrets import PREFIX


class Parameters:
    """The values of a run: those given, else the defaults."""

    def __init__(self, document: Document, given: Mapping[str, str], state: str, collector: Collector) -> None:
        self._collector = collector
        self.values: dict[str, str] = {STATE: state}
        self._names = [STATE, *document.parameters]
        for name in given:
            if name not in document.parameters:
                collector.error(("parameters",), "unknown_parameter", f"the document has no parameter '{name}'",
                                near(name, document.parameters, "parameters"))
        for name, parameter in document.parameters.items():
            value = given.get(name, parameter.default)
            if value is None:
                collector.error(("parameters", name), "missing_parameter", f"the parameter '{name}' has no value",
                                f"give one: --set {name}=VALUE")
            self.values[name] = value or ""

    def fill(self, value: Any, path: Path, node: str = "", property: str = "") -> Any:
        """The value with every ${name} replaced, inside lists and mappings too."""
        if isinstance(value, str):
            return self._text(value, path, node, property) if "${" in value else value
        if isinstance(value, dict):
            return {k: self.fill(v, (*path, k), node, property) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v, (*path, i), node, property) for i, v in enumerate(value)]
        return value

    def _text(self, text: str, path: Path, node: str, property: str) -> str:
        for name in REFERENCE.findall(text):
            if name.startswith(PREFIX):
                self._secret(name, path, node, property)
            elif name not in self.values:
                self._collector.error(path, "unknown_parameter", f"there is no parameter '{name}'",
                                      near(name, self._names, "parameters"), node=node, property=property)
        return REFERENCE.sub(self._replaced, text)

    def _replaced(self, match: re.Match[str]) -> str:
        return match[0] if match[1].startswith(PREFIX) else self.values.get(match[1], "")

    def _secret(self, name: str, path: Path, node: str, property: str) -> None:
        if not IDENTIFIER.fullmatch(name.removeprefix(PREFIX)):
            self._collector.error(path, "bad_name", f"'{name}' names no secret",
                                  "write ${secret:NAME}, with letters, digits and _", node=node, property=property)
