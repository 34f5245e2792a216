"""The registry of models: which run's versions a name stands for."""

from __future__ import annotations

from django.db import models

from porsche.ide.models import Pipeline, Project, Run


class Model(models.Model):
    """A model that a pipeline trains, by a name of its own in the project: `pipeline.node`.

    `run`: whose versions are served; `node`: the pipeline's node that trains it, also its name in that run's store.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="models")
    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="models")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="models")
    name = models.CharField(max_length=200)
    node = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="model_name_in_project")]
