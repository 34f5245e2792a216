"""Why a run gives no output."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api.base import View
from porsche.ide.models import Role, Status
from porsche.ide.selectors import runs as selectors
from porsche.ide.selectors.why import why


class WhySink(s.Serializer[Any]):
    node = s.CharField()
    rows = s.IntegerField(allow_null=True, help_text="Written so far; null where the run does not have it.")


class WhyPlace(s.Serializer[Any]):
    node = s.CharField(allow_blank=True)
    property = s.CharField(allow_null=True)


class WhyCause(s.Serializer[Any]):
    """`node`: where the rows end; empty where it is the run as a whole; `place`: where the next step is taken."""

    code = s.CharField()
    node = s.CharField(allow_blank=True)
    message = s.CharField()
    hint = s.CharField()
    related = s.ListField(child=s.CharField(), help_text="Further nodes that have a part in it.")
    sinks = s.ListField(child=s.CharField(), help_text="Those that get nothing for it.")
    facts = s.DictField(help_text="The figures by which it was told.")
    place = WhyPlace()


class Why(s.Serializer[Any]):
    run = s.IntegerField()
    status = s.ChoiceField(Status.choices)
    at = s.FloatField(allow_null=True, help_text="When the job said what this rests on, in unix seconds.")
    sinks = WhySink(many=True)
    causes = WhyCause(many=True)


class RunWhyView(View):
    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=Why)
    def get(self, request: Request, pk: int) -> Response:
        """For each sink that got nothing the first node that swallows the rows, and why it does.

        Told by the job's own figures; where several conditions run as one, by a preview of the run's document.
        """
        return Response(why(self.find(selectors.rows(), pk=pk)))
