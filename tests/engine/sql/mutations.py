"""Statements made wrong: a few words dropped, doubled, moved or taken from elsewhere. Reproducible by number."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

from engine.sql.dialect.keywords import RESERVED

WORD = re.compile(r"'(?:[^']|'')*'|`[^`]*`|[A-Za-z_]\w*|\d+(?:\.\d+)?|<>|<=|>=|\|\||\s+|.", re.DOTALL)
WORDS = (
    "(", ")", ",", ";", "*", ".", "=", "`", "'", "--", "/*", "SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "JOIN",
    "ON", "OVER ()", "DISTINCT", "FOR SYSTEM_TIME AS OF", "LATERAL", "EXISTS", "NOT", "LIMIT 1", "FILTER (WHERE TRUE)",
    "UNION", "EXCEPT ALL", "LEFT", "FULL OUTER", "WITH", "AS", "\u00e9", "\x00", "\U0001f600",
)  # fmt: skip
EXPRESSIONS = (
    "NULL", "''", "'x'", "-1", "0", "99999999999999999999", "1e400", "1.5", "TRUE", "CAST(NULL AS INT)", "ARRAY[1]",
    "MAP['a', 1]", "ROW(1, 'a')", "INTERVAL '1' SECOND", "INTERVAL '3' MONTH", "DATE '2024-01-01'", "PROCTIME()",
    "TIMESTAMP '2024-01-01 00:00:00'", "CURRENT_TIMESTAMP", "(SELECT 1)", "(SELECT 1, 2)", "COUNT(*)", "x'0F'",
    "COUNT(DISTINCT 1)", "CASE WHEN TRUE THEN 1 END", "DESCRIPTOR(ts)", "ROW_NUMBER() OVER (ORDER BY 1)", "RAND()",
    "TRY_CAST('x' AS DATE)", "JSON_VALUE('{}', '$.a')", "MAX(1) OVER ()", "COLLECT(1)", "UNNEST(ARRAY[1])",
    "EXISTS (SELECT 1)", "1 IN (SELECT 1)", "GROUPING(1)", "CAST('1' AS DECIMAL(38, 38))", "LISTAGG('a')",
    "$internal$1",
)  # fmt: skip
CALLS = (
    "SUM", "MAX", "UPPER", "ABS", "NOT", "-", "CARDINALITY", "COLLECT", "ARRAY", "ROW", "TO_TIMESTAMP", "CHAR_LENGTH",
    "COALESCE", "JSON_OBJECT", "FIRST_VALUE", "TUMBLE", "GROUPING", "ELEMENT", "SHA256", "EXTRACT", "FLOOR", "UNNEST",
)  # fmt: skip
NAME = re.compile(r"[A-Za-z_`'\d]")

Mutation = Callable[[list[str], random.Random, Sequence[str]], None]


def _drop(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    start = dice.randrange(len(words))
    del words[start:start + dice.choice([1, 1, 2, 5])]


def _double(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    start = dice.randrange(len(words))
    part = words[start:start + dice.choice([1, 2, 8])]
    words[start:start] = [*part, " "]


def _swap(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    a, b = dice.randrange(len(words)), dice.randrange(len(words))
    words[a], words[b] = words[b], words[a]


def _word(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    words[dice.randrange(len(words))] = f" {dice.choice(WORDS)} "


def _insert(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    words.insert(dice.randrange(len(words) + 1), f" {dice.choice(WORDS + EXPRESSIONS)} ")


def _names(words: Sequence[str]) -> list[int]:
    """Where names and constants stand, not the statement's own words."""
    found = [i for i, word in enumerate(words) if NAME.match(word) and word.upper() not in RESERVED]
    return found or list(range(len(words)))


def _expression(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    words[dice.choice(_names(words))] = f" {dice.choice(EXPRESSIONS)} "


def _call(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    at = dice.choice(_names(words))
    words[at] = f"{dice.choice(CALLS)}({words[at]}{dice.choice(['', '', ', 1', ', NULL'])})"


def _graft(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    """A piece of another statement in the place of a piece of this one."""
    donor = WORD.findall(dice.choice(others))
    start, length = dice.randrange(len(donor)), dice.choice([1, 3, 10, 40])
    at = dice.randrange(len(words))
    words[at:at + dice.choice([0, 1, 3, 10])] = [" ", *donor[start:start + length], " "]


def _rename(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    """A name by another name of the statement: types that do not fit, columns in the wrong place."""
    names = _names(words)
    words[dice.choice(names)] = words[dice.choice(names)]


def _cut(words: list[str], dice: random.Random, others: Sequence[str]) -> None:
    del words[dice.randrange(len(words)):]


MUTATIONS: tuple[Mutation, ...] = (
    _drop, _double, _swap, _word, _insert, _graft, _cut,
    *(_expression,) * 7, *(_call,) * 6, *(_rename,) * 7,
)  # fmt: skip
"""Mostly such that statements stay ones: the others end at the parser."""


def mutated(statements: Sequence[str], number: int) -> tuple[int, str]:
    """The `number`th mutation: which statement it is of, and its text."""
    dice = random.Random(number)
    index = dice.randrange(len(statements))
    words = WORD.findall(statements[index])
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        if words:
            dice.choice(MUTATIONS)(words, dice, statements)
    return index, "".join(words)


def mutations(statements: Sequence[str], numbers: range) -> Iterator[tuple[int, str]]:
    return (mutated(statements, number) for number in numbers)
