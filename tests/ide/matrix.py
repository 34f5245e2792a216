"""Who may do what: every endpoint with the least role that it needs. A new endpoint needs a line here.

`{...}` in addresses and bodies stands for what the test's platform has; `answer`: the status of those who may.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.ide.platform import DOCUMENT

ROLES = ("viewer", "operator", "editor", "admin")


@dataclass(frozen=True)
class Line:
    """`needs`: a role in the project, or anyone, signed in, own, platform."""

    method: str
    name: str
    needs: str
    answer: int = 200
    kwargs: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


SHOP = {"slug": "shop"}
PIPELINE = {"pk": "{pipeline}"}
RUN = {"pk": "{run}"}
ACTIVE = {"pk": "{active}"}
SAVEPOINT = {"pk": "{savepoint}"}
MAKING = {"pk": "{making}"}
MODEL = {"name": "numbers.nothing"}

MODEL = {"name": "numbers.model"}  # which no run has trained: tests/serving has some that were
VERSION = {**MODEL, "version": 1}
MODELS = {"model": MODEL, "model-versions": MODEL, "model-version": VERSION, "model-weights": VERSION}

LINES = (
    Line("GET", "session", "anyone"),
    Line("POST", "session", "anyone", 401, body={"username": "nobody", "password": "wrong"}),
    Line("DELETE", "session", "signed in", 204),
    Line("GET", "projects", "signed in"),
    Line("POST", "projects", "own", 201, body={"slug": "fresh"}),
    Line("GET", "project", "viewer", kwargs=SHOP),
    Line("PATCH", "project", "admin", kwargs=SHOP, body={"title": "Better"}),
    Line("DELETE", "project", "admin", 409, kwargs=SHOP),
    Line("GET", "members", "viewer", kwargs=SHOP),
    Line("PUT", "member", "admin", kwargs={**SHOP, "username": "viewer"}, body={"role": "operator"}),
    Line("DELETE", "member", "admin", 204, kwargs={**SHOP, "username": "viewer"}),
    Line("GET", "quota", "viewer", kwargs=SHOP),
    Line("PUT", "quota", "platform", kwargs=SHOP, body={"runs": 3}),
    Line("GET", "resources", "signed in"),
    Line("GET", "tokens", "own"),
    Line("POST", "tokens", "own", 201, body={"name": "t"}),
    Line("DELETE", "token", "own", 404, kwargs={"pk": 10**6}),
    Line("GET", "components", "signed in"),
    Line("GET", "functions", "signed in"),
    Line("POST", "expressions", "signed in", body={"text": "1 + 1"}),
    Line("POST", "recognise", "signed in", body={"sql": "CREATE VIEW v AS SELECT 1 AS n;"}),
    Line("POST", "compile", "signed in", body={"document": DOCUMENT}),
    Line("POST", "preview", "editor", body={"project": "shop", "document": DOCUMENT}),
    Line("POST", "preview-infer", "editor", 400, body={"project": "shop", "options": {}}),
    Line("POST", "tests", "editor", body={"project": "shop", "document": DOCUMENT}),
    Line("GET", "library", "viewer", kwargs=SHOP),
    Line("PUT", "library-component", "editor", 400, kwargs={**SHOP, "name": "scored"}, body={"components": {}}),
    Line("DELETE", "library-component", "editor", 404, kwargs={**SHOP, "name": "scored"}),
    Line("GET", "pipelines", "viewer"),
    Line("POST", "pipelines", "editor", 201, body={"project": "shop", "slug": "fresh", "document": DOCUMENT}),
    Line("GET", "pipeline", "viewer", kwargs=PIPELINE),
    Line("PATCH", "pipeline", "editor", kwargs=PIPELINE, body={"title": "Better"}),
    Line("DELETE", "pipeline", "admin", 409, kwargs=PIPELINE),
    Line("PUT", "pipeline-document", "editor", kwargs=PIPELINE, body={"document": "x"}, headers={"If-Match": '"1"'}),
    Line("PUT", "pipeline-layout", "editor", kwargs=PIPELINE, body={"rows": [1, 2]}),
    Line("GET", "working-copy", "viewer", kwargs=PIPELINE),
    Line("POST", "working-copy-save", "editor", kwargs=PIPELINE, body={}, headers={"If-Match": '"0"'}),
    Line("POST", "pipeline-edits", "editor", kwargs=PIPELINE, headers={"If-Match": '"0"'},
         body={"edits": [{"key": "0b1d9a52-7c0e-4c58-9d0a-5d1d3d7b8f10", "layout": {"rows": [1, 2]}}]}),
    Line("GET", "pipeline-revisions", "viewer", kwargs=PIPELINE),
    Line("GET", "pipeline-revision", "viewer", kwargs={**PIPELINE, "number": 1}),
    Line("GET", "pipeline-compiled", "viewer", kwargs=PIPELINE),
    Line("GET", "runs", "viewer"),
    Line("POST", "runs", "operator", 201, body={"pipeline": "{pipeline}"}),
    Line("GET", "run", "viewer", kwargs=RUN),
    Line("DELETE", "run", "operator", 204, kwargs=RUN),
    Line("POST", "run-start", "operator", kwargs=RUN),
    *(Line("POST", name, "operator", 409, kwargs=of, body={})
      for name, of in (("run-upgrade-check", RUN), ("pipeline-upgrade-check", PIPELINE))),
    Line("POST", "run-stop", "operator", kwargs=ACTIVE),
    Line("GET", "run-events", "viewer", kwargs=RUN),
    Line("GET", "run-logs", "viewer", kwargs=RUN),
    Line("GET", "run-dead-letters", "viewer", kwargs=RUN),
    Line("GET", "run-compiled", "viewer", kwargs=RUN),
    Line("GET", "run-why", "viewer", kwargs=RUN),
    Line("GET", "run-metrics", "viewer", kwargs=RUN),
    Line("GET", "run-support", "operator", kwargs=RUN),
    Line("GET", "run-stream", "viewer", kwargs=RUN),
    Line("GET", "pipeline-stream", "viewer", kwargs=PIPELINE),
    Line("GET", "project-stream", "viewer", query="project=shop"),
    Line("GET", "run-state", "viewer", kwargs=RUN),
    Line("POST", "run-savepoints", "operator", 201, kwargs=RUN, body={}),
    Line("POST", "run-rescale", "operator", kwargs=ACTIVE, body={"shards": 2}),
    Line("GET", "savepoints", "viewer"),
    Line("GET", "savepoint", "viewer", kwargs=SAVEPOINT),
    Line("DELETE", "savepoint", "operator", 204, kwargs=SAVEPOINT),
    Line("POST", "savepoint-restore", "operator", 201, kwargs=SAVEPOINT, body={}),
    Line("POST", "savepoint-rollback", "editor", 201, kwargs=SAVEPOINT),
    *(Line("GET", name, "operator", 404, kwargs=RUN) for name in ("run-state-contents", "run-state-diff")),
    *(Line("GET", name, "operator", 404, kwargs=MAKING) for name in ("savepoint-contents", "savepoint-diff")),
    Line("GET", "works", "viewer"),
    Line("POST", "works", "editor", 201, body={"kind": "check", "project": "shop"}),
    Line("GET", "work", "viewer", kwargs={"pk": "{work}"}),
    Line("GET", "work-file", "viewer", kwargs={"pk": "{work}"}),
    Line("GET", "prometheus", "signed in"),
    Line("GET", "run-verifications", "viewer", kwargs=RUN),
    Line("POST", "run-verifications", "operator", 201, kwargs={"pk": "{finished}"}),
    Line("GET", "verification", "viewer", kwargs={"pk": "{verification}"}),
    Line("GET", "models", "viewer"),
    *(Line("GET", name, "viewer", 404, kwargs=kwargs) for name, kwargs in MODELS.items()),
    Line("POST", "predict", "viewer", 404, kwargs=MODEL, body={"rows": [{"x": 1}]}),
    Line("GET", "schema", "anyone"),
    Line("GET", "docs", "anyone"),
)
LISTS = ("savepoints", "pipelines", "runs", "works", "models")
"""A list is empty, rather than refused, for whoever has no role in a project."""
