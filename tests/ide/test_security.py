"""What must not be possible: forged requests, markup that runs, words that become SQL or paths, secrets that leak."""

from __future__ import annotations

import io
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.test import Client

from porsche.ide.logs import Lines
from porsche.ide.models import Pipeline, Project, Run, Token, User
from porsche.ide.services.people import create_sign_in_link, ensure_first_user
from porsche.redaction import redact
from tests.ide.platform import DOCUMENT, Api, World

SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(2)">'


# ---- forged requests -------------------------------------------------------------------------------------------------


WRITES = [
    ("POST", "projects", {"slug": "x"}),
    ("POST", "tokens", {"name": "x"}),
    ("POST", "runs", {"pipeline": 1}),
    ("POST", "compile", {"document": "x"}),
    ("PATCH", "projects/shop", {"title": "x"}),
    ("DELETE", "session", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_session_alone_does_not_write(method: str, path: str, body: Any, world: World) -> None:
    api = Api(world.people["admin"], csrf=True)
    before = (Project.objects.count(), Token.objects.count(), Run.objects.count())
    found = api.ask(method, path, body)
    assert (found.status_code, found.json()["code"]) == (403, "csrf_failed")
    assert (Project.objects.count(), Token.objects.count(), Run.objects.count()) == before


def test_with_the_token_of_the_session_it_does(world: World) -> None:
    api = Api(world.people["admin"], csrf=True)
    token = api.get("session").json()["csrf_token"]
    assert api.post("projects", {"slug": "fresh"}, X_CSRFToken=token).status_code == 201
    assert api.post("projects", {"slug": "more"}, X_CSRFToken="x" * 64).status_code == 403
    other = Api(world.people["viewer"], csrf=True)
    foreign = other.get("session").json()["csrf_token"]
    assert api.post("projects", {"slug": "more"}, X_CSRFToken=foreign).status_code == 403


def test_no_other_site_signs_anybody_in(world: World) -> None:
    api = Api(csrf=True)
    found = api.post("session", {"username": "admin", "password": "x"})
    assert (found.status_code, found.json()["code"]) == (403, "csrf_failed")


def test_a_bearer_token_needs_no_csrf_and_a_session_beside_it_does_not_help(world: World) -> None:
    token = world.api("viewer").post("tokens", {"name": "t", "role": "viewer"}).json()["token"]
    both = Api(world.people["admin"], token=token, csrf=True)
    assert both.get("session").json()["user"]["username"] == "viewer"
    assert both.patch("projects/shop", {"title": "x"}).status_code == 403


def test_a_request_from_another_origin(world: World) -> None:
    api = Api(world.people["admin"], csrf=True)
    token = api.get("session").json()["csrf_token"]
    found = api.post("projects", {"slug": "fresh"}, X_CSRFToken=token, Origin="https://evil.example")
    assert found.status_code == 403
    assert "Access-Control-Allow-Origin" not in api.get("session", Origin="https://evil.example")


# ---- markup ----------------------------------------------------------------------------------------------------------


def test_markup_stays_text(world: World) -> None:
    api = world.api("admin")
    document = DOCUMENT + f"description: '{SCRIPT}'\n"
    made = api.post("pipelines", {"project": "shop", "slug": "xss", "title": SCRIPT, "document": document})
    assert made.status_code == 201 and made.json()["title"] == SCRIPT
    for path in ("pipelines", f"pipelines/{made.json()['id']}", f"pipelines/{made.json()['id']}/compiled",
                 f"pipelines?search={SCRIPT}"):
        found = api.get(path)
        assert found["Content-Type"] == "application/json" and found["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in found["Content-Security-Policy"]


@pytest.mark.parametrize("field", ["slug", "project"])
def test_names_hold_no_markup(field: str, world: World) -> None:
    body = {"project": "shop", "slug": "fine", "document": DOCUMENT, field: SCRIPT}
    assert world.api("admin").post("pipelines", body).status_code in (400, 404)
    assert Pipeline.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("path", [f"/sign-in/{SCRIPT.replace('/', '')}", f"/static/{SCRIPT}", f"/api/{SCRIPT}"])
def test_pages_do_not_repeat_their_address(path: str) -> None:
    assert b"<script>alert" not in Client(raise_request_exception=False).get(path).content


@pytest.mark.parametrize("title", ["a\nb", "a\x00b", "\x1b[31m", "a\x7f"])
def test_titles_without_control_characters(title: str, world: World) -> None:
    answer = world.api("admin").patch("projects/shop", {"title": title})
    assert answer.status_code == 400 and answer.json()["place"]["field"] == "title"


# ---- SQL and paths ---------------------------------------------------------------------------------------------------

INJECTIONS = ["' OR '1'='1", "1; DROP TABLE ide_project", "%' UNION SELECT digest FROM ide_token --", "\\", "%", "_"]


@pytest.mark.parametrize("text", INJECTIONS)
def test_words_are_no_sql(text: str, world: World) -> None:
    api = world.api("viewer")
    for path in ("pipelines?search=", "pipelines?project=", "runs?project="):
        found = api.client.get(f"/api/{path.split('?')[0]}", {path.split("?")[1].rstrip("="): text})
        assert (found.status_code, found.json()["count"]) == (200, 0)
    assert api.client.get("/api/runs", {"pipeline": text}).status_code == 400
    assert api.client.get("/api/pipelines", {"ordering": text, "head__author__password": text}).json()["count"] == 1
    assert Api().post("session", {"username": text, "password": text}).status_code == 401
    assert Project.objects.count() == 2


@pytest.mark.parametrize("path", [
    "runs/../../etc/passwd", "runs/%2e%2e/logs", "runs/1%2f..%2f..%2fetc/logs", "projects/..%2f..",
    "runs/1/logs/../../../x"])
def test_addresses_are_no_paths(path: str, world: World) -> None:
    assert world.api("viewer").get(path).status_code == 404


@pytest.mark.parametrize("path", ["projects/a%00", "stream?project=%00", "runs/1/metrics?node=%00", "models/a%00.b",
                                  "models?project=%00", "/metrics?x=%00", "pipelines?search=a%00"])
def test_an_address_with_a_nul_reaches_no_database(path: str, world: World) -> None:
    found = world.api("viewer").get(path)
    assert (found.status_code, found.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("path", ["session", "projects", "runs", "nowhere", "tokens", "/metrics", "schema"])
def test_no_answer_with_data_is_kept_by_anybody(path: str, world: World) -> None:
    assert "no-store" in world.api("viewer").get(path)["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/%2e%2e/settings.py",
                                  "/static/app/../../settings.py", "/static//etc/passwd",
                                  "/static/..%2f..%2fporsche/settings.py"])
@pytest.mark.parametrize("refresh", [False, True])
def test_files_outside_are_not_served(path: str, refresh: bool, settings: LazySettings) -> None:
    settings.WHITENOISE_AUTOREFRESH = refresh
    found = Client(raise_request_exception=False).get(path)
    assert found.status_code == 404 and b"SECRET_KEY" not in found.content


def test_a_compile_reads_and_runs_nothing(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "env.yaml").write_text("uses: {}")
    body = {"document": DOCUMENT, "environment": str(tmp_path / "env.yaml")}
    assert world.api("viewer").post("compile", body).status_code == 400
    for tag in ("object/apply:os.system ['touch made']", "name:os.system ''", "module:antigravity ''"):
        tagged = DOCUMENT + f"description: !!python/{tag}\n"
        assert world.api("viewer").post("compile", {"document": tagged}).status_code == 200
    assert [path.name for path in tmp_path.iterdir()] == ["env.yaml"]


# ---- secrets ---------------------------------------------------------------------------------------------------------


def test_log_lines_hold_no_secret_and_name_their_request(world: World) -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(Lines(settings.LOGGING["formatters"]["line"]["format"], style="{"))
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        secret = world.api("viewer").post("tokens", {"name": "t"}).json()["token"]
        link = create_sign_in_link(user=ensure_first_user())
        found = Client().get(f"/api/nowhere/{secret}")
        Client(raise_request_exception=False).get(f"{link}/more/api", headers={"Accept": "*/*"})
        logger.error("a trace with %s and %s", secret, link)
    finally:
        logger.removeHandler(handler)
    text = out.getvalue()
    assert secret not in text and link.rpartition("/")[2] not in text
    assert "psk_***" in text and found["X-Request-Id"] in text


@pytest.mark.parametrize("text", ["9" * 65_000, "token" * 13_000, "token:" * 11_000, "-" * 65_000,
                                  "password='" + "'" * 65_000, "://a:" * 13_000, ("secret" + " " * 100) * 600])
def test_looking_for_secrets_takes_no_time(text: str) -> None:
    began = time.monotonic()
    redact(text)
    assert time.monotonic() - began < 2  # a hundredth of it on a quiet machine


def test_a_link_that_does_not_work_is_not_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert Client().get("/sign-in/abcdefgh").status_code == 403
    assert "abcdefgh" not in caplog.text


def test_nobody_reads_hashes_or_passwords(world: World) -> None:
    User.objects.create_user("ada", password="analytical engine")
    api = world.api("admin")
    token = api.post("tokens", {"name": "t"}).json()
    kept = Token.objects.get().digest
    run = world.run()
    paths = ["session", "projects", "projects/shop", "projects/shop/members", "tokens", "pipelines", "runs",
             f"runs/{run.pk}", f"runs/{run.pk}/events", f"pipelines/{world.pipeline.pk}/revisions"]
    told = "".join(api.get(path).content.decode() for path in paths)
    assert kept not in told and token["token"] not in told and "md5$" not in told and "password" not in told
    assert settings.SECRET_KEY not in told and str(settings.HOME.path) not in told


def test_errors_do_not_repeat_secrets(world: World) -> None:
    found = Api().post("session", {"username": "ada", "password": "hunter22", "extra": "hunter22"})
    assert "hunter22" not in found.content.decode()
    found = Api(token="psk_hunter22").get("session")
    assert "hunter22" not in found.content.decode()


def test_cookies(world: World) -> None:
    client = Client()
    client.get(create_sign_in_link(user=ensure_first_user()))
    client.get("/api/session")
    session, csrf = client.cookies["sessionid"], client.cookies["csrftoken"]
    assert session["httponly"] and session["samesite"] == csrf["samesite"] == "Lax"
