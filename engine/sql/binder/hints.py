"""SQL hints as plan hints: name and its options."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from engine.sql import dialect as ast

Hints = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def hints(nodes: Sequence[ast.HintCall], leave_out: tuple[str, ...] = ()) -> Hints:
    """`/*+ NAME('k'='v', x) */` as ("NAME", (("k", "v"), ("x", "")))."""
    found = []
    for node in nodes:
        name = str(node.this).upper()
        if name not in leave_out:
            found.append((name, tuple(_item(i) for i in node.expressions)))
    return tuple(found)


def _item(node: exp.Expr) -> tuple[str, str]:
    if isinstance(node, ast.Option):
        return node.this.name, node.expression.name
    if isinstance(node, exp.Dot):
        return ".".join(p.name for p in node.parts), ""
    return node.name, ""
