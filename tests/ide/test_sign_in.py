"""Signing in and out: by a link that works once, by a password, by a token."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from engine.errors import UserError
from porsche.ide.models import Beat, Role, SignInLink, Token, User
from porsche.ide.services import tokens
from porsche.ide.services.people import create_sign_in_link, create_user, ensure_first_user
from tests.ide.platform import Api, World

pytestmark = pytest.mark.django_db


def signed_in(client: Client) -> str | None:
    user = client.get("/api/session").json()["user"]
    return user and user["username"]


def test_the_first_user_has_no_password_and_is_made_once() -> None:
    first = ensure_first_user()
    assert (first.username, first.is_superuser, first.has_usable_password()) == ("admin", True, False)
    assert ensure_first_user().pk == first.pk
    assert User.objects.count() == 1


def test_a_superuser_who_is_there_is_the_first() -> None:
    ada = User.objects.create_superuser("ada", password="of her own")
    assert ensure_first_user().pk == ada.pk


def test_a_link_works_once() -> None:
    path, client = create_sign_in_link(user=ensure_first_user()), Client()
    answer = client.get(path)
    assert (answer.status_code, answer["Location"], answer["Referrer-Policy"]) == (302, "/", "no-referrer")
    assert signed_in(client) == "admin"
    other = Client()
    assert other.get(path).status_code == 403
    assert signed_in(other) is None


def test_looking_at_a_link_does_not_use_it_up() -> None:
    path, client = create_sign_in_link(user=ensure_first_user()), Client()
    assert client.head(path).status_code == 403
    assert client.get(path).status_code == 302


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("headers", [
    {**BROWSER, "Sec-Fetch-Site": "cross-site"}, {**BROWSER, "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Accept": "image/*"}, BROWSER,
    {**BROWSER, "Sec-Fetch-Site": "none", "Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}],
    ids=["other site", "sibling", "image", "mail scanner", "prerender", "prefetch"])
def test_whom_something_else_leads_to_a_link_is_asked(headers: dict[str, str]) -> None:
    path, client = create_sign_in_link(user=ensure_first_user()), Client(enforce_csrf_checks=True)
    page = client.get(path, headers=headers)
    assert page.status_code == 200 and b'<form method="post">' in page.content
    assert "no-store" in page["Cache-Control"] and page["Referrer-Policy"] == "same-origin"
    assert path.rpartition("/")[2].encode() not in page.content
    assert signed_in(client) is None
    assert client.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post(path).status_code == 403 and signed_in(client) is None  # no token of the page
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.content)
    assert token is not None
    assert client.post(path, {"csrfmiddlewaretoken": token[1].decode()})["Location"] == "/"
    assert signed_in(client) == "admin"


def test_a_typed_link_signs_in_at_once_in_a_session_of_its_own() -> None:
    client = Client()
    client.force_login(create_user(username="ada"))
    before = client.cookies["sessionid"].value
    path = create_sign_in_link(user=ensure_first_user())
    assert client.get(path, headers={**BROWSER, "Sec-Fetch-Site": "none"}).status_code == 302
    assert signed_in(client) == "admin" and client.cookies["sessionid"].value != before


@pytest.mark.parametrize(("minutes", "status"), [(14.9, 302), (15.1, 403)])
def test_a_link_lasts_fifteen_minutes(minutes: float, status: int) -> None:
    path = create_sign_in_link(user=ensure_first_user())
    with patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(minutes=minutes)):
        assert Client().get(path).status_code == status


def test_a_link_of_somebody_who_left() -> None:
    user = create_user(username="ada")
    path = create_sign_in_link(user=user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert Client().get(path).status_code == 403


def test_only_the_hash_of_a_link_is_kept() -> None:
    secret = create_sign_in_link(user=ensure_first_user()).rpartition("/")[2]
    kept = SignInLink.objects.values().get()
    assert secret not in str(kept) and len(secret) >= 43


def test_a_link_that_nobody_made() -> None:
    answer = Client().get("/sign-in/" + "x" * 43)
    assert answer.status_code == 403 and b"does not sign you in" in answer.content


def test_by_password_and_out_again() -> None:
    User.objects.create_user("ada", password="analytical engine")
    api = Api(csrf=True)
    token = api.get("session").json()["csrf_token"]
    answer = api.post("session", {"username": "ada", "password": "analytical engine"}, X_CSRFToken=token)
    assert answer.status_code == 200 and answer.json()["user"] == {"username": "ada", "is_superuser": False}
    token = answer.json()["csrf_token"]
    assert signed_in(api.client) == "ada"
    assert api.delete("session", X_CSRFToken=token).status_code == 204
    assert signed_in(api.client) is None


def test_a_wrong_password_says_nothing_about_the_user() -> None:
    User.objects.create_user("ada", password="analytical engine")
    one, two = (Api().post("session", {"username": name, "password": "x"}) for name in ("ada", "nobody"))
    assert (one.status_code, one.json()) == (two.status_code, two.json())
    assert one.status_code == 401 and one.json()["code"] == "unauthenticated"


def test_no_password_signs_in_who_has_none() -> None:
    ensure_first_user()
    for guess in ("", "!", "admin", "None"):
        assert Api().post("session", {"username": "admin", "password": guess}).status_code in (400, 401)


def test_guessing_passwords_is_slowed_down() -> None:
    with patch("time.time", return_value=1_000_000_040.0):  # twenty seconds into a minute
        answers = [Api().post("session", {"username": "ada", "password": "x"}) for _ in range(21)]
    assert [a.status_code for a in answers] == [401] * 20 + [429]
    assert answers[-1].json()["code"] == "throttled" and 0 < int(answers[-1]["Retry-After"]) <= 60
    with patch("time.time", return_value=1_000_000_080.0):
        assert Api().post("session", {"username": "ada", "password": "x"}).status_code == 401


def test_the_session_lists_projects_and_the_supervisor(world: World) -> None:
    session = world.api("editor").get("session").json()
    assert session["projects"] == [{"slug": "shop", "title": "Shop", "role": "editor"}]
    assert session["supervisor"] == {"alive": False, "at": None}
    beat = Beat.objects.create(name="supervisor", pid=1, at=timezone.now())
    assert world.api("editor").get("session").json()["supervisor"]["alive"] is True
    Beat.objects.filter(pk=beat.pk).update(at=timezone.now() - timedelta(seconds=11))
    assert world.api("editor").get("session").json()["supervisor"]["alive"] is False


def test_a_superuser_is_an_admin_everywhere(world: World) -> None:
    projects = Api(ensure_first_user()).get("session").json()["projects"]
    assert [(p["slug"], p["role"]) for p in projects] == [("other", "admin"), ("shop", "admin")]


# ---- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_kept_as_a_hash(world: World) -> None:
    api = world.api("editor")
    made = api.post("tokens", {"name": "ci", "role": "operator", "project": "shop"}).json()
    secret = made["token"]
    assert secret.startswith("psk_") and secret.startswith(made["prefix"])
    assert made["project"] == "shop" and made["role"] == "operator" and made["used_at"] is None
    assert secret not in api.get("tokens").content.decode()
    assert secret not in str(Token.objects.values().get())
    assert Api(token=secret).get("session").json()["user"]["username"] == "editor"


def test_a_deleted_token_is_good_for_nothing(world: World) -> None:
    api = world.api("editor")
    made = api.post("tokens", {"name": "ci"}).json()
    assert api.delete(f"tokens/{made['id']}").status_code == 204
    answer = Api(token=made["token"]).get("session")
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Bearer")


def test_nobody_deletes_somebody_elses_token(world: World) -> None:
    made = world.api("editor").post("tokens", {"name": "ci"}).json()
    assert world.api("admin").delete(f"tokens/{made['id']}").status_code == 404
    assert Token.objects.count() == 1


@pytest.mark.parametrize("secret", ["psk_" + "x" * 43, "psk_", "", "pq", "psk_\N{SNOWMAN}".encode().decode("latin-1")])
def test_a_token_that_nobody_made(secret: str) -> None:
    assert Api(token=secret or " ").get("session").status_code == 401


def test_a_token_expires(world: World) -> None:
    soon = timezone.now() + timedelta(hours=1)
    secret = tokens.create_token(user=world.people["viewer"], name="t", role=Role.VIEWER, expires_at=soon)[1]
    assert Api(token=secret).get("runs").status_code == 200
    with patch("django.utils.timezone.now", return_value=soon + timedelta(seconds=1)):
        assert Api(token=secret).get("runs").status_code == 401
    late = world.api("viewer").post("tokens", {"name": "t", "expires_at": "2001-01-01T00:00:00Z"})
    assert late.status_code == 400 and late.json()["place"]["field"] == "expires_at"


def test_a_tokens_use_is_noted_once_a_minute(world: World) -> None:
    token, secret = tokens.create_token(user=world.people["viewer"], name="t", role=Role.VIEWER)
    begin = timezone.now()
    noted = []
    for seconds in (0, 30, 59, 61):
        with patch("django.utils.timezone.now", return_value=begin + timedelta(seconds=seconds)):
            assert Api(token=secret).get("components").status_code == 200
        token.refresh_from_db()
        noted.append((token.used_at - begin).total_seconds() if token.used_at else None)
    assert noted == [0, 0, 0, 61]


def test_there_is_an_end_to_tokens(world: World) -> None:
    for _ in range(tokens.MOST):
        tokens.create_token(user=world.people["viewer"], name="t", role=Role.VIEWER)
    assert world.api("viewer").post("tokens", {"name": "one more"}).json()["code"] == "too_many_tokens"


# ---- commands --------------------------------------------------------------------------------------------------------


def output(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()


def test_the_command_prints_a_link() -> None:
    address = output("sign_in_link", "--url", "http://127.0.0.1:9000/")
    assert address.startswith("http://127.0.0.1:9000/sign-in/")
    client = Client()
    client.get(address.removeprefix("http://127.0.0.1:9000"))
    assert signed_in(client) == "admin"


def test_the_command_makes_users_when_asked() -> None:
    with pytest.raises(CommandError, match="--create"):
        output("sign_in_link", "ada")
    client = Client()
    client.get(output("sign_in_link", "ada", "--create", "--url", ""))
    assert signed_in(client) == "ada"
    with pytest.raises(CommandError, match="cannot be a user's name"):
        output("sign_in_link", "<script>", "--create")
    with pytest.raises(UserError, match="already exists"):
        create_user(username="ada")
