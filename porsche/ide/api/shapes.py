"""What the API answers, for its description and the clients that are made from it. Selectors make the values."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from porsche.ide.models import Desired, Role, Status

ANY_OBJECT = {"type": "object", "additionalProperties": {}}


@extend_schema_field(ANY_OBJECT)
class Anything(s.JSONField):
    """An object of any content."""


@extend_schema_field({})
class Value(s.JSONField):
    """Any value, null too."""


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class Texts(s.JSONField):
    """Texts by name."""


# ---- errors ----------------------------------------------------------------------------------------------------------


class Place(s.Serializer[Any]):
    """Where it is wrong: a node and its property, a line and column of the document, a field of the request."""

    node = s.CharField(allow_null=True)
    property = s.CharField(allow_null=True)
    line = s.IntegerField(allow_null=True)
    column = s.IntegerField(allow_null=True)
    field = s.CharField(allow_null=True)


class Problem(s.Serializer[Any]):
    """Something that is wrong."""

    code = s.CharField(help_text="A short, stable word for programs.")
    message = s.CharField(help_text="What is wrong, for people.")
    hint = s.CharField(allow_null=True, help_text="What to do about it.")
    place = Place(allow_null=True)


class Error(Problem):
    """Why a request was refused; `errors` has all there is to say, where that is more than one thing."""

    errors = Problem(many=True)  # type: ignore[assignment]


# ---- the session, projects, tokens -----------------------------------------------------------------------------------


class SessionUser(s.Serializer[Any]):
    username = s.CharField()
    is_superuser = s.BooleanField()


class SessionProject(s.Serializer[Any]):
    slug = s.CharField()
    title = s.CharField()
    role = s.ChoiceField(Role.choices)


class Supervisor(s.Serializer[Any]):
    """The process that starts and watches runs."""

    alive = s.BooleanField()
    at = s.DateTimeField(allow_null=True, help_text="When it last said that it works.")


class Session(s.Serializer[Any]):
    """Who asks, what they may do where, and the token that writes need besides the session's cookie."""

    user = SessionUser(allow_null=True)
    projects = SessionProject(many=True)
    csrf_token = s.CharField(help_text="For X-CSRFToken of every request that writes.")
    version = s.CharField()
    supervisor = Supervisor()


class Project(s.Serializer[Any]):
    slug = s.CharField()
    title = s.CharField()
    role = s.ChoiceField(Role.choices, help_text="The role of the request.")
    created_at = s.DateTimeField()


class Member(s.Serializer[Any]):
    username = s.CharField()
    role = s.ChoiceField(Role.choices)


class Token(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField()
    prefix = s.CharField(help_text="The first characters of the secret.")
    role = s.ChoiceField(Role.choices, help_text="What it may do at most.")
    project = s.CharField(allow_null=True, help_text="Where it is good; null: in all of the user's projects.")
    created_at = s.DateTimeField()
    expires_at = s.DateTimeField(allow_null=True)
    used_at = s.DateTimeField(allow_null=True, help_text="Written once a minute at most.")


class NewToken(Token):
    token = s.CharField(help_text="The secret. It is shown this once and kept nowhere.")


# ---- components and documents ----------------------------------------------------------------------------------------


class Fix(s.Serializer[Any]):
    """A change of the document that would mend it."""

    label = s.CharField(help_text="What it does, for people.")  # type: ignore[assignment]
    commands = s.ListField(child=Anything(), help_text="Commands of the editor, in order.")


class Diagnostic(s.Serializer[Any]):
    """Something to say about a document. Lines and columns count from 1."""

    code = s.CharField()
    severity = s.ChoiceField(["error", "warning"])
    node = s.CharField(allow_null=True)
    property = s.CharField(allow_null=True)
    message = s.CharField()
    hint = s.CharField(allow_null=True)
    line = s.IntegerField(allow_null=True)
    column = s.IntegerField(allow_null=True)
    fixes = Fix(many=True, help_text="What would mend it, best first.")


@extend_schema_field({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2})
class Span(s.JSONField):
    """Where it begins and ends in the SQL, in characters."""


class Statement(s.Serializer[Any]):
    """A statement of the SQL, and the node it came from."""

    kind = s.CharField()
    node = s.CharField(allow_null=True)
    name = s.CharField()
    span = Span(help_text="Where it begins and ends in `sql`, in characters.")


class Column(s.Serializer[Any]):
    name = s.CharField()
    type = s.CharField()
    time = s.CharField(allow_null=True, help_text="Which time attribute it is.")


class NodeColumns(s.Serializer[Any]):
    """What a node gives."""

    columns = Column(many=True)
    time = s.CharField(allow_null=True)
    key = s.ListField(child=s.CharField())
    changelog = s.CharField(help_text='Kinds of change; "I": rows are only added.')


class GraphNode(s.Serializer[Any]):
    id = s.CharField()
    component = s.CharField()
    label = s.CharField()  # type: ignore[assignment]
    disabled = s.BooleanField()
    properties = Anything()


class GraphEdge(s.Serializer[Any]):
    to = s.CharField()
    source_port = s.CharField(allow_null=True, help_text="null: a node has one output.")
    target_port = s.CharField(allow_null=True, help_text="Also where the document leaves it out and it is clear.")

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        return {"from": s.CharField(), **super().get_fields()}


class GraphParameter(s.Serializer[Any]):
    name = s.CharField()
    default = s.CharField(allow_null=True)
    description = s.CharField()


class Graph(s.Serializer[Any]):
    """As much of a document as can be read."""

    name = s.CharField()
    description = s.CharField()
    parameters = GraphParameter(many=True)
    settings = Texts()
    nodes = GraphNode(many=True)
    edges = GraphEdge(many=True)


@extend_schema_field({
    "type": "object",
    "additionalProperties": {"type": "object", "additionalProperties": {
        "type": "array", "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}}},
})
class Lineage(s.JSONField):
    """Node -> column -> the (node, column)s it is made of."""


# ---- runs ------------------------------------------------------------------------------------------------------------


class RunPipeline(s.Serializer[Any]):
    id = s.IntegerField()
    slug = s.CharField()
    project = s.CharField()


class Reason(s.Serializer[Any]):
    """Why a status is what it is."""

    code = s.CharField()
    message = s.CharField()
    node = s.CharField(allow_null=True)
    hint = s.CharField(allow_null=True)


class Rates(s.Serializer[Any]):
    """Rows a second."""

    rows_in = s.FloatField(allow_null=True)
    rows_out = s.FloatField(allow_null=True)


class Checkpoint(s.Serializer[Any]):
    epoch = s.IntegerField()
    at = s.DateTimeField(allow_null=True)
    age_seconds = s.FloatField(allow_null=True)
    bytes = s.IntegerField(allow_null=True)
    seconds = s.FloatField(allow_null=True, help_text="How long it took.")


class Run(s.Serializer[Any]):
    """What a run is, and does."""

    id = s.IntegerField()
    pipeline = RunPipeline()
    revision = s.IntegerField()
    status = s.ChoiceField(Status.choices)
    reason = Reason(allow_null=True)
    since = s.DateTimeField(help_text="Since when the status is what it is.")
    desired = s.ChoiceField(Desired.choices, help_text="What a person wants of it.")
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    ended_at = s.DateTimeField(allow_null=True)
    restarts = s.IntegerField()
    attempt = s.IntegerField(allow_null=True)
    rates = Rates()
    lag_seconds = s.FloatField(allow_null=True, help_text="How far event time is behind the clock.")
    newest_seconds = s.FloatField(allow_null=True, help_text="The same of the newest event that it has read.")
    checkpoint = Checkpoint(allow_null=True, help_text="The last one.")
    progress = s.FloatField(allow_null=True, help_text="From 0 to 1, where the input has an end.")


class Enforcement(s.Serializer[Any]):
    """Who keeps a limit."""

    memory = s.ChoiceField(["cgroup", "measured"], help_text="The kernel; the supervisor, which measures and ends it.")
    cpu = s.ChoiceField(["cgroup", "paced"], help_text="The kernel; the job, which sleeps between rounds.")


class RunResources(s.Serializer[Any]):
    """What a run takes of the machine. Bytes of its own memory, cores."""

    memory = s.IntegerField(allow_null=True)
    memory_limit = s.IntegerField(allow_null=True)
    cpu = s.FloatField(allow_null=True, help_text="Over the last seconds.")
    cpu_limit = s.FloatField(allow_null=True)
    slots = s.IntegerField(allow_null=True)
    enforcement = Enforcement(allow_null=True)


class RunDetail(Run):
    resources = RunResources(allow_null=True, help_text="null: it was not measured (yet).")
    parameters = Texts()
    options = Anything()
    environment = s.CharField()
    snapshot = Anything(allow_null=True, help_text="The status that the job last published.")
    outcome = Anything(allow_null=True, help_text="The result of a run that has ended.")


class RunEvent(s.Serializer[Any]):
    """Something that happened to a run."""

    id = s.IntegerField()
    at = s.DateTimeField()
    kind = s.CharField(help_text="status, restart, exception or request")
    code = s.CharField()
    message = s.CharField()
    node = s.CharField(allow_null=True)
    data = Anything()  # type: ignore[assignment]
    user = s.CharField(allow_null=True)


class LogLine(s.Serializer[Any]):
    at = s.FloatField(allow_null=True, help_text="Unix seconds.")
    level = s.CharField(allow_null=True)
    logger = s.CharField(allow_null=True)
    message = s.CharField(allow_null=True)
    node = s.CharField(allow_null=True)
    attempt = s.IntegerField(allow_null=True)


class Log(s.Serializer[Any]):
    lines = LogLine(many=True)
    next = s.CharField(allow_blank=True, help_text="`after` of the next request.")


class DeadLetter(s.Serializer[Any]):
    """A record that could not be read."""

    number = s.IntegerField()
    at = s.FloatField(allow_null=True, help_text="unix seconds")
    node = s.CharField(allow_null=True)
    source = s.CharField(allow_null=True)  # type: ignore[assignment]
    code = s.CharField(allow_null=True)
    place = s.CharField(allow_null=True)
    text = s.CharField(allow_null=True)
    reason = s.CharField(allow_null=True)


class DeadLetters(s.Serializer[Any]):
    letters = DeadLetter(many=True)
    next = s.IntegerField(help_text="`after` of the next request.")
    dropped = s.IntegerField(help_text="How many are not kept any more, as there were too many.")


# ---- resources -------------------------------------------------------------------------------------------------------


class Quota(s.Serializer[Any]):
    """What the runs of a project may take; null: no limit of its own. Bytes, cores."""

    runs = s.IntegerField(allow_null=True)
    slots = s.IntegerField(allow_null=True)
    memory = s.IntegerField(allow_null=True)
    job_memory = s.IntegerField(allow_null=True, help_text="Of a run that says nothing itself.")
    job_cpu = s.FloatField(allow_null=True, help_text="Of a run that says nothing itself.")


class Taken(s.Serializer[Any]):
    """What active runs take together; memory: their limits, or what they use where they have none."""

    runs = s.IntegerField()
    slots = s.IntegerField()
    memory = s.IntegerField()


class Machine(s.Serializer[Any]):
    """What the machine has for runs."""

    cores = s.IntegerField()
    slots = s.IntegerField(help_text="Shards that run at once.")
    memory = s.IntegerField()
    job_memory = s.IntegerField(allow_null=True)
    job_cpu = s.FloatField(allow_null=True)
    taken = Taken()


class ProjectResources(s.Serializer[Any]):
    slug = s.CharField()
    quota = Quota()
    taken = Taken()


class HoldingRun(RunResources):
    run = s.IntegerField()
    pipeline = s.CharField()
    project = s.CharField()
    status = s.ChoiceField(Status.choices)
    slots = s.IntegerField()
    reserved = s.IntegerField(help_text="Bytes that are set aside for it.")


class QueuedRun(s.Serializer[Any]):
    """A run that waits for room. Who is first in the list starts first."""

    run = s.IntegerField()
    pipeline = s.CharField()
    project = s.CharField()
    slots = s.IntegerField()
    memory = s.IntegerField()
    reason = Reason(allow_null=True)
    since = s.DateTimeField()


class Resources(s.Serializer[Any]):
    """Of the machine as a whole, and of the projects and runs that one may see."""

    at = s.FloatField(allow_null=True, help_text="When it was measured, in unix seconds.")
    enforcement = Enforcement(allow_null=True, help_text="How limits of runs that start now are kept.")
    machine = Machine()
    projects = ProjectResources(many=True)
    runs = HoldingRun(many=True)
    queue = QueuedRun(many=True)


# ---- pipelines -------------------------------------------------------------------------------------------------------


class Pipeline(s.Serializer[Any]):
    id = s.IntegerField()
    project = s.CharField()
    slug = s.CharField()
    title = s.CharField()
    revision = s.IntegerField(help_text="The number of its newest revision.")
    updated_at = s.DateTimeField()
    archived = s.BooleanField()
    run = Run(allow_null=True, help_text="Its newest run.")


@extend_schema_field({"type": "object", "additionalProperties": {
    "type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 4}})
class Layout(s.JSONField):
    """Node -> [x, y] or, of a given size, [x, y, width, height]."""


class PipelineDetail(Pipeline):
    document = s.CharField(help_text="YAML.")
    digest = s.CharField(help_text="SHA-256 of the document.")
    layout = Layout()
    created_at = s.DateTimeField()


class Saved(s.Serializer[Any]):
    """A revision that was saved: also of a document that is not valid (yet)."""

    revision = s.IntegerField()
    valid = s.BooleanField()
    diagnostics = Diagnostic(many=True)


class Revision(s.Serializer[Any]):
    number = s.IntegerField()
    digest = s.CharField()
    message = s.CharField()
    created_at = s.DateTimeField()
    author = s.CharField(allow_null=True)


class RevisionDetail(Revision):
    document = s.CharField()
