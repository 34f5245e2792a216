"""What a report says, and that nothing is done without consent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from engine.session import RunOptions
from engine.upgrade import CONSENTS, Entry, Report
from porsche.runners import upgrade
from tests.engine.upgrade.corpus import TABLES
from tests.engine.upgrade.support import HALVES, Stage, continued, described, from_scratch, judged, run, saved, session

E, F = TABLES["e"], TABLES["f"]
COUNT = f"{E} SELECT k, COUNT(*) AS n, SUM(v) AS s FROM e GROUP BY k;"


def entry(report: Report, kind: str) -> Entry:
    [found] = [e for e in report.entries if e.kind == kind]
    return found


def test_the_same_program_is_plain(tmp_path: Path) -> None:
    report = judged(COUNT, COUNT, tmp_path)
    assert report.plain
    assert report.verdicts == {"kept"}
    assert report.refusal(()) is None


def test_what_is_recomputed_says_of_what_and_how_long(tmp_path: Path) -> None:
    found = entry(judged(COUNT, COUNT.replace("FROM e", "FROM e WHERE v > 3"), tmp_path), "GroupAggregate")
    assert (found.verdict.value, found.sources, found.seconds) == ("recomputed", {"e": 24}, 1.0)
    assert "upstream" in found.reasons[0]


def test_a_new_aggregate_alone_is_lost(tmp_path: Path) -> None:
    """The others of its group go on: MAX counts from the second half, n from the start."""
    new = COUNT.replace("SUM(v) AS s", "MAX(id) AS m, MIN(id) AS l")
    report = judged(COUNT, new, tmp_path / "j", again="no")
    found = entry(report, "GroupAggregate")
    assert found.verdict.value == "lost"
    assert "MAX(id), MIN(id) begins empty" in found.reasons[0]
    assert "the rest goes on" in found.reasons[0]
    last = {row[0]: row for sign, row in continued(COUNT, new, tmp_path / "c", again="no").out[0] if sign > 0}
    events = [row for half in HALVES["e"] for row in half]
    for key, n, most, least in last.values():
        assert n == sum(row["k"] == key for row in events)
        assert most == max(row["id"] for row in events if row["k"] == key)
        assert least == min(row["id"] for row in HALVES["e"][1] if row["k"] == key)


@pytest.mark.parametrize(("again", "needed"), [("yes", "recomputed"), ("no", "lost")])
def test_nothing_happens_without_consent(tmp_path: Path, again: str, needed: str) -> None:
    saved(COUNT, tmp_path)
    before = sorted((tmp_path / "checkpoints").iterdir())
    new = COUNT.replace("GROUP BY k", "GROUP BY k, x")
    for given in (frozenset[str](), CONSENTS - {needed}):
        with pytest.raises(UserError) as caught:
            run(new, Stage(middle=(), again=again), tmp_path, allow=given)
        assert caught.value.code == "state_of_another_query"
        assert f"would be {needed}" in caught.value.message
        assert "keyed by (k, x) instead of (k)" in caught.value.message
        assert f"--allow {needed}" in (caught.value.hint or "")
    assert sorted((tmp_path / "checkpoints").iterdir()) == before
    assert run(new, Stage(middle=(), again=again), tmp_path, allow=frozenset({needed})).out[0]


def test_sources_that_have_lost_rows_since(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and the state is as it was."""
    saved(COUNT, tmp_path)
    monkeypatch.setitem(HALVES, "e", (HALVES["e"][0][:5], []))
    with pytest.raises(UserError) as caught:
        run(COUNT.replace("FROM e", "FROM e WHERE v > 3"), Stage(middle=()), tmp_path)
    assert caught.value.code == "replay_short"
    monkeypatch.undo()
    assert run(COUNT, Stage(middle=()), tmp_path).after(0) == from_scratch(COUNT, tmp_path / "scratch").after(0)


def test_what_depends_on_the_clock_is_not_read_again(tmp_path: Path) -> None:
    old = (f"{E} SELECT k, COUNT(*) FROM (SELECT k, PROCTIME() AS p FROM e) "
           "GROUP BY k, TUMBLE(p, INTERVAL '1' HOUR);")
    found = entry(judged(old, old.replace("'1' HOUR", "'2' HOUR"), tmp_path), "WindowAggregate")
    assert found.verdict.value == "lost"
    assert "when rows are processed" in found.reasons[-1]


def test_operators_that_are_gone_and_sources_that_are_new(tmp_path: Path) -> None:
    report = judged(COUNT, f"{F} SELECT k, COUNT(*) FROM f GROUP BY k;", tmp_path)
    verdicts = {(e.kind, e.verdict.value) for e in report.entries}
    assert verdicts >= {("SourceReader", "new"), ("SourceReader", "removed"), ("GroupAggregate", "new")}
    assert report.missing(()) == []


def test_another_place_of_a_table_cannot_be_read_again(tmp_path: Path) -> None:
    """Its old rows are not there."""
    moved = COUNT.replace("'id' = 'e'", "'id' = 'h'")
    report = judged(COUNT, moved, tmp_path)
    assert "other options" in entry(report, "SourceReader").reasons[0]
    assert entry(report, "GroupAggregate").verdict.value == "kept"
    found = entry(judged(COUNT, moved.replace("SUM(v)", "SUM(x)"), tmp_path), "GroupAggregate")
    assert found.verdict.value == "lost"


def test_nodes_and_json(tmp_path: Path) -> None:
    def nodes(text: str) -> Any:
        made = session("", Stage(), tmp_path)
        made._nodes = {"e": "events", "totals": "totals"}
        for _ in made.script(text):
            pass
        return made

    old = f"{E} CREATE VIEW totals AS SELECT k, COUNT(*) AS n FROM e GROUP BY k; SELECT * FROM totals;"
    graph = nodes(old).plan(nodes(old).phases[0])
    meta = {"operators": graph.described, "sources": {}, "totals": {}}
    report = nodes(old.replace("COUNT(*)", "SUM(v)")).upgrade(meta)
    assert report.by_node() == {"events": "kept", "totals": "recomputed"}
    told = json.loads(json.dumps(report.as_json()))
    assert told["needs"] == ["recomputed"]
    assert {o["operator"] for o in told["operators"]} == set(graph.described)


def test_ids_do_not_shift(tmp_path: Path) -> None:
    """Operators before it change neither the id by which state is found nor, so, its verdict."""
    before = session(COUNT, Stage(), tmp_path)
    after = session(f"{E} SELECT x, COUNT(*) FROM e GROUP BY x; SELECT c, MAX(v) FROM e GROUP BY c; "
                    + COUNT.removeprefix(E), Stage(), tmp_path)
    ids = [set(s.plan(s.phases[0]).described) for s in (before, after)]
    assert ids[0] <= ids[1]


def test_a_checkpoint_that_does_not_describe_its_state(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        session(COUNT, Stage(), tmp_path).upgrade({"fingerprint": "of an old version"})
    assert caught.value.code == "state_not_described"


def test_descriptions_are_json_and_hold_no_options(tmp_path: Path) -> None:
    text = json.dumps(described(COUNT.replace("'id' = 'e'", "'id' = 'e', 'password' = 'very secret'"), tmp_path))
    assert "very secret" not in text
    assert json.loads(text)["operators"]


def test_the_platform_knows_the_same_words() -> None:
    assert set(upgrade.CONSENTS) == CONSENTS


def test_another_function_under_the_same_name(tmp_path: Path) -> None:
    code = "tests.engine.expressions.user_code"
    old = (f"CREATE FUNCTION f AS '{code}.too_few' LANGUAGE PYTHON; {E} "
           "SELECT k, SUM(f(id)) FROM e GROUP BY k;")
    assert judged(old, old, tmp_path).verdicts == {"kept"}
    assert judged(old, old.replace("too_few", "raises"), tmp_path).verdicts == {"kept", "recomputed"}


def test_another_form_of_state(tmp_path: Path) -> None:
    old = {**described(COUNT, tmp_path), "format": 0}
    found = entry(session(COUNT, Stage(), tmp_path).upgrade(old), "GroupAggregate")
    assert (found.verdict.value, found.reasons) == ("migrated", ("its form of version 0 becomes that of version 1",))


def test_what_became_of_it_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    continued(COUNT, COUNT.replace(", SUM(v) AS s", ", MAX(v) AS m"), tmp_path, again="no")
    assert "state of Aggregate: lost: MAX(v) begins empty" in caplog.text


def test_how_far_it_is_with_making_state_anew(tmp_path: Path) -> None:
    """It is told, so that nobody takes the job for one that stands still."""
    saved(COUNT, tmp_path)
    seen: list[dict[str, Any]] = []
    options = RunOptions(checkpoint_interval=1e9, batch_rows=50, allow=frozenset({"recomputed"}),
                         on_job=lambda job: setattr(job, "options", replace(job.options, status_interval=0.0)),
                         on_status=seen.append)
    session(COUNT.replace("FROM e", "FROM e WHERE v > 3"), Stage(middle=()), tmp_path).run(options)
    told = [status["recomputing"] for status in seen if status["recomputing"]]
    assert told[-1] == {"rows": 24, "of": 24}
    assert {status["state"] for status in seen if status["recomputing"]} == {"STARTING"}
