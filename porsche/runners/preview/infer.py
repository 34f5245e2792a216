"""The columns of a file, by its first records."""

from __future__ import annotations

import csv
import glob
import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.connectors.access import allow_connector, allow_path
from engine.connectors.base import Access
from engine.errors import UserError

BYTES = 1 << 20
"""As much of a file is looked at."""
RECORDS = 500
COLUMNS = 500
"""Columns at most."""
SHOWN = 5
"""Values of a column that are shown."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SQL_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z?)")
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NAME = re.compile(r"[^\W\d]\w*")


def infer(options: Mapping[str, str], access: Access, limit: int = RECORDS) -> dict[str, Any]:
    """`columns` (name, type, examples as text), `options` that reading them needs, the number of `records` looked at,
    and the `time` column that suggests itself. UserError where there is no such file, or no record in it."""
    if options.get("connector", "filesystem") != "filesystem":
        raise UserError("cannot_infer", f"the columns of a '{options['connector']}' table cannot be found out",
                        hint="name its columns, or a file with some of its rows")
    allow_connector(access, "filesystem")
    path = _file(options.get("path", ""), access)
    format = options.get("format") or path.name.removesuffix(".gz").rpartition(".")[2]
    if format not in _READERS:
        raise UserError("unknown_format", f"{path.name}: there is no format '{format}'",
                        hint=f"formats are {', '.join(_READERS)}")
    found = _READERS[format](path, options, min(limit, RECORDS))
    if not found["columns"]:
        raise UserError("no_records", f"{path.name} has no record to learn columns from",
                        hint=f"is it {format}? each line is one record")
    found["columns"] = found["columns"][:COLUMNS]
    moments = [c["name"] for c in found["columns"] if c["type"].startswith("TIMESTAMP")]
    return {"format": format, "path": options.get("path"), "time": next(iter(moments), None), **found}


def _file(text: str, access: Access) -> Path:
    """The first file of a path, a folder or a pattern."""
    if not text:
        raise UserError("missing_option", "no file is named", hint="give its path")
    place = text.removeprefix("file://")
    for name in sorted(glob.glob(place)) if glob.has_magic(place) else [place]:
        path = allow_path(access, name)
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in inside:
            if not file.name.startswith((".", "_")) and (real := allow_path(access, file)).is_file():
                return real
    allow_path(access, place)
    raise UserError("no_file", f"there is no file at {text}", hint="see whether the path is right")


def _beginning(path: Path) -> list[str]:
    """The first whole lines."""
    try:
        with (gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            data = file.read(BYTES)
    except (OSError, EOFError) as error:
        raise UserError("unreadable_file", f"{path.name} cannot be read: {error}") from error
    lines = data.decode("utf-8", "replace").split("\n")
    return lines if len(data) < BYTES else lines[:-1]


# ---- JSON ------------------------------------------------------------------------------------------------------------


def _json(path: Path, options: Mapping[str, str], limit: int) -> dict[str, Any]:
    values: dict[str, list[Any]] = {}
    records = 0
    for line in _beginning(path):
        if records == limit:
            break
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            records += 1
            for name, value in record.items():
                values.setdefault(name, []).append(value)
    columns = [_column(name, found, type_of(found)) for name, found in values.items()]
    iso = any(isinstance(v, str) and _ISO_TIME.fullmatch(v) for found in values.values() for v in found)
    needed = {"json.timestamp-format.standard": "ISO-8601"} if iso else {}
    return {"columns": columns, "records": records, "options": needed}


def _column(name: str, values: Sequence[Any], type: str) -> dict[str, Any]:
    shown = [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values if v is not None]
    return {"name": name, "type": type, "examples": [v[:80] for v in dict.fromkeys(shown)][:SHOWN]}


def type_of(values: Iterable[Any]) -> str:
    """The SQL type of JSON values; STRING where they are of several."""
    present = [v for v in values if v is not None]
    if not present:
        return "STRING"
    if all(isinstance(v, bool) for v in present):
        return "BOOLEAN"
    if all(isinstance(v, int) and not isinstance(v, bool) for v in present):
        return "BIGINT" if all(abs(v) < 2**63 for v in present) else "DECIMAL(38, 0)"
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in present):
        return "DOUBLE"
    if all(isinstance(v, str) for v in present):
        return _type_of_texts(present)
    if all(isinstance(v, dict) for v in present):
        return _type_of_objects(present)
    if all(isinstance(v, list) for v in present):
        return f"ARRAY<{type_of([item for v in present for item in v])}>"
    return "STRING"


def _type_of_objects(values: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for value in values for name in value))
    if not names or not all(_NAME.fullmatch(name) for name in names):
        return f"MAP<STRING, {type_of([v for value in values for v in value.values()])}>"
    fields = (f"`{name}` {type_of([value.get(name) for value in values])}" for name in names)
    return f"ROW<{', '.join(fields)}>"


def _type_of_texts(values: Sequence[str]) -> str:
    if all(_DATE.fullmatch(v) for v in values):
        return "DATE"
    for pattern in (_SQL_TIME, _ISO_TIME):
        if all(pattern.fullmatch(v) for v in values):
            digits = max(len(v.rstrip("Z").partition(".")[2]) for v in values)
            zoned = "_LTZ" if all(v.endswith("Z") for v in values) else ""
            return f"TIMESTAMP{zoned}({3 if digits <= 3 else 6})"
    return "STRING"


# ---- CSV -------------------------------------------------------------------------------------------------------------


def _csv(path: Path, options: Mapping[str, str], limit: int) -> dict[str, Any]:
    lines = [line for line in _beginning(path) if line.strip()]
    delimiter = options.get("csv.field-delimiter") or _delimiter(lines[0] if lines else "")
    rows = list(csv.reader(io.StringIO("\n".join(lines[:limit + 1])), delimiter=delimiter))
    if not rows:
        return {"columns": [], "records": 0, "options": {}}
    width = len(rows[0])
    named = len(rows) > 1 and all(_NAME.fullmatch(cell.strip()) for cell in rows[0]) and len(set(rows[0])) == width
    names = [cell.strip() for cell in rows[0]] if named else [f"c{i}" for i in range(1, width + 1)]
    body = rows[1:] if named else rows
    cells = [[row[i] for row in body if len(row) > i and row[i] != ""] for i in range(width)]
    columns = [_column(name, found, _type_of_cells(found)) for name, found in zip(names, cells)]
    needed = {} if delimiter == "," else {"csv.field-delimiter": delimiter}
    return {"columns": columns, "records": len(body), "options": needed, "header": named}


def _delimiter(line: str) -> str:
    return max(",;\t|", key=line.count)


def _type_of_cells(cells: Sequence[str]) -> str:
    if not cells:
        return "STRING"
    if all(_WHOLE.fullmatch(c) for c in cells):
        return "BIGINT"
    if all(_NUMBER.fullmatch(c) for c in cells):
        return "DOUBLE"
    if all(c.lower() in ("true", "false") for c in cells):
        return "BOOLEAN"
    return _type_of_texts(cells)


# ---- Parquet ---------------------------------------------------------------------------------------------------------


def _parquet(path: Path, options: Mapping[str, str], limit: int) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            batch = next(file.iter_batches(SHOWN), None)
            records = min(file.metadata.num_rows, limit)
    except (OSError, pa.ArrowException) as error:
        raise UserError("unreadable_file", f"{path.name} is no Parquet file: {error}") from error
    values = {} if batch is None else batch.to_pydict()
    columns = [_column(f.name, [str(v) for v in values.get(f.name, ())], _type_of_arrow(f.type)) for f in schema]
    return {"columns": columns, "records": records, "options": {}}


def _type_of_arrow(type: Any) -> str:
    import pyarrow as pa

    if pa.types.is_decimal(type):
        return f"DECIMAL({min(type.precision, 38)}, {type.scale})"
    if pa.types.is_timestamp(type):
        return f"TIMESTAMP{'_LTZ' if type.tz else ''}({3 if type.unit in ('s', 'ms') else 6})"
    if pa.types.is_list(type) or pa.types.is_large_list(type):
        return f"ARRAY<{_type_of_arrow(type.value_type)}>"
    if pa.types.is_map(type):
        return f"MAP<{_type_of_arrow(type.key_type)}, {_type_of_arrow(type.item_type)}>"
    if pa.types.is_struct(type):
        return f"ROW<{', '.join(f'`{f.name}` {_type_of_arrow(f.type)}' for f in type)}>"
    return next((name for is_kind, name in _ARROW if is_kind(pa.types, type)), "STRING")


_ARROW: tuple[tuple[Callable[[Any, Any], bool], str], ...] = (
    (lambda types, t: types.is_boolean(t), "BOOLEAN"),
    (lambda types, t: types.is_int8(t), "TINYINT"),
    (lambda types, t: types.is_int16(t) or types.is_uint8(t), "SMALLINT"),
    (lambda types, t: types.is_int32(t) or types.is_uint16(t), "INT"),
    (lambda types, t: types.is_integer(t), "BIGINT"),
    (lambda types, t: types.is_float32(t) or types.is_float16(t), "FLOAT"),
    (lambda types, t: types.is_floating(t), "DOUBLE"),
    (lambda types, t: types.is_date(t), "DATE"),
    (lambda types, t: types.is_time(t), "TIME"),
    (lambda types, t: types.is_binary(t) or types.is_large_binary(t), "BYTES"),
)

_READERS: dict[str, Callable[[Path, Mapping[str, str], int], dict[str, Any]]] = {
    "json": _json, "csv": _csv, "parquet": _parquet,
}
