"""What nodes became, kept from one document to the next: an edit changes few of them.

A node becomes the same again where it is written the same, its inputs became the same, and nothing else that it depends
on is different: settings, environment, parameters. `Memo.key` says all of that. Nothing is kept of a node with which
something is wrong: it has to be said again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from engine.analyze import Known
from porsche.compiler.graph import Connected
from porsche.compiler.statements import Described, Statement
from porsche.components.table import Table

MOST = 20_000
"""Columns of kept nodes, together; a node counts as one more. A column takes about 3 kB."""


@dataclass(frozen=True, eq=False)
class Kept:
    """What a node became: compared by identity, as what reads it became what it is because of this very one. `known`:
    its tables and views by name; `described` and `table`: as others see it."""

    statements: tuple[Statement, ...]
    known: Mapping[str, Known]
    described: Described
    table: Table | None

    @property
    def size(self) -> int:
        return sum(1 + len(known.info.columns) for known in self.known.values())


class Memo:
    """The nodes that were used last. Of one thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.size = 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()

    def get(self, key: Hashable) -> Kept | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, kept: Kept) -> None:
        self._kept[key] = kept
        self.size += kept.size
        while self.size > self._most:
            self.size -= self._kept.popitem(last=False)[1].size


def key_of(place: Connected, context: str, inputs: Mapping[str, Kept]) -> Hashable | None:
    """All that decides what a node becomes; None where that is not known of an input. `context`: what all nodes of a
    document depend on; `inputs`: by node."""
    if any(source not in inputs for sources in place.inputs.values() for source in sources):
        return None
    read = tuple((port, tuple(inputs[source] for source in sources)) for port, sources in place.inputs.items())
    node = place.node
    return context, node.id, place.component, repr((node.properties, place.prefix, place.names)), read


def reads_only(statements: Sequence[Statement], names: frozenset[str]) -> bool:
    """Whether statements name no table but these and their own: a query could find any by its name."""
    known = names | {statement.name for statement in statements}
    return all(table.name in known for statement in statements for table in statement.tree.find_all(exp.Table)
               if isinstance(table.this, exp.Identifier))
