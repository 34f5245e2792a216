"""The contract type `only` of import-linter: the complete list of what some modules may import directly.

import-linter's own contracts name what is forbidden, so a new package is allowed until somebody thinks of it. The
rows of pyproject.toml of this type name what is allowed; everything else of ours, and every library, is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


def within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


class OnlyContract(Contract):
    """`modules` (with all below them, but for `except_modules`) import nothing but the standard library and `allowed`.

    `allowed` lists modules of ours (with all below them) and libraries. The modules may always import each other
    where they lie in the same entry of `modules`.
    """

    type_name = "only"

    modules = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField(), required=False, default=[])
    except_modules = fields.ListField(subfield=fields.StringField(), required=False, default=[])

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        illegal = sorted(self._illegal_imports(graph))
        return ContractCheck(kept=not illegal, metadata={"illegal": illegal})

    def _illegal_imports(self, graph: ImportGraph) -> Iterator[tuple[str, str, int]]:
        roots: list[str] = list(self.modules)  # type: ignore[call-overload]
        exempt: list[str] = list(self.except_modules)  # type: ignore[call-overload]
        allowed: list[str] = list(self.allowed)  # type: ignore[call-overload]
        for importer in graph.modules:
            root = next((root for root in roots if within(importer, [root])), None)
            if root is None or within(importer, exempt):
                continue
            for imported in graph.find_modules_directly_imported_by(importer):
                if imported.partition(".")[0] in sys.stdlib_module_names or within(imported, [root, *allowed]):
                    continue
                details = graph.get_import_details(importer=importer, imported=imported)
                yield importer, imported, min(detail["line_number"] for detail in details)

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, line in check.metadata["illegal"]:
            output.print_error(f"{importer} (line {line}) may not import {imported}", bold=False)
