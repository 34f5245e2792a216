"""CREATE TABLE ... LIKE: what is taken over from the other table, part by part, as Flink merges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from engine.errors import Place, UserError
from engine.sql.catalog import Table, TableColumn

T = TypeVar("T")
_DEFAULTS = {"CONSTRAINTS": "INCLUDING", "PARTITIONS": "INCLUDING", "GENERATED": "INCLUDING", "METADATA": "INCLUDING",
             "WATERMARKS": "INCLUDING", "OPTIONS": "OVERWRITING"}


def merged_like(table: Table, source: Table, chosen: Mapping[str, str], place: Place | None) -> Table:
    """`table` with what LIKE `source` adds. `chosen`: INCLUDING, EXCLUDING or OVERWRITING by part (ALL = every
    part)."""
    plan = dict(_DEFAULTS)
    if "ALL" in chosen:
        plan = dict.fromkeys(plan, chosen["ALL"])
    plan |= {part: how for part, how in chosen.items() if part != "ALL"}
    columns = _columns(table, source, plan, place)
    return replace(
        table, columns=columns,
        watermark=_part(table.watermark, source.watermark, plan["WATERMARKS"], "watermark", place),
        primary_key=_part(table.primary_key, source.primary_key, plan["CONSTRAINTS"], "primary key", place),
        partitioned_by=_part(table.partitioned_by, source.partitioned_by, plan["PARTITIONS"], "partitions", place),
        options=_options(table, source, plan["OPTIONS"], place),
        places=tuple({**dict(source.places), **dict(table.places)}.items()))


def _part(own: T, given: T, how: str, what: str, place: Place | None) -> T:
    if how == "EXCLUDING" or not given:
        return own
    if own and how == "INCLUDING":
        raise UserError("bad_like", f"The base table already has a {what}", place=place,
                        hint=f"say EXCLUDING {what.upper()}S in LIKE")
    return own or given


def _columns(table: Table, source: Table, plan: Mapping[str, str], place: Place | None) -> tuple[TableColumn, ...]:
    result = {c.name: c for c in source.columns if plan.get(_kind(c)) != "EXCLUDING"}
    for column in table.columns:
        old = result.get(column.name)
        if old is not None and not (_kind(old) == _kind(column) != "" and plan.get(_kind(column)) == "OVERWRITING"):
            raise UserError("bad_like", f"A column named '{column.name}' already exists in the base table", place=place)
        result[column.name] = column
    return tuple(result.values())


def _kind(column: TableColumn) -> str:
    if column.computed is not None:
        return "GENERATED"
    return "METADATA" if column.metadata is not None else ""


def _options(table: Table, source: Table, how: str, place: Place | None) -> tuple[tuple[str, str], ...]:
    if how == "EXCLUDING":
        return table.options
    both = {k for k, _ in table.options} & {k for k, _ in source.options}
    if both and how == "INCLUDING":
        raise UserError(
            "bad_like",
            f"There already exists an option '{sorted(both)[0]}' in the base table",
            place=place,
            hint="say OVERWRITING OPTIONS in LIKE",
        )
    return tuple({**dict(source.options), **dict(table.options)}.items())
