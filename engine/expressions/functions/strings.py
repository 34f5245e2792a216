"""String functions that run as kernels: length, parts, trimming, concatenation, case, search, LIKE."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column, merge_owners
from engine.errors import UserError
from engine.expressions.functions.base import Arguments, Constant, Context, Evaluate, Function
from engine.expressions.functions.rows import per_row
from engine.expressions.functions.signatures import PARAMETERS, accept, bad_arguments, signature
from engine.expressions.rules import common_type
from engine.types import BOOLEAN, BYTES, INT, MAX_LENGTH, STRING, DataType, Kind, is_nullable

EVERYTHING = 2**31 - 1


def _length(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.kernels import strings

    return Column(type, strings.lengths(args[0].values))


def _octets(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return Column(type, (args[0].values[:, 0] & np.uint64(0xFFFFFFFF)).astype(np.int32))


def cut(column: Column, type: DataType, starts: Array, counts: Array) -> Column:
    """SUBSTRING of a column, by characters of a string or bytes."""
    from engine.expressions.kernels import strings

    views, valid = strings.substrings(column.values, starts, counts, column.type.is_bytes)
    return Column(type, views, None if valid.all() else valid, column.owners)


def _substring(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    counts = args[2].values if len(args) > 2 else np.full(length, EVERYTHING)
    return cut(args[0], type, args[1].values, counts)


def _left(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return cut(args[0], type, np.ones(length, np.int64), np.maximum(args[1].values, 0))


def _right(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.kernels import strings

    sizes = strings.lengths(args[0].values).astype(np.int64)
    counts = np.clip(args[1].values, 0, sizes)
    return cut(args[0], type, sizes - counts + 1, counts)


def _trimming(left: bool, right: bool) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        from engine.expressions.kernels import strings
        from engine.expressions.values import constant

        sets = args[1] if len(args) > 1 else constant(STRING, " ", length)
        return Column(type, strings.trims(args[0].values, sets.values, left, right), None, args[0].owners)

    return evaluate


def _trim(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    """TRIM(symbol side, characters, text), or TRIM(text)."""
    if len(args) < 3:
        return _trimming(True, True)(args, type, length, context)
    side = args[0].scalar if isinstance(args[0], Constant) else "BOTH"
    return _trimming(side != "TRAILING", side != "LEADING")((args[2], args[1]), type, length, context)


def _infer_trim(arguments: Arguments) -> DataType:
    words = ("symbol", "string", "string") if len(arguments.values) == 3 else ("string", "string?")
    return signature(STRING, *words)(arguments)


def joined(parts: Sequence[Column], type: DataType) -> Column:
    """The texts of each row one after another."""
    from engine.expressions.kernels import strings

    views, memory = strings.concatenated([p.values for p in parts])
    return Column(type, views, None, (memory,))


def _concat(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return joined(args, type)


def _concat_ws(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    """NULL texts are left out; a NULL separator gives NULL."""
    from engine.expressions.kernels import strings

    separator, parts = args[0], []
    started = np.zeros(length, np.bool_)
    for text in args[1:]:
        present = text.valid()
        parts.append(np.where((present & started)[:, None], separator.values, np.uint64(0)))
        parts.append(np.where(present[:, None], text.values, np.uint64(0)))
        started |= present
    views, memory = strings.concatenated(parts) if parts else (np.zeros((length, 2), np.uint64), None)
    return Column(type, views, separator.validity, (memory, *merge_owners(a.owners for a in args)))


def _infer_concat(arguments: Arguments) -> DataType:
    """|| and CONCAT: of strings, or of bytes."""
    if len(arguments.values) < 1:
        raise bad_arguments(arguments, "it takes at least 1 argument")
    types = arguments.types
    if all(t.is_bytes or t.kind is Kind.NULL for t in types) and any(t.is_bytes for t in types):
        return BYTES.as_nullable(is_nullable(*types))
    for i in range(len(types)):
        accept(arguments, i, PARAMETERS["string"])
    return STRING.as_nullable(is_nullable(*types))


def _infer_pipes(arguments: Arguments) -> DataType:
    type = _infer_concat(arguments)
    types = arguments.types
    if len(types) == 2 and type.is_string and all(t.is_string for t in types):
        kind = Kind.CHAR if all(t.kind is Kind.CHAR for t in types) else Kind.VARCHAR
        return DataType(kind, nullable=type.nullable, length=min(MAX_LENGTH, sum(t.length for t in types)))
    return type


def _casing(upper: bool) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        from engine.expressions.kernels import strings
        from engine.expressions.values import column_from_python, texts

        done = strings.recased(args[0].values, upper)
        if done is not None:
            return Column(type, done[0], None, (done[1],))
        return column_from_python(type, [t.upper() if upper else t.lower() for t in texts(args[0])])

    return evaluate


def _position(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    """POSITION(a IN b), LOCATE(a, b[, first])."""
    from engine.expressions.kernels import search

    first = args[2].values if len(args) > 2 else np.ones(length, np.int64)
    return Column(type, search.positions(args[1].values, args[0].values, first))


def _affix(at_end: bool) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        from engine.expressions.kernels import search

        return Column(type, search.has_affix(args[0].values, args[1].values, at_end))

    return evaluate


def _infer_affix(arguments: Arguments) -> DataType:
    kinds = "bytes" if any(t.is_bytes for t in arguments.types) else "string"
    return signature(BOOLEAN, kinds, kinds)(arguments)


def like_tokens(pattern: str, escape: str | None) -> list[int]:
    """A LIKE pattern as the kernel's tokens; UserError "bad_escape"."""
    from engine.expressions.kernels import search

    tokens: list[int] = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            character = next(characters, "")
            if character not in ("%", "_", escape):
                raise UserError("bad_escape", f"Invalid escape sequence '{pattern}'")
            tokens.extend(character.encode())
        elif character in "%_":
            tokens.append(search.ANY_TEXT if character == "%" else search.ANY_CHARACTER)
        else:
            tokens.extend(character.encode())
    return tokens


def _like(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.functions.rows import python_values
    from engine.expressions.kernels import search

    escapes = [_escape(a) for a in args[2:]] or [None]
    if isinstance(args[1], Constant) and isinstance(args[1].scalar, str):
        return Column(type, search.like(args[0].values, like_tokens(args[1].scalar, escapes[0])))
    found = np.zeros(length, np.bool_)
    for row, pattern in enumerate(python_values(args[1])):
        found[row] = search.like(args[0].values[row:row + 1], like_tokens(pattern, escapes[0]))[0]
    return Column(type, found)


def _escape(column: Column) -> str | None:
    from engine.expressions.values import texts

    found = column.scalar if isinstance(column, Constant) else next(iter(texts(column)), None)
    if isinstance(found, str) and len(found) != 1:
        raise UserError("bad_escape", f"Invalid escape character '{found}'")
    return found if isinstance(found, str) else None


def _split_index(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.kernels import search
    from engine.expressions.values import column_from_python

    separators = args[1]
    if separators.type.is_integer:
        codes = [chr(c) if 0 < c < 256 else None for c in separators.values.tolist()]
        separators = column_from_python(STRING, codes)
    views, found = search.parts(args[0].values, separators.values, args[2].values)
    if separators.validity is not None:
        found &= separators.validity
    return Column(type, views, found, args[0].owners)


def _infer_split_index(arguments: Arguments) -> DataType:
    second = arguments.types[1] if len(arguments.values) == 3 else STRING
    return signature(STRING, "string", "int" if second.is_integer else "string", "int", nullable=True)(arguments)


def _infer_elt(arguments: Arguments) -> DataType:
    if len(arguments.values) < 2:
        raise bad_arguments(arguments, "it takes at least 2 arguments")
    accept(arguments, 0, PARAMETERS["bigint"])
    type = common_type(arguments.types[1:])
    if type is None or not (type.is_string or type.is_bytes):
        raise bad_arguments(arguments, "the values must be all strings or all bytes")
    arguments.coercions.update(dict.fromkeys(range(1, len(arguments.values)), type))
    return type.as_nullable()


def _elt(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    values, validity = np.zeros((length, 2), np.uint64), np.zeros(length, np.bool_)
    for i, column in enumerate(args[1:], start=1):
        chosen = (args[0].values == i) & args[0].valid()
        np.copyto(values, column.values, where=chosen[:, None])
        validity |= chosen & column.valid()
    return Column(type, values, validity, merge_owners(a.owners for a in args))


_POSITION = Function(signature(INT, "string", "string", "int?"), _position)
FUNCTIONS: dict[str, Function] = {
    "CHAR_LENGTH": Function(signature(INT, "string"), _length),
    "CHARACTER_LENGTH": Function(signature(INT, "string"), _length, name="CHAR_LENGTH"),
    "OCTET_LENGTH": Function(signature(INT, "data"), _octets),
    "SUBSTRING": Function(signature(STRING, "string", "int", "int?", nullable=True), _substring),
    "SUBSTR": Function(signature(STRING, "string", "int", "int?", nullable=True), _substring, name="SUBSTRING"),
    "LEFT": Function(signature(STRING, "string", "int", nullable=True), _left),
    "RIGHT": Function(signature(STRING, "string", "int", nullable=True), _right),
    "TRIM": Function(_infer_trim, _trim),
    "BTRIM": Function(signature(STRING, "string", "string?"), _trimming(True, True)),
    "LTRIM": Function(signature(STRING, "string", "string?"), _trimming(True, False)),
    "RTRIM": Function(signature(STRING, "string", "string?"), _trimming(False, True)),
    "||": Function(_infer_pipes, _concat),
    "CONCAT": Function(_infer_concat, _concat),
    "CONCAT_WS": Function(signature(STRING, "string", "string..."), _concat_ws, strict=False),
    "UPPER": Function(signature(STRING, "string"), _casing(True)),
    "LOWER": Function(signature(STRING, "string"), _casing(False)),
    "POSITION": _POSITION,
    "LOCATE": _POSITION,
    "STARTSWITH": Function(_infer_affix, _affix(False)),
    "ENDSWITH": Function(_infer_affix, _affix(True)),
    "LIKE": Function(signature(BOOLEAN, "string", "string", "string?"), _like, fallible=True),
    "SPLIT_INDEX": Function(_infer_split_index, _split_index),
    "ELT": Function(_infer_elt, _elt, strict=False),
    "REVERSE": per_row(signature(STRING, "string"), lambda s: s[::-1]),
}  # fmt: skip
