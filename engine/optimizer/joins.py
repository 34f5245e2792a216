"""Join reordering ('table.optimizer.join-reorder-enabled', off by default as in Flink): of several tables joined by
equal columns the small ones come first, so that less is kept and looked through in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType

from engine.expressions.nodes import Call, Expression, InputRef, input_refs, remap
from engine.optimizer.estimates import rows_of
from engine.optimizer.filters import with_terms
from engine.options import boolean
from engine.plan.facts import Facts
from engine.plan.nodes import Join, JoinKind, Project, Relation
from engine.plan.terms import conjuncts
from engine.plan.tree import Uses, rewrite_knowing
from engine.types import BOOLEAN, Field, Schema

ENABLED = "table.optimizer.join-reorder-enabled"
_NONE: Mapping[str, str] = MappingProxyType({})


def reorder_joins(sinks: tuple[Relation, ...], settings: Mapping[str, str] = _NONE) -> tuple[Relation, ...]:
    """Rebuild trees of three or more inner joins where the number of rows of each side is known; never by a cross
    join."""
    if not boolean(settings.get(ENABLED, "false"), ENABLED):
        return sinks
    facts = Facts()
    return rewrite_knowing(sinks, lambda r, uses: _reordered(r, uses, facts) if _is_plain(r) else r)


def _is_plain(relation: Relation) -> bool:
    """Whether sides may change places: an inner join without hints (of state, of lookups)."""
    return type(relation) is Join and relation.kind is JoinKind.INNER and not relation.hints


def _picks_of_join(relation: Relation) -> bool:
    return (isinstance(relation, Project) and all(isinstance(e, InputRef) for e in relation.expressions)
            and _is_plain(relation.input))


@dataclass
class _Tree:
    """A tree of joins laid flat. Columns are numbered through all leaves, in their order; terms refer to these
    numbers."""

    leaves: list[Relation] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    terms: list[Expression] = field(default_factory=list)
    nodes: frozenset[str] = frozenset()

    def add(self, relation: Relation, uses: Uses, root: bool = False) -> list[int]:
        """Take a relation apart; the numbers of its columns."""
        if root or not uses.shared(relation):
            if _is_plain(relation):
                assert isinstance(relation, Join)
                return self._join(relation, uses)
            if _picks_of_join(relation):
                assert isinstance(relation, Project)
                self.nodes |= relation.nodes
                below = self.add(relation.input, uses)
                return [below[e.index] for e in relation.expressions if isinstance(e, InputRef)]
        first = len(self.fields)
        self.leaves.append(relation)
        self.fields += relation.schema.fields
        return list(range(first, len(self.fields)))

    def _join(self, relation: Join, uses: Uses) -> list[int]:
        self.nodes |= relation.nodes
        left, right = self.add(relation.left, uses), self.add(relation.right, uses)
        for i, (a, b) in enumerate(zip(relation.left_keys, relation.right_keys, strict=True)):
            name = "IS NOT DISTINCT FROM" if i in relation.null_safe else "="
            sides = tuple(InputRef(self.fields[n].type, index=n) for n in (left[a], right[b]))
            self.terms.append(Call(BOOLEAN, function=name, args=sides, nodes=relation.nodes))
        both = dict(enumerate([*left, *right]))
        self.terms += [remap(t, both) for t in conjuncts(relation.condition)]
        return [*left, *right]

    def columns(self, leaf: int) -> range:
        """The numbers of a leaf's columns."""
        first = sum(len(r.schema) for r in self.leaves[:leaf])
        return range(first, first + len(self.leaves[leaf].schema))


def _reordered(relation: Relation, uses: Uses, facts: Facts) -> Relation:
    assert isinstance(relation, Join)
    tree = _Tree()
    columns = tree.add(relation, uses, root=True)
    sizes = [rows_of(leaf) for leaf in tree.leaves]
    known = [size for size in sizes if size is not None]
    if len(tree.leaves) < 3 or len(known) < len(sizes):
        return relation
    order = _order(tree, known, facts)
    if order is None or order == list(range(len(tree.leaves))):
        return relation
    joined, numbers = _joined(tree, order)
    at = {n: i for i, n in enumerate(numbers)}
    picks = tuple(InputRef(joined.schema[at[n]].type, index=at[n]) for n in columns)
    return Project(relation.schema, joined, picks, nodes=tree.nodes)


# ---- the order ------------------------------------------------------------------------------------------------------


def _order(tree: _Tree, sizes: Sequence[float], facts: Facts) -> list[int] | None:
    """Leaves one after another, each with the least result so far; None where one has no equal column."""
    leaves = range(len(tree.leaves))
    pairs = [(size, pair) for pair in combinations(leaves, 2)
             if (size := _size(tree, list(pair[:1]), pair[1], sizes[pair[0]], sizes, facts)) is not None]
    if not pairs:
        return None
    size, first = min(pairs)
    order = list(first)
    while len(order) < len(tree.leaves):
        found = [(s, leaf) for leaf in leaves if leaf not in order
                 and (s := _size(tree, order, leaf, size, sizes, facts)) is not None]
        if not found:
            return None
        size, leaf = min(found)
        order.append(leaf)
    return order


def _size(tree: _Tree, placed: Sequence[int], leaf: int, size: float, sizes: Sequence[float],
          facts: Facts) -> float | None:
    """How many rows a join of what is placed with one more leaf may give; None where no columns are equal."""
    before = {n for other in placed for n in tree.columns(other)}
    own = tree.columns(leaf)
    met = {n - own.start for n in own for term in tree.terms if _equates(term, n, before)}
    if not met:
        return None
    unique = any(key <= met for key in facts.keys(tree.leaves[leaf]))
    return size if unique else max(size, sizes[leaf])


def _equates(term: Expression, column: int, others: set[int]) -> bool:
    if not isinstance(term, Call) or term.function not in ("=", "IS NOT DISTINCT FROM"):
        return False
    a, b = term.args
    if not (isinstance(a, InputRef) and isinstance(b, InputRef) and a.type.same_as(b.type)):
        return False
    return (a.index == column and b.index in others) or (b.index == column and a.index in others)


def _joined(tree: _Tree, order: Sequence[int]) -> tuple[Relation, list[int]]:
    """The leaves joined in an order, and the numbers of the result's columns. Each term is met as soon as it can be."""
    result, numbers = tree.leaves[order[0]], list(tree.columns(order[0]))
    waiting = list(tree.terms)
    for leaf in order[1:]:
        numbers += tree.columns(leaf)
        at = {n: i for i, n in enumerate(numbers)}
        ready = [t for t in waiting if input_refs(t) <= at.keys()]
        waiting = [t for t in waiting if not any(t is r for r in ready)]
        right = tree.leaves[leaf]
        fields = tuple(replace(tree.fields[n], time=None) for n in numbers)
        plain = Join(Schema(fields), result, right, JoinKind.INNER, (), (), nodes=tree.nodes)
        result = with_terms(plain, (result, right), [remap(t, at) for t in ready])
    return result, numbers
