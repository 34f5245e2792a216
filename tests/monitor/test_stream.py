"""Streams of a real server: what is told, what is told again, who may listen, and how they end."""

from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from porsche.monitor.stream.app import MOST
from tests.monitor.events import Events
from tests.monitor.platform import Server

pytestmark = pytest.mark.slow


def test_a_run_is_told_as_it_stands_and_as_it_changes(platform, server):
    platform.status(1, rows_in=100, rows_out=50, operators=[], metrics={})
    platform.log(1, "first")
    with Events(server, "/api/runs/1/stream") as events:
        assert events.response.headers["content-type"] == "text/event-stream"
        assert events.wait("run")[0]["status"] == "RUNNING"
        assert events.wait("snapshot")[0]["snapshot"]["rows_in"] == 100
        assert events.wait("log")[0]["lines"][-1]["message"] == "first"
        platform.status(1, rows_in=300, rows_out=50, operators=[], metrics={})
        platform.log(1, "second")
        platform.event(1, "it did something")
        assert events.wait("snapshot", 2)[1]["snapshot"]["rows_in"] == 300
        told = {(p["node"], p["name"]): p["value"] for p in events.wait("points")[0]}
        assert told["", "rows_in_rate"] > 0
        assert told["", "rows_out_rate"] == 0
        happened = events.wait("happened")[0]
        assert (happened["run"], happened["message"]) == (1, "it did something")
        assert [line["message"] for line in events.wait("log", 2)[1]["lines"]] == ["second"]


def test_an_active_run_is_told_each_second(platform, server):
    with Events(server, "/api/runs/1/stream") as events:
        events.wait("run")
        began = time.monotonic()
        for n in range(3):
            platform.status(1, rows_in=n, operators=[])
            events.wait("snapshot", n + 2)
        assert time.monotonic() - began < 25  # of ten seconds each they would take longer


def test_a_change_of_status_is_told(platform, server):
    with Events(server, "/api/stream?project=shop") as events:
        assert {run["id"] for run in events.wait("run", 2)} == {1, 2}
        platform.sql("UPDATE ide_run SET status = 'FAILED', status_since = datetime('now') WHERE id = 1")
        try:
            deadline = time.monotonic() + 60
            while not any(r["id"] == 1 and r["status"] == "FAILED" for r in events.named("run")):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            platform.sql("UPDATE ide_run SET status = 'RUNNING' WHERE id = 1")
        assert not any(run["pipeline"]["project"] != "shop" for run in events.named("run"))


def test_a_project_is_told_what_happens_and_what_is_deleted(platform, server):
    columns = ("key, pipeline_id, revision_id, parameters, options, environment, created_at, desired, generation, "
               "status, status_since, observed_generation, restarts, takes_over")
    platform.sql(f"INSERT INTO ide_run ({columns}) SELECT '{'e' * 32}', pipeline_id, revision_id, parameters, options, "
                 "environment, created_at, desired, generation, status, status_since, observed_generation, restarts, 0 "
                 "FROM ide_run WHERE id = 2")
    ((number,),) = platform.sql("SELECT max(id) FROM ide_run")
    with Events(server, "/api/stream?project=shop") as events, Events(server, f"/api/runs/{number}/stream") as alone:
        alone.wait("run")
        events.wait("run", 3)
        platform.event(number, "about to go")
        assert events.wait("happened")[0]["run"] == number
        alone.wait("happened")
        platform.sql("DELETE FROM ide_runevent WHERE run_id = ?", number)
        platform.sql("DELETE FROM ide_run WHERE id = ?", number)
        assert events.wait("deleted") == [{"id": number}]
        assert alone.wait("deleted") == [{"id": number}]
        time.sleep(2.5)
        assert len(events.named("deleted")) == len(alone.named("deleted")) == 1


def test_another_version_of_a_working_copy_is_told_by_its_pipelines_and_runs_streams(platform, server):
    with Events(server, "/api/runs/1/stream") as of_run, Events(server, "/api/pipelines/1/stream") as of_pipeline:
        of_run.wait("run")
        platform.sql("INSERT INTO ide_workingcopy (pipeline_id, version, text, base_id, based_at) "
                     "VALUES (1, 1, '', 1, 0)")
        try:
            for events in (of_run, of_pipeline):
                assert events.wait("edited")[0] == {"pipeline": 1, "version": 1, "revision": 1, "head": 1}
            platform.sql("UPDATE ide_workingcopy SET version = 2 WHERE pipeline_id = 1")
            for events in (of_run, of_pipeline):
                assert events.wait("edited", 2)[1]["version"] == 2
        finally:
            platform.sql("DELETE FROM ide_workingcopy")


def test_what_was_missed_is_told_again_and_nothing_twice(platform, server):
    with Events(server, "/api/runs/1/stream") as events:
        events.wait("snapshot")
        platform.event(1, "heard")
        events.wait("happened")
        last = events.received[-1].id
    platform.event(1, "missed 1")
    platform.event(1, "missed 2")
    time.sleep(2.5)  # it is seen although nobody listens
    with Events(server, "/api/runs/1/stream", last=last) as again:
        assert [e["message"] for e in again.wait("happened", 2)] == ["missed 1", "missed 2"]
        platform.event(1, "heard again")
        assert [e["message"] for e in again.wait("happened", 3)] == ["missed 1", "missed 2", "heard again"]
        marks = [tuple(map(int, e.id.split("-"))) for e in again.received]
        assert marks == sorted(marks)
        assert marks[0] > tuple(map(int, last.split("-")))


@pytest.mark.parametrize("last", ["1-1", "nonsense", "-", "99999999999999999999999-1", "0" * 5000])
def test_an_id_that_is_not_remembered_gets_what_stands(server, last):
    with Events(server, "/api/runs/2/stream", last=last) as events:
        if not last.startswith("999"):  # one from the future misses nothing
            assert events.wait("run")[0]["id"] == 2


def test_after_a_restart_of_the_server_what_stands_is_told(platform):
    with Server(platform) as first, Events(first, "/api/runs/2/stream") as events:
        events.wait("snapshot")
        last = events.received[-1].id
        first.end()
        assert events.ended.wait(60)
    with Server(platform) as second, Events(second, "/api/runs/2/stream", last=last) as again:
        assert again.wait("run")[0]["id"] == 2
        again.wait("snapshot")


@pytest.mark.parametrize(("path", "user", "status"), [
    ("/api/runs/1/stream", "bob", 404),
    ("/api/runs/77/stream", "ann", 404),
    ("/api/stream?project=shop", "bob", 404),
    ("/api/stream", "ann", 400),
])
def test_who_may_not_listen_gets_an_error_of_the_api(server, path, user, status):
    with server.client(user) as client:
        answer = client.get(path, headers={"Accept": "text/event-stream"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"code", "message", "hint", "place", "errors"}


def test_strangers_are_refused(server):
    for headers in ({}, {"Authorization": "Bearer psk_wrong"}):
        answer = httpx.get(f"{server.url}/api/runs/1/stream", headers=headers, trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_streams_end_with_the_right_to_listen(fresh):
    with (
        Server(fresh, application="tests.monitor.hasty") as server,
        Events(server, "/api/runs/1/stream") as ann,
        Events(server, "/api/runs/3/stream", user="bob") as bob,
    ):
        ann.wait("run")
        bob.wait("run")
        time.sleep(2)
        assert not ann.ended.is_set()
        assert ann.comments  # heartbeats
        fresh.sql("DELETE FROM ide_membership WHERE user_id = (SELECT id FROM ide_user WHERE username = 'ann')")
        fresh.sql("UPDATE ide_token SET expires_at = '2020-01-01 00:00:00' WHERE user_id = "
                  "(SELECT id FROM ide_user WHERE username = 'bob')")
        assert ann.ended.wait(60)
        assert bob.ended.wait(60)


@pytest.mark.parametrize("lifespan", ["on", "off"])
def test_a_server_ends_at_once_with_open_streams(platform, lifespan):
    with Server(platform, lifespan=lifespan) as server, ExitStack() as stack:
        streams = [stack.enter_context(Events(server, "/api/runs/1/stream")) for _ in range(5)]
        for stream in streams:
            stream.wait("run")
        server.end()
        assert all(stream.ended.wait(60) for stream in streams)
    assert server.process.returncode in (0, -15), "it was not killed after a while"
    assert "Traceback" not in server.output()


def read_until(sock: socket.socket, text: bytes, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    received = b""
    while text not in received:
        sock.settimeout(max(0.1, deadline - time.monotonic()))
        received = received[-100:] + sock.recv(1 << 20)


def test_hundreds_listen_without_threads_or_connections(platform, server):
    def facts() -> tuple[int, int]:
        """Threads of the server, and its open files of the database."""
        process = f"/proc/{server.process.pid}"
        links = []
        for descriptor in os.listdir(f"{process}/fd"):
            try:
                links.append(os.readlink(f"{process}/fd/{descriptor}"))
            except FileNotFoundError:
                continue
        return len(os.listdir(f"{process}/task")), sum("db.sqlite3" in link for link in links)

    request = (f"GET /api/runs/1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
               f"Authorization: Bearer {platform.tokens['ann']}\r\n\r\n").encode()

    def listen() -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=60)
        sock.sendall(request)
        return sock

    listen().close()
    time.sleep(1)
    threads, files = facts()
    with ThreadPoolExecutor(8) as pool:
        socks = list(pool.map(lambda _: listen(), range(300)))
    try:
        for sock in socks:
            read_until(sock, b"event: snapshot")
        platform.event(1, "to all of you")
        for sock in socks:
            read_until(sock, b"to all of you")
        after, files_after = facts()
        assert after <= threads + 8, (threads, after)
        assert files_after <= files + 12, (files, files_after)
    finally:
        for sock in socks:
            sock.close()


def test_one_user_does_not_take_all_streams(platform, server):
    def listen(user: str) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=60)
        sock.sendall(f"GET /api/runs/1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                     f"Authorization: Bearer {platform.tokens[user]}\r\n\r\n".encode())
        return sock

    def answer(user: str) -> bytes:
        with listen(user) as sock:
            return sock.recv(12)

    with ExitStack() as stack:
        socks = [stack.enter_context(listen("ann")) for _ in range(MOST)]
        for sock in socks:
            read_until(sock, b"HTTP/1.1 200")
        assert answer("ann") == b"HTTP/1.1 429"
        assert answer("bob") == b"HTTP/1.1 404"  # another user is answered as ever: it is not his run
        for sock in socks:
            sock.close()
        deadline = time.monotonic() + 20
        while answer("ann") != b"HTTP/1.1 200":
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_who_does_not_read_holds_no_memory(platform, server):
    """A listener that never reads, while events of 200 kB each come: it is told what stands once it reads again."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
    sock.sendall((f"GET /api/runs/1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                  f"Authorization: Bearer {platform.tokens['ann']}\r\n\r\n").encode())
    status = f"/proc/{server.process.pid}/status"

    def resident() -> int:
        with open(status, encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    time.sleep(1)
    before = resident()
    for n in range(8):
        for k in range(60):
            platform.event(1, f"{n} {k} " + "x" * 20_000)
        time.sleep(1)
    assert resident() - before < 40_000
    platform.status(1, rows_in=4711, operators=[])
    read_until(sock, b"4711")
    sock.close()
