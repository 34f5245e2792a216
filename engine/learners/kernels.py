"""The compiled inner loops of the online learners: predict first, then learn, row after row in the order given.

Samples come as sparse rows (`offsets` int64[n + 1], `index` int32, `value` float32, `label` int8 with -1 for NULL);
those to learn are `runs` of rows (int64[k, 2]: the first row, and one after the last). A feature is absent when its
index is negative or its value is 0 or not finite; other indices are taken modulo the number of slots, a power of two. A
model is one flat float32 table of two numbers a slot, with one more slot, the last, for the bias. Each stretch of
2^`shift` table values that a row touches is marked in `dirty`. The metrics are sums over the rows, added up in row
order, so nothing that a kernel computes depends on where the stream was cut.

FTRL-Proximal: McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, algorithm 1 (table: z, n).
Gaussian: logistic regression with a diagonal normal posterior, one extended Kalman step a row (table: mean,
variance); the predictive probability by MacKay's sigmoid(s / sqrt(1 + pi / 8 V)), Neural Computation 4, 1992.

What makes them fast: positions are unsigned (Numba wraps signed ones), loops have no branches, a row is worked on in
one scratch buffer with parts at fixed distances (so the compiler need not fear that they overlap and vectorises), and
slots are prefetched a row's length before they are used.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.kernels import kernel
from engine.learners.layout import (
    BIN_POSITIVES,
    BIN_SAMPLES,
    HISTOGRAM,
    LOGIT_BINS,
    LOGIT_LIMIT,
    MOST_FEATURES,
    PAGE_SHIFT,
    RELIABILITY,
    RELIABILITY_BINS,
)

# Parts of the scratch buffer: the slot's two numbers, the feature's value, two intermediate results.
PART = MOST_FEATURES + 16
A, B, X, C, D = (np.uint64(PART * part) for part in range(5))
SCRATCH = 5 * PART
AHEAD = np.uint64(40)  # features between prefetching a slot and using it
ONE, EIGHT = np.uint64(1), np.uint64(8)
LARGEST = np.float32(1e15)  # values are clipped here: their squares must stay finite
STEEPEST = 35.0  # logits are clipped here, as in the paper


@intrinsic
def prefetch(typing_context: Any, array: Any, position: Any) -> Any:
    """Ask the processor to load `array[position]` into its cache for writing; changes nothing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0]).data
        word = ir.IntType(32)
        address = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [address.type, word, word, word]), "llvm.prefetch.p0i8")
        builder.call(function, [address, ir.Constant(word, 1), ir.Constant(word, 3), ir.Constant(word, 1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def _part(function: Any) -> Any:
    return kernel(inline="always")(function)


@_part
def _sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    e = math.exp(-abs(x))
    small = 1.0 / (1.0 + e)
    return small if x >= 0 else e * small


@_part
def _score(logit: float, label: int, sums: Any, counts: Any) -> None:
    """Add one judged prediction to the metrics."""
    e = math.exp(-abs(logit))
    upper = 1.0 / (1.0 + e)
    probability = upper if logit >= 0 else e * upper
    y = np.int64(label > 0)
    margin = logit if y == 1 else -logit
    sums[0] += math.log(1.0 + e) + max(-margin, 0.0)
    sums[1] += probability
    tenth = np.uint64(min(probability * RELIABILITY_BINS, RELIABILITY_BINS - 1.0))
    sums[np.uint64(RELIABILITY) + tenth] += probability
    counts[0] += 1
    counts[1] += y
    counts[np.uint64(BIN_SAMPLES) + tenth] += 1
    counts[np.uint64(BIN_POSITIVES) + tenth] += y
    place = (logit + LOGIT_LIMIT) * (LOGIT_BINS / (2 * LOGIT_LIMIT))
    cell = np.uint64(min(max(place, 0.0), LOGIT_BINS - 1.0))
    counts[np.uint64(HISTOGRAM) + cell + np.uint64(y * LOGIT_BINS)] += 1


@_part
def _load(table: Any, bias: Any, index: Any, value: Any, start: Any, width: Any, scratch: Any) -> None:
    """Copy a row's slots and values into the scratch buffer, the bias last, and prefetch the slots to come."""
    mask, end = bias - ONE, np.uint64(len(index)) - ONE
    for i in range(width):
        slot = (np.uint64(index[start + i]) & mask) << ONE
        prefetch(table, np.intp((np.uint64(index[min(start + i + AHEAD, end)]) & mask) << ONE))
        scratch[A + i] = table[slot]
        scratch[B + i] = table[slot + ONE]
    for i in range(width):
        x = min(max(value[start + i], -LARGEST), LARGEST)
        scratch[X + i] = x if (index[start + i] >= 0) & (value[start + i] - value[start + i] == 0) else np.float32(0)
    scratch[A + width] = table[bias << ONE]
    scratch[B + width] = table[(bias << ONE) + ONE]
    scratch[X + width] = np.float32(1)
    for i in range(width + ONE, width + ONE + EIGHT):
        scratch[X + i] = np.float32(0)


@_part
def _store(table: Any, bias: Any, dirty: Any, shift: Any, index: Any, start: Any, width: Any, scratch: Any) -> None:
    """Add the changes of a row's slots, left in parts A and B, to the table; a slot named twice gets both."""
    mask = bias - ONE
    for i in range(width):
        slot = (np.uint64(index[start + i]) & mask) << ONE
        table[slot] += scratch[A + i]
        table[slot + ONE] += scratch[B + i]
        dirty[slot >> shift] = 1
    slot = bias << ONE
    table[slot] += scratch[A + width]
    table[slot + ONE] += scratch[B + width]
    dirty[slot >> shift] = 1


@_part
def _dot(scratch: Any, p: Any, q: Any, width: Any) -> float:
    """Sum of products over eight lanes in a fixed order: the same number on every processor."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0)
    for i in range(np.uint64(0), width, EIGHT):
        s0 += scratch[p + i] * scratch[q + i]
        s1 += scratch[p + i + np.uint64(1)] * scratch[q + i + np.uint64(1)]
        s2 += scratch[p + i + np.uint64(2)] * scratch[q + i + np.uint64(2)]
        s3 += scratch[p + i + np.uint64(3)] * scratch[q + i + np.uint64(3)]
        s4 += scratch[p + i + np.uint64(4)] * scratch[q + i + np.uint64(4)]
        s5 += scratch[p + i + np.uint64(5)] * scratch[q + i + np.uint64(5)]
        s6 += scratch[p + i + np.uint64(6)] * scratch[q + i + np.uint64(6)]
        s7 += scratch[p + i + np.uint64(7)] * scratch[q + i + np.uint64(7)]
    return np.float64((s0 + s4) + (s2 + s6)) + np.float64((s1 + s5) + (s3 + s7))


@_part
def _clip(logit: float) -> float:
    return min(max(logit, -STEEPEST), STEEPEST)


@_part
def _ftrl_margin(scratch: Any, width: Any, alpha: Any, beta: Any, l1: Any, l2: Any) -> float:
    """The logit; leaves the weights in part C and the roots of n in part D."""
    inverse = np.float32(1) / alpha
    for i in range(width):
        z, root = scratch[A + i], np.sqrt(scratch[B + i])
        scratch[D + i] = root
        scratch[C + i] = (min(max(z, -l1), l1) - z) / ((beta + root) * inverse + l2)
    return _clip(_dot(scratch, C, X, width))


@kernel
def learn_ftrl(offsets: Any, index: Any, value: Any, label: Any, runs: Any, table: Any, dirty: Any, shift: Any,
               sums: Any, counts: Any, options: Any, out: Any) -> None:
    """Runs of rows through FTRL-Proximal; `options` is (alpha, beta, l1, l2) as float32."""
    alpha, beta, l1, l2 = options[0], options[1], options[2], options[3]
    inverse = np.float32(1) / alpha
    bias = np.uint64((len(table) >> 1) - 1)
    scratch = np.zeros(SCRATCH, np.float32)
    for run in range(len(runs)):
        for row in range(runs[run, 0], runs[run, 1]):
            start = np.uint64(offsets[row])
            width = np.uint64(offsets[row + 1]) - start
            _load(table, bias, index, value, start, width, scratch)
            logit = _ftrl_margin(scratch, width + ONE, alpha, beta, l1, l2)
            probability = _sigmoid(logit)
            out[row] = probability
            if label[row] < 0:
                continue
            _score(logit, label[row], sums, counts)
            error = np.float32(probability - label[row])
            for i in range(width + ONE):
                g = error * scratch[X + i]
                scratch[A + i] = g - (np.sqrt(scratch[B + i] + g * g) - scratch[D + i]) * inverse * scratch[C + i]
                scratch[B + i] = g * g
            _store(table, bias, dirty, shift, index, start, width, scratch)


@kernel
def predict_ftrl(offsets: Any, index: Any, value: Any, rows: Any, table: Any, options: Any, out: Any) -> None:
    """Probabilities of the rows whose numbers are in `rows`, written to the same places of `out`."""
    bias = np.uint64((len(table) >> 1) - 1)
    scratch = np.zeros(SCRATCH, np.float32)
    for row in rows:
        start = np.uint64(offsets[row])
        width = np.uint64(offsets[row + 1]) - start
        _load(table, bias, index, value, start, width, scratch)
        out[row] = _sigmoid(_ftrl_margin(scratch, width + ONE, options[0], options[1], options[2], options[3]))


@_part
def _gaussian_margin(scratch: Any, width: Any) -> tuple[float, float]:
    """The margin's mean and variance; leaves variance times value in part C."""
    for i in range(width):
        scratch[C + i] = scratch[B + i] * scratch[X + i]
    return _clip(_dot(scratch, A, X, width)), _dot(scratch, C, X, width)


@kernel
def learn_gaussian(offsets: Any, index: Any, value: Any, label: Any, runs: Any, table: Any, dirty: Any,
                   shift: Any, sums: Any, counts: Any, options: Any, out: Any) -> None:
    """Runs of rows through the Gaussian learner; `options` is (prior variance, drift) as float32.

    `drift` is added to a slot's variance each time it is learnt (a random walk of the weight, forgetting the past),
    never beyond the prior variance. One row takes at most 99.9 % of a variance, so that rounding keeps it positive.
    """
    prior, drift, most = options[0], options[1], np.float32(0.999)
    bias = np.uint64((len(table) >> 1) - 1)
    scratch = np.zeros(SCRATCH, np.float32)
    for run in range(len(runs)):
        for row in range(runs[run, 0], runs[run, 1]):
            start = np.uint64(offsets[row])
            width = np.uint64(offsets[row + 1]) - start
            _load(table, bias, index, value, start, width, scratch)
            mean, variance = _gaussian_margin(scratch, width + ONE)
            logit = mean / math.sqrt(1.0 + math.pi / 8 * variance)
            out[row] = _sigmoid(logit)
            if label[row] < 0:
                continue
            _score(logit, label[row], sums, counts)
            p = _sigmoid(mean)
            curvature = max(p * (1.0 - p), 1e-6)
            scale = 1.0 / (1.0 + curvature * variance)
            step, shrink = np.float32((label[row] - p) * scale), np.float32(curvature * scale)
            for i in range(width + ONE):
                v, gain = scratch[B + i], scratch[C + i]
                moved = drift if scratch[X + i] != 0 else np.float32(0)
                scratch[A + i] = step * gain
                scratch[B + i] = min(moved - min(shrink * gain * gain, most * v), max(prior - v, np.float32(0)))
            _store(table, bias, dirty, shift, index, start, width, scratch)


@kernel
def predict_gaussian(offsets: Any, index: Any, value: Any, rows: Any, table: Any, options: Any, out: Any) -> None:
    """Probabilities of the rows whose numbers are in `rows`, written to the same places of `out`."""
    bias = np.uint64((len(table) >> 1) - 1)
    scratch = np.zeros(SCRATCH, np.float32)
    for row in rows:
        start = np.uint64(offsets[row])
        width = np.uint64(offsets[row + 1]) - start
        _load(table, bias, index, value, start, width, scratch)
        mean, variance = _gaussian_margin(scratch, width + ONE)
        out[row] = _sigmoid(mean / math.sqrt(1.0 + math.pi / 8 * variance))


@kernel
def differences(old: Any, new: Any, pages: Any, positions: Any, words: Any) -> int:
    """Positions and xor of the words (uint32) that differ on these pages. Stops at one more than fits."""
    room, count = len(positions) - 1, 0
    for page in pages:
        for i in range(page << PAGE_SHIFT, min((page + 1) << PAGE_SHIFT, len(old))):
            if old[i] != new[i]:
                if count > room:
                    return count
                positions[count] = i
                words[count] = old[i] ^ new[i]
                count += 1
    return count
