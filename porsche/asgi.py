"""The platform as an ASGI application."""

from __future__ import annotations

import os
from threading import Thread

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")
_django = get_asgi_application()

from porsche.monitor.stream.app import Streams  # noqa: E402  # after Django's set-up
from porsche.runners import compiling  # noqa: E402

application = Streams(_django)
Thread(target=compiling.warm, daemon=True).start()  # the first document need not wait for it
