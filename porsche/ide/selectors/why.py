"""Why a run gives no output, from what its job says of itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from engine.errors import UserError
from porsche.ide.models import Run, Status
from porsche.ide.selectors import files, runs
from porsche.ide.selectors.compiled import compiled
from porsche.runners.preview import asked
from porsche.runners.why import Cause, Plan, explained, place

ROWS = 1000
"""Of a sample, where only a sample can tell which of several conditions it is."""


def why(run: Run) -> dict[str, Any]:
    """Each sink that got nothing, and its cause."""
    seen = runs.detail(run)
    plan = _plan(run)
    if plan is None:
        return _answer(run, seen, Plan({}, {}), [], [])
    sinks = _sinks(plan, seen["snapshot"] or {})
    told = _not_at_work(seen, [sink["node"] for sink in sinks])
    causes = [told] if told is not None else _causes(run, plan, seen["snapshot"])
    return _answer(run, seen, plan, sinks, causes)


def _answer(run: Run, seen: Mapping[str, Any], plan: Plan, sinks: Sequence[Any],
            causes: Sequence[Cause]) -> dict[str, Any]:
    return {"run": run.pk, "status": seen["status"], "at": (seen["snapshot"] or {}).get("at"), "sinks": list(sinks),
            "causes": [cause.as_json() | {"place": place(plan, cause)} for cause in causes]}


def _plan(run: Run) -> Plan | None:
    state = str(files.folder(run).state)
    graph = compiled(run.revision.document, runs.parameters(run), run.environment, state)["graph"]
    return None if graph is None else Plan.of(graph)


def _sinks(plan: Plan, snapshot: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = {plan.owner(node): sink.get("rows") or 0 for sink in snapshot.get("sinks") or ()
            for node in sink.get("nodes") or ()}
    return [{"node": sink, "rows": rows.get(sink)} for sink in plan.sinks]


def _not_at_work(seen: Mapping[str, Any], sinks: Sequence[str]) -> Cause | None:
    """A run that has never worked, or cannot now."""
    reason = seen["reason"]
    if reason and seen["status"] in (Status.FAILED, Status.STUCK, Status.RESTARTING):
        return Cause("not_running", reason.get("node") or "", f"the run does not get on: {reason['message']}",
                     reason.get("hint") or "its log and its events say more", sinks=tuple(sinks))
    if not (seen["snapshot"] or {}).get("operators"):
        return Cause("not_running", "", "the run has not begun to work yet", "wait until it is running, and ask again",
                     sinks=tuple(sinks))
    return None


def _causes(run: Run, plan: Plan, snapshot: Mapping[str, Any]) -> list[Cause]:
    found = explained(plan, snapshot)
    if any(cause.code == "filter_drops_all" and cause.related for cause in found):
        found = explained(plan, snapshot, _counts(run, plan))
    return [_with_record(run, cause) for cause in found]


def _counts(run: Run, plan: Plan) -> dict[str, Any]:
    """Rows in and out of each node over a sample: conditions that run as one are told apart by it."""
    question = asked.Asked(run.revision.document, str(settings.HOME.path), tab=f"why:{run.pk}",
                           parameters=run.parameters, environment=run.environment, limit=ROWS)
    with contextlib.suppress(UserError, asked.Busy, asked.Outdated):
        answer = json.loads(asked.preview(question))
        return {plan.owner(node): counted for node, counted in answer["nodes"].items()}
    return {}


def _with_record(run: Run, cause: Cause) -> Cause:
    """A record that could not be read says more than their number."""
    letters = files.dead_letters(run, 0, 1)["letters"] if cause.code == "unreadable" else []
    return cause.with_record(letters[0]) if letters else cause
