"""Pairs of programs with known answers: queries, and edits of which their definition says what they do to state.

The answers are of the operators that keep state: SAME (kept), FORM (migrated: a column was added that is only carried,
dropped, reordered, or became wider), REDO (made anew where its sources can be read again, else lost). They come from
what an edit *is*, not from the checker; `test_pairs` also runs pairs and compares results.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

SAME, FORM, REDO = "kept", "migrated", "recomputed"
ORDER = (SAME, FORM, REDO)

TABLES = {
    "e": "CREATE TABLE e (id INT, k INT, c VARCHAR(10), v INT, x INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) "
         "WITH ('connector' = 'scripted', 'id' = 'e');",
    "f": "CREATE TABLE f (k INT, name VARCHAR(10), g INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) "
         "WITH ('connector' = 'scripted', 'id' = 'f');",
    "r": "CREATE VIEW r AS SELECT k, name, g, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) "
         "AS n FROM f) WHERE n = 1;",
}


@dataclass(frozen=True)
class Pair:
    """`answer`: of the query's own operators (the worst, where they differ); `added`: columns that old rows lack, so
    that results may differ in them; `query`: which SELECT of the new program is the query."""

    name: str
    old: str
    new: str
    answer: str
    added: bool = False
    query: int = 0


@dataclass(frozen=True)
class Base:
    """`stored`: the columns whose values its state keeps in their own types (e.k, f.name...); `timed`: rows may be late
    for it; `edits`: own edits: name -> (what is replaced, by what, answer)."""

    sql: str
    stored: frozenset[str]
    timed: bool = False
    edits: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    added: frozenset[str] = frozenset()

    @property
    def program(self) -> str:
        return "\n".join([*TABLES.values(), self.sql + ";"])


def _stored(text: str) -> frozenset[str]:
    return frozenset(text.split())


TUMBLE = "FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '15' SECOND)) GROUP BY {keys}window_start, window_end"
BASES: dict[str, Base] = {
    "count by key": Base("SELECT k, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k", _stored("e.k"), edits={
        "another aggregate": ("SUM(v) AS s", "SUM(v) AS s, MAX(v) AS m", REDO),
        "one aggregate less": (", SUM(v) AS s", "", FORM),
        "aggregates change places": ("COUNT(*) AS n, SUM(v) AS s", "SUM(v) AS s, COUNT(*) AS n", FORM),
        "other names": ("AS n, SUM(v) AS s", "AS many, SUM(v) AS total", SAME),
        "another key": ("k, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k",
                        "x, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY x", REDO),
        "a further key": ("k, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k",
                          "k, x, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k, x", REDO),
        "another argument": ("SUM(v)", "SUM(v + 1)", REDO),
        "another function": ("SUM(v)", "MAX(v)", REDO),
        "distinct": ("SUM(v)", "SUM(DISTINCT v)", REDO),
        "a filter on the aggregate": ("SUM(v) AS", "SUM(v) FILTER (WHERE x > 1) AS", REDO),
        "what is made of results": ("SUM(v) AS s", "SUM(v) * 2 + 1 AS s", SAME),
        "an average of both": ("SUM(v) AS s", "SUM(v) / COUNT(*) AS s", SAME),
        "HAVING": ("GROUP BY k", "GROUP BY k HAVING COUNT(*) > 3", SAME),
        "the key is not shown": ("SELECT k, COUNT", "SELECT COUNT", SAME),
        "a computed key": ("k, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k",
                           "k + 1, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k + 1", REDO),
        "no key": ("k, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k", "COUNT(*) AS n, SUM(v) AS s FROM e", REDO),
    }),
    "filtered": Base("SELECT c, SUM(v) AS s, MIN(x) AS m FROM e WHERE v > 2 AND x < 4 GROUP BY c", _stored("e.c"),
                     edits={
        "another bound": ("v > 2", "v > 3", REDO),
        "terms change places": ("v > 2 AND x < 4", "x < 4 AND v > 2", SAME),
        "a term the other way round": ("v > 2", "2 < v", SAME),
        "one term less": (" AND x < 4", "", REDO),
        "one term more": ("x < 4", "x < 4 AND k <> 1", REDO),
        "AND becomes OR": ("v > 2 AND", "v > 2 OR", REDO),
        "in a query of its own": ("FROM e WHERE v > 2 AND x < 4",
                                  "FROM (SELECT * FROM e WHERE v > 2) WHERE x < 4", SAME),
        "a longer name": ("SELECT c, SUM", "SELECT UPPER(c) || '!', SUM", SAME),
        "a constant is computed": ("v > 2", "v > 1 + 1", SAME),
    }),
    "windows": Base("SELECT k, window_start, COUNT(*) AS n, SUM(v) AS s " + TUMBLE.format(keys="k, "), _stored("e.k"),
                    timed=True, edits={
        "another size": ("'15' SECOND", "'30' SECOND", REDO),
        "another kind": ("TUMBLE(TABLE e, DESCRIPTOR(ts), ", "HOP(TABLE e, DESCRIPTOR(ts), INTERVAL '5' SECOND, ",
                         REDO),
        "another aggregate": ("SUM(v) AS s", "SUM(v) AS s, MAX(v) AS m", REDO),
        "one aggregate less": (", SUM(v) AS s", "", FORM),
        "the end as well": ("window_start, COUNT", "window_start, window_end, COUNT", SAME),
        "another key": ("GROUP BY k, ", "GROUP BY k, x, ", REDO),
        "what is made of results": ("SUM(v) AS s", "SUM(v) * 2 AS s", SAME),
        "an offset": ("INTERVAL '15' SECOND", "INTERVAL '15' SECOND, INTERVAL '5' SECOND", REDO),
    }),
    "hopping": Base("SELECT k, window_end, MAX(v) AS m, COUNT(*) AS n FROM TABLE(HOP(TABLE e, DESCRIPTOR(ts), "
                    "INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY k, window_start, window_end", _stored("e.k"),
                    timed=True, edits={
        "another slide": ("'10' SECOND", "'15' SECOND", REDO),
        "another size": ("'30' SECOND", "'40' SECOND", REDO),
        "changed places": ("MAX(v) AS m, COUNT(*) AS n", "COUNT(*) AS n, MAX(v) AS m", FORM),
        "another minimum": ("MAX(v)", "MIN(v)", REDO),
    }),
    "sessions": Base("SELECT k, window_start, window_end, SUM(v) AS s FROM TABLE(SESSION(TABLE e PARTITION BY k, "
                     "DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end", _stored("e.k"),
                     timed=True, edits={
        "another gap": ("'10' SECOND", "'20' SECOND", REDO),
        "another aggregate": ("SUM(v) AS s", "SUM(v) AS s, COUNT(*) AS n", REDO),
        "what is made of results": ("SUM(v) AS s", "-SUM(v) AS s", SAME),
    }),
    "join": Base("SELECT e.id, e.k, f.name FROM e JOIN f ON e.k = f.k", _stored("e.id e.k f.k f.name"), edits={
        "a column of the left side": ("f.name FROM", "f.name, e.c FROM", FORM),
        "a column of the right side": ("f.name FROM", "f.name, f.g FROM", FORM),
        "columns of both sides": ("f.name FROM", "f.name, e.x, f.g FROM", FORM),
        "one column less": ("e.id, e.k, f.name", "e.id, e.k", FORM),
        "columns change places": ("e.id, e.k, f.name", "f.name, e.k, e.id", SAME),
        "a term across the sides": ("e.k = f.k", "e.k = f.k AND CHAR_LENGTH(f.name) < e.id", SAME),
        "a term across the sides, of a column that was not kept": ("e.k = f.k", "e.k = f.k AND e.id > f.g", REDO),
        "a term of one side": ("e.k = f.k", "e.k = f.k AND e.id > 5", REDO),
        "a filter of one side": ("e.k = f.k", "e.k = f.k WHERE e.v > 3", REDO),
        "a left join": ("e JOIN f", "e LEFT JOIN f", REDO),
        "another key": ("e.k = f.k", "e.x = f.k", REDO),
        "a key the other way round": ("e.k = f.k", "f.k = e.k", SAME),
        "a further key": ("e.k = f.k", "e.k = f.k AND e.x = f.g", REDO),
        "what is made of results": ("e.id, e.k, f.name", "e.id + e.k, UPPER(f.name)", SAME),
    }, added=frozenset({"a column of the left side", "a column of the right side", "columns of both sides"})),
    "join with a condition": Base("SELECT e.id, f.name FROM e JOIN f ON e.k = f.k AND e.v > f.g",
                                  _stored("e.id e.k e.v f.k f.name f.g"), edits={
        "another condition": ("e.v > f.g", "e.v < f.g", SAME),
        "a condition more": ("e.v > f.g", "e.v > f.g AND e.v + f.g > 5", SAME),
        "no condition": (" AND e.v > f.g", "", FORM),
        "a column more": ("f.name FROM", "f.name, e.c FROM", FORM),
    }, added=frozenset({"a column more"})),
    "left join": Base("SELECT e.id, f.name FROM e LEFT JOIN f ON e.k = f.k AND e.v > f.g",
                      _stored("e.id e.k e.v f.k f.name f.g"), edits={
        "another condition": ("e.v > f.g", "e.v < f.g", REDO),
        "an inner join": ("LEFT JOIN", "JOIN", SAME),
        "a full join": ("LEFT JOIN", "FULL JOIN", REDO),
        "a column more": ("f.name FROM", "f.name, e.c FROM", FORM),
    }, added=frozenset({"a column more"})),
    "exists": Base("SELECT id, k, v FROM e WHERE v IN (SELECT g FROM f)", _stored("e.id e.k e.v f.g"), edits={
        "does not exist": ("WHERE v IN (SELECT g FROM f)", "WHERE NOT EXISTS (SELECT 1 FROM f WHERE f.g = e.v)", SAME),
        "a column more": ("id, k, v FROM e", "id, k, v, c FROM e", FORM),
        "another column": ("SELECT g FROM f", "SELECT k FROM f", REDO),
        "another filter": ("SELECT g FROM f", "SELECT g FROM f WHERE k > 0", REDO),
    }, added=frozenset({"a column more"})),
    "interval join": Base("SELECT e.id, f.name FROM e JOIN f ON e.k = f.k AND f.ts BETWEEN e.ts - INTERVAL '10' SECOND "
                          "AND e.ts + INTERVAL '20' SECOND", _stored("e.id e.k f.k f.name"), timed=True, edits={
        "a longer interval": ("'20' SECOND", "'40' SECOND", REDO),
        "a condition": ("e.k = f.k AND", "e.k = f.k AND CHAR_LENGTH(f.name) < e.id AND", SAME),
        "a column more": ("f.name FROM", "f.name, e.c FROM", FORM),
        "what is made of results": ("e.id, f.name", "e.id * 2, f.name", SAME),
    }, added=frozenset({"a column more"})),
    "as of": Base("SELECT e.id, r.g FROM e LEFT JOIN r FOR SYSTEM_TIME AS OF e.ts ON e.k = r.k",
                  _stored("e.k e.id f.k f.g"), timed=True, edits={
        "an inner join": ("LEFT JOIN", "JOIN", SAME),
        "a column more": ("r.g FROM", "r.g, e.c FROM", FORM),
        "a version's column more": ("r.g FROM", "r.g, r.name FROM", FORM),
        "another key": ("e.k = r.k", "e.x = r.k", REDO),
    }, added=frozenset({"a column more", "a version's column more"})),
    "top rows": Base("SELECT k, id, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC, id) AS n FROM "
                     "e) WHERE n <= 2", _stored("e.k e.id e.v"), edits={
        "more rows": ("n <= 2", "n <= 3", REDO),
        "another order": ("ORDER BY v DESC", "ORDER BY v", REDO),
        "another key": ("PARTITION BY k", "PARTITION BY x", REDO),
        "a column more": ("k, id, v FROM (", "k, id, v, c FROM (", FORM),
        "with the rank": ("k, id, v FROM (", "k, id, v, n FROM (", SAME),
        "what is made of results": ("SELECT k, id, v", "SELECT k + id, v", SAME),
    }, added=frozenset({"a column more"})),
    "last row": Base("SELECT k, id, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS n FROM e) "
                     "WHERE n = 1", _stored("e.k e.id e.v"), edits={
        "the first row": ("ts DESC", "ts", REDO),
        "another key": ("PARTITION BY k", "PARTITION BY x", REDO),
        "a column more": ("k, id, v FROM (", "k, id, v, c FROM (", FORM),
        "a column less": ("k, id, v FROM (", "k, id FROM (", FORM),
    }, added=frozenset({"a column more"})),
    "running sum": Base("SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY ts) AS s FROM e", _stored("e.k e.id e.v"),
                        timed=True, edits={
        "another aggregate": ("AS s FROM", "AS s, COUNT(v) OVER (PARTITION BY k ORDER BY ts) AS n FROM", REDO),
        "another key": ("PARTITION BY k", "PARTITION BY x", REDO),
        "a frame": ("ORDER BY ts", "ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", REDO),
        "what is made of results": ("id, k, SUM", "id * 10, k, SUM", SAME),
        "a column more": ("SELECT id, k,", "SELECT id, k, c,", FORM),
    }, added=frozenset({"a column more"})),
    "running frame": Base("SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT "
                          "ROW) AS s FROM e", _stored("e.k e.id e.v"), timed=True, edits={
        "a longer frame": ("2 PRECEDING", "3 PRECEDING", REDO),
        "another argument": ("SUM(v)", "SUM(x)", REDO),
    }),
    "counts of counts": Base("SELECT n, COUNT(*) AS m FROM (SELECT k, COUNT(*) AS n FROM e GROUP BY k) GROUP BY n",
                             _stored("e.k"), edits={
        "another filter below": ("FROM e GROUP", "FROM e WHERE v > 3 GROUP", REDO),
        "a filter between": (") GROUP BY n", ") WHERE n > 2 GROUP BY n", REDO),
        "another aggregate above": ("COUNT(*) AS m", "COUNT(*) AS m, MAX(k) AS l", REDO),
        "what is made of results": ("COUNT(*) AS m", "COUNT(*) + 1 AS m", SAME),
    }),
    "join, then count": Base("SELECT f.name, COUNT(*) AS n, SUM(e.v) AS s FROM e JOIN f ON e.k = f.k GROUP BY f.name",
                             _stored("e.k e.v f.k f.name"), edits={
        "another condition": ("e.k = f.k", "e.k = f.k AND CHAR_LENGTH(f.name) > e.v", REDO),
        "another aggregate": ("SUM(e.v) AS s", "SUM(e.v) AS s, MIN(e.v) AS m", REDO),
        "HAVING": ("GROUP BY f.name", "GROUP BY f.name HAVING SUM(e.v) > 10", SAME),
        "an aggregate less": (", SUM(e.v) AS s", "", FORM),
    }),
    "distinct values": Base("SELECT k, COUNT(DISTINCT c) AS n, SUM(v) AS s FROM e GROUP BY k", _stored("e.k e.c"),
                            edits={
        "not distinct": ("COUNT(DISTINCT c)", "COUNT(c)", REDO),
        "of another column": ("DISTINCT c", "DISTINCT x", REDO),
        "changed places": ("COUNT(DISTINCT c) AS n, SUM(v) AS s", "SUM(v) AS s, COUNT(DISTINCT c) AS n", FORM),
        "an aggregate less": (", SUM(v) AS s", "", FORM),
    }),
    "all of both": Base("SELECT k, COUNT(*) AS n FROM (SELECT k, v FROM e UNION ALL SELECT k, g FROM f) GROUP BY k",
                        _stored("e.k f.k"), edits={
        "another part": ("SELECT k, g FROM f", "SELECT k, g FROM f UNION ALL SELECT x, v FROM e", REDO),
        "a filter of a part": ("SELECT k, g FROM f", "SELECT k, g FROM f WHERE g > 2", REDO),
        "what is made of results": ("COUNT(*) AS n", "COUNT(*) * 2 AS n", SAME),
        "distinct rows": ("UNION ALL", "UNION", REDO),
    }),
    "two keys": Base("SELECT k, c, COUNT(*) AS n FROM e GROUP BY k, c", _stored("e.k e.c"), edits={
        "keys change places": ("GROUP BY k, c", "GROUP BY c, k", FORM),
        "one key less": ("k, c, COUNT(*) AS n FROM e GROUP BY k, c", "k, COUNT(*) AS n FROM e GROUP BY k", REDO),
    }),
    "top counts": Base("SELECT k, n FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY n DESC, k) AS r FROM "
                       "(SELECT k, COUNT(*) AS n FROM e GROUP BY k)) WHERE r <= 2", _stored("e.k"), edits={
        "more rows": ("r <= 2", "r <= 3", SAME),
        "another order": ("n DESC", "n", SAME),
        "another aggregate below": ("COUNT(*) AS n", "SUM(v) AS n", REDO),
        "what is made of results": ("SELECT k, n FROM (", "SELECT k * 2, n FROM (", SAME),
    }),
    "windows joined": Base(
        "SELECT a.k, a.id, b.g FROM (SELECT * FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '15' SECOND))) a "
        "JOIN (SELECT * FROM TABLE(TUMBLE(TABLE f, DESCRIPTOR(ts), INTERVAL '15' SECOND))) b ON a.k = b.k "
        "AND a.window_start = b.window_start AND a.window_end = b.window_end", _stored("e.k e.id f.k f.g"), timed=True,
        edits={
        "another key": ("a.k = b.k", "a.x = b.k", REDO),
        "a left join": (") a JOIN", ") a LEFT JOIN", SAME),
        "a column more": ("b.g FROM", "b.g, a.c FROM", FORM),
    }, added=frozenset({"a column more"})),
    "top rows of windows": Base(
        "SELECT k, id, v, window_start FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k "
        "ORDER BY v DESC, id) AS n FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '30' SECOND))) WHERE n <= 1",
        _stored("e.k e.id e.v"), timed=True, edits={
        "more rows": ("n <= 1", "n <= 2", REDO),
        "another order": ("v DESC", "v", REDO),
        "another size": ("'30' SECOND", "'45' SECOND", REDO),
        "a column more": ("k, id, v, window_start FROM (", "k, id, v, c, window_start FROM (", FORM),
    }, added=frozenset({"a column more"})),
    "first row": Base("SELECT k, id, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, v ORDER BY ts) AS n FROM e) "
                      "WHERE n = 1", _stored("e.k e.id e.v"), timed=True, edits={
        "the last row": ("ORDER BY ts", "ORDER BY ts DESC", REDO),
        "another key": ("PARTITION BY k, v", "PARTITION BY x, v", REDO),
        "a column less": ("k, id, v FROM (", "k, v FROM (", FORM),
    }),
    "ranks": Base("SELECT k, id, v FROM (SELECT *, RANK() OVER (PARTITION BY k ORDER BY v) AS r FROM e) WHERE r <= 2",
                  _stored("e.k e.id e.v"), edits={
        "more ranks": ("r <= 2", "r <= 4", SAME),
        "another order": ("ORDER BY v", "ORDER BY v DESC", SAME),
        "another key": ("PARTITION BY k", "PARTITION BY x", REDO),
    }),
    "some rows": Base("SELECT id, v FROM e LIMIT 30", frozenset(), edits={
        "more of them": ("LIMIT 30", "LIMIT 40", SAME),
        "what is made of them": ("id, v", "id, v + 1, c", SAME),
    }),
    "what both have": Base("SELECT id FROM e INTERSECT SELECT g * 6 FROM f", _stored("e.id"), edits={
        "what one has": ("INTERSECT", "EXCEPT", SAME),
        "all that both have": ("INTERSECT", "INTERSECT ALL", SAME),
    }),
}


def _table(name: str, old: str, new: str) -> tuple[str, str]:
    assert old in TABLES[name]
    return TABLES[name], TABLES[name].replace(old, new)


WIDER = {  # the column: its declaration before and after
    "e.v": ("e", " v INT", " v BIGINT"), "e.k": ("e", " k INT", " k BIGINT"),
    "e.c": ("e", "VARCHAR(10)", "VARCHAR(20)"), "e.id": ("e", "(id INT", "(id BIGINT"),
    "f.name": ("f", "VARCHAR(10)", "VARCHAR(30)"),
}
HARMLESS = {  # edits of the tables that say nothing about what is kept
    "a column that nobody reads": ("e", " x INT,", " x INT, y INT,"),
    "columns in another order": ("e", "(id INT, k INT,", "(k INT, id INT,"),
}
LATER = ("e", "AS ts)", "AS ts - INTERVAL '3' SECOND)")
OTHER = "CREATE TABLE h (id INT, k INT, v INT) WITH ('connector' = 'scripted', 'id' = 'h');\n"


def _everywhere(name: str, base: Base) -> Iterator[Pair]:
    """Edits that every query takes."""
    old, tables = base.program, "\n".join(TABLES.values())

    def pair(edit: str, new: str, answer: str, query: int = 0) -> Pair:
        return Pair(f"{name}: {edit}", old, new, answer, query=query)

    yield pair("nothing", old, SAME)
    yield pair("a comment, and lines", old.replace("SELECT", "-- what is wanted\nSELECT\n ", 1), SAME)
    yield pair("a query of its own around it", f"{tables}\nSELECT * FROM ({base.sql}) q;", SAME)
    yield pair("a view", f"{tables}\nCREATE VIEW w AS {base.sql};\nSELECT * FROM w;", SAME)
    yield pair("another query before it", f"{tables}\nSELECT x, COUNT(*) FROM e GROUP BY x;\n{base.sql};", SAME, 1)
    yield pair("another query behind it", f"{old}\nSELECT c, MAX(v) FROM e WHERE x > 1 GROUP BY c;", SAME)
    yield pair("another source", f"{OTHER}{tables}\nSELECT k, SUM(v) FROM h GROUP BY k;\n{base.sql};", SAME, 1)
    for edit, (table, before, after) in HARMLESS.items():
        yield pair(edit, old.replace(*_table(table, before, after)), SAME)
    for column, (table, before, after) in WIDER.items():
        if not (column in ("e.k", "e.v") and base.stored & {"f.k", "f.g"}):  # the other side's type counts as well
            answer = FORM if column in base.stored else SAME
            yield pair(f"{column} becomes wider", old.replace(*_table(table, before, after)), answer)
    yield pair("another watermark", old.replace(*_table(*LATER)), REDO if base.timed else SAME)
    if "TABLE e" not in base.sql:
        renamed = old.replace("TABLE e ", "TABLE events ").replace("FROM e", "FROM events AS e")
        yield pair("a table of another name", renamed, SAME)
        few = old.replace("FROM e", "FROM (SELECT * FROM e WHERE id % 3 <> 1) AS e")
        if "SYSTEM_TIME" not in base.sql:
            yield pair("fewer rows", few, REDO)


def _own(name: str, base: Base) -> Iterator[Pair]:
    for edit, (before, after, answer) in base.edits.items():
        assert before in base.sql, (name, edit)
        new = base.program.replace(base.sql, base.sql.replace(before, after, 1))
        yield Pair(f"{name}: {edit}", base.program, new, answer, added=edit in base.added)


def _several(name: str, base: Base) -> Iterator[Pair]:
    """An own edit with others at once: the answer is the worst of theirs."""
    for edit, (before, after, answer) in base.edits.items():
        sql = base.sql.replace(before, after, 1)
        tables = "\n".join(TABLES.values()).replace(*_table("e", " x INT,", " x INT, y INT,"))
        new = f"{tables}\nSELECT x, COUNT(*) FROM e GROUP BY x;\nCREATE VIEW w AS {sql};\nSELECT * FROM w;"
        yield Pair(f"{name}: {edit}, and three others", base.program, new, answer, edit in base.added, 1)


def pairs() -> list[Pair]:
    """All pairs."""
    return [pair for name, base in BASES.items() for make in (_everywhere, _own, _several) for pair in make(name, base)]
