"""Where a bare NULL may stand. As in Flink one is refused where nothing around it says its type."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import Place, UserError
from engine.expressions.nodes import Expression
from engine.types import Kind

# Calls that give a NULL among their arguments a type: that of the others, or the one that is declared.
_TYPING = frozenset("""
= <> != < <= > >= IN BETWEEN COALESCE IFNULL NULLIF CASE GREATEST LEAST ARRAY MAP OVERLAPS CAST TRY_CAST
PARSE_JSON TRY_PARSE_JSON JSON JSON_STRING JSON_QUOTE JSON_UNQUOTE JSON_VALUE JSON_QUERY JSON_EXISTS JSON_OBJECT
JSON_ARRAY OBJECT_OF UNHEX REGEXP_COUNT REGEXP_EXTRACT_ALL REGEXP_INSTR REGEXP_SUBSTR BTRIM ELT PRINTF STARTSWITH
ENDSWITH INET_ATON INET_NTOA SPLIT URL_ENCODE URL_DECODE URL_DECODE_RECURSIVE TO_TIMESTAMP_LTZ BITMAP_BUILD
BITMAP_FROM_BYTES TYPEOF
""".split()) | {"IS NULL", "IS NOT NULL", "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "BETWEEN SYMMETRIC"}
# ... and those that do so for all arguments but the first.
_TYPED_BY_FIRST = frozenset("""
ARRAY_APPEND ARRAY_PREPEND ARRAY_CONTAINS ARRAY_POSITION ARRAY_REMOVE ARRAY_JOIN ARRAY_SLICE ARRAY_SORT
""".split())
_NEEDS_ANOTHER = frozenset({"COALESCE", "ARRAY"})


def check_nulls(name: str, args: Sequence[Expression], place: Place | None) -> None:
    """UserError where a built-in function gets a NULL that it gives no type."""
    nulls = [i for i, arg in enumerate(args) if arg.type.kind is Kind.NULL]
    if not nulls:
        return
    upper = name.upper()
    allowed = upper in _TYPING or (upper in _TYPED_BY_FIRST and nulls[0] > 0)
    if not allowed or (upper in _NEEDS_ANOTHER and len(nulls) == len(args)):
        raise illegal(args[nulls[0]].place or place)
    if upper == "CASE" and all(args[i].type.kind is Kind.NULL for i in (*range(1, len(args), 2), len(args) - 1)):
        raise UserError("bad_arguments", "ELSE clause or at least one THEN clause must be non-NULL", place=place,
                        hint="say the type: CAST(NULL AS INT)")


def typed(expression: Expression, place: Place | None) -> Expression:
    """The expression; UserError where it is a bare NULL."""
    if expression.type.kind is Kind.NULL:
        raise illegal(expression.place or place)
    return expression


def illegal(place: Place | None) -> UserError:
    """The error for a bare NULL of no type."""
    return UserError("bad_arguments", "Illegal use of 'NULL'", place=place, hint="say its type: CAST(NULL AS INT)")
