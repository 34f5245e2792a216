"""JSON lines: decoder and encoder with the meaning (and the option names) of Flink's `json` format.

A line that is no object, or has a value that does not fit its column, is a dead letter. 'json.ignore-parse-errors' = 'true' makes
such a *value* NULL, as in Flink; = 'false', written out, fails the job at the first bad line.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import numpy as np

from engine.changes import Array, Batch, Column
from engine.connectors.base import DeadLetter
from engine.connectors.formats.base import (
    MAX_BAD, Block, Decoded, Decoder, Options, addresses, empty_column, fixed_column, unit_of, view_column, wanted_fields,
)  # fmt: skip
from engine.errors import UserError
from engine.types import INTEGERS, NESTED, DataType, Field, Kind, Schema

OPTIONS = frozenset({"ignore-parse-errors", "fail-on-missing-field", "timestamp-format.standard", "map-null-key.mode",
                     "map-null-key.literal", "encode.decimal-as-plain-number", "encode.ignore-null-fields",
                     "decode.json-parser.enabled"})  # fmt: skip
_LIMITS = {Kind.TINYINT: 2**7 - 1, Kind.SMALLINT: 2**15 - 1, Kind.INT: 2**31 - 1, Kind.BIGINT: 2**63 - 1,
           Kind.INTERVAL_MONTHS: 2**31 - 1, Kind.INTERVAL_TIME: 2**63 - 1}  # fmt: skip


@dataclass(frozen=True)
class _Node:
    """A declared field as the kernel knows it; `column` of a ROW is put together from its children."""

    name: str
    type: DataType | None
    code: int
    parent: int
    children: tuple[int, ...] = ()


class JsonDecoder(Decoder):
    """Reads JSON lines of a schema; `columns` are the positions of the wanted ones."""

    def __init__(self, schema: Schema, columns: Sequence[int] | None = None, options: Mapping[str, str] | None = None) -> None:
        from engine.connectors.formats import json_scan, text

        self._scan, self._text = json_scan, text
        chosen = Options("json", options or {})
        self._lenient = chosen.flag("ignore-parse-errors", None)
        self._complete = bool(chosen.flag("fail-on-missing-field"))
        if self._lenient and self._complete:
            raise UserError("wrong_option", "'json.fail-on-missing-field' and 'json.ignore-parse-errors' exclude each other")
        self._iso = chosen.choice("timestamp-format.standard", "SQL", "ISO-8601") == "ISO-8601"
        self._wanted = wanted_fields(schema, columns)
        self._nodes: list[_Node] = [_Node("", None, text.OBJECT, 0)]
        self._add_children(0, [(f, i in self._wanted) for i, f in enumerate(schema)])
        self._roots = [self._nodes[0].children[i] for i in self._wanted]
        self._tables()

    def _add_children(self, parent: int, fields: Sequence[tuple[Field, bool]]) -> None:
        """Declare the fields of an object, those of one object next to each other."""
        first = len(self._nodes)
        for field, wanted in fields:
            self._nodes.append(_Node(field.name, field.type, self._code(field.type) if wanted else self._text.SKIP, parent))
        children = tuple(range(first, len(self._nodes)))
        node = self._nodes[parent]
        self._nodes[parent] = _Node(node.name, node.type, node.code, node.parent, children)
        for child in children:
            inner = self._nodes[child]
            if inner.code == self._text.OBJECT and inner.type is not None:
                self._add_children(child, [(Field(f.name, f.type), True) for f in inner.type.fields])

    def _code(self, type: DataType) -> int:
        text = self._text
        if type.kind is Kind.ROW:
            return text.OBJECT
        if type.kind in INTEGERS or type.is_interval:
            return text.INTEGER
        if type.is_decimal:
            return text.SPAN if type.is_wide_decimal else text.DECIMAL
        simple = {Kind.BOOLEAN: text.BOOL, Kind.DOUBLE: text.DOUBLE, Kind.FLOAT: text.FLOAT, Kind.CHAR: text.STRING,
                  Kind.VARCHAR: text.STRING, Kind.DATE: text.DATE, Kind.TIME: text.TIME, Kind.TIMESTAMP: text.STAMP,
                  Kind.TIMESTAMP_LTZ: text.STAMP}  # fmt: skip
        if type.kind not in simple and not type.is_bytes and type.kind not in NESTED:
            raise UserError("not_supported", f"the json format cannot hold a column of type {type}")
        return simple.get(type.kind, text.SPAN)

    def _parameters(self, type: DataType) -> tuple[int, int, int]:
        """What the kernel has to know beside a column's code, see `text.parse_number` and `text.parse_moment`."""
        from engine.connectors.formats import times

        if type.kind in _LIMITS:
            return _LIMITS[type.kind], int(type.kind in (Kind.INT, Kind.BIGINT)), 0
        if type.is_decimal:
            return type.precision, type.scale, 0
        zone = times.ZONE_Z if type.kind is Kind.TIMESTAMP_LTZ else times.ZONE_NONE
        return (times.ISO if self._iso else times.SQL), zone, unit_of(type)

    def _tables(self) -> None:
        """Lay out the table of nodes, see `text.ENTRY`; its addresses of columns are filled by `begin`."""
        scan, text = self._scan, self._text
        table = np.zeros((len(self._nodes), text.ENTRY // 8), np.int64)
        names = np.frombuffer(b"".join(n.name.encode() + b'"' for n in self._nodes) + bytes(16), np.uint8)
        start = addresses(names)[0]
        for i, node in enumerate(self._nodes):
            siblings = self._nodes[node.parent].children
            entry = {text.CODE: node.code, text.PARENT: node.parent, text.CHILD: node.children[0] if node.children else 0,
                     text.CHILDREN: len(node.children), text.NAME: start, text.LENGTH: len(node.name.encode()),
                     text.FOLLOW: addresses(table)[0] + text.ENTRY * (i + 1) if i + 1 in siblings else 0}  # fmt: skip
            start += len(node.name.encode()) + 1
            for offset, value in entry.items():
                table[i, offset // 8] = value
            if node.type is not None:
                table[i, text.FIRST // 8:text.UNIT // 8 + 1] = self._parameters(node.type)
        self._table, self._names = table, names
        strings = {i for i, n in enumerate(self._nodes) if n.code in (text.STRING, text.SPAN)}
        read = [i for i, n in enumerate(self._nodes) if i and n.code != text.SKIP]
        self._read = np.array(read, np.int64)
        self._strings_at = np.array([i for i in read if i in strings], np.int64)
        self._words_at = np.array([i for i in read if i not in strings and self._nodes[i].code != text.OBJECT], np.int64)
        self._places = {int(i): k for k, i in enumerate(self._read)}
        self._slots = {int(i): k for group in (self._strings_at, self._words_at) for k, i in enumerate(group)}
        self._state = np.zeros(1 + scan.MAX_DEPTH // 8, np.int64)

    def begin(self, capacity: int) -> None:
        text = self._text
        self._rows, self._capacity = 0, capacity
        self._words = np.empty((len(self._words_at), capacity), np.int64)
        self._strings = np.empty((len(self._strings_at), capacity, 2), np.uint64)
        self._valid = np.empty((len(self._read), capacity), np.bool_)
        words, strings, valid = addresses(self._words, self._strings, self._valid)
        self._table[self._words_at, text.VALUES // 8] = words + 8 * capacity * np.arange(len(self._words_at))
        self._table[self._strings_at, text.VALUES // 8] = strings + 16 * capacity * np.arange(len(self._strings_at))
        self._table[self._read, text.VALID // 8] = valid + capacity * np.arange(len(self._read))
        self._spans = np.empty((capacity, 2), np.int64)
        self._blocks: list[tuple[Block, int]] = []
        self._owners: list[object] = []
        self._dead: list[DeadLetter] = []

    def feed(self, block: Block, final: bool) -> bool:
        bad = np.empty((MAX_BAD - len(self._dead), 5), np.int64)
        arena = block.scratch()
        base, free, state = addresses(block.data, arena, self._state)
        self._state[0] = free + block.arena_at
        self._blocks.append((block, self._rows))
        at, self._rows, block.line, found = self._scan.scan_lines(
            base + block.at, base + block.size, self._rows, self._capacity, block.line, self._table, state, self._spans, bad,
            bool(self._lenient), self._complete)
        block.at = int(at) - base
        used = int(self._state[0]) - free
        self._owners += [block.data] if used == block.arena_at else [block.data, arena]
        block.arena_at = used
        for start, stop, line, reason, node in bad[:found].tolist():
            self._bury(block, start - base, stop - base, line, self._reason(reason, node))
        return self._rows == self._capacity or len(self._dead) == MAX_BAD

    def _reason(self, reason: int, node: int) -> str:
        scan, name, type = self._scan, self._path(node), self._nodes[node].type
        return {
            scan.SYNTAX: "not valid JSON" + (f" (at field '{name}')" if name else ""),
            scan.WRONG_TYPE: f"field '{name}' is not a value of type {type}",
            scan.NOT_UTF8: f"field '{name}' is not valid UTF-8",
            scan.MISSING: f"field '{name}' is missing",
            scan.TOO_DEEP: f"nested deeper than {scan.MAX_DEPTH} levels",
            scan.NOT_OBJECT: "not a JSON object",
        }[reason]

    def _path(self, node: int) -> str:
        names = []
        while node:
            names.append(self._nodes[node].name)
            node = self._nodes[node].parent
        return ".".join(reversed(names))

    def _bury(self, block: Block, start: int, stop: int, line: int, reason: str) -> None:
        place = f"{block.place}:{line}"
        if self._lenient is False:
            raise UserError("bad_record", f"{place}: {reason}", hint="without 'json.ignore-parse-errors' = 'false' such lines "
                            "are set aside as dead letters")  # fmt: skip
        self._dead.append(DeadLetter(place, block.text(start, stop), reason))

    def finish(self) -> Decoded:
        rows = self._rows
        total = rows + len(self._dead)
        if rows == 0:
            return Decoded(None, self._dead, total)
        wrong: dict[int, str] = {}
        columns = tuple([self._column(node, rows, wrong) for node in self._roots])
        batch = Batch(columns, rows)
        if wrong:
            batch = self._without(batch, wrong)
        return Decoded(batch if len(batch) else None, self._dead, total)

    def _column(self, index: int, rows: int, wrong: dict[int, str]) -> Column:
        node, text = self._nodes[index], self._text
        assert node.type is not None
        valid = self._valid[self._places[index], :rows]
        slot = self._slots.get(index, 0)
        if node.code == text.OBJECT:
            children = tuple([self._column(child, rows, wrong) for child in node.children])
            return Column(node.type, np.zeros(rows, np.int8), None if valid.all() else valid, (), children)
        if node.code == text.STRING:
            return view_column(node.type, self._strings[slot, :rows], valid, tuple(self._owners))
        if node.code == text.SPAN:
            return self._spanned(index, self._strings[slot, :rows], valid, wrong)
        return fixed_column(node.type, self._words[slot, :rows], valid)

    def _spanned(self, index: int, spans: Array, valid: Array, wrong: dict[int, str]) -> Column:
        """Values that the kernel has only found: parse each one's text."""
        import ctypes

        from engine.connectors.arrow import column_of

        type = self._nodes[index].type
        assert type is not None
        values: list[Any] = [None] * len(spans)
        read = reader_of(type, self._iso, bool(self._lenient))
        for row in np.flatnonzero(valid).tolist():
            raw = ctypes.string_at(int(spans[row, 0]), int(spans[row, 1]))
            try:
                values[row] = read(json.loads(raw, parse_float=Decimal))
            except (ValueError, ArithmeticError, UnicodeDecodeError):
                if not self._lenient:
                    wrong.setdefault(row, f"field '{self._path(index)}' is not a value of type {type}")
        return column_of(type, values)

    def _without(self, batch: Batch, wrong: dict[int, str]) -> Batch:
        """The rows but for those that turned out wrong."""
        keep = np.ones(len(batch), np.bool_)
        for row, reason in sorted(wrong.items()):
            keep[row] = False
            block = next(block for block, first in reversed(self._blocks) if first <= row)
            start = int(self._spans[row, 0]) - addresses(block.data)[0]
            stop = start + block.data[start:block.size].tobytes().find(b"\n")
            self._bury(block, start, stop, int(self._spans[row, 1]), reason)
        return batch.take(keep)


Reader = Callable[[Any], Any]


def reader_of(type: DataType, iso: bool, lenient: bool) -> Reader:
    """From a parsed JSON value to a Python value of a type; the function raises ValueError where it is not one.

    `lenient`: a wrong value inside a nested one becomes NULL.
    """
    inner = _inner_reader(type, iso, lenient)

    def read(value: Any) -> Any:
        if value is None:
            return None
        try:
            return inner(value)
        except (ValueError, ArithmeticError):
            if lenient:
                return None
            raise

    return read


def _inner_reader(type: DataType, iso: bool, lenient: bool) -> Reader:
    if type.kind is Kind.ARRAY and type.element is not None:
        element = reader_of(type.element, iso, lenient)
        return lambda value: [element(item) for item in _expect(value, list)]
    if type.kind is Kind.MAP and type.key is not None and type.element is not None:
        key, item = reader_of(type.key, iso, lenient), reader_of(type.element, iso, lenient)
        return lambda value: [(key(k), item(v)) for k, v in _expect(value, dict).items()]
    if type.kind is Kind.MULTISET and type.element is not None:
        member = reader_of(type.element, iso, lenient)
        return lambda value: [(member(k), int(v)) for k, v in _expect(value, dict).items()]
    if type.kind is Kind.ROW:
        fields = [(f.name, reader_of(f.type, iso, lenient)) for f in type.fields]
        return lambda value: {name: read(_expect(value, dict).get(name)) for name, read in fields}
    if type.is_bytes:
        return lambda value: base64.b64decode(_expect(value, str), validate=True)
    if type.is_decimal:
        return lambda value: to_decimal(value, type.precision, type.scale)
    return _scalar_reader(type, iso)


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"not a {kind.__name__}")
    return value


def to_decimal(value: Any, precision: int, scale: int) -> Decimal | None:
    """A DECIMAL(precision, scale), rounded half up; None where it has too many digits."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal, float)):
        raise ValueError("not a number")
    number = Decimal(value.strip() if isinstance(value, str) else value)
    if not number.is_finite():
        raise ValueError("not a finite number")
    if number.adjusted() >= precision - scale:
        return None if number else Decimal(0)
    rounded = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, Context(prec=80))
    return rounded if rounded.adjusted() < precision - scale or not rounded else None


def _scalar_reader(type: DataType, iso: bool) -> Reader:
    """Scalars inside nested values."""
    if type.is_string:
        return lambda value: value if isinstance(value, str) else json.dumps(value, default=str, separators=(",", ":"))
    if type.kind is Kind.BOOLEAN:
        return lambda value: value if isinstance(value, bool) else str(value).strip().lower() == "true"
    if type.kind in _LIMITS:
        limit = _LIMITS[type.kind]
        return lambda value: _integer(value, limit)
    if type.is_approximate:
        return lambda value: float(_expect_number(value))
    parse = {Kind.DATE: dt.date.fromisoformat, Kind.TIME: dt.time.fromisoformat}.get(type.kind)
    if parse is not None:
        return lambda value: parse(_expect(value, str))
    return lambda value: _moment(_expect(value, str), type, iso)


def _expect_number(value: Any) -> Any:
    if isinstance(value, (bool, list, dict)):
        raise ValueError("not a number")
    return value


def _integer(value: Any, limit: int) -> int:
    number = int(_expect_number(value))
    if not -limit - 1 <= number <= limit:
        raise ValueError("out of range")
    return number


def _moment(text: str, type: DataType, iso: bool) -> dt.datetime:
    zoned = type.kind is Kind.TIMESTAMP_LTZ
    if text[10:11] != ("T" if iso else " ") or text.endswith("Z") != zoned:
        raise ValueError("not a timestamp of the format")
    moment = dt.datetime.fromisoformat(text.removesuffix("Z"))
    return moment.replace(tzinfo=dt.UTC) if zoned else moment


def no_rows(schema: Schema) -> tuple[Column, ...]:
    """Columns without rows."""
    return tuple(empty_column(f.type) for f in schema)
