"""What the API answers to whoever draws a pipeline: components, functions, what expressions mean."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from porsche.ide.api.shapes import Anything, Column, Value


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
