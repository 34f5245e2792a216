from __future__ import annotations

from django.apps import AppConfig


class IdeConfig(AppConfig):
    name = "porsche.ide"
