"""A node of a component that the document defines, read off the statements of the nodes inside.

What changed inside may be the node's own: a value that `${name}` stands for, or what is connected to it. Else it is the
definition's, if nothing else uses that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from engine.sql.dialect import generate
from porsche.compiler.bypass import Bypass, reduced
from porsche.compiler.document import Node
from porsche.compiler.graph import Connected
from porsche.compiler.recognise.matching import Edit, Found, Matcher, prints_of
from porsche.compiler.recognise.merging import Fill, referred, reworded
from porsche.compiler.recognise.script import Unit, rename
from porsche.compiler.shape import INSIDE
from porsche.compiler.subpipelines import Composite, inside, replaced
from porsche.components.properties import InvalidValue, Number, Property
from porsche.components.transform.custom_sql import CustomSql

Inputs = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class World:
    """What is known around a node: `fill` puts in the values of parameters, `uses` counts the nodes of a component,
    here and in definitions."""

    matcher: Matcher
    fill: Fill
    uses: Mapping[str, int]


@dataclass
class Solved:
    """What a node would have to be, and its definition: `asked` are properties that become something else."""

    inputs: dict[str, tuple[str, ...]]
    asked: dict[str, Any]
    edits: list[Edit]


def composite(world: World, was: Node, component: type[Composite], inputs: Inputs, unit: Unit,
              *, strict: bool) -> Found | None:
    """The node that a unit is, if it can be the one that it was. `strict`: it has to be so as it is."""
    place = Connected(replace(was, id=unit.name), component, inputs, True)
    solved = _best(world, place, unit, strict)
    if solved is None:
        return None
    return Found(unit.name, was.component, {**was.properties, **solved.asked}, solved.inputs, component,
                 edits=tuple(solved.edits))


def _best(world: World, place: Connected, unit: Unit, strict: bool) -> Solved | None:
    """With the values that the node has, or with those that the statements ask for: what changes less in the
    definition; None where that would change what others use."""
    found = _Inside(world, place, {}, strict).solved(unit)
    if found is None:
        return None
    again = _Inside(world, place, found.asked, strict).solved(unit) if found.asked else None
    better = again is not None and len(again.edits) < len(found.edits)
    best = replace(again, asked=found.asked) if again is not None and better else replace(found, asked={})
    return None if best.edits and world.uses[place.component.name()] > 1 else best


class _Inside:
    """The nodes that a node stands for, with some of its properties as they are asked for."""

    def __init__(self, world: World, place: Connected, asked: Mapping[str, Any], strict: bool) -> None:
        assert issubclass(place.component, Composite)
        self._strict = strict
        self._world, self._place, self._component = world, place, place.component
        given = {**place.node.properties, **asked}
        self._values = {name: property.default if given.get(name) is None else world.fill(given[name])
                        for name, property in place.component.declared.items()}
        self._own = {node.path: node for node in place.component.definition.nodes}
        self._found = Solved(dict(place.inputs), {}, [])

    def solved(self, unit: Unit) -> Solved | None:
        places = reduced(inside(self._place, self._values)).places
        parts = _parts(unit, places)
        if parts is None or not all(self._one(inner, parts[inner.node.id]) for inner in places):
            return None
        return self._found

    def _one(self, inner: Connected, part: Unit) -> bool:
        """Whether an inner node says a part of the statements, or may say it with other properties."""
        matcher = self._world.matcher
        if issubclass(inner.component, Composite):
            good = self._nested(inner, part)
        else:
            prints = prints_of(part.normal())
            properties = self._world.fill(dict(inner.node.properties))
            same = matcher.tried(inner.node.id, inner.node.component, properties, inner.inputs, prints,
                                 inner.component, inner)
            fixed = self._strict or inner.component is Bypass
            good = same is not None or (not fixed and self._changed(inner, part))
        if good and not matcher.wrong(part):
            matcher.learn(inner.node.id, inner.component)
            return True
        return False

    def _nested(self, inner: Connected, part: Unit) -> bool:
        assert issubclass(inner.component, Composite)
        solved = _best(self._world, inner, part, self._strict)
        if solved is None or not self._moved(inner, solved.inputs):
            return False
        self._found.edits += solved.edits
        return not solved.asked or self._edited(inner, solved.asked)

    def _changed(self, inner: Connected, part: Unit) -> bool:
        """Whether the node with other properties says a part."""
        for found in self._readings(inner, part):
            if self._moved(inner, found.inputs):
                return self._reworded(inner, found, part)
        return False

    def _readings(self, inner: Connected, part: Unit) -> Iterator[Found]:
        matcher, told = self._world.matcher, part.normal()
        if inner.component is CustomSql:
            query = _query(inner, part)
            found = query and matcher.tried(inner.node.id, inner.node.component, {"query": query}, inner.inputs,
                                            prints_of(told), CustomSql, inner)
            yield from [found] if found else []
            return
        for found in matcher.found(told, inner):
            if found.kind is inner.component:
                yield found

    def _reworded(self, inner: Connected, found: Found, part: Unit) -> bool:
        """The definition's properties changed as the found ones are, in its own words where those still fit."""
        own = self._own[inner.node.path]
        prints = prints_of(part.normal())
        for properties in reworded(found.kind.properties(), own.properties, found.properties, self._fill):
            filled = self._fill(properties)
            if self._world.matcher.tried(inner.node.id, own.component, filled, found.inputs, prints, inner.component,
                                         inner):
                return self._noted(inner, own, properties, found.properties)
        return False

    def _edited(self, inner: Connected, asked: Mapping[str, Any]) -> bool:
        own = self._own[inner.node.path]
        return self._noted(inner, own, {**own.properties, **asked}, asked)

    def _noted(self, inner: Connected, own: Node, properties: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Note an edit of the definition, and the values of the node's properties that would do instead."""
        if dict(own.properties) != dict(properties):
            self._found.edits.append(Edit(own.path, own.id, own.properties, properties))
            for name, value in referred(dict(own.properties), dict(new), self._component.declared):
                fitting = _fitting(self._component.declared[name], value)
                if fitting is not None and fitting != self._values[name]:
                    self._found.asked.setdefault(name, fitting)
        return True

    def _fill(self, value: Any) -> Any:
        filled = self._world.fill(replaced(value, self._values))
        return {k: v for k, v in filled.items() if v is not None} if isinstance(filled, dict) else filled

    def _moved(self, inner: Connected, inputs: Inputs) -> bool:
        """Whether an inner node's inputs are what they were, but for what comes from outside, which is noted."""
        own = self._own[inner.node.path].id
        for port in {*inner.inputs, *inputs}:
            was, now = inner.inputs.get(port, ()), inputs.get(port, ())
            names = [name for name, end in self._component.ends.items() if end == (own, port)]
            if was == now:
                continue
            outside = self._place.inputs.get(names[0], ()) if len(names) == 1 else ()
            fixed = was[:len(was) - len(outside)]
            if not outside or now[:len(fixed)] != fixed or len(now) == len(fixed):
                return False
            self._found.inputs[names[0]] = now[len(fixed):]
        return True


def _parts(unit: Unit, places: Sequence[Connected]) -> dict[str, Unit] | None:
    """What of a unit is which inner node's; None where that does not come out even."""
    parts = {place.node.id: Unit(place.node.id) for place in places}
    prefixes = sorted(((place.prefix or place.node.id, place.node.id) for place in places), reverse=True)

    def owner(name: str) -> Unit | None:
        node = name if name in parts else next(
            (node for prefix, node in prefixes if name.startswith(prefix + INSIDE)), "")
        return parts.get(node)

    for kind in ("tables", "views"):
        for name, tree in getattr(unit, kind).items():
            of = owner(name)
            if of is None:
                return None
            getattr(of, kind)[name] = tree
    for kind in ("loads", "inserts"):
        for tree in getattr(unit, kind):
            of = owner(tree.this.name)
            if of is None:
                return None
            getattr(of, kind).append(tree)
    return parts if all(part.makes for part in parts.values()) else None


def _query(inner: Connected, part: Unit) -> str | None:
    """The query of custom SQL, which calls tables by their names inside."""
    back = {called: name for name, called in inner.names.items()}
    if list(part.views) != [inner.node.id] or len(back) < len(inner.names):
        return None
    query = part.views[inner.node.id].copy()
    rename([query], back)
    for table in query.find_all(exp.Table):
        if table.alias == table.name:
            table.set("alias", None)
    return generate(query, pretty=True, quote=False, comments=False)


def _fitting(declared: Property, value: Any) -> Any:
    """A value for a property of the node; None where it is none."""
    try:
        parsed = declared.parse(value)
    except InvalidValue:
        return None
    if isinstance(declared, Number):
        return int(parsed) if str(value).lstrip("-").isdigit() else parsed
    return parsed if isinstance(parsed, bool) else value
