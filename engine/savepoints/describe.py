"""What a checkpoint or savepoint holds, by operator: nodes, keys, rows, bytes, age, and some of its rows.

Which columns there are is told by the operators' own descriptions, which a checkpoint has in `meta["operators"]`; of
one without them, keys are shown as far as they can be read without types.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from engine.savepoints.content import Content, content_of, full_part
from engine.state.checkpoints import Checkpoint
from engine.state.protocol import StatePart

Json = dict[str, Any]
States = dict[str, dict[str, dict[int, StatePart]]]


def states_of(checkpoint: Checkpoint, only: Collection[str] | None = None) -> States:
    """Full parts by operator, state and shard; `only`: of these operators."""
    found: States = defaultdict(lambda: defaultdict(dict))
    for key, chain in sorted(checkpoint.chains().items()):
        uid, name, shard = key.rsplit("/", 2)
        if only is None or uid in only:
            found[uid][name][int(shard)] = full_part(chain)
    return {uid: dict(states) for uid, states in found.items()}


def contents_of(states: States) -> dict[str, dict[str, Content]]:
    """The same, hashed."""
    return {uid: {name: content_of([parts[shard] for shard in sorted(parts)]) for name, parts in named.items()}
            for uid, named in states.items()}


def describe(checkpoint: Checkpoint, contents: Mapping[str, Mapping[str, Content]]) -> list[Json]:
    """Each operator: uid, kind, nodes, what (one line), keys, rows, bytes, and its states with their digests."""
    known: Mapping[str, Json] = checkpoint.meta.get("operators") or {}
    return [_operator(uid, known.get(uid) or {}, states) for uid, states in contents.items()]


def _operator(uid: str, known: Mapping[str, Any], states: Mapping[str, Content]) -> Json:
    told = [_state(name, content) for name, content in states.items()]
    return {
        "uid": uid, "kind": known.get("kind"), "nodes": list(known.get("nodes") or ()), "what": known.get("what"),
        "keys": sum(s["keys"] for s in told), "rows": sum(s["rows"] for s in told),
        "bytes": sum(s["bytes"] for s in told), "states": told,
    }  # fmt: skip


def _state(name: str, content: Content) -> Json:
    oldest, newest = accessed(content.parts)
    return {"name": name, "kind": content.parts[0].kind, "shards": len(content.parts), "keys": content.keys,
            "rows": content.rows, "bytes": content.nbytes, "digest": content.digest,
            "oldest_use": oldest, "newest_use": newest}


def accessed(parts: Sequence[StatePart]) -> tuple[float | None, float | None]:
    """When the key, or the row of a join, that was used least recently was used, and that most recently (unix
    seconds); None where state lives for ever, as that is not noted then."""
    times = [array for part in parts for name, array in part.arrays.items()
             if name.partition(".")[2] == "access" and len(array)]
    if not times:
        return None, None
    return min(int(a.min()) for a in times) / 1e6, max(int(a.max()) for a in times) / 1e6


def sources_of(checkpoint: Checkpoint) -> list[Json]:
    """Where each source stands, by shard."""
    found = []
    for key, chain in sorted(checkpoint.chains().items()):
        uid, name, shard = key.rsplit("/", 2)
        if name == "source":
            values = chain[-1].meta
            found.append({"uid": uid, "shard": int(shard), "rows": values.get("rows"), "ended": values.get("ended"),
                          "position": values.get("position")})
    return found
