"""What lies in the repository works elsewhere: no paths of one machine, no registry, no command that is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.licences import is_allowed, npm_packages, refused

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
LARGEST = 1 << 20

REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|repo1?\.maven|maven\.apache\.org/maven2"
                        r"|(static|index)\.crates\.io|proxy\.golang|deb\.debian")
MACHINE_PATHS = re.compile(r"(?<![\w.:/}$-])(?<!\w\")/(?:home|Users|root|work|farm)/[\w.]")


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS], ids=["registries", "paths of one machine"])
def test_no_file_names(pattern: re.Pattern[str]) -> None:
    found = [f"{path.relative_to(ROOT)}: {hit.group()}"
             for path in tracked() for hit in pattern.finditer(text_of(path))]
    assert found == []


def test_no_file_is_large() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > LARGEST] == []


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), flags=re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_targets_that_exist(document: str) -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)(?=[`\s]*(?:$|#|`))", text_of(ROOT / document), flags=re.MULTILINE))
    assert named - make_targets() == set()


@pytest.mark.parametrize(("command", "start"), [
    ("porsche", ("-c", "from porsche.cli import main; main()")),
    ("python -m engine", ("-m", "engine")),
], ids=["porsche", "engine"])
def test_the_readme_names_commands_that_exist(command: str, start: tuple[str, ...]) -> None:
    text = text_of(ROOT / "README.md") + text_of(ROOT / "Makefile")
    named = set(re.findall(rf"bin/{command} ([a-z]+)", text))
    result = subprocess.run([sys.executable, *start, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert named, f"the README shows no use of {command}"
    assert named - set(re.findall(r"[a-z]+", result.stdout)) == set(), result.stdout + result.stderr


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_files_that_exist(document: str) -> None:
    text = text_of(ROOT / document)
    linked = re.findall(r"\]\(([^)#:\s]+)\)", text)
    named = re.findall(r"`((?:engine|porsche|benchmarks|examples|tests|scripts|docs|requirements)/[\w./-]*)`", text)
    assert sorted({name for name in (*linked, *named) if not (ROOT / name).exists()}) == []


@pytest.mark.parametrize(("licence", "allowed"), [
    ("MIT", True),
    ("mit license", True),
    ("GPL-3.0-only", False),
    ("MIT OR GPL-3.0-only", True),
    ("MIT AND GPL-3.0-only", False),
    ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
    ("MIT AND ISC OR GPL-2.0-only", True),
    ("(MIT OR GPL-3.0-only) AND ISC", False),
    ("Apache Software License; MIT License", True),
    ("Apache Software License; GNU General Public License v3 (GPLv3)", False),
    ("BSD-2-Clause AND Apache-2.0 WITH LLVM-exception", True),
    ("UNKNOWN", False),
])
def test_licences(licence: str, allowed: bool) -> None:
    assert is_allowed(licence) is allowed


def test_packages_of_npm_are_judged_too() -> None:
    packages = {"": {"license": "none of ours"}, "node_modules/@a/b": {"version": "1.0", "license": "MIT"},
                "node_modules/x/node_modules/y": {"version": "2.0"}}
    assert refused(npm_packages({"packages": packages})) == ["y 2.0: none"]


def test_our_own_licence_is_not_a_dependency() -> None:
    rows = [{"Name": "porsche", "Version": "1", "License": "UNKNOWN"}, {"Name": "x", "Version": "2", "License": "SSPL"}]
    assert refused(rows) == ["x 2: SSPL"]
