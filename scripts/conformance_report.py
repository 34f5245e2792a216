"""`docs/conformance.md` from what `run.py --json` wrote: the scores, and every case not equal under its reason.

    python -m scripts.conformance_report RESULTS.json docs/conformance.md

Of a case only its id is repeated; reasons are the engine's own messages, without the places in the case's text.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

Result = dict[str, Any]
HEAD = """# Conformance

Scores against other projects' published expectations of Flink SQL, each verified on Apache Flink 2.3. This file is
written by `make conformance`; `tests/conformance/floor.json` holds the shares below which it fails.

*Equal* is the share of the cases whose final table, value, acceptance or refusal is the expected one; *changelog*
counts cases that publish a changelog with more than insertions, compared change by change.
"""
DIFFERENT = "another result"
CHANGES = "the final table is equal, the changes to it are others"
NANOSECONDS = "nanoseconds: a TIMESTAMP has microseconds here (docs/engines.md)"
SHORTEST = "FLOAT and DOUBLE as text: Java 17 writes a digit more than is needed (docs/engines.md)"
KNOWN = {
    "ArrayTypeTest.testArrayLiterals": NANOSECONDS,
    "TemporalTypesTest.testHighPrecisionTimestamp": NANOSECONDS,
    "CastFunctionITCase.cast_To_FLOAT": SHORTEST,
    "ScalarFunctionsTest.testCosh": SHORTEST,
    "ScalarFunctionsTest.testExp": SHORTEST,
    "ScalarFunctionsTest.testSinh": SHORTEST,
    "CastFunctionITCase.cast_To_BYTES": "the test pads a CHAR(4) of three characters when it makes its row",
    "flink-it/LookupJoinITCase.testJoinTemporalTableWithLookupHintEnableNonDeterministicShuffle":
        "the table's own Java lookup answers with rows that are not in the table",
    "flink-program/join-non-window-inner-join":
        "the program is listed twice, as written and as printed by the Table API; a script runs both into one table",
    "flink-program/changelog-normalize-source-mini-batch":
        f"{CHANGES}: rows are gathered where they come in, not before each operator (docs/engines.md)",
    "flink-program/expand": f"{CHANGES}: split aggregation says no first row of which a part is still missing",
    "flink-program/semi-anti-join-with-literal-agg":
        f"{CHANGES}: which table is read first decides what comes in between",
    "flink-plan/NonDeterministicDagTest":
        "accepted, as Flink does by default: it refuses them under table.optimizer.non-deterministic-update.strategy = "
        "TRY_RESOLVE, which the cases do not say",
}
"""Why a case differs that the engine itself cannot tell: the beginning of its id, and the reason."""
_PLACE = re.compile(r"line \d+, column \d+: ")
_SUPPORT = re.compile(r" is not supported by the bundled engine( \(.*\))?$")
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")


def reason(result: Result) -> str:
    """Why a case is not equal, in words that several cases share."""
    note = str(result["note"])
    known = next((why for start, why in KNOWN.items() if result["id"].startswith(start)), None)
    if result["crashed"]:
        return "crash: " + note.split(":")[0]
    kind, _, message = note.partition(": ")
    if kind not in ("refused", "not supported"):
        other = CHANGES if result["equal"] else DIFFERENT
        return known or ("accepted, but must be refused" if note.startswith("accepted") else other)
    message = _NAMES.sub("...", _SUPPORT.sub("", _PLACE.sub("", message)).split(" (")[0].split("\n")[0])
    return f"{kind}: {message.strip()}"


def scores(results: list[Result], shares: dict[str, float]) -> list[str]:
    """The table of all suites."""
    lines = ["| suite | cases | accepted | equal | changelog | crashed |", "|---|--:|--:|--:|--:|--:|"]
    for suite in dict.fromkeys(r["suite"] for r in results):
        rows = [r for r in results if r["suite"] == suite]
        changelog = shares.get(f"{suite}.changelog")
        accepted = sum(r["accepted"] for r in rows) / len(rows)
        lines.append(f"| {suite} | {len(rows)} | {accepted:.1%} | {shares[suite]:.1%} | "
                     f"{'' if changelog is None else f'{changelog:.1%}'} | {sum(r['crashed'] for r in rows)} |")
    return lines


def grouped(results: list[Result]) -> list[str]:
    """Each suite's cases that are not equal, by reason, the most frequent first."""
    lines = []
    for suite in dict.fromkeys(r["suite"] for r in results):
        groups: dict[str, list[str]] = defaultdict(list)
        for result in results:
            if result["suite"] == suite and (not result["equal"] or result["changelog"] is False):
                groups[reason(result)].append(result["id"])
        if groups:
            lines += ["", f"## {suite}"]
        for why, ids in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0])):
            lines += ["", f"**{why}** ({len(ids)})", "", *(f"- `{i}`" for i in sorted(ids))]
    return lines


def report(run: dict[str, Any]) -> str:
    """The whole file."""
    results = sorted(run["results"], key=lambda r: (r["suite"], r["id"]))
    return "\n".join([HEAD, *scores(results, run["shares"]), *grouped(results), ""])


def main() -> None:
    source, target = sys.argv[1:]
    Path(target).write_text(report(json.loads(Path(source).read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
