"""Texts through decoders."""

from __future__ import annotations

from engine.connectors.arrow import python_values
from engine.connectors.formats.base import Block, Decoder


def decoded(decoder: Decoder, text: bytes, capacity: int) -> tuple[list[tuple], list]:
    """The rows of a text, and its dead letters; `capacity` rows are decoded at a time."""
    block = Block.of(text, place="f")
    rows: list[tuple] = []
    dead = []
    while not block.done:
        decoder.begin(capacity)
        decoder.feed(block, True)
        found = decoder.finish()
        dead += found.dead
        if found.batch is not None:
            rows += zip(*map(python_values, found.batch.columns), strict=True)
    return rows, dead
