"""What whoever writes expressions needs: the functions there are, and what an expression means."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api import authoring_shapes as shapes
from porsche.ide.api.base import View
from porsche.ide.api.bodies import Body
from porsche.ide.api.permissions import Access
from porsche.runners.compiling import meaning
from porsche.runners.functions import functions

LONGEST = 100_000
"""Characters of an expression or a query."""
MODES = ("scalar", "condition", "aggregate", "over", "query")


class GivenColumn(Body):
    name = s.CharField(max_length=1000, trim_whitespace=False)
    type = s.CharField(max_length=20_000)
    time = s.ChoiceField(["ROWTIME", "PROCTIME"], allow_null=True, default=None)


class Expression(Body):
    """An expression over the columns of a table, or a query over several."""

    text = s.CharField(max_length=LONGEST, allow_blank=True, trim_whitespace=False)
    mode = s.ChoiceField(MODES, default="scalar", help_text="What it stands for: how it is called.")
    tables = s.DictField(child=s.ListField(child=GivenColumn(), max_length=10_000), default=dict,
                         help_text="Columns by the name of the table.")
    keys = s.ListField(child=s.CharField(), default=list, help_text="Columns that rows are grouped by.")
    parameters = s.DictField(child=s.CharField(allow_blank=True), default=dict, help_text="Values of ${name}.")


class FunctionsView(View):
    roles = {"GET": Access.SIGNED_IN}

    @extend_schema(responses=shapes.Function(many=True), filters=False)
    def get(self, request: Request) -> Response:
        """Every function of SQL: how it is called, and what it gives."""
        return Response(functions())


class ExpressionsView(View):
    roles = {"POST": Access.SIGNED_IN}

    @extend_schema(request=Expression, responses=shapes.Meaning)
    def post(self, request: Request) -> Response:
        """What an expression means.

        The answer is 200 for a wrong one too: `type` is then null, and `error` says what is wrong at which characters.
        """
        given: dict[str, Any] = self.body(Expression)
        return Response(meaning(given))
