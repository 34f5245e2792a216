"""What declarations tell forms: examples that hold, and options that the engine has."""

from __future__ import annotations

import pytest

from engine.connectors import filesystem, hbase, jdbc
from engine.connectors.formats import csv, json
from engine.learners.options import COMMON, KINDS
from porsche.components import catalogue
from porsche.components.options import DIMENSIONS, LEARNERS, SINKS, SOURCES, Known, names

FORMATS = {f"{name}.{option}" for name, module in (("csv", csv), ("json", json)) for option in module.OPTIONS}
ENGINE = {
    "filesystem": filesystem.OPTIONS | FORMATS,
    "hbase-2.2": hbase.OPTIONS,
    "jdbc": jdbc.OPTIONS,
    "datagen": {"rows-per-second", "number-of-rows", "seed", "scan.parallelism"},
    "shop": {"seed", "start-time", "number-of-impressions", "number-of-rows", "rows-per-second"},
    "print": {"print-identifier", "standard-error", "sink.parallelism"},
    "blackhole": set(),
}


@pytest.mark.parametrize("known", [SOURCES, SINKS, DIMENSIONS], ids=["sources", "sinks", "dimensions"])
def test_offered_options_are_those_of_the_engine(known: Known) -> None:
    ours = [(connector, name) for connector, name in names(known) if connector in ENGINE]
    assert [pair for pair in ours if pair[1] not in ENGINE[pair[0]]] == []
    assert {"filesystem"} <= set(known) or known is DIMENSIONS


def test_offered_parameters_of_learners_are_those_of_the_engine() -> None:
    assert set(LEARNERS) == set(KINDS)
    assert [(kind, name) for kind, name in names(LEARNERS) if name not in KINDS[kind] and name not in COMMON] == []


NEEDING = [name for name, component in catalogue().items() if any(p.required for p in component.properties().values())]


@pytest.mark.parametrize("name", NEEDING)
def test_it_has_an_example_whose_values_hold(name: str) -> None:
    component = catalogue()[name]
    properties = component.properties()
    assert {n for n, p in properties.items() if p.required} <= set(component.example)
    for property, value in component.example.items():
        properties[property].parse(value)
