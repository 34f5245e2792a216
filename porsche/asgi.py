"""The platform as an ASGI application."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")
_django = get_asgi_application()

from porsche.monitor.stream.app import Streams  # noqa: E402  # after Django's set-up

application = Streams(_django)
