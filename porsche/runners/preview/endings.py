"""Where the rows of a preview end, and why: the reasons that are given for runs, by what the preview's job counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from porsche.runners.compiling import graph_of
from porsche.runners.preview.rerun import NodeRan, Ran
from porsche.runners.why import Cause, Figures, Plan, endings, place


def ending(ran: Ran, node: str | None) -> list[dict[str, Any]]:
    """The causes for the sinks that would receive nothing, and for the node that is looked at; [] where all give rows,
    or the preview did not come to its end."""
    if ran.error is not None or ran.document is None or not ran.told:
        return []
    plan = Plan.of(graph_of(ran.document))
    asked = [name for name in plan.sinks if _is_silent(ran, plan, name)]
    if node is not None and node not in asked and node in plan.nodes and _is_silent(ran, plan, node):
        asked.append(node)
    found = endings(plan, _figures(ran, plan), asked) if asked else []
    return [_recorded(ran, cause).as_json() | {"place": place(plan, cause)} for cause in found]


def _is_silent(ran: Ran, plan: Plan, name: str) -> bool:
    """Whether a node gives no rows: it ran, or it was left out since something before it is switched off."""
    done = ran.nodes.get(name)
    if done is None:
        return name in ran.left_out and not plan.nodes[name].disabled
    return done.gives != "dimension" and not done.given.rows


def _figures(ran: Ran, plan: Plan) -> Figures:
    """What a run's job would have told of the same rows. What could not be read was left out of the sample before."""
    counts = {plan.owner(name): _counted(ran, done) for name, done in ran.nodes.items()}
    figures = Figures.of(plan, ran.told, counts)
    sources = {name: done for name, done in ran.nodes.items() if done.sample is not None and done.gives == "rows"}
    nodes = {name: {**facts, **counts.get(name, {})} for name, facts in figures.nodes.items()}
    for name, done in sources.items():
        nodes[name] = {**nodes.get(name, {}), "dead_letters": done.sample.unreadable if done.sample else 0}
    return replace(figures, nodes=nodes, committed=True, over=True,
                   sources={name: _source(done) for name, done in sources.items()},
                   sinks={name: {"rows": done.given.rows} for name, done in ran.nodes.items() if done.gives == ""})


def _counted(ran: Ran, done: NodeRan) -> dict[str, int]:
    into = [s for sources in done.inputs.values() for s in sources if ran.nodes[s].gives == "rows"]
    return {"rows_in": sum(ran.nodes[s].given.rows for s in into), "rows_out": done.given.rows}


def _source(done: NodeRan) -> Mapping[str, Any]:
    sample = done.sample
    assert sample is not None
    return {"rows": sample.batch.length + sample.unreadable, "progress": 1.0, "ended": not sample.more}


def _recorded(ran: Ran, cause: Cause) -> Cause:
    done = ran.nodes.get(cause.node)
    letters = done.sample.dead if cause.code == "unreadable" and done is not None and done.sample is not None else ()
    return cause.with_record(asdict(letters[0])) if letters else cause
