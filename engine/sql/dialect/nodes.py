"""Expression and query nodes that sqlglot has not, or has only as text. Statements are in `statement_nodes`."""

from __future__ import annotations

from sqlglot import exp

_OPTIONAL = False
_REQUIRED = True


class Field(exp.Expression):
    """A field of a ROW or STRUCTURED type: name `this`, type `kind`, `comment`."""

    arg_types = {"this": _REQUIRED, "kind": _REQUIRED, "comment": _OPTIONAL}


class UnitPrecision(exp.Expression):
    """A unit of an interval with digits: `DAY(3)`, `SECOND(2, 6)`."""

    arg_types = {"this": _REQUIRED, "expressions": _REQUIRED}


class TypedLiteral(exp.Expression, exp.Condition):
    """`DATE '2020-01-01'`: the Literal `this` and the word(s) before it as text `kind`."""

    arg_types = {"this": _REQUIRED, "kind": _REQUIRED}


class Unknown(exp.Expression, exp.Condition):
    """The truth value UNKNOWN."""

    arg_types = {}


class RowValue(exp.Expression, exp.Condition):
    """`ROW(a, b)`; without the word it is an `exp.Tuple`."""

    arg_types = {"expressions": _OPTIONAL}


class MapValue(exp.Expression, exp.Condition):
    """`MAP[key, value, ...]`: keys and values in turn."""

    arg_types = {"expressions": _OPTIONAL}


class MultisetValue(exp.Expression, exp.Condition):
    """`MULTISET[a, ...]`."""

    arg_types = {"expressions": _OPTIONAL}


class Collected(exp.Expression, exp.Condition):
    """`ARRAY(query)`, `MAP(query)`, `MULTISET(query)`: the word as text `kind`."""

    arg_types = {"this": _REQUIRED, "kind": _REQUIRED}


class RoundToUnit(exp.Expression, exp.Condition):
    """`FLOOR(this TO unit)` or `CEIL(this TO unit)`: which one as text `kind`, the unit a Var."""

    arg_types = {"this": _REQUIRED, "unit": _REQUIRED, "kind": _REQUIRED}


class Default(exp.Expression):
    """The word DEFAULT as an argument or value."""

    arg_types = {}


class Descriptor(exp.Expression):
    """`DESCRIPTOR(a, b)`: Identifiers."""

    arg_types = {"expressions": _OPTIONAL}


class TableArgument(exp.Expression):
    """A table (or Subquery) `this` given to a function: `TABLE t PARTITION BY a ORDER BY b`."""

    arg_types = {"this": _REQUIRED, "partition_by": _OPTIONAL, "order": _OPTIONAL}


class ModelArgument(exp.Expression):
    """`MODEL m` given to a function."""


class Running(exp.Expression, exp.Condition):
    """`RUNNING f(...)` in MATCH_RECOGNIZE."""


class Final(exp.Expression, exp.Condition):
    """`FINAL f(...)` in MATCH_RECOGNIZE."""


class JsonTest(exp.Expression, exp.Predicate):
    """`this IS JSON [VALUE | OBJECT | ARRAY | SCALAR]`: the last word as text `kind` (VALUE if none)."""

    arg_types = {"this": _REQUIRED, "kind": _REQUIRED}


class JsonCall(exp.Expression, exp.Condition):
    """A JSON function with clauses of its own: name as text `this` (upper case), arguments `expressions`.

    JSON_VALUE, JSON_QUERY and JSON_EXISTS: document and path; `returning` a DataType; `on_empty`, `on_error` each a
    JsonBehavior; `wrapper` WITHOUT, CONDITIONAL or UNCONDITIONAL. JSON_OBJECT and JSON_OBJECTAGG: each argument an
    `exp.JSONKeyValue`. These and JSON_ARRAY, JSON_ARRAYAGG: `on_null` NULL or ABSENT.
    """

    arg_types = {"this": _REQUIRED, "expressions": _OPTIONAL, "returning": _OPTIONAL, "wrapper": _OPTIONAL,
                 "on_empty": _OPTIONAL, "on_error": _OPTIONAL, "on_null": _OPTIONAL, "order": _OPTIONAL}


class JsonBehavior(exp.Expression):
    """What happens ON EMPTY or ON ERROR: text `this` (NULL, ERROR, TRUE, FALSE, UNKNOWN, EMPTY ARRAY, EMPTY OBJECT,
    DEFAULT, this one with an `expression`)."""

    arg_types = {"this": _REQUIRED, "expression": _OPTIONAL}


class HintCall(exp.Expression):
    """One hint: name as text `this`, its Options, Literals or Identifiers."""

    arg_types = {"this": _REQUIRED, "expressions": _OPTIONAL}


class Option(exp.Expression):
    """`'key' = 'value'`, both Literals."""

    arg_types = {"this": _REQUIRED, "expression": _REQUIRED}


class WithinDistinct(exp.Expression, exp.Condition):
    """`aggregate WITHIN DISTINCT (keys)`."""

    arg_types = {"this": _REQUIRED, "expressions": _REQUIRED}


# -- MATCH_RECOGNIZE


class Match(exp.Expression):
    """`this MATCH_RECOGNIZE (...) alias`; `rows` is ONE or ALL, `after` a SkipTo, `within` an expression."""

    arg_types = {"this": _REQUIRED, "partition_by": _OPTIONAL, "order": _OPTIONAL, "measures": _OPTIONAL,
                 "rows": _OPTIONAL, "after": _OPTIONAL, "pattern": _REQUIRED, "within": _OPTIONAL,
                 "subsets": _OPTIONAL, "definitions": _REQUIRED, "alias": _OPTIONAL}


class SkipTo(exp.Expression):
    """AFTER MATCH SKIP: text `kind` NEXT ROW, PAST LAST ROW, or FIRST, LAST, TO with a variable `this`."""

    arg_types = {"kind": _REQUIRED, "this": _OPTIONAL}


class PatternSequence(exp.Expression):
    """Patterns one after the other; `anchored_start` and `anchored_end` for `^` and `$`."""

    arg_types = {"expressions": _REQUIRED, "anchored_start": _OPTIONAL, "anchored_end": _OPTIONAL}


class PatternAlternatives(exp.Expression):
    """`a | b`."""

    arg_types = {"expressions": _REQUIRED}


class PatternPermutation(exp.Expression):
    """`PERMUTE(a, b)`."""

    arg_types = {"expressions": _REQUIRED}


class PatternExclusion(exp.Expression):
    """`{- a -}`."""


class PatternRepeat(exp.Expression):
    """`this` between `minimum` and `maximum` times (integer Literals; no maximum: unbounded); reluctant or greedy."""

    arg_types = {"this": _REQUIRED, "minimum": _REQUIRED, "maximum": _OPTIONAL, "reluctant": _OPTIONAL}


class Subset(exp.Expression):
    """`SUBSET this = (a, b)`."""

    arg_types = {"this": _REQUIRED, "expressions": _REQUIRED}
