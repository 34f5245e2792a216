"""What every row store must do, and the `hbase-2.2` connector on top of it. A test module subclasses `RowStoreSuite`
and gives the fixtures `store` and `options` (the WITH options that reach the same store).
"""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Environment, TableOptions
from engine.connectors.rowstore import Put
from engine.errors import UserError
from engine.types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DECIMAL,
    DOUBLE,
    FLOAT,
    INT,
    ROW,
    SMALLINT,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_LTZ,
    TINYINT,
    Schema,
)

A, B = b"cf:a", b"cf:b"


def rows_of(source, limit=3):
    found = []
    while True:
        poll = source.poll(limit)
        if poll.batch is not None:
            found += zip(*map(python_values, poll.batch.columns), strict=True)
        if poll.ended:
            return found


class RowStoreSuite:
    """Rows, versions, deletions, scans; lookups, upserts and exactly-once epochs of the connector."""

    @pytest.fixture
    def table(self, store):
        name = f"t{uuid.uuid4().hex[:12]}"
        store.create_table(name, ["cf"], versions=100)
        yield name
        store.drop_table(name)

    def test_rows_are_got_in_the_order_asked_for(self, store, table):
        store.put_many(table, [Put(b"x", {A: b"1", B: b"2"}), Put(b"y", {A: b""})])
        assert store.get_many(table, [b"y", b"none", b"x", b"y"], [A, B]) == [{A: b""}, None, {A: b"1", B: b"2"},
                                                                              {A: b""}]
        assert store.get_many(table, [b"x", b"y"], [B]) == [{B: b"2"}, None]
        assert store.get_many(table, [], [A]) == []

    def test_any_bytes_are_a_key_and_a_value(self, store, table):
        keys = [bytes([i]) + b"\x00\xff'" for i in range(256)]
        store.put_many(table, [Put(key, {A: key[::-1]}) for key in keys])
        assert store.get_many(table, keys, [A]) == [{A: key[::-1]} for key in keys]

    def test_reads_of_the_past_include_their_own_time(self, store, table):
        for at, value in ((100, b"old"), (200, b"new"), (150, b"mid")):
            store.put_many(table, [Put(b"x", {A: value}, at)])
        seen = [store.get_many(table, [b"x"], [A], at)[0] for at in (99, 100, 149, 150, 199, 200, None)]
        assert seen == [None, {A: b"old"}, {A: b"old"}, {A: b"mid"}, {A: b"mid"}, {A: b"new"}, {A: b"new"}]

    def test_the_same_version_is_overwritten(self, store, table):
        store.put_many(table, [Put(b"x", {A: b"1"}, 100)])
        store.put_many(table, [Put(b"x", {A: b"2"}, 100), Put(b"x", {A: b"3"}, 100)])
        assert store.get_many(table, [b"x"], [A]) == [{A: b"3"}]

    def test_deletion_hides_what_came_before_it(self, store, table):
        store.put_many(table, [Put(b"x", {A: b"1"}, 100), Put(b"x", {A: b"2"}, 300), Put(b"y", {A: b"3"}, 100)])
        store.delete_many(table, [b"x", b"y"], 200)
        store.put_many(table, [Put(b"y", {A: b"late"}, 150)])
        assert store.get_many(table, [b"x", b"y"], [A]) == [{A: b"2"}, None]
        assert store.get_many(table, [b"x"], [A], 250) == [None]

    def test_scan_in_order_of_keys_within_bounds(self, store, table):
        keys = [f"k{i:03}".encode() for i in range(25)]
        store.put_many(table, [Put(key, {A: key}, 100) for key in reversed(keys)])
        store.put_many(table, [Put(b"k003", {A: b"new"}, 200)])
        assert [key for key, _ in store.scan(table, [A], batch=7)] == keys
        bounded = list(store.scan(table, [A], b"k002", b"k005", at=150, batch=2))
        assert bounded == [(key, {A: key}) for key in keys[2:5]]

    def test_many_threads(self, store, table):
        def work(n: int) -> bool:
            keys = [f"{n}-{i}".encode() for i in range(50)]
            store.put_many(table, [Put(key, {A: key}) for key in keys])
            return store.get_many(table, keys, [A]) == [{A: key} for key in keys]

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(work, range(16)))

    def test_large_requests(self, store, table):
        keys = [f"{i:06}".encode() for i in range(3000)]
        store.put_many(table, [Put(key, {A: key}) for key in keys])
        assert store.get_many(table, keys, [A]) == [{A: key} for key in keys]

    def test_missing_table_and_family(self, store, table):
        with pytest.raises(UserError) as error:
            store.get_many("no_such_table", [b"x"], [A])
        assert error.value.code == "missing_table"
        with pytest.raises(UserError) as error:
            store.put_many(table, [Put(b"x", {b"other:a": b"1"})])
        assert error.value.code == "missing_family"

    # ---- the connector -----------------------------------------------------------------------------------------------

    def of(self, options, table, schema, **more):
        return TableOptions("dim", schema, {"connector": "hbase-2.2", "table-name": table, **options}, (0,), **more)

    def write(self, sink, rows, types, epoch, kinds=None):
        columns = tuple(column_of(t, list(values)) for t, values in zip(types, zip(*rows, strict=True), strict=True))
        sink.write(Batch(columns, len(rows), None if kinds is None else np.array(kinds, np.uint8)))
        sealed = sink.seal(epoch)
        sink.apply(sealed)
        return sealed

    def test_cells_are_encoded_as_flink_does(self, store, table, options, tmp_path):
        family = ROW(("t", TINYINT), ("s", SMALLINT), ("i", INT), ("l", BIGINT), ("f", FLOAT), ("d", DOUBLE),
                     ("b", BOOLEAN),
                     ("dec", DECIMAL(10, 2)), ("day", DATE), ("tm", TIME(3)), ("ts", TIMESTAMP(3)),
                     ("z", TIMESTAMP_LTZ(3)),
                     ("str", STRING), ("raw", BYTES))
        schema = Schema.of(rowkey=BIGINT, cf=family)
        moment = datetime(1970, 1, 1, 0, 0, 1, 234000)
        values = {"t": -1, "s": 258, "i": -2, "l": 1, "f": 1.0, "d": -2.0, "b": True, "dec": Decimal("-1.28"),
                  "day": datetime(1970, 1, 3).date(), "tm": moment.time(), "ts": moment,
                  "z": moment.replace(tzinfo=UTC),
                  "str": "ä", "raw": b"\x00\x01"}
        target = self.of(options, table, schema)
        sink = connector("hbase-2.2").sink(target, Environment(folder=str(tmp_path)))
        self.write(sink, [(7, values), (8, dict.fromkeys(values))], schema.types, 1)
        names = [f"cf:{f.name}".encode() for f in family.fields]
        first, second = store.get_many(table, [bytes(7) + b"\x07", bytes(7) + b"\x08"], names)
        assert first == dict(zip(names, [
            b"\xff", b"\x01\x02", b"\xff\xff\xff\xfe", bytes(7) + b"\x01", b"\x3f\x80\0\0", b"\xc0" + bytes(7), b"\xff",
            b"\0\0\0\x02\x80", b"\0\0\0\x02", b"\0\0\x04\xd2", bytes(6) + b"\x04\xd2", bytes(6) + b"\x04\xd2",
            "ä".encode(), b"\0\x01",
        ], strict=True))
        assert second == {name: b"null" if name == b"cf:str" else b"" for name in names}
        source = connector("hbase-2.2").source(target, Environment())
        source.open([0, 1])
        assert rows_of(source) == [(7, values), (8, dict.fromkeys(values))]
        source.close()
        sink.close()

    def test_lookup_in_batches(self, store, table, options):
        store.put_many(table,
                       [Put(f"k{i}".encode(), {b"cf:n": i.to_bytes(8, "big"), b"cf:s": b"null"}) for i in range(10)])
        schema = Schema.of(rowkey=STRING, cf=ROW(("n", BIGINT), ("s", STRING), ("missing", DOUBLE)))
        lookup = connector("hbase-2.2").lookup(self.of(options, table, schema), Environment())
        lookup.open([0], [1, 0])
        keys = column_of(STRING, ["k3", "none", None, "k9", "k3"])
        positions, (family, key) = lookup.get([keys], 5)
        assert positions.tolist() == [0, 3, 4]
        assert python_values(key) == ["k3", "k9", "k3"]
        assert python_values(family) == [{"n": n, "s": None, "missing": None} for n in (3, 9, 3)]
        positions, columns = lookup.get([column_of(STRING, ["zzz"])], 1)
        assert len(positions) == 0
        assert [len(c) for c in columns] == [0, 0]
        lookup.close()

    def test_lookup_as_of_a_time(self, store, table, options):
        store.put_many(table, [Put(b"k", {b"cf:n": at.to_bytes(8, "big")}, at) for at in (100, 200)])
        schema = Schema.of(rowkey=STRING, cf=ROW(("n", BIGINT)))
        lookup = connector("hbase-2.2").lookup(self.of(options, table, schema), Environment())
        lookup.open([0], [1])
        seen = [python_values(lookup.get_as_of([column_of(STRING, ["k"])], 1, at)[1][0]) for at in (99, 100, 199, 200)]
        assert seen == [[], [{"n": 100}], [{"n": 100}], [{"n": 200}]]
        lookup.close()

    def test_sink_upserts_deletes_and_applies_an_epoch_once(self, store, table, options, tmp_path):
        schema = Schema.of(rowkey=STRING, cf=ROW(("n", BIGINT)))
        environment = Environment(folder=str(tmp_path))
        sink = connector("hbase-2.2").sink(self.of(options, table, schema), environment)
        sink.discard(None)
        sink.open()
        self.write(sink, [("a", {"n": 1}), ("b", {"n": 2}), ("a", {"n": 3})], schema.types, 1)
        columns = tuple(column_of(t, list(v)) for t, v in zip(schema.types,
                                                              [("a", "c", "b"), ({"n": 4}, {"n": 5}, None)],
                                                              strict=True))
        sink.write(Batch(columns, 3, np.array([2, 0, 3], np.uint8)))
        sealed = sink.seal(2)
        cells = [b"cf:n"]
        assert store.get_many(table, [b"a", b"b", b"c"], cells)[2] is None
        copy = (tmp_path / "staged" / table / sealed["staged"]).read_bytes()
        sink.close()
        again = connector("hbase-2.2").sink(self.of(options, table, schema), environment)
        again.discard(sealed)
        for _ in range(3):
            again.apply(sealed)
            # as if the crash had come before the staged file was removed
            (tmp_path / "staged" / table / sealed["staged"]).write_bytes(copy)
        now = [{b"cf:n": bytes(7) + b"\x04"}, None, {b"cf:n": bytes(7) + b"\x05"}]
        assert store.get_many(table, [b"a", b"b", b"c"], cells) == now
        again.open()
        self.write(again, [("b", {"n": 6})], schema.types, 3)
        assert store.get_many(table, [b"b"], cells) == [{b"cf:n": bytes(7) + b"\x06"}]
        again.close()

    def test_a_metadata_column_gives_the_version(self, store, table, options, tmp_path):
        schema = Schema.of(rowkey=STRING, cf=ROW(("n", BIGINT)), at=TIMESTAMP_LTZ(3))
        sink = connector("hbase-2.2").sink(self.of(options, table, schema, metadata={2: "timestamp"}),
                                           Environment(folder=str(tmp_path)))
        moments = [datetime(2020, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)]
        self.write(sink, [("k", {"n": 1}, moments[0]), ("k", {"n": 2}, moments[1])], schema.types, 1)
        at = [int(m.timestamp() * 1000) for m in moments]
        seen = [store.get_many(table, [b"k"], [b"cf:n"], t)[0] for t in (None, at[0], at[1], at[1] - 1)]
        assert [None if s is None else s[b"cf:n"][-1] for s in seen] == [1, 1, 2, None]
        sink.close()

    def test_scan_resumes_where_it_stopped(self, store, table, options):
        store.put_many(table, [Put(f"{i:03}".encode(), {b"cf:n": i.to_bytes(8, "big")}) for i in range(20)])
        target = self.of(options, table, Schema.of(rowkey=STRING, cf=ROW(("n", BIGINT))))
        source = connector("hbase-2.2").source(target, Environment())
        source.open([0])
        head = python_values(source.poll(6).batch.columns[0]) + python_values(source.poll(1).batch.columns[0])
        position = source.position()
        source.close()
        source = connector("hbase-2.2").source(target, Environment())
        source.restore(position)
        source.open([0])
        tail = [row[0] for row in rows_of(source)]
        source.close()
        assert head + tail == [f"{i:03}" for i in range(20)]

    def test_puts_without_a_time_are_stamped_now(self, store, table):
        before = int(time.time() * 1000) - 5000
        store.put_many(table, [Put(b"x", {A: b"1"})])
        assert store.get_many(table, [b"x"], [A], before) == [None]
        assert store.get_many(table, [b"x"], [A], before + 60_000) == [{A: b"1"}]
