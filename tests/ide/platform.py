"""A platform with people, a project, a pipeline and runs, and clients that act for its people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from porsche.ide.models import Desired, Membership, Pipeline, Project, Role, Run, Savepoint, Status, User
from porsche.ide.services.pipelines import create_pipeline
from porsche.ide.services.tokens import create_token

DOCUMENT = """\
version: 1
name: numbers
parameters:
  count: {default: 10}
nodes:
  - id: rows
    component: event_source
    properties: {columns: {n: BIGINT}, options: {connector: datagen, number-of-rows: "${count}"}}
  - id: kept
    component: filter
    properties: {condition: n > 0}
  - id: out
    component: table_sink
    properties: {options: {connector: blackhole}}
edges:
  - {from: rows, to: kept}
  - {from: kept, to: out}
"""
BROKEN = DOCUMENT.replace("n > 0", "m > 0")


class Api:
    """A client of the API. Without `csrf`, it writes as DRF's tests do: the token is not asked for."""

    def __init__(self, user: User | None = None, *, token: str | None = None, csrf: bool = False) -> None:
        self.client = Client(enforce_csrf_checks=csrf, raise_request_exception=False)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        if user is not None:
            self.client.force_login(user)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The response to a request at /api/`path`, or at a path from the root."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        text = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        return self.client.generic(method, path if path.startswith("/") else f"/api/{path}", text, "application/json",
                                   headers={**self._headers, **named})

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.ask("DELETE", path, **headers)


@dataclass
class World:
    """`people`: a member of the project `shop` for each role, and an outsider, who has a project `other`."""

    project: Project
    other: Project
    people: dict[str, User]
    pipeline: Pipeline

    def api(self, who: str) -> Api:
        return Api(self.people[who])

    def token(self, who: str, role: Role, project: Project | None = None) -> Api:
        """A program that acts for somebody."""
        return Api(token=create_token(user=self.people[who], name="test", role=role, project=project)[1])

    def run(self, status: Status = Status.STOPPED, **facts: Any) -> Run:
        """A run as the supervisor left it."""
        final = status.is_final
        given = {"desired": Desired.STOPPED if final else Desired.RUNNING, "observed_generation": 1, **facts}
        return Run.objects.create(pipeline=self.pipeline, revision=self.pipeline.head, status=status, **given)

    def savepoint(self, name: str = "kept", **facts: Any) -> Savepoint:
        """A savepoint that a worker has made."""
        given = {"state": Savepoint.State.READY, "environment": "dev", "revision": self.pipeline.head, **facts}
        return Savepoint.objects.create(pipeline=self.pipeline, name=name, **given)


def make() -> World:
    people = {role.value: User.objects.create(username=role.value) for role in Role}
    people["outsider"] = User.objects.create(username="outsider")
    project, other = Project.objects.create(slug="shop", title="Shop"), Project.objects.create(slug="other")
    for role in Role:
        Membership.objects.create(project=project, user=people[role.value], role=role)
    Membership.objects.create(project=other, user=people["outsider"], role=Role.ADMIN)
    pipeline = create_pipeline(project=project, slug="numbers", title="Numbers", document=DOCUMENT, by=people["editor"])
    return World(project, other, people, pipeline)
