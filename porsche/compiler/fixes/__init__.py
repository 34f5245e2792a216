"""What would mend a document: commands on it, as the editor has them, for most of what the compiler complains about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from porsche.compiler.diagnostics import Diagnostic, Fix, Found
from porsche.compiler.document import Document
from porsche.compiler.fixes import columns, nodes, times, values
from porsche.compiler.fixes.situation import Situation, Wrong
from porsche.compiler.graph import Connected
from porsche.compiler.lowering import Lowerer

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
"""Parts of a document that fixes are made for."""
MOST = 6


class Fixer:
    """Finds fixes for what is wrong with a document."""

    def __init__(self, document: Document, places: Sequence[Connected], lowerer: Lowerer) -> None:
        self._situation = Situation(document, places, lowerer)

    def __call__(self, diagnostic: Diagnostic, found: Found) -> Sequence[Fix]:
        wrong = Wrong(diagnostic, found, self._situation)
        if not found.path or found.path[0] not in PARTS or (wrong.node and wrong.node not in self._situation.nodes):
            return ()
        fixes = [fix for finder in FINDERS.get(diagnostic.code, ()) for fix in finder(wrong)]
        return fixes[:MOST]
