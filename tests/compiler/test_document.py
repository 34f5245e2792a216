"""Reading documents: every error at once, at its line and column."""

from __future__ import annotations

import json
import time

import pytest

from porsche.compiler import DocumentError, check_text
from porsche.compiler.document import load
from porsche.compiler.places import read

HEAD = "version: 1\nname: p\n"


def codes(text: str, **options) -> list[tuple[str, int, int]]:
    return [(d.code, d.line, d.column) for d in check_text(text, **options) if d.severity == "error"]


def test_places_of_yaml_and_json_are_found() -> None:
    value, places = read("a:\n  - b: 1\n  - [x, y]\n")
    assert value == {"a": [{"b": 1}, ["x", "y"]]}
    assert places[("a", 0, "b")] == (2, 5)
    assert places[("a", 1, 1)] == (3, 9)
    assert read(json.dumps({"a": [1, 2.5, None, True]}))[0] == {"a": [1, 2.5, None, True]}


@pytest.mark.parametrize(("text", "place"), [
    ("a: [1, 2", (2, 1)), ("a: b: c", (1, 5)), ("a: 1\na: 2", (2, 1)), ("a: &x [*x]", (1, 7)), ("? [1]\n: 2", (1, 3)),
    ("a: !!int x", (1, 4)),
], ids=["open", "nested", "twice", "recursive", "key", "number"])
def test_text_that_is_not_a_document(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(DocumentError) as error:
        read(text)
    found = error.value.diagnostics[0]
    assert abs(found.line - place[0]) <= 1, found
    assert found.message


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 500_000, "1" + ":59" * 300_000, "0b" + "1" * 500_000,
                                    "." + "1" * 500_000, "1.e+" + "0" * 5000], ids=lambda text: text[:4])
def test_a_number_of_many_digits_is_refused_before_it_is_read(number: str) -> None:
    began = time.process_time()
    with pytest.raises(DocumentError) as error:
        read(f"a: {number}")
    found = error.value.diagnostics[0]
    assert (found.code, found.line, found.column) == ("syntax", 1, 4) and len(found.message) < 200
    assert time.process_time() - began < 2  # the square of the digits would take minutes


def test_aliases_cannot_blow_a_document_up() -> None:
    bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n" for before, name in zip("abcdef", "bcdefg"))
    with pytest.raises(DocumentError) as error:
        read(bomb)
    assert error.value.diagnostics[0].code == "too_large"


def test_dates_and_the_like_stay_texts() -> None:
    assert read("a: 2017-12-02\nb: '1'\nc: 1_000")[0] == {"a": "2017-12-02", "b": "1", "c": 1000}


@pytest.mark.parametrize(("text", "expected"), [
    ("[]", [("wrong_type", 1, 1)]),
    ("version: 2\nname: p\nnodes: []\n", [("unknown_version", 1, 1)]),
    (HEAD + "edge: []\n", [("unknown_field", 3, 1)]),
    (HEAD + "nodes:\n  - {id: a}\n", [("missing_field", 4, 5)]),
    (HEAD + "nodes:\n  - {id: a__b, component: filter}\n", [("bad_id", 4, 6)]),
    (HEAD + "nodes:\n  - {id: a, component: filtr}\n", [("unknown_component", 4, 13)]),
    (HEAD + "nodes:\n  - filter\n", [("wrong_type", 4, 5)]),
    (HEAD + "nodes: {}\n", [("wrong_type", 3, 1)]),
    (HEAD + "parameters:\n  state: {default: 1}\n", [("bad_name", 4, 3), ("no_sink", 0, 0)][:1]),
    (HEAD + "edges:\n  - {from: a}\n", [("missing_field", 4, 5)]),
    (HEAD + "edges:\n  - {from: a, to: b}\n", [("unknown_node", 4, 6)]),
    (HEAD + "settings: {table.exec.state.ttl: [1]}\n", [("wrong_type", 3, 12)]),
    ("version: 1\nname: 'a/b'\n", [("bad_name", 2, 1)]),
])
def test_errors_and_their_places(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert codes(text) == expected


def test_near_names_are_hinted() -> None:
    found = check_text(HEAD + "nodez: []\n")[0]
    assert found.hint == "did you mean 'nodes'?"


def test_what_is_read() -> None:
    document, collector = load(
        HEAD + "parameters: {n: {default: 3}}\nsettings: {a: true}\nnodes: [{id: a, component: union}]\n"
        "edges: [{from: a, to: a.rows}]\nlayout: {a: {x: 1, y: 2}}\n"
    )
    assert not collector.failed
    assert document.parameters["n"].default == "3"
    assert document.settings == {"a": "true"}
    assert (document.edges[0].source, document.edges[0].target, document.edges[0].port) == ("a", "a", "rows")
