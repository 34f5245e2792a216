"""Statements as one text, with the place of each in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.sql.dialect import SetProperty, generate
from porsche.compiler.statements import Statement
from porsche.components.table import text

SYNCHRONOUS = "table.dml-sync"
"""Under this setting an INSERT ends before the next statement begins: loads do."""


@dataclass(frozen=True)
class Printed:
    """A statement in the text: `kind` set, table, view, load or insert; `span` its first and past-last character."""

    kind: str
    node: str
    name: str
    sql: str
    span: tuple[int, int]


class Printer:
    """Builds the text of a pipeline; the same statements give the same text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self.printed: list[Printed] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def pipeline(self, name: str, settings: Mapping[str, str], statements: Iterable[Statement]) -> None:
        """Settings, tables, loads, views, and the INSERTs as one statement set."""
        by_kind: dict[str, list[Statement]] = {"table": [], "load": [], "view": [], "insert": []}
        for statement in statements:
            by_kind[statement.kind].append(statement)
        self._say(f"-- pipeline: {name}\n")
        for key, value in {"pipeline.name": name, **settings}.items():
            self._set(key, value)
        for statement in by_kind["table"]:
            self._statement(statement)
        if by_kind["load"]:
            self._set(SYNCHRONOUS, "true")
            for statement in by_kind["load"]:
                self._statement(statement)
            self._set(SYNCHRONOUS, "false")
        for statement in by_kind["view"]:
            self._statement(statement)
        if by_kind["insert"]:
            self._say("\nEXECUTE STATEMENT SET\nBEGIN\n")
            for statement in by_kind["insert"]:
                self._statement(statement, "")
            self._say("END;\n")

    def _say(self, piece: str) -> None:
        self._parts.append(piece)
        self._length += len(piece)

    def _set(self, name: str, value: str) -> None:
        set_it = SetProperty(this=text(name), expression=text(value))
        self._print("set", "", name, generate(set_it, pretty=True, quote=False))

    def _statement(self, statement: Statement, gap: str = "\n") -> None:
        self._say(f"{gap}-- node: {statement.node}\n")
        self._print(statement.kind, statement.node, statement.name, statement.text)

    def _print(self, kind: str, node: str, name: str, sql: str) -> None:
        self.printed.append(Printed(kind, node, name, sql, (self._length, self._length + len(sql))))
        self._say(f"{sql};\n")
