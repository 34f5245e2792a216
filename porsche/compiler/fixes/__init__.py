"""What would mend a document: commands on it, as the editor has them, for most of what the compiler complains about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from porsche.compiler.diagnostics import Diagnostic, Fix, Found
from porsche.compiler.document import Document, Edge
from porsche.compiler.fixes import columns, nodes, times, values
from porsche.compiler.fixes.situation import Situation, Wrong
from porsche.compiler.graph import Connected
from porsche.compiler.lowering import Lowerer
from porsche.compiler.subpipelines import Composite

Finder = Callable[[Wrong], Iterator[Fix]]

FINDERS: Mapping[str, tuple[Finder, ...]] = {
    "unknown_column": (columns.other_name, columns.without, times.time_column),
    "duplicate_column": (columns.without_taken,),
    "bad_arguments": (columns.cast,),
    "unknown_function": (columns.other_word,),
    "unknown_type": (columns.other_word,),
    "not_event_time": (times.time_column,),
    "no_time": (times.time_column,),
    "no_clock": (times.clock,),
    "missing_property": (times.time_column, values.missing),
    "unknown_property": (values.other_property,),
    "unknown_field": (values.other_field,),
    "unknown_component": (values.other_component,),
    "unknown_parameter": (values.other_parameter,),
    "bad_value": (values.fitting,),
    "growing_state": (values.forget,),
    "missing_key": (values.key,),
    "unknown_node": (nodes.other_node,),
    "unknown_port": (nodes.other_port,),
    "wrong_input": (nodes.other_port,),
    "missing_input": (nodes.connect,),
    "duplicate_input": (nodes.fewer,),
    "cycle": (nodes.break_cycle,),
    "duplicate_id": (nodes.other_id,),
    "unused_node": (nodes.write, nodes.remove),
    "no_sink": (nodes.write,),
}
"""By the code of a diagnostic; what is likelier meant comes first."""
PARTS = ("nodes", "edges", "settings")
"""Parts of a document that fixes are made for, besides its own components."""
OUTSIDE = ("missing_input", "unused_node", "no_sink")
"""Codes that fixes are made for only among the nodes of the document itself."""
MOST = 6


class Fixer:
    """Finds fixes for what is wrong with a document."""

    def __init__(self, document: Document, places: Sequence[Connected], lowerer: Lowerer,
                 local: Mapping[str, type[Composite]]) -> None:
        self._situation = Situation(document, places, lowerer)
        self._local = local

    def __call__(self, diagnostic: Diagnostic, found: Found) -> Sequence[Fix]:
        situation = self._around(diagnostic, found)
        if situation is None:
            return ()
        wrong = Wrong(diagnostic, found, situation)
        if wrong.node and wrong.node not in situation.nodes:
            return ()
        fixes = [fix for finder in FINDERS.get(diagnostic.code, ()) for fix in finder(wrong)]
        return fixes[:MOST]

    def _around(self, diagnostic: Diagnostic, found: Found) -> Situation | None:
        """What something wrong is to be seen in; None where it is in neither nodes nor edges nor settings."""
        part = found.path[0] if found.path else ""
        if part in PARTS:
            return self._situation
        if part != "components" or len(found.path) < 3 or diagnostic.code in OUTSIDE:
            return None
        component = self._local.get(str(found.path[1]))
        return None if component is None else _within(self._situation, component, found.calls)


def _within(situation: Situation, component: type[Composite], calls: Mapping[str, str]) -> Situation:
    """What is inside a component, as a document; its inputs are tables of their names."""
    own = component.definition
    fed = [Edge(name, node, port, (*own.path, "inputs", name)) for name, (node, port) in component.ends.items()]
    document = replace(situation.document, nodes=own.nodes, edges=(*own.edges, *fed))
    places = [replace(place, inputs=_fed(place, fed)) for place in component.places]
    return Situation(document, places, situation.lowerer, own.path, calls)


def _fed(place: Connected, fed: Sequence[Edge]) -> Mapping[str, tuple[str, ...]]:
    """What is connected to a node inside, from outside too."""
    inputs = dict(place.inputs)
    for edge in fed:
        if edge.target == place.node.id:
            inputs[edge.port] = (*inputs.get(edge.port, ()), edge.source)
    return inputs
