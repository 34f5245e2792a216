"""The description of the API is complete, true, and lies where the frontend makes its client from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from porsche.ide.models import Role, Status
from porsche.ide.services.people import ensure_first_user
from porsche.ide.services.tokens import create_token
from tests.ide.platform import Api, World, make

ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "frontend" / "openapi.json"
COMMAND = "python manage.py spectacular --format openapi-json --file frontend/openapi.json --validate --fail-on-warn"
STREAMS = re.compile(r"/stream$")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    out = StringIO()
    call_command("spectacular", format="openapi-json", validate=True, fail_on_warn=True, stdout=out)
    return dict(json.loads(out.getvalue()))


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_the_file_of_the_frontend_is_up_to_date(described: dict[str, Any]) -> None:
    assert json.loads(WRITTEN.read_text(encoding="utf-8")) == described, f"write it anew: {COMMAND}"


def test_everything_is_described(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    names = set()
    for method, path, operation in operations(described):
        where = f"{method} {path}"
        assert operation.get("description") or operation.get("summary"), where
        assert "429" in operation["responses"], where
        assert operation["operationId"] not in names, where
        names.add(operation["operationId"])
        for parameter in operation.get("parameters", []):
            assert parameter["in"] != "path" or parameter.get("description") or "schema" in parameter, where
        body = operation.get("requestBody")
        assert body is None or "application/json" in body["content"], where


def test_errors_are_one_shape(described: dict[str, Any]) -> None:
    """An error may say more than all say, never less."""
    shapes = described["components"]["schemas"]
    common = shapes["Error"]["properties"].items()
    for method, path, operation in operations(described):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                name = response["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert shapes[name]["properties"].items() >= common, f"{method} {path} {status}"


def test_it_is_served(world: World) -> None:
    served = Api().client.get("/api/schema", headers={"Accept": "application/json"})
    assert served.status_code == 200 and served.json()["info"]["title"] == "Porsche"


# ---- random requests -------------------------------------------------------------------------------------------------

schema = schemathesis.openapi.from_path(WRITTEN).exclude(path_regex=STREAMS.pattern)
schema.app = get_wsgi_application()


@pytest.fixture
def administrator(db: None) -> Iterator[dict[str, str]]:
    """The headers of a token that may do everything, on a platform with rows that numbers may hit.

    The end of a request does not close the connection, whose transaction the test rolls back.
    """
    world = make()
    for status in (Status.STOPPED, Status.RUNNING, Status.FAILED, Status.FINISHED):
        world.run(status)
    secret = create_token(user=ensure_first_user(), name="fuzz", role=Role.ADMIN)[1]
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield {"Authorization": f"Bearer {secret}"}
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=list(HealthCheck))
def test_random_requests(case: schemathesis.Case, administrator: dict[str, str]) -> None:
    """No server error, and every answer as described."""
    case.call_and_validate(headers=administrator, excluded_checks=[
        ignored_auth, missing_required_header, negative_data_rejection, positive_data_acceptance, unsupported_method])
