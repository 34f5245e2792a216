"""The engine's own 64-bit hash, version `HASH_VERSION`: the same on every machine and in every version of a library.

It is in the manner of Wang Yi's wyhash (public domain idea, our own constants and layout): each step multiplies two
mixed words to 128 bits and xors the halves. Key groups, and so the place of state in a checkpoint, depend on it: a
change is a new version. Words and bytes hash apart; bytes of at most 12 hash straight from the view's two words.

`weaken(bits)` is a hook for tests: indexes built within cut their hashes to these bits, so that collisions are
common.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from engine.memory import INLINE, Word, fold_multiply, inlined, load_i64, load_u32, load_u64

HASH_VERSION = 1
KEY_GROUPS = 128

P0 = np.uint64(0x9E3779B97F4A7C15)
P1 = np.uint64(0xD6E8FEB86659FD93)
P2 = np.uint64(0xA0761D6478BD642F)
P3 = np.uint64(0xE7037ED1A0B428DB)
P4 = np.uint64(0x8EBC6AF09C88C6E3)

_mask = [-1]


@inlined
def mix(state: int, word: int) -> Word:
    """Fold one more word into a hash."""
    return fold_multiply(state ^ P1, word ^ P2) ^ (state * P3)


@inlined
def finish(state: int) -> Word:
    return fold_multiply(state ^ P4, P0)


@inlined
def hash_word(word: int) -> Word:
    return fold_multiply(fold_multiply(word ^ P0, P1) ^ P4, P0)


@inlined
def hash_words(words: int, count: int) -> Word:
    """The hash of `count` words at an address."""
    if count == 1:
        return hash_word(load_u64(words))
    state = P0
    for i in range(count):
        state = mix(state, load_u64(words + 8 * i))
    return finish(state)


@inlined
def hash_view(view: int) -> Word:
    """The hash of a string view's bytes; NULL hashes as itself."""
    first = load_u64(view)
    length = np.int64(load_u32(view))
    if length <= INLINE:
        return finish(mix(first ^ P0, load_u64(view + 8)))
    at = load_i64(view + 8)
    state = np.uint64(length) * P4 ^ P0
    end = at + length
    while at + 16 < end:
        state = fold_multiply(load_u64(at) ^ P1 ^ state, load_u64(at + 8) ^ P2) ^ (state * P3)
        at += 16
    if length < 16:
        tail, last = load_u64(at), load_u64(end - 8)
    else:
        tail, last = load_u64(end - 16), load_u64(end - 8)
    return finish(fold_multiply(tail ^ P1 ^ state, last ^ P2) ^ (state * P3))


def hash_mask() -> int:
    """The bits of a hash that a new index uses, as int64: all, but in tests."""
    return _mask[-1]


@contextmanager
def weaken(bits: int) -> Iterator[None]:
    """For tests: indexes built within use only these bits (int64) of a hash."""
    _mask.append(bits)
    try:
        yield
    finally:
        _mask.pop()
