"""What binder tests share: a catalogue of a few tables, and short ways to bind."""

from __future__ import annotations

from engine.plan.explain import explain
from engine.plan.nodes import Program, Relation, Sink, TableSpec
from engine.sql import ddl
from engine.sql.binder import Binder
from engine.sql.catalog import Capabilities, Catalog
from engine.sql.dialect import parse, parse_one

TABLES = """
CREATE TABLE orders (id BIGINT NOT NULL, item STRING, price DECIMAL(10, 2), n INT NOT NULL, ts TIMESTAMP(3),
  p AS PROCTIME(), total AS price * n, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);
CREATE TABLE pays (id BIGINT NOT NULL, amount DOUBLE, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);
CREATE TABLE rates (item STRING, rate DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts,
  PRIMARY KEY (item) NOT ENFORCED) WITH ('changelog' = 'I,UA,D');
CREATE TABLE dim (item STRING NOT NULL, category STRING, big AS UPPER(category), PRIMARY KEY (item) NOT ENFORCED);
CREATE TABLE nested (id INT, r ROW<a INT NOT NULL, b ROW<c STRING>>, tags ARRAY<STRING>, m MAP<STRING, INT NOT NULL>,
  rows_ ARRAY<ROW<x INT, y STRING>>);
CREATE TABLE a (x INT, y STRING, z BIGINT NOT NULL);
CREATE TABLE b (x INT, y STRING, w DOUBLE);
"""


def catalogue(bounded: bool = False) -> Catalog:
    """The tables above; dim answers lookups, rates is a changelog."""

    def describe(table: TableSpec) -> Capabilities:
        return Capabilities(changelog=table.option("changelog", "I"), lookup=table.name == "dim",
                            bounded=bounded or table.option("bounded") == "true",
                            accepts=table.option("accepts", "I,UB,UA,D"),
                            rows=lambda: int(table.option("rows")) if table.option("rows") else None,
                            abilities=frozenset(filter(None, table.option("abilities").split(","))))

    return Catalog(describe)


def binder(*statements: str, bounded: bool = False, settings: dict[str, str] | None = None) -> Binder:
    """A binder over the tables above and further DDL."""
    made = Binder(catalogue(bounded), settings)
    for text in (TABLES, *statements):
        for statement in parse(text):
            ddl.apply(statement, made)
    return made


def query(sql: str, *statements: str) -> Relation:
    """A bound query."""
    return binder(*statements).query(parse_one(sql))


def schema(sql: str, *statements: str) -> str:
    """Names and types of a query's columns, as text."""
    return ", ".join(str(f) for f in query(sql, *statements).schema)


def program(*relations: Relation) -> Program:
    """A program that writes relations to tables without name."""
    return Program(
        tuple(Sink(r.schema, r, TableSpec(("c", "d", f"out{i}"), r.schema)) for i, r in enumerate(relations))
    )


def plan(sql: str, *statements: str) -> str:
    """The plan of a bound query as text, without its sink."""
    text = explain(program(query(sql, *statements)))
    return "\n".join(line[3:] for line in text.split("\n")[1:])
