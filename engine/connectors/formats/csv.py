"""CSV: decoder and encoder with the meaning (and the option names) of Flink's `csv` format; 'csv.header' is ours.

A record with another number of fields, or a field that does not fit its column, is a dead letter; an empty field is an
empty string and no number. 'csv.ignore-parse-errors' = 'true' makes such *fields* NULL, as in Flink; = 'false', written
out, fails the job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.changes import Array, Column
from engine.connectors.formats.base import Block, Encoder, Options, addresses, unit_of, wanted_fields
from engine.connectors.formats.parsed import delimited_reader
from engine.connectors.formats.render import java_double, plain_texts, with_null
from engine.connectors.formats.scanned import LIMITS, Node, ScannedDecoder, scalar_code
from engine.errors import UserError
from engine.types import DataType, Kind, Schema

OPTIONS = frozenset({"field-delimiter", "disable-quote-character", "quote-character", "allow-comments",
                     "ignore-parse-errors",
                     "array-element-delimiter", "escape-character", "null-literal", "header",
                     "write-bigdecimal-in-scientific-notation"})
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\\\": "\\", "\\u0001": "\x01", "\\u0002": "\x02"}


def _byte(options: Options, name: str, default: str | None) -> int:
    """An option that is one character, as its byte; -1 for none."""
    text = options.values.get(name, default)
    if text is None:
        return -1
    text = _ESCAPES.get(text, text)
    if len(text.encode()) != 1 or text in "\r\n":
        raise options.wrong(name, "must be one ASCII character")
    return ord(text)


def _quote(options: Options) -> int:
    if options.flag("disable-quote-character"):
        if "quote-character" in options.values:
            raise options.wrong("quote-character", "contradicts 'csv.disable-quote-character'")
        return -1
    return _byte(options, "quote-character", '"')


class CsvDecoder(ScannedDecoder):
    """Reads CSV records of a schema; `columns` are the positions of the wanted ones."""

    def __init__(self, schema: Schema, columns: Sequence[int] | None = None,
                 options: Mapping[str, str] | None = None) -> None:
        from engine.connectors.formats import csv_scan, text

        self._kernels = csv_scan
        chosen = Options("csv", options or {})
        wanted = wanted_fields(schema, columns)
        nodes = [Node(f.name, f.type, _code(f.type) if i in wanted else text.SKIP) for i, f in enumerate(schema)]
        super().__init__(chosen, nodes, wanted)
        self._elements = chosen.values.get("array-element-delimiter", ";")
        self._header = bool(chosen.flag("header"))
        self._comments = bool(chosen.flag("allow-comments"))
        self._set_state(chosen)

    def _set_state(self, options: Options) -> None:
        scan = self._kernels
        self._memory = np.zeros(scan.NEWLINES // 8 + 1, np.int64)
        self._memory_at = addresses(self._memory)[0]
        null = options.values.get("null-literal")
        self._null = np.frombuffer((null or "").encode() + bytes(16), np.uint8)
        values = {scan.DELIMITER: _byte(options, "field-delimiter", ","), scan.QUOTE: _quote(options),
                  scan.ESCAPE: _byte(options, "escape-character", None),
                  scan.COMMENT: ord("#") if self._comments else -1,
                  scan.NULL_TEXT: addresses(self._null)[0],
                  scan.NULL_LENGTH: -1 if null is None else len(null.encode()),
                  scan.LENIENT: int(bool(self._lenient))}
        for offset, value in values.items():
            self._memory[offset // 8] = value

    def _parameters(self, type: DataType) -> tuple[int, int, int]:
        from engine.connectors.formats import times

        if type.kind in LIMITS:
            return LIMITS[type.kind], 0, 0
        if type.is_decimal:
            return type.precision, type.scale, 0
        if type.kind is Kind.TIMESTAMP_LTZ:
            return times.EITHER, times.ZONE_OPTIONAL, unit_of(type)
        return times.SQL, times.ZONE_NONE, unit_of(type)

    @property
    def _state(self) -> Array:
        return self._memory

    def _scan(self, block: Block, at: int, end: int, bad: Array, final: bool) -> tuple[int, int, int, int]:
        line = block.line
        if self._header and line == 1:
            newline = block.data[block.at:block.size].tobytes().find(b"\n")
            at, line = at + newline + 1, 2
        found: tuple[int, int, int, int] = self._kernels.scan_records(
            at, end, self._rows, self._capacity, line, self._table, self._memory_at, self._spans, bad, final)
        return found

    def _path(self, node: int) -> str:
        return self._nodes[node].name

    def _slow_reader(self, type: DataType) -> Callable[[bytes], Any]:
        return delimited_reader(type, self._elements)

    def _reason(self, status: int, node: int) -> str:
        scan, count = self._kernels, len(self._nodes)
        if status in (scan.TOO_FEW, scan.TOO_MANY):
            return f"{node} fields where the table has {count}"
        field = self._nodes[node] if node < count else None
        return {
            scan.WRONG_QUOTE: f"text behind the closing quote of field {node + 1}",
            scan.WRONG_TYPE: f"field '{field and field.name}' is not a value of type {field and field.type}",
            scan.NOT_UTF8: f"field '{field and field.name}' is not valid UTF-8",
            scan.UNFINISHED: f"the quote of field {node + 1} is never closed",
        }[status]


def _code(type: DataType) -> int:
    from engine.connectors.formats import text

    if type.is_bytes or type.kind in (Kind.ARRAY, Kind.ROW):
        return text.SPAN
    code = scalar_code(type)
    if code is None:
        raise UserError("not_supported", f"the csv format cannot hold a column of type {type}")
    return code


class CsvEncoder(Encoder):
    """Writes rows as CSV; fields are quoted where they have to be."""

    def __init__(self, schema: Schema, options: Mapping[str, str] | None = None) -> None:
        chosen = Options("csv", options or {})
        self._delimiter = chr(_byte(chosen, "field-delimiter", ","))
        quote, escape = _quote(chosen), _byte(chosen, "escape-character", None)
        self._quote = "" if quote < 0 else chr(quote)
        self._escape = "" if escape < 0 else chr(escape)
        self._elements = chosen.values.get("array-element-delimiter", ";")
        self._null = chosen.values.get("null-literal", "")
        special = [self._delimiter, "\n", "\r", self._quote, self._escape, "#"]
        self._special = [s for s in special if s]
        self._single = len(schema) == 1
        for f in schema:
            _code(f.type)

    def encode(self, columns: Sequence[Column], length: int) -> bytes:
        texts = [self._texts(c) for c in columns]
        return "".join([self._delimiter.join(row) + "\n" for row in zip(*texts, strict=True)]).encode()

    def _texts(self, column: Column) -> list[str]:
        texts = self._plain(column)
        if self._may_need_quotes(column.type):
            texts = [self._protected(text) for text in texts]
        return with_null(column, texts, self._null)

    def _may_need_quotes(self, type: DataType) -> bool:
        return type.is_string or type.is_bytes or type.is_nested or self._delimiter in "-:. +0123456789E"

    def _plain(self, column: Column) -> list[str]:
        if not column.type.is_nested:
            return plain_texts(column, java_double)
        children = [with_null(child, self._plain(child), self._null) for child in column.children]
        if column.type.kind is Kind.ROW:
            return list(map(self._elements.join, zip(*children, strict=True)))
        ends = column.values.tolist()
        return [self._elements.join(children[0][a:b]) for a, b in zip(ends[:-1], ends[1:], strict=True)]

    def _protected(self, text: str) -> str:
        """The text in quotes, if it needs them."""
        needed = any(s in text for s in self._special) or (self._single and not text) or (text and text == self._null)
        if not needed or not self._quote:
            return text
        if self._escape:
            text = text.replace(self._escape, self._escape * 2)
        return self._quote + text.replace(self._quote, self._quote * 2) + self._quote
