"""What all views share: rows of the request's projects only, checked bodies, pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer

from porsche.ide.api import permissions
from porsche.ide.api.permissions import Needs
from porsche.ide.models import Project, Role

M = TypeVar("M", bound=Model)


class View(GenericAPIView[Any]):
    """Declares `roles`: what each of its methods needs."""

    roles: ClassVar[Mapping[str, Needs]] = {}
    pagination_class: type[BasePagination] | None = None
    serializer_class: type[BaseSerializer[Any]] | None = Serializer
    queryset: QuerySet[Any] | None = Project.objects.none()  # so that filters know a model where a view has none

    def find(self, rows: QuerySet[M], **by: Any) -> M:
        """The one row of the request's projects, if the request's role may do this with it: else 404, 403."""
        row = permissions.visible(self.request, rows).filter(**by).first()
        if row is None:
            raise NotFound
        self.check_object_permissions(self.request, row)
        return row

    def project(self, slug: str, role: Role) -> Project:
        """A project that a request names, if its role there is enough."""
        found = permissions.projects_of(self.request).filter(slug=slug).first()
        if found is None:
            raise NotFound(f"there is no project '{slug}'")
        permissions.require(self.request, found, role)
        return found

    def body(self, shape: type[Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The request's body, checked; 400 where it does not fit."""
        checked = shape(data=self.request.data, partial=partial, context=self.get_serializer_context())
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def pages(self, rows: QuerySet[M], shown: Callable[[list[M]], list[dict[str, Any]]]) -> Response:
        """A page of those rows of the request's projects that its filters ask for."""
        chosen = self.filter_queryset(permissions.visible(self.request, rows))
        page = self.paginate_queryset(chosen)
        return self.get_paginated_response(shown(list(page or ())))


def who(request: Request) -> Any:
    """The user of a request that permissions have let pass."""
    return request.user
