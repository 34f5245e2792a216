"""Around every request: a number that its log lines carry, and headers that keep a page to itself."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from itertools import islice
from typing import cast

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from porsche.ide import logs
from porsche.ide.api.errors import failure

HEADER = "X-Request-Id"

APPLICATION_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""Of pages: scripts from our own files only, none inline. Styles may be, as the canvas places its nodes by them."""
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""Of everything else."""
AT_ONCE = 64
"""Parts of a file, of 4 KB each, that are read in one go."""
HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def guard(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """The middleware: it comes first, so that every answer has passed it."""

    def guarded(request: HttpRequest) -> HttpResponseBase:
        number = secrets.token_hex(8)  # our own: one from outside could forge log lines
        logs.request.set(number)
        response = _refused(request) or get_response(request)
        _mark(request, response, number)
        if isinstance(request, ASGIRequest) and isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _by_a_thread(cast("Iterator[bytes]", response.streaming_content))
        return response

    return guarded


def _refused(request: HttpRequest) -> HttpResponseBase | None:
    """An answer to an address with a NUL: no text of a database has one, and Postgres fails at it."""
    if "\0" not in request.path and "%00" not in request.META.get("QUERY_STRING", ""):
        return None
    return failure(400, "invalid", "an address holds no NUL character")


def _mark(request: HttpRequest, response: HttpResponseBase, number: str) -> None:
    headers = response.headers
    headers[HEADER] = number
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if response.status_code != HTTPStatus.NOT_MODIFIED:  # its headers replace those that the browser has of the page
        is_page = headers.get("Content-Type", "").startswith("text/html")
        headers.setdefault("Content-Security-Policy", APPLICATION_POLICY if is_page else DATA_POLICY)
    if request.path.startswith(("/api/", "/metrics")):
        headers.setdefault("Cache-Control", "no-store")


async def _by_a_thread(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The parts of a file as they are read by a thread: Django would read all of it first, and warn of that."""
    while part := await sync_to_async(_some, thread_sensitive=False)(parts):
        yield part


def _some(iterator: Iterator[bytes]) -> bytes:
    return b"".join(islice(iterator, AT_ONCE))
