"""Planning of what changes lack or have too much: upserts made full changes, rows before updates that nobody wants."""

from __future__ import annotations

from engine.operators.normalize import ChangelogNormalize
from engine.operators.source import Pipe
from engine.plan.nodes import Relation, Scan
from engine.planner.core import Built, Planner


def complete(planner: Planner, relation: Relation, built: Built) -> Built:
    """The operators of a relation with what makes its changes those that its consumers need."""
    properties, schema = planner.properties, relation.schema
    keys = properties.normalized.get(id(relation))
    before = properties.before_needed(relation)
    if keys is not None:
        built = planner.keyed(built, keys, schema)
        return planner.add(relation, "Normalize", [built], lambda name, settings: ChangelogNormalize(
            name, schema, settings, keys=keys, update_before=before, nodes=relation.nodes), keys)
    if isinstance(relation, Scan) and not before and "UB" in relation.table.changelog.split(","):
        return planner.add(relation, "DropBefore", [built], lambda name, settings: Pipe(
            name, schema, settings, True, relation.nodes), built.keys)
    return built
