"""Every endpoint with every role: made from the URL conf, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import ResolverMatch
from rest_framework.test import APIRequestFactory

from porsche.ide.api.base import View
from porsche.ide.models import Role, Status, Work
from porsche.ide.tasks import EXPORT, export_file
from porsche.verification.models import Verification
from tests.ide.matrix import LINES, LISTS, ROLES, Line
from tests.ide.platform import Api, World

METHODS = ("get", "post", "put", "patch", "delete")
PAGES = ("application", "sign-in")
"""What is for anybody: it shows nothing, or asks for a secret of its own."""


def patterns(found: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in found:
        address = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, address)
        else:
            yield address, one


def endpoints() -> set[tuple[str, str]]:
    """(method, name) of everything but pages."""
    found = set()
    for address, pattern in patterns(get_resolver().url_patterns):
        view = getattr(pattern.callback, "view_class", None)
        if pattern.name in PAGES:
            continue
        assert pattern.name, f"{address} has no name"
        assert view is not None, f"{address} is no class, so that nothing says who may call it"
        found |= {(method.upper(), pattern.name) for method in METHODS if hasattr(view, method)}
    return found


def test_every_endpoint_is_expected() -> None:
    assert endpoints() == {(line.method, line.name) for line in LINES}


def exported(world: World) -> Work:
    """Work that is done and has a file."""
    work = Work.objects.create(kind=EXPORT, project=world.project, state=Work.State.DONE)
    export_file(work).parent.mkdir(parents=True, exist_ok=True)
    export_file(work).write_bytes(b"a zip file")
    return work


def verified(world: World) -> Verification:
    work = Work.objects.create(kind="verification", project=world.project)
    return Verification.objects.create(run=world.run(), work=work)


def filled(value: Any, world: World) -> Any:
    """Addresses and bodies with the platform's numbers."""
    if isinstance(value, dict):
        return {name: filled(inner, world) for name, inner in value.items()}
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    made = {"{pipeline}": lambda: world.pipeline.pk, "{run}": lambda: world.run().pk,
            "{active}": lambda: world.run(Status.RUNNING).pk, "{work}": lambda: exported(world).pk,
            "{savepoint}": lambda: world.savepoint().pk,
            "{making}": lambda: world.savepoint(state="MAKING").pk,
            "{finished}": lambda: world.run(Status.FINISHED).pk, "{verification}": lambda: verified(world).pk}
    return made[value]() if value in made else value


def ask(api: Api, line: Line, world: World) -> int:
    address = reverse(line.name, kwargs=filled(line.kwargs, world))
    headers = {name.replace("-", "_"): value for name, value in line.headers.items()}
    path = f"{address}?{line.query}" if line.query else address
    return int(api.ask(line.method, path, filled(line.body, world), **headers).status_code)


def allowed(line: Line, role: str | None) -> bool:
    """Whether a role in the project is enough; None: another project's admin."""
    if line.needs not in ROLES:
        return line.needs != "platform"
    return role is not None and ROLES.index(role) >= ROLES.index(line.needs)


def refusal(line: Line, role: str | None) -> int:
    """The status of those who may not: what they may not know of is not there."""
    return 403 if role is not None or line.needs == "platform" else 404


@pytest.mark.parametrize("line", LINES, ids=str)
def test_nobody(line: Line, world: World) -> None:
    if line.method == "DELETE" and line.name == "pipeline":
        world.run(Status.RUNNING)
    assert ask(Api(), line, world) == (line.answer if line.needs == "anyone" else 401)


@pytest.mark.parametrize("who", [*ROLES, "outsider"])
@pytest.mark.parametrize("line", LINES, ids=str)
def test_members(line: Line, who: str, world: World) -> None:
    role = None if who == "outsider" else who
    world.run(Status.RUNNING)
    if role is None and line.name in LISTS and line.method == "GET":
        assert world.api(who).get(reverse(line.name)).json()["results"] == []
    else:
        assert ask(world.api(who), line, world) == (line.answer if allowed(line, role) else refusal(line, role))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("line", LINES, ids=str)
def test_an_admins_token_may_what_its_role_may(line: Line, role: Role, world: World) -> None:
    world.run(Status.RUNNING)
    may = allowed(line, role) and (line.needs != "own" or role is Role.ADMIN)
    assert ask(world.token("admin", role), line, world) == (line.answer if may else 403)


@pytest.mark.parametrize("line", [line for line in LINES if line.needs in ROLES and line.name not in LISTS], ids=str)
def test_a_token_of_another_project_sees_nothing(line: Line, world: World) -> None:
    world.other.memberships.create(user=world.people["admin"], role=Role.ADMIN)
    assert ask(world.token("admin", Role.ADMIN, world.other), line, world) == 404


@pytest.mark.parametrize("line", [line for line in LINES if line.needs == "own"], ids=str)
def test_a_projects_token_is_not_its_user(line: Line, world: World) -> None:
    assert ask(world.token("admin", Role.ADMIN, world.project), line, world) == 403


def test_a_viewer_with_an_admins_token_stays_a_viewer(world: World) -> None:
    api = world.token("viewer", Role.ADMIN)
    assert api.get(f"pipelines/{world.pipeline.pk}").status_code == 200
    assert api.patch(f"pipelines/{world.pipeline.pk}", {"title": "x"}).status_code == 403


def test_what_declares_nothing_is_refused(world: World) -> None:
    class Forgotten(View):
        def get(self, request: Any) -> Any:
            raise AssertionError("nobody may come here")

    request = APIRequestFactory().get("/api/forgotten")
    request.user = world.people["admin"]
    request._dont_enforce_csrf_checks = True
    request.resolver_match = ResolverMatch(Forgotten.as_view(), (), {})
    assert Forgotten.as_view()(request).status_code == 403
