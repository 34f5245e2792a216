"""The normal form of SQL trees: two texts that say the same in other words have the same.

Aliases of relations, names of windows, quotes, the case of keywords and functions, parentheses without effect, words
that say the default: none of these counts. What an expression computes, and the order of anything, does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlglot import exp

from engine.sql.dialect import CreateTable, InsertInto, generate

T = TypeVar("T", bound=exp.Expr)
Names = Mapping[str, str]
"""Names of relations in reach -> what columns call them in normal form; "" where they need not."""


def normal(tree: T) -> T:
    """A copy in normal form but for what `skeleton` looks through: parentheses, the case of functions, the order of
    options."""
    return settled(tree.copy())


def settled(tree: T) -> T:
    """A tree in normal form, in its own place."""
    _tables(tree)
    selects = []
    for node in list(tree.walk()):
        if isinstance(node, exp.Identifier):
            node.set("quoted", False)
        elif isinstance(node, exp.Select):
            selects.append(node)
        elif isinstance(node, exp.Ordered) and node.args.get("desc") is False:
            node.set("desc", None)
    _Namer().visit(tree, {})
    for select in selects:
        _items(select)
        _windows(select)
    return tree


def skeleton(tree: exp.Expr) -> exp.Expr:
    """A tree in normal form without parentheses, functions in capitals, in its own place. Nodes keep their `meta`."""
    if isinstance(tree, CreateTable):
        _plain_table(tree)
    for node in list(tree.walk()):
        if isinstance(node, exp.Paren):
            inner = node.this
            if node is tree:
                tree = inner
                tree.parent = None
            else:
                node.replace(inner)
        elif isinstance(node, exp.Anonymous) and isinstance(node.this, str):
            node.set("this", node.this.upper())
    return tree


def printed(skeleton: exp.Expr) -> str:
    """What trees that mean the same have in common, once they are skeletons."""
    return generate(skeleton, quote=True, comments=False)


def fingerprint(tree: exp.Expr) -> str:
    """What trees in normal form that mean the same have in common."""
    return printed(skeleton(tree.copy()))


def _tables(tree: exp.Expr) -> None:
    """No words about whether the table is there, no empty list before what is inserted."""
    if isinstance(tree, CreateTable):
        for part in ("temporary", "exists", "replace"):
            tree.set(part, None)
    if isinstance(tree, InsertInto) and not tree.args.get("columns"):
        tree.set("columns", None)


def _plain_table(table: CreateTable) -> None:
    """Options in order; a delay of zero is none."""
    options = table.args.get("options")
    if options:
        table.set("options", sorted(options, key=lambda option: str(option.this.name)))
    for mark in table.args.get("watermarks") or ():
        delay = mark.expression.expression if isinstance(mark.expression, exp.Sub) else None
        if isinstance(delay, exp.Interval) and isinstance(delay.this, exp.Literal) and delay.this.name == "0":
            mark.set("expression", mark.expression.this)


# ---- names of relations ----------------------------------------------------------------------------------------------


class _Namer:
    """Renames relations and the columns that call them by name. The new names are counted through the whole text, so
    that none hides another; relations that stand alone lose theirs where no query inside an expression could tell."""

    def __init__(self) -> None:
        self._count = 0

    def visit(self, tree: exp.Expr, names: Names, skip: frozenset[int] = frozenset()) -> None:
        """Everything below a node, but for what `skip` lists."""
        if id(tree) in skip:
            return
        if isinstance(tree, exp.Select):
            self._select(tree, names)
        elif isinstance(tree, exp.Column):
            _column(tree, names)
        else:
            for child in list(tree.iter_expressions()):
                self.visit(child, names, skip if isinstance(tree, exp.From | exp.Join) else frozenset())

    def _select(self, select: exp.Select, outer: Names) -> None:
        source = select.args.get("from_")
        joins = select.args.get("joins") or []
        relations = [source.this, *(join.this for join in joins)] if source is not None else []
        for join in joins:
            if join.args.get("kind") == "INNER":
                join.set("kind", None)
        alone = len(relations) == 1 and not outer and not _asks(select)
        inner = {**outer, **self._named(relations, alone)}
        own = frozenset(map(id, relations))
        for child in list(select.iter_expressions()):
            self.visit(child, inner, own)
        for each in relations:
            sees = inner if isinstance(each, exp.Table | exp.Lateral | exp.Unnest) else outer
            for child in list(each.iter_expressions()):
                self.visit(child, sees)

    def _named(self, relations: list[exp.Expr], alone: bool) -> dict[str, str]:
        """Give relations their names; the old names and the new ones."""
        if not all(map(_plain, relations)):
            return {each.alias_or_name: each.alias_or_name for each in relations}
        names: dict[str, str] = {}
        for each in relations:
            self._count += not alone
            new = "" if alone else f"t{self._count}"
            if each.alias_or_name:
                names[each.alias_or_name] = new
            each.set("alias", exp.TableAlias(this=exp.Identifier(this=new, quoted=False)) if new else None)
        return names


def _plain(relation: exp.Expr) -> bool:
    """Whether a relation's alias is a name and nothing else, so that another may stand there."""
    alias = relation.args.get("alias")
    return isinstance(relation, exp.Table | exp.Subquery | exp.TableFromRows) and not relation.args.get("joins") and (
        alias is None or not alias.args.get("columns"))


def _asks(select: exp.Select) -> bool:
    """Whether a SELECT has queries in its expressions, which may speak of its columns."""
    inside = (node for key, value in select.args.items() if key not in ("from_", "joins", "with_")
              for part in (value if isinstance(value, list) else [value]) if isinstance(part, exp.Expr)
              for node in part.find_all(exp.Query))
    return next(inside, None) is not None


def _column(column: exp.Column, names: Names) -> None:
    parts: list[Any] = list(column.parts)
    if len(parts) < 2 or parts[0].name not in names:
        return
    new = names[parts[0].name]
    if new:
        parts[0].set("this", new)
    elif isinstance(column.this, exp.Star) and len(parts) == 2:
        column.replace(exp.Star())
    else:
        for part, value in zip(("this", "table", "db", "catalog"), [*reversed(parts[1:]), None, None, None]):
            column.set(part, value)


# ---- the rest --------------------------------------------------------------------------------------------------------


def _items(select: exp.Select) -> None:
    """`a AS a` is `a`."""
    for item in select.expressions:
        if isinstance(item, exp.Alias) and isinstance(item.this, exp.Column) and item.this.name == item.alias:
            item.replace(item.this)


def _windows(select: exp.Select) -> None:
    """Windows stand where they are used."""
    named = {window.name: window for window in select.args.get("windows") or ()}
    if any(window.args.get("first") or window.args.get("alias") for window in named.values()):
        return  # one refines another
    uses = [node for node in select.find_all(exp.Window) if node.args.get("over") and node.parent_select is select]
    for use in uses:
        alias = use.args.get("alias")
        window = named.get(alias.name) if alias is not None and not use.args.get("first") else None
        if window is not None:
            use.set("alias", None)
            for part in ("partition_by", "order", "spec"):
                value = window.args.get(part)
                use.set(part, [each.copy() for each in value] if isinstance(value, list) else value and value.copy())
    if not any(use.args.get("alias") for use in uses):
        select.set("windows", None)
