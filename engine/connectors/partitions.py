"""PARTITIONED BY columns of files: their values stand in the path, `.../day=2024-01-31/country=de/...`, as in Flink and
Hive, not in the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote

from engine.changes import Column, null_column
from engine.connectors.arrow import column_of
from engine.connectors.base import TableOptions, Term
from engine.connectors.restrict import meeting
from engine.errors import UserError

DEFAULT_NAME = "__DEFAULT_PARTITION__"
SAFE = " !$&()+,-.;@_~<>|"
"""Characters besides letters and digits that Hive's and Flink's path names keep."""


class Partitions:
    """The partition columns of one table."""

    def __init__(self, table: TableOptions) -> None:
        self._table = table
        self._null = table.options.get("partition.default-name", DEFAULT_NAME)
        self._names = {table.schema[i].name: i for i in table.partitions}
        self._values: dict[tuple[int, str], Column] = {}

    def column(self, position: int, path: Path) -> Column:
        """The value of a partition column for a file, as a column of one row.

        Errors: `bad_partition` where the folder's name is no value of the column's type, or there is none.
        """
        field = self._table.schema[position]
        folders = [part.partition("=") for part in path.parts[:-1]]
        texts = [text for name, _, text in folders if unquote(name) == field.name]
        if not texts:
            raise UserError("bad_partition", f"table {self._table.name}: {path} is in no folder '{field.name}=...'",
                            hint="files of a table PARTITIONED BY columns stand in folders named by their values")
        return self._value(position, unquote(texts[-1]), path)

    def _value(self, position: int, text: str, path: Path) -> Column:
        from engine.connectors.formats.parsed import reader_of

        type = self._table.schema[position].type
        known = self._values.get((position, text))
        if known is not None:
            return known
        if text == self._null:
            made = null_column(type.as_nullable(), 1)
        else:
            try:
                made = column_of(type, [reader_of(type, False, False)(text)])
            except (ValueError, ArithmeticError) as error:
                raise UserError("bad_partition",
                                f"table {self._table.name}: '{text}' in {path} is no {type}") from error
        self._values[position, text] = made
        return made

    def meet(self, path: Path, terms: Sequence[Term]) -> bool:
        """Whether rows of a file may meet the terms, as far as its path tells."""
        for term in terms:
            if term.column in self._table.partitions:
                value = self.column(term.column, path)
                if not meeting([term], {term.column: value}, 1)[0]:
                    return False
        return True

    def folders(self, columns: Sequence[Column]) -> list[str]:
        """For each row (all columns of the table) the folder of its partition, relative to the table's."""
        from engine.connectors.formats.render import java_double, plain_texts

        named = []
        for name, i in self._names.items():
            texts = zip(plain_texts(columns[i], java_double), columns[i].valid().tolist(), strict=True)
            shown = [text if valid and text else self._null for text, valid in texts]
            named.append([f"{quote(name, safe=SAFE)}={quote(text, safe=SAFE)}" for text in shown])
        return ["/".join(parts) for parts in zip(*named, strict=True)]
