"""String functions that run per row: padding, replacing, splitting, numerals of characters, PRINTF, encodings."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from engine.errors import RuntimeFault
from engine.expressions.functions.base import Arguments, Function, Infer
from engine.expressions.functions.rows import per_row
from engine.expressions.functions.signatures import signature
from engine.types import ARRAY, BIGINT, BOOLEAN, BYTES, INT, MAP, STRING, DataType


def overlay(text: str, replacement: str, start: int, length: int | None = None) -> str:
    """OVERLAY(text PLACING replacement FROM start FOR length)."""
    length = len(replacement) if length is None else length
    if start <= 0 or start > len(text):
        return text
    rest = text[start - 1 + length:] if start + length <= len(text) and length > 0 else ""
    return text[:start - 1] + replacement + rest


LONGEST = 1 << 24
"""Characters of a text that a call makes of a number: beyond that it is a mistake, which would take all memory."""


def _in_bounds(name: str, length: int) -> None:
    if length > LONGEST:
        raise RuntimeFault(f"{name} would make a text of {length:,} characters, more than {LONGEST:,}", code="too_long")


def repeated(text: str, times: int) -> str:
    """REPEAT."""
    _in_bounds("REPEAT", len(text) * times)
    return text * max(times, 0)


def pad(text: str, length: int, padding: str, left: bool) -> str | None:
    """LPAD, RPAD; NULL for a negative length or nothing to pad with."""
    if length < 0 or not padding:
        return None
    _in_bounds("LPAD" if left else "RPAD", length)
    missing = max(length - len(text), 0)
    filling = (padding * (missing // len(padding) + 1))[:missing]
    return (filling + text if left else text + filling)[:length] if missing else text[:length]


def initcap(text: str) -> str:
    return re.sub(r"[^\W_]+", lambda word: word[0][0].upper() + word[0][1:].lower(), text)


def translate(text: str | None, source: str | None, target: str | None) -> str | None:
    """Each character of `source` becomes the one of `target` at its place, or goes; the first of a repeated one
    counts."""
    if text is None or target is None:
        return None if text is None or source else text
    table: dict[int, str | None] = {}
    for i, character in enumerate(source or ""):
        table.setdefault(ord(character), target[i] if i < len(target) else None)
    return text.translate(table)


def instr(text: str, part: str, start: int = 1, nth: int = 1) -> int:
    """The place (from 1) of the nth occurrence of `part` at or behind `start`, backwards for a negative one; 0 for
    none."""
    if start < 0:
        found = instr(text[::-1], part[::-1], -start, nth)
        return len(text) + 2 - found - len(part) if found else 0
    place = start - 1
    for _ in range(nth):
        place = text.find(part, max(place, 0)) + 1
        if place == 0:
            return 0
    return place


def split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def str_to_map(text: str, pairs: str = ",", assignment: str = "=") -> dict[str, str | None]:
    """Texts such as a=1,b=2 as a map; both separators are regular expressions."""
    from engine.expressions.functions.regexp import compiled

    items = compiled(pairs).split(text)
    split_pairs = [compiled(assignment).split(item, maxsplit=1) for item in items]
    return {p[0]: p[1] if len(p) > 1 else None for p in split_pairs}


def _charset(name: str) -> str:
    return {"utf-16": "utf-16-be"}.get(name.lower(), name)


def encode(text: str, charset: str) -> bytes | None:
    prefix = b"\xfe\xff" if charset.lower() == "utf-16" else b""
    return prefix + text.encode(_charset(charset), "replace")


def decode(data: bytes, charset: str) -> str | None:
    marked = charset.lower() == "utf-16" and data[:2] in (b"\xfe\xff", b"\xff\xfe")
    return data.decode("utf-16" if marked else _charset(charset), "replace")


def _known_charset(function: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """An unknown charset gives NULL."""

    def run(value: Any, charset: str) -> Any:
        try:
            return function(value, charset)
        except LookupError:
            return None

    return run


def from_base64(value: str | bytes) -> str | None:
    data = value.encode() if isinstance(value, str) else value
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


def to_base64(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def is_decimal(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) is not None


def inet_aton(text: str) -> int | None:
    """An IPv4 address as a number, short forms (a.b, a.b.c) as MySQL has them; NULL for anything else."""
    if not re.fullmatch(r"\d+(\.\d+){0,3}", text, re.ASCII):
        return None
    parts = [int(p) for p in text.split(".")]
    if any(p > 255 for p in parts):
        return None
    number = 0
    for part in parts[:-1]:
        number = number * 256 + part
    return number * 256 ** (5 - len(parts)) + parts[-1]


def inet_ntoa(number: int) -> str | None:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0)) if 0 <= number < 2**32 else None


def java_hash(text: str) -> int:
    """Java's String.hashCode over UTF-16, made positive as Math.abs does."""
    code = 0
    data = text.encode("utf-16-be", "surrogatepass")
    for i in range(0, len(data), 2):
        code = (code * 31 + int.from_bytes(data[i:i + 2], "big")) & 0xFFFFFFFF
    signed = code - 2**32 if code >= 2**31 else code
    return abs(signed) if signed != -(2**31) else signed


def _flag(function: Callable[[str | None], bool]) -> Function:
    infer: Infer = signature(BOOLEAN, "convertible", nullable=False)
    return per_row(infer, function, strict=False)


def _infer_pairs(arguments: Arguments) -> DataType:
    words = ("string",) * (1 if len(arguments.values) == 1 else 3)
    return signature(MAP(STRING, STRING), *words)(arguments)


_TEXT1 = signature(STRING, "string")
_PADDED = signature(STRING, "string", "int", "string")
FUNCTIONS: dict[str, Function] = {
    "REPEAT": per_row(signature(STRING, "string", "int"), repeated, fallible=True),
    "LPAD": per_row(_PADDED, lambda s, n, p: pad(s, n, p, True), fallible=True),
    "RPAD": per_row(_PADDED, lambda s, n, p: pad(s, n, p, False), fallible=True),
    "REPLACE": per_row(signature(STRING, "string", "string", "string"), lambda s, a, b: s.replace(a, b)),
    "OVERLAY": per_row(signature(STRING, "string", "string", "int", "int?"), overlay),
    "INITCAP": per_row(_TEXT1, initcap),
    "TRANSLATE": per_row(signature(STRING, "string", "string", "string"), translate, strict=False),
    "INSTR": per_row(signature(INT, "string", "string", "int?", "int?"), instr),
    "ASCII": per_row(signature(INT, "string"), lambda s: s.encode()[0] if s else 0),
    "CHR": per_row(signature(STRING, "bigint", nullable=True), lambda n: chr(n & 255) if n >= 0 else ""),
    "SPLIT": per_row(signature(ARRAY(STRING), "string", "string"), split),
    "STR_TO_MAP": per_row(_infer_pairs, str_to_map),
    "ENCODE": per_row(signature(BYTES, "string", "string", nullable=True), _known_charset(encode)),
    "DECODE": per_row(signature(STRING, "bytes", "string"), _known_charset(decode)),
    "FROM_BASE64": per_row(signature(STRING, "data"), from_base64),
    "TO_BASE64": per_row(signature(STRING, "data"), to_base64),
    "IS_ALPHA": _flag(lambda s: bool(s) and s is not None and all(c.isalpha() for c in s)),
    "IS_DIGIT": _flag(lambda s: bool(s) and s is not None and all(c.isdecimal() for c in s)),
    "IS_DECIMAL": _flag(is_decimal),
    "HASH_CODE": per_row(signature(INT, "string"), java_hash),
    "INET_ATON": per_row(signature(BIGINT, "string", nullable=True), inet_aton),
    "INET_NTOA": per_row(signature(STRING, "bigint", nullable=True), inet_ntoa),
}
