"""Fixes for properties: a name that was meant, a value that is missing or does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from engine.types import Kind
from porsche.compiler.diagnostics import Fix
from porsche.compiler.fixes.situation import Wrong, at_path, replaced, set_in
from porsche.components.hints import CLOSE, Near, meant
from porsche.components.properties import Choice, Number
from porsche.components.table import Table

MOST = 4
TTL = "table.exec.state.ttl"


def other_property(wrong: Wrong) -> Iterator[Fix]:
    """The value under the name that was meant, or not at all."""
    hint, name = wrong.diagnostic.hint, wrong.name
    given = wrong.at.nodes[wrong.node].properties
    known = meant(hint) if isinstance(hint, Near) else None
    if known and known not in given:
        yield Fix(f"Call it '{known}'", (wrong.set(None), wrong.at.set(wrong.node, known, given[name])))
    yield Fix(f"Remove '{name}'", (wrong.set(None),))


def other_component(wrong: Wrong) -> Iterator[Fix]:
    known = meant(wrong.diagnostic.hint)
    if known:
        yield Fix(f"Make it a {known}", (set_in(wrong.path, known),))


def other_field(wrong: Wrong) -> Iterator[Fix]:
    """A field of the document that nobody knows goes."""
    yield Fix(f"Remove '{wrong.path[-1]}'", (set_in(wrong.path),))


def other_parameter(wrong: Wrong) -> Iterator[Fix]:
    """The parameter that was meant, inside a component perhaps its property; or a new parameter of this name."""
    hint = wrong.diagnostic.hint
    text = at_path(wrong.value, wrong.inside)
    if not isinstance(hint, Near) or not isinstance(text, str):
        return
    own = get_close_matches(hint.word, wrong.at.given, n=1, cutoff=CLOSE)
    known = own[0] if own else meant(hint)
    if known:
        made = text.replace(f"${{{hint.word}}}", f"${{{known}}}")
        yield Fix(f"Use ${{{known}}}", (wrong.set(replaced(wrong.value, wrong.inside, made)),))
    if hint.word.isidentifier():
        yield Fix(f"Add the parameter '{hint.word}'", (set_in(("parameters", hint.word), {"default": ""}),))


def fitting(wrong: Wrong) -> Iterator[Fix]:
    """A choice there is; the nearest number that is allowed."""
    property = wrong.declared
    if isinstance(property, Choice):
        for option in property.options[:MOST]:
            yield Fix(f"Choose {option}", (wrong.set(option),))
    elif isinstance(property, Number):
        try:
            value = float(str(wrong.value))
        except ValueError:
            if property.default is not None:
                yield Fix(f"Use the default, {property.default:g}", (wrong.set(None),))
            return
        near = min(max(value, property.low), property.high)
        number = round(near) if property.whole else near
        fix = Fix(f"Use {number:g}", (wrong.set(number),))
        yield fix if number != value else Fix(f"Remove '{property.name}'", (wrong.set(None),))


def missing(wrong: Wrong) -> Iterator[Fix]:
    """The value that is obvious from what comes in."""
    property = wrong.declared
    if property is None:
        return
    if property.kind == "duration":
        component = wrong.at.component(wrong.node)
        example = component.example.get(property.name) if component else None
        if example:
            yield Fix(f"Use {example}", (wrong.set(example),))
    for names in _obvious(wrong):
        shown = ", ".join(f"'{name}'" for name in names)
        value = list(names) if property.kind == "columns" else names[0]
        yield Fix(f"Use {shown}", (wrong.set(value),))


def _obvious(wrong: Wrong) -> Iterator[tuple[str, ...]]:
    """Columns that are most likely meant."""
    component, name = wrong.at.nodes[wrong.node].component, wrong.name
    place = wrong.at.connected.get(wrong.node)
    tables = {
        port: table for port, sources in (place.inputs if place else {}).items()
        if len(sources) == 1 and (table := wrong.at.table(sources[0])) is not None
    }
    match component, name:
        case "dimension_join", "key" if "rows" in tables and "dimension" in tables:
            key = tables["dimension"].names[0]
            yield from ((key,),) if key in tables["rows"].names else ()
        case "dimension_join", "columns" if "dimension" in tables:
            families = [field.type for field in tables["dimension"].schema if field.type.kind is Kind.ROW]
            yield tuple(field.name for family in families for field in family.fields)
        case "label_join", "match" if len(tables) == 2:
            yield from ((name,) for name in _shared(tables["events"], tables["outcomes"])[:MOST])
        case "dimension_table", "key":
            fields = wrong.at.nodes[wrong.node].properties.get("columns")
            yield from ((str(name),) for name in list(fields)[:1]) if isinstance(fields, dict) else ()
        case _, "key" | "keys" if len(tables) == 1:
            yield from ((name,) for name in _ids(next(iter(tables.values())))[:MOST])


def _shared(left: Table, right: Table) -> list[str]:
    """Columns that both have, those that look like keys first."""
    times = {*left.times(), *left.clocks()}
    both = [name for name in left.names if name in right.names and name not in times]
    return sorted(both, key=lambda name: not _is_id(name))


def _ids(table: Table) -> list[str]:
    return [*table.key] or [name for name in table.names if _is_id(name)]


def _is_id(name: str) -> bool:
    return name.lower() == "id" or name.lower().endswith(("_id", "id", "_key"))


def forget(wrong: Wrong) -> Iterator[Fix]:
    """State that would grow for ever is forgotten after a time."""
    if TTL not in wrong.at.document.settings:
        yield Fix("Forget what did not change for a day", (set_in(("settings", TTL), "1 d"),))


def key(wrong: Wrong) -> Iterator[Fix]:
    """The key that the rows have is the table's key."""
    place = wrong.at.connected.get(wrong.node)
    sources = place.inputs.get("rows", ()) if place else ()
    table = wrong.at.table(sources[0]) if len(sources) == 1 else None
    component = wrong.at.component(wrong.node)
    if table is not None and table.key and component is not None and "key" in component.properties():
        shown = ", ".join(f"'{name}'" for name in table.key)
        yield Fix(f"Make {shown} the key", (wrong.at.set(wrong.node, "key", list(table.key)),))
