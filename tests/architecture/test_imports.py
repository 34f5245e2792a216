"""The import law of pyproject.toml holds, and what must answer at once loads no compiler."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from scripts.import_law import OnlyContract

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("numba", "polars", "pyarrow", "duckdb", "happybase")
LIGHT_MODULES = ("engine.analyze", "engine.sql", "engine.plan", "engine.optimizer", "engine.expressions",
                 "porsche.compiler", "porsche.components", "porsche.cli")


def contracts() -> list[dict[str, object]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)
    return list(settings["tool"]["importlinter"]["contracts"])


def named_modules() -> Iterator[str]:
    """Every module of ours that a contract names."""
    for contract in contracts():
        for key in ("layers", "modules", "allowed", "except_modules", "source_modules", "forbidden_modules"):
            for entry in contract.get(key, []):  # type: ignore[attr-defined]
                yield from (name.strip(" ()") for name in entry.replace("|", ":").split(":"))


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("engine", "porsche", "benchmarks")


def test_the_import_law_holds() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("module", sorted({name for name in named_modules() if is_ours(name)}))
def test_the_law_names_what_exists(module: str) -> None:
    path = ROOT.joinpath(*module.split("."))
    assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_it_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert result.stdout.split() == []


def only(allowed: list[str], except_modules: list[str]) -> OnlyContract:
    options = {"modules": ["shop"], "allowed": allowed, "except_modules": except_modules}
    return OnlyContract("a law", session_options={}, contract_options=options)


@pytest.mark.parametrize(("allowed", "except_modules", "illegal"), [
    (["bank.notes"], [], [("shop.till", "bank.vault", 7), ("shop.till", "numpy", 9)]),
    (["bank"], [], [("shop.till", "numpy", 9)]),
    (["bank", "numpy"], [], []),
    ([], ["shop.till"], []),
])
def test_only_what_is_allowed(allowed: list[str], except_modules: list[str],
                              illegal: list[tuple[str, str, int]]) -> None:
    graph = grimp.ImportGraph()
    for line, imported in enumerate(("shop.goods", "json", "bank.notes", "bank.vault"), start=4):
        graph.add_import(importer="shop.till", imported=imported, line_number=line, line_contents="")
    graph.add_import(importer="shop.till", imported="numpy", line_number=9, line_contents="")
    check = only(allowed, except_modules).check(graph, verbose=False)
    assert (check.kept, check.metadata["illegal"]) == (not illegal, illegal)
