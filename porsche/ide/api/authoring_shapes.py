"""What the API answers to whoever draws a pipeline: components, functions, what expressions mean."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from porsche.ide.api.shapes import (
    Anything,
    Column,
    Diagnostic,
    Graph,
    Lineage,
    NodeColumns,
    Statement,
    Texts,
    Value,
)


class InputPort(s.Serializer[Any]):
    name = s.CharField()
    help = s.CharField()
    optional = s.BooleanField()
    many = s.BooleanField(help_text="It takes several edges.")  # type: ignore[assignment]
    relation = s.ChoiceField(["rows", "dimension", "model"])


class OutputPort(s.Serializer[Any]):
    name = s.CharField()
    relation = s.ChoiceField(["rows", "dimension", "model"])


class Ports(s.Serializer[Any]):
    inputs = InputPort(many=True)
    outputs = OutputPort(many=True)


class Property(s.Serializer[Any]):
    name = s.CharField()
    kind = s.CharField(help_text="Which widget edits it: text, number, column, expression...")
    label = s.CharField()  # type: ignore[assignment]
    help = s.CharField()
    required = s.BooleanField()  # type: ignore[assignment]
    default = Value(help_text="null: it has none.")
    port = s.CharField(allow_null=True, help_text="The input whose columns the value refers to.")
    limits = Anything(help_text="What some kinds have besides: low, high, whole, options, length, mode, known, by.")
    schema = Anything(help_text="JSON Schema of the value.")


class Component(s.Serializer[Any]):
    """A verb of the canvas."""

    name = s.CharField()
    family = s.CharField()
    title = s.CharField()
    doc = s.CharField(help_text="One sentence.")
    details = s.CharField(help_text="More, as Markdown.")
    ports = Ports()
    properties = Property(many=True)
    example = Anything(help_text="Properties that make a good example.")


class Compiled(s.Serializer[Any]):
    """A document as SQL, with where everything came from. A broken one has no SQL, but its graph and diagnostics."""

    valid = s.BooleanField()
    name = s.CharField(allow_null=True)
    sql = s.CharField(allow_null=True)
    statements = Statement(many=True)
    nodes = s.DictField(child=NodeColumns())
    graph = Graph(allow_null=True)
    lineage = Lineage(help_text="Node -> column -> the [node, column]s it is made of.")
    settings = Texts()
    diagnostics = Diagnostic(many=True)
    components = Component(many=True, help_text="Those that the document itself defines.")
    inner = s.DictField(child=NodeColumns(), help_text="Columns of what is inside nodes of those, as outer__inner.")
    skipped = s.DictField(child=s.ChoiceField(["bypassed", "left_out"]),
                          help_text="What became of nodes that are switched off, or cannot be without one.")


class Function(s.Serializer[Any]):
    """A function of SQL."""

    name = s.CharField()
    kind = s.ChoiceField(["scalar", "aggregate", "over", "learner"])
    category = s.CharField()
    signatures = s.ListField(child=s.CharField(), help_text="How it is called: SUBSTRING(text, start, length).")
    doc = s.CharField(help_text="One sentence.")


class Spot(s.Serializer[Any]):
    """Characters of the text."""

    start = s.IntegerField()
    end = s.IntegerField()


class Fault(s.Serializer[Any]):
    """What is wrong with an expression."""

    code = s.CharField()
    message = s.CharField()
    hint = s.CharField(allow_null=True)
    span = Spot(allow_null=True)


class Meaning(s.Serializer[Any]):
    """What an expression gives: its type (of a query: its columns), or why it has none."""

    type = s.CharField(allow_null=True)
    columns = Column(many=True)
    error = Fault(allow_null=True)
