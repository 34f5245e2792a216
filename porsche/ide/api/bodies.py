"""What the API takes. Unknown fields are refused: a mistyped option must not be ignored silently."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from rest_framework import serializers as s

from porsche.compiler.environment import BUNDLED
from porsche.ide.models import NAME, Role
from porsche.ide.selectors.compiled import LARGEST
from porsche.runners.caps import LEAST_CPU, LEAST_MEMORY
from porsche.runners.upgrade import CONSENTS

ENVIRONMENTS = tuple(dict.fromkeys((settings.ENVIRONMENT, *BUNDLED)))
"""Environments by name. A request cannot name a file."""
MOST_PARAMETERS = 200
MOST_NODES = 10_000
LAYOUT = {"type": "object", "maxProperties": MOST_NODES, "additionalProperties": {
    "type": "array", "items": {"type": "number", "minimum": -1e9, "maximum": 1e9}, "minItems": 2, "maxItems": 4}}
REVISION = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
ONE_LINE = RegexValidator(r"^[^\x00-\x1f\x7f]*\Z", "control characters and line breaks are not allowed")
LINES = RegexValidator(r"^[^\x00-\x08\x0b-\x1f\x7f]*\Z", "control characters are not allowed")


class Body(s.Serializer[Any]):
    """Refuses what it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            message = s.ErrorDetail(f"there is no such field; there are {known}", "unknown_field")
            raise s.ValidationError({name: [message] for name in unknown})
        return super().to_internal_value(data)


class Slug(s.CharField):
    """A name in addresses."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(max_length=63, validators=[NAME], **rest)


class Title(s.CharField):
    """A title is any text of one line, markup too: it is only ever shown as text."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(max_length=200, allow_blank=True, validators=[ONE_LINE], **rest)


class Document(s.CharField):
    """A pipeline document: YAML."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(max_length=LARGEST, allow_blank=True, trim_whitespace=False, **rest)


class Parameters(s.DictField):
    """Values of the document's parameters."""

    def __init__(self, **rest: Any) -> None:
        child = s.CharField(max_length=10_000, allow_blank=True, trim_whitespace=False)
        super().__init__(child=child, required=False, **rest)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > MOST_PARAMETERS:
            raise s.ValidationError(f"there are at most {MOST_PARAMETERS} parameters")
        for name in data if isinstance(data, dict) else ():
            s.CharField(max_length=200).run_validation(name)
        return super().to_internal_value(data)


class SignIn(Body):
    username = s.CharField(max_length=150)
    password = s.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class NewProject(Body):
    slug = Slug()
    title = Title(required=False, default="")


class ProjectChange(Body):
    title = Title()


class MemberRole(Body):
    role = s.ChoiceField(Role.choices)


class TokenOrder(Body):
    name = s.CharField(max_length=100, validators=[ONE_LINE])
    role = s.ChoiceField(Role.choices, default=Role.VIEWER, help_text="What it may do at most.")
    project = s.CharField(max_length=63, allow_null=True, default=None, help_text="null: good in all your projects.")
    expires_at = s.DateTimeField(allow_null=True, default=None)


class CompileOrder(Body):
    document = Document()
    parameters = Parameters()
    environment = s.ChoiceField(ENVIRONMENTS, default=settings.ENVIRONMENT,
                                help_text="What tables physically are.")


class NewPipeline(Body):
    project = s.CharField(max_length=63)
    slug = Slug()
    title = Title(required=False, default="")
    document = Document()


class PipelineChange(Body):
    title = Title(required=False)
    archived = s.BooleanField(required=False)


class NewDocument(Body):
    document = Document()
    message = s.CharField(max_length=500, allow_blank=True, default="", validators=[LINES])


class Place(s.ListField):
    """Where a node is drawn: [x, y] or, of a given size, [x, y, width, height]."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(child=s.FloatField(min_value=-1e9, max_value=1e9), min_length=2, max_length=4, **rest)

    def to_internal_value(self, data: Any) -> Any:
        place = super().to_internal_value(data)
        if len(place) == 3:
            raise s.ValidationError("a place is [x, y] or [x, y, width, height]")
        return place


class Layout(s.DictField):
    """Node -> its place."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(child=Place(), **rest)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > MOST_NODES:
            raise s.ValidationError(f"there are at most {MOST_NODES} nodes")
        for name in data if isinstance(data, dict) else ():
            s.CharField(max_length=200).run_validation(name)
        return super().to_internal_value(data)


class RunOptions(Body):
    """How a job runs; what is left out comes from the document's settings."""

    shards = s.IntegerField(min_value=1, max_value=128, required=False)
    batch_rows = s.IntegerField(min_value=1, max_value=1 << 20, required=False)
    rate = s.FloatField(min_value=1e-3, max_value=1e12, required=False, help_text="Rows a second, at most.")
    checkpoint_interval = s.FloatField(min_value=0.1, max_value=86_400, required=False, help_text="Seconds.")
    memory = s.IntegerField(min_value=LEAST_MEMORY, max_value=2**53, required=False,
                            help_text="Bytes that it may take; with more it is ended.")
    cpu = s.FloatField(min_value=LEAST_CPU, max_value=4096, required=False, help_text="Cores that it may use.")


class QuotaChange(Body):
    """null: no limit of its own. Bytes, cores."""

    runs = s.IntegerField(min_value=0, max_value=1_000_000, allow_null=True, required=False)
    slots = s.IntegerField(min_value=0, max_value=1_000_000, allow_null=True, required=False)
    memory = s.IntegerField(min_value=0, max_value=2**53, allow_null=True, required=False)
    job_memory = s.IntegerField(min_value=LEAST_MEMORY, max_value=2**53, allow_null=True, required=False,
                                help_text="Of a run that says nothing itself.")
    job_cpu = s.FloatField(min_value=LEAST_CPU, max_value=4096, allow_null=True, required=False,
                           help_text="Of a run that says nothing itself.")


class NewRun(Body):
    pipeline = s.IntegerField(min_value=1, max_value=2**63 - 1)
    revision = s.IntegerField(min_value=1, max_value=2**31 - 1, required=False, help_text="The newest, if left out.")
    parameters = Parameters()
    options = RunOptions(required=False)


class StartRun(Body):
    """How a run goes on; nothing: as it was."""

    revision = s.IntegerField(min_value=1, max_value=2**31 - 1, required=False,
                              help_text="Another revision of its pipeline, which takes over its state.")
    allow = s.ListField(child=s.ChoiceField(CONSENTS), required=False,
                        help_text="What may become of state that the other revision cannot take over as it is.")
