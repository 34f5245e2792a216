"""A savepoint holds all that its job needs: wherever and in however many shards it is restored, the run ends as one
that was never disturbed. So do those that former versions wrote."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from engine.savepoints.inspect import checkpoints
from engine.savepoints.make import make
from engine.savepoints.manifest import MANIFEST, Savepoint, checksum, open_savepoint
from engine.session import RunOptions
from tests.engine.savepoints import jobs

CRASH = 45
FIXTURES = Path(__file__).parents[2] / "fixtures" / "savepoints"
PLAIN = RunOptions(batch_rows=7, shards=2, checkpoint_interval=1e9)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    jobs.to_end(folder, PLAIN)
    return jobs.written(folder)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Savepoint:
    """A savepoint of a run that is no more; its outputs are in the folder beside it."""
    base = tmp_path_factory.mktemp("saved")
    jobs.until_crash(base / "run", CRASH, PLAIN)
    made = make(base / "run" / "state", base / "savepoint", name="half", facts={"run": 7})
    shutil.rmtree(base / "run" / "state")
    (base / "run").rename(base / "outputs")
    return made


def restored(saved: Savepoint, folder: Path, shards: int) -> dict[str, Any]:
    """What a run of the savepoint wrote, after what its former one had written."""
    shutil.copytree(saved.folder.parent / "outputs", folder)
    jobs.to_end(folder, RunOptions(batch_rows=5, shards=shards, checkpoint_interval=1e9, restore=saved.folder), CRASH)
    return jobs.written(folder)


@pytest.mark.parametrize("shards", [1, 2, 4])
def test_it_ends_as_the_undisturbed_run(saved: Savepoint, undisturbed: dict[str, Any], tmp_path: Path,
                                        shards: int) -> None:
    """What was restored is proven to be what was saved before a row is read."""
    assert restored(saved, tmp_path / "run", shards) == undisturbed
    noted = json.loads((tmp_path / "run" / "state" / "restored.json").read_text("utf-8"))
    assert (noted["savepoint"], noted["epoch"], noted["verified"]) == ("half", saved.epoch, True)
    assert (noted["states"], noted["differ"], noted["models"], noted["models_differ"]) == (17, [], 1, [])
    assert noted["keys"] == sum(operator["keys"] for operator in saved.manifest["operators"]) > 30


def test_many_shards_keep_their_numbers(undisturbed: dict[str, Any], tmp_path: Path) -> None:
    many = RunOptions(batch_rows=7, shards=12, checkpoint_interval=1e9)
    jobs.until_crash(tmp_path / "run", CRASH, many)
    made = make(tmp_path / "run" / "state", tmp_path / "savepoint")
    shutil.rmtree(tmp_path / "run" / "state")
    (tmp_path / "run").rename(tmp_path / "outputs")
    assert restored(made, tmp_path / "again", 12) == undisturbed


def test_of_checkpoints_that_lie_elsewhere(undisturbed: dict[str, Any], tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """And into such ones."""
    where = f"SET 'execution.checkpointing.dir' = 'file://{tmp_path}/elsewhere';"
    monkeypatch.setattr(jobs, "JOB", where + jobs.JOB)
    jobs.until_crash(tmp_path / "run", CRASH, PLAIN)
    assert [made["epoch"] for made in checkpoints(tmp_path / "run" / "state")] == [2, 1]
    made = make(tmp_path / "run" / "state", tmp_path / "savepoint")
    shutil.rmtree(tmp_path / "run" / "state")
    shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)
    (tmp_path / "run").rename(tmp_path / "outputs")
    assert restored(made, tmp_path / "again", 2) == undisturbed


def test_begun_from_again(saved: Savepoint, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    """A run that has finished starts anew: with the savepoint again, if it is named again."""
    for _ in range(2):
        shutil.copytree(saved.folder.parent / "outputs", tmp_path / "run", dirs_exist_ok=True)
        jobs.to_end(tmp_path / "run", RunOptions(restore=saved.folder, checkpoint_interval=1e9), CRASH)
        assert jobs.written(tmp_path / "run") == undisturbed
        for name in jobs.SINKS:
            shutil.rmtree(tmp_path / "run" / name, ignore_errors=True)


def unpacked(name: str, folder: Path) -> Path:
    with tarfile.open(FIXTURES / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("archive", [path.name.removesuffix(".tar.gz") for path in FIXTURES.glob("checkpoints-*")])
def test_checkpoints_of_former_versions(undisturbed: dict[str, Any], tmp_path: Path, archive: str, shards: int) -> None:
    """Each fixture is a run that crashed before row 45, as that version left it."""
    folder = unpacked(archive, tmp_path / "run")
    jobs.to_end(folder, RunOptions(batch_rows=7, shards=shards, checkpoint_interval=1e9), CRASH)
    assert jobs.written(folder) == undisturbed


@pytest.mark.parametrize("archive", [path.name.removesuffix(".tar.gz") for path in FIXTURES.glob("savepoints-*")])
def test_savepoints_of_former_versions(undisturbed: dict[str, Any], tmp_path: Path, archive: str) -> None:
    """The savepoint and, beside it, what its run had written."""
    base = unpacked(archive, tmp_path)
    assert restored(open_savepoint(base / "savepoint"), tmp_path / "run", 2) == undisturbed


def test_it_is_for_people_too(saved: Savepoint) -> None:
    manifest = json.loads((saved.folder / MANIFEST).read_text("utf-8"))
    assert (manifest["name"], manifest["facts"], manifest["epoch"]) == ("half", {"run": 7}, 2)
    assert [(s["uid"], s["rows"], s["position"]) for s in manifest["sources"]] == [
        ("Source(e)", 45, {"item": 46}), ("Source(f)", 45, {"item": 46})]
    model = next(iter(manifest["models"].values()))
    assert model["version"] == 15, "45 samples, a version each third"
    assert {file["path"].split("/")[0] for file in manifest["files"]} == {"state", "models", "tables"}


def damaged(saved: Savepoint, folder: Path, damage: str) -> Path:
    shutil.copytree(saved.folder, folder)
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    if damage == "manifest":
        (folder / MANIFEST).write_text(json.dumps({**manifest, "epoch": 1}), encoding="utf-8")
    elif damage == "text":
        (folder / MANIFEST).write_text("{", encoding="utf-8")
    elif damage == "version":
        (folder / MANIFEST).write_text(json.dumps({**manifest, "savepoint": 99}), encoding="utf-8")
    elif damage == "absent":
        (folder / MANIFEST).unlink()
    else:
        place = next(folder / file["path"] for file in manifest["files"] if file["path"].startswith(damage))
        content = bytearray(place.read_bytes())
        place.unlink()  # the bytes are shared with the original
        content[len(content) // 2] ^= 16
        place.write_bytes(content)
    return folder


@pytest.mark.parametrize(("damage", "code"), [
    ("manifest", "savepoint_corrupt"), ("text", "savepoint_corrupt"), ("version", "savepoint_version"),
    ("absent", "no_savepoint"), ("state", "savepoint_corrupt"), ("models", "savepoint_corrupt"),
    ("tables", "savepoint_corrupt")])
def test_what_is_damaged_is_refused(saved: Savepoint, tmp_path: Path, damage: str, code: str) -> None:
    folder = damaged(saved, tmp_path / "savepoint", damage)
    options = RunOptions(shards=2, restore=folder)
    with pytest.raises(UserError) as error:
        jobs.to_end(tmp_path / "run", options, CRASH)
    assert error.value.code == code
    assert not list((tmp_path / "run").rglob("part-*")), "nothing was processed"


@pytest.mark.parametrize("change", [
    {"files": [{"path": "../../outside", "sha256": ""}]}, {"files": [{"path": "/etc/passwd", "sha256": ""}]},
    {"files": ["state"]}, {"epoch": "2"}, {"meta": None}, {"operators": {}}])
def test_a_manifest_that_this_program_does_not_write(saved: Savepoint, tmp_path: Path, change: dict[str, Any]) -> None:
    """Under a checksum of its own."""
    manifest = {**saved.manifest, **change}
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "sha256": checksum(manifest)}), encoding="utf-8")
    with pytest.raises(UserError) as error:
        open_savepoint(tmp_path)
    assert error.value.code == "savepoint_corrupt"


def test_what_was_restored_is_compared(saved: Savepoint, tmp_path: Path) -> None:
    """A savepoint whose manifest tells of other contents than it has, under a checksum of its own: it is not run."""
    folder = tmp_path / "savepoint"
    shutil.copytree(saved.folder, folder)
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    told = next(o for o in manifest["operators"] if o["uid"].startswith("Rank"))
    told["states"][0]["digest"] = "0" * 32
    (folder / MANIFEST).write_text(json.dumps({**manifest, "sha256": checksum(manifest)}), encoding="utf-8")
    with pytest.raises(UserError) as error:
        jobs.to_end(tmp_path / "run", RunOptions(shards=2, restore=folder), CRASH)
    assert error.value.code == "restore_differs" and told["uid"] in error.value.message


def test_of_another_query_it_is_refused(saved: Savepoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "JOB", jobs.JOB.replace("INTERVAL '5' SECOND", "INTERVAL '6' SECOND"))
    with pytest.raises(UserError):
        jobs.to_end(tmp_path / "run", RunOptions(shards=2, restore=saved.folder), CRASH)


def test_a_job_with_a_checkpoint_of_its_own_goes_on_from_it(saved: Savepoint, undisturbed: dict[str, Any],
                                                            tmp_path: Path) -> None:
    jobs.until_crash(tmp_path / "run", CRASH, PLAIN)
    jobs.to_end(tmp_path / "run", RunOptions(batch_rows=7, restore=saved.folder), CRASH)
    assert jobs.written(tmp_path / "run") == undisturbed
    assert not (tmp_path / "run" / "state" / "restored.json").exists()


def test_it_is_whole_or_not_there(saved: Savepoint, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        make(tmp_path, tmp_path / "none")
    assert error.value.code == "no_checkpoint" and not list(tmp_path.iterdir())
    with pytest.raises(UserError) as error:
        make(tmp_path, saved.folder)
    assert error.value.code == "savepoint_exists"
