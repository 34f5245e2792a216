"""The answer to a request for a preview, as JSON text: counts of every node, the tables around one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from engine.changes import Batch, concat
from engine.errors import UserError
from engine.types import Schema
from porsche.redaction import redact
from porsche.runners.preview.endings import ending
from porsche.runners.preview.profile import event_time, moment, profile
from porsche.runners.preview.rerun import NodeRan, Ran
from porsche.runners.preview.shown import columns_json, rows_json, rows_of
from porsche.runners.preview.tables import Taken

PORTS = 4
"""Inputs whose rows are shown."""


def answer(ran: Ran, node: str | None, limit: int, secrets: Iterable[str] = ()) -> str:
    """The whole answer. `node`: the one whose rows are shown."""
    shown = ran.nodes.get(node or "")
    found = {
        "node": node,
        "nodes": {name: _node(done, ran) for name, done in ran.nodes.items()},
        "samples": {name: done.sample.as_json() for name, done in ran.nodes.items() if done.sample is not None},
        "error": _error(ran, tuple(secrets)),
        "causes": ending(ran, node),
        "diagnostics": [d.as_dict() for d in ran.diagnostics if d.severity == "error"],
        "notes": _notes(ran),
        "milliseconds": {name: round(1000 * seconds, 1) for name, seconds in ran.seconds.items()},
    }
    at = ran.broken.get(node or "", {}) if shown is None else shown.inputs
    inputs = [_input(port, ran.nodes[source], limit)
              for port, sources in at.items() for source in sources if source in ran.nodes][:PORTS]
    output = "null" if shown is None else _table(shown, limit)
    return f'{json.dumps(found, ensure_ascii=False)[:-1]},"inputs":[{",".join(inputs)}],"output":{output}}}'


def _node(node: NodeRan, ran: Ran) -> dict[str, Any]:
    """What a tile shows of a node. `held`: rows that came only because the sample ended; `unmatched`: rows for which a
    dimension had nothing."""
    rows_in = sum(ran.nodes[s].given.rows for sources in node.inputs.values() for s in sources if _gives_rows(s, ran))
    facts: dict[str, Any] = {"rows_in": rows_in if node.inputs else None, "rows_out": node.given.rows,
             "held": node.given.rows - node.given.before_end, "late": node.late, "is_sink": node.gives == "",
             "watermark": None if node.watermark is None else moment(node.watermark)}
    if (unmatched := _unmatched(node, ran)) is not None:
        facts["unmatched"] = unmatched
    if node.gives == "model":
        facts["model"] = _model(node)
    if node.gives == "dimension":
        facts["rows_out"] = 0 if node.sample is None else node.sample.batch.length
    return facts


def _gives_rows(node: str, ran: Ran) -> bool:
    return ran.nodes[node].gives == "rows"


def _unmatched(node: NodeRan, ran: Ran) -> int | None:
    """Rows that a lookup found nothing for: kept without values, or left out."""
    sources = [s for sources in node.inputs.values() for s in sources]
    if not any(ran.nodes[s].gives == "dimension" for s in sources) or node.schema is None:
        return None
    rows_in = sum(ran.nodes[s].given.rows for s in sources if _gives_rows(s, ran))
    known = {f.name for s in sources if _gives_rows(s, ran) for f in ran.nodes[s].schema or ()}
    added = [i for i, f in enumerate(node.schema) if f.name not in known]
    if not node.given.batches or not added:
        return rows_in - node.given.rows
    batch = concat(node.given.batches)
    empty = ~np.logical_or.reduce([batch.columns[i].valid() for i in added])
    return max(0, rows_in - node.given.rows) + int(empty.sum())


def _model(node: NodeRan) -> dict[str, Any] | None:
    """What a learner knows at the end of the sample: version, samples, logloss, auc."""
    batch = rows_of(node.given)
    if batch is None or node.schema is None or not batch.length:
        return None
    last = json.loads(rows_json(batch.slice(batch.length - 1, batch.length)))[0]
    return next((value for value in last if isinstance(value, dict)), None)


def _error(ran: Ran, secrets: tuple[str, ...]) -> dict[str, Any] | None:
    """What stopped it, at its node."""
    if ran.error is None:
        return None
    if isinstance(ran.error, UserError):
        found = ran.error.as_dict()
        found["message"] = redact(ran.error.message, secrets)
    else:
        found = {"code": "internal", "message": f"this is a bug: {redact(str(ran.error), secrets)}"}
    empty: dict[str, Any] = {"hint": None, "record": None}
    return {**empty, **found, "node": ran.failed_at or found.get("node")}


def _notes(ran: Ran) -> list[dict[str, Any]]:
    """What a preview does unlike a run."""
    notes: list[dict[str, Any]] = [{"code": "predicted_with_last_version", "node": node} for node in ran.preset]
    notes += [{"code": "published_early", "node": node} for node, often in ran.eager.items() if node in ran.nodes]
    notes += [{"code": "more_rows", "node": name, "count": done.given.rows} for name, done in ran.nodes.items()
              if done.given.rows > sum(b.length for b in done.given.batches)]
    return notes


def _input(port: str, node: NodeRan, limit: int) -> str:
    return f'{{"port":{json.dumps(port)},"node":{json.dumps(node.id)},"table":{_table(node, limit)}}}'


def _table(node: NodeRan, limit: int) -> str:
    """A node's rows with what they are like."""
    taken, schema = _rows(node)
    if schema is None:
        return "null"
    whole = concat(taken.batches) if taken.batches else None
    rows = None if whole is None else whole.slice(0, min(limit, whole.length))
    facts = {"columns": columns_json(schema), "total": taken.rows, "before_end": taken.before_end,
             "kinds": None if rows is None or rows.kinds is None else rows.kinds.tolist(),
             "profile": [] if whole is None else profile(whole, schema), "time": _times(whole, rows, schema, node.time)}
    cells = "[]" if rows is None else rows_json(rows)
    return f'{json.dumps(facts, ensure_ascii=False)[:-1]},"rows":{cells}}}'


def _rows(node: NodeRan) -> tuple[Taken, Schema | None]:
    """What a node gave; of a dimension what it holds."""
    if node.gives != "dimension" or node.sample is None:
        return node.given, node.schema
    batch = node.sample.batch
    return Taken([batch] if batch.length else [], batch.length, batch.length), node.schema


def _times(whole: Batch | None, rows: Batch | None, schema: Schema, name: str | None) -> Mapping[str, Any] | None:
    """The order of all rows, and by how much each of those that are shown is behind."""
    found = None if whole is None else event_time(whole, schema, name)
    if found is not None and rows is not None and "behind" in found:
        found["behind"] = found["behind"][:rows.length]
    return found
