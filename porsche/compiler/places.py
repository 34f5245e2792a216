"""YAML (and so JSON) as plain values, with the place of each."""

from __future__ import annotations

from typing import Any

import yaml

from porsche.compiler.diagnostics import Diagnostic, DocumentError, Path

REPEATED = 20_000
"""Values that aliases of YAML may add to those that are written out: else a small text could be blown up."""
DEEPEST = 100
"""Collections that may lie in each other. libyaml composes by recursion in C, which a deep text would crash."""

LONGEST_NUMBER = 100
"""Characters of what is no text: Python takes the square of the time for a number's digits."""

_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXTS = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:binary"}


def read(text: str) -> tuple[Any, dict[Path, tuple[int, int]]]:
    """The values of a text and their places (line and column, from 1). DocumentError where it is not YAML."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _failed("syntax", f"this is not YAML: {error.problem or error.context}", place) from None
    except yaml.YAMLError as error:
        raise _failed("syntax", f"this is not YAML: {error}", (0, 0)) from None
    reader = _Reader(len(text) + REPEATED)
    return (None if root is None else reader.value(root, ())), reader.places


class _Loader(_SAFE):
    """Refuses what lies too deep, on the way down: DocumentError."""

    _depth = 0

    def descend_resolver(self, parent: yaml.Node | None, index: object) -> None:
        """Called before a node is composed."""
        self._depth += 1
        if parent is not None and self._depth > DEEPEST + 1:
            raise _too_deep((parent.start_mark.line + 1, parent.start_mark.column + 1))

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _failed(code: str, message: str, place: tuple[int, int], hint: str = "") -> DocumentError:
    return DocumentError([Diagnostic("error", code, message, hint, line=place[0], column=place[1])])


def _too_deep(place: tuple[int, int]) -> DocumentError:
    return _failed("too_deep", "collections lie too deep in each other", place, f"at most {DEEPEST} may")


class _Reader:
    def __init__(self, most: int) -> None:
        self.places: dict[Path, tuple[int, int]] = {}
        self._most = most
        self._scalars = yaml.constructor.SafeConstructor()
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        place = node.start_mark.line + 1, node.start_mark.column + 1
        self.places[path] = place
        if len(self.places) > self._most:
            raise _failed("too_large", "the document has too many values", place)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if id(node) in self._open:
            raise _failed("recursive", "a value contains itself", place)
        if len(path) == DEEPEST:
            raise _too_deep(place)
        self._open.add(id(node))
        made = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else [
            self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        self._open.discard(id(node))
        return made

    def _scalar(self, node: yaml.ScalarNode, place: tuple[int, int]) -> Any:
        if node.tag in _TEXTS or node.tag == "tag:yaml.org,2002:str":
            return node.value
        if len(node.value) > LONGEST_NUMBER:
            shown = f"{node.value[:LONGEST_NUMBER // 2]}..."
            raise _failed("syntax", f"'{shown}' cannot be read: it is too long", place, "put it in quotes")
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            raise _failed("syntax", f"'{node.value}' cannot be read", place, "put it in quotes") from None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in node.value:
            place = key.start_mark.line + 1, key.start_mark.column + 1
            if not isinstance(key, yaml.ScalarNode):
                raise _failed("syntax", "a key is a text", place)
            if key.value in made:
                raise _failed("duplicate_key", f"'{key.value}' is given twice", place)
            made[key.value] = self.value(item, (*path, key.value))
            self.places[(*path, key.value)] = place
        return made
