"""Around every request: a number that its log lines carry, and headers that keep a page to itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from porsche.ide import logs

HEADER = "X-Request-Id"

APPLICATION_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""Of pages: scripts from our own files only, none inline. Styles may be, as the canvas places its nodes by them."""
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""Of everything else."""
HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Works beside synchronous and asynchronous views, so that streams need no thread."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self._later(request) if self._is_async else self._now(request)

    def _now(self, request: HttpRequest) -> HttpResponseBase:
        number = _begin()
        return _guarded(request, self._get_response(request), number)

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        number = _begin()
        return _guarded(request, await self._get_response(request), number)


def _begin() -> str:
    """Our own number: one from outside could forge log lines."""
    number = secrets.token_hex(8)
    logs.request.set(number)
    return number


def _guarded(request: HttpRequest, response: HttpResponseBase, number: str) -> HttpResponseBase:
    headers = response.headers
    headers[HEADER] = number
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    is_page = headers.get("Content-Type", "").startswith("text/html")
    headers.setdefault("Content-Security-Policy", APPLICATION_POLICY if is_page else DATA_POLICY)
    if request.path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
    return response
