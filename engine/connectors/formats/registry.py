"""The formats of files by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

from engine.connectors.base import TableOptions
from engine.connectors.formats.base import Decoder, Encoder
from engine.connectors.options import suggestion
from engine.errors import UserError
from engine.types import Schema

TEXT: dict[str, tuple[str, str, str]] = {
    "csv": ("engine.connectors.formats.csv", "CsvDecoder", "CsvEncoder"),
    "json": ("engine.connectors.formats.json", "JsonDecoder", "JsonEncoder"),
}
"""Formats of lines: module, decoder, encoder. The module names its options in OPTIONS."""

FORMATS = (*TEXT, "parquet")


def format_options(format: str, table: TableOptions) -> dict[str, str]:
    """The options of a format out of a table's, without the prefix.

    Errors: `unknown_format`, `unknown_option`.
    """
    if format not in FORMATS:
        raise UserError("unknown_format", f"there is no format '{format}'", hint=suggestion(format, FORMATS),
                        place=table.places.get("format"))
    module = import_module(TEXT[format][0] if format in TEXT else "engine.connectors.formats.parquet")
    prefix = f"{format}."
    chosen = {name.removeprefix(prefix): value for name, value in table.options.items() if name.startswith(prefix)}
    for name in chosen:
        if name not in module.OPTIONS:
            known = [f"{format}.{option}" for option in module.OPTIONS]
            raise UserError("unknown_option", f"format '{format}' has no option '{format}.{name}'",
                            hint=suggestion(f"{format}.{name}", known), place=table.places.get(f"{format}.{name}"))
    return chosen


def text_decoder(format: str, schema: Schema, columns: Sequence[int], options: Mapping[str, str],
                 parts: Mapping[int, Sequence[int]] | None = None) -> Decoder:
    """The decoder of a format of lines. `parts`: of ROW columns the fields to read only, where the format can."""
    module, name, _ = TEXT[format]
    narrowed = {"parts": parts} if parts else {}
    decoder: Decoder = getattr(import_module(module), name)(schema, columns, options, **narrowed)
    return decoder


def text_encoder(format: str, schema: Schema, options: Mapping[str, str]) -> Encoder:
    """The encoder of a format of lines."""
    module, _, name = TEXT[format]
    encoder: Encoder = getattr(import_module(module), name)(schema, options)
    return encoder
