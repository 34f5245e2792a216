"""The application's page, the API's description, and the headers of everything."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles import finders
from django.test import AsyncClient, Client

from porsche.ide.middleware import APPLICATION_POLICY
from tests.ide.platform import Api, World

pytestmark = pytest.mark.django_db
INDEX = b'<!doctype html><html><script type="module" src="/static/app/assets/index.js"></script></html>'


@pytest.fixture
def built(tmp_path: Path, settings: LazySettings) -> Path:
    settings.FRONTEND = tmp_path
    (tmp_path / "index.html").write_bytes(INDEX)
    return tmp_path / "index.html"


@pytest.mark.parametrize("path", ["/", "/pipelines/7", "/anything/at/all", "/apis"])
def test_every_address_of_its_own_is_the_application(path: str, built: Path) -> None:
    found = Client().get(path)
    assert (found.status_code, found.content, found["Content-Type"]) == (200, INDEX, "text/html; charset=utf-8")


def test_its_policy_lets_no_inline_script_run(built: Path) -> None:
    found = Client().get("/")
    policy = dict(part.strip().split(" ", 1) for part in found["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'" and policy["default-src"] == "'none'" and policy["base-uri"] == "'none'"
    assert found["X-Frame-Options"] == "DENY" and policy["frame-ancestors"] == "'none'"


def test_it_is_sent_again_only_when_it_changed(built: Path) -> None:
    first = Client().get("/")
    assert first["Cache-Control"] == "no-cache"
    again = Client().get("/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    built.write_bytes(INDEX + b"<!-- newer -->")
    assert Client().get("/", headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert Client().post("/").status_code == 405


def test_a_page_that_is_not_built_says_how(tmp_path: Path, settings: LazySettings) -> None:
    settings.FRONTEND = tmp_path / "missing"
    found = Client().get("/")
    assert found.status_code == 503 and b"make setup" in found.content and b"/api/docs" in found.content


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/api/session", 200), ("/api/nowhere", 404),
                                              ("/sign-in/x", 403), ("/static/nowhere", 404), ("/api/docs", 200)])
def test_headers_of_everything(path: str, status: int, built: Path) -> None:
    found = Client().get(path)
    assert found.status_code == status
    assert found["X-Content-Type-Options"] == "nosniff" and found["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert found["Content-Security-Policy"] and found["Permissions-Policy"]
    assert re.fullmatch("[0-9a-f]{16}", found["X-Request-Id"])
    assert path.startswith("/api/") == (found.get("Cache-Control") == "no-store") or path == "/sign-in/x"


def test_the_browsable_page_needs_no_other_host() -> None:
    page = Client().get("/api/docs")
    text = page.content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert addresses and all(a.startswith("/") for a in addresses)
    assert not re.search(r"<script(?![^>]*src=)", text)  # the policy would not let it run
    assert page["Content-Security-Policy"] == APPLICATION_POLICY
    for address in addresses:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    script = Client().get("/api/docs?script=")
    assert script.status_code == 200 and "javascript" in script["Content-Type"] and b"/api/schema" in script.content


def test_a_page_for_people_an_object_for_programs() -> None:
    page = Client().get("/static/nowhere")
    assert page["Content-Type"].startswith("text/html") and b"nothing at this address" in page.content.lower()
    assert Client().get("/api/nowhere").json()["code"] == "not_found"


def test_requests_have_numbers_that_nobody_chooses(world: World) -> None:
    api = world.api("viewer")
    numbers = {api.get("session", X_Request_Id="forged\nline")["X-Request-Id"] for _ in range(3)}
    assert len(numbers) == 3 and not any("forged" in n for n in numbers)


def test_under_asgi(built: Path) -> None:
    async def ask() -> list[int]:
        client = AsyncClient(raise_request_exception=False)
        return [(await client.get(path)).status_code for path in ("/", "/api/session", "/api/nowhere")]

    assert asyncio.run(ask()) == [200, 200, 404]


@pytest.mark.filterwarnings("error::Warning")  # Django's, of a file that is read as a whole first
def test_files_under_asgi() -> None:
    name = "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"  # more than is read at once

    async def ask() -> tuple[Any, bytes]:
        response = await AsyncClient().get(f"/static/{name}")
        return response, b"".join([part async for part in response.streaming_content])

    response, content = asyncio.run(ask())
    found = finders.find(name)
    assert isinstance(found, str) and content == Path(found).read_bytes()
    assert int(response["Content-Length"]) == len(content) > 64 * 4096


@pytest.mark.parametrize(("url", "immutable"), [
    ("/static/app/assets/index-BX2_Pq3f.js", True), ("/static/app/assets/inter-latin-400-normal-C38fXH4l.woff2", True),
    ("/static/app/index.html", False), ("/static/app/icon.svg", False), ("/static/other/assets/x-BX2aPq3f.js", False)])
def test_files_whose_names_have_a_hash_are_kept_for_ever(url: str, immutable: bool, settings: LazySettings) -> None:
    assert bool(re.search(settings.WHITENOISE_IMMUTABLE_FILE_TEST, url)) is immutable


def test_the_description_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Client().get("/api/schema", headers={"Accept": "application/json"}).json()
    assert made["info"]["title"] == "Porsche"
    monkeypatch.setattr("porsche.ide.api.description.SchemaGenerator", None)
    assert Client().get("/api/schema", headers={"Accept": "application/json"}).json() == made
    assert b"title: Porsche" in Client().get("/api/schema").content


def test_nobody_hides_behind_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("porsche.ide.api.throttling._rate", lambda scope: 2)
    monkeypatch.setattr("time.time", lambda: 1_000_000_050.0)
    found = [Api().get("session", X_Forwarded_For=f"10.0.0.{n}").status_code for n in range(3)]
    assert found == [200, 200, 429]


def test_clients_have_a_limit(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("porsche.ide.api.throttling._rate", lambda scope: 2)
    monkeypatch.setattr("time.time", lambda: 1_000_000_050.0)
    assert [Api().get("session").status_code for _ in range(3)] == [200, 200, 429]
    monkeypatch.setattr("time.time", lambda: 1_000_000_081.0)
    assert Api().get("session").status_code == 200


def test_a_page_that_is_still_the_same_keeps_its_policy(built: Path) -> None:
    first = Client().get("/")
    again = Client().get("/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert "Content-Security-Policy" not in again  # it would take the place of the page's own
