"""Projects and their members."""

from __future__ import annotations

import pytest

from porsche.ide.models import Membership, Project, Role
from tests.ide.platform import World


def test_whoever_makes_a_project_is_its_admin(world: World) -> None:
    api = world.api("viewer")
    made = api.post("projects", {"slug": "ads", "title": "Ads"})
    assert made.status_code == 201 and made.json()["role"] == "admin"
    assert [p["slug"] for p in api.get("projects").json()["results"]] == ["ads", "shop"]
    assert api.get("projects/ads/members").json()["results"] == [{"username": "viewer", "role": "admin"}]


@pytest.mark.parametrize("slug", ["", "Shop", "a b", "../etc", "1st", "x" * 64, "<b>", "a;drop table", "é", "a\x00b"])
def test_names_that_are_none(slug: str, world: World) -> None:
    answer = world.api("viewer").post("projects", {"slug": slug})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid" and answer.json()["place"]["field"] == "slug"


def test_a_name_that_is_taken(world: World) -> None:
    answer = world.api("outsider").post("projects", {"slug": "shop"})
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert Project.objects.filter(slug="shop").count() == 1


def test_a_project_is_deleted_when_it_is_empty(world: World) -> None:
    api = world.api("admin")
    assert api.delete("projects/shop").json()["code"] == "not_empty"
    assert api.delete(f"pipelines/{world.pipeline.pk}").status_code == 204
    assert api.delete("projects/shop").status_code == 204
    assert api.get("projects/shop").status_code == 404


def test_members_come_and_go(world: World) -> None:
    api = world.api("admin")
    assert api.put("projects/shop/members/outsider", {"role": "viewer"}).json() == {
        "username": "outsider", "role": "viewer"}
    assert world.api("outsider").get("projects/shop").json()["role"] == "viewer"
    assert api.put("projects/shop/members/outsider", {"role": "editor"}).status_code == 200
    assert world.api("outsider").get("projects/shop").json()["role"] == "editor"
    assert api.delete("projects/shop/members/outsider").status_code == 204
    assert world.api("outsider").get("projects/shop").status_code == 404


def test_a_member_who_is_nobody(world: World) -> None:
    answer = world.api("admin").put("projects/shop/members/nobody", {"role": "viewer"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_user")
    assert world.api("admin").delete("projects/shop/members/nobody").status_code == 404


def test_a_role_that_is_none(world: World) -> None:
    answer = world.api("admin").put("projects/shop/members/viewer", {"role": "king"})
    assert answer.status_code == 400 and answer.json()["place"]["field"] == "role"


def test_the_last_admin_stays(world: World) -> None:
    api = world.api("admin")
    assert api.delete("projects/shop/members/admin").json()["code"] == "last_admin"
    assert api.put("projects/shop/members/admin", {"role": "viewer"}).json()["code"] == "last_admin"
    assert Membership.objects.get(user=world.people["admin"]).role == Role.ADMIN
    assert api.put("projects/shop/members/editor", {"role": "admin"}).status_code == 200
    assert api.put("projects/shop/members/admin", {"role": "viewer"}).status_code == 200
