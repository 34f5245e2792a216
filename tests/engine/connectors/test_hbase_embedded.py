"""The embedded row store, and what is refused before any store is asked."""

from __future__ import annotations

import pytest

from engine.connectors import connector
from engine.connectors.base import Access, Environment, TableOptions
from engine.connectors.embedded import EmbeddedStore
from engine.connectors.rowstore import Put
from engine.errors import UserError
from engine.types import ARRAY, BIGINT, INT, ROW, STRING, Schema
from tests.engine.connectors.hbase_suite import A, RowStoreSuite

DIM = Schema.of(rowkey=STRING, cf=ROW(("n", BIGINT)))


class TestEmbedded(RowStoreSuite):
    @pytest.fixture
    def store(self, tmp_path):
        store = EmbeddedStore(tmp_path / "store")
        yield store
        store.close()

    @pytest.fixture
    def options(self, tmp_path):
        return {"zookeeper.quorum": f"embedded:{tmp_path / 'store'}"}

    def test_rows_are_there_after_closing(self, tmp_path):
        first = EmbeddedStore(tmp_path / "kept")
        first.create_table("t", ["cf"])
        first.put_many("t", [Put(b"x", {A: b"1"})])
        first.close()
        second = EmbeddedStore(tmp_path / "kept")
        assert second.get_many("t", [b"x"], [A]) == [{A: b"1"}]
        second.close()

    def test_only_so_many_versions_are_kept(self, store):
        store.create_table("few", ["cf"], versions=2)
        store.put_many("few", [Put(b"x", {A: bytes([i])}, i) for i in range(1, 6)])
        assert [store.get_many("few", [b"x"], [A], i)[0] for i in (3, 4, 5)] == [None, {A: b"\4"}, {A: b"\5"}]


@pytest.mark.parametrize(("schema", "options", "code"), [
    (DIM, {}, "missing_option"),
    (DIM, {"zookeeper.quorum": "h", "tabel-name": "x"}, "unknown_option"),
    (Schema.of(a=STRING, b=STRING, cf=ROW(("n", INT))), {"zookeeper.quorum": "h"}, "wrong_schema"),
    (Schema.of(a=STRING, cf=ROW(("n", ARRAY(INT)))), {"zookeeper.quorum": "h"}, "not_supported"),
    (DIM, {"zookeeper.quorum": "other.host:2181"}, "host_not_allowed"),
    (DIM, {"zookeeper.quorum": "zoo:2181", "properties.hbase.regionserver.thrift.ipaddress": "evil"},
     "host_not_allowed"),
    (DIM, {"zookeeper.quorum": "embedded:/etc/store"}, "path_not_allowed"),
])
def test_refused(tmp_path, schema, options, code):
    environment = Environment(Access(paths=(str(tmp_path),), hosts=("zoo",)))
    table = TableOptions("dim", schema, {"connector": "hbase-2.2", "table-name": "dim", **options})
    with pytest.raises(UserError) as error:
        connector("hbase-2.2").lookup(table, environment)
    assert error.value.code == code


def test_no_server_is_one_clear_error(unused_tcp_port):
    from engine.connectors.thrift import ThriftStore

    store = ThriftStore("127.0.0.1", unused_tcp_port, tries=2)
    with pytest.raises(UserError, match="is it running") as error:
        store.get_many("t", [b"x"], [A])
    assert error.value.code == "store_unavailable"
    store.close()


@pytest.fixture
def unused_tcp_port():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
