"""Who may do what, in one place. Each view declares what its methods need; what is not declared is refused.

    roles = {"GET": Role.VIEWER, "POST": Role.EDITOR}     # the role in the object's project
    roles = {"GET": Access.ANYONE}                        # no sign-in
    roles = {"GET": Access.SIGNED_IN}                     # any user, by session or token
    roles = {"GET": Access.OWN}                           # the user alone: a session, or a token as able as its user
    roles = {"PUT": Access.PLATFORM}                      # likewise, a superuser: it concerns other projects, too

The role of a request is the user's in the project, and at most the token's. What lies in a project one has no role in
does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from porsche.ide.models import Membership, Project, Role, Token, User

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports permissions while it is imported

M = TypeVar("M", bound=Model)


class Access(Enum):
    """What needs no role in a project."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    OWN = "own"
    PLATFORM = "platform"


Needs = Role | Access


def needs_of(view: Any, method: str | None) -> Needs | None:
    """What a view declares for a method; None where it declares nothing."""
    found: Needs | None = view.roles.get("GET" if method == "HEAD" else method)
    return found


def token_of(request: Request) -> Token | None:
    return request.auth if isinstance(request.auth, Token) else None


def role_in(request: Request, project: Project) -> Role | None:
    """The role of a request in a project; None where it has none."""
    user, token = request.user, token_of(request)
    if isinstance(user, AnonymousUser) or (token and token.project_id not in (None, project.pk)):
        return None
    member = Role.ADMIN if user.is_superuser else _membership(user, project)
    return member if token is None else _least(member, token)


def _least(member: Role | None, token: Token) -> Role | None:
    return member and min(member, Role(token.role), key=lambda role: role.rank)


def _membership(user: User, project: Project) -> Role | None:
    role = Membership.objects.filter(user=user, project=project).values_list("role", flat=True).first()
    return None if role is None else Role(role)


def roles_in(request: Request, found: Iterable[Project]) -> dict[int, Role | None]:
    """The roles of a request in projects it has a role in, by the project's number."""
    user, token = request.user, token_of(request)
    held: dict[int, Role | None] = dict.fromkeys((project.pk for project in found), Role.ADMIN)
    if held and isinstance(user, User) and not user.is_superuser:
        rows = Membership.objects.filter(user=user, project__in=list(held))
        held = {project: Role(role) for project, role in rows.values_list("project", "role")}
    return held if token is None else {project: _least(role, token) for project, role in held.items()}


def projects_of(request: Request) -> QuerySet[Project]:
    """The projects a request has a role in."""
    user, token = request.user, token_of(request)
    found = Project.objects.all()
    if isinstance(user, AnonymousUser):
        return found.none()
    if not user.is_superuser:
        found = found.filter(memberships__user=user)
    return found if token is None or token.project_id is None else found.filter(pk=token.project_id)


def path_to_project(model: type[Model]) -> str:
    """The look-up from a model to its project: "" for a project, else such as "run__pipeline__project"."""
    if model is Project:
        return ""
    fields = {field.name: field for field in model._meta.get_fields()}
    for name in ("project", "pipeline", "run"):
        if name in fields:
            related: Any = fields[name].related_model
            rest = path_to_project(related)
            return f"{name}__{rest}" if rest else name
    raise LookupError(f"{model.__name__} belongs to no project")


def visible(request: Request, rows: QuerySet[M]) -> QuerySet[M]:
    """Those rows that lie in a project the request has a role in."""
    path = path_to_project(rows.model)
    return rows.filter(**{f"{path}__in" if path else "pk__in": projects_of(request)})


def project_of(row: Any) -> Project:
    """The project that a row lies in."""
    path = path_to_project(type(row))
    for name in path.split("__") if path else ():
        row = getattr(row, name)
    return row


def require(request: Request, project: Project, role: Role) -> None:
    """NotFound where the request has no role in the project, PermissionDenied where the role is not enough."""
    held = role_in(request, project)
    if held is None:
        raise NotFound
    if not held.covers(role):
        refused = PermissionDenied(f"this needs the role {role.value}; yours is {held.value}")
        refused.hint = f"an admin of the project '{project.slug}' gives roles"  # type: ignore[attr-defined]
        raise refused


class Allowed(BasePermission):
    """The permission of every view."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not hasattr(view, (request.method or "").lower()):
            return True  # there is no such method: 405 says so
        needs = needs_of(view, request.method)
        if needs is Access.ANYONE:
            return True
        if needs is None or not request.user.is_authenticated:
            return False
        token = token_of(request)
        if needs is Access.PLATFORM and not request.user.is_superuser:
            return False
        alone = needs in (Access.OWN, Access.PLATFORM)
        return not alone or token is None or (token.project_id is None and token.role == Role.ADMIN)

    def has_object_permission(self, request: Request, view: APIView, row: Any) -> bool:
        needs = needs_of(view, request.method)
        if isinstance(needs, Role):
            require(request, project_of(row), needs)
        return True
