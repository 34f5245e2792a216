"""HBase itself, through its Thrift server: the suite that the embedded store passes, too."""

from __future__ import annotations

import pytest

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
