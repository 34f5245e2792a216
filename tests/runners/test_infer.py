"""The columns of files, by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.connectors.base import Access
from engine.errors import UserError
from porsche.runners.preview.infer import infer, type_of


@pytest.mark.parametrize(("values", "expected"), [
    ([1, None, -5], "BIGINT"), ([1, 2.5], "DOUBLE"), ([True, False], "BOOLEAN"), ([1, "a"], "STRING"),
    ([None], "STRING"), ([2**70, 1], "DECIMAL(38, 0)"),
    (["2024-05-01"], "DATE"), (["2024-05-01 10:00:00", "2024-05-01 10:00:00.5"], "TIMESTAMP(3)"),
    (["2024-05-01 10:00:00.123456"], "TIMESTAMP(6)"), (["2024-05-01T10:00:00Z"], "TIMESTAMP_LTZ(3)"),
    (["2024-05-01", "soon"], "STRING"), ([[1], [2, 3]], "ARRAY<BIGINT>"),
    ([{"a": 1}, {"b": "x"}], "ROW<`a` BIGINT, `b` STRING>"),
    ([{"not a name": 1}], "MAP<STRING, BIGINT>"),
])
def test_types_of_json_values(values: list[Any], expected: str) -> None:
    assert type_of(values) == expected


def anywhere(path: Path, **options: str) -> dict[str, Any]:
    return infer({"path": str(path), **options}, Access((str(path.parent),), (), ("filesystem",)))


def columns(found: dict[str, Any]) -> dict[str, str]:
    return {c["name"]: c["type"] for c in found["columns"]}


def test_json_lines(tmp_path: Path) -> None:
    place = tmp_path / "events.json"
    lines = [{"id": 1, "at": "2024-05-01T10:00:00"}, {"id": 2, "at": "2024-05-01T10:00:05.25", "price": 1.5}]
    place.write_text("\n".join(map(json.dumps, lines)) + "\nnot json\n")
    found = anywhere(place)
    assert columns(found) == {"id": "BIGINT", "at": "TIMESTAMP(3)", "price": "DOUBLE"}
    assert (found["format"], found["records"], found["time"]) == ("json", 2, "at")
    assert found["options"] == {"json.timestamp-format.standard": "ISO-8601"}
    assert found["columns"][0]["examples"] == ["1", "2"]


@pytest.mark.parametrize(("text", "expected", "header", "options"), [
    ("id,price\n1,2.5\n2,3\n", {"id": "BIGINT", "price": "DOUBLE"}, True, {}),
    ("1;ann\n2;bob\n", {"c1": "BIGINT", "c2": "STRING"}, False, {"csv.field-delimiter": ";"}),
    ('a,b\n"x, y",true\n', {"a": "STRING", "b": "BOOLEAN"}, True, {}),
])
def test_csv(tmp_path: Path, text: str, expected: dict[str, str], header: bool, options: dict[str, str]) -> None:
    (tmp_path / "rows.csv").write_text(text)
    found = anywhere(tmp_path / "rows.csv")
    assert (columns(found), found["header"], found["options"]) == (expected, header, options)


def test_parquet(tmp_path: Path) -> None:
    at = pa.array([datetime(2024, 5, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    money = pa.array([Decimal("1.10")], pa.decimal128(10, 2))
    table = pa.table({"n": pa.array([1], pa.int32()), "money": money, "at": at,
                      "tags": pa.array([["a"]]), "inner": pa.array([{"x": 1.5}])})
    pq.write_table(table, tmp_path / "rows.parquet")
    assert columns(anywhere(tmp_path, format="parquet")) == {
        "n": "INT", "money": "DECIMAL(10, 2)", "at": "TIMESTAMP_LTZ(6)", "tags": "ARRAY<STRING>",
        "inner": "ROW<`x` DOUBLE>"}


@pytest.mark.parametrize(("options", "code"), [
    ({}, "missing_option"), ({"path": "{folder}/none.json"}, "no_file"),
    ({"path": "/etc/hostname"}, "path_not_allowed"),
    ({"path": "{folder}/empty.json"}, "no_records"), ({"path": "{folder}/x.doc"}, "unknown_format"),
    ({"connector": "hbase-2.2"}, "cannot_infer"), ({"path": "{folder}/bad.parquet"}, "unreadable_file"),
    ({"path": "{folder}/../../../../etc/*"}, "path_not_allowed"), ({"path": "{folder}/link.json"}, "path_not_allowed"),
])
def test_what_cannot_be_read(tmp_path: Path, options: dict[str, str], code: str) -> None:
    for name in ("empty.json", "x.doc", "bad.parquet"):
        (tmp_path / name).write_text("\n")
    (tmp_path / "link.json").symlink_to("/etc/hostname")
    asked = {name: value.format(folder=tmp_path) for name, value in options.items()}
    with pytest.raises(UserError) as caught:
        infer(asked, Access((str(tmp_path),), (), ("filesystem",)))
    assert caught.value.code == code
