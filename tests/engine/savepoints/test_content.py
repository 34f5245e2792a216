"""Digests and differences of state: by what is held, not by how it came to be held."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Column
from engine.connectors.arrow import column_of
from engine.savepoints.content import Content, changes, content_of, full_part
from engine.state.paged import PagedArray
from engine.state.protocol import StatePart
from engine.state.rowstore import RowStore
from engine.state.scalars import Scalars
from engine.state.sorted import OrderedMultiset
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, STRING

LONG = "a text that is longer than a view holds"


class Kept:
    """A table with a field, a string, rows and an order under each key."""

    def __init__(self) -> None:
        self.table = StateTable([STRING], [StateField("n", BIGINT), StateField("s", STRING)])
        self.rows = self.table.attach("rows", RowStore([BIGINT]))
        self.values = self.table.attach("values", OrderedMultiset(BIGINT))

    def put(self, keys: Sequence[str | None], numbers: Sequence[int], text: str = LONG) -> None:
        slots = self.table.slots([column_of(STRING, list(keys))], len(keys))
        self.table.put_all(slots, [ints(numbers), column_of(STRING, [text] * len(keys))])
        self.rows.apply(slots, [ints(numbers)])
        self.values.apply(slots, ints(numbers), np.ones(len(keys), np.int64))

    def drop(self, keys: Sequence[str]) -> None:
        self.table.release(self.table.lookup([column_of(STRING, list(keys))], len(keys)))

    def part(self) -> StatePart:
        return self.table.snapshot(full=True)


def ints(values: Sequence[int]) -> Column:
    return column_of(BIGINT, list(values))


def content(*tables: Kept) -> Content:
    return content_of([table.part() for table in tables])


def test_the_order_of_keys_and_what_was_there_before_do_not_count() -> None:
    one, other = Kept(), Kept()
    one.put(["a", "b", None, LONG], [1, 2, 3, 4])
    other.put(["x", LONG, None], [9, 4, 3])
    other.drop(["x"])
    other.put(["b", "a"], [2, 1])
    assert content(one).digest == content(other).digest
    assert content(one).keys == 4


def test_nor_does_the_number_of_shards() -> None:
    whole, left, right = Kept(), Kept(), Kept()
    whole.put(["a", "b", "c"], [1, 2, 3])
    left.put(["c"], [3])
    right.put(["b", "a"], [2, 1])
    assert content(whole).digest == content(left, right).digest


def test_everything_else_does() -> None:
    made = []
    for keys, numbers, text in ((["a", "b"], [1, 2], LONG), (["a", "c"], [1, 2], LONG), (["a", "b"], [2, 1], LONG),
                                (["a", "b"], [1, 2], LONG[:-1]), (["a"], [1], LONG), (["a", None], [1, 2], LONG)):
        made.append(Kept())
        made[-1].put(keys, numbers, text)
    more = Kept()
    more.put(["a", "b"], [1, 2])
    slots = more.table.lookup([column_of(STRING, ["a"])], 1)
    more.rows.apply(slots, [ints([7])])
    again = Kept()
    again.put(["a", "b"], [1, 2])
    again.values.apply(again.table.lookup([column_of(STRING, ["b"])], 1), ints([8]), np.ones(1, np.int64))
    digests = [content(table).digest for table in (*made, more, again)]
    assert len(set(digests)) == len(digests)


def test_a_chain_of_changes_is_what_it_leads_to() -> None:
    kept, same = Kept(), Kept()
    kept.put(["a", "b", "c"], [1, 2, 3])
    chain = [kept.table.snapshot(full=False)]
    kept.drop(["b"])
    kept.put(["d"], [4])
    chain.append(kept.table.snapshot(full=False))
    same.put(["a", "c", "d"], [1, 3, 4])
    assert content_of([full_part(chain)]).digest == content(same).digest


def test_pages_that_were_never_written_do_not_count() -> None:
    """A key without values, then another with some: as if that one had been alone."""
    digests = []
    for keys in (["a", "b"], ["b"]):
        table = StateTable([STRING])
        pages = table.attach("pages", PagedArray(np.int64, 1500))
        slots = table.slots([column_of(STRING, keys)], len(keys))
        pages.of(int(slots[-1]))[1400] = 7
        pages.pages[int(slots[-1]) * pages.stride // 1024 + 1] = 1
        pages.written(slots)
        table.release(slots[:-1])
        digests.append(content_of([table.snapshot(full=True)]).digest)
    assert digests[0] == digests[1]


def test_what_became_of_the_keys() -> None:
    before, after = Kept(), Kept()
    before.put(["a", "b", "c", "d"], [1, 2, 3, 4])
    after.put(["e", "d", "c", "a"], [5, 4, 33, 1])
    found = changes(content(before), content(after))
    assert after_keys(after, found.added) == ["e"]
    assert after_keys(before, found.removed) == ["b"]
    assert (after_keys(before, found.changed[0]), after_keys(after, found.changed[1])) == (["c"], ["c"])


def after_keys(kept: Kept, positions: np.ndarray) -> list[object]:
    from engine.connectors.arrow import python_values

    return list(python_values(kept.table.keys(kept.table.live_slots()[positions])[0]))


def test_numbers_of_a_source() -> None:
    def digest(**values: object) -> str:
        return content_of([Scalars(**values).snapshot(full=True)]).digest

    assert digest(rows=3, position={"item": 4}) == digest(rows=3, position={"line": 9})
    assert digest(rows=3, position=None) != digest(rows=4, position=None)
