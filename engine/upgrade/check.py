"""The check: which operator of the old program each one of the new is, and what becomes of its state.

Operators are found again by what they are keyed by and the rows they see (their identity), wherever they stand and
whatever they are called. State is *kept* only where identity, layout and the meaning of every column are the same; it
is *migrated* where columns were added that are merely carried, dropped, reordered or became wider. Where the rows that
it was made of are others now (a filter above it, say), old state would be a mixture: it is *recomputed*, where all its
sources can be read again, else *lost*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.state.table import VERSION
from engine.upgrade.fitting import Fit, fit
from engine.upgrade.moves import Move
from engine.upgrade.report import Entry, Report, Verdict

Json = Mapping[str, Any]


def renamed(meta: Json, new: Mapping[str, Json]) -> dict[str, str]:
    """Tables that have another name than before: those whose rows are where those of a vanished table were."""
    before = {_place(o): o["source"]["table"] for o in meta["operators"].values() if "source" in o}
    names = set(before.values())
    now = {o["source"]["table"] for o in new.values() if "source" in o}
    return {o["source"]["table"]: before[_place(o)] for o in new.values() if "source" in o
            and o["source"]["table"] not in names and before.get(_place(o), "") not in {"", *now}}


def _place(operator: Json) -> tuple[str, str]:
    return operator["source"].get("connector", ""), operator["source"]["place"]


def check(meta: Json, new: Mapping[str, Json]) -> Report:
    """What becomes of the state of a checkpoint with this `meta` under the operators described by `new`."""
    old = {uid: {**one, "uid": uid} for uid, one in meta["operators"].items()}
    after = {uid: {**one, "uid": uid} for uid, one in new.items()}
    pairs = matched(old, after)
    same = len(pairs) == len(old) == len(after) and meta.get("format", VERSION) == VERSION
    if same and all(u == v and _alike(old[v], after[u]) for u, v in pairs.items()):
        entries = [_entry(one, Verdict.KEPT, before=uid) for uid, one in after.items()]
        return Report(tuple(entries), plain=True)
    judge = _Judge(meta, old, after, pairs)
    entries = judge.entries()
    taken = {e.before for e in entries}
    gone = [_entry(one, Verdict.REMOVED, ("nothing needs it any more",), uid)
            for uid, one in old.items() if uid not in taken]
    return Report((*entries, *gone))


def _alike(before: Json, one: Json) -> bool:
    """Whether nothing at all changed."""
    return bool(before["digest"] == one["digest"]) and ("source" not in one or _place(before) == _place(one))


def matched(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, str]:
    """New operators with the old ones that they are: id now -> id then. Those of one identity by all that is the same,
    then by id; the rest by what they look like, to tell what changed."""
    pairs: dict[str, str] = {}
    for same in (_digest_and_uid, _digest, _identity_and_uid, _identity):
        _pair(pairs, old, new, same)
    for uid, one in new.items():
        if uid not in pairs:
            free = [o for o in old.values() if o["uid"] not in pairs.values() and o["kind"] == one["kind"]]
            best = max(free, key=lambda o: _likeness(o, one), default=None)
            if best is not None and _likeness(best, one) > 0:
                pairs[uid] = best["uid"]
    return pairs


def _digest_and_uid(one: Json) -> tuple[str, ...]:
    return one["digest"], one["uid"]


def _digest(one: Json) -> tuple[str, ...]:
    return (one["digest"],)


def _identity_and_uid(one: Json) -> tuple[str, ...]:
    return one["identity"], one["uid"]


def _identity(one: Json) -> tuple[str, ...]:
    return (one["identity"],)


def _pair(pairs: dict[str, str], old: Mapping[str, Json], new: Mapping[str, Json], same: Any) -> None:
    free: dict[tuple[str, ...], list[str]] = {}
    for uid, one in old.items():
        if uid not in pairs.values():
            free.setdefault(same(one), []).append(uid)
    for uid, one in new.items():
        if uid not in pairs and free.get(same(one)):
            pairs[uid] = free[same(one)].pop(0)


def _likeness(old: Json, new: Json) -> int:
    if "source" in old:
        return 0  # another table is another source
    same = [old["nodes"] == new["nodes"] and bool(old["nodes"]), old["name"] == new["name"], old["rows"] == new["rows"],
            old["fixed"] == new["fixed"] and bool(old["fixed"]), _meanings(old) == _meanings(new)]
    return sum(same)


def _meanings(one: Json) -> list[str]:
    return sorted(k[2] for s in one["states"].values() for k in s.get("keys", []))


def _entry(one: Json, verdict: Verdict, reasons: Iterable[str] = (), before: str | None = None,
           move: Move | None = None, **more: Any) -> Entry:
    return Entry(one["uid"], one["name"], one["kind"], tuple(one["nodes"]), one["what"], verdict, tuple(reasons),
                 before, move=move, **more)


_WATERMARK = "AssignWatermarks"


class _Judge:
    """Verdicts of the operators of one new program."""

    def __init__(self, meta: Json, old: Mapping[str, Json], new: Mapping[str, Json], pairs: Mapping[str, str]) -> None:
        self._meta = meta
        self._old = old
        self._new = new
        self._pairs = pairs

    def entries(self) -> list[Entry]:
        """Of all operators. A watermark needs no history of its own: where one is computed in another way it is read
        again only with what else is."""
        found = [self.entry(uid) for uid in self._new]
        again = {source for e in found if e.verdict is Verdict.RECOMPUTED and e.kind != _WATERMARK
                 for source in self._new[e.uid]["reads"]}
        return [self._watermark(e, again) if e.kind == _WATERMARK else e for e in found]

    def _watermark(self, entry: Entry, again: set[str]) -> Entry:
        if entry.verdict is Verdict.RECOMPUTED and again & set(self._new[entry.uid]["reads"]):
            return entry
        if entry.verdict not in (Verdict.RECOMPUTED, Verdict.LOST):
            return entry
        return replace(entry, verdict=Verdict.MIGRATED, sources={}, seconds=None, move=None,
                       reasons=(*entry.reasons[:1], "it goes on with the next row"))

    def entry(self, uid: str) -> Entry:
        one, before = self._new[uid], self._old.get(self._pairs.get(uid, ""))
        if "source" in one:
            return self._source(one, before)
        if before is None:
            return self._replaced(one, ["it was not there"], None)
        if before["identity"] != one["identity"]:
            return self._replaced(one, [_difference(before, one)], before["uid"])
        found, move = fit(before, one)
        if found.obstacles:
            return self._replaced(one, list(dict.fromkeys(found.obstacles)), before["uid"])
        if found.gaps:
            return self._partly(one, before, found, move)
        if self._meta.get("format", VERSION) != VERSION:
            found.changes.append(f"its form of version {self._meta['format']} becomes that of version {VERSION}")
        if found.changes:
            return _entry(one, Verdict.MIGRATED, dict.fromkeys(found.changes), before["uid"], move)
        reasons = _unnamed(before, one)
        return _entry(one, Verdict.KEPT, reasons, before["uid"], move)

    def _source(self, one: Json, before: Json | None) -> Entry:
        if before is None:
            return _entry(one, Verdict.NEW, ("it is read from its start",))
        _, move = fit(before, one)
        moved = before["source"]["place"] != one["source"]["place"]
        reasons = ["its table has other options: what it gives now counts on from where it stood"] if moved else []
        return _entry(one, Verdict.KEPT, [*reasons, *_unnamed(before, one)], before["uid"], move)

    def _replaced(self, one: Json, reasons: list[str], before: str | None) -> Entry:
        """State that is made anew, or lost; of an operator none of whose sources has given anything, nothing is
        missing."""
        if not any(uid in self._pairs for uid in one["reads"]):
            return _entry(one, Verdict.NEW, ("all its sources are new",))
        why = self._unrepeatable(one)
        if why is None:
            return self._recomputed(one, reasons, before)
        return _entry(one, Verdict.LOST, [*reasons, f"it begins empty, as {why}"], before)

    def _partly(self, one: Json, before: Json, found: Fit, move: Move) -> Entry:
        """Some results of an aggregate are new."""
        gaps = ", ".join(found.gaps)
        why = self._unrepeatable(one)
        if why is None:
            return self._recomputed(one, [f"it did not keep {gaps}"], before["uid"])
        rest = "; the rest goes on" if any(state.fields for state in move.states.values()) else ""
        reasons = [f"{gaps} begins empty, as {why}{rest}", *found.changes]
        return _entry(one, Verdict.LOST, reasons, before["uid"], move)

    def _unrepeatable(self, one: Json) -> str | None:
        """Why an operator cannot be made anew of its sources' rows; None where it can."""
        if one["once"]:
            return str(one["once"])
        for uid in one["reads"]:
            source = self._new[uid]["source"]
            before = self._old.get(self._pairs.get(uid, ""))
            if before is not None and source["again"] == "no":
                return f"{_called(source)} cannot be read again from the start"
            if before is not None and before["source"]["place"] != source["place"]:
                return f"{_called(source)} has other options than before: its old rows are not there"
        return None

    def _recomputed(self, one: Json, reasons: list[str], before: str | None) -> Entry:
        told = self._meta.get("sources", {})
        rows, unsure = {}, []
        for uid in one["reads"]:
            source = self._new[uid]["source"]
            if uid in self._pairs:
                rows[_called(source)] = int(told.get(self._pairs[uid], {}).get("rows", 0))
                if source["again"] != "yes":
                    unsure.append(f"as far as {_called(source)} still has its rows")
        return _entry(one, Verdict.RECOMPUTED, [*reasons, *unsure], before, sources=rows, seconds=self._seconds())

    def _seconds(self) -> float | None:
        """About how long it takes to read all sources once more: as many rows as they gave, at the rate so far."""
        seconds = float(self._meta.get("totals", {}).get("seconds", 0.0))
        return round(seconds, 1) if seconds else None


def _called(source: Json) -> str:
    return source["table"] or "a list of values"


def _unnamed(before: Json, one: Json) -> list[str]:
    return [f"it was {before['uid']}"] if before["uid"] != one["uid"] and before["nodes"] != one["nodes"] else []


def _difference(before: Json, one: Json) -> str:
    """What tells two operators of one kind apart, the first thing that does."""
    if before["rows"] != one["rows"]:
        return "other rows reach it than those that its state was made of: something upstream changed"
    if _meanings(before) != _meanings(one):
        old, new = (", ".join(k[0] for s in o["states"].values() for k in s.get("keys", []) if k[0][0] != "$")
                    for o in (before, one))
        return f"it is keyed by ({new}) instead of ({old})" if old != new else "its keys are computed in another way"
    names = [n for n in {**before["fixed"], **one["fixed"]} if before["fixed"].get(n) != one["fixed"].get(n)]
    return f"its {' and '.join(names) or 'definition'} changed"
