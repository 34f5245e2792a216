"""SQL back into a pipeline: `recognise` reads a text as nodes, and says what has to change in the document before.

    found = recognise(sql, environment=environment("dev"), previous=text)
    found.commands         # what makes the document of before one that becomes this SQL
    found.document         # the whole of it, as plain values
    found.diagnostics      # with line and column of the SQL

A view is a component where lowering the component says the same in normal form, whatever the words; comments count for
nothing. What no component says becomes custom SQL. The document is compiled again before it is given out: it becomes
what was written, or it is not given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.errors import Place, UserError
from engine.sql.dialect import place_of
from porsche.compiler import Diagnostic, DocumentError, Environment, Examined, environment, examine
from porsche.compiler.recognise.changes import Changes, Command, Differ, whole
from porsche.compiler.recognise.matching import Found, prints_of, tagged
from porsche.compiler.recognise.ordering import ordered
from porsche.compiler.recognise.previous import Previous, prints_by_node
from porsche.compiler.recognise.recogniser import Recogniser
from porsche.compiler.recognise.script import Script, read

__all__ = ["Recognised", "recognise"]

LONGEST = 1 << 20
"""Characters that a text may have."""


@dataclass(frozen=True)
class Recognised:
    """What a text is. `document` None: it cannot be said, and the diagnostics tell why. `nodes`: what becomes of which;
    `spans`: node, property ("" = its statements), path inside the property's value, and first and past-last character.
    """

    document: dict[str, Any] | None = None
    commands: tuple[Command, ...] = ()
    nodes: tuple[dict[str, Any], ...] = ()
    spans: tuple[dict[str, Any], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "valid": self.document is not None,
            "document": None if self.document is None else _text(self.document),
            "commands": list(self.commands),
            "changes": list(self.nodes),
            "spans": list(self.spans),
            "diagnostics": [d.as_dict() for d in self.diagnostics],
        }


def _text(document: Mapping[str, Any]) -> str:
    """A document as YAML."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120))


@dataclass
class _Read:
    """What is known so far of a text."""

    recogniser: Recogniser
    script: Script
    found: list[Found] = field(default_factory=list)


def recognise(sql: str, *, environment: Environment | None = None, previous: str | None = None,
              parameters: Mapping[str, str] | None = None, state: str = "state") -> Recognised:
    """Read a text of SQL as a pipeline; never raises for what the text says."""
    where = environment or _dev()
    if len(sql) > LONGEST:
        return _refused(UserError("too_large", f"the text has more than {LONGEST:,} characters"))
    try:
        script = read(sql)
        before = Previous() if previous is None else Previous.of(previous, parameters or {}, state, where)
        recogniser = Recogniser(script, where, state, before)
        recogniser.run()
    except UserError as error:
        return _refused(error)
    except DocumentError as error:
        return Recognised(diagnostics=error.diagnostics)
    except RecursionError:
        return _refused(UserError("too_deep", "parts of the text lie too deep in each other",
                                  hint="use views for inner queries"))
    reading = _Read(recogniser, script, ordered(script, recogniser))
    spans = tuple(_spans(reading))
    if recogniser.problems:
        return Recognised(spans=spans, diagnostics=tuple(map(_diagnostic, recogniser.problems)))
    name = script.name or str(before.value.get("name") or "pipeline")
    changes = (whole(name, script.settings, reading.found) if previous is None
               else Differ(before, name, script.settings, reading.found).run())
    examined = before.examined if before.examined is not None and not changes.commands else examine(
        json.dumps(changes.document, ensure_ascii=False), parameters=parameters or {}, state=state, environment=where)
    return _checked(changes, reading, spans, examined)


def _dev() -> Environment:
    return environment("dev")


def _checked(changes: Changes, reading: _Read, spans: tuple[dict[str, Any], ...], examined: Examined) -> Recognised:
    """The changes, if the document that they make (`examined`) becomes what was written."""
    told = tuple(_placed(d, reading) for d in examined.diagnostics)
    if examined.compiled is None:
        return Recognised(spans=spans, diagnostics=told)
    made = prints_by_node(examined.parts.statements if examined.parts else ())
    meant = {node: prints_of(unit.normal()) for node, unit in reading.recogniser.units.items()}
    wrong = next((node for node in {**made, **meant} if made.get(node) != meant.get(node)), None)
    if wrong is not None:
        unit = reading.recogniser.units.get(wrong)
        place = place_of(next(unit.analysable())) if unit is not None else None
        return Recognised(spans=spans, diagnostics=(*told, _diagnostic(UserError(
            "not_recognised", f"'{wrong}' would become other SQL than this", node=wrong, place=place,
            hint="change the node on the canvas"))))
    return Recognised(changes.document, tuple(changes.commands), tuple(changes.nodes), spans, told)


def _refused(error: UserError) -> Recognised:
    return Recognised(diagnostics=(_diagnostic(error),))


def _diagnostic(error: UserError) -> Diagnostic:
    place = error.place or Place(0, 0)
    return Diagnostic("error", error.code, error.message, error.hint or "", error.node or "", "", place.line,
                      place.column)


def _placed(found: Diagnostic, reading: _Read) -> Diagnostic:
    """What the compiler said of a node, at the place of its statements in the SQL."""
    unit = reading.recogniser.units.get(found.node)
    place = place_of(next(unit.analysable())) if unit is not None else None
    line, column = (place.line, place.column) if place is not None else (0, 0)
    return Diagnostic(found.severity, found.code, found.message, found.hint, found.node, found.property, line, column)


def _spans(reading: _Read) -> list[dict[str, Any]]:
    """Where nodes and the expressions of their properties stand."""
    found: list[dict[str, Any]] = []
    for node, unit in reading.recogniser.units.items():
        for statement in unit.analysable():
            found += _span(node, "", (), place_of(statement))
        for name, path, tree in tagged(reading.recogniser.found[node], unit.normal()):
            found += _span(node, name, path, place_of(tree))
    return found


def _span(node: str, property: str, path: tuple[str | int, ...], place: Place | None) -> list[dict[str, Any]]:
    return [] if place is None else [
        {"node": node, "property": property, "path": list(path), "span": [place.start, place.end]}]
