"""Data types: text to `exp.DataType`."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokens import TokenType

from engine.sql.dialect.cursor import Cursor
from engine.sql.dialect.keywords import INTERVAL_UNITS
from engine.sql.dialect.nodes import Field, UnitPrecision

D = exp.DType

_PLAIN = {
    "BOOLEAN": D.BOOLEAN, "TINYINT": D.TINYINT, "SMALLINT": D.SMALLINT, "INT": D.INT, "INTEGER": D.INT,
    "BIGINT": D.BIGINT, "FLOAT": D.FLOAT, "REAL": D.FLOAT, "DATE": D.DATE, "STRING": D.TEXT, "BYTES": D.BLOB,
    "VARIANT": D.VARIANT, "NULL": D.NULL,
}
_SIZED = {  # word -> type, how many numbers may follow in parentheses
    "CHAR": (D.CHAR, 1), "CHARACTER": (D.CHAR, 1), "VARCHAR": (D.VARCHAR, 1), "BINARY": (D.BINARY, 1),
    "VARBINARY": (D.VARBINARY, 1), "DECIMAL": (D.DECIMAL, 2), "DEC": (D.DECIMAL, 2), "NUMERIC": (D.DECIMAL, 2),
    "TIMESTAMP_LTZ": (D.TIMESTAMPLTZ, 1),
}
_VARYING = {D.CHAR: D.VARCHAR, D.BINARY: D.VARBINARY}
_NAMED = ("DESCRIPTOR", "BITMAP")
TYPE_NAMES = (*_PLAIN, *_SIZED, "TIME", "TIMESTAMP", "DOUBLE", "INTERVAL", "ARRAY", "MULTISET", "MAP", "ROW", "BITMAP")
"""The types that can be written."""


class TypeParser(Cursor):
    """The grammar of types."""

    def data_type(self) -> exp.DataType:
        """A type with its nullability and any number of ARRAY or MULTISET behind it."""
        start = self.token
        node = self._nullability(self._type_name())
        while suffix := self.accept_any("ARRAY", "MULTISET"):
            node = self._nullability(_collection(suffix, [node]))
        return self.placed(node, start)

    def _nullability(self, node: exp.DataType) -> exp.DataType:
        if self.accept("NOT", "NULL"):
            node.set("nullable", False)
        elif self.word == "NULL" and self.ahead().word != "ON":  # RETURNING INT NULL ON EMPTY
            self.advance()
            node.set("nullable", True)
        return node

    def _type_name(self) -> exp.DataType:
        word = self.word
        if word in _PLAIN:
            self.advance()
            return exp.DataType(this=_PLAIN[word])
        if word in _SIZED:
            return self._sized(*_SIZED[word])
        if word in ("TIME", "TIMESTAMP"):
            return self._time(D.TIME if word == "TIME" else D.TIMESTAMP)
        if word == "DOUBLE":
            self.advance()
            self.accept("PRECISION")
            return exp.DataType(this=D.DOUBLE)
        if word == "INTERVAL":
            self.advance()
            return exp.DataType(this=exp.Interval(unit=self.interval_unit()))
        return self._composed(word)

    def _composed(self, word: str) -> exp.DataType:
        if word in ("ARRAY", "MULTISET", "MAP"):
            self.advance()
            self.expect("<")
            parts = self.listed(self.data_type)
            self.expect(">")
            if len(parts) != (2 if word == "MAP" else 1):
                self.fail_at(self.ahead(-1), f"{word} takes {'two types' if word == 'MAP' else 'one type'}")
            return _collection(word, parts)
        if word == "ROW":
            self.advance()
            return exp.DataType(this=D.STRUCT, expressions=self._fields(), nested=True)
        if word in ("RAW", "STRUCTURED"):
            return self._classed(word)
        if word in _NAMED:
            self.advance()
            return exp.DataType(this=D.USERDEFINED, kind=word)
        if not self.is_name:
            self.fail("a data type")
        path = self.path()
        return exp.DataType(this=D.USERDEFINED, kind=exp.Dot.build([*path]) if len(path) > 1 else path[0])

    def _sized(self, kind: exp.DType, count: int) -> exp.DataType:
        self.advance()
        if kind in _VARYING and self.accept("VARYING"):
            kind = _VARYING[kind]
        node = exp.DataType(this=kind)
        if self.word == "(":
            numbers = self.parenthesised(self.integer)
            if len(numbers) > count:
                self.fail_at(self.ahead(-1), "too many numbers for this type")
            node.set("expressions", [exp.DataTypeParam(this=number) for number in numbers])
        return node

    def _time(self, kind: exp.DType) -> exp.DataType:
        node = self._sized(kind, 1)
        if self.accept("WITHOUT"):
            self.expect("TIME", "ZONE")
        elif self.accept("WITH"):
            local = self.accept("LOCAL")
            self.expect("TIME", "ZONE")
            if kind is D.TIME:
                self.fail_at(self.ahead(-1), "TIME has no time zone")
            node.set("this", D.TIMESTAMPLTZ if local else D.TIMESTAMPTZ)
        return node

    def _fields(self) -> list[Field]:
        close = ">" if self.accept("<") else ")"
        if close == ")":
            self.expect("(")
        if close == ">" and self.word == "<>":
            self.advance()
            return []
        fields = [] if self.word == close else self.listed(self._field)
        self.expect(close)
        return fields

    def _field(self) -> Field:
        start = self.token
        name = self.name()
        kind = self.data_type()
        comment = self.string() if self.token.token_type is TokenType.STRING else None
        return self.placed(Field(this=name, kind=kind, comment=comment), start)

    def _classed(self, word: str) -> exp.DataType:
        """`RAW('class', 'serializer')` and `STRUCTURED<'class', field type, ...>`."""
        self.advance()
        if word == "RAW":
            return exp.DataType(this=D.USERDEFINED, kind=word, expressions=self.parenthesised(self.string))
        self.expect("<")
        parts: list[exp.Expression] = [self.string()]
        while self.accept(","):
            parts.append(self._field())
        self.expect(">")
        return exp.DataType(this=D.USERDEFINED, kind=word, expressions=parts)

    def interval_unit(self) -> exp.Expression:
        """`DAY`, `DAY(3)`, `DAY TO SECOND(3)`: a Var, UnitPrecision, or IntervalSpan of those."""
        start = self._unit()
        if not self.accept("TO"):
            return start
        return exp.IntervalSpan(this=start, expression=self._unit())

    def _unit(self) -> exp.Expression:
        if self.word not in INTERVAL_UNITS:
            self.fail("a unit of time")
        unit = exp.Var(this=INTERVAL_UNITS[self.advance().word])
        if self.word != "(":
            return unit
        return UnitPrecision(this=unit, expressions=self.parenthesised(self.integer))


def _collection(word: str, parts: list[exp.DataType]) -> exp.DataType:
    if word == "MULTISET":
        return exp.DataType(this=D.USERDEFINED, kind=word, expressions=parts, nested=True)
    return exp.DataType(this=D.MAP if word == "MAP" else D.ARRAY, expressions=parts, nested=True)
