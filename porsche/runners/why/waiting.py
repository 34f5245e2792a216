"""Causes that are about time, and about what is outside: watermarks, sources, look-ups, models, sinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from porsche.runners.why.cause import Cause, moment, rows
from porsche.runners.why.plan import Figures, Plan, Work

SECOND = 1_000_000
AHEAD = 3600.0
"""Seconds before the clock from which on a watermark must be a mistake."""
GAP = 60 * SECOND
"""How far apart two sources' watermarks are when one of them holds the other back."""


# ---- watermarks ------------------------------------------------------------------------------------------------------


def on_time(plan: Plan, figures: Figures, node: str, work: Work) -> Cause | None:
    """Rows that wait for the watermark: because a source holds it, or because it is not time yet."""
    due, mark = figures.fact(node, "due"), work.watermark
    held = _holding(plan, figures, node)
    if held is not None and (due is None or mark is None or mark < due):
        return held
    if mark is None and due is None:
        return None
    component = plan.nodes[node].component
    needs = "" if due is None else f"it needs the watermark past {moment(due)}"
    stands = "there is none yet" if mark is None else f"it is at {moment(mark)}"
    facts = {"watermark": mark, "due": due}
    if component == "label_join":
        within = plan.nodes[node].properties.get("within", "the time")
        return Cause(
            "label_waits",
            node,
            f"labels of '{node}' are known once {within} have passed after an event: {needs}; {stands}",
            "wait, or label within a shorter time",
            facts=facts,
        )
    if component == "predict":
        return Cause(
            "watermark_waits",
            node,
            f"'{node}' predicts as of each row's time: {needs or 'it waits for the watermark'}; {stands}",
            "the watermark of the rows and of the model both have to pass that time",
            facts=facts,
        )
    if due is None:
        return None
    what = "the first window of" if work.kind.startswith(("Window", "Session", "GroupWindow")) else "the first rows of"
    return Cause(
        "window_open",
        node,
        f"{what} '{node}' {'is' if 'window' in what else 'are'} still open: {needs}; {stands}",
        "wait for rows of later times, or make the window shorter",
        facts=facts,
    )


def _holding(plan: Plan, figures: Figures, node: str) -> Cause | None:
    """A source that gives nothing, or lags, and so holds the watermark of others."""
    found = {name: figures.sources[name] for name in plan.behind(node) if name in figures.sources}
    if len(found) < 2 or figures.over:
        return None
    silent = [name for name, source in found.items() if not source.get("rows") and source.get("progress") != 1.0]
    others = [name for name in found if name not in silent]
    if silent and others:
        return Cause(
            "idle_source",
            silent[0],
            f"'{silent[0]}' has given no row, so the watermark of '{node}' stands still, "
            f"although {', '.join(repr(name) for name in others)} {'goes' if len(others) == 1 else 'go'} on",
            "give it rows, or say with table.exec.source.idle-timeout after how long a silent source is not waited for",
            (node, *others),
        )
    return _behind(figures, node, [name for name in others if found[name].get("progress") != 1.0])


def _behind(figures: Figures, node: str, sources: Sequence[str]) -> Cause | None:
    """Sources whose watermarks are far apart, where the further one would do."""
    marks = {name: mark for name in sources if (mark := figures.fact(name, "watermark")) is not None}
    if len(marks) < 2:
        return None
    slow, fast = min(marks, key=lambda name: marks[name]), max(marks, key=lambda name: marks[name])
    if marks[fast] - marks[slow] < GAP or (figures.fact(node, "due") or 0) > marks[fast]:
        return None
    return Cause(
        "idle_source",
        slow,
        f"the watermark of '{slow}' stands at {moment(marks[slow])}, that of '{fast}' at "
        f"{moment(marks[fast])}: '{node}' waits for the slower one",
        "is that all it has? then say with table.exec.source.idle-timeout "
        "after how long a silent source is not waited for",
        (node, fast),
    )


def all_late(plan: Plan, figures: Figures, node: str, work: Work) -> Cause:
    """Every row came after the watermark had passed its time."""
    ahead = work.watermark is not None and figures.at and work.watermark / SECOND > figures.at + AHEAD
    why = f": the watermark is at {moment(work.watermark)}" if work.watermark is not None else ""
    if ahead:
        why += ", which lies in the future, so a row with a wrong time must have moved it there"
    source = next((name for name in plan.behind(node) if name in figures.sources), None)
    delay = "" if source is None else str(plan.nodes[source].properties.get("delay", "1 second"))
    hint = (
        "leave out rows with such times right behind the source"
        if ahead
        else f"let '{source}' wait longer for late rows than {delay}, or look at the order of its rows"
    )
    return Cause(
        "all_late",
        node,
        f"{work.late:,} of {rows(work.rows_in)} came to '{node}' too late{why}",
        hint,
        () if source is None else (source,),
        facts={"late": work.late, "watermark": work.watermark},
    )


def apart(join: Mapping[str, Any]) -> bool:
    """Whether the rows of both sides are of times that do not even overlap."""
    names = ("left_first", "left_last", "right_first", "right_last")
    if join.get("met") or any(join.get(name) is None for name in names):
        return False
    first, last, begun, ended = (join[name] for name in names)
    return bool(last < begun or ended < first)


def out_of_range(node: str, join: Mapping[str, Any]) -> Cause:
    """Keys that meet, or might, and times that do not."""
    met = (
        f"{int(join['met']):,} pairs of '{node}' have equal keys, but times outside of its bounds"
        if join.get("met")
        else f"the rows that '{node}' joins are of times that never meet"
    )
    if join.get("left_first") is not None and join.get("right_first") is not None:
        met += (
            f": one side from {moment(join['left_first'])} to {moment(join['left_last'])}, the other from "
            f"{moment(join['right_first'])} to {moment(join['right_last'])}"
        )
    return Cause(
        "time_out_of_range",
        node,
        met,
        "widen the bounds, or look whether both times are of the same zone and unit",
        facts=join,
    )


# ---- sources ---------------------------------------------------------------------------------------------------------


def silent_source(figures: Figures, node: str) -> Cause:
    """A source that has given nothing."""
    source = figures.sources[node]
    retrying = source.get("retrying")
    if retrying:
        why = retrying.get("cause") if isinstance(retrying, Mapping) else str(retrying)
        return Cause(
            "source_away",
            node,
            f"'{node}' cannot be read, and is tried again: {why}",
            "is the system up, and may it be reached from here?",
        )
    ended = source.get("ended", source.get("progress") == 1.0 or figures.over)
    what = "has no rows at all" if ended else "has given no row yet"
    return Cause(
        "no_data",
        node,
        f"'{node}' {what}",
        "is its path, topic or table the right one, and is anything in it?",
        facts={"ended": ended},
    )


def unreadable(figures: Figures, node: str) -> Cause:
    """A source none of whose records could be read."""
    dead = figures.fact(node, "dead_letters") or 0
    return Cause(
        "unreadable",
        node,
        f"none of {int(dead):,} records of '{node}' could be read",
        "the dead letters say of each what was wrong: compare them with the columns and the format of the source",
        facts={"dead_letters": dead},
    )


# ---- look-ups, models, sinks -----------------------------------------------------------------------------------------


def found_nothing(lookup: Mapping[str, Any]) -> bool:
    return bool(lookup.get("answered")) and not lookup.get("found")


def missed(plan: Plan, node: str, lookup: Mapping[str, Any]) -> Cause:
    """Look-ups none of which found anything."""
    table = next((source for source, _ in plan.inputs[node] if Plan.gives(plan.nodes[source]) == "dimension"), None)
    key = plan.nodes[node].properties.get("key", "its key")
    if lookup.get("null_keys", 0) >= lookup["answered"]:
        return Cause(
            "null_keys",
            node,
            f"'{node}' looks up by '{key}', which is NULL in all of {rows(lookup['answered'])}",
            "fill the key in before, or look up by another column",
            () if table is None else (table,),
            facts=lookup,
        )
    where = "the dimension" if table is None else f"'{table}'"
    return Cause(
        "lookup_misses",
        node,
        f"none of {rows(lookup['answered'])} found its '{key}' in {where}",
        f"is {where} loaded, and are its keys written as they are in '{key}'?",
        () if table is None else (table,),
        facts=lookup,
    )


def untrained(plan: Plan, figures: Figures, predict: str) -> str | None:
    """The model of a prediction, where it has learnt nothing: there are no predictions then."""
    model = next((source for source, _ in plan.inputs[predict] if Plan.gives(plan.nodes[source]) == "model"), None)
    return None if model is None or figures.fact(model, "rows_out") else model


def sink_away(figures: Figures, node: str) -> Cause:
    retrying = figures.sinks[node]["retrying"]
    why = retrying.get("cause") if isinstance(retrying, Mapping) else str(retrying)
    return Cause(
        "sink_away",
        node,
        f"'{node}' cannot be written, and is tried again: {why}",
        "is the system up, and may it be reached from here?",
    )


def uncommitted(plan: Plan, figures: Figures, node: str) -> Cause | None:
    """Rows that are written and not to be seen before the first checkpoint."""
    if figures.committed or figures.over or plan.nodes[node].component == "metric_sink":
        return None
    count = figures.sinks[node]["rows"]
    return Cause(
        "uncommitted",
        node,
        f"{rows(count)} of '{node}' are written, and can be seen with the first checkpoint",
        "wait for it, or set a shorter execution.checkpointing.interval",
        facts={"rows": count},
    )
