"""Every error has one shape and tells nothing of the inside."""

from __future__ import annotations

import logging
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.test import Client
from rest_framework.exceptions import ErrorDetail, NotFound, Throttled, ValidationError

from engine.errors import InternalError, Place, UserError
from porsche.compiler import Diagnostic, DocumentError
from porsche.ide.api.errors import handle
from porsche.ide.errors import Conflict, Missing, Refused, Stale
from tests.ide.platform import Api, World

PARTS = {"code", "message", "hint", "place", "errors"}
COMPONENTS = "porsche.ide.api.documents.components"


def answer(error: Exception) -> tuple[int, dict[str, Any]]:
    found = handle(error, {})
    assert found is not None
    return found.status_code, found.data


@pytest.mark.parametrize(("error", "status", "code"), [
    (Http404(), 404, "not_found"),
    (NotFound(), 404, "not_found"),
    (PermissionDenied(), 403, "forbidden"),
    (Throttled(3), 429, "throttled"),
    (UserError("bad_thing", "it is bad"), 400, "bad_thing"),
    (Refused("bad_thing", "it is bad", field="x"), 400, "bad_thing"),
    (Conflict("busy", "it is busy"), 409, "busy"),
    (Stale("stale_revision", "it is old"), 412, "stale_revision"),
    (Missing("gone", "it is gone"), 404, "gone"),
    (ValidationError({"a": ["no"]}), 400, "invalid"),
    (DocumentError([Diagnostic("error", "x", "y")]), 422, "invalid_document"),
    (OperationalError("password=hunter22"), 503, "unavailable"),
])
@pytest.mark.django_db
def test_kinds(error: Exception, status: int, code: str) -> None:
    found, body = answer(error)
    assert (found, body["code"], set(body)) == (status, code, PARTS)
    assert "hunter22" not in str(body)


@pytest.mark.django_db
def test_what_was_nobodys_fault_but_ours_is_not_explained() -> None:
    assert handle(InternalError("a broken invariant"), {}) is None
    assert handle(ZeroDivisionError("x"), {}) is None


@pytest.mark.django_db
def test_places() -> None:
    place = answer(UserError("x", "y", place=Place(3, 7), node="rows", hint="z"))[1]
    assert place["place"] == {"node": "rows", "property": None, "line": 3, "column": 7, "field": None}
    assert place["hint"] == "z"
    assert answer(UserError("x", "y"))[1]["place"] is None


@pytest.mark.django_db
def test_all_diagnostics_but_warnings() -> None:
    body = answer(DocumentError([
        Diagnostic("warning", "w", "only a warning"),
        Diagnostic("error", "a", "first", "do this", "n", "p", 3, 4),
        Diagnostic("error", "b", "second")]))[1]
    assert body["message"] == "the document has 2 errors: first" and body["hint"] == "do this"
    assert [e["code"] for e in body["errors"]] == ["a", "b"]
    assert body["errors"][0]["place"] == {"node": "n", "property": "p", "line": 3, "column": 4, "field": None}
    assert body["errors"][1]["place"] is None and set(body["errors"][0]) == PARTS - {"errors"} | {"errors"}


@pytest.mark.django_db
def test_fields_inside_fields() -> None:
    detail = {"a": {"b": [{}, {"c": [ErrorDetail("too long", "max_length")]}]}, "non_field_errors": ["odd"]}
    body = answer(ValidationError(detail))[1]
    assert [(e["place"] and e["place"]["field"], e["code"], e["message"]) for e in body["errors"]] == [
        ("a.b.1.c", "max_length", "too long"), (None, "invalid", "odd")]
    assert body["message"] == "a.b.1.c: too long"


@pytest.mark.parametrize(("method", "path", "status", "code"), [
    ("GET", "nowhere", 404, "not_found"),
    ("GET", "runs/", 404, "not_found"),
    ("POST", "components", 405, "method_not_allowed"),
    ("PUT", "session", 405, "method_not_allowed"),
    ("POST", "compile", 400, "invalid"),
])
def test_addresses_and_methods(method: str, path: str, status: int, code: str, world: World) -> None:
    found = world.api("viewer").ask(method, path)
    assert (found.status_code, found.json()["code"], set(found.json())) == (status, code, PARTS)


@pytest.mark.parametrize("text", [
    "{", "", "[]", "null", b"\xff", '"x"', '{"document": NaN}', '{"document": 1e999}', '{"document": "\\ud800"}',
    "[" * 100_000, "9" * 5000])
def test_bodies_that_are_no_json(text: str | bytes, world: World) -> None:
    found = world.api("viewer").ask("POST", "compile", text)
    assert (found.status_code, found.json()["code"]) == (400, "invalid"), found.content


def test_other_content(world: World) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.people["viewer"])
    answer = client.post("/api/compile", "a=1", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    answer = client.get("/api/components", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_our_own_fault_is_logged_with_its_number_and_not_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with patch(COMPONENTS, side_effect=RuntimeError("inner secret")):
        found = world.api("viewer").get("components")
    assert (found.status_code, found.json()["code"], set(found.json())) == (500, "internal", PARTS)
    assert "inner" not in found.content.decode() and "Traceback" not in found.content.decode()
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.exc_info is not None and "inner secret" in str(record.exc_info[1])
    assert len(found["X-Request-Id"]) == 16


@pytest.mark.django_db
def test_a_database_that_does_not_answer() -> None:
    with patch("porsche.ide.api.session.supervisor", side_effect=OperationalError("no connection to host db1")):
        found = Api().get("session")
    assert (found.status_code, found["Retry-After"]) == (503, "1") and "db1" not in found.content.decode()


@pytest.mark.parametrize("error", [SuspiciousOperation("odd"), PermissionDenied("no")])
@pytest.mark.django_db
def test_what_django_refuses_before_a_view(error: Exception) -> None:
    with patch("django.middleware.common.CommonMiddleware.process_request", side_effect=error):
        found = Api().get("session")
    assert found.status_code in (400, 403) and set(found.json()) == PARTS


@pytest.mark.django_db
def test_a_host_that_is_not_ours() -> None:
    found = Client(raise_request_exception=False).get("/api/session", headers={"Host": "evil.example"})
    assert (found.status_code, found.json()["code"]) == (400, "invalid")
