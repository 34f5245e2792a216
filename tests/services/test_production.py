"""What docs/production.md says: behind nginx with TLS, on Postgres, backed up with it, as systemd starts it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from porsche.home import Home
from tests.monitor.platform import free_port
from tests.platform.running import COMMAND, ROOT, environment
from tests.runners.jobs import EVENTS, awaited
from tests.services.conftest import SCRIPTS

HOST = "porsche.example.org"
DEPLOY = ROOT / "deploy"


@dataclass
class Site:
    """A platform behind nginx. Clients ask for `HOST`, and reach the loopback."""

    home: Home
    port: int
    plain: int
    sign_in: str
    trust: ssl.SSLContext

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"https://127.0.0.1:{self.port}", verify=self.trust, timeout=20, trust_env=False,
                            headers={"Host": HOST}, event_hooks={"request": [_named]})

    def signed_in(self) -> httpx.Client:
        """A person who opened the link that the service's log shows."""
        client = self.client()
        answer = client.get(urlsplit(self.sign_in).path)
        assert answer.status_code == 302, answer.text
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("sessionid"))
        assert "Secure" in cookie and "HttpOnly" in cookie
        client.headers["Cookie"] = "; ".join(c.split(";")[0] for c in answer.headers.get_list("set-cookie"))
        return client


def _named(request: httpx.Request) -> None:
    """TLS is checked against the name that people use."""
    request.extensions["sni_hostname"] = HOST


def database(url: str, name: str) -> str:
    """A database of the test's own on the server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return url.rpartition("/")[0] + f"/{name}"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="porsche-production-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def variables(postgres: str) -> dict[str, str]:
    """The service's environment file."""
    return {**environment(), "PORSCHE_HTTPS": "1", "PORSCHE_HOSTS": HOST,
            "PORSCHE_DATABASE": database(postgres, "porsche_production")}


def command(variables: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], env=variables, capture_output=True, text=True, timeout=300, check=False)


class Service:
    """`porsche up`, as the unit starts and ends it."""

    def __init__(self, home: Home, variables: dict[str, str], *words: str) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, "up", "--home", str(home.path), "--port", "0", "--json", *words], env=variables, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "porsche up did not start"
        self.told: dict[str, str] = json.loads(line)

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=180)


@pytest.fixture(scope="module")
def service(folder: Path, variables: dict[str, str]) -> Iterator[tuple[Home, Service]]:
    home = Home(folder / "home")
    example = folder / "events.yaml"
    example.write_text(EVENTS.replace("default: 2000", "default: 1000000"), encoding="utf-8")
    made = Service(home, variables, "--example", str(example), "--rate", "500")
    yield home, made
    made.end()


@pytest.fixture(scope="module")
def site(folder: Path, service: tuple[Home, Service]) -> Iterator[Site]:
    home, running = service
    place = folder / "nginx"
    place.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout",
                    place / "privkey.pem", "-out", place / "fullchain.pem"], check=True, capture_output=True)
    port, plain, behind = free_port(), free_port(), urlsplit(running.told["url"]).port
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"\n    listen \[::\].*", "", text)
    for old, new in ((" 443 ", f" 127.0.0.1:{port} "), (" 80;", f" 127.0.0.1:{plain};"),
                     ("/etc/ssl/porsche", str(place)), ("127.0.0.1:8000", f"127.0.0.1:{behind}")):
        assert old in text
        text = text.replace(old, new)
    (place / "site.conf").write_text(text, encoding="utf-8")
    trust = ssl.create_default_context(cafile=place / "fullchain.pem")
    process = subprocess.Popen([SCRIPTS / "nginx.sh", "run", str(place)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = Site(home, port, plain, running.told["sign_in"], trust)
    try:
        awaited(lambda: _answers(made), 120.0, f"nginx: {_log(place)}")
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _answers(site: Site) -> bool:
    try:
        with site.client() as client:
            return client.get("/api/session").status_code == 200
    except httpx.HTTPError:
        return False


def _log(place: Path) -> str:
    log = place / "error.log"
    return log.read_text(encoding="utf-8") if log.exists() else "no log"


@pytest.fixture(scope="module")
def person(site: Site) -> Iterator[httpx.Client]:
    client = site.signed_in()
    yield client
    client.close()


def test_plain_http_is_sent_on_to_tls(site: Site) -> None:
    answer = httpx.get(f"http://127.0.0.1:{site.plain}/fleet", headers={"Host": HOST}, trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (308, f"https://{HOST}/fleet")


def test_a_person_signs_in_and_writes(person: httpx.Client) -> None:
    session = person.get("/api/session").json()
    assert session["user"] is not None
    headers = {"X-CSRFToken": session["csrf_token"], "Origin": f"https://{HOST}"}
    body = {"title": "Behind a proxy"}
    done = person.patch("/api/pipelines/1", json=body, headers=headers)
    assert (done.status_code, done.json()["title"]) == (200, "Behind a proxy")
    forged = person.patch("/api/pipelines/1", json=body, headers={**headers, "Origin": "https://evil.example"})
    assert forged.status_code == 403


def test_events_arrive_as_they_happen(person: httpx.Client) -> None:
    began = time.monotonic()
    with person.stream("GET", "/api/runs/1/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        seen = 0
        for line in answer.iter_lines():
            seen += line.startswith("data:")
            if seen >= 3:
                break
    assert time.monotonic() - began < 60  # a proxy that collects 4 KB first would say nothing for minutes


def test_nobody_can_claim_another_address(site: Site) -> None:
    """The limit on failed sign-ins counts the address that nginx saw, whatever a client claims."""
    with site.client() as client:
        answers = [client.post("/api/session", json={"username": "nobody", "password": "wrong"},
                               headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(25)]
    assert answers[-1] == 429


def test_database_and_home_come_back_together(service: tuple[Home, Service], folder: Path, variables: dict[str, str],
                                              site: Site, person: httpx.Client) -> None:
    """`pg_dump` and `porsche backup` in one pause; both restored elsewhere, the run goes on."""
    home, running = service
    rows = awaited(lambda: (person.get("/api/runs/1").json()["snapshot"] or {}).get("rows_in"), said="rows")
    running.end()
    tools = next(Path("/usr/lib/postgresql").glob("*/bin"))
    dump = folder / "db.dump"
    subprocess.run([tools / "pg_dump", "--format=custom", f"--file={dump}", variables["PORSCHE_DATABASE"]],
                   check=True, capture_output=True)
    made = command(variables, "backup", "create", str(folder / "home.tar.gz"), "--home", str(home.path), "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["database"] is False
    server = variables["PORSCHE_DATABASE"].rpartition("/")[0] + "/porsche"
    other = {**variables, "PORSCHE_DATABASE": database(server, "porsche_restored")}
    subprocess.run([tools / "pg_restore", f"--dbname={other['PORSCHE_DATABASE']}", "--no-owner", dump],
                   check=True, capture_output=True)
    elsewhere = Home(folder / "restored")
    back = command(other, "backup", "restore", str(folder / "home.tar.gz"), "--home", str(elsewhere.path))
    assert back.returncode == 0, back.stderr
    again = Service(elsewhere, other)
    try:
        def state() -> dict[str, Any]:
            shown = command(other, "status", "1", "--home", str(elsewhere.path), "--json")
            return dict(json.loads(shown.stdout)) if shown.stdout else {}

        found = awaited(lambda: now if (now := state()).get("status") == "RUNNING" else None, said="the run goes on")
        assert found["snapshot"]["rows_in"] >= rows
        assert found["snapshot"]["attempts"] == 2
    finally:
        again.end()


@pytest.mark.parametrize("unit", ["porsche.service", "porsche-backup.service", "porsche-backup.timer"])
def test_systemd_understands_the_units(folder: Path, unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        done = subprocess.run(["bash", "-c", f". {ROOT / 'scripts' / 'apt.sh'} && apt_get systemd"], check=False)
        assert done.returncode == 0
    for each in DEPLOY.glob("porsche*"):
        text = each.read_text(encoding="utf-8").replace("/opt/porsche", str(ROOT))
        (folder / each.name).write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", folder / unit], capture_output=True, text=True, check=False,
                          env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"})
    assert (done.returncode, done.stderr) == (0, "")
