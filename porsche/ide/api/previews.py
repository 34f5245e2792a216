"""Previews: a document that is not saved, run over samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers as s
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request

from porsche.ide.api import bodies, shapes
from porsche.ide.api.base import View
from porsche.ide.api.documents import EXAMPLE
from porsche.ide.api.why import WhyCause
from porsche.ide.errors import Conflict
from porsche.ide.models import Project, Role, Run
from porsche.runners.folder import RunFolder
from porsche.runners.preview import asked
from porsche.runners.preview.limits import MOST_ROWS, ROWS

MOST_SAMPLES = 200
MOST_TAB = 100


class Unavailable(APIException):
    status_code = 503
    default_detail = "others are previewing"
    default_code = "busy"
    wait = 1


# ---- what is asked ---------------------------------------------------------------------------------------------------


class SampleOrder(bodies.Body):
    """The sample of a source: these rows, or what it has now; nothing: what it had when it was read first."""

    rows = s.ListField(child=s.DictField(), required=False, max_length=MOST_ROWS,
                       help_text="Rows in the order in which they arrive, as JSON.")
    anew = s.BooleanField(required=False, help_text="Read the source now.")
    newest = s.BooleanField(required=False, allow_null=True, default=None,
                            help_text="Its last rows, or (false) its first; null: the last where it has no end.")
    run = s.IntegerField(min_value=1, max_value=2**63 - 1, required=False,
                         help_text="What this run read since the oldest checkpoint that it keeps.")


class Samples(s.DictField):
    """Source -> its sample."""

    child = SampleOrder()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > MOST_SAMPLES:
            raise s.ValidationError(f"there are at most {MOST_SAMPLES} samples")
        return super().to_internal_value(data)


class PreviewOrder(bodies.Body):
    project = s.CharField(max_length=63)
    document = bodies.Document()
    node = s.CharField(max_length=200, allow_null=True, default=None, help_text="Whose rows are shown.")
    parameters = bodies.Parameters()
    environment = s.ChoiceField(bodies.ENVIRONMENTS, default=settings.ENVIRONMENT)
    samples = Samples(required=False)
    limit = s.IntegerField(min_value=1, max_value=ROWS, default=ROWS, help_text="Rows of a sample, and of a table.")
    tab = s.CharField(max_length=MOST_TAB, allow_blank=True, default="",
                      help_text="Whoever asks again: of several requests the newest counts, the others get 409.")


class InferOrder(bodies.Body):
    project = s.CharField(max_length=63)
    options = s.DictField(child=s.CharField(max_length=10_000, allow_blank=True),
                          help_text="Of a table: path, format.")
    environment = s.ChoiceField(bodies.ENVIRONMENTS, default=settings.ENVIRONMENT)


# ---- what is answered ------------------------------------------------------------------------------------------------


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {}}})
class Cells(s.JSONField):
    """Rows of values."""


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {"oneOf": [
    {"type": "string"}, {"type": "integer"}]}, "minItems": 2, "maxItems": 2}})
class Counts(s.JSONField):
    """Values as text, each with its count."""


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}]})
class Bound(s.JSONField):
    """A number, or a time or text as text."""


class PreviewColumn(s.Serializer[Any]):
    name = s.CharField()
    type = s.CharField()
    kind = s.ChoiceField(("whole", "number", "truth", "moment", "date", "time", "nested", "text"))
    nullable = s.BooleanField()
    time = s.CharField(allow_null=True, help_text="ROWTIME or PROCTIME.")


class PreviewProfile(s.Serializer[Any]):
    nulls = s.IntegerField()
    distinct = s.IntegerField(allow_null=True)
    min = Bound(required=False)
    max = Bound(required=False)
    mean = s.FloatField(required=False)
    bars = s.ListField(child=s.IntegerField(), required=False, help_text="Counts of equal parts from min to max.")
    top = Counts(required=False, help_text="The most frequent values.")


class PreviewTimes(s.Serializer[Any]):
    """How rows came, by event time. `behind`: for each row the milliseconds by which it is earlier than the latest
    before it; left out where all came in order."""

    column = s.CharField()
    first = s.CharField(allow_null=True)
    last = s.CharField(allow_null=True)
    out_of_order = s.IntegerField()
    most_behind = s.IntegerField(help_text="Milliseconds.")
    behind = s.ListField(child=s.IntegerField(), required=False)


class PreviewTable(s.Serializer[Any]):
    """Rows, and what all of them are like. `kinds`: 0 +I, 1 -U, 2 +U, 3 -D of each row, null: all +I; `before_end`: how
    many came before the sample ended."""

    columns = PreviewColumn(many=True)
    rows = Cells()
    kinds = s.ListField(child=s.IntegerField(), allow_null=True)
    total = s.IntegerField()
    before_end = s.IntegerField()
    profile = PreviewProfile(many=True)
    time = PreviewTimes(allow_null=True)


class PreviewInput(s.Serializer[Any]):
    port = s.CharField()
    node = s.CharField()
    table = PreviewTable(allow_null=True)


class PreviewNode(s.Serializer[Any]):
    """Counts of a node. `held`: rows that came only because the sample ended; `late`: rows left out for being late;
    `unmatched`: rows for which a dimension had nothing; `watermark`: how far event time had come."""

    rows_in = s.IntegerField(allow_null=True)
    rows_out = s.IntegerField()
    held = s.IntegerField()
    late = s.IntegerField()
    is_sink = s.BooleanField()
    watermark = s.CharField(allow_null=True)
    unmatched = s.IntegerField(required=False)
    model = shapes.Anything(required=False, allow_null=True)


class PreviewLetter(s.Serializer[Any]):
    place = s.CharField()
    text = s.CharField()
    reason = s.CharField()


class PreviewSample(s.Serializer[Any]):
    kind = s.ChoiceField(("pinned", "read", "newest", "recorded", "empty"))
    rows = s.IntegerField()
    more = s.BooleanField(help_text="The source has others.")
    unreadable = s.IntegerField()
    dead = PreviewLetter(many=True)
    taken_at = s.FloatField(help_text="Seconds since 1970.")
    looked = s.IntegerField(allow_null=True, help_text="In how many rows of a dimension's file keys were looked for.")
    endless = s.BooleanField(help_text="The source goes on for ever.")
    missed = s.BooleanField(help_text="Its newest rows were wanted, and it cannot begin there: these are its first.")


class PreviewError(s.Serializer[Any]):
    code = s.CharField()
    message = s.CharField()
    hint = s.CharField(allow_null=True)
    node = s.CharField(allow_null=True)
    record = shapes.Anything(allow_null=True)


class PreviewNote(s.Serializer[Any]):
    """What a preview does unlike a run."""

    code = s.CharField()
    node = s.CharField()


class Preview(s.Serializer[Any]):
    node = s.CharField(allow_null=True)
    nodes = s.DictField(child=PreviewNode())
    samples = s.DictField(child=PreviewSample())
    error = PreviewError(allow_null=True)
    causes = WhyCause(many=True, help_text="Why sinks would receive nothing, and why the node gives no rows.")
    diagnostics = shapes.Diagnostic(many=True)
    notes = PreviewNote(many=True)
    milliseconds = s.DictField(child=s.FloatField())
    inputs = PreviewInput(many=True)
    output = PreviewTable(allow_null=True)


class InferredColumn(s.Serializer[Any]):
    name = s.CharField()
    type = s.CharField()
    examples = s.ListField(child=s.CharField(allow_blank=True))


class Inferred(s.Serializer[Any]):
    format = s.CharField()
    path = s.CharField()
    columns = InferredColumn(many=True)
    options = s.DictField(child=s.CharField(), help_text="What reading these columns needs besides.")
    records = s.IntegerField()
    time = s.CharField(allow_null=True, help_text="The column that may say when.")
    header = s.BooleanField(required=False, help_text="The first line has names.")


# ---- views -----------------------------------------------------------------------------------------------------------


class PreviewView(View):
    roles = {"POST": Role.EDITOR}
    refusals = {"POST": (404, 409)}

    @extend_schema(request=PreviewOrder, responses=Preview, examples=[
        OpenApiExample("two nodes", {"project": "default", "document": EXAMPLE, "node": "clicks"}, request_only=True)])
    def post(self, request: Request) -> HttpResponse:
        """Run a document over samples of its sources. Nothing is written; nothing is saved.

        The answer is 200 for a broken document too: what is right in it runs, `diagnostics` has the errors.
        """
        given = self.body(PreviewOrder)
        project = self.project(given["project"], Role.EDITOR)
        question = asked.Asked(given["document"], str(settings.HOME.path), given["node"], _tab(request, given["tab"]),
                               given.get("parameters", {}), given["environment"],
                               self._samples(project, given.get("samples", {})), given["limit"])
        try:
            return HttpResponse(asked.preview(question), content_type="application/json")
        except asked.Outdated as error:
            raise Conflict("outdated", "a newer request has come") from error
        except asked.Busy as error:
            raise Unavailable from error


    @staticmethod
    def _samples(project: Project, samples: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """With the folders of the runs that are named."""
        found = {}
        for node, spec in samples.items():
            rest = {name: value for name, value in spec.items() if name != "run"}
            if "run" in spec:
                run = Run.objects.filter(pipeline__project=project, pk=spec["run"]).first()
                if run is None:
                    raise NotFound(f"there is no run {spec['run']} in this project")
                rest["state"] = str(RunFolder(settings.HOME.run(run.pk)).state)
            found[node] = rest
        return found


class InferView(View):
    roles = {"POST": Role.EDITOR}
    refusals = {"POST": (404,)}

    @extend_schema(request=InferOrder, responses=Inferred, examples=[
        OpenApiExample("a file", {"project": "default", "options": {"path": "/data/clicks.json"}}, request_only=True)])
    def post(self, request: Request) -> HttpResponse:
        """Find out the columns of a file by its first records."""
        given = self.body(InferOrder)
        self.project(given["project"], Role.EDITOR)
        try:
            answer = asked.infer({"options": given["options"], "environment": given["environment"],
                                  "home": str(settings.HOME.path)})
        except asked.Busy as error:
            raise Unavailable from error
        return HttpResponse(answer, content_type="application/json")


def _tab(request: Request, tab: str) -> str:
    """A tab of this user: nobody outdates what others ask."""
    return f"{request.user.pk}:{tab}" if tab else ""
