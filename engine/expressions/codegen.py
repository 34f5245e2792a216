"""A chain of a filter and projections as the source of one Numba kernel: a loop over rows, written from our own trees.

Only what is of fixed width and can be written plainly qualifies: integers, floats, booleans, dates, times, DECIMALs
of at most 18 digits, equality with short strings; NULLs are a second variable per value; AND, OR, CASE and COALESCE are
branches, so a part that can fail is reached exactly by the rows that reach it. The interpreter is the reference for
every line here.

    run(n, info, kept, in0, in0v, ..., out0, out0v, ...)

`info` receives the number of rows kept, an error code, and a bit per output that holds a NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite

from engine.changes import DTYPES
from engine.expressions.nodes import Call, Expression, InputRef, Literal
from engine.expressions.rules import INTEGER_DIGITS
from engine.types import APPROXIMATE, DATETIME, INTEGERS, INTERVALS, TIMESTAMPS, DataType, Kind

DIVISION_BY_ZERO = 1
_FIXED = INTEGERS | APPROXIMATE | DATETIME | INTERVALS | {Kind.BOOLEAN}
_COMPARISONS = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ARITHMETIC = frozenset({"+", "-", "*"})


class Unfit(Exception):
    """An expression that has no plain form."""


@dataclass(frozen=True)
class Value:
    """The Python text of a value, and of whether it is present ("True" where it always is)."""

    text: str
    valid: str = "True"


def is_fixed(type: DataType) -> bool:
    """Whether a column of this type is one plain array."""
    return type.kind in _FIXED or (type.kind is Kind.DECIMAL and type.precision <= 18)


def cast_of(type: DataType) -> str:
    """What wraps or widens a number to a type."""
    name = "int64" if type.kind is Kind.DECIMAL else DTYPES[type.kind].__name__
    return f"np.{name}"


@dataclass
class Writer:
    """Writes the body of the loop. Each expression becomes statements and a `Value`; equal ones are written once a
    scope."""

    lines: list[str] = field(default_factory=list)
    inputs: dict[int, DataType] = field(default_factory=dict)
    depth: int = 2
    names: int = 0
    scopes: list[dict[Expression, Value]] = field(default_factory=lambda: [{}])

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def fresh(self) -> str:
        self.names += 1
        return f"x{self.names}"

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.emit(head)
        self.depth += 1
        self.scopes.append({})
        mark = len(self.lines)
        yield
        if len(self.lines) == mark:
            self.emit("pass")
        self.scopes.pop()
        self.depth -= 1

    def value(self, expression: Expression) -> Value:
        """Writes an expression; `Unfit` where it has no plain form."""
        for scope in self.scopes:
            if expression in scope:
                return scope[expression]
        found = self._write(expression)
        self.scopes[-1][expression] = found
        return found

    def _write(self, expression: Expression) -> Value:
        match expression:
            case InputRef():
                return self._input(expression)
            case Literal():
                return _literal(expression)
            case Call():
                writer = WRITERS.get(expression.function)
                if writer is None or not is_fixed(expression.type):
                    raise Unfit(str(expression))
                return writer(self, expression)
        raise Unfit(str(expression))

    def _input(self, ref: InputRef) -> Value:
        if not is_fixed(ref.type):
            raise Unfit(str(ref))
        self.inputs[ref.index] = ref.type
        return Value(f"in{ref.index}[i]", f"in{ref.index}v[i]" if ref.type.nullable else "True")

    def store(self, text: str, valid: str = "True") -> Value:
        """A value computed into a variable; only where it is present, else 0 stands there."""
        name = self.fresh()
        self.emit(f"{name} = {text}")
        return Value(name, valid)

    def both(self, args: Sequence[Expression]) -> tuple[list[Value], str]:
        """The arguments, and whether all of them are present, as a variable where it is computed."""
        values = [self.value(a) for a in args]
        valids = list(dict.fromkeys(v.valid for v in values if v.valid != "True"))
        if len(valids) < 2:
            return values, valids[0] if valids else "True"
        name = self.fresh()
        self.emit(f"{name} = {' and '.join(valids)}")
        return values, name

    def choose(self, name: str, valid: str, value: Value, type: DataType) -> None:
        """Assigns a branch's value to the variables of the whole."""
        self.emit(f"{name} = {cast_of(type)}({value.text})")
        self.emit(f"{valid} = {value.valid}")


def _literal(literal: Literal) -> Value:
    if not is_fixed(literal.type):
        raise Unfit(str(literal))
    type, value = literal.type, literal.value
    if value is None:
        return Value("False" if type.kind is Kind.BOOLEAN else f"{cast_of(type)}(0)", "False")
    if isinstance(value, bool):
        return Value(str(value))
    if isinstance(value, Decimal) and is_fixed(type):
        return Value(f"np.int64({int(value.scaleb(type.scale))})")
    if isinstance(value, float) and is_fixed(type) and isfinite(value):
        return Value(f"{cast_of(type)}({value!r})")
    if isinstance(value, int) and is_fixed(type):
        return Value(f"{cast_of(type)}({value})")
    raise Unfit(str(literal))


def _sum(w: Writer, call: Call) -> Value:
    """+, -, * of numbers, moments and intervals of one width."""
    a, b = (x.type for x in call.args)
    if call.type.kind is Kind.DECIMAL:
        return _decimals(w, call)
    kinds = {a.kind, b.kind}
    moments = call.function != "*" and Kind.INTERVAL_MONTHS not in kinds and kinds & TIMESTAMPS
    same = a.kind is b.kind is call.type.kind and a.kind not in DATETIME
    if not same and not (moments and call.type.kind in kinds):
        raise Unfit(str(call))
    values, valid = w.both(call.args)
    return w.store(f"{cast_of(call.type)}({values[0].text} {call.function} {values[1].text})", valid)


def _decimals(w: Writer, call: Call) -> Value:
    a, b = (x.type for x in call.args)
    if call.type.precision > 18 or not (a.is_decimal and b.is_decimal):
        raise Unfit(str(call))
    values, valid = w.both(call.args)
    if call.function == "*":
        return w.store(f"{values[0].text} * {values[1].text}", valid)
    scale = call.type.scale
    left, right = (f"{v.text} * {10 ** (scale - t.scale)}" for v, t in zip(values, (a, b), strict=True))
    return w.store(f"{left} {call.function} {right}", valid)


def _ratio(w: Writer, call: Call) -> Value:
    """/ and %: of integers with a check of the divisor, of doubles as they are."""
    a, b = (x.type for x in call.args)
    if a.kind is not b.kind or a.kind not in INTEGERS | APPROXIMATE or isinstance(call.args[1], Literal) and (
            call.args[1].value in (0, None)):
        raise Unfit(str(call))
    values, valid = w.both(call.args)
    x, y = (v.text for v in values)
    if a.kind in APPROXIMATE:
        return w.store(f"{cast_of(call.type)}({f'{x} / {y}' if call.function == '/' else f'np.fmod({x}, {y})'})", valid)
    name = w.fresh()
    w.emit(f"{name} = {cast_of(call.type)}(0)")
    with w.block(f"if {valid}:"):
        with w.block(f"if {y} == 0:"):
            w.emit(f"info[1] = {DIVISION_BY_ZERO}")
            w.emit("return")
        helper = "quotient" if call.function == "/" else "remainder"
        w.emit(f"{name} = {cast_of(call.type)}({helper}(np.int64({x}), np.int64({y})))")
    return Value(name, valid)


def _short_text(expression: Expression) -> tuple[int, int] | None:
    """A constant of at most 12 bytes as the two words of its view."""
    if not isinstance(expression, Literal) or not isinstance(expression.value, str):
        return None
    data = expression.value.encode()
    if len(data) > 12:
        return None
    record = len(data).to_bytes(4, "little") + data.ljust(12, b"\0")
    return int.from_bytes(record[:8], "little"), int.from_bytes(record[8:], "little")


def _same_text(w: Writer, text: Expression, constant: Expression) -> Value:
    """Equality of a column of strings with a short constant: two words."""
    words = _short_text(constant)
    if words is None or not isinstance(text, InputRef):
        raise Unfit(str(text))
    w.inputs[text.index] = text.type
    valid = f"in{text.index}v[i]" if text.type.nullable else "True"
    first, second = (f"in{text.index}[i, {n}] == np.uint64({word})" for n, word in enumerate(words))
    return w.store(f"{first} and {second}", valid)


def _compared(w: Writer, a: Expression, b: Expression, operator: str) -> Value:
    """A comparison; strings only for equality."""
    if a.type.is_string or b.type.is_string:
        if operator not in ("==", "!="):
            raise Unfit(str(a))
        same = _same_text(w, *((a, b) if isinstance(a, InputRef) else (b, a)))
        return same if operator == "==" else w.store(f"not {same.text}", same.valid)
    left, right = "", ""
    if a.type.is_decimal and b.type.is_decimal:
        scale = max(a.type.scale, b.type.scale)
        if max(t.precision - t.scale for t in (a.type, b.type)) + scale > 18:
            raise Unfit(str(a))
        left, right = (f" * {10 ** (scale - t.scale)}" for t in (a.type, b.type))
    elif a.type.kind is not b.type.kind:
        raise Unfit(str(a))
    values, valid = w.both((a, b))
    return w.store(f"{values[0].text}{left} {operator} {values[1].text}{right}", valid)


def _comparison(w: Writer, call: Call) -> Value:
    return _compared(w, call.args[0], call.args[1], _COMPARISONS[call.function])


def _junction(w: Writer, call: Call) -> Value:
    """AND, OR: the next argument is reached where those before have not decided."""
    return _decided(w, [lambda a=a: w.value(a) for a in call.args], call.function == "AND")  # type: ignore[misc]


def _decided(w: Writer, parts: Sequence[Callable[[], Value]], conjunction: bool) -> Value:
    result, valid = w.fresh(), w.fresh()
    first = parts[0]()
    w.emit(f"{result}, {valid} = {first.text}, {first.valid}")
    entered = 0
    for part in parts[1:]:
        w.emit(f"if {result} or not {valid}:" if conjunction else f"if not {result} or not {valid}:")
        w.depth += 1
        w.scopes.append({})
        entered += 1
        value = part()
        decisive = f"{value.valid} and not {value.text}" if conjunction else f"{value.valid} and {value.text}"
        w.emit(f"{valid} = ({valid} and {value.valid}) or ({decisive})")
        w.emit(f"{result} = {result} and {value.text}" if conjunction else f"{result} = {result} or {value.text}")
        w.emit(f"if {decisive}:")
        w.emit(f"    {result} = {not conjunction}")
    for _ in range(entered):
        w.scopes.pop()
        w.depth -= 1
    return Value(result, valid)


def _between(w: Writer, call: Call) -> Value:
    x, low, high = call.args
    return _decided(w, [lambda: _compared(w, x, low, ">="), lambda: _compared(w, x, high, "<=")], True)


def _in(w: Writer, call: Call) -> Value:
    x = call.args[0]
    return _decided(w, [lambda a=a: _compared(w, x, a, "==") for a in call.args[1:]], False)  # type: ignore[misc]


def _not(w: Writer, call: Call) -> Value:
    value = w.value(call.args[0])
    return w.store(f"not {value.text}", value.valid)


def _tested(text: str) -> Callable[[Writer, Call], Value]:
    """IS ...: a test that is never NULL; {x} is the value, {v} whether it is present."""

    def write(w: Writer, call: Call) -> Value:
        arg = call.args[0]
        if isinstance(arg, InputRef) and "{x}" not in text:
            w.inputs[arg.index] = arg.type
            present = f"in{arg.index}v[i]" if arg.type.nullable else "True"
            if not (is_fixed(arg.type) or arg.type.has_views):
                raise Unfit(str(call))
            return w.store(text.format(v=present))
        value = w.value(arg)
        return w.store(text.format(x=value.text, v=value.valid))

    return write


def _case(w: Writer, call: Call) -> Value:
    name, valid = w.fresh(), w.fresh()
    entered = 0
    for condition, result in zip(call.args[:-1:2], call.args[1:-1:2], strict=True):
        test = w.value(condition)
        with w.block(f"if {test.valid} and {test.text}:"):
            w.choose(name, valid, w.value(result), call.type)
        w.emit("else:")
        w.depth += 1
        w.scopes.append({})
        entered += 1
    w.choose(name, valid, w.value(call.args[-1]), call.type)
    for _ in range(entered):
        w.scopes.pop()
        w.depth -= 1
    return Value(name, valid)


def _coalesce(w: Writer, call: Call) -> Value:
    name, valid = w.fresh(), w.fresh()
    w.choose(name, valid, w.value(call.args[0]), call.type)
    for arg in call.args[1:]:
        w.emit(f"if not {valid}:")
        w.depth += 1
        w.scopes.append({})
        w.choose(name, valid, w.value(arg), call.type)
    for _ in call.args[1:]:
        w.scopes.pop()
        w.depth -= 1
    return Value(name, valid)


def _cast(w: Writer, call: Call) -> Value:
    """Between integers and to floats; DECIMALs to more digits behind the point, never beyond their room."""
    source, target = call.args[0].type, call.type
    value = w.value(call.args[0])
    if source.kind in INTEGERS and target.kind in INTEGERS | APPROXIMATE or (
            source.kind in APPROXIMATE and target.kind is Kind.DOUBLE):
        return w.store(f"{cast_of(target)}({value.text})", value.valid)
    digits = source.precision if source.is_decimal else INTEGER_DIGITS.get(source.kind, 99)
    scale = source.scale if source.is_decimal else 0
    grows = target.is_decimal and target.scale >= scale and target.precision - target.scale >= digits - scale
    if grows and target.precision <= 18:
        return w.store(f"np.int64({value.text}) * {10 ** (target.scale - scale)}", value.valid)
    raise Unfit(str(call))


def _negated(w: Writer, call: Call) -> Value:
    value = w.value(call.args[0])
    return w.store(f"{cast_of(call.type)}(-{value.text})", value.valid)


def _absolute(w: Writer, call: Call) -> Value:
    value = w.value(call.args[0])
    return w.store(f"{cast_of(call.type)}(abs({value.text}))", value.valid)


_DAY = 86_400_000_000
_CLOCK = {"HOUR": (3_600_000_000, 24), "MINUTE": (60_000_000, 60), "SECOND": (1_000_000, 60),
          "MILLISECOND": (1000, 1000)}
_FLOORS = {"DAY": _DAY, "HOUR": 3_600_000_000, "MINUTE": 60_000_000, "SECOND": 1_000_000, "MILLISECOND": 1000}


def _unit(expression: Expression) -> str:
    return str(expression.value) if isinstance(expression, Literal) else ""


def _extract(w: Writer, call: Call) -> Value:
    unit, moment = _unit(call.args[0]), call.args[1]
    if unit not in _CLOCK or moment.type.kind not in (Kind.TIMESTAMP, Kind.TIME):
        raise Unfit(str(call))
    size, many = _CLOCK[unit]
    value = w.value(moment)
    return w.store(f"{value.text} % {_DAY} // {size} % {many}", value.valid)


def _floor(w: Writer, call: Call) -> Value:
    if len(call.args) != 2 or call.type.kind is not Kind.TIMESTAMP or _unit(call.args[1]) not in _FLOORS:
        raise Unfit(str(call))
    size = _FLOORS[_unit(call.args[1])]
    value = w.value(call.args[0])
    return w.store(f"{value.text} // {size} * {size}", value.valid)


WRITERS: dict[str, Callable[[Writer, Call], Value]] = {
    **dict.fromkeys(_ARITHMETIC, _sum), "/": _ratio, "%": _ratio, **dict.fromkeys(_COMPARISONS, _comparison),
    "AND": _junction, "OR": _junction, "NOT": _not, "BETWEEN": _between, "IN": _in,
    "IS NULL": _tested("not {v}"), "IS NOT NULL": _tested("{v}"),
    "IS TRUE": _tested("{v} and {x}"), "IS NOT TRUE": _tested("not ({v} and {x})"),
    "IS FALSE": _tested("{v} and not {x}"), "IS NOT FALSE": _tested("not ({v} and not {x})"),
    "CASE": _case, "COALESCE": _coalesce, "CAST": _cast, "NEGATE": _negated, "ABS": _absolute,
    "EXTRACT": _extract, "FLOOR": _floor,
}  # fmt: skip
