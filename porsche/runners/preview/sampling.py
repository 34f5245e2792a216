"""Samples of tables: rows that are given, or the first ones that a source has now. They are kept, in memory and in
files, so that the next edit sees the same rows.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.changes import Batch, concat
from engine.connectors import connector
from engine.connectors.ahead import Ahead
from engine.connectors.arrow import arrow_type, from_arrow, to_arrow
from engine.connectors.base import Access, Connector, DeadLetter, Environment, Source, TableOptions
from engine.connectors.formats.base import Block
from engine.connectors.formats.registry import text_decoder
from engine.errors import UserError
from porsche.compiler.shape import Sample as Kept
from porsche.runners.preview.limits import MOST_ROWS, ROWS
from porsche.runners.preview.sought import Sought
from porsche.runners.preview.tables import empty

SECONDS = 3.0
"""For how long a source is read for a sample; one that has given something is not waited for so long."""
ENOUGH = 1.0
"""Seconds after which what a live source has given is enough."""
EMPTY_FOR = 10.0
"""Seconds for which a live source that gave nothing is not asked again by itself."""
KEPT, FILES = 32, 64
"""Samples that are kept in memory, and in files."""
LETTERS = 20
"""Records that could not be read of which a sample tells."""
KINDS = "__kind"
MADE_UP = frozenset({"shop", "datagen"})
"""Connectors that make their rows up."""


@dataclass(frozen=True)
class Sample:
    """Rows of a table. `kind`: "pinned" (given), "read" (from the source), "newest" (its last ones), "recorded" (from
    where a run's source stood on), "empty"; `more`: the source has others; `dead`: the first records that could not be
    read, of `unreadable`; `taken_at`: when, seconds since the epoch; `looked`: in how many rows of a dimension's file
    keys were looked for; `endless`: the source has no end; `missed`: the newest rows were wanted, and it cannot begin
    there."""

    batch: Batch
    kind: str = "read"
    more: bool = False
    unreadable: int = 0
    dead: tuple[DeadLetter, ...] = ()
    taken_at: float = 0.0
    looked: int | None = None
    endless: bool = False
    missed: bool = False

    @property
    def awaits(self) -> bool:
        """Whether nothing had come yet of a source that may give something."""
        return not self.batch.length and self.more and self.kind != "empty"

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "rows": self.batch.length, "more": self.more, "unreadable": self.unreadable,
                "dead": [asdict(letter) for letter in self.dead], "taken_at": self.taken_at, "looked": self.looked,
                "endless": self.endless, "missed": self.missed}


@dataclass(frozen=True)
class Wanted:
    """What a preview wants of a table. `rows`: these, as JSON objects; `file`: those in this one (path and format)
    instead of the table's own; `position`: read on from there; `newest`: the last rows (None: of sources that have no
    end); `anew`: not what was kept."""

    rows: Sequence[Mapping[str, Any]] | None = None
    file: tuple[str, str] | None = None
    position: Mapping[str, Any] | None = None
    limit: int = ROWS
    anew: bool = False
    newest: bool | None = None

    @property
    def is_given(self) -> bool:
        """Whether it is not what the table itself has."""
        return self.rows is not None or self.file is not None


def given(rows: Sequence[Mapping[str, Any]], table: TableOptions) -> Sample:
    """Rows as JSON objects, in the order in which they arrive. Missing columns are NULL.

    Errors: `too_many_rows`, `bad_row` with the row's number.
    """
    if len(rows) > MOST_ROWS:
        raise UserError("too_many_rows", f"{table.name} is given {len(rows):,} rows; {MOST_ROWS:,} are possible")
    if not rows:
        return Sample(empty(table), "pinned")
    names = set(table.schema.names)
    for number, row in enumerate(rows, 1):
        if unknown := next((name for name in row if name not in names), None):
            raise UserError("bad_row", f"row {number} of {table.name}: there is no column '{unknown}'",
                            hint=f"columns are {', '.join(table.schema.names)}")
    lines = "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows).encode()
    decoder = text_decoder("json", table.schema, range(len(table.schema)), {})
    decoder.begin(len(rows))
    block = Block.of(lines, 1, table.name)
    decoder.feed(block, True)
    decoded = decoder.finish()
    if decoded.dead:
        letter = decoded.dead[0]
        line = letter.place.rpartition(":")[2]
        raise UserError("bad_row", f"row {line} of {table.name}: {letter.reason}",
                        hint="a time is written '2024-05-01 10:00:00', a date '2024-05-01'")
    return Sample(decoded.batch or empty(table), "pinned")


def _made(table: str, name: str, access: Access | None) -> Connector:
    """A connector; UserError with what to do where this engine has none of that name: pipelines may run elsewhere."""
    try:
        return connector(name, access)
    except UserError as error:
        if error.code != "unknown_connector":
            raise
        raise UserError("not_a_source", f"the preview cannot read {table}: this engine has no connector '{name}'",
                        hint="pin rows to it, or take its sample from a file: the preview reads those") from error


def _wants_newest(wanted: Wanted, source: Source, table: TableOptions) -> bool:
    """Whether the last rows are wanted. Without a word those of sources that go on without an end; what is made up
    begins with each run, so that its first rows are what a run begins with."""
    if wanted.position is not None:
        return False
    live = not source.bounded and table.options.get("connector") not in MADE_UP
    return live if wanted.newest is None else wanted.newest


def read(table: TableOptions, source: Source, limit: int, position: Mapping[str, Any] | None = None,
         enough: float = ENOUGH) -> Sample:
    """The first rows that a source gives; a live one for so long. UserError where it cannot be read."""
    reader = Ahead(source) if source.blocking else source
    batches: list[Batch] = []
    dead: list[DeadLetter] = []
    rows = unreadable = 0
    started = time.monotonic()
    more = True
    try:
        if position is not None:
            _go_to(reader, position, table.name)
        reader.open(range(len(table.schema)))
        while rows < limit:
            poll = reader.poll(limit - rows)
            if poll.batch is not None and poll.batch.length:
                batches.append(poll.batch)
                rows += poll.batch.length
            unreadable += len(poll.dead)
            dead += poll.dead[:LETTERS - len(dead)]
            if poll.ended:
                more = False
                break
            if time.monotonic() - started > (enough if rows and poll.idle else ENOUGH if rows else SECONDS):
                break
            if poll.idle or poll.waiting:
                time.sleep(0.005)
    finally:
        with contextlib.suppress(Exception):
            reader.close()
    batch = concat(batches) if batches else empty(table)
    batch = batch if batch.length <= limit else batch.slice(0, limit)
    kind = "read" if position is None else "recorded"
    return Sample(Batch(batch.columns, batch.length, batch.kinds), kind, more, unreadable, tuple(dead), time.time())


def _go_to(reader: Source, position: Mapping[str, Any], name: str) -> None:
    try:
        reader.restore(dict(position))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError("other_source", f"{name} does not go on where the run's source stood",
                        hint="it has another connector now: read the source itself") from error


class Samples:
    """Takes samples, and keeps them. `folder`: where (None: in memory only)."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._held: OrderedDict[str, Sample] = OrderedDict()
        self._sought: OrderedDict[str, Sought] = OrderedDict()

    def of(self, table: TableOptions, wanted: Wanted, access: Access | None) -> Sample:
        """The sample of a table. UserError where what is given does not fit, or its source cannot be read."""
        if wanted.rows is not None:
            return given(wanted.rows, table)
        if wanted.file is not None:
            path, form = wanted.file
            table = TableOptions(table.name, table.schema, {"connector": "filesystem", "path": path, "format": form})
        key = _key(table, wanted, access)
        found = None if wanted.anew else self._kept(key, table)
        if found is None:
            found = self._read(table, wanted, access)
            self._keep(key, found, table)
        return found

    def made(self, key: str, make: Callable[[], Sample], anew: bool = False) -> Sample:
        """A sample that is made of others, kept in memory."""
        found = None if anew else self._held.get(key)
        if found is None:
            found = make()
            self._hold(key, found)
        return found

    def sought(self, key: str, anew: bool = False) -> Sought:
        """What was looked for in a dimension, kept in memory."""
        found = Sought() if anew else self._sought.get(key) or Sought()
        self._sought[key] = found
        self._sought.move_to_end(key)
        while len(self._sought) > KEPT:
            self._sought.popitem(last=False)
        return found

    def source(self, table: TableOptions, access: Access | None) -> Source:
        """A reader of a table. UserError where it has none."""
        name = table.options.get("connector", "")
        made = _made(table.name, name, access)
        source = made.source(table, Environment(access or Access(), str(self._folder or "."), "preview"))
        if source is None:
            raise UserError("not_a_source", f"table {table.name} cannot be read: its connector '{name}' has no source",
                            hint="pin rows to it, and the preview reads those")
        return source

    def _read(self, table: TableOptions, wanted: Wanted, access: Access | None) -> Sample:
        source = self.source(table, access)
        if not _wants_newest(wanted, source, table):
            return replace(read(table, source, wanted.limit, position=wanted.position), endless=not source.bounded)
        if source.newest(wanted.limit):
            return replace(read(table, source, wanted.limit, enough=0.0), kind="newest", endless=not source.bounded)
        return replace(read(table, source, wanted.limit), endless=not source.bounded, missed=True)

    # ---- keeping -----------------------------------------------------------------------------------------------------

    def _kept(self, key: str, table: TableOptions) -> Sample | None:
        found = self._held.get(key) or self._stored(key, table)
        if found is not None and found.awaits and time.time() - found.taken_at > EMPTY_FOR:
            return None
        if found is not None:
            self._hold(key, found)
        return found

    def _hold(self, key: str, sample: Sample) -> None:
        self._held[key] = sample
        self._held.move_to_end(key)
        while len(self._held) > KEPT:
            self._held.popitem(last=False)

    def _keep(self, key: str, sample: Sample, table: TableOptions) -> None:
        self._hold(key, sample)
        if self._folder is not None:
            with contextlib.suppress(OSError):
                _write(self._folder / f"{key}.arrow", sample, table)
                _forget(self._folder)

    def _stored(self, key: str, table: TableOptions) -> Sample | None:
        if self._folder is None:
            return None
        path = self._folder / f"{key}.arrow"
        try:
            with pa.OSFile(str(path)) as file:
                stored = pa.ipc.open_stream(file).read_all().combine_chunks()
            os.utime(path)
            return _loaded(stored, table)
        except (OSError, pa.ArrowException, KeyError, ValueError, UserError):
            return None


def _key(table: TableOptions, wanted: Wanted, access: Access | None) -> str:
    """Of whatever decides what is read."""
    columns = [[f.name, str(f.type)] for f in table.schema]
    parts = [columns, sorted(table.options.items()), sorted(table.metadata.items()), table.partitions, wanted.limit,
             wanted.position, wanted.newest, None if access is None else asdict(access)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


def _write(path: Path, sample: Sample, table: TableOptions) -> None:
    about = {**sample.as_json(), "dead": [asdict(d) for d in sample.dead]}
    arrays = [to_arrow(column) for column in sample.batch.columns]
    names = [str(i) for i in range(len(arrays))]
    if sample.batch.kinds is not None:
        arrays.append(pa.array(sample.batch.kinds))
        names.append(KINDS)
    rows = pa.table(arrays, names=names) if arrays else pa.table({})
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = path.with_suffix(f".{os.getpid()}.part")
    with pa.OSFile(str(staged), "wb") as file, pa.ipc.new_stream(
            file, rows.schema.with_metadata({"about": json.dumps(about)})) as writer:
        writer.write_table(rows)
    os.replace(staged, path)


def _loaded(stored: pa.Table, table: TableOptions) -> Sample:
    about = json.loads(stored.schema.metadata[b"about"])
    columns = tuple(from_arrow(stored.column(str(i)).cast(arrow_type(f.type)), f.type)
                    for i, f in enumerate(table.schema))
    kinds = stored.column(KINDS).to_numpy() if KINDS in stored.column_names else None
    return Sample(Batch(columns, stored.num_rows, kinds), about["kind"], about["more"], about["unreadable"],
                  tuple(DeadLetter(**letter) for letter in about["dead"]), about["taken_at"], None, about["endless"],
                  about["missed"])


def _forget(folder: Path) -> None:
    """Leave the files that were used last."""
    files = sorted(folder.glob("*.arrow"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[FILES:]:
        path.unlink(missing_ok=True)


def wanted_of(spec: Mapping[str, Any] | None, kept: Kept | None, limit: int) -> Wanted:
    """What a request wants of a source ({rows: [..]}, {position: ..}, {newest: true}, {anew: true}), else what the
    document keeps."""
    spec = spec or {}
    if kept is None or spec.get("rows") is not None or spec.get("position") is not None:
        return Wanted(spec.get("rows"), position=spec.get("position"), limit=limit, anew=bool(spec.get("anew")),
                      newest=spec.get("newest"))
    return Wanted(kept.rows, kept.file, limit=limit, anew=bool(spec.get("anew")))
