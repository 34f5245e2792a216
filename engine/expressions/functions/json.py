"""JSON functions: IS JSON, JSON_EXISTS, _VALUE, _QUERY, _OBJECT, _ARRAY, _STRING, _QUOTE, _UNQUOTE. Per row."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.changes import Column
from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.base import Arguments, Constant, Context, Function
from engine.expressions.functions.rows import PerRow, per_row, python_values
from engine.expressions.functions.signatures import bad_arguments, constant_of, signature
from engine.expressions.jsonpath import Path, PathError, Raw, follow, parse_json, parse_path, quoted, to_json
from engine.expressions.nodes import Call, Expression, Literal
from engine.types import BOOLEAN, STRING, DataType, Kind

_JSON_CALLS = frozenset({"JSON_OBJECT BUILT", "JSON_ARRAY BUILT", "JSON"})


def _is_json(text: str | None, kind: str = "VALUE") -> bool:
    if text is None:
        return False
    try:
        value = parse_json(text)
    except PathError:
        return False
    shapes = {"OBJECT": dict, "ARRAY": list}
    if kind in shapes:
        return isinstance(value, shapes[kind])
    return kind == "VALUE" or not isinstance(value, (dict, list))


def _led(text: str, path: Path) -> Any:
    """What a path leads to in a text; to a lax one, a text that is no JSON is empty."""
    try:
        value = parse_json(text)
    except PathError:
        if path.strict:
            raise
        return None
    return follow(value, path)


def _exists(text: str, path: str, on_error: str = "FALSE") -> bool | None:
    try:
        return _led(text, parse_path(path)) is not None
    except PathError as error:
        if on_error == "ERROR":
            raise RuntimeFault(str(error), code="json") from None
        return {"TRUE": True, "FALSE": False}.get(on_error)


def _scalar_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_type(value: Any, type: DataType) -> Any:
    """A JSON scalar as RETURNING wants it; PathError where it does not fit."""
    try:
        match type.kind:
            case Kind.BOOLEAN:
                return value if isinstance(value, bool) else {"true": True, "false": False}[_scalar_text(value).lower()]
            case Kind.TINYINT | Kind.SMALLINT | Kind.INT | Kind.BIGINT:
                return int(Decimal(_scalar_text(value)))
            case Kind.FLOAT | Kind.DOUBLE:
                return float(_scalar_text(value))
            case Kind.DECIMAL:
                return Decimal(_scalar_text(value))
    except (ValueError, KeyError, InvalidOperation):
        raise PathError(f"{value!r} is no {type.as_nullable()}") from None
    return _scalar_text(value)


def _infer_value(arguments: Arguments) -> DataType:
    if len(arguments.values) not in (2, 7):
        raise bad_arguments(arguments, "it takes a text and a path")
    type = arguments.types[2] if len(arguments.values) == 7 else STRING
    for i in (4, 6):
        if len(arguments.values) == 7 and constant_of(arguments, i - 1) == "DEFAULT" or len(arguments.values) == 7:
            arguments.coercions[i] = type
    signature(STRING, "string", "string", *(["any"] * 5 if len(arguments.values) == 7 else []))(_head(arguments, 2))
    return type.as_nullable()


def _head(arguments: Arguments, count: int) -> Arguments:
    """The first arguments, padded with nothing: what `signature` may check of a call with odd arguments."""
    rest = tuple(Literal(STRING, None) for _ in arguments.values[count:])
    return replace(arguments, values=arguments.values[:count] + rest, coercions={})


def _behave(mode: str, default: Any, message: str) -> Any:
    """ON EMPTY, ON ERROR."""
    if mode == "ERROR":
        raise RuntimeFault(message, code="json")
    return default if mode == "DEFAULT" else None


def _value(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import column_from_python

    full = list(args) if len(args) == 7 else None
    empty, error = (_word(full[3]), _word(full[5])) if full else ("NULL", "NULL")
    nothing = [(None, None)] * length
    defaults = zip(python_values(full[4]), python_values(full[6]), strict=True) if full else nothing

    def one(text: str | None, path: str | None, on_empty: Any, on_error: Any) -> Any:
        if text is None or path is None:
            return None
        parsed = parse_path(path)
        try:
            found = _led(text, parsed)
            composite = isinstance(found, (dict, list))
            if composite and parsed.strict:
                raise PathError("Strict jsonpath mode requires scalar value")
            if found is not None and not composite:
                return _as_type(found, type)
        except PathError as fault:
            return _behave(error, on_error, str(fault))
        return _behave(empty, on_empty, "Empty result of JSON_VALUE function is not allowed")

    rows = zip(python_values(args[0]), python_values(args[1]), defaults, strict=True)
    return column_from_python(type, [one(text, path, *both) for text, path, both in rows])


def _word(column: Column) -> str:
    return str(column.scalar) if isinstance(column, Constant) else "NULL"


def _infer_query(arguments: Arguments) -> DataType:
    if len(arguments.values) not in (2, 6):
        raise bad_arguments(arguments, "it takes a text and a path")
    type = arguments.types[2] if len(arguments.values) == 6 else STRING
    if type.kind is Kind.ARRAY:
        if type.element is None or not type.element.is_string:
            raise bad_arguments(arguments, f"Unsupported type '{type}' in RETURNING")
        for position, name in ((4, "empty"), (5, "error")):
            if constant_of(arguments, position) == "EMPTY_OBJECT":
                raise bad_arguments(arguments, f"Illegal on {name} behavior 'EMPTY OBJECT' for return type: {type}")
    elif not type.is_string:
        raise bad_arguments(arguments, f"Unsupported type '{type}' in RETURNING")
    signature(STRING, "string", "string", *(["any"] * 4 if len(arguments.values) == 6 else []))(_head(arguments, 2))
    return type.as_nullable()


def _query(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import column_from_python

    wrapper, empty, error = (_word(a) for a in args[3:]) if len(args) == 6 else ("WITHOUT", "NULL", "NULL")
    as_array = type.kind is Kind.ARRAY

    def behave(mode: str, message: str) -> Any:
        if mode == "EMPTY_ARRAY":
            return [] if as_array else "[]"
        return "{}" if mode == "EMPTY_OBJECT" else _behave(mode, None, message)

    def one(text: str | None, path: str | None) -> Any:
        if text is None or path is None:
            return None
        parsed = parse_path(path)
        try:
            found = _led(text, parsed)
            wraps = wrapper == "UNCONDITIONAL" or (wrapper == "CONDITIONAL" and not isinstance(found, list))
            found = [found] if wraps and found is not None else found
            composite = isinstance(found, (dict, list))
            if parsed.strict and not composite and found is not None:
                raise PathError("Strict jsonpath mode requires array or object value")
            if as_array and isinstance(found, list):
                return [v if v is None or isinstance(v, str) else to_json(v) for v in found]
            if composite and not as_array:
                return to_json(found)
            if composite:
                raise PathError("the value is no array")
        except PathError as fault:
            return behave(error, str(fault))
        return behave(empty, "Empty result of JSON_QUERY function is not allowed")

    rows = zip(python_values(args[0]), python_values(args[1]), strict=True)
    return column_from_python(type, [one(text, path) for text, path in rows])


def json_values(column: Column, context: Context) -> list[Any]:
    """A column's values as `to_json` takes them: dates as text, bytes as base64, rows by field name."""
    from engine.expressions.functions.rendering import texts_of
    from engine.expressions.values import blobs, column_to_internal, texts

    type = column.type
    match type.kind:
        case Kind.ROW:
            parts = [json_values(c, context) for c in column.children]
            names = [f.name for f in type.fields]
            values: list[Any] = [dict(zip(names, row, strict=True)) for row in zip(*parts, strict=True)]
        case Kind.ARRAY:
            inner, ends = json_values(column.children[0], context), column.values.tolist()
            values = [inner[a:b] for a, b in zip(ends, ends[1:], strict=False)]
        case Kind.MAP | Kind.MULTISET:
            keys, inner = texts_of(column.children[0], context), json_values(column.children[1], context)
            ends = column.values.tolist()
            values = [dict(zip(keys[a:b], inner[a:b], strict=True)) for a, b in zip(ends, ends[1:], strict=False)]
        case Kind.TIMESTAMP | Kind.TIMESTAMP_LTZ:
            utc = replace(context, zone="UTC")
            suffix = "Z" if type.kind is Kind.TIMESTAMP_LTZ else ""
            values = [None if t is None else t.replace(" ", "T") + suffix for t in texts_of(column, utc)]
        case Kind.BINARY | Kind.VARBINARY:
            values = [base64.b64encode(b).decode() for b in blobs(column)]
        case Kind.VARIANT:
            values = [Raw(t) for t in texts(column)]
        case Kind.DATE | Kind.TIME | Kind.INTERVAL_MONTHS | Kind.INTERVAL_TIME:
            values = texts_of(column, context)
        case _:
            return column_to_internal(column)
    if column.validity is None:
        return values
    return [v if ok else None for v, ok in zip(values, column.validity.tolist(), strict=True)]


def _string(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import column_from_python

    return column_from_python(type, [to_json(v) for v in json_values(args[0], context)])


def _checked(text: str | None) -> str | None:
    """JSON(text): the text as JSON, blank text as null; RuntimeFault where it is none."""
    if text is None or not text.strip():
        return None
    try:
        return to_json(parse_json(text))
    except PathError:
        raise RuntimeFault(f"Invalid JSON string in JSON(value) function: {text}", code="json") from None


def _outside(text: str | None) -> str | None:
    raise UserError("bad_arguments", "The JSON() function is currently only supported inside JSON_ARRAY() or as the "
                                     "VALUE param of JSON_OBJECT()")


def _checked_call(value: Expression) -> Expression:
    return replace(value, function="JSON CHECKED") if isinstance(value, Call) and value.function == "JSON" else value


def _construct(name: str) -> Callable[[Arguments], Expression]:
    """Binds JSON_OBJECT, JSON_ARRAY: remembers which arguments are JSON already, in a symbol of v and j per
    argument."""

    def expand(arguments: Arguments) -> Expression:
        from engine.expressions.functions import symbol

        behaviour, values = arguments.values[0], list(arguments.values[1:])
        if behaviour.type.kind is not Kind.SYMBOL:
            raise bad_arguments(arguments, "the first argument says what NULL becomes")
        if name == "JSON_OBJECT" and len(values) % 2:
            raise bad_arguments(arguments, "it takes keys with values")
        if name == "JSON_OBJECT":
            for key in values[::2]:
                if not key.type.is_string:
                    raise bad_arguments(arguments, "keys are strings")
        marks = "".join("j" if isinstance(v, Call) and v.function in _JSON_CALLS else "v" for v in values)
        values = [_checked_call(v) for v in values]
        return Call(STRING.as_nullable(False), function=f"{name} BUILT", args=(behaviour, symbol(marks), *values),
                    nodes=frozenset().union(*(v.nodes for v in values)))

    return expand


def _parts(args: Sequence[Column], context: Context) -> tuple[bool, list[list[Any]]]:
    """Whether NULLs are left out, and the values per argument."""
    marks = _word(args[1])
    columns = []
    for mark, column in zip(marks, args[2:], strict=True):
        values = json_values(column, context)
        columns.append([None if v is None else Raw(v) for v in values] if mark == "j" else values)
    return _word(args[0]) == "ABSENT", columns


def _object(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import column_from_python

    absent, parts = _parts(args, context)
    rows = zip(*parts, strict=True) if parts else ((),) * length
    built = [{k: v for k, v in zip(row[::2], row[1::2], strict=True) if v is not None or not absent} for row in rows]
    return column_from_python(type, [to_json(one) for one in built])


def _array(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import column_from_python

    absent, parts = _parts(args, context)
    rows = zip(*parts, strict=True) if parts else ((),) * length
    return column_from_python(type, [to_json([v for v in row if v is not None or not absent]) for row in rows])


def _quote(text: str) -> str:
    """A text as a JSON string in ASCII."""
    inner = quoted(text).replace("/", "\\/")
    return re.sub(r"[^\x00-\x7f]", lambda m: _units(m[0]), inner)


def _units(character: str) -> str:
    data = character.encode("utf-16-be")
    return "".join(f"\\u{data[i:i + 2].hex()}" for i in range(0, len(data), 2))


_UNESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _unquote(text: str) -> str:
    """The inside of a text in quotes with its escapes resolved; any other text, or a wrong escape, stays as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    out, i, inside = [], 0, text[1:-1]
    while i < len(inside):
        if inside[i] != "\\":
            out.append(inside[i])
            i += 1
            continue
        letter, code = inside[i + 1:i + 2], inside[i + 2:i + 6]
        if letter == "u" and re.fullmatch("[0-9a-fA-F]{4}", code):
            out.append(chr(int(code, 16)))
            i += 6
        elif letter in _UNESCAPES and letter:
            out.append(_UNESCAPES[letter])
            i += 2
        else:
            return text
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _never(arguments: Arguments) -> DataType:
    raise bad_arguments(arguments)


_JSON = signature(STRING, "string")
FUNCTIONS: dict[str, Function] = {
    "IS JSON": per_row(signature(BOOLEAN, "string", "symbol?", nullable=False), _is_json, strict=False),
    "JSON_EXISTS": per_row(signature(BOOLEAN, "string", "string", "symbol?", nullable=True), _exists, fallible=True),
    "JSON_VALUE": PerRow(_infer_value, _value, strict=False, fallible=True),
    "JSON_QUERY": PerRow(_infer_query, _query, strict=False, fallible=True),
    "JSON_STRING": PerRow(signature(STRING, "plain"), _string, dense=True),
    "JSON_OBJECT": Function(_never, expand=_construct("JSON_OBJECT")),
    "JSON_ARRAY": Function(_never, expand=_construct("JSON_ARRAY")),
    "JSON_OBJECT BUILT": PerRow(_never, _object, strict=False),
    "JSON_ARRAY BUILT": PerRow(_never, _array, strict=False),
    "JSON": per_row(_JSON, _outside, strict=False, fallible=True),
    "JSON CHECKED": per_row(_JSON, _checked, strict=False, fallible=True),
    "JSON_QUOTE": per_row(_JSON, _quote),
    "JSON_UNQUOTE": per_row(_JSON, _unquote),
}
