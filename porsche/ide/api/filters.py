"""What lists can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet

from porsche.ide.models import Pipeline, Run, Status
from porsche.ide.selectors.runs import ACTIVE

MOST = 2**63 - 1


class PipelineFilter(filters.FilterSet):
    project = filters.CharFilter(field_name="project__slug", help_text="The project's slug.")
    search = filters.CharFilter(method="by_words", help_text="Words, each in the name or the title.", max_length=200)
    archived = filters.BooleanFilter(method="by_archived", help_text="Archived ones instead of those in use.")

    class Meta:
        model = Pipeline
        fields: tuple[str, ...] = ()

    def by_words(self, rows: QuerySet[Pipeline], name: str, value: str) -> QuerySet[Pipeline]:
        for word in value.split()[:10]:
            rows = rows.filter(Q(slug__icontains=word) | Q(title__icontains=word))
        return rows

    def by_archived(self, rows: QuerySet[Pipeline], name: str, value: bool) -> QuerySet[Pipeline]:
        return rows.filter(archived_at__isnull=not value)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        return rows.filter(archived_at=None) if self.form.cleaned_data["archived"] is None else rows


class RunFilter(filters.FilterSet):
    project = filters.CharFilter(field_name="pipeline__project__slug", help_text="The project's slug.")
    pipeline = filters.NumberFilter(field_name="pipeline", min_value=1, max_value=MOST, decimal_places=0,
                                    help_text="The pipeline's id.")
    status = filters.MultipleChoiceFilter(choices=Status.choices, help_text="One of these, as last noted.")
    active = filters.BooleanFilter(method="by_active", help_text="Whether a process works for it, or will.")

    class Meta:
        model = Run
        fields: tuple[str, ...] = ()

    def by_active(self, rows: QuerySet[Run], name: str, value: bool) -> QuerySet[Run]:
        return rows.filter(ACTIVE) if value else rows.exclude(ACTIVE)
