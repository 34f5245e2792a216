"""Refuse a dependency whose licence is not on the list below: `python -m scripts.licences`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ALLOWED = frozenset(name.casefold() for name in (
    # SPDX identifiers
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "BlueOak-1.0.0",
    "CC-BY-4.0",  # caniuse-lite: data that building the pages reads
    "ISC", "LGPL-3.0-only",  # psycopg: imported as it is
    "OFL-1.1",  # fonts
    "MIT", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    # the older classifiers and free texts of some packages
    "Apache License 2.0", "Apache Software License", "BSD", "BSD License", "DFSG approved", "MIT License",
    "Mozilla Public License 2.0 (MPL 2.0)", "Python Software Foundation License",
))
OURS = "porsche"
NPM_LOCK = Path(__file__).resolve().parents[1] / "frontend" / "package-lock.json"


def is_allowed(licence: str) -> bool:
    """Whether a licence expression may be used: each part of AND and of a list, one part of OR.

    An expression with parentheses inside is read strictly: each licence it names must be on the list.
    """
    if licence.casefold() in ALLOWED:
        return True
    if "(" in licence:
        return _all_allowed(re.split(r"\s+(?:AND|OR)\s+|[()]", licence))
    return any(_all_allowed(re.split(r"\s+AND\s+|;", choice)) for choice in re.split(r"\s+OR\s+", licence))


def _all_allowed(names: Iterable[str]) -> bool:
    return {name.strip().casefold() for name in names if name.strip()} <= ALLOWED


def refused(packages: Iterable[Mapping[str, str]]) -> list[str]:
    """One line for each of pip-licenses' rows that may not be used."""
    return [f"{package['Name']} {package['Version']}: {package['License']}"
            for package in packages if package["Name"] != OURS and not is_allowed(package["License"])]


def npm_packages(lock: Mapping[str, Any]) -> list[dict[str, str]]:
    """The packages of an npm lock file, as pip-licenses has them; a package that says no licence has none."""
    return [{"Name": place.rpartition("node_modules/")[2], "Version": facts.get("version", "?"),
             "License": facts.get("license", "none")}
            for place, facts in lock["packages"].items() if place]


def main() -> int:
    lister = Path(sys.executable).with_name("pip-licenses")
    listing = subprocess.run([lister, "--from=mixed", "--format=json"], check=True, capture_output=True, text=True)
    packages = json.loads(listing.stdout) + npm_packages(json.loads(NPM_LOCK.read_text(encoding="utf-8")))
    problems = refused(packages)
    for line in problems:
        print(f"licence not on the list: {line}", file=sys.stderr)
    if not problems:
        print(f"licences of {len(packages)} packages are on the list")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
