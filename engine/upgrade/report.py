"""What a check found: an entry for each operator with state, as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from engine.errors import UserError
from engine.upgrade.moves import Move


class Verdict(Enum):
    """What becomes of an operator's state."""

    KEPT = "kept"  # it goes on as it is
    MIGRATED = "migrated"  # it goes on in another form
    RECOMPUTED = "recomputed"  # it is made anew, of what the sources give once more
    LOST = "lost"  # all or a part of it begins empty: what came before is missing from results
    NEW = "new"  # there was nothing before, and nothing is missing
    REMOVED = "removed"  # nothing of the new program needs it

    @property
    def rank(self) -> int:
        return list(Verdict).index(self)


CONSENTS = frozenset({Verdict.RECOMPUTED.value, Verdict.LOST.value})
"""Verdicts that are carried out only where a person said so."""


@dataclass(frozen=True)
class Entry:
    """One operator. `uid`: its id now, of a removed one its id then; `name`: what people call it; `before`: its id
    then; `reasons`: why, each a sentence; `sources`: those whose rows are read again, with how many rows; `seconds`:
    about how long that takes; `move`: how its old state becomes its new one."""

    uid: str
    name: str
    kind: str
    nodes: tuple[str, ...]
    what: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    before: str | None = None
    sources: Mapping[str, int] = field(default_factory=dict)
    seconds: float | None = None
    move: Move | None = None

    def as_json(self) -> dict[str, Any]:
        return {"operator": self.uid, "name": self.name, "before": self.before, "kind": self.kind,
                "nodes": list(self.nodes), "what": self.what, "verdict": self.verdict.value,
                "reasons": list(self.reasons), "sources": dict(self.sources), "seconds": self.seconds}


@dataclass(frozen=True)
class Report:
    """All operators of the new program, then those of the old one that are gone. `plain`: nothing changed at all."""

    entries: tuple[Entry, ...]
    plain: bool = False

    @property
    def verdicts(self) -> set[str]:
        return {e.verdict.value for e in self.entries}

    def of(self, verdict: Verdict) -> list[Entry]:
        return [e for e in self.entries if e.verdict is verdict]

    def missing(self, allow: Collection[str]) -> list[str]:
        """The consents that carrying this out takes and that were not given."""
        return sorted((self.verdicts & CONSENTS) - set(allow))

    def refusal(self, allow: Collection[str], where: str = "") -> UserError | None:
        """Why it may not be carried out; None where it may."""
        missing = self.missing(allow)
        if not missing:
            return None
        words = " and ".join(missing)
        flags = " ".join(f"--allow {word}" for word in missing)
        return UserError("state_of_another_query",
                         f"the state{f' in {where}' if where else ''} belongs to another query; to go on, some of it "
                         f"would be {words}:\n{self.table()}",
                         hint=f"{flags} agrees to that; or choose another folder with --state to start anew")

    def by_node(self) -> dict[str, str]:
        """The worst verdict of each pipeline node."""
        found: dict[str, Verdict] = {}
        order = (Verdict.NEW, Verdict.REMOVED, Verdict.KEPT, Verdict.MIGRATED, Verdict.RECOMPUTED, Verdict.LOST)
        for entry in self.entries:
            for node in entry.nodes:
                found[node] = max(found.get(node, Verdict.NEW), entry.verdict, key=order.index)
        return {node: verdict.value for node, verdict in found.items()}

    def as_json(self) -> dict[str, Any]:
        seconds = [e.seconds for e in self.entries if e.seconds is not None]
        return {"verdicts": sorted(self.verdicts), "needs": sorted(self.verdicts & CONSENTS),
                "nodes": self.by_node(), "seconds": max(seconds) if seconds else None,
                "operators": [e.as_json() for e in self.entries]}

    def table(self) -> str:
        """One line an operator: verdict, operator, why."""
        rows = [("STATE", "OPERATOR", "WHY")]
        rows += [(e.verdict.value, e.name, _why(e)) for e in self.entries]
        return aligned(rows)


def _why(entry: Entry) -> str:
    text = "; ".join(entry.reasons)
    if entry.verdict is Verdict.RECOMPUTED:
        read = ", ".join(f"{rows:,} rows of {name}" for name, rows in entry.sources.items())
        about = "" if entry.seconds is None else f", about {_time(entry.seconds)}"
        text += f"; made anew of {read or 'nothing'}{about}"
    return text


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of text in columns; the last one is as long as it is."""
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]) - 1)]
    return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(r, widths, strict=False)), r[-1]]).rstrip() for r in rows)
