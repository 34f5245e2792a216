"""Where the next step is taken: the node, and the property of its form."""

from __future__ import annotations

from porsche.components import catalogue
from porsche.runners.why.cause import Cause
from porsche.runners.why.plan import Plan

PROPERTIES: dict[str, tuple[str, ...]] = {
    "filter_drops_all": ("condition", "query"),
    "sink_filters_all": ("where",),
    "no_match": ("match", "query"),
    "null_keys": ("match", "key", "query"),
    "time_out_of_range": ("within", "query"),
    "condition_false": ("query", "condition"),
    "all_late": ("delay",),
    "window_open": ("size", "within", "query"),
    "label_waits": ("within",),
    "lookup_misses": ("key", "query"),
    "no_data": ("options",),
    "source_away": ("options",),
    "sink_away": ("options",),
    "unreadable": ("columns",),
}
"""By the code of a cause, what is looked at first: the first one that the node's component has."""


def place(plan: Plan, cause: Cause) -> dict[str, str | None]:
    """`node` and `property` ("" and None: there is none). Rows that are late are waited for by their source."""
    node = cause.related[0] if cause.code == "all_late" and cause.related else cause.node
    component = catalogue().get(plan.nodes[node].component) if node in plan.nodes else None
    named = PROPERTIES.get(cause.code, ())
    return {"node": node, "property": next((name for name in named if hasattr(component, name)), None)}
