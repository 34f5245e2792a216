"""What a document keeps besides nodes and edges: groups and notes of the canvas, its own components, samples, tests.

Groups, notes, samples and tests change nothing of what a pipeline does: where one names a node that is not there, that
is a warning.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from porsche.compiler.diagnostics import Path, near
from porsche.compiler.reading import Reader, word
from porsche.compiler.shape import Case, Group, LocalComponent, LocalProperty, Node, Note, Rows, Sample

FORMATS = ("json", "csv")
MOST_TESTS = 200


class Extras:
    """Reads them. `nodes`: of the document."""

    def __init__(self, reader: Reader, nodes: tuple[Node, ...]) -> None:
        self._reader = reader
        self._nodes = dict.fromkeys(node.id for node in nodes)
        self._ids = dict.fromkeys(self._nodes, "node")

    # ---- the canvas --------------------------------------------------------------------------------------------------

    def groups(self, value: dict[str, Any]) -> tuple[Group, ...]:
        found = [self._group(v, ("groups", i)) for i, v in enumerate(self._reader.items(value, "groups"))]
        seen: dict[str, str] = {}
        for i, group in enumerate(found):
            for j, node in enumerate(group.nodes if group else ()):
                if group and seen.setdefault(node, group.id) != group.id:
                    self._reader.hint(("groups", i, "nodes", j), "duplicate_member",
                                      f"'{node}' is in the group '{seen[node]}', too", "a node is in one group",
                                      node=node)
        return tuple(group for group in found if group)

    def _group(self, value: Any, path: Path) -> Group | None:
        made = self._reader.mapping(value, path, "a group")
        name = self._id(made, path, "group")
        if name is None:
            return None
        members = self._reader.items(made, "nodes", path)
        for j, node in enumerate(members):
            self._known(node, (*path, "nodes", j))
        label = self._reader.scalar(made, "label", str, path, "")
        collapsed = self._reader.scalar(made, "collapsed", bool, path, False)
        return Group(name, tuple(m for m in members if isinstance(m, str)), label, collapsed)

    def notes(self, value: dict[str, Any]) -> tuple[Note, ...]:
        found = [self._note(v, ("notes", i)) for i, v in enumerate(self._reader.items(value, "notes"))]
        return tuple(note for note in found if note)

    def _note(self, value: Any, path: Path) -> Note | None:
        made = self._reader.mapping(value, path, "a note")
        name = self._id(made, path, "note")
        return None if name is None else Note(name, self._reader.scalar(made, "text", str, path, ""))

    def _id(self, made: dict[str, Any], path: Path, kind: str) -> str | None:
        """The id of a group or note, which nothing else on the canvas has: places are kept by it."""
        if not self._reader.fields(made, kind, path, "id"):
            return None
        name = self._reader.identifier(made["id"], (*path, "id"))
        if name in self._ids:
            self._reader.say((*path, "id"), "duplicate_id", f"a {self._ids[name]} is called '{name}', too",
                             "give it another id")
            return None
        if name is not None:
            self._ids[name] = kind
        return name

    def _known(self, node: Any, path: Path) -> bool:
        """Whether a name is a node's; a warning where not."""
        if isinstance(node, str) and node in self._nodes:
            return True
        self._reader.hint(path, "unknown_node", f"there is no node '{node}'", near(str(node), self._nodes, "nodes"))
        return False

    # ---- samples and tests -------------------------------------------------------------------------------------------

    def samples(self, value: dict[str, Any]) -> dict[str, Sample]:
        found = {}
        for node, given in self._reader.mapping(value.get("samples"), ("samples",), "samples").items():
            path = ("samples", node)
            made = self._reader.mapping(given, path, "a sample")
            self._reader.fields(made, "sample", path)
            if ("rows" in made) == ("file" in made):
                self._reader.say(path, "bad_sample", "a sample has rows, or a file", "write {rows: [{column: value}]}")
                continue
            rows = self._reader.rows(made["rows"], (*path, "rows")) if "rows" in made else None
            if self._known(node, path):
                found[node] = Sample(rows, self._file(made["file"], (*path, "file")) if "file" in made else None)
        return found

    def _file(self, value: Any, path: Path) -> tuple[str, str] | None:
        made = self._reader.mapping(value, path, "a file")
        if not self._reader.fields(made, "file", path, "path"):
            return None
        form = self._reader.scalar(made, "format", str, path, "json")
        if form not in FORMATS:
            self._reader.say((*path, "format"), "bad_value", f"'{form}' is no format", f"choose {' or '.join(FORMATS)}")
        return self._reader.scalar(made, "path", str, path, ""), form

    def tests(self, value: dict[str, Any]) -> tuple[Case, ...]:
        items = self._reader.items(value, "tests")
        if len(items) > MOST_TESTS:
            self._reader.say(("tests",), "too_large", f"there are {len(items)} tests", f"at most {MOST_TESTS} may be")
            return ()
        found = [self._test(v, ("tests", i)) for i, v in enumerate(items)]
        seen: set[str] = set()
        for i, test in enumerate(found):
            if test and test.name in seen:
                self._reader.say(("tests", i, "name"), "duplicate_name", f"two tests are called '{test.name}'",
                                 "give it another name")
            seen |= {test.name} if test else set()
        return tuple(test for test in found if test)

    def _test(self, value: Any, path: Path) -> Case | None:
        made = self._reader.mapping(value, path, "a test")
        if not self._reader.fields(made, "test", path, "name", "expect"):
            return None
        name = self._reader.scalar(made, "name", str, path, "")
        ordered = self._reader.scalar(made, "ordered", bool, path, False)
        given = self._by_node(made.get("given"), (*path, "given"), "'given'")
        expect = self._by_node(made["expect"], (*path, "expect"), "'expect'")
        parameters = self._reader.mapping(made.get("parameters"), (*path, "parameters"), "'parameters'")
        if given is None or expect is None or not name.strip():
            return None
        return Case(name, given, expect, ordered, {n: word(v) for n, v in parameters.items()}, path)

    def _by_node(self, value: Any, path: Path, what: str) -> dict[str, Rows] | None:
        found = {}
        for node, rows in self._reader.mapping(value, path, what).items():
            read = self._reader.rows(rows, (*path, node))
            if read is None:
                return None
            self._known(node, (*path, node))
            found[node] = read
        return found

    # ---- components --------------------------------------------------------------------------------------------------

    def components(self, value: dict[str, Any], taken: Collection[str]) -> dict[str, LocalComponent]:
        """The document's own components. `taken`: names that are components already."""
        found = {}
        for name, given in self._reader.mapping(value.get("components"), ("components",), "components").items():
            path = ("components", name)
            if self._reader.identifier(name, path) is None:
                continue
            if name in taken:
                self._reader.say(path, "duplicate_name", f"there is a component '{name}' already",
                                 "give it another name")
                continue
            made = self._reader.mapping(given, path, "a component")
            self._reader.fields(made, "component", path)
            found[name] = self._component(name, made, path)
        return found

    def _component(self, name: str, made: dict[str, Any], path: Path) -> LocalComponent:
        read = self._reader
        if (version := made.get("version")) is not None and (not isinstance(version, int) or version < 1):
            read.say((*path, "version"), "wrong_type", "'version' is the number of a version in the project's library")
        declared = read.mapping(made.get("properties"), (*path, "properties"), "properties")
        properties = {n: self._property(n, v, (*path, "properties", n)) for n, v in declared.items()}
        return LocalComponent(
            name, read.scalar(made, "title", str, path, ""), read.scalar(made, "doc", str, path, ""),
            self._inputs(made, path), read.scalar(made, "output", str, path, ""), properties, read.nodes(made, path),
            read.edges(made, path), path)

    def _inputs(self, made: dict[str, Any], path: Path) -> dict[str, tuple[str, str]]:
        found = {}
        for name, end in self._reader.mapping(made.get("inputs"), (*path, "inputs"), "inputs").items():
            at = (*path, "inputs", name)
            if self._reader.identifier(name, at) is None:
                continue
            if not isinstance(end, str):
                self._reader.say(at, "wrong_type", "an input names an inner node, or a node and its port",
                                 "write node.port")
                continue
            node, _, port = end.partition(".")
            found[name] = node, port
        return found

    def _property(self, name: str, given: Any, path: Path) -> LocalProperty:
        self._reader.identifier(name, path)
        made = self._reader.mapping(given, path, "a property")
        self._reader.fields(made, "property", path)
        return LocalProperty(name, self._reader.scalar(made, "kind", str, path, "text"), made, path)
