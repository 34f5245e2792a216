"""A made-up shop: who sees what, who clicks, carts and orders, and the true probability behind each click.

Everything follows from a seed and an impression's number: impressions come one every 864 ms (100,000 a day), outcomes
later. A block is 4,096 impressions, 59 minutes; outcomes come at most 20 minutes after their impression, so the events
of a block's hour follow from the block and the one before, and any row can be found again without what went before.

The truth is a logistic model of user, item, category, device, device x category, category x part of the day, log price
and fatigue (impressions of the same user within the last ten minutes). The taste for categories turns once in 30 days
and that for items in 360: slow drift. So no learner can do better, in the long run, than the log loss of `p_true`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from engine.changes import Array
from engine.connectors.datagen import random_units

USERS, ITEMS, CATEGORIES = 2000, 5000, 40
DEVICES = ("android", "ios", "web", "tablet", "mini_app")
EVENTS = ("impression", "click", "cart", "order")
BLOCK = 4096
INTERVAL = 864_000  # microseconds between impressions
SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
FATIGUE_SPAN = 600 * SECOND
CART_RATE, ORDER_RATE = 0.3, 0.45
DELAYS = ((1, 45, 590), (2, 60, 300), (3, 90, 300))  # event, mean and longest delay in seconds after the event before

# Streams of randomness: what an impression draws, and the hidden effects.
(_TIME, _USER, _ITEM, _DEVICE, _ANY_DEVICE, _CLICK, _CART, _ORDER, _WAIT, _U, _I, _C, _D, _DC, _CP, _PRICE, _PROMO,
 _OFF, _MAIN, _KIND, _TREND, _TURN) = range(22)
_SCALES = {_U: 0.6, _I: 0.6, _D: 0.25, _DC: 0.45, _CP: 0.4}
_BASE, _CATEGORY, _DRIFT, _PRICE_EFFECT, _TIREDNESS = -1.3, 0.5, 0.35, -0.5, -0.5


@dataclass(frozen=True)
class Impressions:
    """Impressions in order: arrays of one length; `happened` and `times` (microseconds) for each of EVENTS."""

    number: Array
    user: Array
    item: Array
    category: Array
    device: Array
    price: Array
    hour: Array
    p_true: Array
    happened: tuple[Array, Array, Array, Array]
    times: tuple[Array, Array, Array, Array]


@dataclass(frozen=True)
class Events:
    """Events in time order: `event` (position in EVENTS), `at` (microseconds since the shop opened), and the impression
    they belong to by its position in `impressions`."""

    event: Array
    at: Array
    of: Array
    impressions: Impressions


class ShopModel:
    """The shop of a seed."""

    def __init__(self, seed: int) -> None:
        self._stream = (seed % 2**40) << 20
        self._user_order = np.argsort(self._units(np.arange(USERS), _U + 64))
        self._item_order = np.argsort(self._units(np.arange(ITEMS), _I + 64))
        self._category_of = (self._units(np.arange(ITEMS), _KIND) * CATEGORIES).astype(np.int64)
        self._main_device = (self._units(np.arange(USERS), _MAIN) * len(DEVICES)).astype(np.int64)
        self._prices = np.exp(3.2 + 0.8 * self._normals(ITEMS, _PRICE))
        self._effects = {kind: scale * self._normals(size, kind) for (kind, scale), size in zip(
            _SCALES.items(), (USERS, ITEMS, len(DEVICES), len(DEVICES) * CATEGORIES, CATEGORIES * 6))}
        self._item_trend = _SCALES[_I] * self._normals(ITEMS, _TREND)
        self._category_effect = _CATEGORY * self._normals(CATEGORIES, _C)
        self._category_phase = self._units(np.arange(CATEGORIES), _TURN)
        self._cached: dict[int, Impressions] = {}

    def _units(self, rows: Array, stream: int) -> Array:
        return random_units(rows, self._stream + stream)

    def _normals(self, count: int, stream: int) -> Array:
        """Standard normal numbers (Box and Muller 1958)."""
        rows = np.arange(count)
        radius = np.sqrt(-2 * np.log(1 - self._units(rows, stream)))
        return radius * np.cos(2 * np.pi * self._units(rows, stream + 128))

    def impressions(self, block: int) -> Impressions:
        """Those of a block; none before block 0."""
        if block not in self._cached:
            self._cached = {b: i for b, i in self._cached.items() if b == block - 1}
            self._cached[block] = self._impressions(block)
        return self._cached[block]

    def _impressions(self, block: int) -> Impressions:
        number = np.arange(block * BLOCK, (block + 1) * BLOCK, dtype=np.int64) if block >= 0 else np.zeros(0, np.int64)
        at, user = self._visits(number)
        item = self._item_order[(self._units(number, _ITEM) ** 2.5 * ITEMS).astype(np.int64)]
        category = self._category_of[item]
        usual = self._units(number, _DEVICE) < 0.8
        other = (self._units(number, _ANY_DEVICE) * len(DEVICES)).astype(np.int64)
        device = np.where(usual, self._main_device[user], other)
        price = self._price(item, at)
        p_true = self._truth(number, at, user, item, category, device, price)
        happened, times = self._outcomes(number, at, p_true)
        return Impressions(number, user, item, category, device, price, at // HOUR % 24, p_true, happened, times)

    def _visits(self, number: Array) -> tuple[Array, Array]:
        at = number * INTERVAL + (self._units(number, _TIME) * (INTERVAL // 1000)).astype(np.int64) * 1000
        return at, self._user_order[(self._units(number, _USER) ** 2 * USERS).astype(np.int64)]

    def _price(self, item: Array, at: Array) -> Array:
        """The item's own price, on some days of the item less, in cents."""
        day = at // DAY * ITEMS + item
        off = np.where(self._units(day, _PROMO) < 0.2, 0.1 + 0.4 * self._units(day, _OFF), 0.0)
        return np.round(self._prices[item] * (1 - off), 2)

    def _truth(self, number: Array, at: Array, user: Array, item: Array, category: Array, device: Array,
               price: Array) -> Array:
        days = at / DAY
        turn = 2 * np.pi * days / 360
        season = np.sin(2 * np.pi * (days / 30 + self._category_phase[category]))
        effects = self._effects
        logit = (_BASE + effects[_U][user] + np.cos(turn) * effects[_I][item] + np.sin(turn) * self._item_trend[item]
                 + self._category_effect[category] + _DRIFT * season + effects[_D][device]
                 + effects[_DC][device * CATEGORIES + category] + effects[_CP][category * 6 + at // HOUR % 24 // 4]
                 + _PRICE_EFFECT * (np.log(price) - 3.2) + _TIREDNESS * np.log1p(self._seen_before(number, at, user)))
        return np.asarray(1 / (1 + np.exp(-logit)))

    def _seen_before(self, number: Array, at: Array, user: Array) -> Array:
        """How many impressions the same user had within the ten minutes before each one."""
        if not len(number):
            return np.zeros(0)
        around = np.arange(max(0, number[0] - BLOCK), number[-1] + 1)
        when, who = self._visits(around)
        place = who * (2 * BLOCK * INTERVAL) + (when - when[0])  # users apart, then time
        ordered = np.sort(place)
        here = user * (2 * BLOCK * INTERVAL) + (at - when[0])
        first = np.searchsorted(ordered, np.maximum(here - FATIGUE_SPAN, user * (2 * BLOCK * INTERVAL)))
        return np.searchsorted(ordered, here) - first

    def _outcomes(self, number: Array, at: Array, p_true: Array) -> tuple[
            tuple[Array, Array, Array, Array], tuple[Array, Array, Array, Array]]:
        click = self._units(number, _CLICK) < p_true
        cart = click & (self._units(number, _CART) < CART_RATE)
        order = cart & (self._units(number, _ORDER) < ORDER_RATE)
        times = [at]
        for event, mean, longest in DELAYS:
            wait = np.minimum(1 - mean * np.log(1 - self._units(number, _WAIT + 256 * event)), longest)
            times.append(times[-1] + (wait * 1000).astype(np.int64) * 1000)
        return (np.ones(len(number), np.bool_), click, cart, order), (times[0], times[1], times[2], times[3])

    def events(self, block: int, impressions: int | None = None) -> Events:
        """All events within the block's hour. Only the first `impressions` impressions (None: no end) are made."""
        before, here = self.impressions(block - 1), self.impressions(block)
        both = _joined(before, here)
        low, high = block * BLOCK * INTERVAL, (block + 1) * BLOCK * INTERVAL
        made = np.ones(len(both.number), np.bool_) if impressions is None else both.number < impressions
        found = [np.flatnonzero(made & happened & (times >= low) & (times < high))
                 for happened, times in zip(both.happened, both.times)]
        event = np.repeat(np.arange(len(EVENTS)), [len(f) for f in found])
        of = np.concatenate(found)
        at = np.concatenate([times[f] for times, f in zip(both.times, found)])
        order = np.lexsort((event, of, at))
        return Events(event[order], at[order], of[order], both)


def _joined(before: Impressions, here: Impressions) -> Impressions:
    parts: dict[str, Any] = {}
    for field in fields(Impressions):
        a, b = getattr(before, field.name), getattr(here, field.name)
        several = isinstance(a, tuple)
        parts[field.name] = tuple(map(np.concatenate, zip(a, b))) if several else np.concatenate([a, b])
    return Impressions(**parts)
