"""Every error of the API in one shape, without a trace:

    {"code", "message", "hint", "place": {"node", "property", "line", "column", "field"} | null, "errors": [...]}
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from engine.errors import UserError
from porsche.compiler import Diagnostic, DocumentError
from porsche.ide.errors import Conflict, Missing, Refused, Stale

log = logging.getLogger(__name__)

PARTS = ("node", "property", "line", "column", "field")
STATUS: tuple[tuple[type[UserError], int], ...] = ((Missing, 404), (Conflict, 409), (Stale, 412), (UserError, 400))
CODES = {"not_authenticated": "unauthenticated", "authentication_failed": "unauthenticated",
         "permission_denied": "forbidden", "parse_error": "invalid"}
HINTS = {
    401: "sign in, or send Authorization: Bearer with a token",
    405: "the description at /api/docs lists the methods of each address",
    415: "send JSON, with Content-Type: application/json",
    429: "ask again after the seconds in Retry-After",
}


def problem(code: str, message: str, *, hint: str | None = None, place: Mapping[str, Any] | None = None,
            errors: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """An error as JSON values."""
    known = {part: (place or {}).get(part) for part in PARTS}
    where = known if any(value is not None for value in known.values()) else None
    return {"code": code, "message": message, "hint": hint or None, "place": where, "errors": list(errors)}


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None: our own fault, which Django logs with its trace and answers with `failure`."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    made = _answer(error)
    if made is None:
        return None
    set_rollback()
    status, body, headers = made
    return Response(body, status=status, headers=headers)


def _answer(error: Exception) -> tuple[int, dict[str, Any], dict[str, str]] | None:
    if isinstance(error, DocumentError):
        return 422, of_diagnostics(error.diagnostics), {}
    if isinstance(error, UserError):
        return next(status for kind, status in STATUS if isinstance(error, kind)), of_user_error(error), {}
    if isinstance(error, exceptions.ValidationError):
        return 400, of_validation(error), {}
    if isinstance(error, exceptions.APIException):
        return error.status_code, of_api_exception(error), _headers(error)
    if isinstance(error, OperationalError):
        log.warning("the database did not answer: %s", type(error).__name__, exc_info=error)
        return 503, problem("unavailable", "the database is busy", hint="ask again"), {"Retry-After": "1"}
    return None


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    return headers


def of_diagnostics(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """What is wrong with a document, warnings left out."""
    errors = [problem(d.code, d.message, hint=d.hint,
                      place={"node": d.node or None, "property": d.property or None,
                             "line": d.line or None, "column": d.column or None})
              for d in diagnostics if d.severity == "error"]
    count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
    first = f": {errors[0]['message']}" if errors else ""
    return problem("invalid_document", f"the document has {count}{first}", hint=errors[0]["hint"] if errors else None,
                   place=errors[0]["place"] if errors else None, errors=errors)


def of_user_error(error: UserError) -> dict[str, Any]:
    place: dict[str, Any] = {"node": error.node, "field": error.field if isinstance(error, Refused) else None}
    if error.place:
        place |= {"line": error.place.line, "column": error.place.column}
    return problem(error.code, error.message, hint=error.hint, place=place)


def of_validation(error: exceptions.ValidationError) -> dict[str, Any]:
    """Each field's errors, the first also as the whole's."""
    errors = [problem(code, message, place={"field": field or None}) for field, code, message in _flat(error.detail)]
    first = errors[0]
    where = f"{first['place']['field']}: " if first["place"] else ""
    return problem("invalid", f"{where}{first['message']}", place=first["place"], errors=errors)


def _flat(detail: Any, field: str = "") -> Iterator[tuple[str, str, str]]:
    """(field, code, message) of each leaf of DRF's nested details."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _flat(inner, ".".join(part for part in (field, own) if part))
    elif isinstance(detail, list):
        for i, inner in enumerate(detail):
            yield from _flat(inner, field if isinstance(inner, str) else f"{field}.{i}".lstrip("."))
    else:
        yield field, getattr(detail, "code", "invalid"), str(detail)


def of_api_exception(error: exceptions.APIException) -> dict[str, Any]:
    code = str(getattr(error.detail, "code", error.default_code))
    hint = getattr(error, "hint", None) or HINTS.get(error.status_code)
    return problem(CODES.get(code, code), _sentence(str(error.detail)), hint=hint)


def _sentence(text: str) -> str:
    """DRF's texts in our manner: no capital, no full stop."""
    return text[:1].lower() + text[1:].rstrip(".") if text[:2] != text[:2].upper() else text.rstrip(".")


def failure(status: int, code: str, message: str, hint: str | None = None) -> JsonResponse:
    """An error answered outside of DRF: no such address, a forged form, our own fault."""
    return JsonResponse(problem(code, message, hint=hint), status=status)
