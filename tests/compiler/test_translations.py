"""Every text that the platform says has its Chinese one, in the catalogues of the pages."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from porsche.components import catalogue
from porsche.components.declaration import declaration

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "frontend" / "src" / "i18n" / "zh" / "server"
FUNCTIONS = ROOT / "porsche" / "runners" / "functions.yaml"
CALLS = {
    "error",
    "warning",
    "say",
    "_say",
    "_complain",
    "InvalidValue",
    "PropertyError",
    "UserError",
    "Diagnostic",
    "_wrong",
    "_bad",
    "_refused",
    "_failed",
    "_not_said",
    "_no_meaning",
    "_not_recognised",
    "Wrong",
    "Fix",
}
"""Functions and classes that are given messages and hints."""
PACKAGES = {"compiler": "compiler/**/*.py", "components": "components/**/*.py", "runners": "runners/compiling.py"}
PRINTS_SQL = "printing.py"
RUNNING = {"platform": ("ide", "monitor", "runners", "serving", "verification"), "engine": ("../engine",)}
SAID = {"message", "hint", "what", "why"}
"""Keywords of any call whose texts people read; so are all arguments of what is raised, and of a cause of no output."""
OURS = {"InternalError", "ValueError", "TypeError", "AssertionError", "LookupError", "BadFrame", "CorruptFile"}
"""Exceptions that are faults of the program: who operates it reads them, in its log."""
NOT_SHOWN = {"trusted.py", "areas.py", "places.py", "sign_in_link.py", "__main__.py", "shapes.py"}
"""What passes between processes of the engine, and of the command line; how the API is described."""
FORMATS = {"{} {}:\n{}", "{}, in {}", "%Y-%m-%d %H:%M:%S", "1 second"}
LOGGED = re.compile("%[sd]")
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


def spoken(path: Path) -> Iterator[str]:
    """The texts of code that raises, refuses, or writes down what happened."""
    tree = ast.parse(path.read_text("utf-8"))
    raised = {id(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            whole = (
                called in CALLS | {"NotSupported", "RuntimeFault", "Unavailable", "Conflict", "Cause", "reason"}
                or id(node) in raised
            )
            given = (
                [*node.args, *(each.value for each in node.keywords)]
                if whole
                else [each.value for each in node.keywords if each.arg in SAID]
            )
            for argument in given if called not in OURS else ():
                yield from templates(argument)
        elif isinstance(node, ast.Assign | ast.AugAssign) and path.parent.name == "why":
            yield from templates(node.value)


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


@pytest.mark.parametrize("part", sorted(RUNNING))
def test_what_is_said_while_it_runs_is_translated(part: str) -> None:
    texts = known()
    folders = [ROOT / "porsche" / each for each in RUNNING[part]]
    paths = [
        path
        for folder in folders
        for path in folder.rglob("*.py")
        if path.name not in NOT_SHOWN and path.parent.name != "migrations"
    ]
    said = {
        text: path.name for path in sorted(paths) for text in spoken(path) if " " in text and text.strip("{} .,:'()")
    }
    assert len(said) > 100
    assert {
        text: name
        for text, name in said.items()
        if text not in texts and text not in FORMATS and not LOGGED.search(text)
    } == {}


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_components_are_translated(name: str) -> None:
    texts = known()
    assert [text for text in declared(declaration(name, catalogue()[name]), PARTS) if text not in texts] == []


def test_translations_fill_the_holes_of_their_texts() -> None:
    for text, zh in known().items():
        holes = text.count("{}")
        used = {int(each.partition("}")[0]) for each in zh.split("{")[1:] if each.partition("}")[0].isdigit()}
        assert used <= set(range(holes)), text


def test_functions_are_translated() -> None:
    texts = known()
    told = {doc for members in yaml.safe_load(FUNCTIONS.read_text("utf-8")).values() for _, doc in members.values()}
    assert len(told) > 100
    assert [doc for doc in sorted(told) if doc not in texts] == []
