"""The platform as an ASGI application."""

from __future__ import annotations

import os
from threading import Timer

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")
_django = get_asgi_application()

from porsche.monitor.stream.app import Streams  # noqa: E402  # after Django's set-up
from porsche.runners import compiling  # noqa: E402

SETTLED = 3.0
"""Seconds after which a process that has just started has nothing more urgent to do."""

application = Streams(_django)
_warm = Timer(SETTLED, compiling.warm)  # so that the first document need not wait for it
_warm.daemon = True
_warm.start()
