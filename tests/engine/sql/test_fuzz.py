"""Statements near our own: each is planned, or refused with the user's error."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import pytest

from engine.connectors.base import Connector
from engine.errors import UserError
from engine.plan.nodes import TableSpec
from engine.session import Session
from engine.sql.dialect import parse
from engine.sql.statements import inserts_of, is_query
from tests import profiles
from tests.engine.queries.support import RESULT, Query, Result, Rows, World, load
from tests.engine.sql.mutations import mutated

COUNT = 20_000 if profiles.SOAK else 3_000
QUERIES = [load(path.parent) for path in sorted((Path(__file__).parents[1] / "queries").glob("*/query.sql"))]


def statements(query: Query) -> list[str]:
    """A script's statements, without comments."""
    return [part for part in re.sub("--.*", "", query.sql).split(";") if part.strip()]


TEXTS = [(query, n, text) for query in QUERIES for n, text in enumerate(statements(query))]


def planned(query: Query, texts: list[str], folder: Path) -> None:
    """Take in these statements and plan all that they run; nothing is started."""
    world = World(query)

    def choose(table: TableSpec) -> Connector:
        return Rows(world, table.name) if table.name in query.inputs else Result(world, "I,UB,UA,D")

    session = Session(folder=folder, connectors=choose)
    for text in texts:
        for statement in parse(text):
            if is_query(statement) or inserts_of(statement) is not None:
                session.explain(statement)
            list(session.statement(statement))
    for phase in session.phases:
        session.plan(phase)


@pytest.mark.soak
@pytest.mark.timeout(7200 if profiles.SOAK else 120)
def test_statements_near_our_own(tmp_path: Path) -> None:
    found = []
    for number in range(COUNT):
        index, text = mutated([text for *_, text in TEXTS], number)
        query, place, _ = TEXTS[index]
        texts = statements(query)
        texts[place] = text
        try:
            planned(query, texts, tmp_path)
        except UserError:
            continue
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            found.append(f"{number} ({query.name}): {type(error).__name__}: {error} at {last.filename}:{last.lineno}"
                         f"\n{text}")
    assert not found, f"{len(found)} of {COUNT}:\n\n" + "\n\n".join(found)


def test_unchanged_they_are_planned(tmp_path: Path) -> None:
    for query in QUERIES:
        planned(query, statements(query), tmp_path)
        assert RESULT not in query.inputs


@pytest.mark.parametrize(("select", "code"), [
    ("SUM(n) OVER (PARTITION BY (SELECT 1) ORDER BY n) FROM words", None),
    ("MAX((SELECT MAX(word) FROM words)) OVER (ORDER BY n) FROM words", None),
    ("'x' FROM words HAVING TRUE", None),
    ("GROUPING(1) FROM words", "bad_arguments"),
    ("GROUPING() FROM words", "bad_arguments"),
    ("n FROM words ORDER BY TUMBLE(n, 1)", "bad_window"),
    ("COUNT(TUMBLE(n, 1)) FROM words", "bad_window"),
    ("n FROM words AS w WHERE EXISTS (SELECT w.n FROM words AS v WHERE v.n = w.n) IS TRUE", None),
    ("n FROM words AS w WHERE (n IN (SELECT w.n FROM words)) IS TRUE", "not_supported"),
    ("n FROM words QUALIFY ROW_NUMBER() OVER (ORDER BY n) = -1", "bad_rank"),
])
def test_found(tmp_path: Path, select: str, code: str | None) -> None:
    """What mutations have found."""
    query = Query("found", "CREATE TABLE words (word STRING, n INT)", {"words": []}, [], False)
    if code is None:
        planned(query, [query.sql, f"SELECT {select}"], tmp_path)
        return
    with pytest.raises(UserError) as caught:
        planned(query, [query.sql, f"SELECT {select}"], tmp_path)
    assert caught.value.code == code
