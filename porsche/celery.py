"""Background work: `celery -A porsche.celery worker --beat`. Each Django app has its tasks in `tasks.py`."""

from __future__ import annotations

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")

app = Celery("porsche")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

if app.conf.broker_url == "filesystem://":
    folders = {name: str(settings.HOME.folder(f"broker/{name}")) for name in ("queue", "processed", "control")}
    app.conf.broker_transport_options = {
        "data_folder_in": folders["queue"],
        "data_folder_out": folders["queue"],
        "processed_folder": folders["processed"],
        "control_folder": folders["control"],
        "store_processed": False,
    }
