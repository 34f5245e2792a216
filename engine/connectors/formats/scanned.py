"""What the decoders of lines have in common: the columns that a kernel fills, bad records, values that need a slower
reader.
"""

from __future__ import annotations

import ctypes
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.changes import Array, Batch, Column, null_column
from engine.connectors.base import DeadLetter
from engine.connectors.formats.base import (
    MAX_BAD,
    Block,
    Decoded,
    Decoder,
    Options,
    addresses,
    fixed_column,
    view_column,
)
from engine.errors import UserError
from engine.types import INTEGERS, DataType, Kind

LIMITS = {Kind.TINYINT: 2**7 - 1, Kind.SMALLINT: 2**15 - 1, Kind.INT: 2**31 - 1, Kind.BIGINT: 2**63 - 1,
          Kind.INTERVAL_MONTHS: 2**31 - 1, Kind.INTERVAL_TIME: 2**63 - 1}


@dataclass(frozen=True)
class Node:
    """A declared field as a kernel knows it; the column of a ROW in JSON is put together from its children."""

    name: str
    type: DataType | None
    code: int
    parent: int = 0
    children: tuple[int, ...] = ()


def scalar_code(type: DataType) -> int | None:
    """How a kernel reads a type, see `text.SKIP`; None for types it cannot read."""
    from engine.connectors.formats import text

    if type.kind in INTEGERS or type.is_interval:
        return text.INTEGER
    if type.is_decimal:
        return text.SPAN if type.is_wide_decimal else text.DECIMAL
    return {Kind.BOOLEAN: text.BOOL, Kind.DOUBLE: text.DOUBLE, Kind.FLOAT: text.FLOAT, Kind.CHAR: text.STRING,
            Kind.VARCHAR: text.STRING, Kind.DATE: text.DATE, Kind.TIME: text.TIME, Kind.TIMESTAMP: text.STAMP,
            Kind.TIMESTAMP_LTZ: text.STAMP}.get(type.kind)


class ScannedDecoder(Decoder):
    """A decoder whose kernel fills columns through a table of nodes (see `text.ENTRY`).

    A bad record is a dead letter; where option 'ignore-parse-errors' is written out as 'false', it fails the job.
    """

    def __init__(self, options: Options, nodes: Sequence[Node], roots: Sequence[int]) -> None:
        from engine.connectors.formats import text

        self._text = text
        self._options = options
        self._lenient = options.flag("ignore-parse-errors", None)
        self._nodes = tuple(nodes)
        self._roots = tuple(roots)
        self._table = np.zeros((len(self._nodes), text.ENTRY // 8), np.int64)
        read = [i for i, n in enumerate(self._nodes) if n.type is not None and n.code != text.SKIP]
        views = {i for i in read if self._nodes[i].code in (text.STRING, text.SPAN)}
        self._read = np.array(read, np.int64)
        self._views_at = np.array(sorted(views), np.int64)
        self._words_at = np.array([i for i in read if i not in views and self._nodes[i].code != text.OBJECT], np.int64)
        self._places = {i: k for k, i in enumerate(read)}
        self._slots = {int(i): k for group in (self._views_at, self._words_at) for k, i in enumerate(group)}
        for i, node in enumerate(self._nodes):
            self._table[i, text.CODE // 8] = node.code
            if node.type is not None:
                self._table[i, text.FIRST // 8:text.UNIT // 8 + 1] = self._parameters(node.type)

    @abstractmethod
    def _parameters(self, type: DataType) -> tuple[int, int, int]:
        """What the kernel has to know beside a column's code, see `text.parse_number` and `text.parse_moment`."""

    @abstractmethod
    def _scan(self, block: Block, at: int, end: int, bad: Array, final: bool) -> tuple[int, int, int, int]:
        """Call the kernel: (address reached, rows, lines, bad records)."""

    @abstractmethod
    def _reason(self, status: int, node: int) -> str:
        """What is wrong with a record, in words."""

    @abstractmethod
    def _slow_reader(self, type: DataType) -> Callable[[bytes], Any]:
        """From a value's text to a Python value; raises ValueError or ArithmeticError."""

    @property
    def _left_out(self) -> int:
        """Records of this batch that did not meet the decoder's terms."""
        return 0

    @property
    @abstractmethod
    def _state(self) -> Array:
        """The kernel's state (int64); its first word is the address of free scratch memory."""

    def begin(self, capacity: int) -> None:
        text = self._text
        self._rows, self._capacity = 0, capacity
        self._words = np.empty((len(self._words_at), capacity), np.int64)
        self._strings = np.empty((len(self._views_at), capacity, 2), np.uint64)
        self._valid = np.empty((len(self._read), capacity), np.bool_)
        text.bind_columns(self._table, self._words, self._words_at, self._strings, self._views_at, self._valid,
                          self._read)
        self._spans = np.empty((capacity, 2), np.int64)
        self._blocks: list[tuple[Block, int]] = []
        self._owners: list[object] = []
        self._dead: list[DeadLetter] = []

    def feed(self, block: Block, final: bool) -> bool:
        bad = np.empty((MAX_BAD - len(self._dead), 5), np.int64)
        arena = block.scratch()
        base, free = block.address, block.arena_address
        self._state[0] = free + block.arena_at
        self._blocks.append((block, self._rows))
        at, self._rows, block.line, found = self._scan(block, base + block.at, base + block.size, bad, final)
        block.at = min(int(at) - base, block.size)
        used = int(self._state[0]) - free
        self._owners += [block.data] if used == block.arena_at else [block.data, arena]
        block.arena_at = used
        for start, stop, line, status, node in bad[:found].tolist():
            self._bury(block, start - base, stop - base, line, self._reason(status, node))
        return self._rows + self._left_out >= self._capacity or len(self._dead) >= MAX_BAD

    def _bury(self, block: Block, start: int, stop: int, line: int, reason: str) -> None:
        place = f"{block.place}:{line}"
        if self._lenient is False:
            option = f"'{self._options.format}.ignore-parse-errors' = 'false'"
            raise UserError("bad_record", f"{place}: {reason}",
                            hint=f"without {option} such records become dead letters")
        self._dead.append(DeadLetter(place, block.text(start, stop), reason))

    def finish(self) -> Decoded:
        rows, total = self._rows, self._rows + len(self._dead) + self._left_out
        if rows == 0:
            return Decoded(None, self._dead, total)
        wrong: dict[int, str] = {}
        batch = Batch(tuple([self._column(node, rows, wrong) for node in self._roots]), rows)
        if wrong:
            batch = self._without(batch, wrong)
        return Decoded(batch if len(batch) else None, self._dead, total)

    def _column(self, index: int, rows: int, wrong: dict[int, str]) -> Column:
        node, text = self._nodes[index], self._text
        assert node.type is not None
        if node.code == text.SKIP:  # a field of a ROW that nobody reads
            return null_column(node.type.as_nullable(), rows)
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
        from engine.connectors.arrow import column_of

        type = self._nodes[index].type
        assert type is not None
        values: list[Any] = [None] * len(spans)
        read = self._slow_reader(type)
        for row in np.flatnonzero(valid).tolist():
            try:
                values[row] = read(ctypes.string_at(int(spans[row, 0]), int(spans[row, 1])))
            except (ValueError, ArithmeticError):
                if not self._lenient:
                    wrong.setdefault(row, f"field '{self._path(index)}' is not a value of type {type}")
        return column_of(type, values)

    def _path(self, node: int) -> str:
        """The name of a field, those around it before it."""
        names = []
        while node and self._nodes[node].type is not None:
            names.append(self._nodes[node].name)
            node = self._nodes[node].parent
        return ".".join(reversed(names))

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
