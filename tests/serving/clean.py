"""Runs of one test are not met by the next: numbers of runs come again as each test's rows are taken back."""

from __future__ import annotations

import shutil

from django.conf import settings

from porsche.serving import predictions
from porsche.serving.selectors import models_of


def forget_runs() -> None:
    """Folders, open tables and what is remembered of models."""
    predictions.forget()
    models_of.cache_clear()
    shutil.rmtree(settings.HOME.path / "runs", ignore_errors=True)
