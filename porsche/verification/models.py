"""Verifications and what they found."""

from __future__ import annotations

from django.db import models

from porsche.ide.models import Run, Work


class Verification(models.Model):
    """One check of a run's results against a bounded run of the same SQL, and DuckDB where it can say the query.

    `report`: what `porsche.runners.verify.Report.as_json` gives.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="verifications")
    work = models.OneToOneField(Work, on_delete=models.CASCADE, related_name="verification")
    equal = models.BooleanField(null=True)  # None while it lasts, or where nothing could be compared
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
