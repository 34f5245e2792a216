"""Commands against a platform that really runs: of this machine, and elsewhere by URL and token."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from porsche import processes
from porsche.home import Home
from tests.platform.running import COMMAND, Up, environment
from tests.platform.running import porsche as as_process
from tests.porsche.commands import Ended, porsche
from tests.runners.jobs import EVENTS, awaited

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    """A platform with the pipeline `events`, which lasts; its first command has made a token."""
    home = Home(Path(tempfile.mkdtemp(prefix="porsche-home-")))
    example = home.folder("made") / "events.yaml"
    example.write_text(EVENTS.replace("default: 2000", "default: 1000000"), encoding="utf-8")
    with Up(home, "--example", str(example), "--rate", "1000") as made:
        first = as_process("list", "--home", str(home.path), "--json")
        assert ([p["slug"] for p in json.loads(first.stdout)], first.stderr) == (["events"], "")
        yield made
    shutil.rmtree(home.path, ignore_errors=True)


def here(up: Up, folder: Path, *arguments: str) -> Ended:
    return porsche(folder, *arguments, "--home", str(up.home.path))


def secret(up: Up, folder: Path, role: str) -> str:
    return here(up, folder, "token", "create", role, "--role", role).stdout.strip()


def test_a_run_from_start_to_verification(up: Up, tmp_path: Path) -> None:
    begun = here(up, tmp_path, "start", "events", "--new", "--set", "rows=3000", "--wait", "end", "--json")
    assert begun.returncode == 0, begun.stderr
    run = begun.json
    assert (run["status"], run["snapshot"]["rows_in"]) == ("FINISHED", 3000)
    number = str(run["id"])
    verified = here(up, tmp_path, "verify", number, "--json")
    assert verified.returncode == 0, verified
    (table,) = verified.json["report"]["tables"]
    assert (verified.json["equal"], table["rows_stream"], table["rows_batch"]) == (True, 3000, 3000)
    answers = next((up.home.run(run["id"]) / "state" / "answers").glob("*.json"))
    lines = answers.read_text(encoding="utf-8").splitlines()
    broken = json.loads(lines[0])
    lines[0] = json.dumps({**broken, "impression_id": -5})
    answers.write_text("\n".join(lines) + "\n", encoding="utf-8")
    different = here(up, tmp_path, "verify", number)
    assert different.returncode == 1
    assert "different, 2 rows" in different.stdout
    assert '"impression_id": -5' in different.stdout
    assert here(up, tmp_path, "verify", number, "--last", "--json").json["equal"] is False


def test_stopped_and_started_it_goes_on(up: Up, tmp_path: Path) -> None:
    run = here(up, tmp_path, "start", "events", "--new", "--rate", "500", "--wait", "running", "--json").json
    number = str(run["id"])
    awaited(lambda: here(up, tmp_path, "status", number, "--json").json["snapshot"]["rows_in"] > 200)
    stopped = here(up, tmp_path, "stop", number, "--wait", "--json").json
    assert (stopped["status"], stopped["desired"]) == ("STOPPED", "STOPPED")
    resumed = here(up, tmp_path, "start", number, "--wait", "running", "--json").json
    assert resumed["snapshot"]["rows_in"] >= stopped["snapshot"]["rows_in"] > 200
    assert here(up, tmp_path, "stop", number, "--wait").stdout == f"examples/events: run {number} is STOPPED\n"
    logged = here(up, tmp_path, "logs", number, "-f", "--level", "debug", "--json").stdout.splitlines()
    assert {1, 2} <= {json.loads(line)["attempt"] for line in logged}
    packed = here(up, tmp_path, "support", number, "--json").json
    with zipfile.ZipFile(tmp_path / packed["file"]) as archive:
        assert "Sink" in archive.read("plan.txt").decode()
        assert {json.loads(line)["attempt"] for line in archive.read("log.jsonl").splitlines()} >= {1, 2}
    assert here(up, tmp_path, "support", number, "--json").error["code"] == "file_exists"


def test_what_fails_says_why(up: Up, tmp_path: Path) -> None:
    failed = here(up, tmp_path, "start", "events", "--new", "--set", "divisor=1 / (impression_id - impression_id)",
                  "--wait", "end", "--json")
    assert failed.returncode == 1
    assert (failed.json["status"], failed.error["node"]) == ("FAILED", "computed")
    status = here(up, tmp_path, "status", str(failed.json["id"]))
    assert (status.returncode, "computed: " in status.stdout) == (1, True)


def test_watching_bears_a_web_process_that_is_started_again(up: Up, tmp_path: Path) -> None:
    run = here(up, tmp_path, "start", "events", "--new", "--rate", "500", "--wait", "running", "--json").json
    watching = subprocess.Popen([*COMMAND, "status", str(run["id"]), "--watch", "--json", "--home", str(up.home.path)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["status"] == "RUNNING"
        web = up.pid("web")
        processes.send(web, signal.SIGKILL)
        awaited(lambda: processes.running(up.home.processes, "web") not in (None, web))
        assert here(up, tmp_path, "stop", str(run["id"]), "--wait").returncode == 0
        said, complained = watching.communicate(timeout=60)
    finally:
        watching.kill()
        watching.wait()
    assert (watching.returncode, complained) == (0, "")
    assert json.loads(said.splitlines()[-1])["status"] == "STOPPED"


# ---- elsewhere -------------------------------------------------------------------------------------------------------


def test_login_and_logout(up: Up, tmp_path: Path) -> None:
    made = secret(up, tmp_path, "operator")
    wrong = porsche(tmp_path, "login", up.url, "--json", given="psk_wrong\n")
    assert (wrong.returncode, porsche(tmp_path, "logout").returncode) == (1, 1)
    told = porsche(tmp_path, "login", up.url, given=f"{made}\n")
    assert told.returncode == 0, told.stderr
    assert made not in told.stdout + told.stderr
    place = tmp_path / "XDG_CONFIG_HOME" / "porsche" / "servers.json"
    assert place.stat().st_mode & 0o777 == 0o600
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PORSCHE_HOME")
        assert porsche(tmp_path, "list", "--json").json[0]["slug"] == "events"
    assert porsche(tmp_path, "list", "--server", up.url, "--json").json[0]["slug"] == "events"
    place.chmod(0o644)
    assert porsche(tmp_path, "list", "--server", up.url, "--json").error["code"] == "open_config"
    place.chmod(0o600)
    assert porsche(tmp_path, "logout", up.url).returncode == 0
    gone = porsche(tmp_path, "list", "--server", up.url, "--json")
    assert (gone.returncode, gone.error["code"]) == (1, "no_token")


def test_by_url_and_token(up: Up, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORSCHE_SERVER", f"{up.url}/")
    monkeypatch.setenv("PORSCHE_TOKEN", secret(up, tmp_path, "editor"))
    (tmp_path / "more.yaml").write_text(EVENTS.replace("name: events", "name: more"), encoding="utf-8")
    pushed = porsche(tmp_path, "push", "more.yaml", "--as", "examples/more", "--json")
    assert pushed.returncode == 0, pushed.stderr
    (tmp_path / "more.yaml").unlink()
    assert porsche(tmp_path, "pull", "more").returncode == 0
    assert "name: more" in (tmp_path / "more.yaml").read_text(encoding="utf-8")
    forbidden = porsche(tmp_path, "token", "list", "--json")
    assert (forbidden.returncode, forbidden.error["code"]) == (1, "forbidden")


class Elsewhere(BaseHTTPRequestHandler):
    """What is no platform: it sends on, or says something else."""

    seen: list[str | None] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers["Authorization"])
        moved = self.path.startswith("/moved/")
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("path", "said"), [("", "not as a platform does"), ("/moved", "sends on to")])
def test_what_is_no_platform(elsewhere: str, tmp_path: Path, path: str, said: str) -> None:
    answer = porsche(tmp_path, "list", "--server", elsewhere + path, "--token", "psk_x")
    assert (answer.returncode, said in answer.stderr, "psk_x" in answer.stderr) == (3, True, False)


def test_a_token_goes_to_its_server_only(elsewhere: str, tmp_path: Path) -> None:
    place = tmp_path / "XDG_CONFIG_HOME" / "porsche" / "servers.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps({"default": "https://a.example", "servers": {"https://a.example": {"token": "psk_a"}}}))
    place.chmod(0o600)
    Elsewhere.seen.clear()
    assert porsche(tmp_path, "list", "--server", elsewhere, "--json").error["code"] == "no_token"
    assert Elsewhere.seen == []


@pytest.mark.parametrize(("url", "code"), [
    ("http://example.org", "not_encrypted"), ("ftp://example.org", "bad_server"), ("https://", "bad_server"),
    ("https://user:secret@example.org", "bad_server"),
])
def test_urls_that_are_refused(tmp_path: Path, url: str, code: str) -> None:
    assert porsche(tmp_path, "list", "--server", url, "--token", "psk_x", "--json").error["code"] == code


def test_nobody_answers(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        nobody = porsche(tmp_path, "status", "--server", url, "--token", "psk_x", "--json")
    assert (nobody.returncode, nobody.error["code"]) == (3, "unreachable")


# ---- completion ------------------------------------------------------------------------------------------------------


def completed(home: Path, words: str) -> list[str]:
    """What a shell is offered for the last of some words."""
    given = {"_PORSCHE_COMPLETE": "bash_complete", "COMP_WORDS": f"porsche {words}",
             "COMP_CWORD": str(len(words.split(" "))), "PORSCHE_HOME": str(home)}
    told = subprocess.run(COMMAND, capture_output=True, text=True, env={**environment(), **given}, timeout=60,
                          check=False)
    assert told.stderr == ""
    return [line.partition(",")[2] for line in told.stdout.splitlines() if line]


def test_names_are_completed(up: Up, tmp_path: Path) -> None:
    assert completed(up.home.path, "start ev") == ["events"]
    assert "1" in completed(up.home.path, "logs ")
    assert completed(up.home.path, "predict x") == []
    assert completed(tmp_path, "start ev") == []  # no platform there, and none is made
    assert os.listdir(tmp_path) == []
