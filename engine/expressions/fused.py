"""A filter and projections over batches: by the interpreter at first, by one generated kernel once a chain proves
busy."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Batch, Column
from engine.errors import InternalError
from engine.expressions.codegen import DIVISION_BY_ZERO, Unfit, Writer, is_fixed
from engine.expressions.evaluate import Projection, Selection
from engine.expressions.functions.arithmetic import division_by_zero
from engine.expressions.functions.base import Context
from engine.expressions.nodes import Expression, InputRef
from engine.types import DataType

VERSION = 1
WARM = 32
MOST_NODES = 400
MOST_OUTPUTS = 60
_lock = threading.Lock()


def kernels_folder() -> Path:
    """Where generated kernels and their machine code are kept: a folder of the user's cache."""
    home = Path.home()
    base = os.environ.get("XDG_CACHE_HOME") or (home / ".cache" if home.is_dir() else tempfile.gettempdir())
    return Path(base) / "porsche" / f"kernels-{VERSION}"


@dataclass(frozen=True)
class Plan:
    """What a generated kernel reads and writes. `inputs`: columns by position; `computed`: the outputs that it
    fills."""

    source: str
    inputs: tuple[tuple[int, DataType], ...]
    computed: tuple[int, ...]
    nullable: tuple[bool, ...]


def _array_type(type: DataType) -> str:
    if type.has_views:
        return "uint64[:, ::1]"
    name = "int64" if type.is_decimal else np.dtype(DTYPES[type.kind]).name.replace("bool", "boolean")
    return f"{name}[::1]"


def _copied(writer: Writer, ref: InputRef, slot: int, position: str) -> bool:
    """Writes the copy of an input column; whether it can hold NULL."""
    writer.inputs[ref.index] = ref.type
    if ref.type.has_views:
        for word in (0, 1):
            writer.emit(f"out{slot}[{position}, {word}] = in{ref.index}[i, {word}]")
    else:
        writer.emit(f"out{slot}[{position}] = in{ref.index}[i]")
    if ref.type.nullable:
        _validity(writer, slot, position, f"in{ref.index}v[i]")
    return ref.type.nullable


def _validity(writer: Writer, slot: int, position: str, valid: str) -> None:
    writer.emit(f"out{slot}v[{position}] = {valid}")
    writer.emit(f"if not out{slot}v[{position}]:")
    writer.emit(f"    nulls |= {1 << slot}")


def plan_kernel(condition: Expression | None, expressions: Sequence[Expression]) -> Plan | None:
    """The kernel of a chain, or None where it would compute nothing. Outputs that do not qualify are left to others."""
    if sum(1 for e in (*expressions, *([condition] if condition else [])) for _ in e.walk()) > MOST_NODES:
        return None
    writer = Writer()
    if condition is not None:
        try:
            test = writer.value(condition)
        except Unfit:
            return None
        writer.emit(f"if not ({test.valid} and {test.text}):")
        writer.emit("    continue")
        writer.emit("kept[count] = i")
    computed: list[int] = []
    nullable: list[bool] = []
    for number, expression in enumerate(expressions[:MOST_OUTPUTS]):
        mark = len(writer.lines), writer.names, dict(writer.inputs), [dict(s) for s in writer.scopes]
        slot = len(computed)
        try:
            nullable.append(_output(writer, expression, slot, condition is not None))
            computed.append(number)
        except Unfit:
            del writer.lines[mark[0]:]
            writer.names, writer.inputs, writer.scopes, writer.depth = mark[1], mark[2], mark[3], 2
    if condition is None and all(isinstance(expressions[n], InputRef) for n in computed):
        return None
    inputs = tuple(sorted(writer.inputs.items()))
    types = [expressions[n].type for n in computed]
    return Plan(_module(writer.lines, inputs, types, nullable), inputs, tuple(computed), tuple(nullable))


def _output(writer: Writer, expression: Expression, slot: int, filtered: bool) -> bool:
    position = "count" if filtered else "i"
    if isinstance(expression, InputRef):
        if not filtered or not (is_fixed(expression.type) or expression.type.has_views):
            raise Unfit(str(expression))
        return _copied(writer, expression, slot, position)
    value = writer.value(expression)
    writer.emit(f"out{slot}[{position}] = {value.text}")
    if value.valid == "True":
        return False
    _validity(writer, slot, position, value.valid)
    return True


def _module(body: list[str], inputs: Sequence[tuple[int, DataType]], outputs: Sequence[DataType],
            nullable: Sequence[bool]) -> str:
    names, types = ["n", "info", "kept"], ["int64", "int64[::1]", "int64[::1]"]
    for index, type in inputs:
        names.append(f"in{index}")
        types.append(_array_type(type))
        if type.nullable:
            names.append(f"in{index}v")
            types.append("boolean[::1]")
    for slot, (type, may_be_null) in enumerate(zip(outputs, nullable, strict=True)):
        names.append(f"out{slot}")
        types.append(_array_type(type))
        if may_be_null:
            names.append(f"out{slot}v")
            types.append("boolean[::1]")
    filtered = any("kept[count]" in line for line in body)
    return "\n".join([
        "# Generated from a query's expressions.",
        "import numpy as np",
        "from numba import njit",
        "",
        "from engine.expressions.kernels.scalar import quotient, remainder",
        "",
        "",
        f'@njit("void({", ".join(types)})", nogil=True, cache=True, error_model="numpy")',
        f"def run({', '.join(names)}):",
        "    count = 0",
        "    nulls = 0",
        "    for i in range(n):",
        *body,
        *(["        count += 1"] if filtered else ["        pass"]),
        f"    info[0] = {'count' if filtered else 'n'}",
        "    info[2] = nulls",
        "",
    ])


def load_kernel(source: str) -> Callable[..., None]:
    """The compiled kernel of a source: out of the cache on disk where it has been compiled before."""
    name = f"generated_{hashlib.sha256(source.encode()).hexdigest()[:24]}"
    with _lock:
        folder = kernels_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():  # code is loaded from there
            raise InternalError(f"{folder} belongs to another user")
        path = folder / f"{name}.py"
        if not path.exists():
            staged = path.with_suffix(f".{os.getpid()}.part")
            staged.write_text(source)
            os.replace(staged, path)
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
            importlib.invalidate_caches()
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            importlib.invalidate_caches()
            module = importlib.import_module(name)
        run: Callable[..., None] = module.run
        return run


class Calculation:
    """Rows for which a condition is TRUE (None: all), through expressions (None: as they are).

    The first batches are interpreted; a chain that sees more of them gets a kernel, compiled beside the running job.
    Both mean the same. `eager`: compile at once (tests, benchmarks).
    """

    def __init__(self, condition: Expression | None, expressions: Sequence[Expression], eager: bool = False) -> None:
        self.expressions = tuple(expressions)
        self._filtered = condition is not None
        self._interpreted = (Projection(self.expressions) if condition is None
                             else Selection(condition, self.expressions))
        self._plan = plan_kernel(condition, self.expressions)
        self._rest: Projection | None = None
        self._kernel: Callable[..., None] | None = None
        self._batches = 0
        self._present = np.ones(256, np.bool_)
        self._layouts: list[tuple[Any, bool, bool]] = []
        if self._plan is not None:
            self._layouts = [_layout(self.expressions[n].type, nullable)
                             for n, nullable in zip(self._plan.computed, self._plan.nullable, strict=True)]
            left = [e for n, e in enumerate(self.expressions) if n not in self._plan.computed]
            self._rest = Projection(left) if left else None
            if eager:
                self._compile()

    @property
    def generated(self) -> bool:
        """Whether batches run through a generated kernel now."""
        return self._kernel is not None

    def _compile(self) -> None:
        assert self._plan is not None
        self._kernel = load_kernel(self._plan.source)

    def __call__(self, batch: Batch, context: Context) -> Batch:
        if self._kernel is not None:
            return self._run(self._kernel, batch, context)
        self._batches += 1
        if self._batches == WARM and self._plan is not None:
            threading.Thread(target=self._compile, name="compile-expressions", daemon=True).start()
        return self._interpreted(batch, context)

    def _arguments(self, batch: Batch, plan: Plan) -> list[Any]:
        """The input arrays, contiguous and writeable as the kernel's signature wants them."""
        if len(self._present) < batch.length:
            self._present = np.ones(2 * batch.length, np.bool_)
        arrays: list[Any] = []
        for index, type in plan.inputs:
            column = batch.columns[index]
            arrays.append(_plain(column.values))
            if type.nullable:
                arrays.append(self._present if column.validity is None else _plain(column.validity))
        return arrays

    def _run(self, kernel: Callable[..., None], batch: Batch, context: Context) -> Batch:
        plan, length = self._plan, batch.length
        assert plan is not None
        outputs: list[Any] = []
        slots: list[tuple[Array, Array | None]] = []
        for dtype, views, nullable in self._layouts:
            values: Array = np.empty((length, 2) if views else length, dtype)
            validity = np.empty(length, np.bool_) if nullable else None
            slots.append((values, validity))
            outputs += [values] if validity is None else [values, validity]
        info, kept = np.zeros(3, np.int64), np.empty(length if self._filtered else 0, np.int64)
        kernel(length, info, kept, *self._arguments(batch, plan), *outputs)
        count, error, nulls = info.tolist()
        if error:
            if error == DIVISION_BY_ZERO:
                raise division_by_zero()
            raise InternalError(f"a generated kernel returned {error}")
        return self._gathered(batch, plan, slots, kept[:count], nulls, context)

    def _gathered(self, batch: Batch, plan: Plan, slots: Sequence[tuple[Array, Array | None]], kept: Array,
                  nulls: int, context: Context) -> Batch:
        count = len(kept) if self._filtered else batch.length
        columns: list[Column | None] = [None] * len(self.expressions)
        for slot, number in enumerate(plan.computed):
            values, validity = slots[slot]
            expression = self.expressions[number]
            owners = batch.columns[expression.index].owners if isinstance(expression, InputRef) else ()
            present = validity[:count] if validity is not None and nulls >> slot & 1 else None
            columns[number] = Column(expression.type, values[:count], present, owners)
        if self._rest is not None:
            rows = batch if count == batch.length else batch.take(kept)
            left = iter(self._rest(rows, context).columns)
            columns = [next(left) if c is None else c for c in columns]
        vectors = [v if v is None or count == batch.length else v[kept] for v in (batch.kinds, batch.stamps, batch.seq)]
        return Batch(tuple(columns), count, *vectors)  # type: ignore[arg-type]


def _layout(type: DataType, nullable: bool) -> tuple[Any, bool, bool]:
    """An output's dtype, whether it holds views, whether it may be NULL."""
    if type.has_views:
        return np.uint64, True, nullable
    return (np.int64 if type.is_decimal else DTYPES[type.kind]), False, nullable


def _plain(array: Array) -> Array:
    flags = array.flags
    return array if flags.c_contiguous and flags.writeable else np.array(array, order="C")
