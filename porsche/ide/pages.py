"""What is not the API: the application's page, signing in by a link, and what went wrong, for people and programs."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import condition, require_http_methods, require_safe

from porsche.ide.api.errors import failure
from porsche.ide.services.people import redeem_sign_in_link

BACKEND = "django.contrib.auth.backends.ModelBackend"
API = "/api/"


@lru_cache(maxsize=2)
def _page(path: Path, changed: int) -> tuple[bytes, str]:
    """A file and its ETag; read again when it has changed."""
    content = path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _index() -> tuple[bytes, str] | None:
    """The built application; None where it was not built."""
    path = settings.FRONTEND / "index.html"
    try:
        return _page(path, path.stat().st_mtime_ns)
    except OSError:
        return None


def _etag(request: HttpRequest, *args: Any) -> str | None:
    found = _index()
    return found[1] if found else None


@require_safe
@condition(etag_func=_etag)
def application(request: HttpRequest) -> HttpResponse:
    """The one page of the application, at every address that is its own: it reads the address itself."""
    found = _index()
    if found is None:
        return render(request, "ide/not_built.html", status=503)
    return HttpResponse(found[0], headers={"Cache-Control": "no-cache"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in by a link that works once. The address holds a secret, so it is neither logged nor passed on.

    Who opens it by hand is signed in at once. Others get a page with a button: whom another page, a mail program or
    a look ahead brings here neither uses the link up nor is signed in as somebody without noticing.
    """
    if request.method == "GET" and not _is_by_hand(request):
        return render(request, "ide/sign_in.html")
    user = None if request.method == "HEAD" else redeem_sign_in_link(secret=secret)
    if user is not None:
        login(request, user, backend=BACKEND)
        response: HttpResponse = HttpResponseRedirect("/")
    else:
        response = render(request, "ide/link_used.html", status=403)
    response.headers["Referrer-Policy"] = "no-referrer"
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django logs addresses of what it refuses
    return response


def _is_by_hand(request: HttpRequest) -> bool:
    """Whether an address was typed, or opened from outside of the browser: it says so itself. A program has no window
    in which another page could have led it here."""
    headers = request.headers
    if "Sec-Purpose" in headers or headers.get("Purpose") or headers.get("X-Moz"):
        return False  # a look ahead
    origin = headers.get("Sec-Fetch-Site")
    return origin == "none" if origin else "text/html" not in headers.get("Accept", "")


# ---- what Django itself answers with ---------------------------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _failed(request, 400, "invalid", "the request cannot be understood")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _failed(request, 403, "forbidden", "this is not allowed")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came without the CSRF token."""
    return _failed(request, 403, "csrf_failed", "the request did not come from a page of this platform",
                   "load the page again")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _failed(request, 404, "not_found", "there is nothing at this address", "the API is described at /api/docs")


def broken(request: HttpRequest) -> HttpResponse:
    return _failed(request, 500, "internal", "something went wrong on our side; this is a bug",
                   "the platform's log tells more under the number in X-Request-Id")


def _failed(request: HttpRequest, status: int, code: str, message: str, hint: str | None = None) -> HttpResponse:
    if request.path.startswith(API):
        return failure(status, code, message, hint)
    return render(request, "ide/failed.html", {"status": status, "message": message, "hint": hint}, status=status)
