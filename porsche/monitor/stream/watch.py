"""What streams tell, found by looking: the database for runs' rows and events, their folders for everything else."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from rest_framework.utils.encoders import JSONEncoder

from porsche.ide.models import Run, RunEvent, WorkingCopy
from porsche.ide.selectors import files
from porsche.ide.selectors.platform import Supervisor, supervisor
from porsche.ide.selectors.runs import ACTIVE, events, is_active, rows, summary
from porsche.monitor.points import Snapshot, points
from porsche.monitor.stream.hub import Message, Topic, encode
from porsche.runners.models import ModelFacts, node_of

log = logging.getLogger(__name__)

RECENT = 100
"""Runs of a project that a stream begins with, besides those that are active."""
TAIL = 100
"""Lines of a log that a stream begins with."""
LINES = 2000
"""Lines of a log that one message has, at most."""
MOST = 1000
"""Events of one look, at most."""
OVERLAP = 10.0
"""Seconds for which events are looked for again: transactions do not end in the order of their rows' numbers."""


class Files:
    """What a run's folder told since it was last looked at."""

    def __init__(self, run: Run) -> None:
        self._state = files.folder(run).state
        self._stamp: tuple[int, int] | None = None
        self._snapshot: Snapshot | None = None
        self._models = ModelFacts(self._state)
        self._place = ""
        self._tail: deque[dict[str, Any]] = deque(maxlen=TAIL)
        self._begun = False

    def messages(self, run: Run) -> Iterator[tuple[str, Any, str, bool]]:
        """(event, data, key, quiet) of what is new."""
        snapshot, before = self._changed(), self._snapshot
        if snapshot is not None:
            self._snapshot = snapshot
            yield "snapshot", {"id": run.pk, "snapshot": snapshot}, "snapshot", False
            if found := points(before, snapshot):
                yield "points", [{**point._asdict(), "at": snapshot["at"]} for point in found], "", False
        elif not self._begun and before is None:
            yield "snapshot", {"id": run.pk, "snapshot": run.snapshot}, "snapshot", False
        for name, facts in self._models.newer().items():
            told = {"name": f"{run.pipeline.slug}.{node_of(name)}", "node": node_of(name), "version": facts["version"],
                    "facts": facts}
            yield "model", told, f"model:{name}", False
        yield from self._log(run)
        self._begun = True

    def _changed(self) -> Snapshot | None:
        """The job's status, if it was written since."""
        path = self._state / "status.json"
        try:
            facts = path.stat()
            stamp = (facts.st_mtime_ns, facts.st_ino)
            if stamp == self._stamp:
                return None
            snapshot = read_json(path)
        except (OSError, ValueError):
            return None
        self._stamp = stamp
        return snapshot

    def _log(self, run: Run) -> Iterator[tuple[str, Any, str, bool]]:
        told = files.log(run, self._place, "DEBUG", LINES)
        lines, self._place = told["lines"], told["next"]
        if not lines:
            return
        self._tail.extend(lines)
        if self._begun:
            yield "log", {"lines": lines}, "", False
        yield "log", {"lines": list(self._tail), "fresh": True}, "log", self._begun


class Project:
    """The runs of a project as they were last seen."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[str, Any]] = {}
        """Run -> (status, since): a change of either is looked at."""
        self.active: set[int] = set()

    @property
    def newest(self) -> int:
        return max(self.seen, default=0)


class Watcher:
    """Looks at what topics are about. Used by one thread at a time."""

    def __init__(self) -> None:
        self._files: dict[int, Files] = {}
        self._projects: dict[int, Project] = {}
        self._told: dict[tuple[Topic, int], str] = {}
        self._copies: dict[Topic, str] = {}
        """What was told of working copies."""
        self._events: dict[int, float] = {}
        self._floor: int | None = None

    def poll(self, topics: Iterable[Topic]) -> list[Message]:
        """What is new for each topic; what stands, for one that was not there at the last call."""
        try:
            return self._look(frozenset(topics))
        except Exception:
            connection.close()  # a broken one must not be used again
            raise

    def _look(self, topics: frozenset[Topic]) -> list[Message]:
        self._forget(topics)
        if not topics:
            self._floor, self._events = None, {}
            return []
        now, at_work = timezone.now(), supervisor()
        watched = {topic.id for topic in topics if topic.kind == "run"}
        found = list(self._new_events(topics))
        here = {run.pk: run for run in rows().filter(pk__in=watched)}
        found += self._edited(topics, here)
        for number in sorted(watched):
            topic = Topic("run", number)
            run = here.get(number)
            found += self._gone(topic, number) if run is None else self._summary(topic, run, now, at_work)
            found += [] if run is None else self._folder(topic, run)
        for topic in sorted(topics):
            if topic.kind == "project":
                found += self._project(topic, now, at_work)
        return found

    def _forget(self, topics: frozenset[Topic]) -> None:
        """Nothing of what nobody listens to is kept."""
        self._told = {key: text for key, text in self._told.items() if key[0] in topics}
        self._copies = {topic: text for topic, text in self._copies.items() if topic in topics}
        self._files = {number: kept for number, kept in self._files.items() if Topic("run", number) in topics}
        self._projects = {number: kept for number, kept in self._projects.items() if Topic("project", number) in topics}

    def _summary(self, topic: Topic, run: Run, now: Any, at_work: Supervisor) -> Iterator[Message]:
        text = encode(summary(run, now, at_work), JSONEncoder)
        if self._told.get((topic, run.pk)) != text:
            self._told[topic, run.pk] = text
            yield Message(topic, "run", text, f"run:{run.pk}")

    def _gone(self, topic: Topic, run: int) -> Iterator[Message]:
        """A run that was deleted, once."""
        if self._told.get((topic, run)) != "":
            self._told[topic, run] = ""
            yield Message(topic, "deleted", encode({"id": run}, JSONEncoder), ends=f"run:{run}")

    def _folder(self, topic: Topic, run: Run) -> list[Message]:
        try:
            told = self._files.get(run.pk)
            if told is None:
                told = self._files[run.pk] = Files(run)
            return [Message(topic, event, encode(data, JSONEncoder), key, quiet)
                    for event, data, key, quiet in told.messages(run)]
        except Exception:  # what one run's job writes must not silence the others
            log.exception("the folder of run %s could not be read", run.pk)
            return []

    def _project(self, topic: Topic, now: Any, at_work: Supervisor) -> Iterator[Message]:
        of_project = rows().filter(pipeline__project_id=topic.id)
        known = self._projects.get(topic.id)
        if known is None:
            known = self._projects[topic.id] = Project()
            recent = list(of_project.order_by("-id").values_list("pk", flat=True)[:RECENT])
            wanted = Q(pk__in=recent)
        else:
            there = {pk: (status, since) for pk, status, since in
                     of_project.filter(pk__in=known.seen).values_list("pk", "status", "status_since")}
            for number in known.seen.keys() - there.keys():
                del known.seen[number]
                yield from self._gone(topic, number)
            changed = {pk for pk, facts in there.items() if facts != known.seen[pk]}
            wanted = Q(pk__in=known.active | changed) | Q(pk__gt=known.newest)
        shown = list(of_project.filter(ACTIVE | wanted).order_by("id"))
        known.active = {run.pk for run in shown if is_active(run)}
        for run in shown:
            known.seen[run.pk] = (run.status, run.status_since)
            yield from self._summary(topic, run, now, at_work)

    def _edited(self, topics: frozenset[Topic], runs: dict[int, Run]) -> Iterator[Message]:
        """Working copies that have another version, for the topics of their pipelines and runs."""
        of_runs = [(topic, runs[topic.id].pipeline_id) for topic in topics if topic.kind == "run" and topic.id in runs]
        listening = sorted([*of_runs, *((topic, topic.id) for topic in topics if topic.kind == "pipeline")])
        if not listening:
            return
        copies = WorkingCopy.objects.filter(pipeline__in={pipeline for _, pipeline in listening})
        facts = ("version", "base__number", "pipeline__head__number")
        told = {pk: encode({"pipeline": pk, "version": version, "revision": base, "head": head}, JSONEncoder)
                for pk, version, base, head in copies.values_list("pipeline", *facts)}
        for topic, pipeline in listening:
            text = told.get(pipeline)
            if text is not None and self._copies.get(topic) != text:
                self._copies[topic] = text
                yield Message(topic, "edited", text, "edited")

    def _new_events(self, topics: frozenset[Topic]) -> Iterator[Message]:
        """Events that appeared since the last look, for their run's topic and its project's."""
        now = time.monotonic()
        if self._floor is None:
            self._floor = RunEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            return
        fresh = RunEvent.objects.filter(pk__gt=self._floor).select_related("run__pipeline", "user").order_by("pk")
        for event in fresh[:MOST + len(self._events)]:
            if event.pk in self._events:
                continue
            self._events[event.pk] = now
            data = encode({"run": event.run_id, **events([event])[0]}, JSONEncoder)
            for topic in (Topic("run", event.run_id), Topic("project", event.run.pipeline.project_id)):
                if topic in topics:
                    yield Message(topic, "happened", data)
        settled = [number for number, at in self._events.items() if now - at > OVERLAP]
        self._floor = max([self._floor, *settled])
        self._events = {number: at for number, at in self._events.items() if number > self._floor}


def read_json(path: Path) -> Snapshot | None:
    """An object in a file; numbers that JSON has no word for (NaN, Infinity) are None."""
    value = json.loads(path.read_bytes(), parse_constant=lambda _: None)
    return value if isinstance(value, dict) else None
