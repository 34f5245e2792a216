"""`nexmark`: twelve queries as streams on one core, beside DuckDB's batch time for the same files on one thread.

Each query reads its tables from files and writes to `blackhole`: batches of at most 20,000 rows or 100 ms, a checkpoint
each second, the second run counted, from the first poll to the last checkpoint in place. Events are the rows of the
tables that a query reads. DuckDB reads the same files and makes the result in its memory, second run counted too. In a
pass of its own every change a query emits is collected, folded, and compared with DuckDB's rows. Where Flink is
installed it runs the same texts (`benchmarks.nexmark_flink`; not with `--quick`).

`json_decode_lines_per_s`: the bids' JSON lines read into the columns of q0, nothing else.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from benchmarks import nexmark_flink
from benchmarks.nexmark_data import TABLES, folder
from benchmarks.nexmark_queries import DDL, QUERIES, SETTINGS, Query
from benchmarks.pinned import pin_arrow
from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import to_arrow
from engine.connectors.base import Connector, Environment, Json, Sink, TableOptions
from engine.errors import UserError
from engine.plan.nodes import TableSpec
from engine.runtime.job import Job
from engine.session import RunOptions, Session

EVENTS, QUICK_EVENTS = 1_000_000, 100_000
FORMATS = ("json", "parquet")
BATCH = 20_000


def run(quick: bool = False, *, events: int | None = None) -> dict[str, Any]:
    """Events a second of each query and format, ours, DuckDB's and Flink's; None where a query does not run."""
    pin_arrow()
    count = events or (QUICK_EVENTS if quick else EVENTS)
    files = folder(count)
    checks = {name: _checked(name, query, files) for name, query in QUERIES.items()}
    measured = {form: {name: figures(name, files, form, checks[name]) for name in QUERIES} for form in FORMATS}
    return {**measured, **({} if quick or not nexmark_flink.installed() else beside_flink(measured["json"], files)),
            "json_decode_lines_per_s": json_decode_lines_per_s(files), "events": count,
            "checked": [name for name, fine in checks.items() if fine]}


def beside_flink(ours: Mapping[str, Mapping[str, int | None]], files: Path) -> dict[str, Any]:
    """Flink's events a second of each query, and the comparison."""
    taken = nexmark_flink.seconds(files)
    rates = {name: None if time is None else round(_events(name, files) / time) for name, time in taken.items()}
    return {"flink_events_per_s": rates,
            **compared({name: figure["events_per_s"] for name, figure in ours.items()}, rates)}


def compared(ours: Mapping[str, int | None], theirs: Mapping[str, int | None]) -> dict[str, Any]:
    """How many times their rates ours are, where both are known, and the geometric mean of these ratios."""
    ratios = {name: mine / rate for name, rate in theirs.items() if rate and (mine := ours.get(name))}
    mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios)) if ratios else None
    return {"ratio_flink": {name: round(ratio, 2) for name, ratio in ratios.items()},
            "ratio_flink_geomean": None if mean is None else round(mean, 2)}


def json_decode_lines_per_s(files: Path) -> int:
    """Lines a second from the first poll to the last, second time counted."""
    with tempfile.TemporaryDirectory() as state:
        session = Session(folder=Path(state))
        for _ in session.script(script(QUERIES["q0"], files, "json")):
            pass

        def measure() -> float:
            graph = session.plan(session.phases[0])
            (reader,) = graph.sources
            reader.open()
            started = time.perf_counter()
            while not reader.ended:
                reader.poll(BATCH)
            taken = time.perf_counter() - started
            for operator in graph.operators:
                operator.close()
            return taken

        return round(_events("q0", files) / min_second(measure))


def figures(name: str, files: Path, form: str, runs: bool = True) -> dict[str, int | None]:
    """Events a second of one query: ours (None where it does not run) and DuckDB's."""
    query = QUERIES[name]
    seconds = min_second(lambda: _seconds(query, files, form)) if runs else None
    rows = _events(name, files)
    other = _duckdb_seconds(query, files, form)
    return {
        "events_per_s": None if seconds is None else round(rows / seconds),
        "duckdb_events_per_s": round(rows / other),
    }


def min_second(measure: Callable[[], float]) -> float:
    """What the second run takes."""
    measure()
    return measure()


def _events(name: str, files: Path) -> int:
    return sum(_rows(files, table) for table in QUERIES[name].reads)


def _rows(files: Path, table: str) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(files / f"{table}.parquet").num_rows)


# ---- the engine -------------------------------------------------------------------------------------------------


def script(query: Query, files: Path, form: str, sink: str = "blackhole") -> str:
    """The whole job as SQL."""
    tables = Template(DDL).substitute(folder=files, format=form)
    return Template("$settings $tables CREATE TABLE answer ($columns) WITH ('connector' = '$sink'); "
                    "INSERT INTO answer $query;").substitute(
        settings=SETTINGS, tables=tables, columns=query.columns, sink=sink, query=query.flink)


def _seconds(query: Query, files: Path, form: str) -> float:
    """From the first poll to the last checkpoint."""
    begun: list[float] = []

    def starts(job: Job) -> None:
        begun.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as state:
        session = Session(folder=Path(state))
        for _ in session.script(script(query, files, form)):
            pass
        session.run(RunOptions(on_job=starts))
        return time.perf_counter() - begun[0]


# ---- DuckDB -----------------------------------------------------------------------------------------------------


def _duckdb_seconds(query: Query, files: Path, form: str) -> float:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        for table in query.reads:
            path = str(files / f"{table}.{form}")
            relation = (
                connection.read_parquet(path, file_row_number=True)
                if form == "parquet"
                else connection.read_json(path, format="newline_delimited", columns=_types(files, table))
            )
            place = "file_row_number" if form == "parquet" else "row_number() over ()"
            relation = relation if "place" not in query.duckdb else relation.project(f"*, {place} as place")
            relation.create_view(table)

        def measure() -> float:
            started = time.perf_counter()
            connection.execute("CREATE OR REPLACE TEMP TABLE answer AS " + query.duckdb)
            return time.perf_counter() - started

        return min_second(measure)


def _types(files: Path, table: str) -> dict[str, str]:
    """DuckDB's types of a table's columns: it need not guess them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = {pa.int64(): "BIGINT", pa.string(): "VARCHAR"}
    return {f.name: names.get(f.type, "TIMESTAMP") for f in pq.read_schema(files / f"{table}.parquet")}


# ---- outputs ----------------------------------------------------------------------------------------------------


class Collected(Connector, Sink):
    """A sink that keeps every change as Arrow batches."""

    transactional = False

    def __init__(self) -> None:
        self.parts: list[Any] = []

    def accepts(self, table: TableOptions) -> str:
        return "I,UB,UA,D"

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return self

    def write(self, batch: Batch) -> None:
        import pyarrow as pa

        kinds = np.zeros(batch.length, np.uint8) if batch.kinds is None else batch.kinds
        weight = 1 - 2 * (kinds & 1).astype(np.int8)
        arrays = [*(to_arrow(c) for c in batch.columns), pa.array(weight)]
        self.parts.append(pa.RecordBatch.from_arrays(arrays, [*(f"c{i}" for i in range(len(batch.columns))), "weight"]))

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        return


def _checked(name: str, query: Query, files: Path) -> bool:
    """Whether the query runs on both formats and its folded changes are DuckDB's rows; what is wrong goes to stderr."""
    try:
        wrong = {form: differing_rows(query, files, form) for form in FORMATS}
    except UserError as error:
        print(f"{name} does not run: {error}", file=sys.stderr)
        return False
    if any(wrong.values()):
        print(f"{name} gives other rows than DuckDB: {wrong} differ", file=sys.stderr)
    return not any(wrong.values())


def differing_rows(query: Query, files: Path, form: str) -> int:
    """How many rows, counted, the folded changes of a query have too many or too few."""
    import duckdb
    import pyarrow as pa

    collected = Collected()

    def connectors(table: TableSpec) -> Connector:
        return collected if table.name == "answer" else connector(table.option("connector"))

    with tempfile.TemporaryDirectory() as state:
        session = Session(folder=Path(state), connectors=connectors)
        for _ in session.script(script(query, files, form)):
            pass
        session.run()
    with duckdb.connect(config={"threads": 1}) as connection:
        for table in TABLES:
            relation = connection.read_parquet(str(files / f"{table}.parquet"), file_row_number=True)
            relation.project("*, file_row_number as place").create_view(table)
        expected = connection.sql(query.duckdb).to_arrow_table()
        return _unbalanced(connection, pa.Table.from_batches(collected.parts), expected)


def _unbalanced(connection: Any, changes: Any, expected: Any) -> int:
    """The sum of all rows' surplus and lack."""
    import pyarrow as pa

    ones = pa.array(np.full(len(expected), -1, np.int8))
    wanted = expected.rename_columns(changes.column_names[:-1]).append_column("weight", ones).cast(changes.schema)
    rows = connection.from_arrow(pa.concat_tables([changes, wanted]))
    sums = rows.aggregate(f"{', '.join(changes.column_names[:-1])}, sum(weight) AS n")
    return int(sums.aggregate("coalesce(sum(abs(n)), 0)").fetchall()[0][0])
