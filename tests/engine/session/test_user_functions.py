"""Functions that users bring, from CREATE FUNCTION to the rows they give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.analyze import Analyzer
from engine.connectors.memory import TABLES, MemoryTable
from engine.errors import UserError
from engine.session import RunOptions, Session
from engine.sql.catalog import Catalog

CODE = '''
import pyarrow as pa
import pyarrow.compute as pc

from neighbour import RATE


def with_tax(price):
    """numpy in, numpy out."""
    return price * (1 + RATE)


with_tax.arguments, with_tax.result = ["DOUBLE"], "DOUBLE"


class Shout:
    """Text comes as pyarrow arrays, with its NULLs."""

    arguments, result = ["STRING"], "STRING"

    def __call__(self, names):
        return pc.utf8_upper(names)


def same(values):
    """Any type, and a result that depends on it."""
    return values


same.result = lambda types: types[0]


def pairs(names, sizes):
    """Rows as dictionaries."""
    return [{"name": n, "size": s} for n, s in zip(names.to_pylist(), sizes)]


pairs.arguments, pairs.result = ["STRING", "INT"], "ROW<name STRING, size INT>"


def sized(result, function):
    def given(values):
        return function(values)
    given.arguments, given.result = ["BIGINT"], result
    return given


fails = sized("BIGINT", lambda values: {}["missing"])
short = sized("BIGINT", lambda values: values[:1])
texts = sized("BIGINT", lambda values: ["a"] * len(values))
wide = sized("INT", lambda values: values + 2**40)
listed = sized("INT", lambda values: [2**40] * len(values))
lists = sized("ARRAY<INT>", lambda values: [[1, v] for v in values])
writes = sized("BIGINT", lambda values: values.__setitem__(0, 7))
lone = sized("BIGINT", lambda values: 5)
unknown = sized("NUMBER OF THINGS", lambda values: values)
untyped = lambda values: values
CONSTANT = 5


class Broken:
    def __init__(self):
        raise OSError("no such thing")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "shop_functions.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "neighbour.py").write_text("RATE = 0.5\n", encoding="utf-8")
    (tmp_path / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / "no_syntax.py").write_text("def f(:\n", encoding="utf-8")
    (tmp_path / "colorsys.py").write_text("", encoding="utf-8")
    TABLES["out"] = MemoryTable()
    yield tmp_path
    del TABLES["out"]


def declared(target: str, kind: str = "", language: str = "PYTHON") -> str:
    return f"CREATE {kind} FUNCTION f AS '{target}' LANGUAGE {language};"


def run(folder: Path, call: str, type: str, setup: str, rows: str = "(1, 'anna', 10), (2, CAST(NULL AS STRING), 20)",
        mode: str = "thread", **options: Any) -> list[Any]:
    session = Session(folder=folder / "state", modules=[folder], **options)
    for _ in session.script(f"""SET 'python.execution-mode' = '{mode}'; {setup}
            CREATE TABLE `out` (a BIGINT, v {type}) WITH ('connector' = 'memory');
            CREATE VIEW given AS SELECT CAST(a AS BIGINT) AS a, b, c FROM (VALUES {rows}) AS t(a, b, c);
            INSERT INTO `out` SELECT a, {call} FROM given;"""):
        pass
    session.run(RunOptions(durable=False))
    return [values[1] for _, values in TABLES["out"].rows]


@pytest.mark.parametrize(("kind", "mode"), [("", "thread"), ("TEMPORARY", "process"), ("TEMPORARY SYSTEM", "process")])
def test_numbers(folder: Path, kind: str, mode: str) -> None:
    assert run(folder, "f(c)", "DOUBLE", declared("shop_functions.with_tax", kind), mode=mode) == [15.0, 30.0]


@pytest.mark.parametrize(("call", "type", "target", "expected"), [
    ("F(b)", "STRING", "Shout", ["ANNA", None]),
    ("default_catalog.default_database.f(b)", "STRING", "Shout", ["ANNA", None]),
    ("f(c) + 1", "INT", "same", [11, 21]),
    ("f(b) || '!'", "STRING", "same", ["anna!", None]),
    ("f(b, c).size", "INT", "pairs", [10, 20]),
    ("f(a)[2]", "INT", "lists", [1, 2]),
    ("CASE WHEN c > 15 THEN 0 ELSE f(f(c)) END", "DOUBLE", "with_tax", [22.5, 0.0]),
])
def test_calls(folder: Path, call: str, type: str, target: str, expected: list[Any]) -> None:
    assert run(folder, call, type, declared(f"shop_functions.{target}")) == expected


@pytest.mark.parametrize(("target", "said"), [
    ("fails", "function f raised KeyError: 'missing' at shop_functions.py:"),
    ("short", "function f returned 1 values for 2 rows"),
    ("lone", "function f returned int values for 2 rows"),
    ("texts", "function f returned values that are no BIGINT"),
    ("wide", "function f returned values beyond INT"),
    ("listed", "function f returned values that are no INT: 1099511627776 is beyond it"),
    ("writes", "function f raised ValueError: assignment destination is read-only"),
])
def test_failing_functions_are_the_users_errors(folder: Path, target: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        run(folder, "f(a)", "BIGINT", declared(f"shop_functions.{target}"))
    assert caught.value.code == "user_function"
    assert said in caught.value.message


def test_a_failure_names_its_node(folder: Path) -> None:
    session = Session(folder=folder / "state", modules=[folder], nodes={"scored": "node-7"})
    for _ in session.script(declared("shop_functions.fails") + """
            CREATE TABLE `out` (v BIGINT) WITH ('connector' = 'memory');
            CREATE VIEW scored AS SELECT f(x) AS v FROM (VALUES (1), (2)) AS t(x);
            INSERT INTO `out` SELECT v FROM scored;"""):
        pass
    with pytest.raises(UserError) as caught:
        session.run(RunOptions(durable=False))
    assert caught.value.node == "node-7"


@pytest.mark.parametrize(("target", "code", "said"), [
    ("shop_functions.none", "unknown_function", "the module shop_functions has no 'none'"),
    ("no_such_module.f", "unknown_function", "No module named 'no_such_module'"),
    ("tests_of_nothing", "unknown_function", "names no object of a module"),
    ("shop_functions.CONSTANT", "bad_function", "cannot be called"),
    ("shop_functions.untyped", "bad_function", "does not say its types"),
    ("shop_functions.unknown", "syntax", ""),
    ("shop_functions.Broken", "bad_function", "making a Broken raised OSError: no such thing at shop_functions.py:"),
    ("broken.f", "bad_function", "importing broken raised ZeroDivisionError: division by zero at broken.py:1"),
    ("no_syntax.f", "bad_function", "importing no_syntax raised SyntaxError"),
    ("colorsys.f", "bad_function", "has the name of an installed module"),
])
def test_what_cannot_be_loaded(folder: Path, target: str, code: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        run(folder, "f(a)", "BIGINT", declared(target))
    assert caught.value.code == code
    assert caught.value.message.startswith("function f: ")
    assert said in caught.value.message
    assert caught.value.place is not None


def test_wrong_arguments(folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        run(folder, "f(a, a)", "DOUBLE", declared("shop_functions.with_tax"))
    assert caught.value.code == "bad_arguments"


def test_other_languages_are_not_supported(folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        run(folder, "f(a)", "DOUBLE", declared("org.example.Function", language="JAVA"))
    assert caught.value.code == "not_supported"


def test_a_session_may_forbid_code(folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        run(folder, "f(c)", "DOUBLE", declared("shop_functions.with_tax"), python=False)
    assert caught.value.code == "python_not_allowed"


def test_the_current_directory_is_no_place_for_modules(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cwd_only.py").write_text("def f(x): return x\nf.result = 'BIGINT'\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    (folder / "modules").mkdir()
    analyzer = Analyzer(Catalog(python=True, modules=[folder / "modules"]))
    analyzer.add(declared("cwd_only.f") + "CREATE VIEW v AS SELECT f(1) AS x;")
    assert [d.code for d in analyzer.result().errors] == ["unknown_function"]


def test_two_folders_may_have_modules_of_one_name(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "shop_functions.py").write_text(CODE, encoding="utf-8")
    (other / "neighbour.py").write_text("RATE = 1.0\n", encoding="utf-8")
    setup = declared("shop_functions.with_tax")
    assert run(folder, "f(c)", "DOUBLE", setup) == [15.0, 30.0]
    TABLES["out"] = MemoryTable()
    assert run(other, "f(c)", "DOUBLE", setup) == [20.0, 40.0]


def test_analysis_loads_code_only_where_it_is_told_to(folder: Path) -> None:
    text = declared("shop_functions.with_tax") + "CREATE VIEW v AS SELECT f(1) AS x;"
    forbidden = Analyzer()
    forbidden.add(text)
    assert [d.code for d in forbidden.result().errors] == ["python_not_allowed"]
    allowed = Analyzer(Catalog(python=True, modules=[folder]))
    allowed.add(text)
    assert [str(f.type) for f in allowed.relation("v").schema] == ["DOUBLE"]
