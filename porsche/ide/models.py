"""What the platform remembers. Services write, selectors read; the database holds intent and history, jobs their state.

A *pipeline* has *revisions* (documents that never change). A *run* is one revision with parameters, in a state folder
of its own; stopped, it can be started again and goes on from its last checkpoint.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models

NAME = RegexValidator(r"^[a-z][a-z0-9_-]{0,62}$", "lower-case letters, digits, '_' and '-', a letter first, at most 63")


class Role(models.TextChoices):
    """What a member of a project may do; each role may do what those before it may."""

    VIEWER = "viewer"  # see
    OPERATOR = "operator"  # start, stop, verify
    EDITOR = "editor"  # change pipelines
    ADMIN = "admin"  # members, deletion

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def covers(self, other: Role) -> bool:
        """Whether this role may do what another may."""
        return self.rank >= other.rank


class User(AbstractUser):
    """A person. A superuser has the role of an admin in every project."""


class Project(models.Model):
    """What a team works on together."""

    slug = models.CharField(max_length=63, unique=True, validators=[NAME])
    title = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members: Any = models.ManyToManyField(User, through="Membership", related_name="projects")

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A user's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_role_per_member")]


class Quota(models.Model):
    """What the runs of a project may take together, and each of them where it says nothing itself; null: as much as the
    machine has. Memory in bytes."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="quota")
    runs = models.PositiveIntegerField(null=True, blank=True)
    slots = models.PositiveIntegerField(null=True, blank=True)
    memory = models.PositiveBigIntegerField(null=True, blank=True)
    job_memory = models.PositiveBigIntegerField(null=True, blank=True)
    job_cpu = models.FloatField(null=True, blank=True)


class Token(models.Model):
    """A secret with which a program acts for a user, with at most the role it was given. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True)  # None: all of the user's
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)  # shown, so that a person tells tokens apart
    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]


class SignInLink(models.Model):
    """A secret in a URL that signs its user in, once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class LibraryComponent(models.Model):
    """A version of a component that pipelines of a project may copy; never changed. `components`: its definition, under
    its name, and those of the components inside it; `declaration`: what palette and forms need.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="library")
    name = models.CharField(max_length=63)
    version = models.PositiveIntegerField()
    components = models.JSONField()
    declaration = models.JSONField()
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-version"]
        constraints = [models.UniqueConstraint(fields=["project", "name", "version"], name="library_component_version")]


class Pipeline(models.Model):
    """A document under a name; its newest revision is `head`. `layout`: where its nodes are drawn, node -> [x, y]."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="pipelines")
    slug = models.CharField(max_length=63, validators=[NAME])
    title = models.CharField(max_length=200, blank=True)
    layout = models.JSONField(default=dict, blank=True)
    head = models.ForeignKey("Revision", on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="pipeline_name_in_project")]

    def __str__(self) -> str:
        return f"{self.project.slug}/{self.slug}"


class Revision(models.Model):
    """A document as it was saved; never changed. `number` counts from 1 in each pipeline."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.TextField()
    digest = models.CharField(max_length=64)  # SHA-256 of the document
    message = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["pipeline", "number"], name="revision_number_in_pipeline")]


class WorkingCopy(models.Model):
    """What a pipeline says as people edit it, saved as a revision or not: its text after all entries of its log.

    `version`: how many entries there were; `base`: the revision that the text rests on; `based_at`: the version at
    which it was taken. Where nodes are drawn is `Pipeline.layout`.
    """

    pipeline = models.OneToOneField(Pipeline, on_delete=models.CASCADE, related_name="working_copy")
    version = models.PositiveIntegerField(default=0)
    text = models.TextField(blank=True)
    base = models.ForeignKey(Revision, on_delete=models.RESTRICT, related_name="+")
    based_at = models.PositiveIntegerField(default=0)


class Edit(models.Model):
    """An entry of a pipeline's log of edits: what was done to its working copy; never changed.

    `version`: the working copy's after it; `key`: made by who edits, so that sending it again does nothing;
    `edits`: [{from, to, insert}] of the text before it, offsets in UTF-16 units; `layout`: node -> place, null where it
    has none any more; `command`: the same as the page's command, where it is one; `base`: the number of the revision
    that the text rests on from here on.
    """

    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="edits")
    version = models.PositiveIntegerField()
    key = models.UUIDField()
    label = models.CharField(max_length=200, blank=True)
    edits = models.JSONField(default=list, blank=True)
    layout = models.JSONField(default=dict, blank=True)
    command = models.JSONField(null=True, blank=True)
    base = models.PositiveIntegerField(null=True, blank=True)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["pipeline", "version"], name="edit_version_in_pipeline"),
                       models.UniqueConstraint(fields=["pipeline", "key"], name="edit_key_in_pipeline")]


class Desired(models.TextChoices):
    """What a person wants of a run."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class Status(models.TextChoices):
    """What a run does; Flink's words where it has one."""

    CREATED = "CREATED"  # wanted, its process not started yet
    QUEUED = "QUEUED"  # there is no room for it yet
    INITIALIZING = "INITIALIZING"  # the process compiles, restores
    RUNNING = "RUNNING"  # rows or checkpoints make progress, or there is nothing to read
    STUCK = "STUCK"  # the process lives, input waits, and nothing makes progress
    RESTARTING = "RESTARTING"  # it died or failed; starts again after a pause
    STOPPING = "STOPPING"  # asked to take a checkpoint and end
    STOPPED = "STOPPED"  # ended by request; can be started again
    FINISHED = "FINISHED"  # all input was processed
    FAILED = "FAILED"  # it cannot go on without a person

    @property
    def is_final(self) -> bool:
        """Whether no process works for the run, nor will by itself."""
        return self in (Status.STOPPED, Status.FINISHED, Status.FAILED)


class Run(models.Model):
    """A revision that runs. Intent (`desired`, `generation`) is written by services, the rest by the supervisor alone.

    `parameters`: the document's, name -> text; `options`: shards, batch_rows, rate, checkpoint_interval;
    `generation`: grows with each start that a person asks for, and gives the run a new budget of restarts;
    `reason`: why the status is what it is: {code, message, node, hint}; `snapshot`: the job's last published status;
    `outcome`: the result of a finished run; `restored_from`: what it begins with while it has no checkpoint of its own;
    `takes_over`: it starts when no process works for another run of its pipeline any more.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="runs")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="runs")
    parameters = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    environment = models.CharField(max_length=100, default="dev")
    restored_from = models.ForeignKey("Savepoint", on_delete=models.SET_NULL, null=True, blank=True,
                                      related_name="restored")
    takes_over = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    desired = models.CharField(max_length=16, choices=Desired.choices, default=Desired.RUNNING)
    generation = models.PositiveIntegerField(default=1)

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.CREATED)
    status_since = models.DateTimeField(auto_now_add=True)
    reason = models.JSONField(null=True, blank=True)
    observed_generation = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    restarts = models.PositiveIntegerField(default=0)
    snapshot = models.JSONField(null=True, blank=True)
    observed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["status"], name="run_status")]


class Savepoint(models.Model):
    """The state of a run in a folder of its own (`Home.savepoint`), with what makes it run again: revision, parameters,
    options, environment. A restore point is one that a person means to come back to. Of those that nobody gave a name
    (`named`) the newest are kept.

    `contents`: operators, sources and models as its manifest has them; `error`: {code, message, hint}.
    """

    class State(models.TextChoices):
        MAKING = "MAKING"
        READY = "READY"
        FAILED = "FAILED"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="savepoints")
    revision = models.ForeignKey(Revision, on_delete=models.RESTRICT, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="savepoints")
    name = models.CharField(max_length=63, validators=[NAME])
    named = models.BooleanField(default=True)
    restore_point = models.BooleanField(default=False)
    parameters = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    environment = models.CharField(max_length=100)
    state = models.CharField(max_length=16, choices=State.choices, default=State.MAKING)
    epoch = models.PositiveBigIntegerField(null=True, blank=True)
    bytes = models.PositiveBigIntegerField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    contents = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["pipeline", "name"], name="savepoint_name_in_pipeline")]


class RunEvent(models.Model):
    """Something that happened to a run: a change of status, a restart, an exception, a request."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=32)  # status, restart, exception, request
    code = models.CharField(max_length=64, blank=True)
    message = models.TextField(blank=True)
    node = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict, blank=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]


class Beat(models.Model):
    """When a process of the platform last said that it works: web, supervisor, worker."""

    name = models.CharField(max_length=32, primary_key=True)
    pid = models.PositiveIntegerField()
    at = models.DateTimeField()


class Work(models.Model):
    """Something done in the background, with its progress. `subject`: what it is about, such as "run:7".

    `task`, `arguments`: what a worker calls; `attempts`: how often one has begun; `beat_at`: when a worker last said
    that it is at it, so that what a dead worker left is taken up again.
    """

    class State(models.TextChoices):
        WAITING = "WAITING"
        RUNNING = "RUNNING"
        DONE = "DONE"
        FAILED = "FAILED"

    kind = models.CharField(max_length=32)
    task = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict, blank=True)
    subject = models.CharField(max_length=64, blank=True, db_index=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="work")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    progress = models.FloatField(null=True, blank=True)  # 0 to 1, where it is known
    message = models.CharField(max_length=500, blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)  # {code, message, hint}
    attempts = models.PositiveSmallIntegerField(default=0)
    beat_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
