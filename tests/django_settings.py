"""The platform's settings in tests: a home folder of the test process's own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ["PORSCHE_HOME"] = tempfile.mkdtemp(prefix="porsche-tests-")
atexit.register(shutil.rmtree, os.environ["PORSCHE_HOME"], ignore_errors=True)

from porsche.settings import *  # noqa: E402, F403

WHITENOISE_AUTOREFRESH = True  # files are looked up when asked for, not all at once for each test's client
if "sqlite3" in DATABASES["default"]["ENGINE"]:  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": str(HOME.path / "test.sqlite3")}  # noqa: F405  # a file: threads share it
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # passwords need a slow one, tests do not
