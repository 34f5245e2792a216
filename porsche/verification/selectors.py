"""Verifications as people see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from porsche.verification.models import Verification


def rows() -> QuerySet[Verification]:
    """Verifications, newest first, with the work that makes them."""
    return Verification.objects.select_related("run__pipeline__project", "work__created_by").order_by("-id")


def shown(found: Iterable[Verification]) -> list[dict[str, Any]]:
    return [verification(one) for one in found]


def verification(found: Verification) -> dict[str, Any]:
    """A verification with how far it is; tables once it is done."""
    work = found.work
    return {
        "id": found.pk,
        "run": found.run_id,
        "equal": found.equal,
        "created_at": found.created_at,
        "work": {
            "id": work.pk, "kind": work.kind, "subject": work.subject, "state": work.state, "progress": work.progress,
            "message": work.message, "result": work.result, "error": work.error, "created_at": work.created_at,
            "started_at": work.started_at, "ended_at": work.ended_at,
        },
        "report": {"rows_in": found.report.get("rows_in"), "seconds": found.report.get("seconds"),
                   "tables": [_table(table) for table in found.report.get("tables", ())]},
    }


def _table(table: dict[str, Any]) -> dict[str, Any]:
    """What was found of one table: the stream against the bounded run, and the bounded run against DuckDB."""
    oracle = table["duckdb"]
    return {
        "table": table["table"],
        "node": table["node"],
        "equal": table["equal"],
        "why": table["why"] or None,
        "rows_stream": table["rows_stream"],
        "rows_batch": table["rows_batch"],
        "different": table["different"],
        "differences": [{"stream": d["left"], "batch": d["right"]} for d in table["differences"]],
        "duckdb": {
            "equal": oracle.get("equal"),
            "why": oracle.get("why"),
            "rows": oracle.get("rows"),
            "given": oracle.get("given", []),
            "different": oracle.get("different", 0),
            "differences": [{"batch": d["left"], "duckdb": d["right"]} for d in oracle.get("differences", ())],
        },
    }
