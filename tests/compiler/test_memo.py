"""A compiler that remembers what nodes became says the same as one that does not."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porsche.compiler import Environment, Examined, Memo, examine
from porsche.runners.compiling import Tidying
from tests.compiler import random_pipelines
from tests.compiler.pipelines import EXAMPLES, chain, node
from tests.compiler.test_subpipelines import CHEAP, OUTER, with_local
from tests.profiles import examples

Document = dict[str, Any]


def told(found: Examined) -> Any:
    """All that is said of a document."""
    parts = found.parts
    return (
        None if found.compiled is None else found.compiled.as_json(),
        [d.as_dict() for d in found.diagnostics],
        {node: described.as_json() for node, described in found.schemas.items()},
        {node: described.as_json() for node, described in found.inner.items()},
        dict(found.skipped),
        parts and [(s.kind, s.node, s.name, s.text) for s in parts.statements],
    )


def assert_same(text: str, memo: Memo, **options: Any) -> Examined:
    """What is found out with what is remembered is what is found out anew."""
    found = examine(text, memo=memo, **options)
    assert told(found) == told(examine(text, **options))
    return found


# ---- edits -----------------------------------------------------------------------------------------------------------


def _literal(document: Document, random: Random) -> None:
    """Another number somewhere in a property; it may then be wrong."""
    node = random.choice(document["nodes"])
    text = json.dumps(node.get("properties", {}))
    node["properties"] = json.loads(text.replace(str(random.randint(1, 5)), str(random.randint(6, 9))))


def _type(document: Document, random: Random) -> None:
    """Another type of a column of a source, which changes all that reads it."""
    columns = document["nodes"][0]["properties"]["columns"]
    columns[random.choice(list(columns))] = random.choice(random_pipelines.TYPES)


def _name(document: Document, random: Random) -> None:
    columns = document["nodes"][0]["properties"]["columns"]
    name = random.choice(list(columns))
    document["nodes"][0]["properties"]["columns"] = {f"{n}_1" if n == name else n: t for n, t in columns.items()}


def _switch(document: Document, random: Random) -> None:
    node = random.choice(document["nodes"])
    node["disabled"] = not node.get("disabled", False)


def _away(document: Document, random: Random) -> None:
    gone = document["nodes"].pop(random.randrange(len(document["nodes"])))["id"]
    document["edges"] = [e for e in document["edges"] if gone not in (e["from"], e["to"].partition(".")[0])]


def _edge(document: Document, random: Random) -> None:
    if document["edges"]:
        random.choice(document["edges"])["from"] = random.choice(document["nodes"])["id"]


def _setting(document: Document, random: Random) -> None:
    """A setting under which state does not grow for ever."""
    document["settings"] = {"table.exec.state.ttl": f"{random.randint(0, 2)} d"}


def _unused(document: Document, random: Random) -> None:
    random.choice(document["nodes"]).setdefault("properties", {})["no_such"] = "${nothing}"


def _comment(document: Document, random: Random) -> None:
    """A line before all others: only places change."""
    document["description"] = "x\n" * random.randint(1, 3)


EDITS: tuple[Callable[[Document, Random], None], ...] = (
    _literal, _type, _name, _switch, _away, _edge, _setting, _unused, _comment)


@pytest.mark.soak
@given(seed=st.integers(0, 10**9))
@examples(12)
def test_whatever_is_edited(seed: int) -> None:
    """The random pipelines of the way back from SQL, each edited a few times and taken back."""
    memo, random = Memo(), Random(seed)
    document = random_pipelines.document(seed)
    kept = json.dumps(document, indent=1)
    assert_same(kept, memo)
    for _ in range(4):
        random.choice(EDITS)(document, random)
        assert_same(json.dumps(document, indent=1), memo)
    assert_same(kept, memo)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_twice(path: Any) -> None:
    memo = Memo()
    for _ in range(2):
        assert_same(path.read_text(encoding="utf-8"), memo)


# ---- what it depends on ----------------------------------------------------------------------------------------------


STEPS = [node("kept", "filter", condition="price > 3"), node("more", "select", compute={"twice": "price * 2"}),
         node("less", "filter", condition="twice < 9")]


def test_only_what_changed_is_made_again() -> None:
    memo = Memo()
    before = assert_same(chain(*STEPS), memo)
    changed = [STEPS[0], node("more", "select", compute={"twice": "price * 3"}), STEPS[2]]
    after = assert_same(chain(*changed), memo)
    assert before.parts and after.parts
    old = {s.name: s for s in before.parts.statements}
    same = {s.name for s in after.parts.statements if s is old[s.name]}
    assert same == {"events", "kept"}


def test_it_depends_on_parameters_environment_state_and_settings() -> None:
    memo, text = Memo(), chain(*STEPS)
    elsewhere = Environment(tables={"events": {"connector": "datagen"}, "out": {"connector": "print"}})
    for options in ({}, {"parameters": {"path": "b.csv"}}, {"environment": elsewhere}, {"state": "other"}, {}):
        assert_same(text, memo, **options)
    assert_same(chain(*STEPS, settings={"table.local-time-zone": "Asia/Shanghai"}), memo)


def test_inside_of_components() -> None:
    memo = Memo()
    other = {**CHEAP, "nodes": [node("cheap", "filter", condition="price <= ${limit}"), CHEAP["nodes"][1]]}
    off = {**CHEAP, "nodes": [{**CHEAP["nodes"][0], "disabled": True}, CHEAP["nodes"][1]]}
    again = {**CHEAP["properties"], "limit": {"kind": "number", "default": 8}}
    for cheap in (CHEAP, other, off, {**CHEAP, "properties": again}, {**CHEAP, "output": "nothing"}, CHEAP):
        text = with_local(node("s", "outer", most=4), node("t", "cheap_counts", by=["n"]), outer=OUTER,
                          cheap_counts=cheap)
        assert_same(text, memo)


def test_a_query_finds_tables_by_name() -> None:
    """The name of a CTE is no table outside of it: what that finds is no input, and not remembered."""
    memo, query = Memo(), "SELECT * FROM kept, (WITH kept AS (SELECT 1 AS mine) SELECT mine FROM kept) AS x"
    for made in ("1", "'a'"):
        kept = node("kept", "select", keep=["user"], compute={"made": made})
        document = json.loads(chain(kept, node("q", "custom_sql", query=query)))
        document["edges"].append({"from": "events", "to": "q"})
        document["edges"].remove({"from": "kept", "to": "q"})
        found = assert_same(json.dumps(document), memo)
        assert [f.name for f in found.schemas["q"].columns] == ["user", "made", "mine"]


def test_what_is_wrong_is_said_each_time() -> None:
    memo = Memo()
    for condition in ("prize > 3", "prize > 3", "${none} 1 > 3", "${none} 1 > 3"):
        assert assert_same(chain(node("a", "filter", condition=condition)), memo).compiled is None


def test_it_forgets_what_was_not_used_for_long() -> None:
    memo = Memo(20)
    for _ in range(3):
        assert_same(chain(*STEPS), memo)
    assert memo.size <= 20
    assert assert_same(chain(*STEPS), Memo(0)).compiled is not None


class _Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_what_was_forgotten_is_collected_between_questions() -> None:
    knot, tidying = _Knot(), Tidying()
    seen = weakref.ref(knot)
    gc.collect()  # it is old now, as what was remembered for long
    del knot
    for _ in range(Tidying.WHOLE):
        tidying()
    assert seen() is None
