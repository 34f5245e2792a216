"""Results as JUnit's XML, which CI systems read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

from porsche.runners.testing.running import Result


def report(suite: str, results: Sequence[Result]) -> str:
    """A test suite of these results."""
    failed = [r for r in results if not r.passed and r.error is None]
    root = ET.Element("testsuite", {
        "name": suite, "tests": str(len(results)), "failures": str(len(failed)),
        "errors": str(sum(r.error is not None for r in results)), "time": f"{sum(r.seconds for r in results):.3f}"})
    for result in results:
        case = ET.SubElement(root, "testcase", {
            "classname": suite, "name": result.name, "time": f"{result.seconds:.3f}"})
        if result.error is not None:
            _said(case, "error", result.error.code, str(result.error))
        elif not result.passed:
            _said(case, "failure", "rows differ", "\n".join(lines(result)))
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _said(case: ET.Element, kind: str, message: str, text: str) -> None:
    ET.SubElement(case, kind, {"message": message}).text = "".join(c for c in text if c >= " " or c in "\n\t")


def lines(result: Result) -> list[str]:
    """What is wrong with a result, for people: "-" is missing, "+" was not expected, both where cells differ."""
    if result.error is not None:
        where = f"{result.error.node}: " if result.error.node else ""
        hint = f" ({result.error.hint})" if result.error.hint else ""
        return [f"{where}{result.error.message}{hint} [{result.error.code}]"]
    found = []
    for node in result.nodes:
        wrong = [line for line in node.difference.lines if line.status != "same"]
        if wrong:
            found.append(f"{node.node}: {_counts(node.difference.lines)}")
        for line in wrong:
            found += [f"  - {_row(line.expected)}"] if line.expected is not None else []
            cells = f"    differs: {', '.join(line.cells)}" if line.cells else ""
            found += [f"  + {_row(line.found)}{cells}"] if line.found is not None else []
    return found


def _counts(every: Sequence[Any]) -> str:
    words = {"differs": "differ", "missing": "missing", "unexpected": "not expected", "same": "the same"}
    counted = {word: sum(line.status == status for line in every) for status, word in words.items()}
    return ", ".join(f"{count} {word}" for word, count in counted.items() if count)


def _row(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False)
