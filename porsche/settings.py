"""Django's settings. What differs between machines comes from the environment:

PORSCHE_HOME        the home folder (default: .porsche)
PORSCHE_DATABASE    postgresql://user:password@host:port/name (default: SQLite in the home folder)
PORSCHE_BROKER      redis://host:port/number (default: files in the home folder, no server)
PORSCHE_SECRET_KEY  signs sessions (default: a key made once and kept in the home folder)
PORSCHE_HOSTS       names under which the platform is reached besides loopback, by commas
PORSCHE_ENVIRONMENT what tables physically are: an environment of the compiler (default: dev)
PORSCHE_SLOTS       how many shards run at once, of all jobs (default: 32 for each core)
PORSCHE_MEMORY      what all jobs together may take, such as '16 gb' (default: four fifths of the machine's memory)
PORSCHE_JOB_MEMORY  what a job may take where neither it nor its project says so (default: PORSCHE_MEMORY)
PORSCHE_JOB_CPU     how many cores, likewise (default: all)
PORSCHE_SAVEPOINTS  how many savepoints that nobody named are kept of each pipeline (default: 10)
PORSCHE_HTTPS       1 where a proxy in front speaks TLS: cookies are then sent over TLS only
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from celery.schedules import crontab

from porsche.home import Home
from porsche.runners.caps import Resources, savepoints_kept

HOME = Home.default()
BASE = Path(__file__).resolve().parent
FRONTEND = BASE / "static" / "app"
"""The built frontend: index.html and its assets."""

SECRET_KEY = os.environ.get("PORSCHE_SECRET_KEY") or HOME.secret_key()
DEBUG = False
HTTPS = os.environ.get("PORSCHE_HTTPS") == "1"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")  # the command line of this machine asks there, whatever people use
ALLOWED_HOSTS = [*LOOPBACK, *(h for h in os.environ.get("PORSCHE_HOSTS", "").split(",") if h)]
ENVIRONMENT = os.environ.get("PORSCHE_ENVIRONMENT", "dev")
RESOURCES = Resources.of(os.environ)
"""What the machine has for jobs."""
SAVEPOINTS = savepoints_kept(os.environ)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "porsche.ide",
    "porsche.monitor",
    "porsche.serving",
    "porsche.verification",
]
MIDDLEWARE = [
    "porsche.ide.middleware.guard",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "porsche.urls"
ASGI_APPLICATION = "porsche.asgi.application"
AUTH_USER_MODEL = "ide.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "DIRS": [BASE / "templates"],
     "OPTIONS": {"context_processors": ["django.template.context_processors.request"]}},
]


def database(url: str | None) -> dict[str, Any]:
    """Django's description of the database at a URL; SQLite in the home folder where there is none."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(HOME.database),
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",  # a writer waits at BEGIN instead of failing at its first write
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(f"PORSCHE_DATABASE is postgresql://user:password@host:port/name, not {parts.scheme}://...")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,  # under ASGI each request has a thread of its own, and connections belong to threads
    }


DATABASES = {"default": database(os.environ.get("PORSCHE_DATABASE"))}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME.folder("static")
STATICFILES_DIRS = [BASE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"/app/assets/.+-[\w-]{8}\.\w+$"  # the name of a built file has a hash of its content

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 30 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
APPEND_SLASH = False
CSRF_FAILURE_VIEW = "porsche.ide.pages.forged"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 << 20  # a pipeline document is text that people read

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "porsche.ide.api.authentication.TokenAuthentication",
        "porsche.ide.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["porsche.ide.api.permissions.Allowed"],
    "DEFAULT_RENDERER_CLASSES": ["porsche.ide.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["porsche.ide.api.parsing.JsonParser"],
    "DEFAULT_PAGINATION_CLASS": "porsche.ide.api.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "porsche.ide.api.schema.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["porsche.ide.api.throttling.Throttle"],
    "DEFAULT_THROTTLE_RATES": {"user": "6000/min", "anon": "120/min", "sign_in": "20/min"},
    "NUM_PROXIES": 1 if HTTPS else 0,  # whose word on where a request came from counts
    "EXCEPTION_HANDLER": "porsche.ide.api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Porsche",
    "DESCRIPTION": "Real-time machine learning: pipelines, runs, metrics, models and predictions.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api",
    "ENUM_NAME_OVERRIDES": {
        "Role": "porsche.ide.models.Role.choices",
        "Status": "porsche.ide.models.Status.choices",
        "Desired": "porsche.ide.models.Desired.choices",
        "State": [("WAITING", "Waiting"), ("RUNNING", "Running"), ("DONE", "Done"), ("FAILED", "Failed")],
        "Verdict": "porsche.runners.upgrade.VERDICTS",
        "Consent": "porsche.runners.upgrade.CONSENTS",
        "SavepointState": [("MAKING", "Making"), ("READY", "Ready"), ("FAILED", "Failed")],
    },
    "ENUM_SUFFIX": "",
    "AUTHENTICATION_WHITELIST": None,
}

BACKGROUND = "porsche.celery.app"
"""The application that sends work to workers."""
CELERY_BROKER_URL = os.environ.get("PORSCHE_BROKER") or "filesystem://localhost"  # files in the home folder
CELERY_TASK_IGNORE_RESULT = True  # outcomes are rows of our own tables
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_LOST_WAIT = 1.0  # what a process that was killed still had to say is in a pipe on this machine
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # what one worker is not at, another may take
CELERY_BEAT_SCHEDULE_FILENAME = str(HOME.path / "schedule")
CELERY_BEAT_SCHEDULE = {
    "retention": {"task": "porsche.ide.tasks.retain", "schedule": 600.0, "options": {"expires": 600}},
    "verification": {"task": "porsche.verification.tasks.verify_due", "schedule": crontab(hour=3, minute=0)},
    "retention of metrics": {"task": "porsche.monitor.tasks.retain", "schedule": 600.0, "options": {"expires": 600}},
}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "porsche.ide.logs.Lines", "style": "{",
                            "format": "{asctime} {levelname} {request} {name}: {message}"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
