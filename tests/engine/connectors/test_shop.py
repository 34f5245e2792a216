"""The made-up shop: the same rows wherever reading starts, events in order, and a truth that can be learnt."""

from __future__ import annotations

import numpy as np
import pytest

from engine.changes import Batch, concat
from engine.connectors.base import Environment, TableOptions
from engine.connectors.shop import Shop, ShopSource
from engine.connectors.shop_model import BLOCK, FATIGUE_SPAN, ShopModel
from engine.errors import UserError
from engine.types import BIGINT, DOUBLE, INT, TIMESTAMP, VARCHAR, Schema

SCHEMA = Schema.of(
    event=VARCHAR(), impression_id=BIGINT, user_id=INT, item_id=BIGINT, category_id=INT, device=VARCHAR(), price=DOUBLE,
    hour_of_day=INT, event_time=TIMESTAMP(3), p_true=DOUBLE)
MINUTE = 60_000_000


def source(schema: Schema = SCHEMA, **options: str) -> ShopSource:
    given = {"connector": "shop"} | {name.replace("_", "-"): value for name, value in options.items()}
    made = Shop().source(TableOptions("events", schema, given), Environment())
    assert isinstance(made, ShopSource)
    return made


def read(shop: ShopSource, limit: int = 1000) -> Batch:
    """All rows that are left."""
    batches = []
    while not (poll := shop.poll(limit)).ended:
        batches.append(poll.batch)
    batches.append(poll.batch)
    return concat([batch for batch in batches if batch is not None])


def opened(**options: str) -> ShopSource:
    shop = source(**options)
    shop.open(range(len(SCHEMA)))
    return shop


def words(batch: Batch, name: str) -> np.ndarray:
    views = batch.columns[SCHEMA.index(name)].values
    raw = [row.tobytes() for row in views]
    return np.array([r[4:4 + int.from_bytes(r[:4], "little")].decode() for r in raw])


def values(batch: Batch, name: str) -> np.ndarray:
    return batch.columns[SCHEMA.index(name)].values


def same(a: Batch, b: Batch) -> bool:
    return all(np.array_equal(x.values, y.values) and np.array_equal(x.valid(), y.valid())
               for x, y in zip(a.columns, b.columns))


def test_events_follow_their_impression_in_time_order() -> None:
    rows = read(opened(number_of_impressions="10000", seed="3"))
    event, number, at = words(rows, "event"), values(rows, "impression_id"), values(rows, "event_time")
    shown = event == "impression"
    assert shown.sum() == 10_000
    assert (np.diff(at) >= 0).all()
    assert at[0] // 86_400_000_000 == 20_454  # 2026-01-01
    assert (rows.columns[SCHEMA.index("p_true")].valid() == shown).all()
    shown_at = np.zeros(10_000, np.int64)
    shown_at[number[shown]] = at[shown]
    wait = at - shown_at[number]
    assert wait[event == "click"].min() >= 1_000_000
    assert wait[event == "click"].max() <= 10 * MINUTE
    assert wait.max() <= 20 * MINUTE
    clicked, carted, ordered = (set(number[event == kind].tolist()) for kind in ("click", "cart", "order"))
    assert clicked > carted > ordered
    assert 0.1 < len(clicked) / 10_000 < 0.4


@pytest.mark.parametrize("limit", [7, 1000, 100_000])
def test_no_row_depends_on_where_reading_starts_or_batches_end(limit: int) -> None:
    everything = read(opened(number_of_rows="9000"))
    assert len(everything) == 9000
    shop = opened(number_of_rows="9000")
    head = [shop.poll(limit).batch for _ in range(3)]
    again = source(number_of_rows="9000")
    again.restore(shop.position())
    again.open(range(len(SCHEMA)))
    pieces = [batch for batch in head if batch is not None]
    if sum(map(len, pieces)) < 9000:
        pieces.append(read(again, limit))
    assert same(concat(pieces), everything)


def test_columns_may_be_left_out_and_reordered() -> None:
    shop = source(number_of_rows="100")
    shop.open([3, 1])
    item, number = read(shop).columns
    whole = read(opened(number_of_rows="100"))
    assert np.array_equal(item.values, values(whole, "item_id"))
    assert np.array_equal(number.values, values(whole, "impression_id"))


def test_fatigue_counts_the_impressions_of_the_ten_minutes_before() -> None:
    shop = ShopModel(5)
    blocks = [shop.impressions(b) for b in range(2)]
    user = np.concatenate([b.user for b in blocks])
    at = np.concatenate([b.times[0] for b in blocks])
    here = blocks[1]
    seen = shop._seen_before(here.number, here.times[0], here.user)
    for i in range(0, BLOCK, 97):
        row = BLOCK + i
        before = (user[:row] == user[row]) & (at[:row] >= at[row] - FATIGUE_SPAN)
        assert seen[i] == before.sum()


def test_live_rows_are_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("engine.connectors.shop.time.monotonic", lambda: now)
    shop = opened(rows_per_second="50")
    assert not shop.bounded
    assert shop.poll(1000).rows == 1
    assert shop.poll(1000).idle
    now = 102.0
    assert shop.poll(1000).rows == 100


@pytest.mark.parametrize(("schema", "code"), [
    (Schema.of(user=BIGINT), "unknown_column"), (Schema.of(price=INT), "wrong_type"),
    (Schema.of(event_time=TIMESTAMP(0)), "wrong_type"), (Schema.of(event=VARCHAR(4)), "wrong_type")])
def test_wrong_columns_are_refused(schema: Schema, code: str) -> None:
    with pytest.raises(UserError) as caught:
        source(schema)
    assert caught.value.code == code


@pytest.mark.parametrize("options", [{"seeds": "1"}, {"start_time": "soon"}, {"seed": "x"}])
def test_wrong_options_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(UserError):
        source(**options)
