"""Our tables as Flink knows them: the same statements, with WITH clauses that Flink's connectors take."""

from __future__ import annotations

import re

TEXT = r"'(?:[^']|'')*'"
PAIR = rf"{TEXT}\s*=\s*{TEXT}"
WITH = re.compile(rf"\bWITH\s*\(\s*({PAIR}(?:\s*,\s*{PAIR})*)\s*\)", re.IGNORECASE)
OPTION = re.compile(r"'((?:[^']|'')*)'\s*=\s*'((?:[^']|'')*)'")
KAFKA = {"topic": "t", "properties.bootstrap.servers": "localhost:9092"}
UPSERT = {"connector": "upsert-kafka", **KAFKA, "key.format": "json", "value.format": "json"}
APPEND = {"connector": "kafka", **KAFKA, "format": "json"}
OURS = {"csv.header", "seed"}


def for_flink(statement: str) -> str:
    """The statement with the options of its WITH clause put in Flink's terms; others as they are."""
    keyed = re.search(r"\bPRIMARY\s+KEY\b", statement, re.I) is not None
    return WITH.sub(lambda match: f"WITH ({_written(_mapped(dict(OPTION.findall(match[1])), keyed))})", statement)


def _mapped(options: dict[str, str], keyed: bool) -> dict[str, str]:
    match options.get("connector"):
        case "shop":
            return {"connector": "datagen"}
        case "metrics" | "memory":
            return {"connector": "blackhole"}
        case "pipe":
            return UPSERT if keyed else APPEND
        case "filesystem" if keyed:
            return UPSERT
        case "hbase-2.2":
            theirs = {name: value for name, value in options.items() if not name.startswith("embedded.")}
            return {**theirs, "zookeeper.quorum": "localhost:2181"}
    return {name: value for name, value in options.items() if name not in OURS}


def _written(options: dict[str, str]) -> str:
    return ", ".join(f"'{name}' = '{value}'" for name, value in options.items())
