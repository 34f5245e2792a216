"""HBase itself, through its Thrift server: the suite that the embedded store passes, too."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from engine.connectors.rowstore import Put
from engine.connectors.thrift import ThriftStore
from tests.engine.connectors.hbase_suite import RowStoreSuite


@pytest.fixture(scope="module")
def store(hbase):
    store = ThriftStore("127.0.0.1", hbase["thrift"])
    yield store
    store.close()


@pytest.fixture(scope="module")
def options(hbase):
    return {"zookeeper.quorum": hbase["zookeeper"], "properties.hbase.regionserver.thrift.port": str(hbase["thrift"])}


class TestHBase(RowStoreSuite):
    """All of the suite."""


class Proxy:
    """Forwards TCP connections to a port, and can cut all of them."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(one, other), daemon=True).start()

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)

    def cut(self) -> None:
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._open = []

    def close(self) -> None:
        self._server.close()
        self.cut()


def test_requests_are_repeated_when_connections_break(store, hbase):
    store.create_table("broken", ["cf"])
    proxy = Proxy(hbase["thrift"])
    flaky = ThriftStore("127.0.0.1", proxy.port)
    keys = [f"{i:05}".encode() for i in range(2000)]
    try:
        for _ in range(5):
            cutter = threading.Timer(0.02, proxy.cut)
            cutter.start()
            flaky.put_many("broken", [Put(key, {b"cf:a": key}, 1) for key in keys])
            cutter.join()
            proxy.cut()
            assert flaky.get_many("broken", keys, [b"cf:a"]) == [{b"cf:a": key} for key in keys]
        assert [key for key, _ in flaky.scan("broken", [b"cf:a"])] == keys
    finally:
        flaky.close()
        proxy.close()
        store.drop_table("broken")
