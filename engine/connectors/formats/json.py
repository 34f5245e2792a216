"""JSON lines: decoder and encoder with the meaning (and the option names) of Flink's `json` format.

A line that is no object, or has a value that does not fit its column, is a dead letter. 'json.ignore-parse-errors' =
'true' makes such a *value* NULL, as in Flink; = 'false', written out, fails the job at the first bad line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from engine.changes import Array, Column
from engine.connectors.base import Term
from engine.connectors.formats.base import Block, Encoder, Options, addresses, unit_of, wanted_fields
from engine.connectors.formats.parsed import reader_of
from engine.connectors.formats.render import json_texts
from engine.connectors.formats.scanned import LIMITS, Node, ScannedDecoder, scalar_code
from engine.errors import UserError
from engine.types import NESTED, DataType, Field, Kind, Schema

OPTIONS = frozenset({"ignore-parse-errors", "fail-on-missing-field", "timestamp-format.standard", "map-null-key.mode",
                     "map-null-key.literal", "encode.decimal-as-plain-number", "encode.ignore-null-fields",
                     "decode.json-parser.enabled"})


class JsonDecoder(ScannedDecoder):
    """Reads JSON lines of a schema; `columns` are the positions of the wanted ones, `parts` the fields of ROW columns
    that are, where that is not all: the others are NULL.

    A line that does not meet the terms of `restrict` is still read to its end, so that a broken one is a dead letter;
    but values of fields that come after the one that decides are not decoded, and not checked.
    """

    def __init__(self, schema: Schema, columns: Sequence[int] | None = None,
                 options: Mapping[str, str] | None = None, parts: Mapping[int, Sequence[int]] | None = None) -> None:
        from engine.connectors.formats import json_scan, text

        self._kernels = json_scan
        chosen = Options("json", options or {})
        self._complete = bool(chosen.flag("fail-on-missing-field"))
        if self._complete and chosen.flag("ignore-parse-errors"):
            raise UserError("wrong_option",
                            "'json.fail-on-missing-field' and 'json.ignore-parse-errors' exclude each other")
        self._iso = is_iso(chosen)
        wanted = wanted_fields(schema, columns)
        nodes = [Node("", None, text.OBJECT)]
        _declare(nodes, 0, [(f, i in wanted) for i, f in enumerate(schema)], parts or {})
        super().__init__(chosen, nodes, [nodes[0].children[i] for i in wanted])
        self._link()
        self._memory = np.zeros(2 + json_scan.MAX_DEPTH // 8, np.int64)
        self._memory_at = addresses(self._memory)[0]
        self._tested = np.empty(0, np.int64)
        self._tests: list[object] = []  # what the kernel's tests are made of: kept alive

    def restrict(self, terms: Sequence[Term]) -> bool:
        from engine.connectors.formats.trials import compile_tests

        fields = self._nodes[0].children
        by_field: dict[int, list[Term]] = {}
        for term in terms:
            by_field.setdefault(fields[term.column], []).append(term)
        for field, own in by_field.items():
            tests, held = compile_tests(own)
            self._tests += [tests, *held]
            (self._table[field, self._text.TESTS // 8],) = addresses(tests)
            self._table[field, self._text.TESTED // 8] = len(tests)
        self._tested = np.array(sorted(by_field), np.int64)
        return True

    def begin(self, capacity: int) -> None:
        super().begin(capacity)
        self._memory[self._kernels.LEFT_OUT // 8] = 0

    @property
    def _left_out(self) -> int:
        return int(self._memory[self._kernels.LEFT_OUT // 8])

    def _parameters(self, type: DataType) -> tuple[int, int, int]:
        from engine.connectors.formats import times

        if type.kind in LIMITS:
            return LIMITS[type.kind], int(type.kind in (Kind.INT, Kind.BIGINT)), 0
        if type.is_decimal:
            return type.precision, type.scale, 0
        zone = times.ZONE_Z if type.kind is Kind.TIMESTAMP_LTZ else times.ZONE_NONE
        return (times.ISO if self._iso else times.SQL), zone, unit_of(type)

    def _link(self) -> None:
        """Fill in the tree of fields: parents, children, names, and each field's successor."""
        text, table = self._text, self._table
        self._names = np.frombuffer(b"".join(n.name.encode() + b'"' for n in self._nodes) + bytes(16), np.uint8)
        (name, start) = addresses(self._names, table)
        for i, node in enumerate(self._nodes):
            follows = i + 1 in self._nodes[node.parent].children
            entry = {text.PARENT: node.parent, text.CHILD: node.children[0] if node.children else 0,
                     text.CHILDREN: len(node.children), text.NAME: name, text.LENGTH: len(node.name.encode()),
                     text.FOLLOW: start + text.ENTRY * (i + 1) if follows else 0}
            name += len(node.name.encode()) + 1
            for offset, value in entry.items():
                table[i, offset // 8] = value

    @property
    def _state(self) -> Array:
        return self._memory

    def _scan(self, block: Block, at: int, end: int, bad: Array, final: bool) -> tuple[int, int, int, int]:
        found: tuple[int, int, int, int] = self._kernels.scan_lines(
            at, end, self._rows, self._capacity, block.line, self._table, self._memory_at, self._spans, bad,
            bool(self._lenient), self._complete, self._tested)
        return found

    def _slow_reader(self, type: DataType) -> Callable[[bytes], Any]:
        read = reader_of(type, self._iso, bool(self._lenient))
        return lambda raw: read(json.loads(raw, parse_float=Decimal))

    def _reason(self, status: int, node: int) -> str:
        scan, name, type = self._kernels, self._path(node), self._nodes[node].type
        return {
            scan.SYNTAX: "not valid JSON" + (f" (at field '{name}')" if name else ""),
            scan.WRONG_TYPE: f"field '{name}' is not a value of type {type}",
            scan.NOT_UTF8: f"field '{name}' is not valid UTF-8",
            scan.MISSING: f"field '{name}' is missing",
            scan.TOO_DEEP: f"nested deeper than {scan.MAX_DEPTH} levels",
            scan.NOT_OBJECT: "not a JSON object",
        }[status]


def is_iso(options: Options) -> bool:
    """Whether timestamps have a T between date and time."""
    return options.choice("timestamp-format.standard", "SQL", "ISO-8601") == "ISO-8601"


def _declare(nodes: list[Node], parent: int, fields: Sequence[tuple[Field, bool]],
             parts: Mapping[int, Sequence[int]]) -> None:
    """Add the fields of an object, those of one object next to each other. `parts`: of a field that is a ROW, by its
    position, the fields that are wanted; all if it is not there."""
    from engine.connectors.formats import text

    first = len(nodes)
    for field, wanted in fields:
        nodes.append(Node(field.name, field.type, _code(field.type) if wanted else text.SKIP, parent))
    children = tuple(range(first, len(nodes)))
    around = nodes[parent]
    nodes[parent] = Node(around.name, around.type, around.code, around.parent, children)
    for position, child in enumerate(children):
        type = nodes[child].type
        if nodes[child].code == text.OBJECT and type is not None:
            inner = parts.get(position, range(len(type.fields)))
            _declare(nodes, child, [(Field(f.name, f.type), i in inner) for i, f in enumerate(type.fields)], {})


def _code(type: DataType) -> int:
    from engine.connectors.formats import text

    if type.kind is Kind.ROW:
        return text.OBJECT
    if type.is_bytes or type.kind in NESTED:
        return text.SPAN
    code = scalar_code(type)
    if code is None:
        raise UserError("not_supported", f"the json format cannot hold a column of type {type}")
    return code


def _refuse_foreign(type: DataType) -> None:
    """UserError for types that JSON, as Flink writes it, has no place for."""
    if type.kind in (Kind.BITMAP, Kind.VARIANT, Kind.RAW):
        raise UserError("not_supported", f"the json format cannot hold a column of type {type}",
                        hint="as a text: JSON_STRING of a VARIANT, BITMAP_TO_STRING of a BITMAP")
    for inner in (type.key, type.element, *(f.type for f in type.fields)):
        if inner is not None:
            _refuse_foreign(inner)


class JsonEncoder(Encoder):
    """Writes rows as JSON lines, fields in the schema's order."""

    def __init__(self, schema: Schema, options: Mapping[str, str] | None = None) -> None:
        chosen = Options("json", options or {})
        self._iso = is_iso(chosen)
        self._sparse = bool(chosen.flag("encode.ignore-null-fields"))
        self._names = [json.dumps(f.name, ensure_ascii=False) for f in schema]
        for field in schema:
            _refuse_foreign(field.type)

    def encode(self, columns: Sequence[Column], length: int) -> bytes:
        if not columns:
            return b"{}\n" * length
        texts = [json_texts(c, self._iso) for c in columns]
        if self._sparse:
            rows = ([f"{name}:{text}" for name, text in zip(self._names, row, strict=True) if text != "null"]
                    for row in zip(*texts, strict=True))
            return "".join(["{" + ",".join(row) + "}\n" for row in rows]).encode()
        pattern = "{{" + ",".join(name.replace("{", "{{").replace("}", "}}") + ":{}" for name in self._names) + "}}\n"
        return "".join(map(pattern.format, *texts)).encode()
