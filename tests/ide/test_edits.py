"""The working copy of a pipeline: entries of its log, each once, in one order; revisions made of it."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from porsche.ide.models import Edit, Pipeline, Project, WorkingCopy
from porsche.ide.services import edits as services
from porsche.ide.services.edits import Behind, Entry, append, applied, replaced
from porsche.ide.services.pipelines import create_pipeline, delete_pipeline, save_document, save_layout
from tests.ide.platform import DOCUMENT, World


def typed(text: str, at: int = 0, until: int | None = None, **rest: Any) -> dict[str, Any]:
    """An entry that puts a text there."""
    return {"key": str(uuid.uuid4()), "label": f"Type {text}",
            "edits": [{"from": at, "to": at if until is None else until, "insert": text}], **rest}


def send(world: World, version: int | str, *entries: dict[str, Any], who: str = "editor") -> Any:
    base = f'"{version}"' if isinstance(version, int) else version
    return world.api(who).post(f"pipelines/{world.pipeline.pk}/edits", {"edits": list(entries)}, If_Match=base)


def copy_of(world: World, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = world.api("viewer").get(f"pipelines/{world.pipeline.pk}/working-copy{query}").json()
    return found


def save(world: World, version: int, message: str = "") -> Any:
    return world.api("editor").post(f"pipelines/{world.pipeline.pk}/working-copy/save", {"message": message},
                                    If_Match=f'"{version}"')


def put(world: World, document: str) -> Any:
    """A program saves a revision."""
    return world.api("editor").put(f"pipelines/{world.pipeline.pk}/document", {"document": document}, If_Match="*")


# ---- entries ---------------------------------------------------------------------------------------------------------


def test_before_anybody_edits_it_is_the_newest_revision(world: World) -> None:
    found = copy_of(world)
    assert found == {"version": 0, "text": DOCUMENT, "layout": {}, "revision": 1, "saved": DOCUMENT, "head": 1,
                     "edits": []}


def test_entries_are_made_in_order(world: World) -> None:
    answer = send(world, 0, typed("a"), typed("b", 1), {"key": str(uuid.uuid4()), "layout": {"rows": [1, 2.5]}})
    assert (answer.status_code, answer.json(), answer["ETag"]) == (200, {"version": 3}, '"3"')
    found = copy_of(world)
    assert (found["version"], found["text"], found["layout"]) == (3, f"ab{DOCUMENT}", {"rows": [1, 2.5]})
    assert (found["revision"], found["saved"], found["head"]) == (1, DOCUMENT, 1)
    assert [(e["version"], e["label"], e["author"]) for e in found["edits"]] == [
        (1, "Type a", "editor"), (2, "Type b", "editor"), (3, "", "editor")]
    assert [e["version"] for e in copy_of(world, "?since=2")["edits"]] == [3]


def test_an_entry_is_made_once(world: World) -> None:
    first, second = typed("a"), typed("b")
    assert send(world, 0, first).json() == {"version": 1}
    assert send(world, 0, first).json() == {"version": 1}
    assert send(world, 0, first, second).json() == {"version": 2}  # the answer to the first was lost
    assert send(world, 2, typed("c")).json() == {"version": 3}
    assert send(world, 0, first, second).json() == {"version": 2}  # the same answer, whatever came since
    assert copy_of(world)["text"] == f"cba{DOCUMENT}"


def test_what_rests_on_an_old_version_is_told_what_came_since(world: World) -> None:
    send(world, 0, typed("theirs "), who="admin")
    answer = send(world, 0, typed("mine "))
    told = answer.json()
    assert (answer.status_code, told["code"]) == (412, "stale_version")
    assert (told["working_copy"]["version"], told["working_copy"]["text"]) == (1, f"theirs {DOCUMENT}")
    assert [(e["author"], e["edits"]) for e in told["working_copy"]["edits"]] == [
        ("admin", [{"from": 0, "to": 0, "insert": "theirs "}])]
    assert copy_of(world)["text"] == f"theirs {DOCUMENT}"


def test_of_a_batch_that_was_made_in_part_others_come_between(world: World) -> None:
    first, second = typed("a"), typed("b")
    send(world, 0, first)
    send(world, 1, typed("theirs "))
    told = send(world, 0, first, second).json()
    assert told["working_copy"]["edits"][0]["key"] == first["key"]
    assert len(told["working_copy"]["edits"]) == 2
    assert copy_of(world)["text"] == f"theirs a{DOCUMENT}"


@pytest.mark.parametrize(("version", "status"), [
    ("", 428), ('"x"', 400), ("*", 400), (f'"{"9" * 30}"', 400), ('"7"', 412), ('W/"0"', 200), ("0", 200)])
def test_if_match(version: str, status: int, world: World) -> None:
    assert send(world, version, typed("a")).status_code == status


LENGTH = len(DOCUMENT)
KEY = "0b1d9a52-7c0e-4c58-9d0a-5d1d3d7b8f10"


@pytest.mark.parametrize("entry", [
    typed("a", LENGTH + 5), typed("a", 5, 4), typed("a", -1), typed("x" * (1 << 20)), typed("\x00"),
    {"key": KEY, "edits": [{"from": 0, "to": 4, "insert": ""}, {"from": 2, "to": 6, "insert": ""}]},
    {"key": KEY, "edits": [{"from": 0, "to": 0}]}, {"key": KEY, "edits": [[0, 0, "a"]]}, {"key": KEY, "edits": "a"},
    {"key": "1"}, {}, {"key": KEY, "unknown": 1}, {"key": KEY, "label": "a\nb"}, {"key": KEY, "label": "x" * 201},
    {"key": KEY, "layout": {"rows": [1]}}, {"key": KEY, "layout": {"rows": [1, 2, 3]}},
    {"key": KEY, "layout": {"": [1, 2]}},
    {"key": KEY, "layout": {str(n): [0, 0] for n in range(10_001)}}, {"key": KEY, "layout": {"rows": [1e300, 0]}},
    {"key": KEY, "command": "x"}, {"key": KEY, "command": {"x": "y" * (256 << 10)}},
    {"key": KEY, "command": {"x": "\x00"}}, {"key": KEY, "command": {"x": "\ud800"}},
    {"key": KEY, "base": 7}, {"key": KEY, "base": 0},
])
def test_entries_that_are_none(entry: dict[str, Any], world: World) -> None:
    answer = send(world, 0, typed("fine"), entry)
    assert answer.status_code == 400, answer.content
    assert answer.json()["place"]["field"].startswith("edits.1")
    assert not Edit.objects.exists() and copy_of(world)["text"] == DOCUMENT  # all of them or none


def test_entries_in_another_order_than_before(world: World) -> None:
    first, second = typed("a"), typed("b")
    send(world, 0, first)
    assert send(world, 1, second, first).json()["code"] == "edits_out_of_order"
    assert send(world, 1, second, second).json()["code"] == "edits_out_of_order"
    assert send(world, 1, *[typed("a") for _ in range(201)]).status_code == 400


def test_places_of_a_size_and_none(world: World) -> None:
    send(world, 0, {"key": KEY, "layout": {"note": [0, 0, 200, 80], "rows": [1, 2]}})
    send(world, 1, {"key": str(uuid.uuid4()), "layout": {"rows": None}})
    assert copy_of(world)["layout"] == {"note": [0, 0, 200, 80]}


# ---- texts as browsers count them ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "edits", "made"), [
    ("", [(0, 0, "a")], "a"),
    ("abc", [(1, 2, "")], "ac"),
    ("abc", [(2, 3, "C"), (0, 1, "A")], "AbC"),
    ("a😀b", [(3, 4, "c")], "a😀c"),
    ("a😀b", [(1, 3, "")], "ab"),
    ("数据 x", [(3, 4, "流")], "数据 流"),
])
def test_offsets_are_utf16(text: str, edits: list[tuple[int, int, str]], made: str) -> None:
    assert applied(text, [{"from": a, "to": b, "insert": c} for a, b, c in edits]) == made


@pytest.mark.parametrize("edit", [(2, 2, "x"), (2, 3, ""), (1, 2, "\ud83d"), (4, 3, "")])
def test_no_edit_cuts_a_character(edit: tuple[int, int, str]) -> None:
    with pytest.raises(ValueError, match=r"cuts|outside"):
        applied("a😀b", [{"from": edit[0], "to": edit[1], "insert": edit[2]}])


texts = st.text(st.sampled_from("ab\n é数😀𝔘"), max_size=30)


@given(texts, texts)
def test_one_edit_makes_a_text_of_another(before: str, after: str) -> None:
    assert applied(before, replaced(before, after)) == after


# ---- revisions -------------------------------------------------------------------------------------------------------


def test_a_version_becomes_a_revision(world: World) -> None:
    send(world, 0, typed("# more\n"))
    answer = save(world, 1, "more")
    assert (answer.status_code, answer.json()) == (200, {"revision": 2, "version": 2, "valid": True, "diagnostics": []})
    found = copy_of(world)
    assert (found["version"], found["revision"], found["head"], found["saved"]) == (2, 2, 2, f"# more\n{DOCUMENT}")
    assert found["edits"] == []
    assert [(e["label"], e["base"]) for e in copy_of(world, "?since=1")["edits"]] == [("Revision 2", 2)]
    revision = world.api("viewer").get(f"pipelines/{world.pipeline.pk}/revisions/2").json()
    assert (revision["message"], revision["author"], revision["document"]) == ("more", "editor", found["saved"])
    assert save(world, 2).json()["revision"] == 2  # the same document makes no new one


def test_nothing_was_edited(world: World) -> None:
    assert save(world, 0).json()["revision"] == 1
    assert save(world, 1).status_code == 412


def test_only_the_newest_version_becomes_a_revision(world: World) -> None:
    send(world, 0, typed("a"), typed("b"))
    told = save(world, 1)
    assert (told.status_code, told.json()["code"], told.json()["working_copy"]["version"]) == (412, "stale_version", 2)


def test_a_program_saves_while_nothing_is_unsaved(world: World) -> None:
    send(world, 0, typed("# more\n"))
    save(world, 1)
    put(world, "name: 数据😀\n")
    found = copy_of(world, "?since=2")
    assert (found["version"], found["text"], found["revision"]) == (3, "name: 数据😀\n", 3)
    (entry,) = found["edits"]
    assert (entry["label"], entry["base"]) == ("Revision 3", 3)
    assert applied(f"# more\n{DOCUMENT}", entry["edits"]) == found["text"]
    assert send(world, 2, typed("mine")).status_code == 412


def test_a_program_saves_while_something_is_unsaved(world: World) -> None:
    send(world, 0, typed("# mine\n"))
    put(world, "name: theirs\n")
    found = copy_of(world)
    assert (found["text"], found["revision"], found["head"]) == (f"# mine\n{DOCUMENT}", 1, 2)  # both are there to see
    assert save(world, 1).json()["code"] == "stale_revision"
    send(world, 1, typed("", base=2))  # mine goes on, on top of theirs
    assert save(world, 2).json()["revision"] == 3
    assert copy_of(world)["saved"] == f"# mine\n{DOCUMENT}"


def test_a_roll_back_is_a_revision_like_any_other(world: World) -> None:
    send(world, 0, typed("# more\n"))
    save(world, 1)
    save_document(pipeline=world.pipeline, document=DOCUMENT, base=None, by=None)
    assert (copy_of(world)["text"], copy_of(world)["revision"]) == (DOCUMENT, 3)


def test_a_layout_that_a_program_sets(world: World) -> None:
    save_layout(pipeline=world.pipeline, layout={"rows": [1, 2], "kept": [3, 4]})
    assert (copy_of(world)["version"], copy_of(world)["layout"]) == (1, {"rows": [1, 2], "kept": [3, 4]})
    save_layout(pipeline=world.pipeline, layout={"rows": [5, 6]})
    save_layout(pipeline=world.pipeline, layout={"rows": [5, 6]})
    (entry,) = copy_of(world, "?since=1")["edits"]
    assert entry["layout"] == {"rows": [5, 6], "kept": None}


def test_a_program_saves_before_anybody_edited(world: World) -> None:
    put(world, "name: theirs\n")
    assert send(world, 0, typed("mine ")).status_code == 412  # the text of version 0 is another one
    assert (copy_of(world)["version"], copy_of(world)["text"]) == (1, "name: theirs\n")


# ---- the log ---------------------------------------------------------------------------------------------------------


def test_old_entries_are_in_the_text_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "KEPT", 10)
    for version in range(15):
        send(world, version, typed(str(version)))
    assert sorted(Edit.objects.values_list("version", flat=True)) == list(range(6, 16))
    assert copy_of(world, "?since=4")["edits"] is None
    assert copy_of(world)["edits"] is None  # the log does not reach back to the revision
    assert len(copy_of(world, "?since=5")["edits"]) == 10
    assert copy_of(world, "?since=99")["edits"] is None
    assert copy_of(world)["text"].startswith("14131211109876543210")


@pytest.mark.parametrize("since", ["x", "-1", "9" * 30])
def test_since_what(since: str, world: World) -> None:
    assert world.api("viewer").get(f"pipelines/{world.pipeline.pk}/working-copy?since={since}").status_code == 400


def test_it_goes_with_its_pipeline(world: World) -> None:
    send(world, 0, typed("a"))
    save(world, 1)
    delete_pipeline(pipeline=world.pipeline)
    assert not Edit.objects.exists() and not WorkingCopy.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_edit_at_once_one_is_first() -> None:
    pipeline = create_pipeline(project=Project.objects.create(slug="shop"), slug="numbers", document="", by=None)

    def edit(n: int) -> str:
        entry = Entry(uuid.uuid4(), edits=[{"from": 0, "to": 0, "insert": str(n)}])
        try:
            append(pipeline=Pipeline.objects.get(pk=pipeline.pk), version=0, entries=[entry], by=None)
        except Behind as behind:
            return f"behind {behind.copy['version']}"
        finally:
            connections.close_all()
        return "made"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(edit, range(8)))
    assert outcomes == ["behind 1"] * 7 + ["made"]
    assert WorkingCopy.objects.get().version == Edit.objects.count() == 1
