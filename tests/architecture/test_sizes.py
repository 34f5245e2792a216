"""Files and functions stay small: a file has one subject, a function one task, and both fit on a screen or a few."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "porsche", "benchmarks", "scripts", "tests")
EXEMPT = ("migrations", "generated")  # folders of files that programs write

FILE_LIMIT, FILE_P90 = 500, 300
FUNCTION_LIMIT, FUNCTION_P90 = 60, 30
KERNEL_LIMIT = 120
KERNEL_DECORATORS = ("njit", "jit", "kernel", "vectorize", "guvectorize", "intrinsic", "overload")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Size:
    place: str
    lines: int
    limit: int


def sources() -> list[Path]:
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(path for path in files if not set(path.parts) & set(EXEMPT))


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def is_kernel(function: Function) -> bool:
    """Whether a decorator's name, or that of the function that makes the decorator, is one of a kernel's."""
    names = (ast.unparse(decorator).partition("(")[0].rpartition(".")[2] for decorator in function.decorator_list)
    return any(name.lstrip("_").startswith(KERNEL_DECORATORS) for name in names)


def length(function: Function) -> int:
    """Lines from `def` to the last, the docstring left out: describing shapes and units well costs nothing."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return whole
    docstring = function.body[0]
    return whole - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def file_sizes() -> list[Size]:
    return [Size(str(path.relative_to(ROOT)), len(path.read_text(encoding="utf-8").splitlines()), FILE_LIMIT)
            for path in sources()]


def function_sizes() -> list[Size]:
    return [Size(f"{path.relative_to(ROOT)}:{function.lineno} {function.name}", length(function),
                 KERNEL_LIMIT if is_kernel(function) else FUNCTION_LIMIT)
            for path in sources() for function in functions(ast.parse(path.read_text(encoding="utf-8")))]


def p90(sizes: list[Size]) -> int:
    ordered = sorted(size.lines for size in sizes)
    return ordered[len(ordered) * 9 // 10]


@pytest.mark.parametrize("sizes", [file_sizes(), function_sizes()], ids=["files", "functions"])
def test_nothing_is_over_its_limit(sizes: list[Size]) -> None:
    assert [size for size in sizes if size.lines > size.limit] == []


def test_nine_files_of_ten_are_short() -> None:
    assert p90([size for size in file_sizes() if size.lines]) < FILE_P90


def test_nine_functions_of_ten_are_short() -> None:
    assert p90([size for size in function_sizes() if size.limit == FUNCTION_LIMIT]) < FUNCTION_P90


def test_sizes_are_measured() -> None:
    text = '@njit(cache=True)\ndef k(x):\n    """Doc.\n\n    More.\n    """\n    return x\n\n\ndef f():\n    return 1\n'
    kernel, plain = functions(ast.parse(text))
    assert (is_kernel(kernel), length(kernel)) == (True, 2)
    assert (is_kernel(plain), length(plain)) == (False, 2)
