"""A small client of Flink's SQL Gateway (REST, v3), enough to declare things and to have statements planned."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, Self

PATIENCE = 120.0  # seconds that one statement may take


class FlinkError(Exception):
    """Flink refused a statement; the message is the innermost cause it gave."""


class FlinkGateway:
    """A session of a gateway. `python_files`: modules whose functions CREATE FUNCTION ... LANGUAGE PYTHON names."""

    def __init__(self, port: int, python_files: Sequence[str] = (), options: dict[str, str] | None = None) -> None:
        self._url = f"http://localhost:{port}/v3"
        settings = {"table.exec.sink.require-on-conflict": "false", **(options or {})}
        if python_files:
            settings["python.files"] = ",".join(python_files)
        self._session = self._call("POST", "/sessions", {"properties": settings})["sessionHandle"]

    def close(self) -> None:
        self._call("DELETE", f"/sessions/{self._session}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def execute(self, statement: str) -> list[list[Any]]:
        """Run one statement to its end; the rows of its result."""
        started = self._call("POST", f"/sessions/{self._session}/statements", {"statement": statement})
        operation = f"/sessions/{self._session}/operations/{started['operationHandle']}"
        rows: list[list[Any]] = []
        page: str | None = f"{operation}/result/0?rowFormat=JSON"
        deadline = time.monotonic() + PATIENCE
        while page is not None:
            answer = self._call("GET", page)
            if answer["resultType"] == "NOT_READY":
                if time.monotonic() > deadline:
                    raise FlinkError(f"no answer within {PATIENCE:.0f} s to: {statement[:200]}")
                time.sleep(0.05)
                continue
            rows += [row["fields"] for row in answer["results"]["data"]]
            following = answer.get("nextResultUri")
            page = None if answer["resultType"] == "EOS" or following is None else following.removeprefix("/v3")
        self._call("DELETE", f"{operation}/close")
        return rows

    def explain(self, statements: Sequence[str], details: str = "") -> str:
        """Run DDL and SET statements, and have the inserts planned together, as one statement set.

        `details`: what EXPLAIN shows besides, such as "CHANGELOG_MODE". Returns the plans' text. Errors: FlinkError.
        """
        inserts = []
        for statement in statements:
            text = statement.strip().rstrip(";").strip()
            if text.upper().startswith("INSERT"):
                inserts.append(text)
            elif text:
                self.execute(text)
        body = "".join(f"{insert};\n" for insert in inserts)
        plan = self.execute(f"EXPLAIN {details} STATEMENT SET BEGIN\n{body}END")
        return "\n".join(str(row[0]) for row in plan)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise FlinkError(_innermost(error.read().decode("utf-8", "replace"))) from error


def _innermost(text: str) -> str:
    """The last cause of a Java stack trace in an answer."""
    try:
        messages = json.loads(text)["errors"]
    except (ValueError, KeyError):
        return text
    lines = [line for message in messages for line in str(message).splitlines()]
    causes = [line for line in lines if line.startswith("Caused by:")]
    return (causes[-1].removeprefix("Caused by:") if causes else "\n".join(lines)).strip()[:2000]
