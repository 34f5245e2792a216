"""Pipelines, their documents and revisions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from engine.errors import UserError
from porsche.ide.errors import Stale
from porsche.ide.models import Pipeline, Project, Revision, Status
from porsche.ide.services.pipelines import create_pipeline, save_document, save_layout
from porsche.ide.services.seed import seed_example
from tests.ide.platform import BROKEN, DOCUMENT, World

SHOP = Path(__file__).parents[2] / "examples" / "shop.yaml"


def saved(world: World, document: str, base: str = '"1"') -> tuple[int, dict[str, object]]:
    answer = world.api("editor").put(f"pipelines/{world.pipeline.pk}/document", {"document": document}, If_Match=base)
    return answer.status_code, answer.json()


def test_a_new_pipeline(world: World) -> None:
    api = world.api("editor")
    answer = api.post("pipelines", {"project": "shop", "slug": "clicks", "title": "Clicks", "document": DOCUMENT})
    made = answer.json()
    assert answer.status_code == 201 and answer["ETag"] == '"1"'
    assert (made["revision"], made["document"], made["layout"], made["run"]) == (1, DOCUMENT, {}, None)
    assert api.get(f"pipelines/{made['id']}").json() == made
    again = api.post("pipelines", {"project": "shop", "slug": "clicks", "document": DOCUMENT})
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")


def test_a_pipeline_in_a_project_that_one_is_not_in(world: World) -> None:
    body = {"slug": "clicks", "document": DOCUMENT}
    there, nowhere = (world.api("editor").post("pipelines", {**body, "project": p}) for p in ("other", "nowhere"))
    assert there.status_code == nowhere.status_code == 404
    assert there.json()["message"].replace("other", "nowhere") == nowhere.json()["message"]


def test_saving_makes_revisions(world: World) -> None:
    assert saved(world, DOCUMENT + "# more\n") == (200, {"revision": 2, "valid": True, "diagnostics": []})
    assert saved(world, DOCUMENT + "# most\n", '"2"')[1]["revision"] == 3
    listed = world.api("viewer").get(f"pipelines/{world.pipeline.pk}/revisions").json()["results"]
    assert [(r["number"], r["author"]) for r in listed] == [(3, "editor"), (2, "editor"), (1, "editor")]
    one = world.api("viewer").get(f"pipelines/{world.pipeline.pk}/revisions/2").json()
    assert one["document"] == DOCUMENT + "# more\n"
    assert world.api("viewer").get(f"pipelines/{world.pipeline.pk}/revisions/9").status_code == 404


def test_the_same_document_makes_no_revision(world: World) -> None:
    assert saved(world, DOCUMENT)[1]["revision"] == 1
    assert Revision.objects.count() == 1


def test_a_draft_may_be_broken(world: World) -> None:
    status, answer = saved(world, BROKEN)
    assert (status, answer["revision"], answer["valid"]) == (200, 2, False)
    (found,) = answer["diagnostics"]  # type: ignore[misc]
    assert (found["node"], found["property"], found["code"]) == ("kept", "condition", "unknown_column")
    assert found["line"] == BROKEN[: BROKEN.index("condition: m")].count("\n") + 1


def test_saving_over_a_newer_revision_is_refused(world: World) -> None:
    assert saved(world, "a: 1")[0] == 200
    status, answer = saved(world, "b: 2", '"1"')
    assert (status, answer["code"]) == (412, "stale_revision")
    assert saved(world, "b: 2", "*")[1]["revision"] == 3


@pytest.mark.parametrize(("base", "status"), [
    ("", 428), ('"x"', 400), ("-1", 400), (f'"{"9" * 30}"', 400), ('"9999999999"', 412), ('W/"1"', 200), ("1", 200)])
def test_if_match(base: str, status: int, world: World) -> None:
    assert saved(world, "a: 1", base)[0] == status


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_wins() -> None:
    project = Project.objects.create(slug="shop")
    pipeline = create_pipeline(project=project, slug="numbers", document=DOCUMENT, by=None)

    def save(n: int) -> str:
        try:
            save_document(pipeline=Pipeline.objects.get(pk=pipeline.pk), document=f"n: {n}", base=1, by=None)
        except Stale:
            return "stale"
        finally:
            connections.close_all()
        return "saved"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(save, range(8)))
    assert outcomes == ["saved"] + ["stale"] * 7
    assert sorted(Revision.objects.values_list("number", flat=True)) == [1, 2]


def test_the_layout_is_no_part_of_the_document(world: World) -> None:
    api = world.api("editor")
    assert api.put(f"pipelines/{world.pipeline.pk}/layout", {"rows": [1.5, -2]}).json() == {"rows": [1.5, -2.0]}
    found = api.get(f"pipelines/{world.pipeline.pk}").json()
    assert (found["layout"], found["revision"]) == ({"rows": [1.5, -2.0]}, 1)


@pytest.mark.parametrize("layout", [
    [], 7, {"rows": 1}, {"rows": [1]}, {"rows": [1, 2, 3]}, {"rows": ["a", "b"]}, {"rows": [1e300, 0]},
    {"x" * 300: [1, 2]}, {"a\x00": [1, 2]}, '{"rows": [NaN, 1]}', '{"rows": [1e999, 1]}',
    {str(n): [0, 0] for n in range(10_001)}])
def test_layouts_that_are_none(layout: object, world: World) -> None:
    answer = world.api("editor").put(f"pipelines/{world.pipeline.pk}/layout", layout)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    world.pipeline.refresh_from_db()
    assert world.pipeline.layout == {}


def test_a_layout_leaves_a_document_saved_meanwhile_alone(world: World) -> None:
    old = Pipeline.objects.get(pk=world.pipeline.pk)
    assert saved(world, "a: 1")[0] == 200
    save_layout(pipeline=old, layout={"rows": [1, 2]})
    assert world.api("viewer").get(f"pipelines/{world.pipeline.pk}").json()["revision"] == 2


def test_lists_are_filtered(world: World) -> None:
    for n, title in enumerate(("Clicks of today", "Clicks 100%", "views")):
        create_pipeline(project=world.project, slug=f"p{n}", title=title, document="x", by=None)
    create_pipeline(project=world.other, slug="hidden", title="Clicks", document="x", by=None)
    api = world.api("viewer")

    def slugs(query: str) -> list[str]:
        return [p["slug"] for p in api.get(f"pipelines?{query}").json()["results"]]

    assert slugs("") == ["numbers", "p0", "p1", "p2"]
    assert slugs("search=click") == ["p0", "p1"]
    assert slugs("search=today%20clicks") == ["p0"]
    assert slugs("search=%25") == ["p1"]  # a percent sign is no pattern
    assert slugs("search=' OR 1=1 --") == []
    assert slugs("project=other") == []
    assert slugs("project=shop&search=views") == ["p2"]


def test_the_archive(world: World) -> None:
    api = world.api("editor")
    run = world.run(Status.RUNNING)
    assert api.patch(f"pipelines/{world.pipeline.pk}", {"archived": True}).json()["code"] == "run_active"
    run.delete()
    assert api.patch(f"pipelines/{world.pipeline.pk}", {"archived": True}).json()["archived"] is True
    assert api.get("pipelines").json()["count"] == 0
    assert api.get("pipelines?archived=true").json()["count"] == 1
    assert api.post("runs", {"pipeline": world.pipeline.pk}).json()["code"] == "archived"
    assert api.patch(f"pipelines/{world.pipeline.pk}", {"archived": False}).json()["archived"] is False
    assert api.get("pipelines").json()["count"] == 1


def test_a_pipeline_is_deleted_with_its_runs_and_their_folders(
        world: World, django_capture_on_commit_callbacks: object) -> None:
    run = world.run(Status.FINISHED)
    folder = settings.HOME.run(run.pk)
    (folder / "state").mkdir(parents=True)
    api = world.api("admin")
    active = world.run(Status.RUNNING)
    assert api.delete(f"pipelines/{world.pipeline.pk}").json()["code"] == "run_active"
    active.delete()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert api.delete(f"pipelines/{world.pipeline.pk}").status_code == 204
        assert folder.exists()
    assert not folder.exists()
    assert not Revision.objects.exists() and not Pipeline.objects.exists()


def test_the_newest_run_is_listed(world: World) -> None:
    world.run(Status.FAILED)
    newest = world.run(Status.FINISHED)
    run = world.api("viewer").get("pipelines").json()["results"][0]["run"]
    assert (run["id"], run["status"]) == (newest.pk, "FINISHED")


def test_a_list_asks_the_database_a_fixed_number_of_times(world: World) -> None:
    api = world.api("viewer")

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert api.get("pipelines").status_code == 200
        return len(found)

    world.run(Status.FINISHED)
    first = queries()
    for n in range(20):
        world.pipeline = create_pipeline(project=world.project, slug=f"p{n}", document="x", by=None)
        world.run(Status.FINISHED)
    assert queries() == first <= 12


# ---- examples --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_example_is_put_there_once() -> None:
    made = seed_example(SHOP)
    assert str(made) == "examples/shop" and made.head is not None and made.head.document == SHOP.read_text()
    save_document(pipeline=made, document="mine: 1", base=1, by=None)
    assert seed_example(SHOP).pk == made.pk
    assert Pipeline.objects.get().head.document == "mine: 1"  # type: ignore[union-attr]


@pytest.mark.django_db
def test_an_example_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        seed_example(tmp_path / "missing.yaml")
    odd = tmp_path / "1. Über Größe!.yaml"
    odd.write_text(DOCUMENT)
    assert seed_example(odd).slug == "ber-gr-e"
