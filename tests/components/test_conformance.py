"""What every component keeps to: it is documented, describes itself, has defaults that hold, and lowers to good SQL."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from engine.sql.dialect import generate, parse
from porsche.compiler import check_text, compile_text
from porsche.components import FAMILIES, catalogue
from porsche.components.base import Component
from tests.components.samples import SAMPLES, Sample, document, title

GOLDEN = Path(__file__).with_name("golden")
COMPONENTS = [pytest.param(component, id=name) for name, component in catalogue().items()]
EACH = [pytest.param(sample, id=title(sample)) for sample in SAMPLES]


def test_every_component_has_a_sample() -> None:
    assert {sample.component for sample in SAMPLES} == set(catalogue())


@pytest.mark.parametrize("component", COMPONENTS)
def test_it_is_documented(component: type[Component]) -> None:
    summary, _, rest = component.docs().partition("\n")
    assert summary.endswith((".", ":")) and (not rest or rest.startswith("\n"))
    assert component.family in FAMILIES
    assert component.__module__.split(".")[2] == component.family
    assert all(port.help for port in component.inputs)
    assert all(p.label for p in component.properties().values())


@pytest.mark.parametrize("component", COMPONENTS)
def test_its_defaults_hold_and_its_properties_name_ports(component: type[Component]) -> None:
    ports = {port.name for port in component.inputs}
    for property in component.properties().values():
        if property.default is not None:
            property.parse(list(property.default) if isinstance(property.default, tuple) else property.default)
        if list(property.columns(None)) or property.kind in ("column", "time", "columns", "expression", "expressions"):
            assert property.port in ports | {""}, property.name


@pytest.mark.parametrize("component", COMPONENTS)
def test_its_properties_have_json_schemas(component: type[Component]) -> None:
    for property in component.properties().values():
        jsonschema.Draft202012Validator.check_schema(property.schema())
        if property.default is not None and property.default != ():
            jsonschema.validate(property.default, property.schema())


@pytest.mark.parametrize("sample", EACH)
def test_golden(sample: Sample, golden) -> None:
    golden(GOLDEN / f"{title(sample)}.sql", compile_text(document(sample)).text)


@pytest.mark.parametrize("sample", EACH)
def test_it_lowers_to_the_same_sql_each_time(sample: Sample) -> None:
    assert compile_text(document(sample)).text == compile_text(document(sample)).text


@pytest.mark.parametrize("sample", EACH)
def test_its_trees_are_those_of_its_text(sample: Sample) -> None:
    """What a component builds prints to SQL that means the same tree: nothing was put together as text."""
    compiled = compile_text(document(sample))
    for statement in compiled.statements:
        (tree,) = parse(statement.sql)
        assert generate(tree, pretty=True, quote=False) == statement.sql


@pytest.mark.parametrize("sample", EACH)
def test_an_unknown_property_is_told(sample: Sample) -> None:
    wrong = Sample(sample.component, {**sample.properties, "colour": "red"}, sample.inputs, sample.name)
    found = [d for d in check_text(document(wrong)) if d.severity == "error"]
    assert [(d.code, d.node, d.property) for d in found] == [("unknown_property", "it", "colour")]
