"""What becomes of a run's state under a changed document, asked before anything happens."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from porsche.ide.api.base import View
from porsche.ide.api.bodies import Body
from porsche.ide.api.pipelines import revision_of
from porsche.ide.errors import Missing
from porsche.ide.models import Pipeline, Role, Run
from porsche.ide.selectors import pipelines as pipeline_rows
from porsche.ide.selectors import runs as run_rows
from porsche.ide.selectors.compiled import LARGEST
from porsche.ide.services.upgrades import upgrade_check
from porsche.runners.upgrade import CONSENTS, VERDICTS


class UpgradeQuestion(Body):
    """A document, or a revision's number; the newest revision, if both are left out."""

    document = s.CharField(max_length=LARGEST, required=False, trim_whitespace=False)
    revision = s.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class UpgradeOperator(s.Serializer[Any]):
    operator = s.CharField()
    name = s.CharField(help_text="What people call it.")
    before = s.CharField(allow_null=True, help_text="The operator of the old program that it is.")
    kind = s.CharField()
    nodes = s.ListField(child=s.CharField())
    what = s.CharField(help_text="The operator in one line.")
    verdict = s.ChoiceField(VERDICTS)
    reasons = s.ListField(child=s.CharField())
    sources = s.DictField(child=s.IntegerField(), help_text="Of what is recomputed: rows to read again, by table.")
    seconds = s.FloatField(allow_null=True, help_text="About how long that takes.")


class UpgradeReport(s.Serializer[Any]):
    """What becomes of the state of each operator."""

    run = s.IntegerField()
    verdicts = s.ListField(child=s.ChoiceField(VERDICTS))
    needs = s.ListField(child=s.ChoiceField(CONSENTS), help_text="What starting it takes consent to.")
    nodes = s.DictField(child=s.ChoiceField(VERDICTS), help_text="The worst verdict of each node.")
    seconds = s.FloatField(allow_null=True)
    operators = UpgradeOperator(many=True)
    table = s.CharField(help_text="The same for a terminal.")


class RunUpgradeView(View):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409, 422)}

    @extend_schema(request=UpgradeQuestion, responses=UpgradeReport,
                   examples=[OpenApiExample("another revision", {"revision": 3}, request_only=True)])
    def post(self, request: Request, pk: int) -> Response:
        """What becomes of a run's state if it goes on with another document. Nothing is started."""
        return self._answer(self.find(run_rows.rows(), pk=pk))

    def _answer(self, run: Run) -> Response:
        given = self.body(UpgradeQuestion)
        document = given.get("document")
        if document is None:
            number = given.get("revision")
            revision = revision_of(run.pipeline, number) if number else pipeline_rows.head_of(run.pipeline)
            document = revision.document
        return Response({"run": run.pk, **upgrade_check(run=run, document=document)})


class PipelineUpgradeView(RunUpgradeView):

    @extend_schema(request=UpgradeQuestion, responses=UpgradeReport,
                   examples=[OpenApiExample("the newest revision", {}, request_only=True)])
    def post(self, request: Request, pk: int) -> Response:
        """What becomes of the state of a pipeline's last run if it goes on with another document."""
        pipeline: Pipeline = self.find(pipeline_rows.rows(), pk=pk)
        run = run_rows.rows().filter(pipeline=pipeline).order_by("-id").first()
        if run is None:
            raise Missing("no_run", f"the pipeline '{pipeline.slug}' has never run")
        return self._answer(run)
