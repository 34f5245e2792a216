"""The order of the nodes of a new document: inputs first, and such that the SQL has its statements as they were."""

from __future__ import annotations

from itertools import pairwise

from porsche.compiler.recognise.matching import Found
from porsche.compiler.recognise.recogniser import Recogniser
from porsche.compiler.recognise.script import Script


def ordered(script: Script, recogniser: Recogniser) -> list[Found]:
    """What was found, in an order that becomes the text's own; where there is none, inputs first is enough."""
    found = recogniser.found
    after: dict[str, set[str]] = {node: set() for node in found}
    for node, each in found.items():
        for source in (name for names in each.inputs.values() for name in names):
            after[node].add(source)
    strict = {node: set(needed) for node, needed in after.items()}
    for names in script.order.values():
        nodes = [_node(recogniser.names.get(name, name), found) for name in names]
        for first, second in pairwise(dict.fromkeys(each for each in nodes if each)):
            strict[second].add(first)
    return [found[node] for node in _sorted(strict) or _sorted(after) or list(found)]


def _node(name: str, found: dict[str, Found]) -> str:
    """The node that a table or view of the text became, or a part of; "" where it is none's."""
    owner = name.partition("__")[0]
    return name if name in found else owner if owner in found else ""


def _sorted(after: dict[str, set[str]]) -> list[str] | None:
    """Inputs first, else as they came; None where they go in a circle."""
    waiting = {node: needed & after.keys() for node, needed in after.items()}
    done: list[str] = []
    while waiting:
        free = next((node for node, needed in waiting.items() if not needed), None)
        if free is None:
            return None
        del waiting[free]
        done.append(free)
        for needed in waiting.values():
            needed.discard(free)
    return done
