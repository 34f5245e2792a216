"""Projects and who is in them."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from porsche.ide.errors import Conflict, Refused
from porsche.ide.models import Membership, Project, Role, User


def create_project(*, slug: str, title: str = "", by: User) -> Project:
    """A project whose maker is its admin."""
    try:
        with transaction.atomic():
            project = Project.objects.create(slug=slug, title=title)
            Membership.objects.create(project=project, user=by, role=Role.ADMIN)
    except IntegrityError:
        raise Conflict("name_taken", f"there is a project '{slug}' already", hint="choose another name") from None
    return project


def update_project(*, project: Project, title: str) -> Project:
    project.title = title
    project.save(update_fields=["title"])
    return project


@transaction.atomic
def delete_project(*, project: Project) -> None:
    """Only an empty one: its pipelines are deleted first, one by one."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    if project.pipelines.exists():
        raise Conflict("not_empty", f"the project '{project.slug}' has pipelines", hint="delete them first")
    project.delete()


@transaction.atomic
def set_member(*, project: Project, username: str, role: Role) -> Membership:
    """Give a user a role in a project."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Refused("unknown_user", f"there is no user '{username}'", field="username",
                      hint="python manage.py sign_in_link NAME --create makes one")
    if role != Role.ADMIN:
        _keep_an_admin(project, user)
    return Membership.objects.update_or_create(project=project, user=user, defaults={"role": role})[0]


@transaction.atomic
def remove_member(*, member: Membership) -> None:
    _keep_an_admin(Project.objects.select_for_update().get(pk=member.project_id), member.user)
    member.delete()


def _keep_an_admin(project: Project, user: User) -> None:
    """Refuse to take the role of a project's only admin."""
    admins = list(project.memberships.filter(role=Role.ADMIN).values_list("user", flat=True))
    if admins == [user.pk]:
        raise Conflict("last_admin", f"'{user.username}' is the only admin of '{project.slug}'",
                       hint="make somebody else an admin first")
