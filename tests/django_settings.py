"""The platform's settings in tests: a home folder of the test process's own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ["PORSCHE_HOME"] = tempfile.mkdtemp(prefix="porsche-tests-")
atexit.register(shutil.rmtree, os.environ["PORSCHE_HOME"], ignore_errors=True)

from porsche.settings import *  # noqa: E402, F403
