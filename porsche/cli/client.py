"""A client of the platform's API: JSON in and out, errors as `UserError`s, whoever answers at the other end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, Self
from urllib.parse import quote

import httpx

from engine.errors import UserError

PAGE = 200
PATIENCE = 30.0
"""Seconds without an answer that a wait bears: the web process may be starting again."""
LATER = (429, 503)
"""Answers that say: not now."""


class Refused(UserError):
    """The platform answered with an error. `body`: the API's shape of it, `status`: HTTP's."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("code")), str(body.get("message")), hint=body.get("hint"))
        self.status = status
        self.body = dict(body)

    def __str__(self) -> str:
        errors: Sequence[Mapping[str, Any]] = self.body.get("errors") or ()
        if len(errors) < 2:
            return " ".join(filter(None, (place_of(self.body), super().__str__())))
        return "\n  ".join([f"{len(errors)} errors", *map(told, errors)])

    def as_dict(self) -> dict[str, object]:
        return self.body


class Unreachable(UserError):
    """Nobody answers, or not as a platform does."""


def told(problem: Mapping[str, Any]) -> str:
    """An error, or a diagnostic, in a line."""
    hint = f" ({problem['hint']})" if problem.get("hint") else ""
    return " ".join(filter(None, (place_of(problem), f"{problem['message']}{hint}")))


def place_of(problem: Mapping[str, Any]) -> str:
    """Where it is, as a word with a colon; "" where that is not said."""
    place = problem["place"] or {} if "place" in problem else problem
    node = ".".join(filter(None, (place.get("node"), place.get("property"))))
    line = f"line {place['line']}" if place.get("line") else ""
    where = ", ".join(filter(None, (node, line)))
    return f"{where}:" if where else ""


class Api:
    """The API of one platform. `where` names it for people; `renew` gives a new token where the one at hand is not
    known any more."""

    def __init__(self, client: httpx.Client, where: str, *, renew: Callable[[], str] | None = None,
                 hint: str = "") -> None:
        self._client = client
        self.where = where
        self._renew = renew
        self._hint = hint
        self._patience = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        """What lies at /api/`path`. Parameters that are None are left out."""
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return self._ask("POST", path, body, query=query)

    def put(self, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        return self._ask("PUT", path, body, headers=headers)

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def download(self, path: str, file: IO[bytes]) -> int:
        """Write what lies at /api/`path`, which is no JSON, to a file; its bytes."""
        answer = self._answer("GET", f"/api/{path}", {"headers": {"Accept": "*/*"}})
        if not answer.is_success:
            self._value(answer)
        return file.write(answer.content)

    def all(self, path: str, most: int | None = None, **query: Any) -> Iterator[dict[str, Any]]:
        """The items of a list, of all its pages."""
        number, left = 1, most
        while True:
            size = PAGE if most is None else max(1, min(PAGE, most))
            page = self.get(path, page=number, page_size=size, **query)
            for item in page["results"]:
                if left is not None and left <= 0:
                    return
                yield item
                left = None if left is None else left - 1
            if not page["next"]:
                return
            number += 1

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Within, reads are asked again where nobody answers for a while."""
        self._patience = PATIENCE
        try:
            yield
        finally:
            self._patience = 0.0

    def _ask(self, method: str, path: str, body: Any = None, *, query: Mapping[str, Any] | None = None,
             headers: Mapping[str, str] | None = None) -> Any:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        request: dict[str, Any] = {"params": given, "headers": dict(headers or {})}
        if body is not None:
            request["json"] = body
        answer = self._answer(method, f"/api/{path}", request)
        if answer.status_code == 401 and self._renew is not None:
            self._client.headers["Authorization"] = f"Bearer {self._renew()}"
            self._renew = None
            answer = self._answer(method, f"/api/{path}", request)
        return self._value(answer)

    def _answer(self, method: str, path: str, request: Mapping[str, Any]) -> httpx.Response:
        deadline = time.monotonic() + (self._patience if method == "GET" else 0.0)
        while True:
            try:
                answer = self._client.request(method, path, **request)
                if answer.status_code not in LATER or time.monotonic() > deadline:
                    return answer
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise Unreachable("unreachable", f"{self.where} does not answer: {_why(error)}",
                                      hint=self._hint) from None
            time.sleep(0.5)

    def _value(self, answer: httpx.Response) -> Any:
        if answer.status_code == 204:
            return None
        if answer.is_redirect:
            raise Unreachable("moved", f"{self.where} sends on to {answer.headers.get('Location')}",
                              hint="name that address with --server, if you trust it")
        try:
            value = answer.json()
        except ValueError:
            value = None
        if answer.is_success and value is not None:
            return value
        if not isinstance(value, dict) or "message" not in value:
            raise Unreachable("no_platform", f"{self.where} answers {answer.status_code}, but not as a platform does")
        if answer.status_code == 401 and self._hint:
            value["hint"] = self._hint
        raise Refused(answer.status_code, value)


def _why(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def part(text: str) -> str:
    """A text as one part of a path, whatever characters it has."""
    return quote(text, safe="")
