"""Every text of the compiler and of the components has its Chinese one, in the catalogues of the pages."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from porsche.components import catalogue
from porsche.components.declaration import declaration

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "frontend" / "src" / "i18n" / "zh" / "server"
CALLS = {"error", "warning", "say", "_say", "_complain", "InvalidValue", "PropertyError", "UserError", "Diagnostic",
         "_wrong", "_bad", "_refused", "_failed", "_not_said", "_no_meaning", "_not_recognised", "Wrong", "Fix"}
"""Functions and classes that are given messages and hints."""
PACKAGES = {"compiler": "compiler/**/*.py", "components": "components/**/*.py", "runners": "runners/compiling.py"}
PRINTS_SQL = "printing.py"
PARTS = {"title", "doc", "details", "label", "help"}
"""Fields of a declaration that people read."""


def known() -> dict[str, str]:
    return {text: zh for path in SERVER.glob("*.json") for text, zh in json.loads(path.read_text("utf-8")).items()}


def templates(tree: ast.expr) -> Iterator[str]:
    """The texts that an expression may be, {} for what varies."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.value
    elif isinstance(tree, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in tree.values)
    elif isinstance(tree, ast.IfExp):
        yield from (*templates(tree.body), *templates(tree.orelse))
    elif isinstance(tree, ast.BoolOp):
        for value in tree.values:
            yield from templates(value)


def messages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            what = node.args[2] if called == "near" else None
            if isinstance(what, ast.Constant):
                yield from (f"{what.value!s} are {{}}", f"there are no {what.value!s}")
            if called in CALLS:
                for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                    yield from (text for text in templates(argument) if " " in text and text.strip("{} .,:'()"))


def declared(value: Any, parts: set[str]) -> Iterator[str]:
    """The texts that a declaration shows to people."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in parts and isinstance(inner, str) and inner:
                yield inner
            elif name not in ("schema", "example"):
                yield from declared(inner, parts)
    elif isinstance(value, list):
        for inner in value:
            yield from declared(inner, parts)


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_messages_are_translated(package: str) -> None:
    texts = known()
    paths = [path for path in (ROOT / "porsche").glob(PACKAGES[package]) if path.name != PRINTS_SQL]
    said = {text: path.name for path in sorted(paths) for text in messages(path)}
    assert said
    assert {text: name for text, name in said.items() if text not in texts} == {}


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_components_are_translated(name: str) -> None:
    texts = known()
    assert [text for text in declared(declaration(name, catalogue()[name]), PARTS) if text not in texts] == []


def test_translations_fill_the_holes_of_their_texts() -> None:
    for text, zh in known().items():
        holes = text.count("{}")
        used = {int(each.partition("}")[0]) for each in zh.split("{")[1:] if each.partition("}")[0].isdigit()}
        assert used <= set(range(holes)), text
