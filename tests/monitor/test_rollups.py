"""Rollups: merging, resolutions, retention, and what a kill leaves."""

from __future__ import annotations

import time

import numpy as np
import pytest
from django.db import connection

from porsche.ide.models import Pipeline, Project, Revision, Run
from porsche.monitor.collect import Collector, model_points
from porsche.monitor.models import RESOLUTIONS, Rollup
from porsche.monitor.points import Point
from porsche.monitor.rollups import Gathering, retire, write
from porsche.monitor.selectors import POINTS, resolution_for, series


@pytest.fixture
def run(transactional_db) -> Run:  # the collector writes in a thread of its own
    project = Project.objects.create(slug="shop")
    pipeline = Pipeline.objects.create(project=project, slug="p")
    revision = Revision.objects.create(pipeline=pipeline, number=1, document="", digest="")
    return Run.objects.create(pipeline=pipeline, revision=revision)


def test_spans_say_what_numpy_says(run):
    """Written in three parts, the middle one after a failure: the same as all at once."""
    rng = np.random.default_rng(5)
    times = np.sort(rng.uniform(7200, 7200 + 3600, 900))
    values = rng.normal(size=900)
    gathering = Gathering()
    for i, (at, value) in enumerate(zip(times, values)):
        gathering.add(run.pk, float(at), [Point("n", "x", float(value))])
        if i == 300:
            write(gathering.take())
        if i == 500:
            gathering.give_back(gathering.take())
    write(gathering.take())
    for resolution in RESOLUTIONS:
        (found,) = series(run, 0, 20_000, resolution)
        starts = times // resolution * resolution
        assert [point[0] for point in found["points"]] == np.unique(starts).tolist()
        for start, mean, least, most, last in found["points"]:
            inside = values[starts == start]
            assert mean == pytest.approx(inside.mean())
            assert (least, most, last) == (inside.min(), inside.max(), inside[-1])
    assert (found["node"], found["name"]) == ("n", "x")


def test_no_index_is_kept_twice(db):
    """Rollups are by far the most rows: an index that another one begins with would be space and time for nothing."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Rollup._meta.db_table).values()
    indexes = [one for one in found if (one["index"] or one["unique"]) and not one["primary_key"]]
    columns = [tuple(one["columns"]) for one in indexes]
    assert len(columns) == 3
    assert not [one for one in columns for other in columns if one != other and other[:len(one)] == one]


def test_gaps_stay_gaps(run):
    gathering = Gathering()
    for at in (100.0, 105.0, 200.0):
        gathering.add(run.pk, at, [Point("", "x", at)])
    write(gathering.take())
    first, second = [100, 102.5, 100.0, 105.0, 105.0], [200, 200.0, 200.0, 200.0, 200.0]
    assert series(run, 0, 300, 10)[0]["points"] == [first, second]
    assert series(run, 205, 300, 10)[0]["points"] == [second]
    assert series(run, 210, 300, 10) == []


@pytest.mark.parametrize(("back", "length", "resolution"), [
    (0, 3600, 10),
    (0, 5000, 10),
    (0, 5001, 60),
    (5 * 3600, 600, 10),
    (7 * 3600, 600, 60),  # ten seconds are kept for six hours
    (0, 500 * 60, 60),
    (0, 5 * 86400, 3600),
    (4 * 86400, 3600, 600),
    (0, 1000 * 86400, 3600),
])
def test_the_resolution_fits_the_span_and_what_is_kept(back, length, resolution):
    now = 2_000_000_000.0
    found = resolution_for(now - back - length, now - back, now)
    assert found == resolution
    assert length / found <= POINTS or found == max(RESOLUTIONS)


def test_what_is_too_old_is_deleted(run):
    now = 2_000_000_000
    for resolution, kept in RESOLUTIONS.items():
        for age in (kept - resolution, kept + 2 * resolution):
            start = (now - age) // resolution * resolution
            Rollup.objects.create(run=run, node="", name="x", resolution=resolution, start=start, count=1, total=1,
                                  least=1, most=1, last=1)
    assert retire(now) == len(RESOLUTIONS)
    assert {r.resolution: now - r.start <= RESOLUTIONS[r.resolution] for r in Rollup.objects.all()} == dict.fromkeys(
        RESOLUTIONS, True)


def test_rollups_of_a_deleted_run_are_dropped_and_others_written(run):
    gathering = Gathering()
    for number in (run.pk, run.pk + 1000):
        gathering.add(number, 100.0, [Point("", "x", 1.0)])
    assert write(gathering.take()) == len(RESOLUTIONS)
    assert set(Rollup.objects.values_list("run", flat=True)) == {run.pk}


def test_scores_of_groups_are_weighted_by_samples():
    found = model_points({"m[a]": {"samples": 100, "auc": 0.9, "logloss": 0.5, "calibration": None},
                          "m[b]": {"samples": 300, "auc": 0.5, "logloss": None, "calibration": 1.5},
                          "n": {"samples": 7, "auc": float("nan"), "logloss": 0.25, "calibration": 1.0}})
    assert {(p.node, p.name): p.value for p in found} == {
        ("m", "samples"): 400, ("m", "auc"): pytest.approx(0.6), ("m", "logloss"): 0.5, ("m", "calibration"): 1.5,
        ("n", "samples"): 7, ("n", "logloss"): 0.25, ("n", "calibration"): 1.0}


@pytest.mark.parametrize("snapshot", [
    {"at": 1.0, "operators": [{"broken": True}]},
    {"at": 1.0, "nodes": {"a": None}},
    {"at": 1.0, "metrics": {"t": 5}},
    {"at": 1e300},
    {},
    None,
])
def test_no_snapshot_takes_the_supervisor_down(run, snapshot):
    collector = Collector(period=3600)
    collector.observe(run, None, snapshot)
    collector.observe(run, snapshot, snapshot)
    collector.close()


def test_observing_costs_little(run):
    """A job of 30 nodes and 4 metric tables: far below 5 ms a snapshot."""
    def snapshot(second: int) -> dict:
        return {"at": 1e9 + second, "pid": 1, "attempts": 1, "state": "RUNNING", "rows_in": second, "rows_out": second,
                "operators": [{"name": f"o{i}", "shard": 0, "busy_seconds": second} for i in range(40)],
                "nodes": {f"n{i}": {"rows_in": second, "rows_out": second, "late": 1, "watermark": 1, "state_bytes": 1,
                                    "busy_seconds": second, "dead_letters": 0} for i in range(30)},
                "metrics": {f"m{i}": {f"c{k}": 0.5 for k in range(5)} for i in range(4)}}
    collector = Collector(period=3600)
    snapshots = [snapshot(second) for second in range(60)]
    began = time.process_time()
    for before, after in zip(snapshots, snapshots[1:]):
        collector.observe(run, before, after)
    each = (time.process_time() - began) / 59
    assert each < 0.005
    collector.close()
    assert collector.flush() == 0
    (found,) = series(run, 1e9, 1e9 + 60, 60, nodes=["n7"], names=["rows_in_rate"])
    assert [point[1] for point in found["points"]] == [1.0, 1.0]


PART = """
import os, signal, time
from porsche.ide.models import Run
from porsche.monitor.collect import Collector
collector, run = Collector(period=0.2), Run.objects.get(pk=1)
for i in range({first}, {last}):
    collector.observe(run, None, {{"at": 1_000_000_000 + i / 10, "late": i}})
{end}
"""


def test_a_span_that_was_begun_before_a_kill_goes_on(fresh):
    """The first process is killed a second after its points, the second one goes on in the same span."""
    with pytest.raises(AssertionError):  # it was killed
        fresh.python(PART.format(first=0, last=30, end="time.sleep(1.5); os.kill(os.getpid(), signal.SIGKILL)"))
    fresh.python(PART.format(first=30, last=50, end="collector.close()"))
    found = fresh.sql("SELECT resolution, start, count, total, least, most, last FROM monitor_rollup "
                      "WHERE name = 'late' ORDER BY resolution")
    assert found == [(r, 1_000_000_000 // r * r, 50, sum(range(50)), 0, 49, 49) for r in sorted(RESOLUTIONS)]
